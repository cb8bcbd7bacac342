"""A machine in a file: record what a :class:`Host` was asked, replay it as a Host."""

from __future__ import annotations

import fnmatch
import json
import posixpath
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from .host import Host
from .model import NoAnswer, Target, Value, Wrong
from .words import say

SCHEMA = "envcheck-machine/1"
READABLE = (SCHEMA,)


def record(host: Host, created: str) -> dict[str, Value]:
    """All that ``host`` was asked, as one JSON object (not yet redacted)."""
    answers = {
        verb: {key: _answer_out(answer) for key, answer in sorted(known.items())}
        for verb, known in sorted(host.memory_of_answers.items())
    }
    target = {k: v for k, v in host.target._asdict().items() if v is not None}
    target["others"] = list(host.target.others)
    return {"schema": SCHEMA, "built": None, "created": created, "target": target, "answers": answers}


def _answer_out(answer: Value) -> Value:
    if isinstance(answer, NoAnswer):
        return {"kind": answer.kind, "unknown": answer.sentence, "values": answer.values}
    return answer


def load(path: str, skip: Mapping[str, str] | None = None) -> Host:
    """Read a snapshot file; ``skip`` as in :class:`Recording`.

    Raises :class:`Wrong` where it cannot be read or is none.
    """
    try:
        with open(path, encoding="utf-8") as file:
            machine = json.load(file)
    except OSError as error:
        raise Wrong(
            say("cannot read the snapshot {path}: {error}", path=path, error=error.strerror)
        ) from None
    except (ValueError, RecursionError):
        raise Wrong(say("{path} is not a snapshot: it is not JSON", path=path)) from None
    return replay(machine, path, skip)


def replay(machine: Value, name: str = "the snapshot", skip: Mapping[str, str] | None = None) -> Host:
    """A recorded machine as a Host. Raises :class:`Wrong` for what is no machine of a known schema."""
    if not isinstance(machine, dict) or not str(machine.get("schema", "")).startswith("envcheck-machine/"):
        raise Wrong(say("{name} is not an envcheck snapshot (no schema {schema})", name=name, schema=SCHEMA))
    if machine["schema"] not in READABLE:
        raise Wrong(
            say(
                "{name} has the schema {schema}, which this envcheck does not know: update envcheck",
                name=name, schema=machine["schema"],
            )
        )  # fmt: skip
    if not _whole(machine):
        raise Wrong(
            say(
                "{name} is a broken envcheck snapshot: it needs a target with a python, and answers",
                name=name,
            )
        )
    target = machine["target"]
    others = tuple(str(other) for other in target.get("others", ()))
    chosen = str(target.get("chosen", "recorded"))
    environment, version = target.get("environment"), target.get("version")
    return Host(Recording(machine, skip), Target(target["python"], chosen, environment, version, others))


def _whole(machine: Mapping[str, Any]) -> bool:
    """Whether all parts of a machine have the shape that a replay relies on."""
    target, answers, files = machine.get("target"), machine.get("answers"), machine.get("files", {})
    if not isinstance(target, dict) or not isinstance(target.get("python"), str):
        return False
    if not isinstance(files, dict) or not isinstance(target.get("others", []), list):
        return False
    if not isinstance(answers, dict) or not all(isinstance(known, dict) for known in answers.values()):
        return False
    identity = answers.get("identity", {}).get("", {})
    return isinstance(identity, dict) and all(map(_is_child, answers.get("child", {}).values()))


def _is_child(answer: Value) -> bool:
    """Whether a child's answer is a result of ``host.children``, or the reason that there is none."""
    if not isinstance(answer, dict):
        return False
    if "unknown" in answer:
        return True
    events, ended, log = (answer.get(part) for part in ("events", "ended", "log"))
    if not isinstance(ended, dict) or not isinstance(ended.get("kind"), str) or not isinstance(log, dict):
        return False
    if not all(
        isinstance(log.get(part), kind) for part, kind in (("head", str), ("tail", str), ("bytes", int))
    ):
        return False
    return isinstance(events, list) and all(isinstance(e, dict) and "event" in e for e in events)


