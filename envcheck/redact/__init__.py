"""Hides secrets and identity in JSON values; the same secret gets the same placeholder.

*Secrets* are shown nowhere: ``redact(value)``. *Identity* is hidden too in all that is made to be
passed on, every format but the terminal and every file: ``redact(value, who)``. Redacting twice
changes nothing, and placeholders are numbered per kind in the sorted order of keys, so that two runs
on one machine agree.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from ..model import Value
from . import encoded, known, secrets
from .step import PLACEHOLDER, Book, Step, replaced
from .who import Who, whose

#: What matches no step: short words, and versions of up to three parts. Most values are such.
_PLAIN = re.compile(r"[\w-]{0,14}|\d+(?:\.\d+){0,2}[\w-]{0,12}", re.ASCII)

#: The first bytes of an ELF file: it holds nothing of the user's, and must stay readable as a program.
_PROGRAM = re.compile(r"\x7fELF[\x01\x02][\x01\x02]\x01")

#: Beside secrets, what is looked for where the end of a line may have cut it in two.
_CUT = ("home", "project", "email", "uuid")


def redact(value: Value, who: Who | None = None, met: Book | None = None) -> Value:
    """``value`` (any JSON) without secrets and, where ``who`` is given, without identity.

    ``value`` itself stays as it is. What was hidden is added to ``met``.
    """
    book = Book()
    hidden = _redacted(value, who, book)
    if met is not None:
        met.add(book)
    return hidden


def _redacted(value: Value, who: Who | None, book: Book) -> Value:
    texts = _worth_a_look(value)
    whole = "\n".join(texts)
    wanted = secrets.steps(whole)
    first = _Rules(wanted, secrets.FIELDS, book, {}, {}, _PLAIN)
    if who is not None:
        first = _of_anyone(first, who, whole)
    else:  # what is looked for in every run, and seldom found
        first.known.update((text, text) for text in clean(texts, wanted))
    hidden = _walk(value, first)
    again = known.steps(book)
    if who is not None:
        from . import learned

        again += [*learned.named(who, book), *known.short_uuids(book, whole)]
    return _walk(hidden, _Rules(again, [], book, {}, {}, then=first)) if again else hidden


def _of_anyone(rules: _Rules, who: Who, whole: str) -> _Rules:
    """``rules``, and those for identity. They are slow to load, and the terminal does not need them."""
    from . import anybody, identity, learned, variables

    book, lowered = rules.book, whole.lower()
    identity.reserve(who, book)
    encoded_too = encoded.unescaped(whole) if re.search(r"%2F|%5C|&quot;", whole) else None
    found = [*learned.projects(whole), *(learned.projects(encoded_too.text) if encoded_too else ())]
    projects = (*who.projects, *found)
    every = identity.steps(who._replace(projects=tuple(dict.fromkeys(projects))), book)
    return rules._replace(
        steps=[*rules.steps, *(step for step in every if step.may_be_in(lowered))],
        every=every,
        fields=[*rules.fields, *identity.FIELDS],
        is_anybody=anybody.is_anybody,
        is_environment=variables.is_environment,
        is_shown=variables.is_shown,
        lists=variables.hide,
    )


class _Rules(NamedTuple):
    #: Those that may find something in the texts as they stand.
    steps: list[Step]
    #: What the names of keys are tried with.
    fields: list[Step]
    book: Book
    #: The same texts come again and again, such as the folder of each installed package.
    known: dict[str, str]
    #: So do the same keys: what kind of value stands under each, if it is one to be hidden.
    kinds: dict[str, str | None]
    plain: re.Pattern[str] | None = None
    #: Whether what stands under a key of this kind names no one after all.
    is_anybody: Callable[[str, str], bool] = lambda kind, value: False
    is_environment: Callable[[str, object], bool] = lambda key, value: False
    is_shown: Callable[[str], bool] = lambda name: True
    lists: Callable[[str, Book], str] = lambda text, book: text
    #: Those beside the secrets' that are tried on a text in another form.
    every: Sequence[Step] = ()
    #: The rules for a text in which these found something: it may uncover more.
    then: _Rules | None = None


def _note(value: Value, texts: set[str]) -> None:
    """Every text in ``value``, keys included."""
    if isinstance(value, str):
        texts.add(value)
    elif isinstance(value, list):
        for item in value:
            _note(item, texts)
    elif isinstance(value, dict):
        texts.update(value)
        for item in value.values():
            _note(item, texts)


def _worth_a_look(value: Value) -> list[str]:
    """Every text in ``value`` in which something may be found."""
    texts: set[str] = set()
    _note(value, texts)
    return [text for text in texts if not _is_untouched(text, _PLAIN)]


def clean(texts: Iterable[str], steps: Iterable[Step]) -> list[str]:
    """Of ``texts`` those in which no step finds anything: told by one search through all of them.

    Only texts of one line are told, without escapes: they have one form. A pattern that reads on over the
    end of a line may find too much here, never too little: none of these asks for the end of the text.
    """
    one_line = (text for text in texts if "\n" not in text and "environ(" not in text)
    simple = [text for text in one_line if encoded.is_plain(text)]
    starts = list(accumulate((len(text) + 1 for text in simple), initial=0))
    found = (match.span() for step in steps for match in step.pattern.finditer("\n".join(simple)))
    touched = {
        place
        for start, end in found
        for place in range(bisect_right(starts, start) - 1, bisect_right(starts, max(start, end - 1)))
    }
    return [text for place, text in enumerate(simple) if place not in touched]


def _is_untouched(text: str, plain: re.Pattern[str] | None) -> bool:
    return bool((plain and plain.fullmatch(text)) or _PROGRAM.match(text))


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
        rules.known[text] = text if _is_untouched(text, rules.plain) else _hidden(text, rules)
    return rules.known[text]


def _hidden(text: str, rules: _Rules) -> str:
    """``text`` after all steps; again while one uncovers what another finds."""
    for _ in range(8):
        before = text
        if rules.then:
            text = _stepped(text, rules.steps, rules.book)
            text = text if text == before else _hidden(text, rules.then)
        else:
            text = _plainly_and_in_other_forms(text, rules)
        if text == before:
            break
    return text


def _plainly_and_in_other_forms(text: str, rules: _Rules) -> str:
    if "\n" in text or "environ(" in text:
        text = rules.lists(text, rules.book)
    if "\n" in text or "\\n" in text:
        text = _through(
            text, encoded.joined(text), [step for step in rules.every if step.kind in _CUT], rules.book
        )
    text = _stepped(text, rules.steps, rules.book)
    if "\n" in text or "\\n" in text:
        text = _through(text, encoded.joined(text, every=True), None, rules.book)
    for _ in range(3):
        view = encoded.unescaped(text)
        new = _through(text, view, rules.every, rules.book) if view else text
        if new == text:
            break
        text = new
    return text


def _stepped(text: str, steps: list[Step], book: Book) -> str:
    lowered = text.lower()
    for step in steps:
        if step.may_be_in(lowered):
            new = step.hide(text, book)
            if new != text:
                text, lowered = new, new.lower()
    return text


def _through(text: str, view: encoded.View | None, others: Sequence[Step] | None, book: Book) -> str:
    """What is found in ``view``, hidden in ``text``; where there are no ``others``: tokens alone."""
    if view is None:
        return text
    lowered = view.text.lower()
    steps = secrets.by_form(view.text) if others is None else secrets.steps(view.text)
    steps += [step for step in others or () if step.may_be_in(lowered)]
    found = [
        (start, end, x, step) for step in steps for start, end, x in step.found(view.text) if end > start
    ]
    return replaced(
        text, ((*view.span(start, end), step.new(x, book)) for start, end, x, step in _apart(found))
    )


def _apart(found: list[tuple[int, int, str, Step]]) -> Iterator[tuple[int, int, str, Step]]:
    """The places in order; of two that overlap, the one that begins first, or is longer."""
    at = 0
    for place in sorted(found, key=lambda place: (place[0], -place[1])):
        if place[0] >= at:
            yield place
            at = place[1]


def _environment(value: dict[str, Value], rules: _Rules) -> Value:
    """Variables: of those that are not on the list, the name alone."""
    hidden = {
        name: rules.book.placeholder("variable", text)
        for name, text in value.items()
        if isinstance(text, str) and len(text) > 1 and not rules.is_shown(name) and not secrets.is_empty(text)
    }
    return _walk({**value, **hidden}, rules)


def _field(key: str, value: Value, rules: _Rules) -> Value:
    """A value under a key that says what it is, such as ``HF_TOKEN``."""
    if rules.is_environment(key, value):
        return _environment(value, rules)
    if key not in rules.kinds:
        lowered = key.lower()
        asked = (step for step in rules.fields if step.may_be_in(lowered))
        rules.kinds[key] = next((step.kind for step in asked if step.pattern.search(key)), None)
    kind = rules.kinds[key]
    if kind is None or not isinstance(value, str) or secrets.is_empty(value) or rules.is_anybody(kind, value):
        return _walk(value, rules)
    return rules.book.placeholder(kind, _text(value, rules))


__all__ = ["PLACEHOLDER", "Book", "Who", "redact", "whose"]
