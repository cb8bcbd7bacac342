"""The end of a check's page in a workshop: what to hand in, and to whom."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Report
from ..words import say
from .document import Block, Document, Heading, Line, Span, Text, line
from .values import Seen


def with_end(page: Document, report: Report, handed_in: str | None) -> Document:
    """The page, and what remains to be done. ``handed_in``: the file that was written, if one was."""
    return page._replace(blocks=(*page.blocks, *_end(report, handed_in)))


def _end(report: Report, handed_in: str | None) -> Iterator[Block]:
    seen = Seen(report.facts)
    workshop, contact, hand_in = (seen(f"wanted.{key}") for key in ("workshop", "contact", "hand_in"))
    if not (workshop or contact or hand_in or handed_in):
        return
    yield Heading(say("Workshop: {name}", name=workshop) if workshop else say("To hand in"))
    if hand_in:
        yield Text(line(str(hand_in)))
    if handed_in:
        yield Text(_file(handed_in, contact))
        again = Span(f"--hand-in {_alias(handed_in)}", "code")
        yield Text(line(say("It holds no secrets and no names. After a change, run the same with "), again))
    else:
        yield Text(line(say("Write the file to hand in with:"), " ", Span("envcheck --hand-in", "code")))
        if contact:
            yield Text(line(say("It goes to: {contact}", contact=contact)))


def _file(file: str, contact: str | None) -> Line:
    told = say("Hand in to {contact}: ", contact=contact) if contact else say("Hand in: ")
    return line(told, Span(file, "strong"))


def _alias(file: str) -> str:
    return file[len("envcheck-") : -len(".json")]
