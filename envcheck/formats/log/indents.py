"""Pastes that were indented, as Markdown's blocks of code are: the lines without it, as another reading."""

from __future__ import annotations

from itertools import groupby

from .shapes import Numbered

#: What makes a block of code in Markdown; all of a text may be indented by less.
_CODE = 4


def reading(lines: list[Numbered]) -> list[list[Numbered]] | None:
    """The reading without the indentation of the whole, or of blocks between blank lines; None: no other.

    A line of a reading is the list of its parts, as they stand in the file.
    """
    least = 1 if _indentation(lines) else _CODE
    found: list[list[Numbered]] = []
    for blank, block in groupby(lines, key=lambda numbered: not numbered[1].strip()):
        part = list(block)
        indent = 0 if blank else _indentation(part)
        found += [[(number, line[indent if indent >= least else 0 :])] for number, line in part]
    return found if any(line != [before] for line, before in zip(found, lines)) else None


def _indentation(lines: list[Numbered]) -> int:
    """How many blanks all of the lines begin with, tabs or spaces, blank lines aside."""
    said = [line for _, line in lines if line.strip()]
    return min((len(line) - len(line.lstrip(" \t")) for line in said), default=0)