class Recording:
    """Answers from a recorded or built machine. ``skip`` as for the live one."""

    def __init__(self, machine: Mapping[str, Any], skip: Mapping[str, str] | None = None) -> None:
        """``complete`` machines hold all there is: what they do not hold is absent."""
        self._answers: Mapping[str, Mapping[str, Value]] = machine["answers"]
        self._complete = bool(machine.get("complete"))
        identity = self._answers.get("identity", {}).get("", {})
        self._files = Files(machine.get("files", {}), windows=identity.get("system") == "Windows")
        self.skip: Mapping[str, str] = skip or {}

    def answer(self, verb: str, key: str, *args: Value) -> Value:
        """Answer one question or raise :class:`NoAnswer`."""
        if verb == "child" and args[0] in self.skip:
            raise NoAnswer("skipped", "not run: {option}", option=self.skip[args[0]])
        found, answer = self._look_up(verb, key)
        if not found and not self._complete:
            raise NoAnswer(
                "not-recorded", "not in this recording: {question}", question=f"{verb} {key}".strip()
            )
        if isinstance(answer, dict) and "unknown" in answer and "kind" in answer:
            raise NoAnswer(answer["kind"], str(answer["unknown"]), **answer.get("values", {}))
        if not found and verb in ("child", "identity", "memory"):
            raise NoAnswer(
                "not-recorded", "not in this recording: {question}", question=f"{verb} {key}".strip()
            )
        return [] if answer is None and verb == "glob" else answer

    def _look_up(self, verb: str, key: str) -> tuple[bool, Value]:
        known = self._answers.get(verb, {})
        if key in known:
            return True, known[key]
        if verb in ("read", "read-binary", "list", "stat", "glob"):
            return self._files.answer(verb, key)
        return False, None

    def start(self, name: str, args: dict[str, Value]) -> None:
        """Nothing runs."""

    def start_run(self, argv: list[str]) -> None:
        """Nothing runs."""

    def release(self, name: str, words: dict[str, Value]) -> None:
        """Nothing runs."""

    def within(self, seconds: float) -> None:
        """Nothing runs."""

    def close(self) -> None:
        """Nothing runs."""


class Files:
    """A small file tree that answers read, list, stat and glob. Windows compares without case."""

    def __init__(self, files: Mapping[str, Value], windows: bool) -> None:
        self._windows = windows
        self._nodes: dict[str, Value] = {}
        for path, node in files.items():
            self._add(self._plain(path), node)

    def _plain(self, path: str) -> str:
        path = path.replace("\\", "/").casefold() if self._windows else path
        return posixpath.normpath(path) if path else path

    def _add(self, path: str, node: Value) -> None:
        self._nodes[path] = node
        parent = posixpath.dirname(path)
        while parent not in self._nodes and parent not in ("", "/", path):
            self._nodes[parent] = {"dir": True}
            path, parent = parent, posixpath.dirname(parent)

    def _real(self, path: str, depth: int = 0) -> str:
        """``path`` with each link on its way followed; circles end at themselves."""
        parts, at = path.split("/"), ""
        for index, part in enumerate(parts):
            at = part if not index else f"{at}/{part}"
            node = self._nodes.get(at)
            if isinstance(node, dict) and "link" in node and depth < 20:
                target = posixpath.normpath(posixpath.join(posixpath.dirname(at), self._plain(node["link"])))
                rest = parts[index + 1 :]
                return self._real("/".join([target, *rest]), depth + 1)
        return at

    def answer(self, verb: str, key: str) -> tuple[bool, Value]:
        """Whether the tree holds the answer, and the answer."""
        path = self._plain(key)
        if verb == "glob":
            found = sorted(filter(_globbed(path).fullmatch, self._nodes))
            return bool(found), found
        real = self._real(path)
        node = self._nodes.get(real)
        if node is None:
            return (True, self._stat(path, real)) if verb == "stat" and path in self._nodes else (False, None)
        if verb in ("read", "read-binary"):
            return True, self._text(node, key)
        if verb == "list":
            inside = {
                p[len(real) :].strip("/").split("/")[0]
                for p in self._nodes
                if p.startswith(real.rstrip("/") + "/")
            }
            return True, sorted(inside)
        return True, self._stat(path, real)

    def _text(self, node: Value, key: str) -> Value:
        if isinstance(node, dict):
            if node.get("access") == "" or str(node.get("access", "r")).find("r") < 0:
                return {"kind": "denied", "unknown": "permission denied: {path}", "values": {"path": key}}
            return node.get("text", "")
        return node

    def _stat(self, path: str, real: str) -> Value:
        own, node = self._nodes.get(path), self._nodes.get(real)
        link = {"link": own["link"]} if isinstance(own, dict) and "link" in own else {}
        if node is None:
            return {"type": "dangling", **link}
        size = len(node) if isinstance(node, str) else 0
        node = node if isinstance(node, dict) else {}
        kind = "dir" if node.get("dir") else "char" if "device" in node else "file"
        mode = node.get("mode", 0o755 if kind == "dir" else 0o644)
        answer = {"type": kind, "mode": mode, "uid": node.get("uid", 0), "gid": node.get("gid", 0)}
        answer.update(size=node.get("size", size), access=node.get("access", "rw"), real=real, **link)
        if "device" in node:
            answer.update(major=node["device"][0], minor=node["device"][1])
        return answer


@cache
def _globbed(pattern: str) -> re.Pattern[str]:
    """Shell patterns part by part; ``**`` stands for any number of folders."""
    places = [
        ".*"
        if part == "**"
        else fnmatch.translate(part).replace("(?s:", "(?:").replace(r"\Z", "").replace(".*", "[^/]*")
        for part in pattern.split("/")
    ]
    return re.compile("/".join(places).replace("/.*/", "/(?:.*/)?"))
