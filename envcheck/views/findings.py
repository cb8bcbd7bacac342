"""What is wrong, why that is, how it shows here, and what to do: the blocks of one finding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .. import install
from ..model import Finding, Fix, Report, Severity, Undecided
from ..words import pick, reason, say
from . import conditions
from .document import Block, Command, Fold, Heading, Line, Mark, Span, Table, Text, line, prose
from .values import evidence

MARKS: Mapping[Severity, Mark] = {"blocking": "blocked", "degraded": "degraded", "notice": "notice"}


def finding(found: Finding, report: Report, whole: bool = False) -> tuple[Block, ...]:
    """Everything on one finding, under a heading; ``whole``: values and sources uncut."""
    head = Heading(pick(found.rule.title), 2, MARKS[found.severity], found.rule.cause)
    return (head, *_explanation(found, report, whole))


def in_short(found: Finding, report: Report, whole: bool = False) -> Fold:
    """The title alone, and the rest folded away."""
    title = f"{pick(found.rule.title)} ({found.rule.cause})"
    return Fold(title, tuple(_explanation(found, report, whole)), whole)


def _explanation(found: Finding, report: Report, whole: bool) -> Iterator[Block]:
    yield Text(prose(pick(found.rule.why)))
    if found.because:
        yield evidence(found.because, whole)
    verified: tuple[str, ...] = ()
    for place, fix in enumerate(found.fixes):
        yield from _fix(fix, report, say("Fix: ") if place == 0 else say("Or: "))
        if fix.verify and fix.verify != verified:
            yield Text(line(Span(say("Then check with:"), "faint")))
            yield Command(fix.verify)
        verified = fix.verify
    if found.rule.links:
        links = [Span(link + " ", "link") for link in (found.rule.links if whole else found.rule.links[:1])]
        yield Text(line(Span(say("Read more: "), "faint"), *links))


def _fix(fix: Fix, report: Report, label: str) -> Iterator[Block]:
    where = say("where {conditions}: ", conditions=conditions.any_of(fix.on)) if fix.on else ""
    yield Text(line(Span(label, "strong"), Span(where, "faint"), *prose(pick(fix.do))))
    run = (*install.commands(fix.packages, report.facts, report.target), *fix.run)
    if run:
        yield Command(run)


def undecided(doubts: tuple[Undecided, ...]) -> Table:
    """A row per cause that could be neither confirmed nor ruled out, and what is missing for that."""
    return Table(tuple((line(pick(doubt.rule.title)), _missing(doubt)) for doubt in doubts))


def _missing(doubt: Undecided) -> Line:
    """The facts in question, put together where the same reason keeps several away."""
    names: dict[str, list[str]] = {}
    for name, unknown in doubt.missing.items():
        names.setdefault(reason(unknown), []).append(name)
    return line(Span("; ".join(f"{', '.join(facts)}: {why}" for why, facts in names.items()), "faint"))
