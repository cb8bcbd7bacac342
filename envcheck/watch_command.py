"""A command of the user's, run as it would run by itself, and its output kept for an explanation.

It has a process group of its own, our standard input and environment, and pipes for its output, which
is passed on as it comes, byte for byte, to where ours goes. What pipes cannot do: the command does not
find itself on a terminal, so many programs leave out colours and progress bars. Python would also hold
its standard output back; where ours is a terminal it is asked not to (PYTHONUNBUFFERED).
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import IO, Literal, NamedTuple

from .formats.log import decode
from .host.process import LINGER, Lines, Log, Process
from .interrupts import undisturbed
from .words import say

#: What shells and GNU's ``timeout`` exit with ("Exit Status" in their manuals).
NOT_FOUND, NOT_STARTED, TIMED_OUT, BY_SIGNAL = 127, 126, 124, 128
#: Seconds in which a group that was asked to end may do so: a Python says where it was.
GRACE = 0.5
#: Signals of which a shell says a word, whether or not the program itself did.
CRASHES = ("SIGILL", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGSEGV", "SIGTERM")
#: From here on a Windows exit code is the exception that ended the program (ntstatus.h).
NTSTATUS = 0xC0000000

How = Literal["exited", "signal", "timeout", "not started"]


class Ended(NamedTuple):
    """How a command ended: the code to exit with, its output (the first and the last 256 KiB), and how.

    ``said`` is what a shell says of a crash, or why the command could not be started.
    """

    code: int
    output: str
    how: How
    said: str = ""

    @property
    def log(self) -> str:
        """The output as it stands on the screen: where the program crashed, with the shell's word on it."""
        if self.how == "not started" or not self.said:
            return self.output
        return (
            self.output + ("" if self.output.endswith("\n") or not self.output else "\n") + self.said + "\n"
        )


def run(argv: Sequence[str], timeout: float | None = None) -> Ended:
    """Run ``argv`` to its end, or until ``timeout`` seconds are over or we are interrupted.

    Then it is ended, with all of its process group. What the interruption raised goes on from here.
    """
    command, log = None, Log()
    try:
        with undisturbed():
            command = _Command(_program(argv), _environment())
        return _watched(command, log, timeout)
    except OSError as error:
        if command is None:
            return _not_started(argv, error)
        raise
    finally:
        if command is not None:
            command.end()


def _watched(command: _Command, log: Log, timeout: float | None) -> Ended:
    until = None if timeout is None else command.begin + timeout
    lock = threading.Lock()
    ways = [_Way(stream, number, Lines(log, lock)) for number, stream in ((1, sys.stdout), (2, sys.stderr))]
    command.listen(ways[0], ways[1])
    code = command.wait(lambda: until)
    if code is None:
        command.end()
        command.wait_for_output(ways, until=time.monotonic() + GRACE)
    else:
        command.wait_for_output(ways)
        command.ended = True
    for way in ways:
        way.lines.end()
    return Ended(TIMED_OUT, _text(log), "timeout") if code is None else _ended(code, _text(log))


def _environment() -> dict[str, str]:
    at_terminal = sys.stdout is not None and sys.stdout.isatty()
    return {**({"PYTHONUNBUFFERED": "1"} if at_terminal else {}), **os.environ}


def _program(argv: Sequence[str]) -> list[str]:
    """On Windows looked up as its command line does: CreateProcess would look beside our own Python first."""
    found = shutil.which(argv[0]) if sys.platform == "win32" else None
    return [found or argv[0], *argv[1:]]


def _text(log: Log) -> str:
    """What is kept, a line between head and tail where something was left out, in whatever encoding."""
    gap = b"\n[...]\n" if log.size > len(log.head) + len(log.tail) else b""
    return decode.text_of(log.head + gap + log.tail)


# --- passing on ----------------------------------------------------------------------------------


