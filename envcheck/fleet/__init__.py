"""Many reports → one Fleet: which causes there are, who has each, and which machine is unlike the others.

``files`` finds and reads what was handed in, ``member`` takes from one report what the table needs, and
``outliers`` compares the machines. The files come from strangers: nothing in them is relied on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Union

from ..model import SEVERITIES, Rule, Severity, Text, Verdict
from ..words import mark
from .member import Member, Need, Skipped
from .outliers import Outlier, outliers
from .rule_texts import Told

Handed = Union[Member, Skipped]


class Cause(NamedTuple):
    """A root cause, the aliases of the machines that have it, and how most of them mend it.

    ``ways``: how many different fixes there are; ``do`` and ``run`` are the most frequent one.
    """

    cause: str
    layer: str
    severity: Severity
    title: Text
    do: Text
    run: tuple[str, ...]
    ways: int
    who: tuple[str, ...]


class Fleet(NamedTuple):
    """What many reports say together. ``members``: who is worst off first; ``skipped``: what was not read.

    ``titles`` and ``fixes`` are the members' own, by alias, in the languages that the rules have.
    """

    members: tuple[Member, ...]
    causes: tuple[Cause, ...]
    outliers: tuple[Outlier, ...]
    skipped: tuple[Skipped, ...]
    titles: Mapping[str, Text]
    fixes: Mapping[str, Text]

    @property
    def verdicts(self) -> Mapping[Verdict, int]:
        """How many machines there are of each verdict."""
        counted = Counter(member.verdict for member in self.members)
        return {verdict: counted[verdict] for verdict in _WORST_FIRST}

    @property
    def exit_code(self) -> int:
        """0: at least one report was read; 2: none."""
        return 0 if self.members else 2


_WORST_FIRST: tuple[Verdict, ...] = ("blocked", "undecided", "degraded", "ready")


def fleet(handed: Iterable[Handed], rules: Iterable[Rule]) -> Fleet:
    """The Fleet of all that was handed in; each machine counts once, by its newest report."""
    newest: dict[str, Member] = {}
    skipped: list[Skipped] = []
    for one in handed:
        if isinstance(one, Skipped):
            skipped.append(one)
            continue
        other = newest.get(one.alias)
        counts, older = (one, other) if other is None or one.created >= other.created else (other, one)
        newest[one.alias] = counts
        if older is not None:
            skipped.append(_older(older, counts))
    told = Told(rules)
    causes = _causes(newest.values(), told)
    members = sorted(newest.values(), key=_order({cause.cause: i for i, cause in enumerate(causes)}))
    needs = {member.alias: member.root for member in members if member.root}
    return Fleet(
        tuple(members),
        causes,
        outliers(members),
        tuple(skipped),
        {alias: told.title(need) for alias, need in needs.items()},
        {alias: told.fix(need) for alias, need in needs.items()},
    )


def _older(older: Member, counts: Member) -> Skipped:
    return Skipped(
        older.file,
        mark("the alias {alias} comes twice: {file} counts, which is not older"),
        {"alias": counts.alias, "file": counts.file},
    )


def _order(places: Mapping[str, int]) -> Callable[[Member], tuple[int, int, str]]:
    """Worst verdict first, then the most frequent cause, then the alias."""

    def key(member: Member) -> tuple[int, int, str]:
        place = places[member.root.cause] if member.root else len(places)
        return _WORST_FIRST.index(member.verdict), place, member.alias

    return key


def _causes(members: Iterable[Member], told: Told) -> tuple[Cause, ...]:
    """The worst first; of the same severity the most frequent first."""
    by_cause: dict[str, list[tuple[str, Need]]] = {}
    for member in members:
        if member.root:
            by_cause.setdefault(member.root.cause, []).append((member.alias, member.root))
    causes = [_cause(name, found, told) for name, found in by_cause.items()]
    return tuple(sorted(causes, key=lambda c: (SEVERITIES.index(c.severity), -len(c.who), c.cause)))


def _cause(name: str, found: list[tuple[str, Need]], told: Told) -> Cause:
    needs = [need for _, need in found]
    fixes = Counter((need.do, need.run) for need in needs)
    usual = next(need for need in needs if (need.do, need.run) == fixes.most_common(1)[0][0])
    same = len({need.title for need in needs}) == 1
    return Cause(
        name,
        usual.layer,
        min((need.severity for need in needs), key=SEVERITIES.index),
        told.title(usual) if same else told.general(usual),
        told.fix(usual),
        usual.run,
        len(fixes),
        tuple(sorted(alias for alias, _ in found)),
    )
