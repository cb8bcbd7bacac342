"""A noun with its JSON values changed, whatever noun it is: the door through which redaction goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from .model import Rule, Value

Noun = TypeVar("Noun")

#: All of a rule that a machine's facts are filled into; the rest is the same everywhere, and long.
_FILLED = ("title", "why")


def changed(noun: Noun, change: Callable[[Value], Value]) -> Noun:
    """``noun`` as if it had been built of the values that ``change`` makes of its own.

    ``change`` gets all of it as one JSON value; it may change texts and keys, no shape and no order.
    """
    plain = _plain(noun)
    new = change(plain)
    return noun if new == plain else cast(Noun, _rebuilt(noun, new))


def _names(noun: Any) -> Iterable[str]:
    return _FILLED if isinstance(noun, Rule) else noun._fields


def _is_noun(thing: Any) -> bool:
    return isinstance(thing, tuple) and hasattr(thing, "_fields")


def _plain(noun: Any) -> Value:
    if noun is None or isinstance(noun, (str, int, float)):
        return noun
    if _is_noun(noun):
        return {name: _plain(getattr(noun, name)) for name in _names(noun) if name != "on"}
    if isinstance(noun, Mapping):
        return {key: _plain(value) for key, value in noun.items()}
    return [_plain(item) for item in noun]


def _rebuilt(noun: Any, value: Value) -> Any:
    if _is_noun(noun):
        return noun._replace(**{name: _rebuilt(getattr(noun, name), new) for name, new in value.items()})
    if isinstance(noun, Mapping):
        return {key: _rebuilt(old, new) for old, (key, new) in zip(noun.values(), value.items())}
    if isinstance(noun, (list, tuple)):
        return type(noun)(_rebuilt(old, new) for old, new in zip(noun, value))
    return value
