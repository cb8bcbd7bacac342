"""TensorFlow releases: ``tensorflow.csv``."""

from __future__ import annotations

import re
from functools import cache

from ..operators import below, dotted
from .files import Row, cuda_toml, table
from .ranges import covers

_Key = tuple[str, str, str]

#: Columns that hold several values, separated by spaces.
LISTS = ("compute", "extras", "flags")
#: Flags of a release that pip does not choose by itself.
NOT_FINAL = frozenset({"prerelease", "yanked"})

_PLATFORMS = {
    ("Linux", "x86_64"): "linux-x86_64",
    ("Linux", "aarch64"): "linux-aarch64",
    ("Windows", "x86_64"): "win-amd64",
    ("Darwin", "aarch64"): "macos-arm64",
    ("Darwin", "x86_64"): "macos-x86_64",
}
_ARCHITECTURES = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}


def platform(system: str, architecture: str) -> str | None:
    """The platform column for ``("Linux", "x86_64")``: ``"linux-x86_64"``; None where there are no wheels."""
    machine = architecture.lower()
    return _PLATFORMS.get((system, _ARCHITECTURES.get(machine, machine)))


def dated() -> str:
    """The day the tables were made, ``"2026-11-21"``; what came out later is newer than they know."""
    return str(cuda_toml()["dated"])


def release(package: str, version: str, platform: str) -> Row | None:
    """The row of one release: columns of tensorflow.csv, lists split, None for what the wheel does not say.

    A local part (``2.21.0+nv25.9``) is ignored, and ``2.21`` means ``2.21.0``, as it does for pip.
    """
    key = (package, _canonical(version), platform)
    return _row(key) if key in _index() else None


def releases(platform: str, package: str = "tensorflow", final: bool = True) -> list[Row]:
    """All releases for the platform, newest first; ``final``: without pre-releases and yanked ones.

    Stub wheels (``"stub"`` in ``flags``) are among them: pip installs them, and they pull in the real one.
    """
    found = [_row(key) for key in _index() if key[0] == package and key[2] == platform]
    return [row for row in reversed(found) if not (final and NOT_FINAL.intersection(row["flags"]))]


def requirement(row: Row, name: str, python: str | None = None) -> str | None:
    """What a release asks of ``"numpy"``, ``"protobuf"`` or ``"keras"``: ``">=1.26,<2.1"``; None: nothing.

    Some ask differently for different Pythons; without ``python`` it is what they ask for the newest.
    """
    choices = (row[name] or "").split(" | ")
    for choice in choices:
        spec, _, minors = choice.partition(";python ")
        if python and minors and ".".join(python.split(".")[:2]) in minors.split(","):
            return str(spec)
    return choices[-1].partition(";python ")[0] or None


def newest_known(package: str = "tensorflow") -> str | None:
    """The newest final release; what is above it is *newer than the table*, not unsupported."""
    newest = None
    for key in _index():
        version = key[1]
        if key[0] == package and not NOT_FINAL.intersection(_row(key)["flags"]):
            newest = version if newest is None or below(newest, version) else newest
    return newest


def is_newer_than_table(version: str, package: str = "tensorflow") -> bool:
    """Whether the release came out after the table was made, as far as its number tells."""
    newest = newest_known(package)
    return newest is not None and not was_released(version, package) and bool(below(newest, version))


def was_released(version: str, package: str = "tensorflow") -> bool:
    """Whether there is a wheel of the release for any platform at all."""
    return any(key[:2] == (package, _canonical(version)) for key in _index())


def nearest(version: str, platform: str, package: str = "tensorflow") -> list[str]:
    """Final releases that exist, for one that does not: ``"1.13"`` → ``["1.13.1", "1.13.2"]``.

    Those of the same minor version if there are any, else the next older and the next newer release.
    """
    known = [str(row["version"]) for row in reversed(releases(platform, package))]
    same = [other for other in known if dotted(other)[:2] == (*dotted(version), 0)[:2]]
    older = [other for other in known if below(other, version)]
    return same or older[-1:] + known[len(older) : len(older) + 1]


def broken(version: str, platform: str, package: str = "tensorflow") -> Row | None:
    """What is wrong with a release as shipped: ``{"needs": "gpu", "why", "why_zh", "source"}``.

    A build of one's own (``2.21.0+nv25.9``) is not the release, and nothing is said of it.
    """
    for entry in cuda_toml()["broken"]:
        if (package, platform) == (entry["package"], entry["platform"]) and covers(entry["tf"], version):
            return dict(entry)
    return None


def libraries(cuda_version: str, cudnn: str | None, tf_version: str, windows: bool = False) -> list[str]:
    """The sonames (DLLs) this build opens, in its order, without the driver's own; ``[]`` if not known."""
    for row in cuda_toml()["libraries"]:
        wanted = dotted(row["cuda"])
        if dotted(cuda_version)[: len(wanted)] == wanted and covers(row["tf"], tf_version):
            names = row.get("windows", []) if windows else row["open"]
            major = (cudnn or row.get("cudnn", "")).split(".")[0]
            return [name.format(cudnn=major) for name in names]
    return []


def dlopen_caller(tf_version: str) -> str | None:
    """The file that opens them, ``"libtensorflow_framework.so.2"``: its RUNPATH counts."""
    for row in cuda_toml()["dlopen"]:
        if covers(row["tf"], tf_version):
            return str(row["caller"])
    return None


@cache
def _index() -> dict[_Key, list[str]]:
    """(package, version, platform) → the row as it stands, in the order of the file: oldest first."""
    _, rows = table("tensorflow.csv")
    return {(row[0], row[1], row[2]): row for row in rows}


@cache
def _row(key: _Key) -> Row:
    values = zip(table("tensorflow.csv")[0], _index()[key])
    return {name: value.split() if name in LISTS else value or None for name, value in values}


def _canonical(version: str) -> str:
    """``2.21`` → ``2.21.0``, ``2.21.0+nv25.9`` → ``2.21.0``, ``2.22.0-rc0`` → ``2.22.0rc0``."""
    public = version.lower().split("+")[0].replace("-", "")
    parts = re.match(r"(\d+(?:\.\d+)*)(.*)", public)
    if parts is None:
        return public
    numbers = parts[1].split(".")
    return ".".join(numbers + ["0"] * (3 - len(numbers))) + parts[2]
