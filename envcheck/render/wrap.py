"""Where a line of text may end: between words, and between the characters of scripts without spaces."""

from __future__ import annotations

from typing import Any

from rich.cells import get_character_cell_size
from rich.console import Console
from rich.containers import Lines
from rich.text import Text

#: A line does not begin with these, nor end with those: https://www.w3.org/TR/clreq/#prohibition_rules_for_line_start_end
NOT_FIRST = frozenset("，。、；：？！）》〉」』】〕”’…,.;:?!)]}%")
NOT_LAST = frozenset("（《〈「『【〔“‘([{")


def breaks(text: str, width: int) -> list[int]:
    """The places in ``text``, one line, where a new line begins so that none is wider than ``width``."""
    places, start, used, last = [], 0, 0, 0
    for at, character in enumerate(text):
        if at > start and _may_break(text[at - 1], character):
            last = at
        used += get_character_cell_size(character)
        if used > width and not character.isspace():
            start = last if last > start else at
            places.append(start)
            used = sum(map(get_character_cell_size, text[start : at + 1]))
    return [place for place in places if place]


def _may_break(before: str, after: str) -> bool:
    if after in NOT_FIRST or before in NOT_LAST or after.isspace():
        return False
    return before.isspace() or _is_wide(before) or _is_wide(after)


def _is_wide(character: str) -> bool:
    return get_character_cell_size(character) == 2


class Prose(Text):
    """Text that is wrapped as its script wants it: rich breaks between spaces alone."""

    def wrap(self, console: Console, width: int, **options: Any) -> Lines:
        """The text in lines no wider than ``width``."""
        if options.get("no_wrap") or not any(map(_is_wide, self.plain)):
            return super().wrap(console, width, **options)
        lines = Lines()
        for line in self.split(allow_blank=True):
            lines.extend(line.divide(breaks(line.plain, width)))
        for line in lines:
            line.rstrip_end(width)
        return lines
