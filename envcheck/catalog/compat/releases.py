"""``rules/compat/tensorflow.csv``: a row per released wheel and platform, from the wheels themselves."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ... import tables
from . import metadata
from .index import Wheel
from .kernels import Kernels
from .wheels import Reader

COLUMNS = (
    "package",
    "version",
    "platform",
    "python",
    "requires_python",
    "cuda",
    "cudnn",
    "compute",
    "ptx",
    "jit",
    "min_driver",
    "numpy",
    "protobuf",
    "keras",
    "extras",
    "glibc",
    "pip",
    "flags",
    "source",
)
#: Every release from 1.13 on.
TENSORFLOWS = (
    "tensorflow",
    "tensorflow-cpu",
    "tensorflow-cpu-aws",
    "tensorflow-gpu",
    "tensorflow-intel",
    "tensorflow-macos",
    "tensorflow-metal",
    "tensorflow-rocm",
)
#: The newest release of each minor version and the first of each major.
KERAS = ("keras", "tf-keras")
#: The newest build only.
NIGHTLIES = ("tf-nightly",)
PACKAGES = (*TENSORFLOWS, *KERAS, *NIGHTLIES)

_FIRST = {"tensorflow": "1.13", "tensorflow-gpu": "1.13", "tensorflow-rocm": "1.13"}


class Release(NamedTuple):
    """One row to be: the wheels of a release for a platform, that of the newest Python last."""

    package: str
    version: Version
    platform: str
    wheels: tuple[Wheel, ...]

    @property
    def newest(self) -> Wheel:
        """The wheel that is read; those for other Pythons are built from the same sources."""
        return self.wheels[-1]


def chosen(package: str, wheels: Iterable[Wheel], every: bool = False) -> list[Release]:
    """The releases that get a row (or all), oldest first, each with its wheels by platform."""
    by_release: dict[tuple[Version, str], list[Wheel]] = {}
    for wheel in wheels:
        platforms = {metadata.platform(tag) for tag in wheel.tags} - {None}
        if len(platforms) == 1 and "t" not in {tag.abi[-1] for tag in wheel.tags}:
            by_release.setdefault((wheel.version, str(platforms.pop())), []).append(wheel)
    versions = {version for version, _ in by_release}
    kept = versions if every else _kept(package, versions)
    releases = [
        Release(package, version, platform, tuple(sorted(found, key=_newest_last)))
        for (version, platform), found in by_release.items()
        if version in kept
    ]
    return sorted(releases, key=lambda release: (release.version, release.platform))


def _newest_last(wheel: Wheel) -> tuple[tuple[int, int], str]:
    minors = [found for found in map(metadata.minor, wheel.tags) if found]
    return max(minors, default=(0, 0)), wheel.filename


def _kept(package: str, versions: set[Version]) -> set[Version]:
    final = {version for version in versions if not version.is_prerelease}
    newest = max(versions, default=None)
    ahead = {newest} if newest and newest not in final else set()
    if package in NIGHTLIES:
        return {newest} if newest else set()
    if package in KERAS:
        last = {version.release[:2]: version for version in sorted(final)}
        first = {version.release[0]: version for version in sorted(final, reverse=True)}
        return {*last.values(), *first.values()}
    first_wanted = Version(_FIRST.get(package, "0"))
    return {version for version in final if version >= first_wanted} | ahead


def table(releases: Sequence[Release], reader: Reader, at_once: int) -> list[dict[str, str]]:
    """The rows, in the order of the releases."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda release: row(release, reader), releases))


