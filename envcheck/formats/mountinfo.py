"""``/proc/self/mountinfo``: what is mounted where.

Format: https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html ::

    36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
    id parent dev root point options fields…  - type source super options

Blanks within a field are written as ``\\040``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_OCTAL = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """One mount. ``root`` is the folder of the mounted file system that is seen at ``point``."""

    root: str
    point: str
    options: tuple[str, ...]
    type: str
    source: str
    super_options: tuple[str, ...]

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written there, for the mount's or the file system's sake."""
        return "ro" in self.options or "ro" in self.super_options


def parse(text: str) -> list[Mount]:
    """The mounts, oldest first; lines that are none are left out."""
    return [mount for mount in map(_mount, text.splitlines()) if mount]


def _mount(line: str) -> Mount | None:
    before, dash, after = line.partition(" - ")
    left, right = before.split(), after.split()
    if not dash or len(left) < 6 or len(right) < 2:
        return None
    options, more = tuple(left[5].split(",")), tuple(right[2].split(",")) if len(right) > 2 else ()
    return Mount(_plain(left[3]), _plain(left[4]), options, right[0], _plain(right[1]), more)


def _plain(field: str) -> str:
    return _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), field)


def holding(path: str, mounts: Iterable[Mount]) -> Mount | None:
    """The mount that ``path`` lives on: the longest mount point above it, the youngest of equals."""
    best: Mount | None = None
    for mount in mounts:
        inside = path == mount.point or path.startswith(mount.point.rstrip("/") + "/")
        if inside and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best
