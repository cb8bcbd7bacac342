"""What an installation needs to know of the world.

``mirrors.toml``, ``sizes.toml``, ``extras.toml``, and the sentences of ``steps.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ..model import Text, Value, Wrong, fill
from ..rule_file import read_toml
from ..tables import files
from ..tables.ranges import admits, covers
from ..words import language, say


@cache
def table(name: str) -> Mapping[str, Any]:
    """A file of ``rules/compat``, parsed."""
    parsed: Mapping[str, Any] = read_toml(files.text(name))
    return parsed


# --- words


def text(key: str, part: str, **values: Value) -> Text:
    """A sentence of ``steps.toml`` (``part``: do, why, price, note) in both languages, its places filled."""
    entry = table("steps.toml")[key]
    return Text(fill(entry[part], values), fill(entry[f"{part}_zh"], values))


def spoken(sentence: str, values: Mapping[str, Value]) -> Text:
    """A sentence of the catalogue, its places filled: English, and the language in use."""
    return Text(fill(sentence, values), say(sentence, **values) if language() == "zh" else None)


# --- mirrors


def mirrors() -> list[Mapping[str, str]]:
    """The mirrors that have a name: ``{"name", "who", "who_zh", "url", "source"}``."""
    return [dict(entry) for entry in table("mirrors.toml")["mirror"]]


def mirror(asked: str | None) -> str | None:
    """The address of a mirror, by its name or itself. Raises :class:`Wrong` for what is neither."""
    if asked is None:
        return None
    for entry in mirrors():
        if entry["name"] == asked:
            return entry["url"]
    if urlsplit(asked).scheme in ("http", "https", "file") and "://" in asked:
        return asked
    names = ", ".join(entry["name"] for entry in mirrors())
    raise Wrong(say("--mirror {value}: it is one of {names}, or an address", value=asked, names=names))


# --- extras that cannot be installed


def left_out(release: str, python: str | None) -> tuple[tuple[str, ...], Text | None]:
    """What of a release's extra and-cuda has no wheel for a Python, and why that does no harm."""
    for entry in table("extras.toml")["without"]:
        if covers(entry["tf"], release) and (python is None or admits(entry["python"], python)):
            return tuple(entry["leave_out"]), Text(entry["why"], entry["why_zh"])
    return (), None


# --- sizes


class Size(NamedTuple):
    """What an installation takes, in MB: to download, and on the disk."""

    download_mb: float | None
    disk_mb: float | None


def size(release: str, platform: str, kind: str) -> Size:
    """The measured size of the packages of a release; ``kind``: ``"cpu"`` or ``"and-cuda"``."""
    for entry in table("sizes.toml")["size"]:
        if platform in entry["platforms"] and entry["kind"] == kind and covers(entry["tf"], release):
            return Size(entry["download_mb"], entry["disk_mb"])
    return Size(None, None)
