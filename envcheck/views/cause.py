"""A cause → Document: what you see, why, what to do, how envcheck knows it, and what became of it here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .. import install, match
from ..cause_page import Line as Judgement
from ..cause_page import Page, Standing
from ..model import Block as Conditions
from ..model import Example, Facts, Fix, Known, Rule, Scope, Severity, Target
from ..model import Text as Words
from ..operators import Outcome
from ..places import PLACE, anywhere, bare, fill_rule, whole
from ..words import mark, pick, reason, say
from . import conditions, findings, layers, values
from .document import (
    Block,
    Code,
    Command,
    Document,
    Fold,
    Heading,
    Line,
    Span,
    Table,
    Text,
    Tone,
    joined,
    line,
    prose,
)
from .rules import SEVERITY_NAMES

SEVERITIES: Mapping[Severity, str] = {"blocking": mark("blocking"), **SEVERITY_NAMES}
SCOPES: Mapping[Scope, str] = {
    "environment": mark("changes this Python environment only"),
    "user": mark("changes files of this user only"),
    "system": mark("changes the system"),
    "reboot": mark("changes the system and restarts it"),
    "manual": mark("by hand"),
}
OUTCOMES: Mapping[Outcome, str] = {True: mark("yes"), False: mark("no"), None: mark("cannot tell")}
FIRES: Mapping[Outcome, str] = {
    True: mark("This is named:"),
    False: mark("This is not:"),
    None: mark("This leaves it open:"),
}
STANDINGS: Mapping[Standing, str] = {
    "first": mark("It is the cause that is named first here."),
    "named": mark("It is named here, after {by}."),
    "explained": mark("It holds here, but it needs no entry of its own: {by} explains it."),
    "no": mark("It is not named here: of each way below at least one condition does not hold."),
    "cannot tell": mark(
        "It can be neither confirmed nor ruled out here: something that it needs is unknown."
    ),
}
#: Typical lines that are shown, lines of an example's text, and characters of each.
LINES, EXCERPT, WIDTH = 4, 12, 200


def view(page: Page, whole: bool = False) -> Document:
    """The page of one cause. ``whole``: nothing cut, nothing folded."""
    rule = fill_rule(page.rule, page.report.facts) if page.report else _named(page.rule)
    severity = say(SEVERITIES[rule.severity])
    about = say("layer: {layer}; {severity}", layer=layers.name(rule.layer), severity=severity)
    title = pick(rule.title)
    return Document(
        title,
        (
            Heading(title, 1, findings.MARKS[rule.severity], rule.cause),
            Text(line(Span(about, "faint"))),
            *_here(page),
            *_seen(page, whole),
            Heading(say("Why")),
            Text(prose(pick(rule.why))),
            *_fixes(rule, page),
            *_known_by(page, whole),
            *_examples(page, whole),
            *_related(page),
            *_links(rule),
        ),
    )


def translation(rule: Rule) -> tuple[Block, ...]:
    """Title, why and what to do in the language in use: what a page in another language adds."""
    rule = _named(rule)
    title, why = Heading(pick(rule.title)), Text(prose(pick(rule.why)))
    return (title, why, *_each_fix(rule.fixes, {}, Target("python", ""), commands=False))


def _named(rule: Rule) -> Rule:
    """Without a machine a place stands as the name of its fact; title and why do without most."""
    fixes = tuple(
        fix._replace(
            do=_name(fix.do),
            packages=_names(fix.packages),
            run=_names(fix.run),
            verify=_names(fix.verify),
        )
        for fix in rule.fixes
    )
    return rule._replace(title=_bare(rule.title), why=_bare(rule.why), fixes=fixes)


def _bare(text: Words) -> Words:
    return _name(Words(bare(text.en), text.zh and bare(text.zh)))


def _name(text: Words) -> Words:
    english, *chinese = _names(whole(part) for part in text if part)
    return Words(english, *chinese)


def _names(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(PLACE.sub(r"<\1>", text) for text in lines)


def _seen(page: Page, whole: bool) -> Iterator[Block]:
    if page.seen:
        shown = page.seen if whole else page.seen[:LINES]
        yield Heading(say("What you see"))
        yield Code("\n".join(values.cut(text, WIDTH) for text in shown))


# --- what to do ----------------------------------------------------------------------------------


def _fixes(rule: Rule, page: Page) -> Iterator[Block]:
    """On a machine those that apply there; else all, each with where it applies."""
    if not rule.fixes:
        return
    yield Heading(say("What to do"))
    if page.report:
        here = match.fixes(page.rule, page.report.facts)
        yield from _each_fix(here, page.report.facts, page.report.target)
    else:
        yield from _each_fix(rule.fixes, {}, Target("python", ""))


def _each_fix(fixes: Iterable[Fix], facts: Facts, target: Target, commands: bool = True) -> Iterator[Block]:
    for place, fix in enumerate(fixes):
        where = _where(fix) if fix.on or place else ""
        if where:
            yield Heading(where, 3)
        scope = Span(say(" ({note})", note=say(SCOPES[fix.scope])) if fix.scope != "manual" else "", "faint")
        yield Text((*prose(pick(fix.do)), *line(scope)))
        run = (*install.commands(fix.packages, facts, target), *fix.run) if commands else ()
        if run:
            yield Command(run)
        if commands and fix.verify:
            yield Text(line(Span(say("Then check with:"), "faint")))
            yield Command(fix.verify)


def _where(fix: Fix) -> str:
    """On which machines it is the fix."""
    if not fix.on:
        return say("Otherwise") if fix.otherwise else say("In any case")
    return say("Where {conditions}", conditions=conditions.any_of(fix.on))


# --- how it is known, and what became of it here -------------------------------------------------


def _here(page: Page) -> Iterator[Block]:
    if page.judged:
        sentence = say(STANDINGS[page.judged.standing], by=page.judged.by or "")
        yield Text(line(Span(sentence, "strong")))


def _known_by(page: Page, whole: bool) -> Iterator[Block]:
    yield Heading(say("How envcheck knows"))
    if len(page.rule.when) > 1:
        yield Text(line(say("Any of these tells it; where one has several conditions, all must hold.")))
    rows = _judged(page.judged.blocks, whole) if page.judged else _conditions(page.rule.when, whole)
    yield Table(tuple(rows))
    yield from _commands(page)


def _conditions(blocks: tuple[Conditions, ...], whole: bool) -> Iterator[tuple[Line, ...]]:
    """A row per condition; the first of a block has the block's number."""
    for number, block in enumerate(blocks, 1):
        for place, one in enumerate(block):
            yield line("" if place else f"{number}"), conditions.sentence(one, whole)


