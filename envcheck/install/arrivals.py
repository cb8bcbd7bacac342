"""How far a download has come, seen from the folder in which it arrives.

For where no terminal can be had (Windows): uv, and a pip before 24.1, then say only what they download
and how much that is. Both write what comes to files of their own at once: pip the wheel into its
temporary folder, uv the wheel's files, unpacked, into its cache.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote

#: To look takes no more than this share of the time, and is not done more often than this (seconds).
_SHARE_OF_TIME, _PAUSE = 0.05, 0.25
#: A download is not over before the tool says so.
_NEARLY = 0.99
#: pip 10 to 24.0: "Downloading numpy-2.0.2-cp39-cp39-win_amd64.whl (15.9 MB)"; before 20.1 with an address.
_PIP = re.compile(r"Downloading (\S+) \((\d[\d.,]*) ?(\w+)\)$")
#: uv from 0.6: "Downloading numpy (15.1MiB)", and in the end "Downloaded numpy" (0.7: "Downloading numpy").
_UV = re.compile(r"(Downloading|Downloaded) (\S+)(?: \((\d[\d.]*) ?(\w+)\))?$")
#: How much larger than a wheel its files are: tensorflow 2.20's for Windows 4.0, tensorflow-gpu 2.10's 2.9,
#: numpy's and scipy's 3.2 to 3.4 (sums over the wheels' directories). The largest: better a jump to the end
#: than a bar that stands there and waits.
_UNPACKED = 4.0
_UNITS = {"bytes": 1.0, "B": 1.0} | {
    f"{sign}{end}": base ** (power + 1)
    for power, sign in enumerate("KMGT")
    for end, base in (("B", 1000.0), ("iB", 1024.0))
}


class Arrivals(ABC):
    """What a tool said it downloads, and how much of that is there."""

    def __init__(self) -> None:
        self._next = 0.0

    @abstractmethod
    def line(self, line: str) -> None:
        """Take in a line of the tool's."""

    def look(self) -> float | None:
        """How much of what is downloaded now is there, 0 to 1; None where it is too early to look again."""
        begin = time.monotonic()
        if begin < self._next:
            return None
        share = self._share()
        took = time.monotonic() - begin
        self._next = begin + max(_PAUSE, took / _SHARE_OF_TIME)
        return share

    @abstractmethod
    def _share(self) -> float | None: ...


class OfPip(Arrivals):
    """One file after the other, each in a folder ``pip-unpack-…`` of its own."""

    def __init__(self, folder: str | None = None) -> None:
        """``folder``: for temporary files."""
        super().__init__()
        self._folder = folder or tempfile.gettempdir()
        self._begin = time.time()
        self._now: tuple[str, float] | None = None

    def line(self, line: str) -> None:
        """Each line ends what was downloaded before it."""
        found = _PIP.match(line)
        self._now = None
        if found:
            name = unquote(found[1].partition("#")[0].rsplit("/", 1)[-1])
            self._now = name, _bytes(found[2], found[3])

    def _share(self) -> float | None:
        if self._now is None:
            return None
        name, whole = self._now
        sizes = [_size(path) for path in self._of_that_name(name)]
        return min(_NEARLY, max(sizes) / max(1.0, whole)) if sizes else None

    def _of_that_name(self, name: str) -> Iterator[str]:
        """What an earlier pip, ended in the middle, left behind is not ours."""
        for folder in _folders(self._folder, "pip-unpack-"):
            path = os.path.join(folder, name)
            with suppress(OSError):
                if os.stat(path).st_mtime >= self._begin - 2:  # FAT knows two seconds only
                    yield path


class OfUv(Arrivals):
    """Several wheels at once, each unpacked into a folder ``.tmp…`` of the cache until it is complete."""

    def __init__(self, cache: str) -> None:
        """``cache``: what ``uv cache dir`` says."""
        super().__init__()
        self._cache = cache
        self._before = set(_folders(cache, ".tmp"))
        self._sizes: dict[str, float] = {}
        self._complete: set[str] = set()
        self._most = 0.0

    def line(self, line: str) -> None:
        """What is named with a size begins, what is named without one is complete."""
        found = _UV.match(line)
        if not found:
            return
        if found[3]:
            self._sizes[found[2]] = _bytes(found[3], found[4])
            self._most = 0.0  # of more than before it is a smaller share
        elif found[2] in self._sizes:
            self._complete.add(found[2])

    def _share(self) -> float | None:
        whole = sum(self._sizes.values())
        complete = sum(size for name, size in self._sizes.items() if name in self._complete)
        if not whole or complete == whole:
            return None
        new = (folder for folder in _folders(self._cache, ".tmp") if folder not in self._before)
        unpacked = sum(_size(path) for folder in new for path in _files(folder))
        share = (complete + min(_NEARLY * (whole - complete), unpacked / _UNPACKED)) / whole
        # A wheel leaves its folder before uv says so: what was there is still there.
        self._most = max(self._most, share)
        return self._most


def _folders(parent: str, begin: str) -> list[str]:
    with suppress(OSError), os.scandir(parent) as entries:
        return [entry.path for entry in entries if entry.name.startswith(begin)]
    return []


def _files(folder: str) -> Iterator[str]:
    for where, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(where, name)


def _size(path: str) -> int:
    """Asked of the file: Windows' folders tell the size of an open file late."""
    with suppress(OSError):
        return os.stat(path).st_size
    return 0


def _bytes(number: str, unit: str) -> float:
    try:
        return float(number.replace(",", "")) * _UNITS.get(unit.replace("k", "K"), 1.0)
    except ValueError:  # "1.2.3 MB": no size
        return 0.0
