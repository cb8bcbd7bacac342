"""The requirement graph of an environment: who needs what, what is not met, what would meet it.

Pure: it is made from what the inventory read, or from anything that has the same fields. Markers and
versions are those of PEP 508 and PEP 440.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from ..formats.metadata import Markers, Need, canonical, unmet


class Installed(NamedTuple):
    """A distribution as it lies in a folder. ``origin``: the address that it came from where that was no
    index (PEP 610). ``kind``: whose folder it is, "site", "user" or "pythonpath"."""

    name: str
    version: str | None
    requires: tuple[str, ...] = ()
    location: str = ""
    kind: str = "site"
    installer: str | None = None
    origin: str | None = None
    editable: bool = False
    info: str = ""


class Ask(NamedTuple):
    """One distribution's requirement of another."""

    by: str
    name: str
    specifier: SpecifierSet


class Graph:
    """The distributions that an import takes: of several by one name the first counts."""

    def __init__(self, installed: Iterable[Installed], where: Markers) -> None:
        self.all = tuple(installed)
        self.where = where
        self.found: dict[str, Installed] = {}
        for item in self.all:
            self.found.setdefault(canonical(item.name), item)

    def without(self, kind: str) -> Graph:
        """The graph without the distributions of one kind of folder."""
        return Graph((item for item in self.all if item.kind != kind), self.where)

    def version(self, name: str) -> str | None:
        """The installed version; None where there is none."""
        item = self.found.get(canonical(name))
        return item.version if item else None

    @cached_property
    def asks(self) -> tuple[Ask, ...]:
        """All requirements that apply here; extras do not count, since nothing says which were asked for."""
        return tuple(ask for name, item in self.found.items() for ask in self._asks_of(name, item))

    def _asks_of(self, name: str, item: Installed) -> Iterator[Ask]:
        for text in item.requires:
            try:
                need = Requirement(text)
            except InvalidRequirement:
                continue  # what only older tools understood; pip skips it, too
            if need.marker is None or need.marker.evaluate(dict(self.where)):
                yield Ask(name, canonical(need.name), need.specifier)

    def tree(self, roots: Iterable[str]) -> set[str]:
        """``roots`` and all that they require, directly or not, as far as it is installed."""
        seen: set[str] = set()
        todo = [canonical(name) for name in roots]
        while todo:
            name = todo.pop()
            if name in self.found and name not in seen:
                seen.add(name)
                todo += [ask.name for ask in self.asks if ask.by == name]
        return seen

    def unmet(self) -> dict[str, list[Need]]:
        """What is not met, by the distribution that asks for it."""
        versions = {name: item.version for name, item in self.found.items()}
        found = {n: list(unmet(item.requires, versions, self.where)) for n, item in self.found.items()}
        return {name: needs for name, needs in found.items() if needs}

    def wanted(self, name: str, first: Iterable[str], also: str = "") -> str:
        """The specifier of ``name`` that all of ``first`` ask for, and with it each of the others that it
        leaves room for: what must hold for TensorFlow holds, and for the rest as far as it can."""
        name, first = canonical(name), set(first)
        asks = [ask for ask in self.asks if ask.name == name]
        whole = SpecifierSet("")
        for ask in sorted(asks, key=lambda ask: ask.by not in first):
            both = whole & ask.specifier
            if ask.by in first or satisfiable(both):
                whole = both
        both = whole & SpecifierSet(also)
        return tightest(both if satisfiable(both) else whole)


def satisfiable(wanted: SpecifierSet) -> bool:
    """Whether some version can lie within; judged by the versions around the bounds that it names."""
    return any(wanted.contains(version, prereleases=True) for version in _around(wanted))


def _around(wanted: SpecifierSet) -> Iterator[Version]:
    yield Version("0.0.1")
    for clause in wanted:
        version = _version(clause)
        if version is not None:
            release = version.release
            yield version
            yield Version(".".join(map(str, (*release, 0, 0, 1))))
            yield Version(".".join(map(str, (*release[:-1], release[-1] + 1))))
            yield from _before(release)


def _before(release: tuple[int, ...]) -> Iterator[Version]:
    """A version just below: 3.0 → 2.999999."""
    for place in reversed(range(len(release))):
        if release[place]:
            yield Version(".".join(map(str, (*release[:place], release[place] - 1, 999999))))
            return


def _version(clause: Specifier) -> Version | None:
    try:
        return Version(clause.version.replace(".*", ""))
    except InvalidVersion:
        return None


def tightest(wanted: SpecifierSet) -> str:
    """The specifier without the bounds that others of it imply: ``<3,<2,>=1`` → ``>=1,<2``."""
    lower = [clause for clause in wanted if clause.operator in (">=", ">")]
    upper = [clause for clause in wanted if clause.operator in ("<=", "<")]
    others = sorted(str(clause) for clause in wanted if clause not in (*lower, *upper))
    # Of two at one version the strict one says more.
    most = sorted(lower, key=lambda clause: (Version(clause.version), clause.operator == ">"))[-1:]
    least = sorted(upper, key=lambda clause: (Version(clause.version), clause.operator == "<="))[:1]
    return ",".join([*map(str, (*most, *least)), *others])


def spec_name(text: str) -> str:
    """The canonical name in a specification: ``tensorflow[and-cuda]==2.20.0`` → ``tensorflow``."""
    found = re.match(r"-?([A-Za-z0-9][A-Za-z0-9._-]*)", text)
    return canonical(found[1]) if found else text


def spec_parts(text: str) -> tuple[str, str]:
    """Name with extras, and specifier: ``("tensorflow[and-cuda]", "==2.20.0")``."""
    found = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]]*\])?)\s*(.*)", text)
    return (found[1], found[2]) if found else (text, "")
