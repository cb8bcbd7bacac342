"""What glibc's loader says, the names it uses, and the events of the child that opened libraries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ..model import Value
from ..patterns import Pattern

Event = Mapping[str, Value]

#: glibc's sentences (elf/dl-load.c, elf/dl-open.c) for a file that is there and no whole library.
DAMAGE = (
    "file too short",
    "invalid ELF header",
    "ELF load command",
    "object file has no",
    "cannot read file data",
    "cannot dynamically load",
    "phentsize not the expected size",
    "ELF file OS ABI invalid",
    "ELF file ABI version invalid",
    "ELF file version",
    "only ET_DYN and ET_EXEC can be loaded",
)
_MISSING = Pattern(r"([^\s:]+): cannot open shared object file: No such file or directory")
_NUMBERED = Pattern(r"(?P<stem>[^/]+?)\.so\.(?P<version>\d[\d.]*)$")


def innermost(error: str) -> str | None:
    """The soname that is really missing: the loader names the dependency, not what was asked for.

    >>> innermost("libnvJitLink.so.12: cannot open shared object file: No such file or directory")
    'libnvJitLink.so.12'
    """
    found = _MISSING.search(error)
    return found[1].rpartition("/")[2] if found else None


def failure(error: str | None) -> str | None:
    """Why a library did not load: ``missing``, ``damaged``, ``symbols`` or ``other``; None: it did.

    ``symbols``: a library it needs is there in a version that does not fit.
    """
    if error is None:
        return None
    if innermost(error):
        return "missing"
    if any(text in error for text in DAMAGE):
        return "damaged"
    fits_not = "undefined symbol" in error or re.search(r"version [`'\"]?\S+ not found", error)
    return "symbols" if fits_not else "other"


def stem(soname: str) -> str:
    """A library's name without its version: ``libcudart.so.12`` → ``libcudart``."""
    return soname.partition(".so")[0]


def number(soname: str) -> str | None:
    """The version in a file name: ``libcudart.so.11.0`` → ``11.0``; None where there is none."""
    found = _NUMBERED.search(soname)
    return found["version"] if found else None


def is_copy_of(name: str, soname: str) -> bool:
    """Whether a file name is a soname, or the longer name of the file behind it."""
    return name == soname or name.startswith(soname + ".")


# --- the events of inside/libraries.py, from as many runs as it took ------------------------------


def killer(result: Mapping[str, Value]) -> dict[str, Value] | None:
    """What ended a child before its time: ``soname``, ``path``, ``doing`` (open or ask), ``signal``.

    None where it came to its end. A child that was given up has the signal ``timeout``.
    """
    events: Sequence[Event] = result["events"]
    if any(event["event"] == "end" for event in events):
        return None
    ended = result["ended"]
    how = ended["signal"] or (ended["kind"] if ended["kind"] != "exited" else f"exit code {ended['code']}")
    pending: dict[str, Value] = {"soname": None, "path": None, "doing": None, "signal": how}
    for event in events:
        if event["event"] in ("open", "ask"):
            path = event.get("path") or _path_of(events, event["soname"])
            pending.update(soname=event["soname"], path=path, doing=event["event"])
        elif event["event"] in ("opened", "version"):
            pending.update(soname=None, path=None, doing=None)
    return pending


def _path_of(events: Iterable[Event], soname: str) -> Value:
    paths = (e.get("path") for e in events if e["event"] == "opened" and e["soname"] == soname)
    return next(paths, None)


def skipped(killed: Mapping[str, Value]) -> str:
    """What the next child must leave out: the soname, with ``()`` where only its version is meant."""
    return str(killed["soname"]) + ("()" if killed["doing"] == "ask" else "")


def last(results: Iterable[Mapping[str, Value]], event: str) -> dict[str, Event]:
    """The last event of a kind by soname (``""`` for one that has none), over all runs."""
    found: dict[str, Event] = {}
    for result in results:
        for entry in result["events"]:
            if entry["event"] == event:
                found[str(entry.get("soname", ""))] = entry
    return found
