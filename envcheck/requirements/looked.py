"""What is there of the things that are looked at only because a file demands them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping

from ..formats import children
from ..host import Host
from ..model import Known, NoAnswer, Value

GIB = 1024**3
#: What the child ``demands`` is told, and asked for again.
ASKED = ("wanted.variables", "wanted.data", "wanted.hosts")


def begin(host: Host, wanted: Mapping[str, Known]) -> None:
    """Start looking, if there is anything to be looked at: it goes on while the rest is examined."""
    given = {name: fact.value for name, fact in wanted.items()}
    if any(given.get(name) for name in ASKED):
        host.start("demands", **_questions(given))


def variables_found(host: Host, facts: Mapping[str, Value]) -> Value:
    """Each variable that is asked about: a list of {name, met, state}; None where none is.

    ``state``: set, absent, or other (set to something else than was asked for, which is not told).

    How: printenv NAME
    """
    return _answers(host, facts, "variables", ("met", "state"))


def data_found(host: Host, facts: Mapping[str, Value]) -> Value:
    """Each data set that is asked for: a list of {name, kind file | dir | None, gb (GiB), files, whole}.

    ``whole``: all of it was counted; otherwise there may be more. None where none is asked for.

    How: du -s PATH; find PATH -type f | wc -l
    """
    found = _answers(host, facts, "data", ("kind", "bytes", "files", "whole"))
    return found and [_in_gib(each) for each in found]


def _in_gib(found: dict[str, Value]) -> dict[str, Value]:
    size = found.pop("bytes")
    return {**found, "gb": round(size / GIB, 9)}


def hosts_found(host: Host, facts: Mapping[str, Value]) -> Value:
    """Each host that is asked for: a list of {name, answers, error}; None where none is.

    How: nc -vz HOST PORT
    """
    return _answers(host, facts, "hosts", ("answers", "error"))


def _answers(host: Host, facts: Mapping[str, Value], what: str, fields: tuple[str, ...]) -> Value:
    """The answer to each question, a record of its name and these fields; None where nothing is asked."""
    if not facts[f"wanted.{what}"]:
        return None
    questions = _questions(facts)
    child = host.child("demands", **questions)
    return [
        {"name": question["name"], **{field: event[field] for field in fields}}
        for question in questions[what]
        for event in [_event(child, question)]
    ]


def _event(child: children.Child, question: Mapping[str, Value]) -> children.Event:
    found = children.first(child, "answer", key=question["key"])
    if found is None and children.death(child):
        raise NoAnswer("failed", "what the file asks for could not be looked at")
    if found is None:
        raise NoAnswer("not-recorded", "not in this recording: {question}", question=question["name"])
    return found


def _questions(facts: Mapping[str, Value]) -> dict[str, Value]:
    """The child's arguments: the same whenever they are asked for."""
    return {
        "variables": [_keyed(each) for each in _variables(facts.get("wanted.variables") or {})],
        "data": [_keyed(each) for each in _data_sets(facts.get("wanted.data") or {})],
        "hosts": [_keyed({"name": each}) for each in facts.get("wanted.hosts") or []],
        "timeout_s": facts.get("wanted.timeout_s"),
    }


def _keyed(question: dict[str, Value]) -> dict[str, Value]:
    """The question with a number that stands for all of it, in a recording too."""
    return {**question, "key": zlib.crc32(json.dumps(question, sort_keys=True).encode())}


def _variables(asked: Mapping[str, Value]) -> Iterator[dict[str, Value]]:
    for name, what in asked.items():
        yield {"name": name, "asked": what}


def _data_sets(asked: Mapping[str, Value]) -> Iterator[dict[str, Value]]:
    for name, what in asked.items():
        parts = what if isinstance(what, dict) else {"path": what}
        yield {
            "name": name, "path": parts["path"], "least_bytes": int(parts.get("min_gb", 0) * GIB),
            "least_files": parts.get("min_files", 0),
        }  # fmt: skip
