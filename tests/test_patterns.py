"""Patterns that are compiled late find what ``re`` finds, and all that there are can be compiled."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module

from hypothesis import given
from hypothesis import strategies as st

import envcheck
from envcheck.patterns import Pattern

TEXTS = (
    r"no (?:such )?file",
    r"^Driver: (\d+)",
    r"Opened|closed\.",
    r"(?i)Name: (\w+)",
    r"(?m)end$",
    r"a\\b?",
)
FLAGS = (0, re.IGNORECASE, re.MULTILINE, re.IGNORECASE | re.MULTILINE)
PIECES = st.sampled_from(
    ("no such file", "NO FILE", "Driver: 550", "opened", "closed.", "Name: x", "end", "\n", "a\\")
)


@given(st.sampled_from(TEXTS), st.sampled_from(FLAGS), st.lists(PIECES, max_size=5).map(" ".join))
def test_a_pattern_finds_what_re_finds(pattern: str, flags: int, text: str) -> None:
    ours, theirs = Pattern(pattern, flags), re.compile(pattern, flags)
    assert [found.span() for found in ours.finditer(text)] == [
        found.span() for found in theirs.finditer(text)
    ]
    for method in ("search", "match", "fullmatch"):
        mine, other = getattr(ours, method)(text), getattr(theirs, method)(text)
        assert (mine and mine.span()) == (other and other.span())
    assert (ours.findall(text), ours.split(text)) == (theirs.findall(text), theirs.split(text))
    assert ours.sub("_", text) == theirs.sub("_", text)


def patterns() -> Iterator[tuple[str, Pattern]]:
    """Each pattern that stands in a module, alone or in a list."""
    for found in pkgutil.walk_packages(envcheck.__path__, "envcheck."):
        if not found.name.startswith(("envcheck.inside.", "envcheck.catalog.", "envcheck.__main__")):
            for name, value in vars(import_module(found.name)).items():
                for one in _leaves(value):
                    yield f"{found.name}.{name}", one


def _leaves(value: object) -> Iterator[Pattern]:
    if isinstance(value, Pattern):
        yield value
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _leaves(one)


def test_every_pattern_can_be_compiled() -> None:
    seen = 0
    for name, pattern in patterns():
        assert pattern.compiled.pattern == pattern.text, name
        seen += 1
    assert seen > 150


def test_a_pattern_is_not_compiled_for_a_text_without_what_it_needs() -> None:
    pattern = Pattern(r"Driver: (\d+)", re.IGNORECASE)
    assert pattern.search("nothing of it") is None
    assert "compiled" not in vars(pattern)
    assert pattern.search("a DRIVER: 5")
