"""Where issues go, and what each place asks: the files of ``rules/trackers``."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from .. import own_files
from ..rule_file import read_toml
from ..rulebook import rules_folder

NAMES = ("tensorflow", "keras")


class Field(NamedTuple):
    """One field of a tracker's form. ``pick``: the words of a drop-down; else it is a text."""

    id: str
    title: str
    pick: tuple[str, ...] = ()
    form: str = "text"


class Tracker(NamedTuple):
    """A tracker: ``repository`` is ``owner/name``; without a ``template`` an issue is one body."""

    name: str
    repository: str
    template: str | None
    fields: tuple[Field, ...]


@cache
def tracker(name: str) -> Tracker:
    """The tracker called ``name``, one of :data:`NAMES`."""
    text = own_files.text(rules_folder(), "trackers", f"{name}.toml")
    table = read_toml(text)
    fields = tuple(
        Field(row["id"], row["title"], tuple(row.get("pick", ())), row.get("form", "text"))
        for row in table["field"]
    )
    return Tracker(name, table["repository"], table.get("template"), fields)
