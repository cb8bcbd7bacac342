"""What a child's dict says: its events, its log, how it ended. Pure functions on JSON values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..model import Value
from ..patterns import Pattern

Child = Mapping[str, Value]
Event = Mapping[str, Value]

#: How a child that did not come to its end is called as an outcome.
_KINDS = {"exited": "exit"}
#: How the training child ends where the run's own time was over, which says nothing of TensorFlow.
STOPPED = "stopped"
#: A frame as faulthandler writes it, the innermost first (Doc/library/faulthandler).
_CRASH_FRAME = Pattern(r'^  File "(.+)", line (\d+) in (.+)$', re.MULTILINE)
_FATAL = Pattern(
    r"^(Fatal Python error|Current thread|Thread 0x|Windows fatal exception|Stack \(most"
    r"|\*\*\* Check failure stack trace)",
    re.MULTILINE,
)


def events(child: Child, name: str, **fields: Value) -> Iterator[Event]:
    """The events called ``name`` whose fields have these values, in order."""
    for event in child["events"]:
        if event["event"] == name and all(event.get(key) == value for key, value in fields.items()):
            yield event


def first(child: Child, name: str, **fields: Value) -> Event | None:
    """The first such event, or None."""
    return next(events(child, name, **fields), None)


def last(child: Child, name: str, **fields: Value) -> Event | None:
    """The last such event, or None."""
    return next(reversed(list(events(child, name, **fields))), None)


def log(child: Child) -> str:
    """All that is kept of its output; a line ``[...]`` stands for what was left out between head and tail."""
    parts = child["log"]
    kept = len(parts["head"].encode()) + len(parts["tail"].encode())
    gap = "\n[...]\n" if parts["tail"] and parts["bytes"] > kept else ""
    return str(parts["head"] + gap + parts["tail"])


def death(child: Child) -> str | None:
    """``signal``, ``timeout``, ``flood``, ``exit``, ``stopped`` or ``unstartable``; None: it ended well."""
    kind = str(child["ended"]["kind"])
    if kind == "exited" and first(child, "end"):
        return None
    return _KINDS.get(kind, kind)


def signal(child: Child) -> str | None:
    """The name of the signal that killed it, ``SIGABRT``; None where none did."""
    found = child["ended"].get("signal") if child["ended"]["kind"] == "signal" else None
    return None if found is None else str(found)


def stage(child: Child) -> str:
    """The stage in which it ended; ``start`` where it did not come to its first."""
    return str(child["ended"].get("stage") or "start")


def crash_frames(text: str) -> list[str]:
    """The Python frames that a fatal signal left in a log, ``file:line in function``, the innermost last."""
    found = [frame for frame in _CRASH_FRAME.findall(text) if not frame[0].startswith("<")][:8]
    return [f"{file}:{line} in {function}" for file, line, function in reversed(found)]


def last_words(text: str) -> str | None:
    """The last line that a program wrote before it died, without Python's or absl's report of the crash."""
    fatal = _FATAL.search(text)
    lines = [line.strip() for line in text[: fatal.start() if fatal else None].splitlines() if line.strip()]
    return lines[-1] if lines else None
