"""RECORD: the list of a wheel's installed files, with their hashes and sizes.

Source: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import NamedTuple

_LIBRARY = re.compile(r"\.(so|dll|pyd|dylib)$|\.so\.[0-9.]+$")


class Entry(NamedTuple):
    """One file: its path from site-packages with ``/``, its hash (``sha256=…``) and size in bytes."""

    path: str
    hash: str | None
    size: int | None


def entries(text: str) -> Iterator[Entry]:
    """The files that a RECORD text lists. A line that is none is passed over."""
    for row in csv.reader(text.splitlines()):
        if len(row) == 3 and row[0]:
            yield Entry(row[0], row[1] or None, int(row[2]) if row[2].isdigit() else None)


def libraries(text: str) -> Iterator[Entry]:
    """The shared libraries among them: ``x.so``, ``x.so.12``, ``x.pyd``, ``x.dll``, ``x.dylib``."""
    return (entry for entry in entries(text) if _LIBRARY.search(entry.path))
