"""Changes → JSON, as ``envcheck-diff/1`` (``schema/diff.json``)."""

from __future__ import annotations

from typing import Any

from .. import __version__
from ..changes import Change, Changes, Side

SCHEMA = "envcheck-diff/1"


def record(told: Changes) -> dict[str, Any]:
    """What changed; what explains the failure stands first."""
    return {
        "schema": SCHEMA,
        "envcheck": __version__,
        "old": _side(told.old),
        "new": _side(told.new),
        "changes": [_change(change) for change in told.changes],
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "created": side.created or None,
        "verdict": side.verdict,
        "python": side.python or None,
        "cause": side.cause or None,
        "title": side.title or None,
        "layer": side.layer or None,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "fact": change.fact,
        "part": change.part or None,
        "before": change.before,
        "after": change.after,
        "explains": change.weight > 1,
        "sign": change.weight == 1,
    }
