"""What an examination found of an environment, and what may be done about it: the nouns of a repair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from .. import tables
from ..formats.metadata import Need, canonical
from ..model import Facts, Finding, Fix, Known, Scope, Text, Value
from ..tables.files import Row
from .graph import Graph, spec_name
from .tables import spoken

#: remove: take away; install: let the installer reach what is asked for, and keep what already does;
#: anew: the same version once more, alone; pip: bring the pip that Python has with it.
Verb = Literal["remove", "install", "anew", "pip"]


class Deed(NamedTuple):
    """One command's worth. ``kept`` is what stays as it is, named so that the installer keeps to it."""

    verb: Verb
    packages: tuple[str, ...]
    kept: tuple[str, ...] = ()


class Change(NamedTuple):
    """Deeds that belong together, what they do, and why; or ``lines`` that a person is to type.

    ``optional``: where it fails, nothing is lost by it.
    """

    do: Text
    why: Text
    deeds: tuple[Deed, ...] = ()
    scope: Scope = "environment"
    lines: tuple[str, ...] = ()
    optional: bool = False

    def names(self) -> set[str]:
        """The packages it is about."""
        return {spec_name(each) for deed in self.deeds for each in deed.packages}


class Situation(NamedTuple):
    """What a check found of an environment.

    ``damaged``: by package the files that are missing or cut off; ``works``: TensorFlow imports and trains;
    ``venv``: its own folder of packages counts before the user's; ``before``: what was not met at the start.
    """

    facts: Facts
    findings: Sequence[Finding]
    graph: Graph
    damaged: Mapping[str, Sequence[str]] = {}
    works: bool = False
    venv: bool = True
    version_wanted: str = ""
    before: frozenset[tuple[str, str]] | None = None

    def value(self, name: str) -> Value:
        """A fact's value; None where it is not known."""
        fact = self.facts.get(name)
        return fact.value if isinstance(fact, Known) else None

    @property
    def own(self) -> Graph:
        """What counts once the user's own folder does not come first."""
        return self.graph if self.venv else self.graph.without("user")

    @property
    def tensorflows(self) -> list[str]:
        """The distributions that bring TensorFlow."""
        return [item["name"] for item in self.value("tensorflow.distributions") or []]

    @property
    def tree(self) -> set[str]:
        """TensorFlow and what it requires."""
        return self.own.tree(self.tensorflows)


def kept(at: Situation, specs: Iterable[str]) -> tuple[str, ...]:
    """TensorFlow as it is, so that what is installed beside it fits it."""
    name, version = at.value("tensorflow.distribution"), at.value("tensorflow.version")
    named = {spec_name(text) for text in specs}
    if not name or not version or name in named or at.own.version(name) != version:
        return ()
    item = at.own.found[canonical(name)]
    return () if item.origin or "+" in version else (f"{name}=={version}",)


def release(at: Situation, name: str, version: str | None) -> Row | None:
    """What the table says of a release on this platform."""
    system, machine = at.value("platform.system"), at.value("platform.architecture")
    platform = tables.platform(system, machine) if system and machine else None
    return tables.release(name, version, platform) if platform and version else None


def fixes_of(finding: Finding) -> list[Fix]:
    """The fixes that are packages for this environment, the best first."""
    return [fix for fix in finding.fixes if fix.packages and fix.scope == "environment"]


def packages_of(finding: Finding) -> tuple[str, ...]:
    """The packages of the best of them."""
    return next((fix.packages for fix in fixes_of(finding)), ())


def leaks(at: Situation) -> list[Need]:
    """What is not met only because of the user's own packages, where those come first."""
    if at.venv:
        return []
    tree, ours = at.graph.tree(at.tensorflows), at.own.unmet()
    return [
        need
        for by, needs in at.graph.unmet().items()
        for need in needs
        if by in tree
        and need not in ours.get(by, [])
        and _is_users(at, need.requires if need.installed else by)
    ]


def _is_users(at: Situation, name: str) -> bool:
    return at.graph.found[name].kind == "user"


def a_change(do: str, why: str, deeds: tuple[Deed, ...], **values: Value) -> Change:
    """A change with sentences of the catalogue."""
    return Change(spoken(do, values), spoken(why, values), deeds)


def numbers(version: str) -> tuple[int, ...]:
    """Major and minor version: ``(2, 21)``."""
    return tuple(int(part) for part in version.split("+")[0].split(".")[:2] if part.isdigit())