class _Way:
    """Where a stream of the command goes: into the log, and on to ours. Who has left ours, misses it."""

    def __init__(self, stream: IO[str] | None, number: int, lines: Lines) -> None:
        self._out = _number(stream, number)
        self.lines = lines
        self.busy = False
        self.last = time.monotonic()

    def __call__(self, data: bytes) -> None:
        """Take the next piece in."""
        self.busy = True
        self.lines.add(data)
        if self._out is not None and not _write(self._out, data):
            self._out = None
        self.last, self.busy = time.monotonic(), False


def _number(stream: IO[str] | None, number: int) -> int | None:
    """The file behind one of our streams, all that we wrote before written; None where it is closed."""
    if stream is None:
        return None
    with suppress(OSError, ValueError):
        stream.flush()
        return stream.fileno()
    return number


def _write(out: int, data: bytes) -> bool:
    """Write all of ``data``; False where nobody takes it any more."""
    while data:
        try:
            data = data[os.write(out, data) :]
        except BlockingIOError:  # whoever shares the terminal with us may have left it in that state
            time.sleep(0.01)
        except OSError:
            return False
    return True


# --- the process ---------------------------------------------------------------------------------


class _Command(Process):
    """A program that reads our own standard input, and is asked to end before it is killed."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        super().__init__(argv, env, own_stdin=True)
        self.ended = False

    def wait_for_output(self, ways: Iterable[_Way], until: float | None = None) -> None:
        """Wait until all that was written before its end is passed on, however slow our reader is.

        What it left running in the background may go on writing; for that nobody waits.
        """
        ways = list(ways)
        while self._open_pipes and (until is None or time.monotonic() < until):
            quiet = all(not way.busy and time.monotonic() - way.last > LINGER for way in ways)
            if quiet:
                return
            with self.changed:
                self.changed.wait(0.05)

    def end(self) -> None:
        """Unless it ended by itself: ask the group to end, as Ctrl-C does, then kill what is left of it."""
        if self.ended:
            return
        self.ended = True
        try:
            self._ask_to_end()
            until = time.monotonic() + GRACE
            self.wait(lambda: until)
        finally:
            self.kill()

    def _ask_to_end(self) -> None:
        with suppress(OSError):
            if sys.platform == "win32":
                self._popen.send_signal(signal.CTRL_BREAK_EVENT)
            else:
                os.killpg(self._popen.pid, signal.SIGINT)


# --- the end -------------------------------------------------------------------------------------


def _ended(code: int, output: str) -> Ended:
    if code >= NTSTATUS:
        signed = code - 2**32
        return Ended(signed, output, "signal", f"Process finished with exit code {signed} (0x{code:08X})")
    number = -code if code < 0 else code - BY_SIGNAL
    word = _word_on(number)
    if code < 0:
        return Ended(BY_SIGNAL + number, output, "signal", word)
    if word and word not in output[-1000:]:  # a wrapper passes the code on, and says nothing
        return Ended(code, output, "signal", word)
    return Ended(code, output, "exited")


def _word_on(number: int) -> str:
    """What a shell says of a program that this signal ended."""
    crashes = {getattr(signal, name) for name in CRASHES if hasattr(signal, name)}
    return (signal.strsignal(number) or "") if number in crashes and sys.platform != "win32" else ""


def _not_started(argv: Sequence[str], error: OSError) -> Ended:
    program = argv[0]
    there = os.path.exists(shutil.which(program) or program)
    if not there:
        sentence = say("{command}: there is no such command", command=program)
        return Ended(NOT_FOUND, "", "not started", sentence)
    if isinstance(error, FileNotFoundError):
        sentence = say(
            "{command}: its first line names a program that is not there: the file was made elsewhere",
            command=program,
        )
    else:
        sentence = say(
            "{command} cannot be started: {error}", command=program, error=error.strerror or str(error)
        )
    return Ended(NOT_STARTED, "", "not started", sentence)
