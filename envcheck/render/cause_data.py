"""The page of a cause → JSON, as ``envcheck-cause/1``."""

from __future__ import annotations

from typing import Any

from ..cause_page import Judged, Line, Page
from ..model import Condition, Fix
from ..places import fill_rule, whole
from ..words import pick, reason
from .data import facts

SCHEMA = "envcheck-cause/1"


def record(page: Page) -> dict[str, Any]:
    """The cause; ``here`` is null where no machine was looked at.

    ``when`` is as the rule file has it: blocks of conditions, each the name of a fact (``log``: the text)
    and its test.
    """
    rule = fill_rule(page.rule, page.report.facts) if page.report else page.rule
    return {
        "schema": SCHEMA,
        "cause": rule.cause,
        "layer": rule.layer,
        "severity": rule.severity,
        "title": whole(pick(rule.title)),
        "why": whole(pick(rule.why)),
        "seen": list(page.seen),
        "when": [[_condition(one) for one in block] for block in rule.when],
        "fixes": [_fix(fix) for fix in rule.fixes],
        "explains": list(rule.explains),
        "symptom_of": list(rule.symptom_of),
        "links": list(rule.links),
        "here": page.judged and _here(page.judged),
    }


def _plain(test: Any) -> Any:
    return list(test) if isinstance(test, tuple) else test


def _fix(fix: Fix) -> dict[str, Any]:
    on = [[_condition(one) for one in block] for block in fix.on]
    return {
        "do": whole(pick(fix.do)),
        "on": on,
        "packages": list(fix.packages),
        "run": list(fix.run),
        "scope": fix.scope,
        "verify": list(fix.verify),
    }


def _here(judged: Judged) -> dict[str, Any]:
    """``standing`` is one of first, named, explained, no, cannot tell; ``holds`` null: cannot tell."""
    return {
        "standing": judged.standing,
        "by": judged.by,
        "when": [[_line(one) for one in block] for block in judged.blocks],
    }


def _condition(one: Condition) -> dict[str, Any]:
    """``absent``: the text must not be there."""
    return {"fact": one.fact, "test": _plain(one.test), **({"absent": True} if one.absent else {})}


def _line(one: Line) -> dict[str, Any]:
    return {
        "fact": one.condition.fact,
        "holds": one.outcome,
        "because": facts(one.because),
        "missing": {name: reason(unknown) for name, unknown in one.missing.items()},
    }
