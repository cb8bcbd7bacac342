"""The nouns of planning: steps, other ways, what a resolver says of them, and the plan that they make up.

As :mod:`envcheck.model`: frozen, and JSON values only.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..model import Facts, Report, Scope, Target, Text


class Step(NamedTuple):
    """One step of a plan. ``commands`` are argument lists, to be run one after the other.

    Only steps of the scope ``environment`` are ever carried out by envcheck itself; for the others
    ``lines`` are what a person types into a shell. Sizes are in MB; None where they are not known.
    """

    do: Text
    why: Text
    scope: Scope
    commands: tuple[tuple[str, ...], ...] = ()
    verify: tuple[str, ...] = ()
    download_mb: float | None = None
    disk_mb: float | None = None
    lines: tuple[str, ...] = ()


class Alternative(NamedTuple):
    """Another way to a TensorFlow that works here, and what it costs."""

    do: Text
    price: Text
    scope: Scope
    commands: tuple[str, ...] = ()


class Conflict(NamedTuple):
    """Why packages cannot be installed together. ``kind``: ``conflict`` (two want different versions),
    ``no-distribution`` (nothing fits this Python and system) or ``failed`` (it could not be found out).
    """

    kind: Literal["conflict", "no-distribution", "failed"]
    package: str | None
    text: str


class Resolution(NamedTuple):
    """What pip or uv makes of a plan's packages: ``"name==version"`` each, or why it cannot be done.

    ``report``: cause and fix, where a rule knows them.
    """

    tool: Literal["pip", "uv"]
    packages: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    report: Report | None = None


class Plan(NamedTuple):
    """How TensorFlow comes to run on a machine: nothing has happened yet.

    ``release`` is None where none fits as things are: ``alternatives`` then say what would have to
    change, the smallest change first. ``why_not`` is why nothing fits, or why the plan cannot be carried
    out as things are. ``into``: the folder of the environment that the steps make or change;
    ``interpreter``: its Python, perhaps yet to come; ``python``: that Python's version. ``mirror``: the
    address that packages come from. ``free_mb``: what is free where the environment will lie.
    ``resolution``: what pip or uv says of it, where it was asked.
    """

    target: Target
    facts: Facts
    release: str | None
    packages: tuple[str, ...] = ()
    python: str | None = None
    into: str | None = None
    interpreter: str | None = None
    tool: Literal["pip", "uv", "conda"] = "pip"
    mirror: str | None = None
    steps: tuple[Step, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    free_mb: float | None = None
    why_not: Text | None = None
    notes: tuple[Text, ...] = ()
    created: str = ""
    resolution: Resolution | None = None

    @property
    def exit_code(self) -> int:
        """0: the plan can be carried out; 1: nothing fits as things are, or it does not resolve."""
        resolves = self.resolution is None or not self.resolution.conflicts
        return 0 if self.release and self.why_not is None and resolves else 1
