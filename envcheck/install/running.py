"""Runs one command of a plan: its output told line by line, its whole group ended with it or with us."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Optional

from ..host.process import Log, Process
from ..interrupts import undisturbed
from ..words import say

#: Takes a line of what a command says, and how far a download has come (0 to 1) where it says so.
Tell = Callable[[str, Optional[float]], None]

#: A download of 600 MB over a slow line takes its time; what says nothing for so long hangs.
SILENT_SECONDS = 900.0
#: pip with ``--progress-bar raw`` (24.1 and later): "Progress 5242880 of 620700000".
_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
#: Dies with its parent, however that dies (prctl(2), PR_SET_PDEATHSIG): a half-done installation must
#: not go on behind the back of the one who cleans it up. A parent that died before that is another by now.
#: Linux has this, others have not.
_BOUND = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); "
    "os.getppid() == int(sys.argv[1]) or os._exit(1); os.execvp(sys.argv[2], sys.argv[2:])"
)
#: What would make pip or uv ask, or write for machines: nobody is there to answer.
_ENVIRONMENT = {"PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUNBUFFERED": "1"}


class Ran(NamedTuple):
    """How a command ended: its exit code (None: it was silent for too long), and what it said."""

    code: int | None
    log: str


def run(argv: Sequence[str], tell: Tell, silent_seconds: float = SILENT_SECONDS) -> Ran:
    """Run ``argv`` to its end. A program that cannot be started gives 127 and why.

    What interrupts us ends the command, too, and goes on from here.
    """
    log, lines = Log(), _Lines(tell)
    lock = threading.Lock()

    def take(data: bytes) -> None:
        with lock:
            log.add(data)
            lines.add(data)

    process: Process | None = None
    try:
        with undisturbed():
            process = Process(_bound(argv), _environment(os.environ))
        process.listen(take, take)
        code = process.wait(lambda: lines.last + silent_seconds)
    except OSError as error:
        if process is not None:
            raise
        why = say("{command} cannot be started: {error}", command=argv[0], error=error.strerror or str(error))
        return Ran(127, why)
    finally:
        if process is not None:
            process.kill()
    lines.end()
    return Ran(code, log.whole())


def with_progress(argv: Sequence[str]) -> list[str]:
    """``argv``, a pip of 24.1 or later asked to tell how far a download is; older ones do not know how."""
    argv = list(argv)
    if argv[1:4] != ["-m", "pip", "install"]:
        return argv
    told = run([argv[0], "-m", "pip", "--version"], lambda line, share: None, silent_seconds=60).log
    found = re.search(r"^pip (\d+)\.(\d+)", told, re.MULTILINE)
    knows = found is not None and (int(found[1]), int(found[2])) >= (24, 1)
    return [*argv[:4], "--progress-bar", "raw", *argv[4:]] if knows else argv


def _bound(argv: Sequence[str]) -> list[str]:
    if sys.platform != "linux":
        return list(argv)
    return [sys.executable, "-I", "-S", "-c", _BOUND, str(os.getpid()), *argv]


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Ours, without what makes an environment of its own take another's packages for its own."""
    left_out = (
        "PYTHONPATH",
        "PYTHONHOME",
        "VIRTUAL_ENV",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_USER",
        "__PYVENV_LAUNCHER__",
    )
    return {**{name: value for name, value in ours.items() if name not in left_out}, **_ENVIRONMENT}


class _Lines:
    """Bytes to lines; a carriage return ends a line, as progress bars use it."""

    def __init__(self, tell: Tell) -> None:
        self._tell, self._rest = tell, b""
        self.last = time.monotonic()

    def add(self, data: bytes) -> None:
        self.last = time.monotonic()
        *whole, self._rest = re.split(rb"[\r\n]+", self._rest + data)
        for line in whole:
            self._one(line)
        self._rest = self._rest[-4096:]

    def end(self) -> None:
        self._one(self._rest)

    def _one(self, data: bytes) -> None:
        line = data.decode("utf-8", "replace").strip()
        found = _PROGRESS.fullmatch(line)
        if found:
            self._tell("", min(1.0, int(found[1]) / max(1, int(found[2]))))
        elif line:
            self._tell(line, None)
