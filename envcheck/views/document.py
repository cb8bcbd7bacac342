"""What can stand on a page, whatever the page is made of.

A view makes a :class:`Document` of a noun; a renderer knows these blocks and no noun. All texts
are in the language in use and unescaped: escaping is the renderer's, once per format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple, Union

from ..words import say

#: What a piece of text is, not what it looks like.
Tone = Literal["plain", "strong", "faint", "code", "link", "warn"]
#: The mark of a rung or a heading. ``running`` and ``waiting`` stand only while a check goes on.
Mark = Literal["ok", "degraded", "blocked", "unknown", "skipped", "notice", "running", "waiting"]


class Span(NamedTuple):
    """A piece of text within a line."""

    text: str
    tone: Tone = "plain"


Line = tuple[Span, ...]


class Heading(NamedTuple):
    """Level 1: the verdict; 2: a finding or a part; what follows belongs to it. ``aside``: its name."""

    text: str
    level: int = 2
    mark: Mark | None = None
    aside: str = ""


class Text(NamedTuple):
    """A paragraph."""

    line: Line


class Rung(NamedTuple):
    """One layer on the ladder, and in a few words what was seen there. ``seconds`` since the start.

    ``breaks``: it is here that the ladder is broken.
    """

    name: str
    mark: Mark
    summary: str = ""
    seconds: float | None = None
    breaks: bool = False


class Ladder(NamedTuple):
    """The layers, the lowest first."""

    rungs: tuple[Rung, ...]


class Table(NamedTuple):
    """Rows of cells, each cell a Line; ``columns`` are the headings, () where they speak for themselves."""

    rows: tuple[tuple[Line, ...], ...]
    columns: tuple[str, ...] = ()


class Command(NamedTuple):
    """Commands that a person can copy and run, one after the other."""

    lines: tuple[str, ...]


class Code(NamedTuple):
    """Text that stands as it is: log lines, a traceback."""

    text: str


class Bar(NamedTuple):
    """One value of a chart, with what else is known of it in words."""

    label: str
    value: float
    note: str = ""


class Curve(NamedTuple):
    """One line of a diagram: values at equal distances."""

    label: str
    values: tuple[float, ...]


class Picture(NamedTuple):
    """Bars of one ``unit``, or curves, under a title."""

    title: str
    unit: str = ""
    bars: tuple[Bar, ...] = ()
    curves: tuple[Curve, ...] = ()


class Chart(NamedTuple):
    """Values of one unit side by side; where nothing can be drawn, a line each.

    ``pictures`` show what the bars' notes say: they are left out where nothing can be drawn.
    """

    title: str
    unit: str
    bars: tuple[Bar, ...]
    pictures: tuple[Picture, ...] = ()


class Fold(NamedTuple):
    """Blocks that need not be seen at once. ``hint``: how to open it where nothing can be clicked."""

    title: str
    blocks: tuple[Block, ...]
    open: bool = False
    hint: str = ""


Block = Union[Heading, Text, Ladder, Table, Command, Code, Chart, Fold]


class Document(NamedTuple):
    """A page: its title, and what stands on it from top to bottom."""

    title: str
    blocks: tuple[Block, ...]


def line(*parts: str | Span) -> Line:
    """A Line of plain strings and Spans; empty strings fall out."""
    spans = (part if isinstance(part, Span) else Span(part) for part in parts)
    return tuple(span for span in spans if span.text)


def prose(text: str) -> Line:
    """A rule's prose as a Line: what stands between back-ticks is code."""
    pieces = re.split(r"`([^`]+)`", text)
    return line(*(Span(piece, "code") if i % 2 else Span(piece) for i, piece in enumerate(pieces)))


def joined(parts: Iterable[str], between: str | None = None) -> str:
    """The parts that say anything, in one string; with commas unless something else stands ``between``."""
    return (say(", ") if between is None else between).join(part for part in parts if part)
