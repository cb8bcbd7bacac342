"""How the rules fare on a text: what it states, what it leaves open, what follows from facts alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .diagnose import severity
from .given import follow
from .match import Match, any_block
from .model import Block, Facts, Known, Rule, Unknown
from .model import Text as Words
from .places import PLACE, is_told, without
from .search import Text


class Read:
    """How the rules fare on a text: what holds there, what holds on a usual machine, and what may;
    ``ruled_out``: what may hold, but not on a usual machine."""

    def __init__(self) -> None:
        self.stated: dict[str, Match] = {}
        self.likely: dict[str, Match] = {}
        self.possible: dict[str, Match] = {}
        self.ruled_out: set[str] = set()


def _as_told(told: Mapping[str, Known]) -> Facts:
    """What follows from ``told``. Where something failed, it is not for us to say that no GPU is wanted."""
    if "wanted.gpu" not in told and failed(told):
        return follow.follow({**told, "wanted.gpu": Unknown("skipped", follow.NOT_TOLD)})
    return follow.follow(told)


#: What goes without saying of a log that somebody asks about: it shows no success.
_ASKED = {
    "training.succeeded": Known(False, ("assumed",)),
    "tensorflow.import_outcome": Known(None, ("assumed",)),
}


class Machine(NamedTuple):
    """What is known of it: as told; as told and else a usual one; and what texts and fixes are filled with,
    where it is not guessed whether a GPU is wanted, since that decides how much a finding weighs."""

    facts: Facts
    usual: Facts
    filling: Facts


def machine(told: Mapping[str, Known]) -> Machine:
    """The machine of which ``told`` is known."""
    facts = _as_told(told)
    usual = follow.usual(facts)
    filling = _as_told({**told, **{name: fact for name, fact in usual.items() if name != "wanted.gpu"}})
    return Machine(facts, follow.follow({**_ASKED, **told, **usual}), filling)


def read(rules: Mapping[str, Rule], machine: Machine, log: Text) -> Read:
    """What becomes of each of ``rules`` on ``log``."""
    found = Read()
    for rule in rules.values():
        _sort(found, rule, machine, log)
    return found


def _has_text(block: Block) -> bool:
    return any(condition.fact == "log" for condition in block)


def _sort(read: Read, rule: Rule, machine: Machine, log: Text) -> None:
    texts = [block for block in rule.when if _has_text(block)]
    found = any_block(texts, machine.facts, log)
    if found.outcome:
        read.stated[rule.cause] = found
    elif found.outcome is None:
        likely = any_block(texts, machine.usual, log)
        (read.likely if likely.outcome else read.possible)[rule.cause] = likely if likely.outcome else found
        if likely.outcome is False:
            read.ruled_out.add(rule.cause)


def that_count(
    read: Read, rules: Mapping[str, Rule], machine: Machine, unexplained: bool
) -> dict[str, Match]:
    """The outcomes to be judged: the text's, and from facts alone what explains one of the text's.

    Where the text names nothing of weight though something failed, the facts alone must do.
    """
    texts = {**read.likely, **read.stated}
    serious = [rules[cause] for cause in texts if severity(rules[cause], machine.facts) != "notice"]
    others = [rule for cause, rule in rules.items() if cause not in texts]
    asked = [rule for rule in others if any(_explains(rule, one) for one in serious)]
    if not serious and not set(read.possible) - read.ruled_out and (unexplained or not texts):
        grave = [rule for rule in others if severity(rule, machine.facts) == "blocking"]
        held = [rule for rule in grave if _by_facts(rule, machine).outcome]
        # A GPU too old for the build is not grave by itself, and explains what is.
        asked = [*held, *(rule for rule in others if any(_explains(rule, one) for one in held))]
    by_facts = {rule.cause: _by_facts(rule, machine) for rule in asked}
    return {**{cause: match for cause, match in by_facts.items() if match.outcome}, **texts, **read.possible}


def _by_facts(rule: Rule, machine: Machine) -> Match:
    return any_block([block for block in rule.when if not _has_text(block)], machine.filling)


def failed(facts: Facts) -> bool:
    """Whether the text shows that the program failed, whatever the reason."""
    shown = facts.get("training.succeeded")
    return isinstance(shown, Known) and shown.value is False


def is_explained(facts: Facts, log: Text, read: Read) -> bool:
    """Whether the line that shows the failure is one that a rule knows: some errors are harmless."""
    numbers = {f"line {number}": line.strip() for number, line in log.lines}
    shown = [numbers.get(place) for place in facts["training.succeeded"].source]
    known = {match.line[1] for match in (*read.stated.values(), *read.likely.values()) if match.line}
    return any(line in known for line in shown)


def _explains(rule: Rule, other: Rule) -> bool:
    """Whether one cause names the other; a layer alone is no evidence in a text."""
    return other.cause in rule.explains or rule.cause in other.symptom_of


def speakable(rule: Rule, facts: Facts) -> Rule:
    """``rule`` without the parts of its texts that name what nobody told: in a log that is most of it."""

    def told(text: Words) -> Words:
        return Words(_spoken(text.en, facts), text.zh and _spoken(text.zh, facts))

    return rule._replace(title=told(rule.title), why=told(rule.why))


def _spoken(text: str, facts: Facts) -> str:
    whole = without(text, lambda name: is_told(facts, name))
    return PLACE.sub(lambda place: place[0] if isinstance(facts.get(place[1]), Known) else "…", whole)
