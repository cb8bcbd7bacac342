"""docs/causes: a page per cause, and a list of all, from the rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from .. import cause_page, words
from ..model import RULE_LAYERS, Rule
from ..places import anywhere
from ..render import markdown
from ..rulebook import load
from ..views import cause as views
from ..views import layers
from ..views.document import Document

FOLDER = "docs/causes"
INDEX = f"{FOLDER}/README.md"
MADE = "<!-- Made by `make docs` from {file}: change that. -->\n\n"
HEAD = """# Causes

What envcheck knows, from the platform up. `envcheck explain CAUSE` shows the same page, with `--why-not`
also what became of the cause on your machine. What the facts are: [facts.md](../facts.md).

"""
FOOT = """
What the facts are, and how to see them yourself: [facts.md](../facts.md). All causes: [the list](README.md).

"""
#: A cause in a table: the first cell of a row.
_CAUSE = re.compile(r"^\| `([a-z0-9-]+)` \|", re.MULTILINE)


def names() -> list[str]:
    """The paths of all pages, from the root of the repository."""
    return [INDEX, *(f"{FOLDER}/{cause}.md" for cause in _rules())]


@cache
def _rules() -> dict[str, Rule]:
    return {rule.cause: rule for rule in load(examples=True)}


def page(name: str) -> str:
    """The page at the path ``name``, one of :func:`names`."""
    with _in("en"):
        return _index() if name == INDEX else _cause(_rules()[Path(name).stem])


def _cause(rule: Rule) -> str:
    told = cause_page.Page(rule, tuple(_rules().values()), tuple(cause_page.seen(rule)))
    made = MADE.format(file=f"rules/{rule.layer}/{rule.cause}.toml")
    english = _CAUSE.sub(_linked, markdown.render(views.view(told)))
    with _in("zh"):
        chinese = markdown.render(Document("", views.translation(rule)))
    return f"{made}# {rule.cause}\n\n{english}\n{chinese}{FOOT}".rstrip("\n") + "\n"


def _linked(found: re.Match[str]) -> str:
    return f"| [`{found[1]}`]({found[1]}.md) |" if found[1] in _rules() else found[0]


def _index() -> str:
    return (
        MADE.format(file="rules/") + HEAD + "\n".join(line for layer in RULE_LAYERS for line in _layer(layer))
    )


def _layer(layer: str) -> Iterator[str]:
    found = [rule for rule in _rules().values() if rule.layer == layer]
    if found:
        yield from (f"## {markdown.escape(layers.name(layer))}", "")
        yield from ("| cause | what it is | 中文 |", "| --- | --- | --- |")
        yield from map(_row, found)
        yield ""


def _row(rule: Rule) -> str:
    titles = (anywhere(title or "") for title in (rule.title.en, rule.title.zh))
    return " | ".join([f"| [`{rule.cause}`]({rule.cause}.md)", *map(markdown.escape, titles)]) + " |"


def stale(root: Path) -> list[str]:
    """Pages in the folder whose rule is gone."""
    there = {f"{FOLDER}/{path.name}" for path in (root / FOLDER).glob("*.md")}
    return sorted(there - {*names()})


@contextmanager
def _in(language: str) -> Iterator[None]:
    """Speak ``language`` meanwhile."""
    before = words.language()
    words.use(language)
    try:
        yield
    finally:
        words.use(before)
