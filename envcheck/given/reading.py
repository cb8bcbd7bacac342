"""How facts are read out of a text: patterns, what each match tells, and how much that weighs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from ..patterns import Pattern
from .answers import Values

#: A program's own statement (``Python 3.10.4``), a field of a form, a path in a traceback, a hint.
STATED, FIELD, SHOWN, HINT = 90, 95, 60, 40
#: Matches of one pattern that are read; a log may hold thousands that say the same.
_MOST = 40

Make = Callable[["re.Match[str]"], Values]


class Told(NamedTuple):
    """What one place of the text tells: how much it weighs, where it stands, the values."""

    weight: int
    place: int
    values: Values


class Reader(NamedTuple):
    """A pattern, and what a match of it tells; what it makes a :class:`ValueError` of tells nothing."""

    weight: int
    pattern: Pattern
    make: Make


def reader(weight: int, pattern: str, make: Make, flags: int = 0) -> Reader:
    """A Reader; ``^`` and ``$`` are each line's."""
    return Reader(weight, Pattern(pattern, re.MULTILINE | flags), make)


def read(readers: Iterable[Reader], text: str) -> Iterator[Told]:
    """Everything that ``readers`` find in ``text``."""
    for one in readers:
        for found in islice(one.pattern.finditer(text), _MOST):
            try:
                values = one.make(found)
            except ValueError:
                continue
            if values:
                yield Told(one.weight, found.start(), values)
