"""Where a rendered text goes: standard output, or a file that is whole or not there at all."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from typing import IO

from ..model import Wrong
from ..words import say


def check_writable(path: str) -> None:
    """Raise :class:`Wrong` now where a file at ``path`` plainly cannot be written later."""
    if _is_special(path):
        return
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    if os.path.isdir(target):
        raise Wrong(say("cannot write {path}: it is a folder", path=path))
    if not os.path.isdir(folder):
        raise Wrong(say("cannot write {path}: there is no folder {folder}", path=path, folder=folder))
    if not os.access(target if os.path.exists(target) else folder, os.W_OK):
        raise Wrong(say("cannot write {path}: {error}", path=path, error=say("permission denied")))


def to_file(path: str, text: str) -> None:
    """Write ``text`` beside ``path`` and rename it there; a device or a pipe is written to as it is."""
    try:
        if _is_special(path):
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        else:
            _replace(os.path.realpath(path), text)
    except OSError as error:
        raise Wrong(say("cannot write {path}: {error}", path=path, error=error.strerror or error)) from None


def append(path: str, text: str) -> None:
    """Write ``text`` at the end of a file that others write to, too."""
    try:
        with open(path, "a", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise Wrong(say("cannot write {path}: {error}", path=path, error=error.strerror or error)) from None


def _is_special(path: str) -> bool:
    """Whether ``path`` is no file to be replaced: a device, a pipe, or /dev/stdout, whatever that is."""
    if not os.path.exists(path) or os.path.isdir(path):
        return False
    opened_already = os.path.abspath(path).startswith(("/dev/std", "/dev/fd/", "/proc/"))
    return opened_already or not stat.S_ISREG(os.stat(path).st_mode)


def _replace(target: str, text: str) -> None:
    import tempfile

    handle, beside = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".envcheck-")
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(beside, _mode(target))
        os.replace(beside, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _mode(target: str) -> int:
    """The permissions that the file has, or that any new file of this user would get."""
    if os.path.exists(target):
        return stat.S_IMODE(os.stat(target).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def to_stdout(text: str) -> None:
    """Print ``text``. Who stopped reading has seen enough: that is no error."""
    if sys.stdout is None:
        return
    try:
        write(sys.stdout, text)
    except BrokenPipeError:
        silence(sys.stdout)
    except OSError as error:
        silence(sys.stdout)
        sentence = say("cannot write to standard output: {error}", error=error.strerror or error)
        raise Wrong(sentence) from None


def to_stderr(text: str) -> None:
    """Print ``text`` for the person; where nobody can read it, nothing is lost."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            write(sys.stderr, text)


def write(stream: IO[str], text: str) -> None:
    """Write and flush ``text``; what the encoding lacks becomes a question mark, never an exception."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


def silence(stream: IO[str]) -> None:
    """Let the interpreter's own flush at exit go nowhere, and so not fail."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
