"""Rule × Facts → yes (True), no (False) or cannot tell (None), and what the answer rests on.

A line of a rule that asks about an Unknown fact is *cannot tell*; a line on text is yes where the
text matches, else no.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from .model import Block, Condition, Fact, Facts, Fix, Known, Rule, Unknown
from .operators import Outcome, both, either, holds
from .places import fill_fix, tell_fix
from .windows_commands import on_windows

if TYPE_CHECKING:
    from .search import Text

NOT_ASKED = Unknown("skipped", "it was not looked at")


class Match(NamedTuple):
    """The outcome, the known facts it rests on, the unknown ones that are missing.

    ``line`` is the first matching line of the text: its number from 1, and the line itself.
    """

    outcome: Outcome
    because: Mapping[str, Known] = {}
    missing: Mapping[str, Unknown] = {}
    line: tuple[int, str] | None = None


def match(rule: Rule, facts: Facts, log: Text | str | None = None) -> Match:
    """Whether ``rule`` holds. ``log`` is the text to be searched, or None where there is none."""
    return any_block(rule.when, facts, log)


def any_block(blocks: Iterable[Block], facts: Facts, log: Text | str | None = None) -> Match:
    """Yes if one block is, else cannot tell if one is, else no."""
    parts = [_block(block, facts, log) for block in blocks]
    outcome = either(part.outcome for part in parts)
    return _joined(outcome, [part for part in parts if part.outcome is outcome])


def _block(block: Block, facts: Facts, log: Text | str | None) -> Match:
    parts: list[Match] = []
    # Text last: searching it costs most, and facts alone often rule a block out.
    for condition in sorted(block, key=lambda condition: condition.fact == "log"):
        part = _text_line(condition, log) if condition.fact == "log" else _fact_line(condition, facts)
        if part.outcome is False:
            return part
        parts.append(part)
    return _joined(both(part.outcome for part in parts), parts)


def _joined(outcome: Outcome, parts: list[Match]) -> Match:
    because: dict[str, Known] = {}
    missing: dict[str, Unknown] = {}
    for part in parts:
        because.update({name: fact for name, fact in part.because.items() if name not in because})
        missing.update(part.missing)
    return Match(outcome, because, missing, next((part.line for part in parts if part.line), None))


def fixes(rule: Rule, facts: Facts, log: Text | str | None = None) -> tuple[Fix, ...]:
    """The fixes that apply here, the best first, with their places filled in; none beside one that surely
    applies and is no makeshift (``otherwise``).

    Where none surely applies, those that perhaps do: they keep the conditions (``on``) that tell. What names
    a fact that is not known here is told without it, and without commands, for want of a better one.
    """
    written = map(on_windows, rule.fixes) if _is_for_windows(rule, facts) else rule.fixes
    judged = ((fix, _open(fix.on, facts, log)) for fix in written)
    left = [fix._replace(on=open_) for fix, open_ in judged if open_ is not None]
    filled = [fill_fix(fix, facts) for fix in left]
    told = [tell_fix(fix, facts) for fix in left]
    return _certain(filled) or _certain(told) or tuple(here or fix for here, fix in zip(filled, told))


def _is_for_windows(rule: Rule, facts: Facts) -> bool:
    """Platforms' own rules know where they are: in WSL, or in a container, a Windows machine runs Linux."""
    system = facts.get("platform.system")
    return isinstance(system, Known) and system.value == "Windows" and rule.layer != "platform"


def _open(blocks: tuple[Block, ...], facts: Facts, log: Text | str | None) -> tuple[Block, ...] | None:
    """The conditions that cannot be told here, of each block that may hold; () where one surely does or there
    is none to hold, None where none does."""
    judged = [[(any_block([(one,)], facts, log).outcome, one) for one in block] for block in blocks]
    left = [[(outcome, one) for outcome, one in block if outcome is not True] for block in judged]
    if not all(left):
        return ()
    may = tuple(tuple(one for _, one in block) for block in left if all(o is None for o, _ in block))
    return may if may or not blocks else None


def _certain(fixes: Iterable[Fix | None]) -> tuple[Fix, ...]:
    found: tuple[Fix, ...] = ()
    for fix in fixes:
        if fix and not fix.on and not (fix.otherwise and found):
            found += (fix._replace(otherwise=False),)
    return found


# --- text ---------------------------------------------------------------------------------------


def _text_line(condition: Condition, log: Text | str | None) -> Match:
    text = _searchable(log) if isinstance(log, str) else log
    for pattern in condition.test if text else ():
        line = text.first(pattern) if text else None
        if line:
            number, found = line
            because = {"log": Known(found, (f"line {number}",))}
            return Match(False, because) if condition.absent else Match(True, because, line=line)
    return Match(condition.absent)


def _searchable(log: str) -> Text:
    from .search import Text  # a check without a log needs no search

    return Text.of(log)


# --- facts --------------------------------------------------------------------------------------


class _Look:
    """Looks facts up and notes which were asked for: those are what an outcome rests on."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.used: dict[str, Fact] = {}

    def __call__(self, name: str) -> Fact:
        fact = self.used[name] = self.facts.get(name, NOT_ASKED)
        return fact


def _fact_line(condition: Condition, facts: Facts) -> Match:
    look = _Look(facts)
    fact = look(condition.fact)
    outcome = holds(fact.value, condition.test, look) if isinstance(fact, Known) else None
    because = {name: fact for name, fact in look.used.items() if isinstance(fact, Known)}
    missing = {name: fact for name, fact in look.used.items() if isinstance(fact, Unknown)}
    if outcome is None and isinstance(fact, Known) and not missing:
        missing[condition.fact] = _incomparable(fact)
    return Match(outcome, because, missing if outcome is None else {})


def _incomparable(fact: Known) -> Unknown:
    sentence = "{value} cannot be compared as the rule asks"
    return Unknown("failed", sentence, fact.source, {"value": fact.value})
