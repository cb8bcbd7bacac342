"""The ``{layer.name}`` places in a rule's texts and commands, filled with the facts of this machine.

A part of a text in ``[[`` and ``]]`` stands only where each place in it has a value; in it are no brackets.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from .model import Facts, Fix, Known, Rule, Text, Value

PLACE = re.compile(r"\{([a-z]+\.[a-z][a-z0-9_]*)\}")
#: A part of a text that may be missing.
PART = re.compile(rf"\[\[([^\[\]]*{PLACE.pattern}[^\[\]]*)\]\]")

#: How a record is called in a sentence: by the first of these fields that it has.
_NAMES = ("name", "package", "soname", "module", "path", "python", "device", "bus_id")
_SAFE_ON_WINDOWS = re.compile(r"[\w:\\/.,=+\-]+")
#: What neither cmd nor PowerShell leaves alone between double quotes.
_UNQUOTABLE_ON_WINDOWS = re.compile(r'["%$`!\r\n]')


_SUDO = re.compile(r"\bsudo (?!-)")


class _NoValue(Exception):
    """A place names a fact that is absent or unknown here."""


def without(text: str, has_value: Callable[[str], bool]) -> str:
    """``text`` without the parts that name a fact of no value; the others are no longer marked.

    >>> without("TensorFlow[[ {tensorflow.version}]] is here", lambda name: False)
    'TensorFlow is here'
    """

    def part(found: re.Match[str]) -> str:
        return found[1] if all(map(has_value, PLACE.findall(found[1]))) else ""

    return PART.sub(part, text).strip()


def whole(text: str) -> str:
    """``text`` with all of its parts, none of them marked; its places stay."""
    return without(text, lambda _: True)


def bare(text: str) -> str:
    """``text`` with none of its parts; other places stay."""
    return without(text, lambda _: False)


def anywhere(text: str) -> str:
    """``text`` as it is on no machine in particular: "…" for each place that is in no part."""
    return PLACE.sub("…", bare(text))


def is_told(facts: Facts, name: str) -> bool:
    """Whether the fact has a value that a sentence can say."""
    fact = facts.get(name)
    return isinstance(fact, Known) and fact.value not in (None, [])


def fill_rule(rule: Rule, facts: Facts) -> Rule:
    """``rule`` with the places of title and why filled; what is absent or not known is called so."""
    return rule._replace(title=_fill_text(rule.title, facts), why=_fill_text(rule.why, facts))


def fill_fix(fix: Fix, facts: Facts) -> Fix | None:
    """``fix`` with its places filled, quoted for the user's shell in commands; None if one has no value.

    What serves to check it afterwards may be missing. The superuser needs no sudo, which most containers
    lack; what is done by hand (``manual``) may be done on another machine, by somebody else.
    """
    quote = _windows if _value_or_none(facts, "platform.system") == "Windows" else shlex.quote
    bare = _value_or_none(facts, "platform.root") is True and fix.scope != "manual"
    try:
        return fix._replace(
            do=Text(_said(fix.do.en, facts), fix.do.zh and _said(fix.do.zh, facts)),
            packages=tuple(name for package in fix.packages for name in _packages(package, facts)),
            run=tuple(_command(_SUDO.sub("", line) if bare else line, facts, quote) for line in fix.run),
            verify=tuple(_filled_lines(fix.verify, facts, quote)),
        )
    except _NoValue:
        return None


def tell_fix(fix: Fix, facts: Facts) -> Fix:
    """``fix`` with "…" in its text for what is absent or unknown. Without a value for each place in its
    commands it is told without them, and left to be done by hand: half a list of commands helps nobody."""
    do = Text(_spoken(fix.do.en, facts), fix.do.zh and _spoken(fix.do.zh, facts))
    told = fix._replace(do=do)
    by_hand = told._replace(packages=(), run=(), scope="manual")
    return fill_fix(told, facts) or fill_fix(by_hand, facts) or by_hand


def _spoken(text: str, facts: Facts) -> str:
    told = without(text, lambda name: is_told(facts, name))
    return _filled(told, lambda name: _or(facts, name, "…", "…"))


def _packages(package: str, facts: Facts) -> Iterator[str]:
    """A package with its places filled; several where one place, and nothing else, names a list."""
    place = PLACE.fullmatch(package)
    value = _value(facts, place[1]) if place else None
    yield from map(str, value) if isinstance(value, list) else [_known(package, facts)]


def _filled_lines(lines: Iterable[str], facts: Facts, quote: Callable[[str], str]) -> Iterator[str]:
    for line in lines:
        with suppress(_NoValue):
            yield _command(line, facts, quote)


def shown(value: Value) -> str:
    """A value as a sentence says it: lists joined, records by their name and bus id."""
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    if isinstance(value, dict):
        return _record(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _record(record: dict[str, Value]) -> str:
    names = [str(record[name]) for name in _NAMES if record.get(name) is not None]
    if not names:
        return ", ".join(f"{name} {shown(value)}" for name, value in record.items())
    bus_id = record.get("bus_id")
    return f"{names[0]} ({bus_id})" if bus_id and names[0] != bus_id else names[0]


def _fill_text(text: Text, facts: Facts) -> Text:
    def filled(template: str, unknown: str, absent: str) -> str:
        told = without(template, lambda name: is_told(facts, name))
        return _filled(told, lambda name: _or(facts, name, unknown, absent))

    return Text(filled(text.en, "unknown", "none"), text.zh and filled(text.zh, "未知", "无"))


def _filled(text: str, value: Callable[[str], str]) -> str:
    return PLACE.sub(lambda place: value(place[1]), text)


def _or(facts: Facts, name: str, unknown: str, absent: str) -> str:
    fact = facts.get(name)
    if not isinstance(fact, Known):
        return unknown
    return absent if fact.value in (None, []) else shown(fact.value)


def _value(facts: Facts, name: str) -> Value:
    fact = facts.get(name)
    if not isinstance(fact, Known) or fact.value in (None, [], ""):
        raise _NoValue(name)
    return fact.value


def _said(text: str, facts: Facts) -> str:
    return _known(without(text, lambda name: is_told(facts, name)), facts)


def _known(text: str, facts: Facts) -> str:
    return _filled(text, lambda name: shown(_value(facts, name)))


def _command(line: str, facts: Facts, quote: Callable[[str], str]) -> str:
    """A list becomes several arguments. A Python of which nobody told where it is, is called by its name."""

    def argument(name: str) -> str:
        if name == "python.executable" and not is_told(facts, name):
            return "python"
        return _arguments(_value(facts, name), quote)

    return _filled(line, argument)


def _arguments(value: Value, quote: Callable[[str], str]) -> str:
    values = value if isinstance(value, list) else [value]
    return " ".join(quote(_argument(item)) for item in values)


def _argument(value: Value) -> str:
    """In a command a record stands by its name alone."""
    if isinstance(value, dict):
        return next((str(value[name]) for name in _NAMES if value.get(name) is not None), shown(value))
    return shown(value)


def _windows(argument: str) -> str:
    if _UNQUOTABLE_ON_WINDOWS.search(argument):
        raise _NoValue(argument)
    return argument if _SAFE_ON_WINDOWS.fullmatch(argument) else f'"{argument}"'


def _value_or_none(facts: Facts, name: str) -> Value:
    fact = facts.get(name)
    return fact.value if isinstance(fact, Known) else None
