"""Other programs: started in a group of their own, read without end, killed with all they started."""

from __future__ import annotations

import _thread
import errno
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

from ..model import Value

KEEP = 256 * 1024
FLOOD = 64 * 1024 * 1024
#: What a stream may hold back until its line ends.
LONGEST_LINE = 64 * 1024
#: How long after its leader's end a group may still hold the pipes.
LINGER = 0.5
#: What a thread that only reads or writes a pipe needs. The system's 8 MiB for each of them are too
#: much where the address space is limited (``ulimit -v``).
STACK = 512 * 1024


class Log:
    """The first and the last :data:`KEEP` bytes of a stream."""

    def __init__(self) -> None:
        self.head = b""
        self.tail = b""
        self.size = 0

    def add(self, data: bytes) -> None:
        """Take in the next piece."""
        self.size += len(data)
        room = KEEP - len(self.head)
        if room > 0:
            self.head += data[:room]
            data = data[room:]
        if data:
            self.tail = (self.tail + data)[-KEEP:]

    def record(self) -> dict[str, Value]:
        """``head``, ``tail`` as text and the size in ``bytes``."""
        return {"head": text(self.head), "tail": text(self.tail), "bytes": self.size}

    def whole(self) -> str:
        """Head and tail as one text, a line between them where something was left out."""
        gap = b"\n[...]\n" if self.size > len(self.head) + len(self.tail) else b""
        return text(self.head + gap + self.tail)


class Lines:
    """One of the streams that share a log: no line of the one is broken by what the other says."""

    def __init__(self, log: Log, lock: threading.Lock) -> None:
        """``lock``: the one that guards ``log``."""
        self._log, self._lock, self._rest = log, lock, b""

    def add(self, data: bytes) -> None:
        """Take in the next piece; what has no end yet waits for it, but no longer than a line can be."""
        with self._lock:
            self._rest += data
            end = max(self._rest.rfind(b"\n"), self._rest.rfind(b"\r")) + 1
            if not end and len(self._rest) >= LONGEST_LINE:
                end = len(self._rest)
            if end:
                self._log.add(self._rest[:end])
                self._rest = self._rest[end:]

    def end(self) -> None:
        """What has no end by now is a line, too."""
        with self._lock:
            if self._rest:
                if self._log.size and not (self._log.tail or self._log.head).endswith((b"\n", b"\r")):
                    self._log.add(b"\n")
                self._log.add(self._rest)
                self._rest = b""


def text(data: bytes) -> str:
    """Bytes of a foreign program as text; what is not UTF-8 is replaced."""
    return data.decode("utf-8", "replace")


class Process:
    """A running program. Nothing of what it writes is read before :meth:`listen`."""

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        stdin: bytes | None = None,
        own_stdin: bool = False,
    ) -> None:
        """Start it. ``own_stdin``: it reads what we would. Raises OSError if it cannot be started."""
        group: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        self._popen = subprocess.Popen(
            list(argv),
            env=dict(env),
            stdin=None if own_stdin else subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **group,
        )
        self.begin = time.monotonic()
        self.changed = threading.Condition()
        self._open_pipes = 2
        self._killed = False
        self._words: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        if stdin is not None:
            self.write(stdin)
            self._in_thread(self._send)

    def listen(self, on_output: Callable[[bytes], None], on_error: Callable[[bytes], None]) -> None:
        """Hand the pieces it writes to these two from now on, each in a thread of its own."""
        self._read(self._popen.stdout, on_output)
        self._read(self._popen.stderr, on_error)

    def _in_thread(self, work: Callable[[], None]) -> None:
        """Raises OSError where the system gives no thread: too little memory, too many processes."""
        before = threading.stack_size(STACK)
        try:
            # Thread.start() waits until the thread runs, 4 ms each time on a small virtual machine.
            _thread.start_new_thread(work, ())
        except (RuntimeError, MemoryError) as error:
            self.kill()
            raise OSError(errno.EAGAIN, f"no thread to listen to it: {error}") from None
        finally:
            threading.stack_size(before)

    def _read(self, pipe: IO[bytes] | None, take: Callable[[bytes], None]) -> None:
        assert pipe is not None
        number = pipe.fileno()

        def work() -> None:
            while True:
                try:
                    data = os.read(number, 65536)
                except OSError:
                    data = b""
                if not data:
                    break
                take(data)
            with self.changed:
                self._open_pipes -= 1
                self.changed.notify_all()

        self._in_thread(work)

    def _send(self) -> None:
        pipe = self._popen.stdin
        while pipe:
            try:
                pipe.write(self._words.get())
                pipe.flush()
            except (OSError, ValueError):
                return  # it no longer listens: its end will tell why

    def write(self, data: bytes) -> None:
        """Write to its standard input, in order, without ever waiting for it to read."""
        self._words.put(data)

    def wait(self, limit: Callable[[], float | None]) -> int | None:
        """Wait for its end; ``limit`` gives the monotonic time to give up at. None: gave up.

        Returns once the program has ended and its pipes are closed, or :data:`LINGER` after its
        end where something it started still holds them.
        """
        ended: float | None = None
        while True:
            with self.changed:
                if self._open_pipes == 0 and ended is None:
                    break
                until = limit()
                now = time.monotonic()
                if self._popen.poll() is not None:
                    ended = ended or now
                    if self._open_pipes == 0 or now - ended > LINGER:
                        break
                elif until is not None and now >= until:
                    return None
                self.changed.wait(0.05 if until is None else max(0.001, min(0.05, until - now)))
        while self._popen.poll() is None:  # it closed both pipes and lives on
            until = limit()
            if until is not None and time.monotonic() >= until:
                return None
            time.sleep(0.002)
        return self._popen.returncode

    def ask_where_it_is(self) -> None:
        """Let a Python that waits for this signal (faulthandler) write its frames to its log; others end."""
        if sys.platform != "win32":
            try:
                self._popen.send_signal(signal.SIGUSR1)
                self._popen.wait(0.3)
            except (OSError, subprocess.TimeoutExpired):
                pass

    def kill(self) -> None:
        """Kill it and its whole group, whether or not it has ended itself."""
        if self._killed:
            return  # by now its number may be another's
        self._killed = True
        if sys.platform == "win32":
            subprocess.run(
                ["taskkill", "/F", "/T", "/PID", str(self._popen.pid)], capture_output=True, check=False
            )
        else:
            try:
                os.killpg(self._popen.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        try:
            self._popen.wait(5)
        except subprocess.TimeoutExpired:
            pass  # not killable (it hangs in the kernel): we go on without it

    @property
    def seconds(self) -> float:
        """Wall-clock seconds since the start."""
        return time.monotonic() - self.begin
