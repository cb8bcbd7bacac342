"""An environment is built beside the place where it is to stand, and moved there when it is whole.

Its scripts hold the path at which they were made. So the folder aside has a name of the same length,
and moving it is renaming it and writing the other name over the first: no file changes its size, and
programs with a path inside them (Windows launchers) stay whole. Bytecode needs nothing: Python corrects
the paths in it when it loads it.
"""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..host import running
from ..model import Value, Wrong
from ..words import say

#: The end of the name of a note beside a folder that is being built: whose it is.
BUILDING = ".envcheck-building"
#: Stands in an environment that envcheck made, and may therefore replace.
MADE = "envcheck-made.json"
#: A launcher or script that holds the path is smaller; libraries hold none and need not be read.
_LARGEST = 4 * 1024 * 1024


def check_place(into: Path) -> None:
    """Raise :class:`Wrong` where ``into`` holds what is not ours to replace."""
    if not into.parent.is_dir():
        raise Wrong(say("cannot write {path}: there is no folder {folder}", path=into, folder=into.parent))
    if not os.access(into.parent, os.W_OK):
        raise Wrong(say("cannot write {path}: {error}", path=into, error=say("permission denied")))
    if os.path.lexists(into) and not (into / MADE).is_file():
        sentence = "{path} is there already, and envcheck did not make it: name another place with --into"
        raise Wrong(say(sentence, path=into))


def recover(into: Path) -> None:
    """Take away what a run that was killed left beside ``into``; put back what it had moved away."""
    for note in _notes(into):
        if not _alive(note):
            discard(_noted(note))
    before = _before(into)
    if before.is_dir() and not into.exists():
        before.rename(into)
    elif before.is_dir():
        shutil.rmtree(before, ignore_errors=True)


def begin(into: Path) -> Path:
    """A new, empty folder aside. Its note is there before it, so that whoever kills us leaves no riddle."""
    for _ in range(100):
        folder = into.with_name(_same_length(into.name))
        if folder == into or os.path.lexists(folder):
            continue
        _note(folder).write_text(json.dumps({"pid": os.getpid(), "begun": _begun(os.getpid())}), "utf-8")
        folder.mkdir()
        return folder
    raise Wrong(say("cannot write {path}: {error}", path=into, error=say("no name is left beside it")))


def is_building(folder: Path) -> bool:
    """Whether ``folder`` still waits to be moved."""
    return _note(folder).exists()


def discard(folder: Path) -> None:
    """Take what was built away again, the note last."""
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        _note(folder).unlink()


def move(folder: Path, into: Path, made: Value) -> None:
    """Let ``folder`` stand at ``into`` from now on; what stood there is taken away.

    Where it cannot be done, what stood there stands there still. Raises OSError.
    """
    _rewrite(folder, into)
    (folder / MADE).write_text(json.dumps(made, indent=1) + "\n", "utf-8")
    if not into.exists():
        folder.rename(into)
    elif not exchange(folder, into):
        before = _before(into)
        into.rename(before)
        try:
            folder.rename(into)
        except OSError:
            before.rename(into)
            raise
        shutil.rmtree(before, ignore_errors=True)
    discard(folder)  # what stood there, if the two changed places; and the note


def _same_length(name: str) -> str:
    """Another name of as many bytes: at least the last three characters differ, more where there are more."""
    tail = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(8))
    data = name.encode()
    keep = max(0, len(data) - 8)
    while keep and (data[keep] & 0xC0) == 0x80:  # never within a character of several bytes
        keep -= 1
    return data[:keep].decode() + (tail * 2)[: len(data) - keep]


def _note(folder: Path) -> Path:
    return folder.with_name("." + folder.name + BUILDING)


def _noted(note: Path) -> Path:
    return note.with_name(note.name[1 : -len(BUILDING)])


def _notes(into: Path) -> list[Path]:
    """The notes on folders that were to become ``into``: their names have its length."""
    long = len(into.name.encode())
    found = into.parent.glob(".*" + BUILDING) if into.parent.is_dir() else ()
    return [note for note in sorted(found) if len(_noted(note).name.encode()) == long]


def _before(into: Path) -> Path:
    return into.with_name(into.name + ".before")


def _alive(note: Path) -> bool:
    """Whether the process that wrote the note still runs: the same number may be another's by now."""
    try:
        owner = json.loads(note.read_text("utf-8"))
        pid, begun = owner["pid"], owner["begun"]
    except (OSError, ValueError, LookupError, TypeError):
        return False  # killed while it wrote it: the folder had not been begun yet
    return isinstance(pid, int) and running.is_same(pid, begun)


def _begun(pid: int) -> float | None:
    return running.begun(pid)


def _rewrite(folder: Path, into: Path) -> None:
    """Write the new path over the old one, wherever an environment holds its own."""
    old, new = str(folder).encode(), str(into).encode()
    assert len(old) == len(new)
    places = [folder / "pyvenv.cfg", *_files(folder / "bin"), *_files(folder / "Scripts")]
    places += list(folder.glob("[Ll]ib*/**/site-packages/*.pth")) + list(
        folder.glob("[Ll]ib/site-packages/*.pth")
    )
    for path in places:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            continue
        data = path.read_bytes()
        if old in data:
            path.write_bytes(data.replace(old, new))


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change places at one stroke, where the system can (renameat2(2), Linux 3.15)."""
    if sys.platform != "linux":
        return False
    call: Any = getattr(ctypes.CDLL(None), "renameat2", None)  # glibc 2.28 and later
    here, exchange = -100, 2
    return call is not None and call(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0
