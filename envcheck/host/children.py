"""The children's protocol: how ``inside/<name>.py`` is started, listened to and ended."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from .. import own_files
from ..model import Value
from .process import FLOOD, Log, Process, text

#: Reads the length of the program, then the program, from standard input. Works from 2.7 on, from a
#: wheel, a zip and over ssh; a source given with ``-c`` breaks above 128 KiB on Linux.
BOOTSTRAP = (
    "import sys;i=getattr(sys.stdin,'buffer',sys.stdin);"
    "exec(compile(i.read(int(i.readline())),'<envcheck>','exec'))"
)

#: Seconds a stage may take before the child is given up.
LIMITS: Mapping[str, float | None] = {
    "start": 10,
    "import": 120,
    "build": 60,
    "devices": 60,
    "first-operation": 60,
    "convolution": 60,
    "steps": 30,
    "waiting": None,  # for our own word
}
OTHERWISE = 20.0
#: Where only PTX fits this GPU, the first operation compiles every kernel. TensorFlow itself says
#: "could take 30 minutes or longer" (gpu_device.cc); cached kernels and one model need far less.
COMPILING = 600.0

#: Ways to start an interpreter, from the user's own to the barest.
STARTS: Mapping[str, tuple[str, ...]] = {"normal": (), "isolated": ("-I",), "no-site": ("-I", "-S")}


class Role(NamedTuple):
    """Whose interpreter a child runs under, what its program begins with, what is special about its start."""

    own: bool
    parts: tuple[str, ...] = ()
    start: str = "normal"
    writes_bytecode: bool = False
    retries: bool = False
    env: Mapping[str, str | None] = {}


#: The topics of the inventory, one file each.
STOCK = ("reading", "interpreter", "start", "distributions", "files", "shadows", "conda")

ROLES: Mapping[str, Role] = {
    # Ours take the search path from us: a sitecustomize or a PYTHONHOME that is meant for the examined
    # interpreter must not end or stop them, or the driver would be blamed.
    "nvml": Role(own=True, parts=("own_path", "loaded"), start="no-site"),
    "libcuda": Role(own=True, parts=("own_path", "loaded"), start="no-site"),
    "cpuinfo": Role(own=True, parts=("own_path",), start="no-site"),
    "demands": Role(own=True, parts=("own_path",), start="no-site"),
    "inventory": Role(own=False, parts=tuple(f"stock/{topic}" for topic in STOCK), retries=True),
    "libraries": Role(own=False, retries=True),
    # The one child that behaves as the user's own program would. TensorFlow names a library that it
    # cannot load only at this verbosity (measured with 2.20 and 2.21), and hides it at a higher minimum.
    "train": Role(
        own=False,
        writes_bytecode=True,
        env={"TF_CPP_VMODULE": "dso_loader=1", "TF_CPP_MIN_LOG_LEVEL": None},
    ),
}


@cache
def source(name: str) -> str:
    """The text of ``inside/<name>.py``: a child's program, or a part that several begin with."""
    return own_files.text(own_files.folder("inside"), f"{name}.py")


def program(name: str, nonce: str, args: Mapping[str, Value]) -> bytes:
    """What goes through the child's standard input: a length, then the whole source."""
    given = f"\nNONCE = {nonce!r}\nARGS = {dict(args)!a}\n"
    parts = "\n".join(source(part) for part in (*ROLES[name].parts, name))
    whole = (source("events") + given + parts + "\nfinish()\n").encode("ascii")
    return b"%d\n" % len(whole) + whole


