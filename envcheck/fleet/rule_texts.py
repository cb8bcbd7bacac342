"""A report's texts in the organiser's language: they are looked for among those of the rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import combinations

from ..model import Rule, Text
from ..places import PLACE, without
from .member import Need

#: Facts of a text of which any may be missing.
MOST = 4


class Told:
    """Titles and fixes of reports in the languages that the rules have; as they stand where none has them."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = {rule.cause: rule for rule in rules}

    def title(self, need: Need) -> Text:
        """The cause's title on this machine."""
        rule = self._rules.get(need.cause)
        return _told(need.title, (rule.title,) if rule else ())

    def general(self, need: Need) -> Text:
        """The cause's title on any machine, without what differs."""
        rule = self._rules.get(need.cause)
        return _filled(rule.title, {}) if rule else Text(need.title)

    def fix(self, need: Need) -> Text:
        """What to do on this machine."""
        rule = self._rules.get(need.cause)
        return _told(need.do, tuple(fix.do for fix in rule.fixes) if rule else ())


@lru_cache(maxsize=4096)
def _told(said: str, known: tuple[Text, ...]) -> Text:
    for text in known:
        for form in (form for template in filter(None, text) for form in _forms(template)):
            values = _values(form, said)
            if values is not None:
                return _filled(text, values)
    return Text(said)


def _filled(text: Text, values: Mapping[str, str]) -> Text:
    def fill(template: str) -> str:
        whole = " ".join(without(template, values.__contains__).split())
        return PLACE.sub(lambda place: values.get(place[1], "…"), whole)

    return Text(fill(text.en), text.zh and fill(text.zh))


def _forms(template: str) -> Iterator[str]:
    """What a report may have made of ``template``: with each of its optional parts, and without; the fullest
    first. Titles have three parts at most, and a text with more is tried with all of them or none."""
    facts = list(dict.fromkeys(PLACE.findall(template)))
    numbers = range(len(facts), -1, -1) if len(facts) <= MOST else (len(facts), 0)
    for number in numbers:
        for told in combinations(facts, number):
            yield without(template, told.__contains__)


def _values(template: str, said: str) -> dict[str, str] | None:
    """What stands in ``said`` at the places of ``template``; None where it was not made of that.

    Found from left to right without going back, so that no text can keep it busy.
    """
    pieces = PLACE.split(" ".join(template.split()))
    if not said.startswith(pieces[0]):
        return None
    values, at = {}, len(pieces[0])
    for name, after in zip(pieces[1::2], pieces[2::2]):
        last = after is pieces[-1]
        end = (len(said) - len(after) if said.endswith(after) else -1) if last else said.find(after, at)
        if end < at:
            return None
        values[name], at = said[at:end], end + len(after)
    return values if at == len(said) else None
