"""Which machine is unlike the others: another version than nearly all have, another speed than its like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from .member import Member, Step

#: Facts in which the machines of one room are alike as a rule.
COMPARED = (
    "platform.system",
    "driver.version",
    "cuda.runtime_version",
    "cuda.cudnn_version",
    "python.minor",
    "tensorflow.version",
)
#: Machines below which none is unlike the others.
LEAST = 3
#: What so many have (or all but one) is usual, and what so few have (or one alone) is unusual.
USUAL, UNUSUAL = 0.8, 0.1
#: Compared among machines of one system with the same GPUs, too: drivers come with either.
BY_KIND = ("driver.version",)
#: Distances from the median, in units of its spread, beyond which a speed is unusual: Iglewicz and
#: Hoaglin, "How to Detect and Handle Outliers" (1993), propose 3.5 for the modified z-score, in which
#: 1.4826 × MAD estimates the standard deviation.
FAR, TO_DEVIATION = 3.5, 1.4826
#: Steps are never measured more finely than this part of the median: equal machines differ by as much.
FINEST = 0.1


class Outlier(NamedTuple):
    """One machine's value of one fact, beside the usual one.

    ``agree`` of ``of`` machines have the usual value; where a ``model`` is named, of those with that GPU.
    Of a speed ``usual`` is the median and ``spread``
    the median absolute deviation, both in milliseconds, of the ``of`` GPUs of the ``model``.
    """

    fact: str
    alias: str
    value: str
    usual: str
    agree: int
    of: int
    model: str = ""
    spread: float | None = None


def outliers(members: Sequence[Member]) -> tuple[Outlier, ...]:
    """All that is unusual: facts in a fixed order, then speeds by GPU model, the farthest first."""
    found = {(one.fact, one.alias): one for fact in COMPARED for one in _unlike(members, fact)}
    for alike in _kinds(members).values():
        for fact in BY_KIND:
            for one in _unlike(alike, fact, joined(alike[0].gpus)):
                found.setdefault((fact, one.alias), one)
    by_fact = sorted(found.values(), key=lambda one: COMPARED.index(one.fact))
    return (*by_fact, *_slow_and_fast(members))


def _kinds(members: Sequence[Member]) -> dict[tuple[str, ...], list[Member]]:
    """The machines by system and GPUs, those without a GPU left out."""
    kinds: dict[tuple[str, ...], list[Member]] = {}
    for member in members:
        if member.gpus:
            system = (member.facts.get(name, "") for name in ("platform.system", "platform.wsl"))
            kinds.setdefault((*system, *member.gpus), []).append(member)
    return {kind: alike for kind, alike in kinds.items() if len(alike) >= LEAST}


def joined(names: Sequence[str]) -> str:
    """The names of GPUs in short: ``2 × T4``."""
    return ", ".join(f"{n} × {name}" if n > 1 else name for name, n in Counter(names).items())


def _unlike(members: Sequence[Member], fact: str, kind: str = "") -> Iterator[Outlier]:
    told = [(member.alias, member.facts[fact]) for member in members if fact in member.facts]
    if len(told) < LEAST:
        return
    counted = Counter(value for _, value in told)
    usual, agree = counted.most_common(1)[0]
    if agree < min(USUAL * len(told), len(told) - 1):
        return
    few = max(1.0, UNUSUAL * len(told))
    for alias, value in told:
        if value != usual and counted[value] <= few:
            yield Outlier(fact, alias, value, usual, agree, len(told), kind)


def _slow_and_fast(members: Sequence[Member]) -> Iterator[Outlier]:
    by_model: dict[str, list[tuple[str, Step]]] = {}
    for member in members:
        for step in member.steps:
            by_model.setdefault(step.model, []).append((member.alias, step))
    for model in sorted(by_model):
        yield from _far(model, by_model[model])


def _far(model: str, measured: list[tuple[str, Step]]) -> Iterator[Outlier]:
    if len(measured) < LEAST:
        return
    middle = median(step.ms for _, step in measured)
    spread = median(abs(step.ms - middle) for _, step in measured)
    limit = FAR * max(TO_DEVIATION * spread, FINEST * middle)
    far = [(alias, step) for alias, step in measured if abs(step.ms - middle) > limit]
    agree = len(measured) - len(far)
    for alias, step in sorted(far, key=lambda one: -abs(one[1].ms - middle)):
        yield Outlier(
            "training.step_ms", alias, f"{step.ms:.4g}", f"{middle:.4g}", agree, len(measured), model, spread
        )
