"""What was handed in: files and folders → their reports, one at a time, or why there is none in a file."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ..model import Value
from ..words import mark
from . import Handed
from .member import SENTENCE, NotOne, Skipped, member, text

#: Bytes of a file beyond which it is no report: a report of a large machine has a fiftieth of that.
LARGEST = 16 * 1024 * 1024
#: The name that ``--hand-in`` gives; browsers add "(1)" when they save a file twice.
HANDED_IN = re.compile(r"envcheck-([^/\\]+?)(?: ?\(\d+\))?\.json")


class Place(NamedTuple):
    """A file: where it is, and below which named folder it was found ("" for one that was named itself)."""

    path: str
    below: str = ""


def read_all(named: Iterable[str]) -> Iterator[Handed]:
    """The members and the skipped files, in the order of names; nothing is kept of what was read before."""
    seen: set[tuple[int, int]] = set()
    for place in _places(named):
        if isinstance(place, Skipped):
            yield place
        else:
            found = _read(place, seen)
            if found is not None:
                yield found


def _places(named: Iterable[str]) -> Iterator[Place | Skipped]:
    for path in named:
        if os.path.isdir(path):
            yield from _inside(path)
        else:
            yield Place(path)


def _inside(folder: str) -> Iterator[Place | Skipped]:
    """Every file below ``folder``; hidden ones, and what links lead to, are nobody's report."""
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(current) as entries:
                found = sorted((e for e in entries if not e.name.startswith(".")), key=lambda e: e.name)
        except OSError as error:
            yield _skipped(current, mark("cannot be read: {error}"), error=error.strerror or str(error))
            continue
        waiting += [e.path for e in reversed(found) if e.is_dir(follow_symlinks=False)]
        for entry in found:
            if entry.is_symlink():
                yield _skipped(entry.path, mark("it is a link"))
            elif not entry.is_dir(follow_symlinks=False):
                yield Place(entry.path, folder)


def _read(place: Place, seen: set[tuple[int, int]]) -> Handed | None:
    """The member in one file; None where the same file was named twice."""
    try:
        told = os.stat(place.path)
        if not stat.S_ISREG(told.st_mode):
            return _skipped(place.path, mark("it is no file"))
        if not place.path.lower().endswith(".json"):
            return _skipped(place.path, mark("its name does not end in .json"))
        if told.st_size > LARGEST:
            return _skipped(place.path, mark("it is larger than {size} MB"), size=LARGEST // 1024**2)
        identity = told.st_dev, told.st_ino
        if identity in seen and told.st_ino:
            return None
        seen.add(identity)
        with open(place.path, "rb") as file:
            content = file.read(LARGEST + 1)
        return member(_json(content), alias(place), shown(place.path))
    except NotOne as no:
        return Skipped(shown(place.path), no.sentence, no.values)
    except OSError as error:
        return _skipped(place.path, mark("cannot be read: {error}"), error=error.strerror or str(error))
    except RecursionError:
        return _skipped(place.path, mark("it is nested too deeply"))
    except ValueError:  # no JSON, or no text
        return _skipped(place.path, mark("it is not JSON"))


def _json(content: bytes) -> Value:
    """JSON in UTF-8, or in UTF-16 as PowerShell 5 writes it. Numbers of any length are read in no time."""
    decoder: Any = {"parse_int": _whole, "parse_constant": lambda name: None}
    return json.loads(content, **decoder)


def _whole(digits: str) -> float:
    return int(digits) if len(digits) < 20 else float(digits)


def _skipped(path: str, sentence: str, **values: Value) -> Skipped:
    return Skipped(shown(path), sentence, values)


def alias(place: Place) -> str:
    """Who handed it in: as the file's name says, or, where that says nothing, its place in the folder."""
    name = os.path.basename(place.path)
    handed_in = HANDED_IN.fullmatch(name)
    if handed_in:
        return shown(handed_in[1])
    relative = os.path.relpath(place.path, place.below) if place.below else name
    return shown(os.path.splitext(relative)[0].replace(os.sep, "/"))


def shown(path: str) -> str:
    """A file's name as it can be shown: names may hold anything but a slash."""
    return text(os.path.normpath(path), SENTENCE)
