"""The answers of the machine we run on."""

from __future__ import annotations

import getpass
import glob as globbing
import os
import shutil
import stat as stats
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping

from ..interrupts import undisturbed
from ..model import NoAnswer, Target, Value, Wrong
from . import children, memory
from .process import KEEP, Log, Process

MIB = 1024 * 1024
#: What belongs to stat's file type bits.
TYPES = {stats.S_IFREG: "file", stats.S_IFDIR: "dir", stats.S_IFCHR: "char", stats.S_IFBLK: "block"}


class Live:
    """Answers by looking. ``skip`` maps a child that must not run to the option that says so."""

    def __init__(
        self,
        target: Target,
        args: Mapping[str, Mapping[str, Value]] | None = None,
        skip: Mapping[str, str] | None = None,
        timeout: float | None = None,
        max_seconds: float | None = None,
    ) -> None:
        """``args`` are the arguments of children started ahead; ``timeout`` caps each limit."""
        self._target = target
        self._args = args or {}
        self._skip = skip or {}
        self._cap = timeout
        self._deadline = None if max_seconds is None else time.monotonic() + max_seconds
        self._started: dict[str, tuple[Mapping[str, Value], children.Child]] = {}
        self._running: list[Process] = []
        self._commands: dict[tuple[str, ...], tuple[Process, Log, Log]] = {}

    def answer(self, verb: str, key: str, *args: Value) -> Value:
        """Answer one question or raise :class:`NoAnswer`."""
        try:
            return getattr(self, "_" + verb.replace("-", "_"))(*(args or (key,)))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            raise NoAnswer("denied", "permission denied: {path}", path=error.filename or key) from None
        except OSError as error:
            raise NoAnswer("failed", "{error}", error=error.strerror or str(error)) from None

    def _identity(self, _: str) -> Value:
        system, release, version, machine, node = _uname()
        posix = hasattr(os, "getuid")
        return {
            "system": system, "release": release, "version": version, "machine": machine, "node": node,
            "cpus": os.cpu_count(), "uid": os.getuid() if posix else None,
            "gids": sorted({os.getgid(), *os.getgroups()}) if posix else None,
            "user": _user(), "home": os.path.expanduser("~"), "tmp": tempfile.gettempdir(),
            "cwd": _cwd(), "encoding": getattr(sys.stdout, "encoding", None),
        }  # fmt: skip

    def _read(self, path: str) -> str:
        with open(path, "rb") as file:
            return file.read(MIB).decode("utf-8", "replace")

    def _read_binary(self, path: str) -> str:
        with open(path, "rb") as file:
            return file.read(MIB).decode("latin-1")

    def _list(self, path: str) -> list[str]:
        return sorted(os.listdir(path))

    def _glob(self, pattern: str) -> list[str]:
        return sorted(globbing.glob(pattern, recursive=True))

    def _env(self, name: str) -> str | None:
        return os.environ.get(name)

    def _stat(self, path: str) -> dict[str, Value]:
        answer: dict[str, Value] = {"link": os.readlink(path)} if os.path.islink(path) else {}
        try:
            found = os.stat(path)
        except FileNotFoundError:
            if not answer:
                raise
            return {"type": "dangling", **answer}
        kind = TYPES.get(stats.S_IFMT(found.st_mode), "other")
        answer.update(type=kind, mode=stats.S_IMODE(found.st_mode), uid=found.st_uid, gid=found.st_gid)
        answer.update(size=found.st_size, access=_access(path), real=os.path.realpath(path))
        if kind in ("char", "block"):
            answer.update(major=os.major(found.st_rdev), minor=os.minor(found.st_rdev))
        return answer

    def start_run(self, argv: list[str]) -> None:
        """Start a command ahead of the question for it, once."""
        try:
            command = None if tuple(argv) in self._commands else self._launched(argv)
        except OSError:
            return  # the question itself will say so
        if command:
            self._commands[tuple(argv)] = command

    def _launched(self, argv: list[str]) -> tuple[Process, Log, Log] | None:
        path = shutil.which(argv[0])
        if path is None:
            return None
        out, err = Log(), Log()
        with undisturbed():
            process = Process([path, *argv[1:]], {**os.environ, "LC_ALL": "C"})
            self._running.append(process)
        process.listen(out.add, err.add)
        return process, out, err

    def _run(self, argv: list[str], timeout: float) -> dict[str, Value] | None:
        command = self._commands.pop(tuple(argv), None) or self._launched(argv)
        if command is None:
            return None
        process, out, err = command
        seconds = timeout if self._cap is None else min(timeout, self._cap)
        until = process.begin + seconds
        code = process.wait(lambda: until if self._deadline is None else min(until, self._deadline))
        process.kill()
        self._running.remove(process)
        if code is None and self._deadline is not None and self._deadline < until:
            raise NoAnswer("failed", "the time for the whole run was over")
        if code is None:
            raise NoAnswer("failed", "no answer within {seconds} s", seconds=seconds)
        return {"code": code, "out": out.whole()[: 4 * KEEP], "err": err.whole()[: 4 * KEEP]}

    def _registry(self, key: str, value: str) -> Value:
        if sys.platform != "win32":
            return None
        import winreg

        root, _, path = key.partition("\\")
        roots = {"HKLM": winreg.HKEY_LOCAL_MACHINE, "HKCU": winreg.HKEY_CURRENT_USER}
        with winreg.OpenKey(roots[root], path) as opened:
            return winreg.QueryValueEx(opened, value)[0]

    def _memory(self, _: str) -> dict[str, Value]:
        total, free = memory.total_and_available()
        return {"total_mb": round(total), "available_mb": round(free)}

    def _disk(self, path: str) -> dict[str, Value] | None:
        while not os.path.exists(path) and os.path.dirname(path) != path:
            path = os.path.dirname(path)
        usage = shutil.disk_usage(path)
        return {"total_mb": usage.total // MIB, "free_mb": usage.free // MIB}

    # Children

    def start(self, name: str, args: Mapping[str, Value]) -> None:
        """Start a child ahead of the question for it."""
        if name not in self._started and name not in self._skip:
            given = {**self._args.get(name, {}), **args}
            try:
                self._started[name] = given, self._spawn(name, children.ROLES[name].start, given)
            except OSError:
                pass  # the question itself will say so

    def _spawn(self, name: str, how: str, args: Mapping[str, Value]) -> children.Child:
        own = children.ROLES[name].own
        python = children.own_python() if own else self._target.python
        if own:
            args = {**args, "sys_path": sys.path}
        with undisturbed():
            child = children.Child(name, python, how, args, self._cap, self._deadline)
            self._running.append(child.process)
        return child

    def release(self, name: str, words: Mapping[str, Value]) -> None:
        """Give a waiting child the word to go on."""
        if name in self._started:
            self._started[name][1].release(words)

    def _child(self, name: str, args: Mapping[str, Value]) -> Value:
        if name in self._skip:
            raise NoAnswer("skipped", "not run: {option}", option=self._skip[name])
        role = children.ROLES[name]
        retries = tuple(children.STARTS) if role.retries else (role.start,)
        attempts: list[Value] = []
        for how in retries:
            result = self._one_start(name, how, {**self._args.get(name, {}), **args})
            if children.lived(result):
                break
            attempts.append(children.attempt(result))
        if result["ended"]["kind"] == "stopped" and name != "train":
            # Our own haste must not look like a driver or an interpreter that hangs.
            raise NoAnswer("failed", "the time for the whole run was over")
        return {**result, "attempts": attempts}

    def _one_start(self, name: str, how: str, args: Mapping[str, Value]) -> dict[str, Value]:
        try:
            given, early = self._started.get(name, (None, None))
            ahead = how == children.ROLES[name].start and args == given
            child = early if early and ahead else self._spawn(name, how, args)
        except OSError as error:
            return children.unstartable(name, self._target.python, how, error)
        child.release({})  # who waits for its end must not leave it waiting
        return child.result()

    def within(self, seconds: float) -> None:
        """Let all that follows take so many seconds together."""
        self._deadline = time.monotonic() + seconds

    def close(self) -> None:
        """Kill every child and command that still runs, with its group."""
        with undisturbed():
            for process in self._running:
                process.kill()


def _access(path: str) -> str:
    return ("r" if os.access(path, os.R_OK) else "") + ("w" if os.access(path, os.W_OK) else "")


def _uname() -> tuple[str, str, str, str, str]:
    if hasattr(os, "uname"):
        found = os.uname()
        return found.sysname, found.release, found.version, found.machine, found.nodename
    import platform

    uname = platform.uname()
    return uname.system, uname.release, uname.version, uname.machine, uname.node


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return None  # no name for this uid, as in many containers


def _cwd() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None


def check_startable(python: str) -> None:
    """Raise :class:`Wrong` unless the system can start ``python`` at all."""
    try:
        subprocess.run([python, "-V"], capture_output=True, timeout=10, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        pass  # it starts and hangs: a finding, not a wrong word
    except OSError as error:
        raise Wrong(f"{python} cannot be started: {error.strerror or error}") from None
