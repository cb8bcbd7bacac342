"""Issue → Document: whether it is worth one, where to look first, and the form field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..issue import Issue
from ..model import Report
from ..words import mark, say
from . import findings
from .document import Block, Code, Command, Document, Heading, Mark, Span, Table, Text, line

WORTH: Mapping[str, str] = {
    "environment": mark("This needs no issue: the cause is on this machine, and here is how to mend it."),
    "bug": mark("This looks like a bug: it is worth an issue."),
    "ready": mark("TensorFlow trains here: this machine gives nothing to report."),
    "unclear": mark("Too much could not be looked at: whoever reads the issue could only ask."),
}
NEXT: Mapping[str, str] = {
    "environment": mark("If that does not help, the issue that could be opened stands below."),
    "bug": mark("Look first whether someone has asked already; then paste what stands below."),
    "ready": mark("If a program of yours fails all the same, add it: --attach SCRIPT --log FILE."),
    "unclear": mark("Mend first what kept envcheck from looking, then run this again."),
}
MARKS: Mapping[str, Mark] = {
    "environment": "blocked",
    "bug": "degraded",
    "ready": "ok",
    "unclear": "unknown",
}


def view(
    issue: Issue, report: Report, search: tuple[str, ...], commands: tuple[str, ...], url: str | None
) -> Document:
    """The page: guidance in the language in use, the issue itself in English."""
    return Document(
        say("An issue for {tracker}", tracker=issue.tracker.repository),
        (
            Heading(say(WORTH[issue.worth]), 1, MARKS[issue.worth]),
            *_cause(issue, report),
            Text(line(say(NEXT[issue.worth]))),
            *_search(search),
            *_form(issue),
            *_ways(commands, url),
        ),
    )


def _cause(issue: Issue, report: Report) -> Iterator[Block]:
    if issue.worth in ("environment", "bug"):
        for found in report.findings[:1]:
            yield from findings.finding(found, report)


def _search(links: tuple[str, ...]) -> Iterator[Block]:
    if links:
        yield Heading(say("Has someone asked already?"), 2)
        for link in links:
            yield Text(line(Span(link + " ", "link")))


def _form(issue: Issue) -> Iterator[Block]:
    yield Heading(say("The issue, for {tracker}", tracker=issue.tracker.repository), 2)
    yield Table(((line(say("Title")), line(issue.title)),))
    picked = [field for field in issue.tracker.fields if field.id in issue.picks]
    if picked:
        yield Text(line(say("To be picked in the drop-downs:")))
        yield Table(tuple((line(field.title), line(issue.picks[field.id])) for field in picked))
    for field in issue.tracker.fields:
        text = issue.texts.get(field.id)
        if text:
            yield Heading(field.title, 3)
            yield Code(text)


def _ways(commands: tuple[str, ...], url: str | None) -> Iterator[Block]:
    if commands:
        yield Heading(say("With GitHub's command line"), 2)
        yield Command(commands)
    if url:
        yield Heading(say("The form, its text fields filled in"), 2)
        yield Text(line(Span(url + " ", "link")))
