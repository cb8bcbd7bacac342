"""All that there is to say of one cause: its rule, lines that show it, and what became of it on a machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Literal, NamedTuple

from . import own_files, rule_file, rulebook
from .given import follow
from .match import any_block
from .model import Condition, Facts, Known, Report, Rule, Unknown, Wrong, blocks_facts
from .operators import Outcome, both
from .search import Text
from .words import say

#: What became of a rule: the cause that is named first · another that is named · it holds, and another
#: cause explains it · it does not hold · it can be neither confirmed nor ruled out.
Standing = Literal["first", "named", "explained", "no", "cannot tell"]


class Line(NamedTuple):
    """One condition: whether it holds here, the values that this rests on, and what is missing for it."""

    condition: Condition
    outcome: Outcome
    because: Mapping[str, Known]
    missing: Mapping[str, Unknown]


class Judged(NamedTuple):
    """A rule's blocks of conditions as they come out here. ``by``: the cause that explains or outranks it."""

    blocks: tuple[tuple[Line, ...], ...]
    standing: Standing
    by: str | None = None


class Page(NamedTuple):
    """What is told of a cause.

    ``rule`` has its examples; ``rules`` are all there are; ``seen`` are lines of logs that show it; ``how``
    has the command that shows a fact, by the fact's name; ``report`` and ``judged`` are of one machine.
    """

    rule: Rule
    rules: tuple[Rule, ...]
    seen: tuple[str, ...] = ()
    how: Mapping[str, str] = {}
    report: Report | None = None
    judged: Judged | None = None


def page(name: str) -> Page:
    """The page of the cause called ``name``, on no machine. Raises :class:`Wrong` where there is none."""
    rules = rulebook.load()
    rule = with_examples(find(name, rules))
    return Page(rule, rules, tuple(seen(rule)), how(rule))


def find(name: str, rules: Iterable[Rule]) -> Rule:
    """The rule of the cause called ``name``. Raises :class:`Wrong` with the nearest names."""
    by_cause = {rule.cause: rule for rule in rules}
    if name in by_cause:
        return by_cause[name]
    near = get_close_matches(name, by_cause, n=3, cutoff=0.5)
    sentence = say("there is no file and no cause {name}", name=name)
    if near:
        raise Wrong(f"{sentence}; " + say("is one of these meant: {names}?", names=", ".join(near)))
    raise Wrong(f"{sentence}; " + say("{command} lists all", command="envcheck rules"))


def with_examples(rule: Rule) -> Rule:
    """``rule`` as its file has it, with its examples: :func:`.rulebook.load` leaves them out."""
    text = own_files.text(rulebook.rules_folder(), rule.layer, f"{rule.cause}.toml")
    return rule_file.parse(text, rule.layer, rule.cause, examples=True)


def how(rule: Rule) -> dict[str, str]:
    """The commands that show the facts which ``rule`` asks about, by the facts' names."""
    commands = {name: follow.how(name) for name in blocks_facts(rule.when)}
    return {name: command for name, command in commands.items() if command}


def seen(rule: Rule) -> Iterator[str]:
    """The lines of the examples' logs that tell the cause, each once."""
    logs = [example.log for example in rule.examples if example.log and example.fires is not False]
    patterns = [one for block in rule.when for one in block if one.fact == "log" and not one.absent]
    found = (_first(pattern, log) for pattern in patterns for log in logs)
    yield from dict.fromkeys(line for line in found if line)


def _first(pattern: Condition, log: str) -> str | None:
    line = any_block(((pattern,),), {}, log).line
    return line[1].strip() if line else None


# --- on a machine --------------------------------------------------------------------------------


def judged(rule: Rule, report: Report, text: Text | str | None) -> Judged:
    """What became of ``rule`` in ``report``; ``text`` is what the rules were matched with there."""
    blocks = tuple(tuple(_line(one, report.facts, text) for one in block) for block in rule.when)
    standing, by = _standing(rule.cause, blocks, report)
    return Judged(blocks, standing, by)


def outcome(block: Iterable[Line]) -> Outcome:
    """Whether a whole block holds."""
    return both(line.outcome for line in block)


def _line(condition: Condition, facts: Facts, text: Text | str | None) -> Line:
    found = any_block(((condition,),), facts, text)
    return Line(condition, found.outcome, found.because, found.missing)


def _standing(
    cause: str, blocks: tuple[tuple[Line, ...], ...], report: Report
) -> tuple[Standing, str | None]:
    named = [finding.rule.cause for finding in report.findings]
    if cause in named:
        return ("first", None) if named[0] == cause else ("named", named[0])
    for consequence in report.consequences:
        if consequence.finding.rule.cause == cause:
            return "explained", consequence.because_of
    return ("cannot tell" if any(outcome(block) is None for block in blocks) else "no"), None
