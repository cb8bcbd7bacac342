"""How much memory there is, from the system itself: psutil has compiled parts and is not always there."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

from ..model import NoAnswer

MIB = 1024 * 1024


def total_and_available() -> tuple[float, float]:
    """Memory in MiB: all of it, and what programs can get without swapping. Raises :class:`NoAnswer`."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            return of_meminfo(file.read())
    except (OSError, LookupError, ValueError):
        return _by_psutil() or _by_system()


def of_meminfo(text: str) -> tuple[float, float]:
    """``/proc/meminfo``, in kB. Raises LookupError and ValueError where it is another text."""
    lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    total, available = (int(lines[key].split()[0]) / 1024 for key in ("MemTotal", "MemAvailable"))
    return total, available


def of_vm_stat(text: str) -> float:
    """What ``vm_stat`` of macOS calls free and inactive, in MiB: what psutil, too, calls available.

    Raises ValueError where it is another text.
    """
    size = re.search(r"page size of (\d+) bytes", text)
    pages = dict(re.findall(r"^Pages (free|inactive):\s+(\d+)\.", text, re.MULTILINE))
    if not size or len(pages) != 2:
        raise ValueError("this is not what vm_stat says")
    return sum(map(int, pages.values())) * int(size[1]) / MIB


def _by_psutil() -> tuple[float, float] | None:
    try:
        import psutil

        found: Any = psutil.virtual_memory()
    except (ImportError, OSError, RuntimeError):
        return None
    return found.total / MIB, found.available / MIB


def _by_system() -> tuple[float, float]:
    ways = {"win32": _by_windows, "darwin": _by_macos}
    try:
        return ways[sys.platform]()
    except KeyError:
        raise NoAnswer("failed", "psutil is not installed") from None
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise NoAnswer("failed", "{error}", error=str(error)) from None


def _by_windows() -> tuple[float, float]:
    import ctypes  # slow to load, and needed here alone

    class MemoryStatus(ctypes.Structure):
        """MEMORYSTATUSEX, https://learn.microsoft.com/windows/win32/api/sysinfoapi/ns-sysinfoapi-memorystatusex."""

        _fields_ = [
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            *((name, ctypes.c_uint64) for name in ("total", "available", "total_page", "available_page")),
            *((name, ctypes.c_uint64) for name in ("total_virtual", "available_virtual", "extended")),
        ]

    status = MemoryStatus(length=ctypes.sizeof(MemoryStatus))
    kernel: Any = getattr(ctypes, "windll").kernel32  # noqa: B009  # is there on Windows only
    if not kernel.GlobalMemoryStatusEx(ctypes.byref(status)):
        raise OSError("GlobalMemoryStatusEx failed")
    return status.total / MIB, status.available / MIB


def _by_macos() -> tuple[float, float]:
    return int(_said("/usr/sbin/sysctl", "-n", "hw.memsize")) / MIB, of_vm_stat(_said("/usr/bin/vm_stat"))


def _said(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=5).stdout
