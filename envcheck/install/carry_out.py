"""``envcheck install --yes``: the steps of a plan that concern the environment, carried out.

Nothing of what is there is touched before the new environment is whole and trains: see ``aside``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from .. import __version__
from ..model import Report, Wrong
from ..words import pick, say
from . import aside, running
from .model import Plan, Step

#: Examines the interpreter at a path; what it found decides whether the environment stays.
Check = Callable[[str], Report]


class Outcome(NamedTuple):
    """What came of it. ``place``: where the environment stands now, None where none was made.

    ``failed_step`` and ``log``: the step that failed and what it said. ``report``: what the check inside
    the new environment found. ``left``: steps that are not envcheck's to carry out.
    """

    done: bool
    place: str | None
    failed_step: Step | None = None
    log: str = ""
    report: Report | None = None
    left: tuple[Step, ...] = ()


def carry_out(plan: Plan, tell: running.Tell, check: Check | None = None) -> Outcome:
    """Build the environment of ``plan`` aside, check it, and move it into place if it is ready.

    Steps of another scope that stand before the first of ours must be done first: then nothing is done.
    Raises :class:`Wrong` where the plan makes no environment, or its place is taken.
    """
    if plan.into is None or not any(step.scope == "environment" and step.commands for step in plan.steps):
        raise Wrong(say("there is nothing in this plan that envcheck could carry out by itself"))
    first = _before_ours(plan)
    if first:
        return Outcome(False, None, left=first)
    into = Path(os.path.abspath(os.path.expanduser(plan.into)))
    aside.recover(into)
    aside.check_place(into)
    folder = aside.begin(into)
    try:
        return _built(plan, folder, into, tell, check or examined)
    finally:
        if aside.is_building(folder):
            aside.discard(folder)


def _before_ours(plan: Plan) -> tuple[Step, ...]:
    """The steps for a person (a driver, a restart) that come before the first of ours."""
    scopes = [step.scope for step in plan.steps]
    return tuple(
        step for step in plan.steps[: scopes.index("environment")] if step.scope in ("system", "reboot")
    )


def _built(plan: Plan, folder: Path, into: Path, tell: running.Tell, check: Check) -> Outcome:
    left = tuple(step for step in plan.steps if step.scope != "environment")
    ours = [step for step in plan.steps if step.scope == "environment" and step.commands]
    for number, step in enumerate(ours, 1):
        tell(say("step {number} of {all}: {what}", number=number, all=len(ours), what=pick(step.do)), None)
        for argv in _moved(step.commands, plan.into or "", folder):
            ran = running.run_watched(argv, tell)
            if ran.code != 0:
                return Outcome(False, None, step, ran.log, left=left)
    tell(say("checking the new environment"), None)
    report = check(str(_python(folder)))
    if report.exit_code != 0:
        return Outcome(False, None, report=report, left=left)
    aside.move(
        folder, into, {"envcheck": __version__, "release": plan.release, "packages": list(plan.packages)}
    )
    return Outcome(True, str(into), report=report, left=left)


def _moved(commands: Sequence[Sequence[str]], into: str, folder: Path) -> Iterator[list[str]]:
    """The commands with the folder aside in the stead of the place where it will stand."""
    for argv in commands:
        yield [_argument(part, into, folder) for part in argv]


def _argument(part: str, into: str, folder: Path) -> str:
    if part == into:
        return str(folder)
    for separator in ("/", "\\"):
        if part.startswith(into + separator):
            return str(folder) + separator + part[len(into) + 1 :]
    return part


def _python(folder: Path) -> Path:
    windows = folder / "Scripts" / "python.exe"
    return windows if windows.exists() else folder / "bin" / "python"


def examined(python: str) -> Report:
    """The whole check of the interpreter at ``python``, a training step included."""
    from .. import examine

    asked = examine.Asked(python=python)
    with closing(examine.open_machine(asked)) as host:
        return examine.examine(host, asked)
