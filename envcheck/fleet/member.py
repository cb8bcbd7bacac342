"""One report of somebody's → what the table needs of it, in short, clean, bounded texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ..model import LAYER_NAMES, SEVERITIES, Severity, Value, Verdict
from ..words import mark

#: What is read here, and the numbers of its schema that are known.
SCHEMA, KNOWN = "envcheck-report/", ("1",)
VERDICTS: tuple[Verdict, ...] = ("ready", "degraded", "blocked", "undecided")
#: Characters that are kept of a word, a sentence, and a fix.
WORD, SENTENCE, PROSE = 80, 400, 1500
#: Things of a kind that one machine may list; more is no machine.
MOST = 64
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
#: Milliseconds of a step beyond which a number is no measurement.
LONGEST = 1e8
#: Numbers from here on, and those that are none, mean nothing.
LARGEST = 1e18


class Need(NamedTuple):
    """The root cause on one machine and the first fix, as its report words them."""

    cause: str
    layer: str
    severity: Severity
    title: str
    do: str
    run: tuple[str, ...]


class Step(NamedTuple):
    """What a training step took on one device, in milliseconds, and which GPU model that is."""

    device: str
    model: str
    ms: float


class Member(NamedTuple):
    """One machine. ``facts``: those that are shown and compared, each as a text; absent ones are left out."""

    alias: str
    file: str
    created: str
    verdict: Verdict
    root: Need | None = None
    also: tuple[str, ...] = ()
    facts: Mapping[str, str] = {}
    gpus: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


class Skipped(NamedTuple):
    """A file that does not count, and why: a constant sentence and its values."""

    file: str
    sentence: str
    values: Mapping[str, Value] = {}


class NotOne(Exception):
    """Not a report that can be read: a constant sentence and its values."""

    def __init__(self, sentence: str, **values: Value) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.values = values


#: Facts that are shown of each machine, beside its GPUs; the second name stands in for the first.
SHOWN: Mapping[str, tuple[str, ...]] = {
    "platform.system": ("platform.system",),
    "platform.distro": ("platform.distro",),
    "platform.distro_version": ("platform.distro_version", "platform.macos_version"),
    "platform.wsl": ("platform.wsl",),
    "driver.version": ("driver.version", "driver.library_version", "driver.module_version"),
    "cuda.runtime_version": ("cuda.runtime_version",),
    "cuda.cudnn_version": ("cuda.cudnn_version",),
    "python.version": ("python.version",),
    "python.minor": ("python.minor",),
    "tensorflow.version": ("tensorflow.version",),
}


def member(report: Value, alias: str, file: str) -> Member:
    """What counts of ``report``, any JSON value. Raises :class:`NotOne` where it is none that is known."""
    _check(report)
    verdict: Verdict = report["verdict"]
    found = [one for one in report["findings"][:MOST] if _is_finding(one) and one["severity"] != "notice"]
    if verdict in ("blocked", "degraded") and not found:
        raise NotOne(mark("it is broken: it names no cause for its verdict"))
    root = _need(found[0]) if found and verdict in ("blocked", "degraded") else None
    facts: Mapping[str, Value] = report["facts"]
    return Member(
        alias,
        file,
        word(report.get("created")),
        verdict,
        root,
        tuple(one["cause"] for one in found[1:]) if root else (),
        dict(_shown(facts)),
        tuple(_gpus(facts)),
        tuple(_steps(facts)),
    )


def _check(report: Value) -> None:
    schema = report.get("schema") if isinstance(report, dict) else None
    if not isinstance(schema, str) or not schema.startswith("envcheck-"):
        raise NotOne(mark("it is no report of envcheck's"))
    if not schema.startswith(SCHEMA):
        raise NotOne(mark("it is no report but {schema}"), schema=word(schema))
    if schema[len(SCHEMA) :] not in KNOWN:
        raise NotOne(
            mark("its schema {schema} is newer than this envcheck: update envcheck"), schema=word(schema)
        )
    if report.get("explanation") is not None:
        raise NotOne(mark("it explains a log, and is no check of a machine"))
    whole = isinstance(report.get("facts"), dict) and isinstance(report.get("findings"), list)
    if not whole or report.get("verdict") not in VERDICTS:
        raise NotOne(mark("it is broken: verdict, findings or facts are missing"))


def _is_finding(one: Value) -> bool:
    if not isinstance(one, dict) or one.get("severity") not in SEVERITIES:
        return False
    cause = one.get("cause")
    return isinstance(cause, str) and len(cause) <= WORD and _SLUG.fullmatch(cause) is not None


def _need(found: Mapping[str, Any]) -> Need:
    fixes = _records(found.get("fixes"))
    first = next(fixes, {})
    run = first.get("run")
    lines = [text(line, SENTENCE) for line in run[:8]] if isinstance(run, list) else []
    return Need(
        found["cause"],
        found["layer"] if found.get("layer") in LAYER_NAMES else "",
        found["severity"],
        text(found.get("title"), SENTENCE) or found["cause"],
        text(first.get("do"), PROSE),
        tuple(filter(None, lines)),
    )


def _records(value: Value) -> Iterator[Mapping[str, Any]]:
    return (one for one in (value[:MOST] if isinstance(value, list) else ()) if isinstance(one, dict))


def _value(facts: Mapping[str, Value], name: str) -> Value:
    fact = facts.get(name)
    return fact.get("value") if isinstance(fact, dict) else None


def _shown(facts: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    for name, places in SHOWN.items():
        told = next(filter(None, (word(_value(facts, place)) for place in places)), "")
        if told:
            yield name, told


def _gpus(facts: Mapping[str, Value]) -> Iterator[str]:
    for gpu in _records(_value(facts, "hardware.gpus") or _value(facts, "driver.gpus")):
        yield _model(gpu) or "NVIDIA GPU"


def _model(gpu: Mapping[str, Any]) -> str:
    """The model's name as every source has it: drivers put the maker's before it, the bus does not."""
    name = word(gpu.get("name"))
    return name[len("NVIDIA ") :] if name.startswith("NVIDIA ") else name


def _steps(facts: Mapping[str, Value]) -> Iterator[Step]:
    """The GPUs that trained; CUDA's order may differ from the bus's, so they are joined by bus id."""
    gpus = list(_records(_value(facts, "hardware.gpus") or _value(facts, "driver.gpus")))
    names = {word(gpu.get("bus_id")): _model(gpu) for gpu in gpus}
    for device in _records(_value(facts, "training.devices")):
        ms = number(device.get("step_ms"))
        if device.get("kind") != "GPU" or device.get("outcome") != "ok" or not 0 < ms <= LONGEST:
            continue
        bus = word(device.get("bus_id"))
        model = names.get(bus, "") or (next(iter(names.values())) if len(names) == 1 else "")
        if model:
            yield Step(word(device.get("device")).rpartition("/device:")[2] or bus, model, ms)


def number(value: Value) -> float:
    """A finite number; 0 for everything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < LARGEST:
        return 0.0
    return float(value)


def word(value: Value) -> str:
    """A short text or a number, as one line; empty for everything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value) if abs(value) < LARGEST else ""
    return text(value, WORD)


def text(value: Value, most: int) -> str:
    """A text on one line, without anything that a terminal or a reader of tables would obey."""
    return _clean(value[: 2 * most], most) if isinstance(value, str) else ""


@lru_cache(maxsize=4096)  # thousands of machines say the same: each text is kept once
def _clean(told: str, most: int) -> str:
    told = " ".join(told.split())
    if not told.isprintable():  # control and format characters, lone surrogates
        told = "".join(c if c.isprintable() else "?" for c in told)
    return told if len(told) <= most else told[: most - 1].rstrip() + "…"
