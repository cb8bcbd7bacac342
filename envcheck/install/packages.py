"""Which packages bring a release to a machine: the rules' fixes say it, and what they would find later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .. import tables
from ..match import fixes
from ..model import Facts, Finding, Rule, Text
from ..operators import within
from ..tables.files import Row
from . import after
from .machine import Machine
from .tables import left_out
from .wishes import Wishes, name_of

NOT_INSTALLED = "tensorflow-not-installed"
#: The distributions that bring TensorFlow itself.
TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tf-nightly")
#: Where the CUDA libraries are named one by one, one of them has this name.
_CUDA = "nvidia-cuda-runtime-"
#: How bad a finding of the future environment must be for a pin.
_COUNTS = ("blocking", "degraded")


class Packages(NamedTuple):
    """``wanted``: as pip is told them, TensorFlow first; ``pins``: which of them a rule asks for, and why.

    ``left``: what the rules find all the same: to be done before, or to be known. ``one_by_one``: why the
    libraries of the extra and-cuda are named one by one.
    """

    wanted: tuple[str, ...]
    pins: tuple[tuple[str, Text], ...]
    left: tuple[Finding, ...]
    one_by_one: Text | None = None

    @property
    def kind(self) -> str:
        """``"and-cuda"`` where the CUDA libraries come along, else ``"cpu"``."""
        return "and-cuda" if any("and-cuda" in p or p.startswith(_CUDA) for p in self.wanted) else "cpu"


def packages(facts: Facts, machine: Machine, row: Row, wishes: Wishes, rules: Sequence[Rule]) -> Packages:
    """The packages for ``row``, with what has to be held back for it to work."""
    base, reason = _without_missing(_base(facts, machine, row, wishes, rules), machine, row)
    later = after.after(facts, machine, row, name_of(base[0]))
    found = after.findings(rules, later)
    pins = tuple(_pins(found, base))
    mended = {id(finding) for _, finding in pins}
    left = [finding for finding in found if id(finding) not in mended]
    causes = {finding.rule.cause for finding in found}
    crashed = after.after(facts, machine, row, name_of(base[0]), import_outcome="signal")
    left += [each for each in after.to_blame(rules, crashed) if each.rule.cause not in causes]
    added = dict.fromkeys([*base, *(package for package, _ in pins), *wishes.others])
    names = {name_of(package) for package in base[1:]}
    why = tuple((package, after.without_newest(finding.rule.title)) for package, finding in pins)
    return Packages(tuple(_without(added, names, base)), why, tuple(left), reason)


def _without(added: Iterable[str], names: set[str], base: Sequence[str]) -> list[str]:
    """A package once: what the fix says of it first."""
    kept: dict[str, str] = {}
    for package in added:
        if package in base or name_of(package) not in names:
            kept.setdefault(package, package)
    return list(kept)


def _base(facts: Facts, machine: Machine, row: Row, wishes: Wishes, rules: Sequence[Rule]) -> tuple[str, ...]:
    companions = companion(wishes, rules)
    if companions:
        return companions
    rule = next(rule for rule in rules if rule.cause == NOT_INSTALLED)
    empty = after.before(facts, machine, row)
    found = next((fix.packages for fix in fixes(rule, empty) if fix.packages), ())
    if not any(row["version"] in package for package in found):
        found = (f"tensorflow=={row['version']}",)
    return tuple(_there(package, row) for package in found if _belongs(package, row))


def _without_missing(
    base: tuple[str, ...], machine: Machine, row: Row
) -> tuple[tuple[str, ...], Text | None]:
    """The extra spelled out where something in it has no wheel for this Python."""
    missing, reason = left_out(row["version"], machine.python)
    if not missing or "[and-cuda]" not in base[0]:
        return base, None
    kept = [each for each in row["extras"] if name_of(each) not in missing]
    return (base[0].replace("[and-cuda]", ""), *kept, *base[1:]), reason


def _belongs(package: str, row: Row) -> bool:
    """NVIDIA's wheels are held back only where the release's own extra would let in what must stay out."""
    name = name_of(package)
    asked = {name_of(each): each[len(name_of(each)) :] for each in row["extras"]}
    if not name.startswith("nvidia-"):
        return True
    newest = after.newest_admitted(asked[name]) if name in asked else None
    return newest is not None and not within(newest, package[len(name) :])


def _there(package: str, row: Row) -> str:
    """A distribution that has no such release gives way to the package of all platforms."""
    name = name_of(package)
    if name not in TENSORFLOWS or tables.release(name, row["version"], row["platform"]):
        return package
    return package.replace(name, "tensorflow", 1)


def _pins(found: Iterable[Finding], base: Sequence[str]) -> Iterable[tuple[str, Finding]]:
    for finding in found:
        for fix in finding.fixes[:1] if finding.severity in _COUNTS else ():
            held = [each for each in fix.packages if not each.startswith("-")]
            if held and not any(name_of(each) in TENSORFLOWS for each in held):
                yield from ((each, finding) for each in held)


def companion(wishes: Wishes, rules: Iterable[Rule]) -> tuple[str, ...]:
    """The packages of a fix that has a wanted one and TensorFlow together: a pair released for each other."""
    names = {name_of(other) for other in wishes.others}
    for rule in rules if names else ():
        for fix in rule.fixes:
            named = [name_of(package) for package in fix.packages if not package.startswith("-")]
            if "tensorflow" in named and names & set(named) and not any("{" in p for p in fix.packages):
                return fix.packages
    return ()
