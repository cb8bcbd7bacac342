"""CUDA releases, cuDNN, drivers and PTX: ``cuda.toml``."""

from __future__ import annotations

from functools import cache

from ..operators import below, dotted
from .files import Row, cuda_toml


def cuda(version: str) -> Row | None:
    """One CUDA release; ``"12.5.1"`` finds 12.5, ``"12"`` the first of that major.

    ``{"version", "min_driver", "min_driver_windows", "floor", "floor_windows", "compute_min", "compute_max",
    "ptx", "source"}``. ``min_driver`` is the toolkit's own, needed for PTX; ``floor`` (minor-version
    compatibility) is enough for machine code. Windows values are None where NVIDIA gives none.
    """
    wanted = dotted(version)[:2]
    found = [row for row in _releases() if dotted(row["version"])[: len(wanted)] == wanted]
    return found[0] if wanted and found else None


def releases() -> list[Row]:
    """All CUDA releases of the table, oldest first, as :func:`cuda` gives them."""
    return list(_releases())


@cache
def _releases() -> tuple[Row, ...]:
    return tuple(_with_floor(row) for row in cuda_toml()["cuda"])


def _with_floor(row: Row) -> Row:
    own = {name: row.get(name) for name in ("min_driver_windows", "ptx")}
    floors = {entry["major"]: entry for entry in cuda_toml()["floor"]}
    floor = floors.get(dotted(row["version"])[0])
    if floor is None:  # CUDA 10: each release needs its own driver
        floor = {"linux": row["min_driver"], "windows": own["min_driver_windows"]}
    return {**row, **own, "floor": floor["linux"], "floor_windows": floor.get("windows")}


def min_driver(cuda_version: str, windows: bool = False, ptx: bool = False) -> str | None:
    """The oldest driver for a build with this CUDA version; ``ptx``: for one that must compile PTX."""
    row = cuda(cuda_version)
    column = ("min_driver" if ptx else "floor") + ("_windows" if windows else "")
    return row[column] if row else None


def cuda_of_driver(driver: str, windows: bool = False) -> str | None:
    """The newest CUDA release of the table whose own driver is no newer: ``"550.54.14"`` → ``"12.4"``."""
    column = "min_driver_windows" if windows else "min_driver"
    fitting = [row for row in releases() if row[column] and not below(driver, row[column])]
    return str(fitting[-1]["version"]) if fitting else None


def cudnn_codes(version: str) -> Row | None:
    """What this cuDNN has code for: ``{"from", "compute_min": "7.5", "compute_max", "source"}``."""
    reached = [row for row in cuda_toml()["cudnn"] if not below(version, row["from"])]
    return dict(reached[-1]) if reached else None


def cudnn_ends_at(compute: str) -> str | None:
    """The first cuDNN release without code for so old a GPU: ``"7.0"`` → ``"9.11"``; None: there is none."""
    for row in cuda_toml()["cudnn"]:
        if below(compute, row["compute_min"]):
            return str(row["from"])
    return None


def driver_branches() -> list[Row]:
    """Branches that were a generation's last: ``{"branch", "generation", "compute_min", "compute_max"}``."""
    return [dict(row) for row in cuda_toml()["last_branch"]]


def branch_for(compute: str) -> str | None:
    """The last driver branch for this compute capability, ``"580"``; None: the newest supports it."""
    for row in cuda_toml()["last_branch"]:
        if not below(row["compute_max"], compute):
            return str(row["branch"])
    return None


def first_driver(compute: str, windows: bool = False) -> str | None:
    """The driver from which on a GPU of this compute capability works with CUDA, as far as the tables know.

    It is the driver of the first CUDA release with code for it; for older GPUs that is CUDA 10.0's.
    """
    for row in releases():
        if not below(row["compute_max"], compute):
            oldest: str | None = row["min_driver_windows"] if windows else row["min_driver"]
            return oldest
    return None


def ptx() -> Row:
    """PTX and its cache: ``{"cache_default_mb", "cache_recommended", "slow_start_minutes", …}``."""
    return dict(cuda_toml()["ptx"])


def cuda_of_ptx(isa: str) -> str | None:
    """The first CUDA release that writes PTX of this version: ``"8.5"`` → ``"12.5"``."""
    found = [row for row in cuda_toml()["cuda"] if row.get("ptx") == isa]
    return str(found[0]["version"]) if found else None


def chips() -> dict[str, str]:
    """Chip → compute capability: ``{"AD102": "8.9", …}``."""
    by_compute = cuda_toml()["chips"]
    return {chip: compute for compute, names in by_compute.items() if compute != "source" for chip in names}
