"""Document → one HTML page: nothing is fetched, and nothing needs the script but the copy buttons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .. import own_files, words
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
    Picture,
    Rung,
    Span,
    Table,
    Text,
)
from ..words import say
from . import picture
from .markup import escape

MARKS: Mapping[Mark, str] = {
    "ok": "✓",
    "degraded": "!",
    "blocked": "✗",
    "unknown": "?",
    "skipped": "–",
    "notice": "i",
    "running": "…",
    "waiting": "…",
}
#: The only sources of anything: what stands in the page itself.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def render(document: Document) -> str:
    """The whole page, in UTF-8."""
    lang = {"zh": "zh-CN"}.get(words.language(), words.language())
    blocks = list(document.blocks)
    titled = bool(blocks) and isinstance(blocks[0], Heading) and blocks[0].level == 1 and not blocks[0].mark
    first = next((i for i, block in enumerate(blocks) if isinstance(block, Ladder)), int(titled))
    head = "".join(_titled(blocks[:first], 1)) or f"<h1>{escape(document.title)}</h1>\n"
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{escape(document.title)}</title>\n<style>\n{_part('style.css')}</style>\n</head>\n<body>\n"
        f"<header>\n{head}</header>\n<main>\n{''.join(_titled(blocks[first:], 2))}</main>\n"
        f"<script>\n{_part('script.js')}</script>\n</body>\n</html>\n"
    )


def _part(name: str) -> str:
    return own_files.text(own_files.folder("render"), "page", name)


def _titled(blocks: Iterable[Block], level: int) -> Iterator[str]:
    """The blocks; headings of level 1 become ``h<level>``, the others follow."""
    return (_DRAW[type(block)](block, level) for block in blocks)


def _line(line: Line) -> str:
    return "".join(_span(span) for span in line)


def _span(span: Span) -> str:
    text = escape(span.text)
    if span.tone == "link":
        address = span.text.strip()
        safe = address.startswith(("https://", "http://"))
        return f'<a href="{escape(address)}" rel="noreferrer">{escape(address)}</a> ' if safe else text
    if span.tone in ("plain", "strong", "code"):
        tag = {"plain": "", "strong": "strong", "code": "code"}[span.tone]
        return f"<{tag}>{text}</{tag}>" if tag else text
    return f'<span class="{span.tone}">{text}</span>'


def _heading(heading: Heading, level: int) -> str:
    tag = f"h{min(6, heading.level + level - 1)}"
    mark = (
        f'<span class="mark {heading.mark}" aria-hidden="true">{MARKS[heading.mark]}</span>'
        if heading.mark
        else ""
    )
    aside = f'<span class="aside">{escape(heading.aside)}</span>' if heading.aside else ""
    if heading.level == 1 and heading.mark:
        words_ = f'<span class="words">{escape(heading.text)}</span>'
        return f'<{tag} class="verdict {heading.mark}">{mark}{words_}{aside}</{tag}>\n'
    return f"<{tag}>{mark}{escape(heading.text)}{aside}</{tag}>\n"


def _text(text: Text, _: int) -> str:
    return f"<p>{_line(text.line)}</p>\n"


def _ladder(ladder: Ladder, _: int) -> str:
    return f'<ol class="ladder">\n{"".join(map(_rung, ladder.rungs))}</ol>\n'


def _rung(rung: Rung) -> str:
    seconds = "" if rung.seconds is None else f' <span class="faint">{rung.seconds:.1f} s</span>'
    word = say("it breaks here")
    here = f'<strong class="here">{escape(word)}</strong> ' if rung.breaks else ""
    kinds = f"rung is-{rung.mark}" + (" breaks" if rung.breaks else "")
    return (
        f'<li class="{kinds}"><span class="dot {rung.mark}" role="img" '
        f'aria-label="{escape(_status(rung.mark))}">{MARKS[rung.mark]}</span>'
        f'<span class="name">{escape(rung.name)}</span>'
        f'<span class="summary">{here}{escape(rung.summary)}{seconds}</span></li>\n'
    )


def _status(mark: Mark) -> str:
    """The mark in a word, for those who do not see it."""
    names: Mapping[str, str] = {
        "ok": say("ok"), "degraded": say("degraded"), "blocked": say("blocked"), "unknown": say("undecided"),
        "skipped": say("skipped"), "notice": say("notice"),
    }  # fmt: skip
    return names.get(mark, mark)


def _table(table: Table, _: int) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    named = not table.columns  # then the first cell of a row says what the row is about
    rows = "".join(f"<tr>{''.join(_cells(row, named))}</tr>\n" for row in table.rows)
    top = f"<thead><tr>{head}</tr></thead>\n" if head else ""
    return f"<table>\n{top}<tbody>\n{rows}</tbody>\n</table>\n" if rows else ""


def _cells(row: tuple[Line, ...], named: bool) -> Iterator[str]:
    for place, cell in enumerate(row):
        first = named and place == 0
        yield f'<th scope="row">{_line(cell)}</th>' if first else f"<td>{_line(cell)}</td>"


def _command(command: Command, _: int) -> str:
    copy, done = say("Copy"), say("Copied")
    button = f'<button type="button" class="copy" hidden data-done="{escape(done)}">{escape(copy)}</button>'
    return (
        f'<div class="command"><pre tabindex="0">{escape(chr(10).join(command.lines))}</pre>{button}</div>\n'
    )


def _code(code: Code, _: int) -> str:
    return f'<pre tabindex="0">{escape(code.text)}</pre>\n'


def _chart(chart: Chart, _: int) -> str:
    drawn = (Picture(chart.title, chart.unit, chart.bars), *chart.pictures)
    return f'<div class="charts">\n{"".join(map(_picture, drawn))}</div>\n'


def _picture(drawn: Picture) -> str:
    svg = picture.curves(drawn.curves) if drawn.curves else picture.bars(drawn.bars, drawn.unit)
    return f"<figure><figcaption>{escape(drawn.title)}</figcaption>{svg}</figure>\n"


def _fold(fold: Fold, level: int) -> str:
    inner = "".join(_titled(fold.blocks, level))
    opened = " open" if fold.open else ""
    return f"<details{opened}><summary>{escape(fold.title)}</summary>\n{inner}</details>\n"


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