def text(rows: Iterable[Mapping[str, str]]) -> str:
    """The rows as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def row(release: Release, reader: Reader) -> dict[str, str]:
    """One row; reads the wheel, and its binaries where the row has GPU code that build_info does not tell."""
    about = reader.about(release.newest)
    build = about["build_info"]
    codes = reader.codes(release.newest) if _has_gpu_code(release, build) else {}
    values = {
        **_names(release, about),
        **_requirements(release, about["metadata"]),
        **_build(release, build, codes, about["metadata"]),
    }
    return {column: values.get(column, "") for column in COLUMNS}


def _names(release: Release, about: Mapping[str, Any]) -> dict[str, str]:
    glibc, pip = metadata.needs({tag for wheel in release.wheels for tag in wheel.tags})
    stub = release.platform != "any" and not about["programs"]
    flags = {
        "stub": stub,
        "yanked": all(wheel.yanked for wheel in release.wheels),
        "prerelease": release.version.is_prerelease,
        "nightly": release.package in NIGHTLIES,
    }
    return {
        "package": release.package,
        "version": str(release.version),
        "platform": release.platform,
        "glibc": glibc,
        "pip": pip,
        "flags": " ".join(name for name, holds in flags.items() if holds),
        "source": release.newest.filename,
    }


def _requirements(release: Release, text: str) -> dict[str, str]:
    minors = _minors(release)
    needs = metadata.requirements(text)
    about = {
        name: metadata.specifier(needs, name, release.platform, minors or ["3.12"])
        for name in ("numpy", "protobuf", "keras")
    }
    requires = metadata.ordered(SpecifierSet(release.newest.requires_python))
    return {
        **about,
        "python": python_specifier(minors) if minors else requires,
        "requires_python": requires,
        "extras": metadata.extra(needs, "and-cuda"),
    }


def _minors(release: Release) -> list[str]:
    """The Pythons that have a wheel which pip also lets in, oldest first."""
    found = set()
    for wheel in release.wheels:
        allowed = SpecifierSet(wheel.requires_python)
        for minor in filter(None, map(metadata.minor, wheel.tags)):
            if allowed.contains(f"{minor[0]}.{minor[1]}.99"):
                found.add(minor)
    return [f"{major}.{minor}" for major, minor in sorted(found)]


def python_specifier(minors: Sequence[str]) -> str:
    """The specifier that admits exactly these: 2.7, 3.5 → ``>=2.7,!=3.0.*,…,!=3.4.*,<3.6``."""
    pairs = [(int(major), int(minor)) for major, minor in (text.split(".") for text in minors)]
    low, high = pairs[0], pairs[-1]
    between = [(2, 7)] + [(3, minor) for minor in range(high[1] + 1)]
    inside = [pair for pair in between if low < pair < high]
    gaps = [f"!={major}.{minor}.*" for major, minor in inside if (major, minor) not in pairs]
    above = "<3" if high == (2, 7) else f"<3.{high[1] + 1}"
    return ",".join([f">={low[0]}.{low[1]}", *gaps, above])


def _has_gpu_code(release: Release, build: Mapping[str, Any]) -> bool:
    """Whether the binaries are read: for Linux's main package, and where build_info names no codes."""
    told = bool(build.get("cuda_compute_capabilities"))
    main = release.package == "tensorflow" and release.platform == "linux-x86_64"
    return bool(build.get("is_cuda_build")) and (main or not told)


def _build(release: Release, build: Mapping[str, Any], codes: Mapping[str, Any], text: str) -> dict[str, str]:
    if not build.get("is_cuda_build"):
        return {}
    windows = release.platform == "win-amd64"
    kernels = Kernels(codes)
    cuda = _cuda_version(
        str(build.get("cuda_version") or build.get("cuda_version_number") or ""), kernels.ptx, text
    )
    cudnn = str(build.get("cudnn_version") or build.get("cudnn_version_number") or "").replace("64_", "")
    return {
        "cuda": cuda,
        "cudnn": cudnn or _from_extra(text, "cudnn"),
        "compute": " ".join(build.get("cuda_compute_capabilities") or kernels.codes),
        "ptx": kernels.ptx,
        "jit": kernels.jit,
        "min_driver": tables.min_driver(cuda, windows) or "",
    }


def _cuda_version(said: str, ptx: str, text: str) -> str:
    """``64_112`` (Windows) is 11.2; ``10`` or nothing: by the PTX the toolkit wrote, else the extra."""
    if said.startswith("64_"):
        return f"{said[3:-1]}.{said[-1]}"
    if "." in said:
        return said
    by_ptx = tables.cuda_of_ptx(ptx) if ptx else None
    wheels = _from_extra(text, "cuda-runtime")
    if by_ptx and by_ptx.split(".")[0] == (said or wheels or by_ptx.split(".")[0]):
        return by_ptx
    return said or wheels


def _from_extra(text: str, library: str) -> str:
    """The major version by the extra: ``nvidia-cudnn-cu12>=9.3`` → 9, ``nvidia-cuda-runtime-cu12`` → 12."""
    pins = metadata.extra(metadata.requirements(text), "and-cuda")
    found = re.search(rf"nvidia-{library}-cu(?P<cuda>\d+)\S*?[>=]=(?P<own>\d+)", pins)
    return "" if found is None else found["cuda" if library == "cuda-runtime" else "own"]
