"""Values of facts as a person reads them."""

from __future__ import annotations

import re

from ..model import Fact, Facts, Known, Unknown, Value
from ..words import mark, reason, say
from .document import Line, Span, Table, line

#: Sources that are words, as the Host and the requirements name them.
PLACES = (
    mark("the examined Python"),
    mark("the loader of the examined Python"),
    mark("TensorFlow itself"),
    mark("what the file asks for"),
    mark("auto: there is no NVIDIA GPU"),
)
_LINE = re.compile(r"line (\d+)")
_GPU = re.compile(r"auto: (.+) is an NVIDIA GPU")

#: Characters of a value and of its source that are shown where not all is asked for.
SHORT, SHORT_SOURCE = 120, 40


def shown(value: Value, whole: bool = False) -> str:
    """A value without brackets and quotes, and a word for what is not there.

    ``whole``: a line for each record, with the fields that are absent, too.
    """
    if value is None:
        return say("none")
    if value is True or value is False:
        return say("yes") if value else say("no")
    if isinstance(value, dict):
        told = {key: item for key, item in value.items() if whole or item is not None}
        return ", ".join(f"{key} {shown(item)}" for key, item in told.items()) or say("none")
    if isinstance(value, (list, tuple)):
        records = any(isinstance(item, dict) for item in value)
        between = ("\n" if whole else "; ") if records else ", "
        return between.join(shown(item, whole) for item in value) or say("none")
    return str(value)


def number(value: float) -> str:
    """A measured number with as many digits as mean something: 1234.5 → "1,234", 2.3104 → "2.31"."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def cut(text: str, length: int) -> str:
    """``text``, its end left out where it is longer than ``length``."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def evidence(facts: Facts, whole: bool = False) -> Table:
    """A row per fact: its name; its value, and where that was read.

    In short without what is absent, unless that is all there is: it seldom convinces anybody.
    """
    there = {name: fact for name, fact in facts.items() if isinstance(fact, Unknown) or _is_there(fact)}
    told = facts if whole or not there else there
    return Table(tuple(_row(name, fact, whole) for name, fact in told.items()))


def _is_there(fact: Known) -> bool:
    return fact.value not in (None, [], "")


def _row(name: str, fact: Fact, whole: bool) -> tuple[Line, Line]:
    unknown = isinstance(fact, Unknown)
    text = reason(fact) if isinstance(fact, Unknown) else shown(fact.value, whole)
    value = Span(text if whole else cut(text, SHORT), "warn" if unknown else "plain")
    source = _source(fact.source, whole)
    return line(name), line(value, Span(f"  {source}" if source else "", "faint"))


def _source(source: tuple[str, ...], whole: bool) -> str:
    """Where it was read; in short the first place, which for most facts is the one that counts."""
    told = [_told(place) for place in source]
    if whole or not told:
        return ", ".join(told)
    return cut(told[0], SHORT_SOURCE) + (", …" if len(told) > 1 else "")


def _told(place: str) -> str:
    """A source in the language in use, where it is words; paths, commands and variables stay as they are."""
    line, gpu = _LINE.fullmatch(place), _GPU.fullmatch(place)
    if line:
        return say("line {number}", number=line[1])
    return say("auto: {gpu} is an NVIDIA GPU", gpu=gpu[1]) if gpu else say(place)


class Seen:
    """Looks values up: ``seen("driver.version")`` is None where the fact is absent or unknown."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def __call__(self, name: str) -> Value:
        """The fact's value."""
        fact = self._facts.get(name)
        return fact.value if isinstance(fact, Known) else None

    def known(self, name: str) -> bool:
        """Whether it was looked at, with whatever result."""
        return isinstance(self._facts.get(name), Known)

    def why_not(self, name: str) -> Unknown | None:
        """Why the fact is unknown; None where it is known, or never asked for."""
        fact = self._facts.get(name)
        return fact if isinstance(fact, Unknown) else None
