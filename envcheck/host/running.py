"""Whether a process still runs, and since when: a number alone may be another process's by now.

psutil knows it on every system; where it is not installed, the system is asked itself.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from typing import Any

#: Systems tell the time of a start to the second or finer, and correct their clocks.
SAME = 2.0


def begun(pid: int) -> float | None:
    """When the process ``pid`` began, in seconds since 1970; None where it does not run or none is told."""
    try:
        import psutil
    except ImportError:
        return _told(pid)
    try:
        return round(psutil.Process(pid).create_time(), 2)
    except (psutil.Error, OSError):
        return None


def is_same(pid: int, since: float | None) -> bool:
    """Whether the process ``pid`` still runs that began at ``since``; None: nothing is known of that."""
    if pid <= 0:  # no process, but what os.kill means by it
        return False
    now = begun(pid)
    if since is None or now is None:
        return now is not None or _runs(pid)
    return abs(now - since) < SAME


def _told(pid: int) -> float | None:
    ways = {"linux": _of_proc, "win32": _of_windows}
    try:
        return ways.get(sys.platform, _of_ps)(pid)
    except (OSError, ValueError, LookupError, subprocess.SubprocessError):
        return None


def _runs(pid: int) -> bool:
    """Whether there is such a process, whatever it may be."""
    if sys.platform == "win32":
        return _told(pid) is not None  # os.kill would end it there
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _of_proc(pid: int) -> float:
    """proc(5): field 22 of stat is ticks after boot, and a name in brackets may hold spaces."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    with open("/proc/stat", encoding="ascii") as file:
        boot = next(int(line.split()[1]) for line in file if line.startswith("btime "))
    return round(boot + ticks / os.sysconf("SC_CLK_TCK"), 2)


def _of_ps(pid: int) -> float:
    """macOS and the BSDs: ps(1), ``Sat Nov 21 12:51:47 2026``; an unknown process is an error of ps."""
    asked = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    environment = {**os.environ, "LC_ALL": "C"}
    said = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=5, env=environment)
    return time.mktime(time.strptime(said.stdout.strip(), "%a %b %d %H:%M:%S %Y"))


def _of_windows(pid: int) -> float | None:
    """GetProcessTimes: 100 ns since 1601. Numbers: PROCESS_QUERY_LIMITED_INFORMATION, STILL_ACTIVE.

    https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-getprocesstimes
    """
    kernel: Any = getattr(ctypes, "windll").kernel32  # noqa: B009  # is there on Windows only
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(kernel.OpenProcess(0x1000, False, pid))
    if not handle:
        return None
    times, code = [ctypes.c_uint64() for _ in range(4)], ctypes.c_uint32()
    try:
        told = kernel.GetProcessTimes(handle, *map(ctypes.byref, times))
        runs = kernel.GetExitCodeProcess(handle, ctypes.byref(code)) and code.value == 259
    finally:
        kernel.CloseHandle(handle)
    return round(times[0].value / 1e7 - 11644473600, 2) if told and runs else None
