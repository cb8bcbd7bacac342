"""Pastes whose lines were cut at a constant width: the lines joined again, as another reading."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import prefixes
from .shapes import LONGEST, Numbered

#: Narrower columns are not in use; wider lines are not cut by any terminal or mail program.
NARROWEST, WIDEST = 40, 260
#: A new line of a program, never the rest of the line before.
_NEW = re.compile(
    r"Traceback |\s*File \"|\w*(?:Error|Exception|Warning)\b|>>> |\$ |[-=+~^*#]{3,}|\|"
    r"|[\w@.\-]+[:~][^ ]*[$#] "
)


def readings(lines: list[Numbered]) -> Iterator[list[list[Numbered]]]:
    """The other readings: cut in the midst of words, cut between them; none where nothing was cut.

    A line of a reading is the list of its parts, as they stand in the file.
    """
    letters: list[list[Numbered]] = []
    words: list[list[Numbered]] = []
    for block in _blocks(lines):
        width = max(len(line) for _, line in block)
        letters += _joined(block, width, False)
        words += _joined(block, width, True)
    for found in (letters, words):
        if len(found) < len(lines):
            yield found


def _blocks(lines: list[Numbered]) -> Iterator[list[Numbered]]:
    block: list[Numbered] = []
    for numbered in lines:
        block.append(numbered)
        if not numbered[1]:
            yield block
            block = []
    if block:
        yield block


def _joined(block: list[Numbered], width: int, words: bool) -> Iterator[list[Numbered]]:
    if not NARROWEST <= width <= WIDEST:
        yield from ([line] for line in block)
        return
    whole = [block[0]]
    length = before = len(block[0][1])
    for number, line in block[1:]:
        if length < LONGEST and _goes_on(before, line, width, words):
            # A blank where the line was cut is not copied: the line then is a letter short.
            rest = " " + line.lstrip() if words else line if before == width else " " + line
            whole.append((number, rest))
            length += len(rest)
        else:
            yield whole
            whole, length = [(number, line)], len(line)
        before = len(line)
    yield whole


def _goes_on(length: int, next_: str, width: int, words: bool) -> bool:
    """Whether ``next_`` is the rest of the line before: the column was full, and nothing begins there."""
    if words:
        first = next_.split(None, 1)[:1]
        full = bool(first) and length + 1 + len(first[0]) > width
    else:
        full = length >= width - 1 and bool(next_.strip())
    return full and not _NEW.match(next_) and not prefixes.starts(next_)
