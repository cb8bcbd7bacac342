"""Document → Markdown as GitHub, GitLab and most chats read it (CommonMark with tables and ``<details>``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

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
    Span,
    Table,
    Text,
)
from . import plain

#: Emoji, for what a person sees first in a chat: colours cannot be written in Markdown.
MARKS: Mapping[Mark, str] = {
    "ok": "✅",
    "degraded": "⚠️",
    "blocked": "❌",
    "unknown": "❓",
    "skipped": "➖",
    "notice": "ℹ️",
    "running": "⏳",
    "waiting": "⏳",
}
#: Characters that begin or end something, wherever they stand ("_" not within a word). "@" would call
#: people by their name, "#123" an issue.
_SPECIAL = re.compile(r"[\\`*\[\]<>|~@$&]|(?<![^\W_])_|_(?![^\W_])|#(?=\d)")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "@": "&#64;", "|": "&#124;", "&": "&amp;", "#": "&#35;"}
#: What means something at the beginning of a line only: headings, rules, lists.
_AT_START = re.compile(r"^\s*(?:\d{1,9}(?=[.)](?:\s|$))|(?=[#=+-]))")


def render(document: Document) -> str:
    """The whole page, ending in one line feed."""
    return "\n\n".join(part for part in _blocks(document.blocks) if part) + "\n"


def escape(text: str) -> str:
    """``text`` as Markdown shows it, character by character, on one line."""
    text = " ".join(plain.escape(text).split("\n"))
    start = _AT_START.match(text)
    if start:
        text = start[0] + "\0" + text[start.end() :]
    return _SPECIAL.sub(_special, text).replace("\0", "\\", 1)


def _special(found: re.Match[str]) -> str:
    """An entity where a backslash would not help, or would be seen by some readers."""
    return _ENTITIES.get(found[0], "\\" + found[0])


def code(text: str) -> str:
    """``text`` as code within a line; a vertical bar would end the cell of a table even there."""
    text = " ".join(plain.escape(text).split("\n"))
    if not text.strip() or "|" in text:
        return f"<code>{escape(text)}</code>"
    ticks = _longer(text, 1)
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def fence(text: str, language: str = "") -> str:
    """``text`` as a block of code that nothing in it can end."""
    text = plain.escape(text).strip("\n")
    ticks = _longer(text, 3)
    return f"{ticks}{language}\n{text}\n{ticks}"


def _longer(text: str, least: int) -> str:
    """More back-ticks than stand together anywhere in ``text``."""
    return "`" * max([least, *(len(run) + 1 for run in re.findall("`+", text))])


def _blocks(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        yield _DRAW[type(block)](block)


def _line(line: Line) -> str:
    return "".join(_span(span) for span in line)


def _span(span: Span) -> str:
    if span.tone == "code":
        return code(span.text)
    if span.tone == "link":
        address = plain.escape(span.text).strip()
        return f"<{address}>" + (" " if span.text.endswith(" ") else "")
    text = escape(span.text)
    inner = text.strip()
    if span.tone == "strong" and inner:
        return text.replace(inner, f"**{inner}**")
    return text


def _heading(heading: Heading) -> str:
    mark = f"{MARKS[heading.mark]} " if heading.mark else ""
    aside = f" {code(heading.aside)}" if heading.aside else ""
    title = escape(heading.text)
    return f"**{title}**{aside}" if heading.level > 2 else f"{'#' * (heading.level + 1)} {mark}{title}{aside}"


def _text(text: Text) -> str:
    return _line(text.line).strip()  # four blanks or a tab at its beginning would make it code


def _ladder(ladder: Ladder) -> str:
    return _grid(("", "", ""), (_rung(rung) for rung in ladder.rungs))


def _rung(rung: Rung) -> tuple[str, ...]:
    seconds = "" if rung.seconds is None else f" ({rung.seconds:.1f} s)"
    return MARKS[rung.mark], f"**{escape(rung.name)}**", escape(rung.summary) + seconds


def _table(table: Table) -> str:
    columns = tuple(map(escape, table.columns)) or ("",) * max((len(row) for row in table.rows), default=0)
    return _grid(columns, (tuple(map(_line, row)) for row in table.rows))


def _grid(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table of cells that are Markdown already; it needs a heading, if an empty one."""
    filled = [row + ("",) * (len(columns) - len(row)) for row in rows]
    lines = [columns, ("---",) * len(columns), *filled]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) if filled else ""


def _command(command: Command) -> str:
    return fence("\n".join(command.lines), "shell")


def _code(block: Code) -> str:
    return fence(block.text, "text")


def _chart(chart: Chart) -> str:
    rows = (
        (escape(bar.label), f"{bar.value:.3g} {escape(chart.unit)}", escape(bar.note)) for bar in chart.bars
    )
    return _grid((escape(chart.title), "", ""), rows)


def _fold(fold: Fold) -> str:
    inner = "\n\n".join(part for part in _blocks(fold.blocks) if part)
    if not inner:
        return escape(fold.title)
    opened = " open" if fold.open else ""
    return f"<details{opened}>\n<summary>{escape(fold.title)}</summary>\n\n{inner}\n\n</details>"


_DRAW: Mapping[type, Any] = {
    Heading: _heading,
    Text: _text,
    Ladder: _ladder,
    Table: _table,
    Command: _command,
    Code: _code,
    Chart: _chart,
    Fold: _fold,
}
