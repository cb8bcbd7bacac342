"""Nouns → JSON: the contract with programs, described by ``schema/report.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .. import __version__, install, tables
from ..model import Fact, Facts, Finding, Fix, Known, Report, Rule, Undecided
from ..places import whole
from ..words import pick, reason

if TYPE_CHECKING:  # a check writes none of these, and need not wait for them
    from ..compat import Answer, Release
    from ..explain import Candidate, Explanation
    from ..install.model import Plan, Resolution, Step
    from ..install.repair import Repair
    from ..issue import Issue

SCHEMA = "envcheck-report/1"
COMPAT_SCHEMA = "envcheck-compat/1"
ISSUE_SCHEMA = "envcheck-issue/1"
PLAN_SCHEMA = "envcheck-plan/1"
REPAIR_SCHEMA = "envcheck-repair/1"


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
        "skipped": [
            {
                "cause": each.rule.cause,
                "title": pick(each.rule.title),
                "reason": each.reason,
                "place": each.place,
                "holds": each.holds,
            }
            for each in told.skipped
        ],
        "facts": facts(told.facts),
        "training": [finite(dict(run)) for run in told.training],
        "explanation": None,
    }


def issue(told: Issue, about: Report, body: str, search: Iterable[str], url: str) -> dict[str, Any]:
    """An issue that could be opened as ``envcheck-issue/1``, and the report it was made of."""
    return {
        "schema": ISSUE_SCHEMA,
        "worth": told.worth,
        "repository": told.tracker.repository,
        "title": told.title,
        "picks": dict(told.picks),
        "texts": dict(told.texts),
        "body": body,
        "search": list(search),
        "url": url,
        "report": report(about),
    }


def explanation(told: Explanation) -> dict[str, Any]:
    """The answer to a log as ``envcheck-report/1``; ``explanation`` is what no check has."""
    apart = told.tells_apart and {"fact": told.tells_apart[0], "run": told.tells_apart[1]}
    own = {
        "candidates": [_candidate(candidate) for candidate in told.candidates],
        "others": [_candidate(candidate) for candidate in told.others],
        "harmless": [_finding(found, told.report) for found in told.harmless],
        "tells_apart": apart,
        "not_understood": list(told.unread),
    }
    return {**report(told.report), "explanation": own}


def _candidate(told: Candidate) -> dict[str, Any]:
    because = {"log": {"value": told.line, "source": [told.place]}}
    rule = told.rule
    about = {"cause": rule.cause, "layer": rule.layer, "severity": rule.severity, "title": pick(rule.title)}
    return {**about, "because": because, "missing": list(told.missing)}


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
            "title": whole(pick(rule.title)),
            "why": whole(pick(rule.why)),
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
    from ..compat import why

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


def plan(told: Plan) -> dict[str, Any]:
    """A Plan as ``envcheck-plan/1``. ``commands`` of a step are argument lists, ``lines`` a person types."""
    target = told.target
    return {
        "schema": PLAN_SCHEMA,
        "envcheck": __version__,
        "created": told.created,
        "exit_code": told.exit_code,
        "target": {
            "python": target.python,
            "version": target.version,
            "environment": target.environment,
            "chosen": target.chosen,
        },
        "release": told.release,
        "packages": list(told.packages),
        "python": told.python,
        "into": told.into,
        "interpreter": told.interpreter,
        "tool": told.tool,
        "index": told.mirror,
        "free_mb": told.free_mb,
        "why_not": told.why_not and pick(told.why_not),
        "steps": [_step(step) for step in told.steps],
        "alternatives": [
            {"do": pick(way.do), "price": pick(way.price), "scope": way.scope, "commands": list(way.commands)}
            for way in told.alternatives
        ],
        "notes": [pick(note) for note in told.notes],
        "resolution": told.resolution and _resolution(told.resolution),
        "facts": facts(told.facts),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "do": pick(step.do),
        "why": pick(step.why),
        "scope": step.scope,
        "commands": [list(command) for command in step.commands],
        "lines": list(step.lines),
        "verify": list(step.verify),
        "download_mb": step.download_mb,
        "disk_mb": step.disk_mb,
    }


def _resolution(told: Resolution) -> dict[str, Any]:
    return {
        "tool": told.tool,
        "packages": list(told.packages),
        "conflicts": [
            {"kind": each.kind, "package": each.package, "text": each.text} for each in told.conflicts
        ],
        "findings": [_finding(each, told.report) for each in told.report.findings] if told.report else [],
    }


def repair(told: Repair) -> dict[str, Any]:
    """A Repair as ``envcheck-repair/1``; ``after`` is null where nothing was carried out."""
    return {
        "schema": REPAIR_SCHEMA,
        "envcheck": __version__,
        "exit_code": told.exit_code,
        "before": told.before,
        "after": told.after,
        "rolled_back": told.rolled_back,
        "changes": [_step(step) for step in told.changes],
        "failed_step": told.failed_step and _step(told.failed_step),
    }
