"""The ranges of versions that the tables use, compared as numbers.

PEP 440 in full is :func:`envcheck.operators.within`; loading its parser takes longer than all of the
tables, which write nothing but ``>=``, ``<``, ``==`` and ``!=3.0.*`` between versions of numbers.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from ..operators import dotted

_CLAUSE = re.compile(r"(>=|<|==|!=)([0-9]+(?:\.[0-9]+)*)(\.\*)?")
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")


class _Clause(NamedTuple):
    relation: str
    numbers: tuple[int, ...]
    series: bool


def admits(specifier: str, python: str) -> bool:
    """Whether a ``python`` column lets a Python in: ``(">=3.10,<3.14", "3.13.0")``.

    The minor version decides, as in a wheel's tag: 3.14.0rc1 is a 3.14, patch numbers do not count.
    """
    return _all(specifier, dotted(python)[:2])


def covers(range_: str, version: str) -> bool:
    """Whether a ``tf`` range of cuda.toml covers a release: ``(">=2.15", "2.21.0")``.

    A preview counts as the release that it leads to (the file that opens the libraries does not change
    between them), but ``==`` means that release alone: no preview, no post-release, nobody's own build.
    """
    if range_.startswith("==") and not _NUMBERS.fullmatch(version):
        return False
    return _all(range_, dotted(version))


def _all(specifier: str, numbers: tuple[int, ...]) -> bool:
    return all(_holds(clause, numbers) for clause in _clauses(specifier))


@cache
def _clauses(specifier: str) -> tuple[_Clause, ...]:
    found = []
    for text in filter(None, specifier.split(",")):
        parts = _CLAUSE.fullmatch(text)
        if parts is None:
            raise ValueError(f"{specifier!r} is no range that the tables use")
        found.append(_Clause(parts[1], dotted(parts[2]), bool(parts[3])))
    return tuple(found)


def _holds(clause: _Clause, numbers: tuple[int, ...]) -> bool:
    if clause.series:
        same = numbers[: len(clause.numbers)] == clause.numbers
        return same if clause.relation == "==" else not same
    length = max(len(clause.numbers), len(numbers))
    left, right = _padded(numbers, length), _padded(clause.numbers, length)
    if clause.relation == ">=":
        return left >= right
    if clause.relation == "<":
        return left < right
    return (left == right) is (clause.relation == "==")


def _padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    return numbers + (0,) * (length - len(numbers))
