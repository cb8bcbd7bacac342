"""The nouns: what is known of a machine, what the rules say of it, and what is reported.

Everything here is frozen and holds JSON values only, so that a noun can be written to a
file, read back and compared. This module imports nothing of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Union

#: What JSON can hold. Versions stay strings; ``None`` means "looked, and it is not there".
Value = Any

Kind = Literal["failed", "denied", "skipped", "pending", "not-recorded", "bug"]
Severity = Literal["blocking", "degraded", "notice"]
Status = Literal["ok", "degraded", "blocked", "unknown", "skipped"]
Verdict = Literal["ready", "degraded", "blocked", "undecided"]
Scope = Literal["environment", "user", "system", "reboot", "manual"]

LAYER_NAMES = ("platform", "hardware", "driver", "cuda", "python", "tensorflow", "training")
#: Rules of the layer ``notice`` explain harmless log lines; no facts belong to it.
RULE_LAYERS = (*LAYER_NAMES, "notice")
SEVERITIES: tuple[Severity, ...] = ("blocking", "degraded", "notice")


class Wrong(Exception):
    """Bad input from the user: one clear sentence, exit code 2."""


class NoAnswer(Exception):
    """A fact could not be learned. ``sentence`` is constant, so that it can be translated.

    >>> raise NoAnswer("failed", "no answer within {seconds} s", seconds=10)
    """

    def __init__(self, kind: Kind, sentence: str, **values: Value) -> None:
        super().__init__(sentence)
        self.kind: Kind = kind
        self.sentence = sentence
        self.values = values


class Known(NamedTuple):
    """A fact that was learned, and where it was read."""

    value: Value
    source: tuple[str, ...] = ()


class Unknown(NamedTuple):
    """A fact that could not be learned, and why."""

    kind: Kind
    sentence: str
    source: tuple[str, ...] = ()
    values: Mapping[str, Value] = {}

    @property
    def reason(self) -> str:
        """The sentence with its values filled in, in English."""
        return fill(self.sentence, self.values)


_PLACE = re.compile(r"\{(\w+)\}")

Fact = Union[Known, Unknown]
Facts = Mapping[str, Fact]


def fill(sentence: str, values: Mapping[str, Value]) -> str:
    """Put ``values`` into the ``{name}`` places of ``sentence``; other braces stay as they are."""
    return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), sentence)


class Condition(NamedTuple):
    """One line of a ``when`` block: a fact and what must hold of it.

    ``fact`` is ``"log"`` for a line on text; ``test`` then is a tuple of regular expressions, of which one
    is found in it, or, where ``absent``, none. Otherwise ``test`` is what the rule file says: a bare value
    or a table of operators.
    """

    fact: str
    test: Value
    absent: bool = False


Block = tuple[Condition, ...]


class Text(NamedTuple):
    """A text of a rule in the languages it has; ``zh`` may be missing."""

    en: str
    zh: str | None = None


class Fix(NamedTuple):
    """What to do: prose, and the commands or packages as data beside it."""

    do: Text
    packages: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    on: tuple[Block, ...] = ()
    scope: Scope = "manual"
    verify: tuple[str, ...] = ()
    otherwise: bool = False  # only where no fix before it surely applies


class Example(NamedTuple):
    """What a rule must say (``fires``: True, False or None for "cannot tell") of given facts."""

    fires: bool | None
    facts: Mapping[str, Fact]
    log: str | None = None


class Rule(NamedTuple):
    """One cause: when it holds, what it means, what to do."""

    cause: str
    layer: str
    severity: Severity
    needs: Literal["gpu", "any"]
    title: Text
    why: Text
    when: tuple[Block, ...]
    fixes: Sequence[Fix] = ()
    explains: tuple[str, ...] = ()
    symptom_of: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    #: A defect of TensorFlow or Keras rather than of the environment: worth an issue.
    bug: bool = False


class Finding(NamedTuple):
    """A rule that holds on this machine, the facts it rests on, and the fixes that apply here.

    ``rule`` and ``fixes`` have their ``{fact}`` places filled in; ``severity`` is the rule's,
    or ``notice`` where the rule needs a GPU and none is wanted.
    """

    rule: Rule
    severity: Severity
    because: Facts
    fixes: tuple[Fix, ...]


class Consequence(NamedTuple):
    """A finding that needs no entry of its own, since ``because_of`` explains it."""

    finding: Finding
    because_of: str


class Undecided(NamedTuple):
    """A rule that could be neither confirmed nor ruled out, and the facts that are missing."""

    rule: Rule
    missing: Mapping[str, Unknown]


class Skipped(NamedTuple):
    """A rule that the user does not want to block: why, and where that is said.

    ``holds``: whether it holds here; None: that cannot be told.
    """

    rule: Rule
    reason: str
    place: str = ""
    holds: bool | None = False


class LayerResult(NamedTuple):
    """How one layer fares. ``seconds``: from the start of the run until its last fact settled."""

    layer: str
    status: Status
    seconds: float | None = None


class Target(NamedTuple):
    """The interpreter under examination, and why it was chosen.

    ``others`` are interpreters that were nearly as likely.
    """

    python: str
    chosen: str
    environment: str | None = None
    version: str | None = None
    others: tuple[str, ...] = ()


class Report(NamedTuple):
    """All that one check found out. ``findings[0]``, where it blocks, is the root cause."""

    verdict: Verdict
    target: Target
    layers: tuple[LayerResult, ...]
    findings: tuple[Finding, ...]
    consequences: tuple[Consequence, ...]
    undecided: tuple[Undecided, ...]
    facts: Facts
    training: tuple[Mapping[str, Value], ...] = ()
    created: str = ""
    strict: bool = False
    notes: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 ready or degraded · 1 blocked (with ``strict`` also degraded) · 3 undecided."""
        codes = {"ready": 0, "degraded": 1 if self.strict else 0, "blocked": 1, "undecided": 3}
        return codes[self.verdict]


def blocks_facts(blocks: tuple[Block, ...]) -> Iterator[str]:
    """The names of the facts that the blocks ask about, once each, in order; never ``log``."""
    seen = set()
    for block in blocks:
        for condition in block:
            if condition.fact != "log" and condition.fact not in seen:
                seen.add(condition.fact)
                yield condition.fact
