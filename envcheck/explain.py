"""A log and what is told of its machine → Report: what an expert would say after reading it.

Text comes first: a cause that stands in the log outranks what follows from versions alone. A rule whose
text is there while a fact is not known is a candidate; the command that shows the fact tells them apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from . import on_text
from .diagnose import Judged, judge, severity, status
from .given import follow
from .match import Match
from .model import (
    LAYER_NAMES,
    RULE_LAYERS,
    SEVERITIES,
    Consequence,
    Fact,
    Facts,
    Finding,
    Known,
    LayerResult,
    Report,
    Rule,
    Target,
    Undecided,
    Unknown,
    Verdict,
)
from .on_text import Read
from .places import fill_rule
from .search import Text

#: What a person can look at instead of what follows from it.
_LOOKED_AT = {"wanted.gpu": "hardware.gpus"}
#: Words that make people ask.
_ALARMING = re.compile(
    r"fail|error|could not|couldn't|cannot|can't|unable|not found|missing|denied|invalid", re.I
)
#: What is read, or needs something put in first.
_NOT_TO_RUN = re.compile(r"^(?:http|envcheck)|…|\.\.\.|\$SITE| \(")
#: Candidates that a person is shown.
MOST_CANDIDATES = 3


class Candidate(NamedTuple):
    """A rule that the text speaks for and that a fact which nobody told could still rule out.

    ``line`` is the matching line, ``place`` where it stands; ``unlikely``: a usual machine rules it out.
    """

    rule: Rule
    line: str
    place: str
    missing: Mapping[str, Unknown]
    unlikely: bool = False


class Explanation(NamedTuple):
    """The answer to a log. ``report.undecided`` holds the candidates that count, the likeliest first.

    ``others``: causes that could still be, where one is named; ``harmless``: notices that stand beside
    candidates; ``tells_apart``: the fact to look at, and the command that shows it; ``unread``: what was
    given and not understood; ``by_facts``: no line of the text is known, and what is named follows from the
    versions alone.
    """

    report: Report
    candidates: tuple[Candidate, ...] = ()
    others: tuple[Candidate, ...] = ()
    harmless: tuple[Finding, ...] = ()
    tells_apart: tuple[str, str] | None = None
    unread: tuple[str, ...] = ()
    by_facts: bool = False


def explain(
    log: Text,
    told: Mapping[str, Known],
    rules: Iterable[Rule],
    *,
    created: str = "",
    strict: bool = False,
    target: Target | None = None,
    unread: Iterable[str] = (),
) -> Explanation:
    """What ``log`` comes to on a machine of which ``told`` is known (options over text over this machine)."""
    by_cause = {rule.cause: rule for rule in rules}
    machine = on_text.machine(told)
    facts, filling = machine.facts, machine.filling
    read = on_text.read(by_cause, machine, log)
    failed = on_text.failed(facts) and not on_text.is_explained(facts, log, read)
    matches = on_text.that_count(read, by_cause, machine, failed)
    by_cause.update((cause, on_text.speakable(by_cause[cause], filling)) for cause in matches)
    judged = _text_first(judge(matches, filling, by_cause, log), matches)
    lines = {cause: match.line for cause, match in matches.items() if match.outcome and match.line}
    filled = {cause: fill_rule(by_cause[cause], filling) for cause in read.possible}
    candidates, others = _candidates(read, judged, filled, facts, lines)
    verdict = _verdict(judged, candidates, failed)
    harmless: tuple[Finding, ...] = ()
    if verdict == "undecided":  # what is harmless must not stand where a cause belongs
        harmless = tuple(found for found in judged.findings if found.severity == "notice")
        judged = judged._replace(findings=tuple(f for f in judged.findings if f.severity != "notice"))
    missing = {name: fact for one in candidates for name, fact in one.missing.items()}
    known: dict[str, Fact] = {**_told(facts), **missing}
    report = Report(
        verdict=verdict,
        target=target or _target(known),
        layers=tuple(LayerResult(layer, status(layer, known, judged)) for layer in LAYER_NAMES),
        findings=judged.findings,
        consequences=judged.consequences,
        undecided=tuple(Undecided(candidate.rule, candidate.missing) for candidate in candidates),
        facts=known,
        created=created,
        strict=strict,
    )
    by_facts = bool(judged.findings) and not lines
    apart = _tells_apart(candidates, known)
    return Explanation(report, candidates, others, harmless, apart, tuple(unread), by_facts)


# --- the order of the findings --------------------------------------------------------------------


def _told(facts: Facts) -> Mapping[str, Known]:
    return {name: fact for name in facts if isinstance(fact := facts[name], Known)}


def _text_first(judged: Judged, matches: Mapping[str, Match]) -> Judged:
    """Findings that rest on the text before those that rest on facts alone, as they were otherwise.

    Of notices those that sound like trouble first, and then that of the last line.
    """
    order = sorted(judged.findings, key=lambda found: _backed(found, judged.consequences, matches))
    return judged._replace(findings=tuple(order))


def _backed(
    found: Finding, consequences: Iterable[Consequence], matches: Mapping[str, Match]
) -> tuple[int, bool, bool, int]:
    mine = [found, *(c.finding for c in consequences if c.because_of == found.rule.cause)]
    backed = any(matches[each.rule.cause].line for each in mine)
    number, line = matches[found.rule.cause].line or (0, "")
    weight = SEVERITIES.index(found.severity)
    if found.severity != "notice":
        return weight, not backed, False, 0
    return weight, not backed, not _ALARMING.search(line), -number


# --- candidates -----------------------------------------------------------------------------------


def _candidates(
    read: Read,
    judged: Judged,
    rules: Mapping[str, Rule],
    facts: Facts,
    lines: Mapping[str, tuple[int, str]],
) -> tuple[tuple[Candidate, ...], tuple[Candidate, ...]]:
    """The rules that may hold, best first: those that keep the answer open, and the others.

    A line that a finding explains needs no second explanation; what a usual machine rules out counts only
    where there is nothing else; and beside a finding of weight a candidate is an aside.
    """
    found = [
        Candidate(rules[cause], *_shown(match), match.missing, cause in read.ruled_out)
        for cause in (doubt.rule.cause for doubt in judged.undecided)
        if (match := read.possible.get(cause))
    ]
    ranked = sorted(found, key=lambda candidate: _rank(candidate, facts))
    if any(finding.severity != "notice" for finding in judged.findings):
        return (), tuple(ranked)
    explained = {f"line {number}" for number, _ in lines.values()}
    open_ = [c for c in ranked if not (judged.findings and c.unlikely) and c.place not in explained]
    likely = [c for c in open_ if not c.unlikely] or open_
    if all(severity(c.rule, facts) == "notice" for c in likely) and judged.findings:
        likely = []
    return tuple(likely), tuple(candidate for candidate in ranked if candidate not in likely)


def _shown(match: Match) -> tuple[str, str]:
    number, line = match.line or (0, "")
    return line, f"line {number}"


def _rank(candidate: Candidate, facts: Facts) -> tuple[bool, int, int, int, int, str]:
    """What a usual machine rules out last; else fewest facts missing, worst, and most telling text first."""
    rule = candidate.rule
    return (
        candidate.unlikely,
        len(candidate.missing),
        SEVERITIES.index(severity(rule, facts)),
        -len(candidate.line),
        RULE_LAYERS.index(rule.layer),
        rule.cause,
    )


def _tells_apart(candidates: tuple[Candidate, ...], known: Facts) -> tuple[str, str] | None:
    """The fact that most of the shown candidates wait for, and the command that shows it."""
    shown = candidates[:MOST_CANDIDATES]
    system = known.get("platform.system")
    asked = Counter(_LOOKED_AT.get(name, name) for candidate in shown for name in candidate.missing)
    for name, _ in asked.most_common():
        command = follow.how(name, system.value if isinstance(system, Known) else None)
        if command and not _NOT_TO_RUN.search(command):
            return name, command
    return None


# --- the whole ------------------------------------------------------------------------------------


def _verdict(judged: Judged, candidates: tuple[Candidate, ...], failed: bool) -> Verdict:
    """Notices explain no failure: where there is one, and nothing else, it is not known why."""
    weights = {finding.severity for finding in judged.findings}
    if "blocking" in weights:
        return "blocked"
    if "degraded" in weights:
        return "degraded"
    return "undecided" if candidates or failed or not judged.findings else "ready"


def _target(facts: Facts) -> Target:
    version = facts.get("python.version")
    environment = facts.get("python.environment")
    return Target(
        "python",
        "the log",
        str(environment.value) if isinstance(environment, Known) and environment.value else None,
        str(version.value) if isinstance(version, Known) and version.value else None,
    )


def telling(told: Explanation) -> str | None:
    """The line that others will have, too: the root's, else the first candidate's."""
    for found in told.report.findings:
        log = found.because.get("log")
        if isinstance(log, Known):
            return str(log.value)
    return told.candidates[0].line if told.candidates else None
