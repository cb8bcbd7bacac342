"""Copies of a library that are loaded before the right one and do not fit."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from ...formats import loader
from ...model import Value
from ...operators import dotted
from . import gaps

Facts = Mapping[str, Value]


def conflicts(facts: Facts) -> Value:
    """Copies that are loaded before the right one and do not fit: records of

    soname; winner, winner_version, expected, expected_version (paths and versions; None where unknown);
    folder (the winner's), origin (as in cuda.libraries).
    How: echo $LD_LIBRARY_PATH; ldconfig -p
    """
    mixed = [_mixed(facts, record) for record in facts["cuda.libraries"] if record["failure"] == "symbols"]
    old = [_old_cudnn(facts, record) for record in facts["cuda.libraries"] if record["failure"] is None]
    found = {record["soname"]: record for record in [*mixed, *old] if record}
    return list(found.values())


def conflict_folder(facts: Facts) -> Value:
    """The folder that the first of cuda.conflicts comes from; None where there is none.

    How: echo $LD_LIBRARY_PATH; ldconfig -p
    """
    return next((record["folder"] for record in facts["cuda.conflicts"]), None)


def right_folder(facts: Facts) -> Value:
    """The folder of the copy that should be loaded instead of the first of cuda.conflicts; None: not here.

    How: ls $SITE/nvidia/*/lib
    """
    paths = [record["expected"] for record in facts["cuda.conflicts"] if record["expected"]]
    return posixpath.dirname(paths[0]) if paths else None


FACTS = (conflicts, conflict_folder, right_folder)


def _mixed(facts: Facts, record: dict[str, Value]) -> dict[str, Value]:
    """A library whose symbol is not in the library it got: who gave it, and which copy would fit."""
    provider = record["provider"] or {"soname": record["soname"], "path": record["path"]}
    right = [path for path in gaps.beside(facts, provider["soname"]) if path != provider["path"]]
    return _conflict(facts, provider["soname"], provider["path"], None, right)


def _old_cudnn(facts: Facts, record: dict[str, Value]) -> dict[str, Value] | None:
    """A cuDNN older than this build needs, loaded although the wheel beside TensorFlow is new enough."""
    least, version = facts["cuda.cudnn_least"], record["version"]
    if loader.stem(record["soname"]) != "libcudnn" or not least or not version:
        return None
    right = set(gaps.beside(facts, record["soname"])) - {record["path"], record["real"]}
    fitting = [p for p in sorted(right) if dotted(_wheel_version(facts, p) or "0") >= dotted(least)]
    if not fitting or dotted(version) >= dotted(least):
        return None
    return _conflict(facts, record["soname"], record["path"], version, fitting)


def _conflict(
    facts: Facts, soname: str, winner: str | None, version: str | None, right: list[str]
) -> dict[str, Value]:
    expected = right[0] if right else None
    return {
        "soname": soname,
        "winner": winner,
        "winner_version": version,
        "expected": expected,
        "expected_version": _wheel_version(facts, expected) if expected else None,
        "folder": posixpath.dirname(winner) if winner else None,
        "origin": _origin(facts, winner),
    }


def _origin(facts: Facts, path: str | None) -> str | None:
    places = (copy["place"] for copy in facts["cuda.copies"] if path in (copy["path"], copy["real"]))
    return next((place if place in ("wheel", "ld_library_path") else "system" for place in places), None)


def _wheel_version(facts: Facts, path: str) -> str | None:
    package = gaps.package_of(facts, path)
    return str(facts["python.packages"][package]) if package else None
