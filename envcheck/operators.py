"""What the operators of a rule mean, on JSON values: yes (True), no (False), cannot tell (None).

The closed list of DESIGN.md §6. Absent (None) is an answer like any other: ``present = false`` is
yes, ``not`` of a comparison with it is yes, every other comparison is no.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Optional

from .model import Fact, Known, Unknown, Value, Wrong

Outcome = Optional[bool]
#: How an operand ``{ fact = "…" }`` is looked up.
Look = Callable[[str], Fact]

OPERATORS = ("is", "in", "matches", "below", "at_least", "within", "has", "present", "not")

_DIGITS = re.compile(r"[0-9]{1,18}")


def both(outcomes: Iterable[Outcome]) -> Outcome:
    """No if one is no, else cannot tell if one is, else yes."""
    seen = set(outcomes)
    return False if False in seen else None if None in seen else True


def either(outcomes: Iterable[Outcome]) -> Outcome:
    """Yes if one is yes, else cannot tell if one is, else no."""
    seen = set(outcomes)
    return True if True in seen else None if None in seen else False


def is_reference(operand: Value) -> bool:
    """Whether ``operand`` is ``{ fact = "layer.name" }``: the value of another fact."""
    return isinstance(operand, dict) and set(operand) == {"fact"}


def is_condition(operand: Value) -> bool:
    """Whether the operand of ``has`` is a table of operators, to hold of an element itself."""
    return isinstance(operand, dict) and bool(operand) and all(key in OPERATORS for key in operand)


def holds(value: Value, test: Value, look: Look) -> Outcome:
    """Whether ``test``, a bare value or a table of operators, holds of ``value``."""
    if not isinstance(test, dict) or is_reference(test):
        return _operator("is", value, test, look)
    return both([_operator(name, value, operand, look) for name, operand in test.items()])


def _operator(name: str, value: Value, operand: Value, look: Look) -> Outcome:
    if name == "present":
        return bool((value is not None) is operand)
    if name == "not":
        outcome = holds(value, operand, look)
        return None if outcome is None else not outcome
    if value is None:
        return False
    if name == "has":
        return _has(value, operand, look)
    if name == "in":
        return _in(value, operand, look)
    other = _resolved(operand, look)
    if isinstance(other, Unknown):
        return None
    return False if other.value is None else COMPARISONS[name](value, other.value)


def _resolved(operand: Value, look: Look) -> Fact:
    """The operand's value, looked up where it is ``{ fact = "…" }``."""
    return look(operand["fact"]) if is_reference(operand) else Known(operand)


def _in(value: Value, operand: Value, look: Look) -> Outcome:
    choices = _resolved(operand, look)
    if isinstance(choices, Unknown):
        return None
    if not isinstance(choices.value, list):
        return False
    return either([_operator("is", value, choice, look) for choice in choices.value])


def _has(value: Value, operand: Value, look: Look) -> Outcome:
    """A table is a record itself, and its names are its elements."""
    elements = value if isinstance(value, list) else [value] if isinstance(value, dict) else []
    if is_condition(operand):
        return either([holds(element, operand, look) for element in elements])
    if isinstance(operand, dict) and not is_reference(operand):
        records = [element for element in elements if isinstance(element, dict)]
        return either([_fields(record, operand, look) for record in records])
    plain = list(value) if isinstance(value, dict) else elements
    return either([_operator("is", element, operand, look) for element in plain])


def _fields(record: Mapping[str, Value], conditions: Mapping[str, Value], look: Look) -> Outcome:
    return both([holds(record.get(name), test, look) for name, test in conditions.items()])


def same(value: Value, other: Value) -> bool:
    """Equality of type and value, as JSON has types: ``True`` is not ``1``, ``1`` is ``1.0``."""
    if isinstance(value, bool) or isinstance(other, bool):
        return value is other
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(same, value, other))
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(same(value[key], other[key]) for key in value)
    return bool(value == other)


def dotted(version: str) -> tuple[int, ...]:
    """The integers of a version, up to the first part that does not begin with a digit.

    >>> dotted("535.154.05-1ubuntu1"), dotted("12.0a"), dotted("unknown")
    ((535, 154, 5), (12, 0), ())
    """
    numbers = []
    for part in version.split("."):
        digits = _DIGITS.match(part)
        if not digits:
            break
        numbers.append(int(digits[0]))
        if digits[0] != part:
            break  # what stands behind letters belongs to the suffix: 2.35-0ubuntu3.8
    return tuple(numbers)


def below(value: Value, other: Value) -> Outcome:
    """Numbers as numbers, strings as versions, 12 as 12.0; None where they cannot be compared."""
    if _is_number(value) and _is_number(other):
        return bool(value < other)
    if not isinstance(value, str) or not isinstance(other, str):
        return None
    left, right = dotted(value), dotted(other)
    length = max(len(left), len(right))
    return _padded(left, length) < _padded(right, length) if left and right else None


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    return numbers + (0,) * (length - len(numbers))


def _at_least(value: Value, other: Value) -> Outcome:
    less = below(value, other)
    return None if less is None else not less


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """``pattern`` with ``^`` and ``$`` at each line, compiled once."""
    try:
        return re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise Wrong(f"bad regular expression {pattern!r} in a rule: {error}") from None


def _matches(value: Value, pattern: Value) -> Outcome:
    return isinstance(value, str) and compiled(pattern).search(value) is not None


def within(value: Value, specifier: Value) -> Outcome:
    """Whether a version is within a PEP 440 specifier; a pre-release counts as the version it is."""
    if not isinstance(value, str) or not isinstance(specifier, str):
        return None
    return _within(value, specifier)


@cache
def _within(value: str, specifier: str) -> Outcome:
    # Imported here: it costs 25 ms, and most runs never come to a specifier.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        return SpecifierSet(specifier).contains(Version(value), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return None


COMPARISONS: Mapping[str, Callable[[Value, Value], Outcome]] = {
    "is": same,
    "matches": _matches,
    "below": below,
    "at_least": _at_least,
    "within": within,
}
