"""The ``when`` and ``on`` blocks of a rule file: from TOML tables to conditions, or a clear error.

``strict`` also checks what costs time and what the product need not check again: that regular
expressions compile and that version specifiers can be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from .model import LAYER_NAMES, Block, Condition, Value
from .operators import OPERATORS, is_condition, is_reference

#: Facts live in the layers, and in ``wanted``: what the user asks for.
FACT_LAYERS = (*LAYER_NAMES, "wanted")

#: What must be found in the text, what else must, and what must not.
_TEXT = ("log", "log_also", "log_without")

_NAME = re.compile(r"[a-z][a-z0-9_]*")

Table = Mapping[str, Any]


class Misuse(Exception):
    """What is wrong with a rule file: the key, and a sentence that follows it."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(key, sentence)
        self.key, self.sentence = key, sentence


def inside(key: str, build: Callable[[Any], Any], item: Any) -> Any:
    """``build(item)``; an error in it names ``key`` in front of its own."""
    try:
        return build(item)
    except Misuse as error:
        raise Misuse(f"{key}.{error.key}" if error.key else key, error.sentence) from None


def any_of(names: Iterable[str]) -> str:
    """The end of a sentence that says which names there are."""
    return "it is one of " + ", ".join(names)


def block(table: Table, strict: bool) -> Block:
    """The conditions of one block. Raises ``Misuse``."""
    if not table:
        raise Misuse("", "is empty")
    for key in _TEXT[1:]:
        if key in table and "log" not in table:
            raise Misuse(key, "goes with log: what else is in that text, or is not")
    return tuple(_conditions(table, strict))


def _conditions(table: Table, strict: bool) -> Iterator[Condition]:
    for key, value in table.items():
        if key in _TEXT:  # the line that a finding quotes is that of the first
            yield Condition("log", _patterns(key, value, strict), absent=key == "log_without")
            continue
        for name, test in facts_in(key, value):
            inside(name, partial(_check, strict=strict), test)
            yield Condition(name, test)


def facts_in(layer: str, table: Value) -> Iterator[tuple[str, Value]]:
    """The facts a table names: TOML reads ``driver.version = …`` as table ``driver``, key ``version``."""
    if not isinstance(table, dict) or "." in layer:
        raise Misuse(layer, "a fact's name has two parts: layer.name")
    if layer not in FACT_LAYERS:
        raise Misuse(layer, f"unknown layer {layer!r}: {any_of(FACT_LAYERS)}")
    for name, value in table.items():
        _fact_name(f"{layer}.{name}")
        yield f"{layer}.{name}", value


def _fact_name(name: Value) -> None:
    parts = name.split(".") if isinstance(name, str) else []
    if len(parts) != 2 or not all(_NAME.fullmatch(part) for part in parts):
        raise Misuse("", f"{name!r} is no fact: its name has two parts, layer.name")
    if parts[0] not in FACT_LAYERS:
        raise Misuse("", f"unknown layer {parts[0]!r}: {any_of(FACT_LAYERS)}")


def _patterns(key: str, value: Value, strict: bool) -> tuple[str, ...]:
    patterns = [value] if isinstance(value, str) else value
    if not isinstance(patterns, list) or not patterns or not all(isinstance(p, str) and p for p in patterns):
        raise Misuse(key, "must be a regular expression or a list of them")
    for pattern in patterns if strict else ():
        inside(key, partial(_check_pattern, strict=strict), pattern)
    return tuple(patterns)


def _check(test: Value, strict: bool) -> None:
    """Raise unless ``test`` is a bare value or a table of known operators with fit operands."""
    if not isinstance(test, dict) or is_reference(test):
        return _check_operand(test)
    if not test:
        raise Misuse("", "is empty")
    for operator, operand in test.items():
        if operator not in OPERATORS:
            raise Misuse(operator, f"unknown operator: {any_of(OPERATORS)}")
        inside(operator, partial(_check_operator, operator, strict=strict), operand)
    return None


def _check_operator(operator: str, operand: Value, strict: bool) -> None:
    if operator == "present" and not isinstance(operand, bool):
        raise Misuse("", "must be true or false")
    if operator == "in" and not isinstance(operand, list) and not is_reference(operand):
        raise Misuse("", "must be a list")
    if operator in ("below", "at_least", "within") and isinstance(operand, (bool, list)):
        raise Misuse("", "must be a version or a number")
    if operator == "matches":
        return _check_pattern(operand, strict)
    if operator == "not" or (operator == "has" and is_condition(operand)):
        return _check(operand, strict)
    if operator == "has" and isinstance(operand, dict) and not is_reference(operand):
        return _check_record(operand, strict)
    if operator == "within" and strict and isinstance(operand, str):
        return _check_specifier(operand)
    return _check_operand(operand)


def _check_record(fields: Table, strict: bool) -> None:
    if not fields:
        raise Misuse("", "is empty")
    for name, test in fields.items():
        if name in OPERATORS:
            raise Misuse(name, "is an operator among the fields of a record")
        inside(name, partial(_check, strict=strict), test)


def _check_operand(operand: Value) -> None:
    """Raise unless ``operand`` is a JSON value or ``{ fact = "…" }``; lists may hold either."""
    if isinstance(operand, dict):
        if set(operand) != {"fact"}:
            raise Misuse("", 'must be a value or { fact = "layer.name" }')
        _fact_name(operand["fact"])
    elif isinstance(operand, list):
        for item in operand:
            _check_operand(item)
    elif not isinstance(operand, (str, int, float)):
        raise Misuse("", "must be a text, a number, true, false or a list")


def _check_pattern(pattern: Value, strict: bool) -> None:
    if not isinstance(pattern, str):
        raise Misuse("", "must be a regular expression")
    try:
        if strict:
            re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise Misuse("", f"bad regular expression {pattern!r}: {error}") from None


def _check_specifier(specifier: str) -> None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # slow to import, rarely needed

    try:
        SpecifierSet(specifier)
    except InvalidSpecifier as error:
        raise Misuse("", str(error)) from None


def asked(blocks: Iterable[Block]) -> list[str]:
    """The names of all facts that the blocks ask about or compare with, once each, sorted."""
    conditions = [condition for block in blocks for condition in block if condition.fact != "log"]
    compared = (name for condition in conditions for name in _compared(condition.test))
    return sorted({*(condition.fact for condition in conditions), *compared})


def _compared(test: Value) -> Iterator[str]:
    if is_reference(test):
        yield test["fact"]
        return
    for item in test.values() if isinstance(test, dict) else test if isinstance(test, list) else ():
        yield from _compared(item)
