"""Reading what the driver's children said, and whether the driver let them end."""

from __future__ import annotations

from ...formats import children
from ...model import NoAnswer

#: Ends that are the library's fault, not ours.
HARD_ENDS = ("timeout", "signal", "flood")


def broke(child: children.Child) -> bool:
    """Whether a call into the library hung or killed the child."""
    return child["ended"]["kind"] in HARD_ENDS


def required(child: children.Child, event: str) -> children.Event:
    """The first event of a kind. Raises :class:`NoAnswer`, with the child's end, where there is none."""
    found = children.first(child, event)
    if found is None:
        ended = child["ended"]
        raise NoAnswer(
            "failed",
            "the {role} child ended ({how}) at the stage {stage} before it could say so",
            role=child["role"], how=ended["signal"] or ended["kind"], stage=ended["stage"],
        )  # fmt: skip
    return found
