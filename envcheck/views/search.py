"""Ready searches → blocks: the last lines of an explanation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..search_links import Link
from ..words import say
from .document import Block, Span, Text, line


def blocks(links: Iterable[Link]) -> Iterator[Block]:
    """Where others with the same message are to be found; nothing where there are no links."""
    rows = [line(Span(f"{link.place}: "), Span(link.url, "link")) for link in links]
    if rows:
        yield Text(line(say("Others with the same message:")))
        yield from map(Text, rows)
