"""Plan → a script that can be read and run: bash, or PowerShell for Windows.

Only the environment's own steps are commands; what changes the system stands there as comments.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence

from .. import __version__
from ..install.model import Plan, Step
from ..model import Known
from ..words import pick, say

WIDTH = 96
_PLAIN = re.compile(r"[\w./\\:=~+-]+")


def script(plan: Plan) -> str:
    """The whole script. One for a plan that cannot be carried out says why, and ends with 1."""
    system = plan.facts.get("platform.system")
    windows = isinstance(system, Known) and system.value == "Windows"
    lines = [*(_powershell(plan) if windows else _bash(plan))]
    return "\n".join(lines) + "\n"


def _head(plan: Plan) -> Iterator[str]:
    yield from comment(say("TensorFlow {release}, planned by envcheck", release=plan.release or "–"))
    yield from comment(f"envcheck {__version__} · {plan.created}")
    yield from comment(say("Read it before you run it. What needs administrator's rights is a comment here."))


def comment(text: str) -> Iterator[str]:
    """``text`` as lines of a comment, whatever characters it holds."""
    for paragraph in text.splitlines() or [""]:
        yield from (f"# {part}" for part in textwrap.wrap(paragraph, WIDTH, break_on_hyphens=False) or [""])


# --- bash


def _bash(plan: Plan) -> Iterator[str]:
    yield "#!/usr/bin/env bash"
    yield from _head(plan)
    yield "set -euo pipefail"
    if plan.exit_code:
        yield from ("", f"echo {shlex.quote(_why_not(plan))} >&2", "exit 1")
        return
    if plan.into and _is_new(plan):
        there = say("{into} is there already: remove it or choose another folder", into=plan.into)
        yield f"if [ -e {_quoted(plan.into)} ]; then echo {shlex.quote(there)} >&2; exit 1; fi"
    yield from _steps(plan.steps, _bash_line)


def _bash_line(argv: Sequence[str]) -> Iterable[str]:
    return (" ".join(_quoted(part) for part in argv),)


def _quoted(part: str) -> str:
    home, rest = ("~/", part[2:]) if part.startswith("~/") else ("", part)
    return home + shlex.quote(rest)


# --- PowerShell


def _powershell(plan: Plan) -> Iterator[str]:
    yield from _head(plan)
    yield '$ErrorActionPreference = "Stop"'
    if plan.exit_code:
        yield from ("", f"[Console]::Error.WriteLine({_single(_why_not(plan))})", "exit 1")
        return
    if plan.into and _is_new(plan):
        there = say("{into} is there already: remove it or choose another folder", into=plan.into)
        yield (
            f"if (Test-Path -LiteralPath {_single(plan.into)}) "
            f"{{ [Console]::Error.WriteLine({_single(there)}); exit 1 }}"
        )
    yield from _steps(plan.steps, _powershell_line)


def _powershell_line(argv: Sequence[str]) -> Iterable[str]:
    """A command that fails does not end PowerShell by itself."""
    parts = (part if _PLAIN.fullmatch(part) else _single(part) for part in argv)
    return ("& " + " ".join(parts), "if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }")


def _single(text: str) -> str:
    """One argument in quotes within which nothing has a meaning; curly ones count as quotes, too."""
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", text) + "'"


# --- both


def _why_not(plan: Plan) -> str:
    reason = pick(plan.why_not) if plan.why_not else ""
    return say("No TensorFlow fits as things are.") + " " + reason


def _is_new(plan: Plan) -> bool:
    """Whether the plan makes the environment: its first command of the environment is no package command."""
    first = next((step.commands for step in plan.steps if step.commands), ((),))[0]
    return plan.into in first


def _steps(steps: Iterable[Step], command: Callable[[Sequence[str]], Iterable[str]]) -> Iterator[str]:
    for number, step in enumerate(steps, 1):
        yield ""
        yield from comment(f"{number}. {pick(step.do)}")
        yield from comment(pick(step.why))
        if step.scope == "environment":
            for argv in step.commands:
                yield from command(argv)
            yield from step.lines
        else:
            yield from (f"#     {line}" for line in step.lines)
        for line in step.verify:
            yield f"#     {say('Then check with:')} {line}"
