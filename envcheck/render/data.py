"""Nouns → JSON: the contract with programs, described by ``schema/report.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from .. import __version__, install, tables
from ..compat import Answer, Release, why
from ..model import Fact, Facts, Finding, Fix, Known, Report, Rule, Undecided
from ..words import pick, reason

SCHEMA = "envcheck-report/1"
COMPAT_SCHEMA = "envcheck-compat/1"


def text(value: Any, ascii_only: bool = False) -> str:
    """``value`` as JSON; ``ascii_only`` for streams that carry less than Unicode.

    A path may hold bytes that are no text (lone surrogates): JSON escapes those in any case.
    """
    told = json.dumps(value, ensure_ascii=ascii_only, allow_nan=False, indent=1) + "\n"
    return "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in told)


def report(told: Report) -> dict[str, Any]:
    """A Report as ``envcheck-report/1``; ``findings[0]`` is the root cause."""
    target = told.target
    return {
        "schema": SCHEMA,
        "envcheck": __version__,
        "created": told.created,
        "verdict": told.verdict,
        "exit_code": told.exit_code,
        "target": {
            "python": target.python,
            "version": target.version,
            "environment": target.environment,
            "chosen": target.chosen,
        },
        "layers": [{"layer": r.layer, "status": r.status, "seconds": r.seconds} for r in told.layers],
        "findings": [_finding(found, told) for found in told.findings],
        "consequences": [
            {"cause": c.finding.rule.cause, "because_of": c.because_of} for c in told.consequences
        ],
        "undecided": [_undecided(doubt) for doubt in told.undecided],
        "facts": facts(told.facts),
        "training": [finite(dict(run)) for run in told.training],
    }


def finite(value: Any) -> Any:
    """``value`` with None for the numbers that JSON has no word for: NaN and the infinities."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, (list, tuple)) else value


def facts(told: Facts) -> dict[str, Any]:
    """Facts by name."""
    return {name: fact(one) for name, one in told.items()}


def fact(told: Fact) -> dict[str, Any]:
    """``{"value", "source"}`` of a known fact, ``{"unknown", "kind", "source"}`` of an unknown one."""
    if isinstance(told, Known):
        return {"value": finite(told.value), "source": list(told.source)}
    return {"unknown": reason(told), "kind": told.kind, "source": list(told.source)}


def _finding(found: Finding, told: Report) -> dict[str, Any]:
    return {
        "cause": found.rule.cause,
        "layer": found.rule.layer,
        "severity": found.severity,
        "title": pick(found.rule.title),
        "why": pick(found.rule.why),
        "because": facts(found.because),
        "fixes": [_fix(fix, told) for fix in found.fixes],
        "links": list(found.rule.links),
    }


def _fix(fix: Fix, told: Report) -> dict[str, Any]:
    run = (*install.commands(fix.packages, told.facts, told.target), *fix.run)
    return {"do": pick(fix.do), "run": list(run), "scope": fix.scope, "verify": list(fix.verify)}


def _undecided(doubt: Undecided) -> dict[str, Any]:
    reasons = [f"{name}: {reason(unknown)}" for name, unknown in doubt.missing.items()]
    return {"cause": doubt.rule.cause, "reasons": reasons}


def rules(told: Iterable[Rule]) -> list[Mapping[str, Any]]:
    """The causes, a record each."""
    return [
        {
            "cause": rule.cause,
            "layer": rule.layer,
            "severity": rule.severity,
            "title": pick(rule.title),
            "why": pick(rule.why),
            "links": list(rule.links),
        }
        for rule in told
    ]


def compat(told: Answer) -> dict[str, Any]:
    """What fits, as ``envcheck-compat/1``: the question, and every final release, newest first.

    What was left open is null in ``asked``. A release that does not fit has a ``reason``: ``what`` is
    python, glibc, cpu-build, broken, gpu or driver. ``runs`` and ``share`` are of the GPU that a release
    serves worst; ``driver`` is the oldest that will do.
    """
    asked = told.question
    return {
        "schema": COMPAT_SCHEMA,
        "dated": tables.dated(),
        "asked": {
            "package": "tensorflow",
            "os": asked.system,
            "platform": asked.platform,
            "python": asked.python,
            "gpus": [gpu._asdict() for gpu in asked.gpus],
            "driver": asked.driver,
            "glibc": asked.glibc,
        },
        "newest": told.newest and told.newest.row["version"],
        "releases": [_release(release) for release in told.releases],
    }


def _release(told: Release) -> dict[str, Any]:
    row, misfit, support = told.row, told.misfit, told.support
    return {
        "version": row["version"],
        "fits": misfit is None,
        "reason": misfit and {"what": misfit.what, "why": why(misfit)},
        "runs": support and support.runs,
        "share": support and support.share,
        "python": row["python"],
        "cuda": row["cuda"],
        "cudnn": row["cudnn"],
        "driver": told.driver,
    }
