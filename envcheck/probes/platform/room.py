"""Room to work in: memory, disks, shared memory."""

from __future__ import annotations

import ntpath
import posixpath
from collections.abc import Mapping

from ...formats import cgroup, mountinfo
from ...host import Host
from ...model import NoAnswer, Value

GIB = 1024**3


def memory_gb(host: Host) -> Value:
    """RAM that this process may use, in GiB: the machine's, or the control group's limit if that is less.

    How: free -g; cat /sys/fs/cgroup/memory.max
    How on Windows: powershell -c "(Get-CimInstance Win32_ComputerSystem).TotalPhysicalMemory"
    How on macOS: sysctl -n hw.memsize
    """
    total = int(host.memory()["total_mb"]) * 1024**2
    limit, _ = _limit(host)
    return round(min(total, limit or total) / GIB, 2)


def memory_available_gb(host: Host) -> Value:
    """RAM that is free now, in GiB, within the control group's limit.

    How: free -g
    """
    free = int(host.memory()["available_mb"]) * 1024**2
    limit, used = _limit(host)
    return round(max(0, min(free, limit - used if limit else free)) / GIB, 2)


def memory_limited_by(host: Host) -> Value:
    """What allows less memory than the machine has: "cgroup" (a container's or batch job's limit) or None.

    How: cat /proc/self/cgroup /sys/fs/cgroup/memory.max
    """
    limit, _ = _limit(host)
    return "cgroup" if limit and limit < int(host.memory()["total_mb"]) * 1024**2 else None


def _limit(host: Host) -> tuple[int | None, int]:
    """The tightest memory limit on the way up from our control group, and what is used under it, in bytes."""
    tightest: tuple[int | None, int] = (None, 0)
    for place in _places(host) if host.system == "Linux" else ():
        for folder in place.folders:
            limit = cgroup.limit(_quietly(host, f"{folder}/{place.limit}"))
            if limit is not None and (tightest[0] is None or limit < tightest[0]):
                tightest = (limit, _used(host, folder, place))
    return tightest


def _places(host: Host) -> list[cgroup.Place]:
    groups = cgroup.parse(host.read("/proc/self/cgroup") or "")
    return cgroup.memory_places(groups, _mounts(host))


def _used(host: Host, folder: str, place: cgroup.Place) -> int:
    usage = cgroup.limit(_quietly(host, f"{folder}/{place.usage}")) or 0
    # Pages of files that were read once are given back when memory is short: they count as free.
    cache = cgroup.stat(_quietly(host, f"{folder}/memory.stat"), place.cache)
    return max(0, usage - cache)


def _quietly(host: Host, path: str) -> str | None:
    try:
        return host.read(path)
    except NoAnswer:
        return None  # a level above that we may not read limits us no less, but nobody can tell


def _mounts(host: Host) -> list[mountinfo.Mount]:
    return mountinfo.parse(host.read("/proc/self/mountinfo") or "") if host.system == "Linux" else []


def disks(host: Host, facts: Mapping[str, Value]) -> Value:
    """Free disk space where it matters, a list of {role, path, free_gb (GiB), read_only}.

    The roles are "packages", "temporary" and "home"; a file system that is
    read-only has no free space and needs none.

    How: df -h "$VIRTUAL_ENV" "${TMPDIR:-/tmp}" "$HOME"
    """
    identity = host.identity()
    # Python itself goes on to /tmp where nothing can be written to $TMPDIR; pip's builds and others do not.
    temporary = host.env("TMPDIR") or identity["tmp"]
    paths = (("packages", _packages(host, facts)), ("temporary", temporary), ("home", identity["home"]))
    return [disk for role, path in paths if path for disk in [_disk(host, role, str(path))] if disk]


def _packages(host: Host, facts: Mapping[str, Value]) -> str:
    prefix = facts.get("python.prefix")
    if prefix:
        return str(prefix)
    if host.system != "Windows":
        return posixpath.dirname(posixpath.dirname(host.target.python))
    # python.exe lies in the installation's folder itself, or in a venv's Scripts.
    folder = ntpath.dirname(host.target.python)
    return ntpath.dirname(folder) if ntpath.basename(folder).lower() == "scripts" else folder


def _disk(host: Host, role: str, path: str) -> dict[str, Value] | None:
    found = host.disk(path)
    if found is None:
        return None
    mount = mountinfo.holding(path, _mounts(host))
    free = round(int(found["free_mb"]) / 1024, 2)
    return {"role": role, "path": path, "free_gb": free, "read_only": bool(mount and mount.read_only)}


def fullest_disk(facts: Mapping[str, Value]) -> Value:
    """Where the least space is free of what ``platform.disks`` lists, "/tmp: 0.3 GiB free"; None if unknown.

    How: df -h "$VIRTUAL_ENV" "${TMPDIR:-/tmp}" "$HOME"
    """
    found = [disk for disk in facts["platform.disks"] if not disk["read_only"]]
    least = min(found, key=lambda disk: float(disk["free_gb"]), default=None)
    return f"{least['path']}: {least['free_gb']:g} GiB free" if least else None


def shm_mb(host: Host) -> Value:
    """The size of /dev/shm in MiB; None where there is none.

    How: df -m /dev/shm
    """
    if host.system != "Linux" or host.stat("/dev/shm") is None:
        return None
    found = host.disk("/dev/shm")
    return found["total_mb"] if found else None


FACTS = (memory_gb, memory_available_gb, memory_limited_by, disks, fullest_disk, shm_mb)