def _judged(blocks: tuple[tuple[Judgement, ...], ...], whole: bool) -> Iterator[tuple[Line, ...]]:
    """The same with yes, no or cannot tell, and the values here."""
    for number, block in enumerate(blocks, 1):
        for place, one in enumerate(block):
            tone: Tone = "warn" if one.outcome is None else "strong"
            told = Span(say(OUTCOMES[one.outcome]), tone)
            value = Span(_value(one, whole), "faint")
            yield (
                line("" if place else f"{number}"),
                line(told),
                conditions.sentence(one.condition, whole),
                line(value),
            )


def _value(one: Judgement, whole: bool) -> str:
    known = [f"{name}: {_short(fact, whole)}" for name, fact in one.because.items()]
    missing = [f"{name}: {reason(unknown)}" for name, unknown in one.missing.items()]
    if one.condition.fact == "log" and not known:
        return say("no such line")
    return joined([*known, *missing], say("; "))


def _short(fact: Known, whole: bool) -> str:
    told = values.shown(fact.value, whole)
    return told if whole else values.cut(told, values.SHORT)


def _commands(page: Page) -> Iterator[Block]:
    """How to see the facts oneself."""
    asked = dict.fromkeys(one.fact for block in page.rule.when for one in block if one.fact in page.how)
    if asked:
        yield Text(line(say("To see it yourself:")))
        yield Table(tuple((line(Span(name, "code")), line(Span(page.how[name], "code"))) for name in asked))


# --- examples, relatives, links ------------------------------------------------------------------


def _examples(page: Page, whole: bool) -> Iterator[Block]:
    examples = page.rule.examples
    if examples:
        blocks = tuple(block for example in examples for block in _example(example, page.rule, whole))
        yield Fold(say("Examples: {number}", number=len(examples)), blocks, whole, "-v")


def _example(example: Example, rule: Rule, whole: bool) -> Iterator[Block]:
    yield Text(line(Span(say(FIRES[example.fires]), "strong")))
    if example.facts:
        yield values.evidence(example.facts, True)
    if example.log:
        lines = example.log.strip("\n").splitlines()
        yield Code("\n".join(lines if whole else [values.cut(text, WIDTH) for text in lines[:EXCERPT]]))


def _related(page: Page) -> Iterator[Block]:
    """What it explains, and what explains it."""
    rule, names = page.rule, {one.cause: one for one in page.rules}
    explains = {*rule.explains, *(one.cause for one in page.rules if rule.cause in one.symptom_of)}
    explained = {*rule.symptom_of, *(one.cause for one in page.rules if rule.cause in one.explains)}
    told = ((say("It explains:"), explains & {*names}), (say("It may be a symptom of:"), explained))
    if explains or explained:
        yield Heading(say("Related causes"))
    for title, causes in told:
        if causes:
            yield Text(line(title))
            layers_first = sorted(causes, key=lambda name: (name in names, name))
            yield Table(tuple(_cause(name, names) for name in layers_first))


def _cause(name: str, rules: Mapping[str, Rule]) -> tuple[Line, Line]:
    """A cause with its title; a layer stands for all of its causes."""
    if name in rules:
        return line(Span(name, "code")), line(anywhere(pick(rules[name].title)))
    return line(Span(name, "code")), line(say("any cause of this layer"))


def _links(rule: Rule) -> Iterator[Block]:
    if rule.links:
        yield Heading(say("Read more"))
        for link in rule.links:
            yield Text(line(Span(link, "link")))
