"""Runs one command of a plan: its output told line by line, its whole group ended with it or with us."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Optional

from ..host.process import Lines, Log, Process
from ..interrupts import undisturbed
from ..operators import below
from ..words import say
from . import screen
from .arrivals import Arrivals, OfPip, OfUv
from .commands import TELLS_PROGRESS

#: Takes a line of what a command says, and how far a download has come (0 to 1) where it says so.
Tell = Callable[[str, Optional[float]], None]

#: A download of 600 MB over a slow line takes its time; what says nothing for so long hangs.
SILENT_SECONDS = 900.0
#: pip with ``--progress-bar raw``: "Progress 5242880 of 620700000".
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


def run(
    argv: Sequence[str],
    tell: Tell,
    silent_seconds: float = SILENT_SECONDS,
    draws_on: int | None = None,
    arrivals: Arrivals | None = None,
) -> Ran:
    """Run ``argv`` to its end. A program that cannot be started gives 127 and why.

    ``draws_on``: the stream, 1 or 2, on which it draws bars if that is a terminal; it gets one then.
    ``arrivals``: where to look how far its downloads are, for one that draws nothing.
    What interrupts us ends the command, too, and goes on from here.
    """
    log, news = Log(), _News(tell, arrivals)
    lock = threading.Lock()
    said = [_Said(news, Lines(log, lock)) for _ in ("standard output", "standard error")]
    drawn = screen.Drawn(news.line, news.share)

    def take_drawn(data: bytes) -> None:
        with lock:
            log.add(drawn.add(data))
            if b"\b" in data:  # pip's wheel turns only where what it waits for says something
                news.last = time.monotonic()

    process: Process | None = None
    shown: screen.Screen | None = None
    try:
        with undisturbed():
            argv, shown = _on_screen(argv, draws_on, take_drawn)
            process = Process(_bound(argv), _environment(os.environ, shown is not None))
        process.listen(said[0].add, said[1].add)
        code = process.wait(lambda: news.looked_for() + silent_seconds)
    except OSError as error:
        if process is not None:
            raise
        why = say("{command} cannot be started: {error}", command=argv[0], error=error.strerror or str(error))
        return Ran(127, why)
    finally:
        if process is not None:
            process.kill()
        if shown is not None:
            shown.close()
    for each in said:
        each.end()
    log.add(drawn.end())
    return Ran(code, log.whole())


def run_watched(argv: Sequence[str], tell: Tell) -> Ran:
    """:func:`run`; on a terminal it is told, too, how far pip's and uv's downloads have come."""
    if not screen.is_watched():
        return run(argv, tell)
    asked = with_progress(argv)
    stream = _draws_on(asked)
    if stream and not screen.can_be_had():
        return run(asked, tell, arrivals=_arrivals(asked))
    return run(asked, tell, draws_on=stream)


def with_progress(argv: Sequence[str]) -> list[str]:
    """``argv``, a pip that can asked to tell how far a download is; older ones only draw it."""
    argv = list(argv)
    if not _is_pip(argv):
        return argv
    told = run([argv[0], "-m", "pip", "--version"], lambda line, share: None, silent_seconds=60).log
    found = re.search(r"^pip (\d+)\.(\d+)", told, re.MULTILINE)
    knows = found is not None and not below(f"{found[1]}.{found[2]}", TELLS_PROGRESS)
    return [*argv[:4], "--progress-bar", "raw", *argv[4:]] if knows else argv


def _is_pip(argv: Sequence[str]) -> bool:
    return list(argv[1:4]) == ["-m", "pip", "install"]


def _draws_on(argv: Sequence[str]) -> int | None:
    """pip draws on standard output, uv on standard error; a pip that tells by itself need not draw."""
    if _is_pip(argv):
        return None if "--progress-bar" in argv else 1
    return 2 if os.path.basename(argv[0]) in ("uv", "uv.exe") else None


def _arrivals(argv: Sequence[str]) -> Arrivals:
    if _is_pip(argv):
        return OfPip()
    return OfUv(run([argv[0], "cache", "dir"], lambda line, share: None, silent_seconds=60).log.strip())


def _on_screen(
    argv: Sequence[str], stream: int | None, take: Callable[[bytes], None]
) -> tuple[Sequence[str], screen.Screen | None]:
    """``argv`` with a terminal to draw on; where there is none to be had it goes without."""
    if stream is None:
        return argv, None
    try:
        shown = screen.Screen(take)
    except OSError:
        return argv, None
    return shown.shows(argv, stream), shown


def _bound(argv: Sequence[str]) -> list[str]:
    if sys.platform != "linux":
        return list(argv)
    return [sys.executable, "-I", "-S", "-c", _BOUND, str(os.getpid()), *argv]


def _environment(ours: Mapping[str, str], on_screen: bool = False) -> dict[str, str]:
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
    width = {"COLUMNS": str(screen.COLUMNS)} if on_screen else {}  # it counts before the terminal's own
    return {**{name: value for name, value in ours.items() if name not in left_out}, **_ENVIRONMENT, **width}


class _News:
    """What is told, and when there was something last. A download's share is told once per percent."""

    def __init__(self, tell: Tell, arrivals: Arrivals | None = None) -> None:
        self._tell, self._arrivals = tell, arrivals
        self._one_at_a_time = threading.Lock()
        self._share: float | None = None
        self.last = time.monotonic()

    def looked_for(self) -> float:
        """When there was something last; what has arrived by now is news, too."""
        with self._one_at_a_time:
            share = self._arrivals.look() if self._arrivals else None
        if share is not None:
            self.share(share)
        return self.last

    def line(self, line: str) -> None:
        """A bar that is drawn after it is another one, and told from its begin."""
        with self._one_at_a_time:
            self.last = time.monotonic()
            self._share = None
            if self._arrivals:
                self._arrivals.line(line)
            self._tell(line, None)

    def share(self, share: float) -> None:
        """A bar that is drawn again as it was is no news: a download may hang behind it."""
        share = min(1.0, share)
        with self._one_at_a_time:
            if self._share is None or share != self._share:
                self.last = time.monotonic()
            if self._share is None or int(share * 100) != int(self._share * 100):
                self._tell("", share)
            self._share = share


class _Said:
    """What comes through a pipe, to the log and told; a carriage return ends a line: progress bars use it."""

    def __init__(self, news: _News, lines: Lines) -> None:
        self._news, self._lines, self._rest = news, lines, b""

    def add(self, data: bytes) -> None:
        self._lines.add(data)
        self._news.last = time.monotonic()
        *whole, self._rest = re.split(rb"[\r\n]+", self._rest + data)
        for line in whole:
            self._one(line)
        self._rest = self._rest[-4096:]

    def end(self) -> None:
        self._lines.end()
        self._one(self._rest)

    def _one(self, data: bytes) -> None:
        line = data.decode("utf-8", "replace").strip()
        found = _PROGRESS.fullmatch(line)
        if found:
            self._news.share(int(found[1]) / max(1, int(found[2])))
        elif line:
            self._news.line(line)
