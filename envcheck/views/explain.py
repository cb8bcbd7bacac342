"""An explained log → Document: the cause, the line that shows it, the fix; else what could tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from .. import given
from ..explain import MOST_CANDIDATES, Candidate, Explanation
from ..model import Finding, Known
from ..words import pick, say
from . import findings
from .document import Block, Code, Command, Document, Fold, Heading, Span, Text, line
from .report import VERDICT_NAMES
from .values import cut, evidence

#: Where a fact was read that follows from no other.
_TOLD = re.compile(r"(?:.* )?line \d+$|--given")
#: Characters of a quoted line.
QUOTED = 400


def view(told: Explanation, search: Iterable[Block] = (), whole: bool = False) -> Document:
    """The answer on a page; ``search``: where others with the same message are to be found."""
    verdict = say("envcheck: {verdict}", verdict=say(VERDICT_NAMES[told.report.verdict]))
    blocks = (*_answer(told, whole), *_others(told), *search, *_unread(told), _read(told, whole))
    return Document(verdict, blocks)


def _answer(told: Explanation, whole: bool) -> Iterator[Block]:
    serious = [found for found in told.report.findings if found.severity != "notice"]
    if serious:
        yield from _named(told, serious, whole)
        harmless = [found for found in told.report.findings if found.severity == "notice"]
        yield from _harmless(told, harmless)
    elif told.candidates:
        yield from _open(told)
        yield from _harmless(told, told.harmless)
    elif told.report.findings:
        yield Heading(say("Nothing is wrong here"), 1, "ok")
        sentence = say("What looks like trouble in this log is harmless. envcheck knows these lines:")
        yield Text(line(sentence))
        for found in told.report.findings:
            yield from _finding(found, told, whole, level=2)
    else:
        yield from _unknown(told)
        yield from _harmless(told, told.harmless)


def _named(told: Explanation, serious: list[Finding], whole: bool) -> Iterator[Block]:
    for place, found in enumerate(serious):
        yield from _finding(found, told, whole, level=2 if place else 1)
        if place == 0 and told.by_facts:
            yield Text(line(Span(say("No line of the log says so: it follows from the versions."), "warn")))
        cause = found.rule.cause
        mine = [c.finding for c in told.report.consequences if c.because_of == cause]
        if mine:
            yield Heading(say("This explains, too:"), 3)
            yield from (findings.in_short(_without_log(each), told.report, whole) for each in mine)


def _finding(found: Finding, told: Explanation, whole: bool, level: int) -> Iterator[Block]:
    """The title; the line of the log; the rest as a check tells it."""
    head, *rest = findings.finding(_without_log(found), told.report, whole)
    yield head._replace(level=level) if isinstance(head, Heading) else head
    quoted = found.because.get("log")
    if isinstance(quoted, Known):
        yield from _quoted(str(quoted.value), quoted.source[0])
    yield from rest


def _without_log(found: Finding) -> Finding:
    """The line of the log is quoted, and needs no row in a table."""
    return found._replace(because={name: fact for name, fact in found.because.items() if name != "log"})


def _quoted(text: str, place: str) -> Iterator[Block]:
    """``place`` is "line 17", or "train.log line 17" where there are several logs."""
    file, _, number = place.rpartition("line ")
    if file:
        where = say("{file}, line {number}:", file=file.strip(), number=number)
    else:
        where = say("Line {number} of the log:", number=number)
    yield Text(line(Span(where, "faint")))
    yield Code(cut(text, QUOTED))


# --- where the log does not decide ----------------------------------------------------------------


def _how_open(shown: Sequence[Candidate]) -> str:
    if len(shown) > 1:
        return say("The log alone does not decide between {number} causes", number=len(shown))
    if shown[0].unlikely:
        return say("One cause fits the log, but more must be known to tell")
    return say("This is probably the cause, but the log alone does not prove it")


def _open(told: Explanation) -> Iterator[Block]:
    shown = told.candidates[:MOST_CANDIDATES]
    yield Heading(_how_open(shown), 1, "unknown")
    for candidate in shown:
        yield Heading(pick(candidate.rule.title), 2, "unknown", candidate.rule.cause)
        yield from _quoted(candidate.line, candidate.place)
        yield Text(line(Span(say("It depends on: {facts}", facts=", ".join(candidate.missing)), "faint")))
    if told.tells_apart:
        fact, command = told.tells_apart
        yield Text(line(say("This tells more, on the machine that wrote the log:")))
        yield Command((command,))
        sentence = say("Then say what it shows: {option}", option=f"--given {given.key_of(fact)}=…")
        yield Text(line(Span(sentence, "faint")))


def _unknown(told: Explanation) -> Iterator[Block]:
    if told.harmless:
        sentence = say("Undecided: something failed, and what envcheck knows of this log is harmless")
    else:
        sentence = say("Undecided: envcheck knows no line of this log")
    yield Heading(sentence, 1, "unknown")
    yield Text(
        line(
            say(
                "Give the whole log, from the command that was typed to the last line, and what you know of "
                "the machine:"
            )
        )
    )
    yield Command(("envcheck explain LOG --given os=… --given python=… --given tensorflow=… --given gpu=…",))
    yield Text(line(say("On the machine itself, this examines it from the hardware up:")))
    yield Command(("envcheck",))


def _others(told: Explanation) -> Iterator[Block]:
    shown = told.others[:MOST_CANDIDATES]
    serious = any(found.severity != "notice" for found in told.report.findings)
    if shown and (serious or told.report.verdict == "ready"):
        title = say("If that is not it:") if serious else say("It would be another matter if:")
        yield Heading(title, 3)
        yield from (_other(candidate) for candidate in shown)


def _other(candidate: Candidate) -> Fold:
    title = f"{pick(candidate.rule.title)} ({candidate.rule.cause})"
    depends = say("It depends on: {facts}", facts=", ".join(candidate.missing))
    return Fold(title, (*_quoted(candidate.line, candidate.place), Text(line(Span(depends, "faint")))))


def _harmless(told: Explanation, harmless: Iterable[Finding]) -> Iterator[Block]:
    folds = tuple(findings.in_short(found, told.report) for found in harmless)
    if folds:
        yield Fold(say("Harmless lines in the log: {number}", number=len(folds)), folds, False, "-v")


# --- what it rests on -----------------------------------------------------------------------------


def _unread(told: Explanation) -> Iterator[Block]:
    if told.unread:
        sentence = say("Not understood, and left out: {given}", given="; ".join(told.unread))
        yield Text(line(Span(sentence, "warn")))


def _read(told: Explanation, whole: bool) -> Fold:
    """What was given, and what was read out of the log: the rest follows from it."""
    facts = {name: fact for name, fact in told.report.facts.items() if isinstance(fact, Known)}
    own = facts if whole else {name: fact for name, fact in facts.items() if _is_told(fact)}
    return Fold(say("What is known of the machine"), (evidence(own, whole),), whole, "-v")


def _is_told(fact: Known) -> bool:
    return len(fact.source) == 1 and bool(_TOLD.match(fact.source[0]))
