"""The line on which a key of a TOML text stands: tomllib keeps no positions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_HEADER = re.compile(r"\s*\[\[?\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")

#: A line longer than this is data, not a key that a person would look for.
LONGEST = 1000

Path = tuple[str, ...]


def of(text: str, path: Path) -> int:
    """The line, from 1, of ``path``; that of the deepest table around it where it is hidden.

    Only the plain spellings are looked for: a header with keys under it, dotted keys, and a table that
    begins on the line of its key. 1 where nothing of it is found.
    """
    known = _lines(text)
    return next((known[path[:depth]] for depth in range(len(path), 0, -1) if path[:depth] in known), 1)


@lru_cache(maxsize=1)
def _lines(text: str) -> dict[Path, int]:
    """Each path, and each table on its way, with the first line that names it."""
    found: dict[Path, int] = {}
    for number, path in _keys(text):
        for depth in range(1, len(path) + 1):
            found.setdefault(path[:depth], number)
    return found


def _keys(text: str) -> Iterator[tuple[int, Path]]:
    """Each header and each key with its whole path, and its line."""
    table: Path = ()
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST:
            continue
        header, key = _HEADER.match(line), _KEY.match(line)
        if header and not key:
            table = _parts(header[1])
            yield number, table
        elif key:
            yield number, (*table, *_parts(key[1]))


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
