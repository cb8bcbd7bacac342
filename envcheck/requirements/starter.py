"""The text of a new ``envcheck.toml``: from what a machine has, or from a few answers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..model import Fact, Known, Value, Wrong
from ..operators import dotted, within
from ..words import say
from . import keys

#: The share of its own speed below which a machine is not what it was: others use it too, now and then.
SHARE = 0.5


class Answers(NamedTuple):
    """What a workshop needs; ``None`` and ``()``: nothing in particular."""

    tensorflow: str | None = None
    gpu: bool = False
    packages: tuple[tuple[str, str], ...] = ()
    data: str | None = None


def of_machine(facts: Mapping[str, Fact], file: str = "envcheck.toml") -> str:
    """A file that this machine meets as it is now: what it has is the least that is asked for."""
    seen = {name: fact.value for name, fact in facts.items() if isinstance(fact, Known)}
    return _joined(
        [
            _head(
                say("What this machine had when `envcheck init` looked at it, as the least to ask for."), file
            ),
            *_versions(seen),
            *_gpu(seen),
            *_machine(seen),
            *_training(seen),
            *_hints(),
        ]
    )


def of_answers(told: Answers, file: str = "envcheck.toml") -> str:
    """A file that asks for what was answered."""
    sections = [_head(say("What is needed here, written by `envcheck init --interactive`."), file)]
    if told.tensorflow:
        sections.append(_section("tensorflow", {"version": told.tensorflow}))
    sections.append(_section("gpu", {"count": int(told.gpu)}))
    if told.packages:
        sections.append(_section("packages", dict(told.packages)))
    if told.data:
        sections.append(_section("data", {"data": told.data}))
    return _joined([*sections, *_hints(without=("packages", "data"))])


def asked_version(answer: str) -> str:
    """``2.20`` → ``==2.20.*``, ``2.20.0`` → ``==2.20.0``; a specifier as it is. Raises ``Wrong``."""
    plain = re.fullmatch(r"\d+(\.\d+){0,3}", answer)
    specifier = answer if not plain else f"=={answer}" + (".*" if answer.count(".") < 2 else "")
    complaint = keys.specifier(specifier)
    if complaint:
        raise Wrong(say("{place}: {error}", place=answer, error=say(complaint)))
    return specifier


def asked_packages(answer: str) -> tuple[tuple[str, str], ...]:
    """``numpy>=1.26, pandas`` → names and specifiers. Raises ``Wrong``."""
    return tuple(_package(part.strip()) for part in re.split(r"[,;]\s*(?=[A-Za-z])|\s+(?=[A-Za-z])", answer))


def _package(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(.*)", text)
    complaint = keys.package(found[2] or "*") if found else keys.package("")
    if not found or complaint:
        error = say(complaint) if complaint else ""
        raise Wrong(say("{place}: {error}", place=text, error=error))
    return found[1], found[2] or "*"


# --- what a machine has --------------------------------------------------------------------------


def _versions(seen: Mapping[str, Value]) -> Iterator[str]:
    for section in ("python", "tensorflow"):
        least = _least(seen.get(f"{section}.version"))
        if least:
            yield _section(section, {"version": least})


def _least(version: str | None) -> str | None:
    """``>=2.20`` for 2.20.0; ``>=2.20.0rc1`` for what comes before it; None for what is no version."""
    numbers = dotted(version or "")
    series = ".".join(map(str, numbers[:2]))
    return next((s for s in (f">={series}", f">={version}") if numbers and within(version, s)), None)


def _gpu(seen: Mapping[str, Value]) -> Iterator[str]:
    gpus, number = seen.get("hardware.gpus") or [], _working(seen)
    if not gpus or not number:
        yield _section("gpu", {"count": 0}, say("0: no GPU is needed."))
        return
    memory = [gpu["memory_gb"] for gpu in gpus if gpu["memory_gb"]]
    least = {
        "count": number,
        "memory_gb": math.floor(min(memory)) if memory and min(memory) >= 1 else None,
        "compute": seen.get("hardware.lowest_compute"),
    }
    yield _section("gpu", least, _model(gpus))
    driver = _least(seen.get("driver.version"))
    if driver:
        yield _section("driver", {"version": driver})


def _working(seen: Mapping[str, Value]) -> int:
    """How many GPUs TensorFlow computed on; where it was not tried, how many there are."""
    devices = seen.get("training.devices")
    there = int(seen.get("hardware.gpu_count") or 0)
    if devices is None:
        return there
    return min(there, sum(bool(d["kind"] == "GPU" and d["matmul_ok"] and d["conv_ok"]) for d in devices))


def _model(gpus: list[Mapping[str, Value]]) -> str:
    return f"model = {_quoted(gpus[0]['name'])}" if gpus[0]["name"] else ""


def _machine(seen: Mapping[str, Value]) -> Iterator[str]:
    ram = seen.get("platform.memory_gb")
    if ram and ram >= 1:
        yield _section("machine", {"ram_gb": math.floor(ram)}, "disk_gb = 10")


def _training(seen: Mapping[str, Value]) -> Iterator[str]:
    speed = seen.get("training.samples_per_s")
    if seen.get("training.succeeded") and speed and speed >= 1:
        yield _section("training", {"expected_samples_per_s": round(speed), "of_expected": SHARE})


# --- the text ------------------------------------------------------------------------------------


def _head(what: str, file: str) -> str:
    name = "".join(char if char.isprintable() else "?" for char in file)
    use = say("Check a machine against it: envcheck --config {file}", file=name)
    return f"# {what}\n# {use}\n# " + say("What may stand here: docs/envcheck-toml.md")


def _hints(without: tuple[str, ...] = ()) -> Iterator[str]:
    """What else may be asked for, as comments."""
    why = say("we load data in one process")
    hints = {
        "packages": 'numpy = ">=1.26"',
        "environment": "CUDA_VISIBLE_DEVICES = false",
        "data": 'mnist = { path = "~/data/mnist", min_files = 4 }',
        "network": 'hosts = ["example.org:443"]',
        "check": "max_seconds = 120",
        "skip": f'container-shm-too-small = "{why}"',
    }
    for section, line in hints.items():
        if section not in without:
            yield f"# [{section}]\n# {line}"


def _section(name: str, content: Mapping[str, Value], hint: str = "") -> str:
    lines = [f"{_key(key)} = {_written(value)}" for key, value in content.items() if value is not None]
    return "\n".join([f"[{name}]", *lines, *([f"# {hint}"] if hint else [])])


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _quoted(key)


def _written(value: Value) -> str:
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's, with the one character escaped that JSON leaves and TOML does not."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _joined(sections: list[str]) -> str:
    return "\n\n".join(sections) + "\n"
