"""Hides secrets and identity in JSON values; the same secret gets the same placeholder.

*Secrets* are shown nowhere: ``redact(value)``. *Identity* is hidden too in all that is made to be
passed on, every format but the terminal and every file: ``redact(value, who)``. Redacting twice
changes nothing, and placeholders are numbered per kind in the sorted order of keys, so that two runs
on one machine agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ..model import Value
from . import secrets
from .step import PLACEHOLDER, Book, Step
from .who import Who, whose

#: What matches no step: short words, and versions of up to three parts. Most values are such.
_PLAIN = re.compile(r"[\w-]{0,14}|\d+(?:\.\d+){0,2}[\w-]{0,12}")

#: The first bytes of an ELF file: it holds nothing of the user's, and must stay readable as a program.
_PROGRAM = re.compile(r"\x7fELF[\x01\x02][\x01\x02]\x01")


def redact(value: Value, who: Who | None = None) -> Value:
    """``value`` (any JSON) without secrets and, where ``who`` is given, without identity.

    ``value`` itself stays as it is.
    """
    book = Book()
    if who is None:
        first = _Rules(secrets.STEPS, secrets.FIELDS, book, _PLAIN)
        hidden, known = _walk(value, first), _known_secrets(book)
        return _walk(hidden, _Rules(known, [], book, then=first)) if known else hidden
    from . import identity  # slow to load, and the terminal does not need it

    identity.reserve(who, book)
    steps, fields = [*secrets.STEPS, *identity.steps(who)], [*secrets.FIELDS, *identity.FIELDS]
    first = _Rules(steps, fields, book, _PLAIN, identity.is_anybody)
    hidden = _walk(value, first)
    return _walk(hidden, _Rules([*_known_secrets(book), _short_uuids(book)], [], book, then=first))


@dataclass(frozen=True)
class _Rules:
    steps: list[Step]
    fields: list[tuple[str, re.Pattern[str]]]
    book: Book
    plain: re.Pattern[str] | None = None
    #: Whether what stands under a key of this kind names no one after all.
    is_anybody: Callable[[str, str], bool] = lambda kind, value: False
    #: The same texts come again and again, such as the folder of each installed package.
    known: dict[str, str] = field(default_factory=dict)
    #: So do the same keys: what kind of value stands under each, if it is one to be hidden.
    kinds: dict[str, str | None] = field(default_factory=dict)
    #: The rules for a text in which these found something: it may uncover more.
    then: _Rules | None = None


def _walk(value: Value, rules: _Rules) -> Value:
    if isinstance(value, str):
        return _text(value, rules)
    if isinstance(value, list):
        return [_walk(item, rules) for item in value]
    if not isinstance(value, dict):
        return value
    # Sorted, since the numbers depend on the order; handed back in the order in which it came.
    new = {key: (_text(key, rules), _field(key, value[key], rules)) for key in sorted(value)}
    hidden: dict[str, Value] = {}
    for name, inner in (new[key] for key in value):
        while name in hidden:  # "~" and the home itself: none of the two may be lost
            name += "'"
        hidden[name] = inner
    return hidden


def _text(text: str, rules: _Rules) -> str:
    if text not in rules.known:
        untouched = _PROGRAM.match(text) or (rules.plain and rules.plain.fullmatch(text))
        rules.known[text] = text if untouched else _hidden(text, rules)
    return rules.known[text]


def _hidden(text: str, rules: _Rules) -> str:
    """``text`` after all steps; again while one uncovers what another finds."""
    for _ in range(8):
        before = text
        for step in rules.steps:
            text = step.hide(text, rules.book)
        if text == before:
            break
        text = _hidden(text, rules.then) if rules.then else text
    return text


def _field(key: str, value: Value, rules: _Rules) -> Value:
    """A value under a key that says what it is, such as ``HF_TOKEN``."""
    if key not in rules.kinds:
        rules.kinds[key] = next((kind for kind, names in rules.fields if names.search(key)), None)
    kind = rules.kinds[key]
    if kind is None or not isinstance(value, str) or secrets.is_empty(value) or rules.is_anybody(kind, value):
        return _walk(value, rules)
    return rules.book.placeholder(kind, _text(value, rules))


def _known_secrets(book: Book) -> list[Step]:
    """A secret that was recognised once is hidden wherever it stands, if it is long enough to be one."""
    known = {secret: new for (kind, secret), new in book.given.items() if kind in secrets.KINDS}
    found = sorted((secret for secret in known if len(secret) >= 8), key=len, reverse=True)
    pattern = re.compile(f"(?P<x>{'|'.join(map(re.escape, found))})")
    return [Step("secret", pattern, instead=known.__getitem__)] if found else []


def _short_uuids(book: Book) -> Step:
    """CUDA_VISIBLE_DEVICES takes the beginning of a UUID: it gets the placeholder of the whole."""

    def whole(start: str) -> str:
        known = (new for (kind, uuid), new in book.given.items() if kind == "uuid" and uuid.startswith(start))
        return next(known, None) or book.placeholder("uuid", start)

    return Step("uuid", re.compile(r"\b(?:GPU|MIG)-(?P<x>[0-9a-f]{4,}(?:-[0-9a-f]*)*)(?!\w)"), instead=whole)


__all__ = ["PLACEHOLDER", "Who", "redact", "whose"]
