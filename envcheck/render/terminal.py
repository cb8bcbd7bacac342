"""Document → terminal, with rich. Colour is rich's to decide: NO_COLOR, FORCE_COLOR, TERM, no terminal."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any, Union, cast

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text as Rich

from ..views.document import (
    Block,
    Chart,
    Code,
    Command,
    Document,
    Fold,
    Heading,
    Ladder,
    Line,
    Mark,
    Rung,
    Table,
    Text,
    Tone,
)
from . import plain
from .wrap import Prose

Drawn = Union[Rich, Padding]

STYLES: Mapping[Tone, str] = {
    "plain": "",
    "strong": "bold",
    "faint": "dim",
    "code": "cyan",
    "link": "dim",
    "warn": "yellow",
}
COLOURS: Mapping[Mark, str] = {
    "ok": "green",
    "degraded": "yellow",
    "blocked": "bold red",
    "unknown": "magenta",
    "skipped": "dim",
    "notice": "blue",
    "running": "cyan",
    "waiting": "dim",
}
#: Told apart by shape, not by colour alone. The second is for encodings that lack the first.
MARKS: Mapping[Mark, tuple[str, str]] = {
    "ok": ("✓", "+"),
    "degraded": ("!", "!"),
    "blocked": ("✗", "x"),
    "unknown": ("?", "?"),
    "skipped": ("–", "-"),
    "notice": ("·", "*"),
    "running": ("⠋", "|"),
    "waiting": (" ", " "),
}
SPIN = ("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\")
#: Seconds after which a running layer shows how long it has been at it.
LONG = 2
INDENT = 2
#: Columns below which nothing can be read. 0 is what a serial console or a COLUMNS that was never set
#: tells, and then means the usual 80.
NARROWEST, USUAL = 20, 80
#: Blanks at the end of a line, among escape sequences that must stay.
TRAILING = re.compile(r"(?: |\x1b\[[0-9;]*m)+$", re.MULTILINE)


def render(document: Document, stream: IO[str] | None) -> str:
    """The whole page as text for ``stream``: its width, its colours, its characters. None: a file."""
    paper = _paper(stream)
    for drawn in Pen(plain.encoding(stream)).page(document.blocks):
        paper.print(drawn, soft_wrap=isinstance(drawn, Whole))
    text = cast(io.StringIO, paper.file).getvalue()
    return TRAILING.sub(lambda blanks: blanks[0].replace(" ", ""), text)


def can_redraw(stream: IO[str] | None) -> bool:
    """Whether what was drawn on ``stream`` can be drawn over."""
    if stream is None or not stream.isatty():
        return False
    console = _console(stream)
    return console.is_terminal and not console.is_dumb_terminal


class Screen:
    """Draws each document over the one before; when it closes, nothing of it remains."""

    def __init__(self, stream: IO[str]) -> None:
        """``stream`` is a terminal that :func:`can_redraw`."""
        from rich.live import Live  # not for pages that stay as they are

        self._pen = Pen(plain.encoding(stream), time.monotonic())
        self._live = Live(console=_console(stream), transient=True, refresh_per_second=8)

    def show(self, document: Document) -> None:
        """Draw ``document`` now, and keep its clock going."""
        # The empty line is for what Ctrl-C echoes: at the end of a full one it would begin another.
        self._live.update(Group(*self._pen.page(document.blocks), Rich()))
        self._live.start(refresh=True)

    def close(self) -> None:
        """Take everything away."""
        self._live.stop()


def _console(stream: IO[str], **options: Any) -> Console:
    console = Console(file=stream, highlight=False, markup=False, emoji=False, **options)
    if console.width < NARROWEST:
        console.width = NARROWEST if console.width else USUAL
    return console


def _paper(stream: IO[str] | None) -> Console:
    """A console that collects text as ``stream`` would show it; a file wants no colour whatever is forced."""
    if stream is None:
        return _console(io.StringIO(), force_terminal=False, color_system=None)
    seen = _console(stream)
    # A Windows console of old knows no escape sequences.
    colours: Any = None if seen.legacy_windows else seen.color_system
    options = {"width": seen.width, "no_color": seen.no_color, "legacy_windows": False}
    return _console(io.StringIO(), force_terminal=seen.is_terminal, color_system=colours, **options)


class Whole(Rich):
    """A line that is printed whole, however narrow the terminal is."""


class _Clock:
    """A part that moves: drawn anew, with the seconds since ``begin``, at each refresh."""

    def __init__(self, draw: Callable[[float], str], begin: float, style: str) -> None:
        self._draw, self._begin, self._style = draw, begin, style

    def __rich__(self) -> Rich:
        return Rich(self._draw(time.monotonic() - self._begin), style=self._style)


class Pen:
    """Draws blocks in the characters of one encoding. ``begin``: when the clock of a live page started."""

    def __init__(self, encoding: str, begin: float = 0.0) -> None:
        self._encoding = encoding
        self._ascii = 0 if plain.is_utf8(encoding) else 1
        self._begin = begin

    def page(self, blocks: Iterable[Block], indent: int = INDENT) -> Iterator[Drawn]:
        """What to print, one after the other. Marks stand in the margin left of ``indent``."""
        before: Block | None = None
        for block in blocks:
            if before is not None and _apart(before, block):
                yield Rich()
            draw: Any = getattr(self, "_" + type(block).__name__.lower())
            yield from draw(block, indent)
            before = block

    def _say(self, text: str, style: str = "") -> Rich:
        return Prose(plain.escape(text, self._encoding), style=style)

    def _line(self, line: Line) -> Rich:
        return Prose.assemble(*(self._say(span.text, STYLES[span.tone]) for span in line))

    def _heading(self, heading: Heading, indent: int) -> Iterator[Drawn]:
        title = self._say(heading.text, "bold" if heading.level < 3 else "")
        if heading.aside:
            title.append_text(self._say("  " + heading.aside, "dim"))
        if heading.mark:
            yield _row(self._mark(heading.mark), title, indent - INDENT)
        else:
            yield Padding(title, (0, 0, 0, indent - INDENT if heading.level < 3 else indent))

    def _text(self, text: Text, indent: int) -> Iterator[Drawn]:
        if any(span.tone == "link" for span in text.line):  # a terminal follows whole links only
            yield Whole(" " * indent).append_text(self._line(text.line))
        else:
            yield Padding(self._line(text.line), (0, 0, 0, indent))

    def _ladder(self, ladder: Ladder, indent: int) -> Iterator[Drawn]:
        grid = _grid(1)
        for rung in ladder.rungs:
            name = self._say(rung.name, "dim" if rung.mark in ("waiting", "skipped") else "bold")
            name.append(" ")
            grid.add_row(self._mark(rung.mark), name, *self._seen(rung))
        yield Padding(grid, (0, 0, 0, indent - INDENT))

    def _seen(self, rung: Rung) -> tuple[Rich, RenderableType]:
        summary = self._say(rung.summary, "dim" if rung.mark in ("waiting", "skipped") else "")
        if rung.mark == "running":
            return summary, _Clock(_elapsed, self._begin, "dim")
        return summary, self._say("" if rung.seconds is None else f"{rung.seconds:.1f} s", "dim")

    def _mark(self, mark: Mark) -> RenderableType:
        if mark == "running":
            return _Clock(self._spin, self._begin, COLOURS[mark])
        return Rich(MARKS[mark][self._ascii], style=COLOURS[mark])

    def _spin(self, seconds: float) -> str:
        frames = SPIN[self._ascii]
        return frames[int(seconds * 8) % len(frames)]

    def _table(self, table: Table, indent: int) -> Iterator[Drawn]:
        grid = _grid()
        grid.add_column(no_wrap=True, overflow="fold")
        for _ in table.rows[0][1:] if table.rows else ():
            grid.add_column(overflow="fold")
        if table.columns:
            grid.add_row(*(self._say(column, "bold") for column in table.columns))
        for row in table.rows:
            grid.add_row(*map(self._line, row))
        yield Padding(grid, (0, 0, 0, indent + INDENT))

    def _chart(self, chart: Chart, indent: int) -> Iterator[Drawn]:
        yield Padding(self._say(chart.title, "dim"), (0, 0, 0, indent))
        grid = _grid()
        for bar in chart.bars:
            value = f"{bar.value:.3g} {chart.unit}"
            grid.add_row(self._say(bar.label), self._say(value, "bold"), self._say(bar.note, "dim"))
        yield Padding(grid, (0, 0, 0, indent + INDENT))

    def _command(self, command: Command, indent: int) -> Iterator[Drawn]:
        """Never wrapped and never cut: a command must survive being copied."""
        for line in command.lines:
            yield Whole(" " * (indent + INDENT)).append_text(self._say(line, "cyan"))

    def _code(self, code: Code, indent: int) -> Iterator[Drawn]:
        for line in code.text.splitlines():
            yield Whole(" " * (indent + INDENT)).append_text(self._say(line))

    def _fold(self, fold: Fold, indent: int) -> Iterator[Drawn]:
        title = self._say(fold.title, "bold" if fold.open else "")
        if fold.hint and not fold.open:
            title.append_text(self._say(f"  ({fold.hint})", "dim"))
        yield _row(self._mark("notice"), title, indent)
        if fold.open:
            yield from self.page(fold.blocks, indent + INDENT)


def _elapsed(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= LONG else ""


def _grid(gap: int = 2) -> Grid:
    return Grid.grid(padding=(0, gap, 0, 0))


def _row(mark: RenderableType, text: Rich, indent: int) -> Padding:
    """A mark, and the text beside it, wrapped without running under the mark."""
    grid = _grid(1)
    grid.add_row(mark, text)
    return Padding(grid, (0, 0, 0, indent))


def _apart(before: Block, block: Block) -> bool:
    """Whether an empty line parts two blocks."""
    if isinstance(block, Heading):
        return True
    if isinstance(before, Heading):
        return False
    if isinstance(block, Fold) and isinstance(before, Fold):
        return block.open or block.hint != before.hint
    return isinstance(block, (Ladder, Table, Chart, Fold)) or isinstance(before, (Ladder, Table, Chart, Fold))