class Child:
    """One started child: its events so far, its log, its present stage and that stage's limit."""

    def __init__(
        self,
        name: str,
        python: str,
        how: str,
        args: Mapping[str, Value],
        cap: float | None,
        deadline: float | None,
    ) -> None:
        """Start it. ``cap`` shortens every limit, ``deadline`` (monotonic) ends them all."""
        role = ROLES[name]
        self.name, self.python, self.how = name, python, how
        self.events: list[dict[str, Value]] = []
        self._log, self._rest, self._flood = Log(), b"", False
        self._cap, self._deadline, self._slow = cap, deadline, False
        self._stage, self._stage_begin = "start", time.monotonic()
        self._released = False
        self._nonce = os.urandom(8).hex()
        self._lock = threading.Lock()
        bytecode = () if role.writes_bytecode else ("-B",)
        argv = (python, *STARTS[how], *bytecode, "-c", BOOTSTRAP)
        stdin = program(name, self._nonce, args)
        self.process = Process(argv, _environment(role.env), stdin)
        self.process.listen(self._take_output, self._take_log)

    def _take_output(self, data: bytes) -> None:
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()[-FLOOD:]
        for line in lines:
            self._take_line(line)

    def _take_line(self, line: bytes) -> None:
        nonce, _, body = line.partition(b" ")
        try:
            event = json.loads(body) if nonce == self._nonce.encode() else None
        except ValueError:
            event = None
        if not isinstance(event, dict):
            self._take_log(line + b"\n")
            return
        with self.process.changed:
            self.events.append(event)
            if event.get("event") == "stage":
                self._stage, self._stage_begin = str(event.get("stage")), time.monotonic()
            self.process.changed.notify_all()

    def _take_log(self, data: bytes) -> None:
        with self._lock:
            self._log.add(data)
            flooded, self._flood = self._log.size > FLOOD and not self._flood, self._log.size > FLOOD
        if flooded:
            self.process.kill()

    def limit(self) -> float | None:
        """The monotonic time at which the present stage has taken too long."""
        seconds = LIMITS.get(self._stage, OTHERWISE)
        if seconds is None and not self._released:
            return self._deadline
        seconds = OTHERWISE if seconds is None else seconds
        if self._slow and self._stage in ("first-operation", "convolution"):
            seconds = COMPILING
        if self._cap is not None:
            seconds = min(seconds, self._cap)
        until = self._stage_begin + seconds
        return until if self._deadline is None else min(until, self._deadline)

    def release(self, words: Mapping[str, Value]) -> None:
        """Tell a waiting child to go on; ``slow`` lengthens the limits of its first operations."""
        self._slow = self._slow or bool(words.get("slow"))
        if not self._released:
            self._released = True
            with self.process.changed:
                if self._stage == "waiting":
                    self._stage_begin = time.monotonic()
            self.process.write((ascii(dict(words)) + "\n").encode("ascii"))

    def result(self) -> dict[str, Value]:
        """Wait for its end, kill what is left of its group, and say all that came of it."""
        code = self.process.wait(self.limit)
        seconds = self.process.seconds
        if code is None and self.name == "train" and not self._is_over():
            self.process.ask_where_it_is()
        self.process.kill()
        return {
            "role": self.name,
            "python": self.python,
            "how": self.how,
            "attempts": [],
            "events": list(self.events),
            "log": self._log.record(),
            "ended": {**self._how_ended(code), "stage": self._stage, "seconds": round(seconds, 3)},
        }

    def _is_over(self) -> bool:
        """Whether the run's own time has passed: what is then ended was not found to hang."""
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _how_ended(self, code: int | None) -> dict[str, Value]:
        if self._flood:
            return {"kind": "flood", "code": None, "signal": None}
        if code is None:
            return {"kind": "stopped" if self._is_over() else "timeout", "code": None, "signal": None}
        if code < 0:
            return {"kind": "signal", "code": None, "signal": _signal_name(-code)}
        return {"kind": "exited", "code": code, "signal": None}


def unstartable(name: str, python: str, how: str, reason: OSError) -> dict[str, Value]:
    """The result of a child whose interpreter the system would not start."""
    ended = {"kind": "unstartable", "code": None, "signal": None, "stage": "start", "seconds": 0.0}
    log = Log()
    log.add(str(reason).encode())
    return {
        "role": name, "python": python, "how": how, "attempts": [], "events": [],
        "log": log.record(), "ended": ended,
    }  # fmt: skip


def lived(result: Mapping[str, Value]) -> bool:
    """Whether the interpreter came as far as the child's own code."""
    return bool(result["events"])


def attempt(result: Mapping[str, Value]) -> dict[str, Value]:
    """What is kept of a start that did not live."""
    log = result["log"]
    return {"how": result["how"], "ended": result["ended"], "log": (log["head"] + log["tail"])[-4000:]}


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    env = dict(os.environ)
    for name, value in changes.items():
        env.pop(name, None)
        if value is not None:
            env[name] = value
    return env


def _signal_name(number: int) -> str:
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def own_python() -> str:
    """envcheck's own interpreter, for the children that examine the driver."""
    return sys.executable or "python3"


__all__ = ["ROLES", "STARTS", "Child", "attempt", "lived", "own_python", "text", "unstartable"]
