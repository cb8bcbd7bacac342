"""``/proc/<pid>/cgroup`` and the memory limits of control groups, versions 1 and 2.

Format: https://man7.org/linux/man-pages/man7/cgroups.7.html ::

    4:memory:/docker/3f0c…        version 1: hierarchy, controllers, path
    0::/user.slice/session-2.scope    version 2: always 0 and no controllers

A limit file holds bytes, or ``max`` (version 2), or about 2**63 (version 1) where there is none.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import NamedTuple

from .mountinfo import Mount

#: Version 1 writes "no limit" as the largest multiple of the page size below 2**63.
NO_LIMIT = 2**60


class Group(NamedTuple):
    """A control group that a process is in. ``controllers`` is empty for version 2."""

    controllers: tuple[str, ...]
    path: str


class Place(NamedTuple):
    """Where the memory figures of a group lie, innermost folder first, and the version's file names."""

    folders: tuple[str, ...]
    limit: str
    usage: str
    cache: str


def parse(text: str) -> list[Group]:
    """The groups of a process.

    >>> parse("4:cpu,cpuacct:/a\\n0::/b")
    [Group(controllers=('cpu', 'cpuacct'), path='/a'), Group(controllers=(), path='/b')]
    """
    groups = []
    for line in text.splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3:
            groups.append(Group(tuple(filter(None, parts[1].split(","))), parts[2]))
    return groups


def memory_places(groups: Iterable[Group], mounts: Iterable[Mount]) -> list[Place]:
    """Where to look for memory limits: the group's own folder and each one above it."""
    mounts = list(mounts)
    places = []
    for group in groups:
        mount = _mount_for(group, mounts)
        if mount and (not group.controllers or "memory" in group.controllers):
            names = ("memory.max", "memory.current", "inactive_file")
            if group.controllers:
                names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            places.append(Place(_folders(group, mount), *names))
    return places


def _mount_for(group: Group, mounts: list[Mount]) -> Mount | None:
    if not group.controllers:
        return next((m for m in mounts if m.type == "cgroup2"), None)
    return next((m for m in mounts if m.type == "cgroup" and "memory" in m.super_options), None)


def _folders(group: Group, mount: Mount) -> tuple[str, ...]:
    """From the group's folder up to the mount point.

    In a container the mount's root is often the container's own group: it is seen at the mount point,
    and the path in ``/proc/self/cgroup`` begins with it.
    """
    path = group.path
    if mount.root != "/" and (path + "/").startswith(mount.root + "/"):
        path = path[len(mount.root) :]
    at = posixpath.normpath(mount.point + "/" + path.replace("/..", ""))
    folders = [at]
    while at != mount.point and len(at) > len(mount.point):
        at = posixpath.dirname(at)
        folders.append(at)
    return tuple(folders)


def limit(text: str | None) -> int | None:
    """A limit in bytes, or None where there is none.

    >>> limit("max"), limit("9223372036854771712"), limit("1048576")
    (None, None, 1048576)
    """
    digits = (text or "").strip()
    return int(digits) if digits.isdigit() and int(digits) < NO_LIMIT else None


def stat(text: str | None, key: str) -> int:
    """One figure of ``memory.stat`` (bytes); 0 where it is not there."""
    for line in (text or "").splitlines():
        name, _, value = line.partition(" ")
        if name == key and value.strip().isdigit():
            return int(value)
    return 0
