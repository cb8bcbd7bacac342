"""Fleet → JSON, as ``envcheck-fleet/1`` (``schema/fleet.json``), and → the rows of a table."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from .. import __version__
from ..fleet import Cause, Fleet
from ..fleet.member import Member
from ..fleet.outliers import Outlier
from ..model import fill
from ..words import pick, say

SCHEMA = "envcheck-fleet/1"
#: The columns of the table: a row per machine.
COLUMNS = (
    "alias", "verdict", "cause", "title", "fix", "run", "also", "system", "python", "tensorflow", "gpus",
    "driver", "cuda", "cudnn", "step_ms", "unusual", "created", "file",
)  # fmt: skip
_SYSTEM = ("platform.system", "platform.distro", "platform.distro_version")


def record(fleet: Fleet) -> dict[str, Any]:
    """The whole Fleet; ``members`` and ``causes`` with the worst first."""
    return {
        "schema": SCHEMA,
        "envcheck": __version__,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "verdicts": dict(fleet.verdicts),
        "causes": [_cause(cause) for cause in fleet.causes],
        "members": [_member(member, fleet) for member in fleet.members],
        "outliers": [_outlier(one) for one in fleet.outliers],
        "skipped": [{"file": one.file, "reason": fill(one.sentence, one.values)} for one in fleet.skipped],
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "cause": cause.cause,
        "layer": cause.layer or None,
        "severity": cause.severity,
        "title": pick(cause.title),
        "number": len(cause.who),
        "who": list(cause.who),
        "do": pick(cause.do),
        "run": list(cause.run),
        "ways": cause.ways,
    }


def _member(member: Member, fleet: Fleet) -> dict[str, Any]:
    root = member.root
    return {
        "alias": member.alias,
        "file": member.file,
        "created": member.created or None,
        "verdict": member.verdict,
        "cause": root and root.cause,
        "title": root and pick(fleet.titles[member.alias]),
        "do": root and pick(fleet.fixes[member.alias]),
        "run": list(root.run) if root else [],
        "also": list(member.also),
        "gpus": list(member.gpus),
        "steps": [step._asdict() for step in member.steps],
        "facts": dict(member.facts),
    }


def _outlier(one: Outlier) -> dict[str, Any]:
    return one._asdict()


def rows(fleet: Fleet) -> Iterator[tuple[str, ...]]:
    """A row of texts per machine, in the order of ``COLUMNS``."""
    unusual: dict[str, list[str]] = {}
    for one in fleet.outliers:
        unusual.setdefault(one.alias, []).append(f"{one.fact} {one.value} ({one.usual})")
    for member in fleet.members:
        yield _row(member, fleet, unusual.get(member.alias, []))


def _row(member: Member, fleet: Fleet, unusual: list[str]) -> tuple[str, ...]:
    root, facts = member.root, member.facts
    system = " ".join(facts[name] for name in _SYSTEM if name in facts)
    return (
        member.alias,
        say(member.verdict),
        root.cause if root else "",
        pick(fleet.titles[member.alias]) if root else "",
        pick(fleet.fixes[member.alias]) if root else "",
        " && ".join(root.run) if root else "",
        " ".join(member.also),
        system,
        facts.get("python.version", ""),
        facts.get("tensorflow.version", ""),
        "; ".join(member.gpus),
        facts.get("driver.version", ""),
        facts.get("cuda.runtime_version", ""),
        facts.get("cuda.cudnn_version", ""),
        "; ".join(f"{step.ms:.4g}" for step in member.steps),
        "; ".join(unusual),
        member.created,
        member.file,
    )
