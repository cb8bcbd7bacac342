"""NVIDIA GPUs by PCI device id and by name: ``gpus.csv``."""

from __future__ import annotations

import re
from functools import cache

from .files import Row, table

#: Words that do not tell one product from another.
_BRANDS = frozenset({"nvidia", "geforce", "tesla", "corporation", "gpu", "graphics", "generation", "edition"})
#: Words that tell boards of one product apart.
_BOARD = re.compile(r"\d+gb?|sxm\d*|pcie|hbm\d?e?|gddr\dx?|nvl\d*|dgxs|fhhl|oem|rev|[a-z]")
#: A laptop's chip is another one than the desktop's of the same number.
_LAPTOP = frozenset({"laptop", "mobile", "max", "notebook"})


def gpu(device: str) -> Row | None:
    """The GPU of a PCI device id (``"2684"``, ``"0x2684"``) or of a Jetson's system chip (``"tegra234"``).

    ``{"device", "name", "chip", "compute": "8.9", "memory_gb": 24.0 or None, "source"}``
    """
    return _by_device().get(device.lower().replace("0x", ""))


def gpu_by_name(name: str) -> Row | None:
    """The GPU that NVML, Windows or a user calls so: ``"NVIDIA GeForce RTX 4090"``, ``"h100"``.

    Where chips of one name differ in a value (the GTX 860M was made with two), that value is None.
    """
    asked = _words(name)
    same = [row for words, row in _named() if _product(words) == _product(asked)]
    if not same or not _product(asked):
        return None
    nearest = min(_distance(row, asked) for row in same)
    return _agreed([row for row in same if _distance(row, asked) == nearest])


def gpu_names_near(name: str, most: int = 3) -> list[str]:
    """Names that may be meant by one that is unknown: ``"5090"`` → ``["GeForce RTX 5090", …]``.

    Those that have all of its words, the shortest first; else those that are spelt much like it.
    """
    import difflib

    asked = _words(name)
    longer = {row["name"] for words, row in _named() if asked and asked <= words}
    if longer:
        return sorted(longer, key=lambda other: (len(other), other))[:most]
    spelt = {" ".join(_in_order(row["name"])): str(row["name"]) for _, row in _named()}
    close = difflib.get_close_matches(" ".join(_in_order(name)), list(spelt), most, cutoff=0.6)
    return [spelt[other] for other in close]


def _distance(row: Row, asked: frozenset[str]) -> tuple[int, int]:
    """Boards that share more words with the name first, then those that have fewer others."""
    words = _words(row["name"])
    return -len(words & asked), len(words ^ asked)


def _agreed(found: list[Row]) -> Row:
    first = found[0]
    agreed = {key: value for key, value in first.items() if all(row[key] == value for row in found)}
    return {**dict.fromkeys(first), **agreed, "name": first["name"]}


@cache
def _by_device() -> dict[str, Row]:
    columns, rows = table("gpus.csv")
    return {row["device"]: row for row in (_row(dict(zip(columns, values))) for values in rows)}


def _row(values: dict[str, str]) -> Row:
    memory = values["memory_gb"]
    return {**values, "memory_gb": float(memory) if memory else None}


@cache
def _named() -> list[tuple[frozenset[str], Row]]:
    return [(_words(row["name"]), row) for row in _by_device().values()]


def _split(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", name.lower().replace("(r)", " ").replace("(tm)", " "))


def _in_order(name: str) -> list[str]:
    return [word for word in _split(name) if word not in _BRANDS]


@cache
def _words(name: str) -> frozenset[str]:
    """``"NVIDIA A100-SXM4-40GB"`` → ``{"a100", "sxm4", "40gb"}``; each word for a laptop is ``"laptop"``."""
    words = frozenset(_split(name))
    rest = words - _BRANDS - _LAPTOP
    return rest | {"laptop"} if words & _LAPTOP else rest


def _product(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if word == "d" or not _BOARD.fullmatch(word))
