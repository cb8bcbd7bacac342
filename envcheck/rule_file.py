"""A rule file: from its text to a :class:`~envcheck.model.Rule`, or an error that names file and key.

Its ``[[example]]`` tables stand last, its ``[[fix]]`` tables before them, so that the product can leave both
aside: :func:`head` reads what stands before them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, get_args

from . import conditions
from .conditions import Misuse, Table, any_of, facts_in, inside
from .model import (
    RULE_LAYERS,
    SEVERITIES,
    Example,
    Fact,
    Fix,
    Kind,
    Known,
    Rule,
    Scope,
    Text,
    Unknown,
    Value,
    Wrong,
)

try:
    import tomli as tomllib  # compiled: four times as fast as the same in Python
except ModuleNotFoundError:
    import tomllib  # type: ignore[no-redef,unused-ignore]  # from 3.11 on

#: Layers whose rules are about the GPU unless they say otherwise.
GPU_LAYERS = ("hardware", "driver", "cuda")

_FIXES, _EXAMPLES = "\n[[fix]]", "\n[[example]]"
_WHEN, _ON_TEXT = "\n[[when]]", re.compile(r"^log\b", re.MULTILINE)
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FIRES = {True: True, False: False, "cannot tell": None}
_TEXTS = ("title", "title_zh", "why", "why_zh")
_RULE_KEYS = frozenset(
    (*_TEXTS, "severity", "needs", "explains", "symptom_of", "links", "when", "fix", "example", "bug")
)
_FIX_KEYS = frozenset(("do", "do_zh", "packages", "run", "on", "scope", "verify", "otherwise"))


def parse(text: str, layer: str, cause: str, examples: bool = False) -> Rule:
    """The rule in ``text``. Raises ``Wrong`` with a sentence that begins with file and key."""
    with _told(layer, cause):
        return _parse(text, layer, cause, examples)


def head(text: str, layer: str, cause: str, texts: bool = True) -> Rule:
    """The rule in ``text`` without fixes and examples, and unless ``texts`` without blocks on text.

    Raises ``Wrong`` as :func:`parse` does.
    """
    before = without_examples(text).partition(_FIXES)[0]
    with _told(layer, cause):
        return _build(_toml(before if texts else _without_texts(before)), layer, cause, strict=False)


def _without_texts(before: str) -> str:
    """Without a log no block on text holds: two thirds of what is to be parsed, and then left aside."""
    first, *blocks = before.split(_WHEN)
    kept = [block for block in blocks if not _ON_TEXT.search(block)]
    return _WHEN.join([first, *kept]) if kept or not blocks else first + "\nwhen = []\n"


def without_examples(text: str) -> str:
    """What stands before the examples in the text of a rule file."""
    return text.partition(_EXAMPLES)[0]


@contextmanager
def _told(layer: str, cause: str) -> Iterator[None]:
    try:
        yield
    except Misuse as error:
        key = f"{error.key}: " if error.key else ""
        raise Wrong(f"rules/{layer}/{cause}.toml: {key}{error.sentence}") from None


def _parse(text: str, layer: str, cause: str, examples: bool) -> Rule:
    if layer not in RULE_LAYERS:
        raise Misuse("", f"unknown layer {layer!r}: {any_of(RULE_LAYERS)}")
    if not _SLUG.fullmatch(cause):
        raise Misuse("", f"the file name {cause!r} is no cause: lower-case words joined by '-'")
    table = _toml(text if examples else without_examples(text))
    rule = _build(table, layer, cause, strict=examples)
    if examples:
        _in_order(text, table)
        _texts_told_apart(text, table)
    return rule


def read_toml(text: str) -> Table:
    """The table in ``text``; raises ``ValueError`` that says where it is not TOML."""
    table: Table = tomllib.loads(text)
    return table


def _toml(text: str) -> Table:
    try:
        return read_toml(text)
    except ValueError as error:
        raise Misuse("", f"not TOML: {error}") from None


def _in_order(text: str, whole: Table) -> None:
    """The product reads the beginning alone: behind it may stand fixes, then examples, and nothing else."""
    rest, before = dict(whole), without_examples(text)
    for key, head in (("example", before), ("fix", before.partition(_FIXES)[0])):
        rest.pop(key, None)
        if rest != dict(_toml(head)):
            raise Misuse(key, f"the [[{key}]] tables must stand last in the file: fixes, then examples")


def _texts_told_apart(text: str, whole: Table) -> None:
    """Blocks on text are known by a line that begins with log: no other block may have one."""
    blocks = _toml(_without_texts(without_examples(text).partition(_FIXES)[0]))["when"]
    if blocks != [block for block in whole["when"] if "log" not in block]:
        raise Misuse("when", "a block on text is one with a line that begins with log, and no other has one")


def _build(table: Table, layer: str, cause: str, strict: bool) -> Rule:
    _known_keys(table, _RULE_KEYS)
    default = "gpu" if layer in GPU_LAYERS else "any"
    return Rule(
        cause=cause,
        layer=layer,
        severity=_choice(table, "severity", SEVERITIES),
        needs=_choice(table, "needs", ("gpu", "any"), default),
        title=_text(table, "title"),
        why=_text(table, "why"),
        when=_each(
            table,
            "when",
            partial(conditions.block, strict=strict),
            required=strict or table.get("when") != [],
        ),
        fixes=_each(table, "fix", partial(_fix, strict=strict), required=False),
        explains=_causes(table, "explains"),
        symptom_of=_causes(table, "symptom_of"),
        links=_strings(table, "links"),
        examples=_each(table, "example", _example, required=False),
        bug=_flag(table, "bug"),
    )


def _known_keys(table: Table, known: frozenset[str]) -> None:
    for key in table:
        if key not in known:
            raise Misuse(key, f"unknown key: {any_of(sorted(known))}")


def _choice(table: Table, key: str, choices: tuple[str, ...], default: str | None = None) -> Any:
    value = table.get(key, default)
    if value is None:
        raise Misuse(key, "is missing")
    if value not in choices:
        raise Misuse(key, f"unknown {key} {value!r}: {any_of(choices)}")
    return value


def _string(table: Table, key: str) -> str | None:
    value = table.get(key)
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise Misuse(key, "must be a text")
    return value


def _text(table: Table, key: str) -> Text:
    english = _string(table, key)
    if english is None:
        raise Misuse(key, "is missing")
    return Text(english, _string(table, key + "_zh"))


def _strings(table: Table, key: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise Misuse(key, "must be a list of texts")
    return tuple(value)


def _flag(table: Table, key: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise Misuse(key, "must be true or false")
    return value


def _causes(table: Table, key: str) -> tuple[str, ...]:
    """Causes, or for ``symptom_of`` also layers."""
    names = _strings(table, key)
    for name in names:
        if not _SLUG.fullmatch(name):
            raise Misuse(key, f"{name!r} is no cause")
    return names


def _each(table: Table, key: str, build: Callable[[Table], Any], required: bool = True) -> Any:
    """``build`` over the tables ``[[key]]``, counted from 1 in errors."""
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Misuse(key, f"must be tables: [[{key}]]")
    if required and not value:
        raise Misuse(key, "is missing")
    return tuple(inside(f"{key}[{number}]", build, item) for number, item in enumerate(value, 1))


def _fix(table: Table, strict: bool) -> Fix:
    _known_keys(table, _FIX_KEYS)
    on = table.get("on", [])
    blocks = {"on": [on] if isinstance(on, dict) else on}
    return Fix(
        do=_text(table, "do"),
        packages=_strings(table, "packages"),
        run=_strings(table, "run"),
        on=_each(blocks, "on", partial(conditions.block, strict=strict), required=False),
        scope=_choice(table, "scope", get_args(Scope), "manual"),
        verify=_strings(table, "verify"),
        otherwise=_flag(table, "otherwise"),
    )


def _example(table: Table) -> Example:
    fires = table.get("fires", "")
    if not isinstance(fires, (bool, str)) or fires not in _FIRES:
        raise Misuse("fires", 'must be true, false or "cannot tell"')
    facts = {
        name: _example_fact(value)
        for layer, names in table.items()
        if layer not in ("fires", "log")
        for name, value in facts_in(layer, names)
    }
    return Example(_FIRES[fires], facts, _string(table, "log"))


def _example_fact(value: Value) -> Fact:
    """``{ absent = true }`` is None, ``{ unknown = "reason" }`` Unknown, of ``kind`` failed unless given."""
    if value == {"absent": True}:
        return Known(None)
    if isinstance(value, dict) and "unknown" in value:
        kind = value.get("kind", "failed")
        if kind not in get_args(Kind):
            raise Misuse("kind", f"unknown kind {kind!r}: {any_of(get_args(Kind))}")
        return Unknown(kind, str(value["unknown"]))
    return Known(value)
