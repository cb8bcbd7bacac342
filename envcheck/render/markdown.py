"""Document → Markdown, as GitHub reads it (https://github.github.com/gfm/)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
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
    Span,
    Table,
    Text,
)
from . import plain

#: What Markdown or HTML would take for a sign of its own, within a line.
SIGNS = re.compile(r"[\\`*_{}\[\]<>#|~$&@]|(?<=\w):(?=//)|^(?:[-+=](?=\s)|\d+(?=[.)]\s))", re.MULTILINE)
#: The marks by shape and by name: a page may be read without colours, or aloud.
MARKS = {
    "ok": "✅",
    "degraded": "⚠️",
    "blocked": "❌",
    "unknown": "❔",
    "skipped": "➖",
    "notice": "ℹ️",
}


def render(document: Document) -> str:
    """The whole page; it ends with a line break."""
    return page(document.blocks)


def page(blocks: Iterable[Block]) -> str:
    """Blocks as Markdown; it ends with a line break."""
    return "\n\n".join(part for block in blocks for part in _block(block)) + "\n"


def escape(text: str) -> str:
    """``text`` so that it is shown as it stands, wherever in a line it comes."""
    return SIGNS.sub(_escaped, plain.escape(text)).replace("\n", " ")


def _escaped(sign: re.Match[str]) -> str:
    found = sign[0]
    if found in "<>&":
        return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}[found]
    if found == "@":
        return "@\u200b"  # no user of GitHub is meant
    return f"{found}\\." if found.isdigit() else f"\\{found}"


def code(text: str) -> str:
    """``text`` as code within a line, between more back-ticks than it has itself."""
    text = plain.escape(text).replace("\n", " ")
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    blank = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{ticks}{blank}{text}{blank}{ticks}" if text else ""


def _block(block: Block) -> Iterator[str]:
    yield from WRITERS[type(block)](block)


def _heading(heading: Heading) -> Iterator[str]:
    mark = f"{MARKS[heading.mark]} " if heading.mark in MARKS else ""
    aside = f" {code(heading.aside)}" if heading.aside else ""
    yield f"{'#' * heading.level} {mark}{escape(heading.text)}{aside}"


def _line(line: Line) -> str:
    return "".join(map(_span, line)).strip()


def _span(span: Span) -> str:
    if span.tone == "code":
        return code(span.text)
    if span.tone == "link":
        return f"<{span.text.strip()}> "
    inner, before, after = span.text.strip(), *_blanks(span.text)
    if span.tone == "strong" and inner:
        return f"{before}**{escape(inner)}**{after}"
    return escape(span.text)


def _blanks(text: str) -> tuple[str, str]:
    """The blanks around ``text``: between the signs of bold text none may stand."""
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def _text(text: Text) -> Iterator[str]:
    yield _line(text.line)


def _ladder(ladder: Ladder) -> Iterator[str]:
    rows = [
        f"| {MARKS.get(rung.mark, '')} | {escape(rung.name)} | {escape(rung.summary)} |"
        for rung in ladder.rungs
    ]
    yield "\n".join(["| | | |", "| --- | --- | --- |", *rows])


def _table(table: Table) -> Iterator[str]:
    """Its cells in rows; a head, which Markdown wants, is empty where there is none."""
    if not table.rows:
        return
    width = max(map(len, table.rows))
    head = [escape(column) for column in table.columns] or [""] * width
    rows = [_row(map(_cell, row)) for row in table.rows]
    yield "\n".join([_row(head), _row(["---"] * width), *rows])


def _cell(line: Line) -> str:
    """In a cell a bar is the cell's end, even within code."""
    return _line(line).replace("\\|", "|").replace("|", "\\|")


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _command(command: Command) -> Iterator[str]:
    yield _fenced("\n".join(command.lines), "sh")


def _code(block: Code) -> Iterator[str]:
    yield _fenced(block.text, "text")


def _fenced(text: str, language: str) -> str:
    """Between more back-ticks than the text has in a row itself."""
    ticks = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text) or [""]))
    return f"{ticks}{language}\n{plain.escape(text)}\n{ticks}"


def _chart(chart: Chart) -> Iterator[str]:
    yield escape(chart.title)
    yield "\n".join(
        _row((escape(bar.label), f"{bar.value:.3g} {escape(chart.unit)}", escape(bar.note)))
        for bar in chart.bars
    )


def _fold(fold: Fold) -> Iterator[str]:
    yield f"<details{' open' if fold.open else ''}>\n<summary>{_html(fold.title)}</summary>"
    yield page(fold.blocks).rstrip("\n")
    yield "</details>"


def _html(text: str) -> str:
    """A summary is HTML, in which no Markdown is read."""
    text = plain.escape(text).replace("&", "&amp;")
    return text.replace("<", "&lt;").replace(">", "&gt;").replace("@", "@\u200b")


WRITERS: Mapping[type, Callable[[Any], Iterator[str]]] = {
    Heading: _heading,
    Text: _text,
    Ladder: _ladder,
    Table: _table,
    Command: _command,
    Code: _code,
    Chart: _chart,
    Fold: _fold,
}
