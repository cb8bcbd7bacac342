"""``--verify-resolve``: pip or uv resolves a plan's packages before anything is downloaded.

pip resolves for the Python that it runs under; uv for any Python and platform, so also for a machine
that is only recorded.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from ..model import Facts, Wrong
from ..operators import below, dotted
from ..words import say
from . import failed
from .commands import Installer
from .machine import minor, value
from .model import Conflict, Plan, Resolution

#: The first pip with ``install --dry-run --report`` (https://pip.pypa.io/en/stable/news/#v22-2).
FIRST_PIP = "22.2"
#: The C libraries that uv can resolve for (``uv pip compile --help``).
_GLIBCS = ("2.17", "2.28", "2.31", "2.32", "2.33", "2.34", "2.35", "2.36", "2.37", "2.38", "2.39", "2.40")
_KINDS: Sequence[tuple[Literal["conflict", "no-distribution"], re.Pattern[str]]] = (
    ("no-distribution", re.compile(r"No matching distribution found for ([\w.-]+)[^\n]*")),
    ("no-distribution", re.compile(r"there (?:is|are) no versions? of ([\w.-]+)")),
    ("no-distribution", re.compile(r"([\w.-]+)(?:[^\n ]*) has no wheels with a matching")),
    ("no-distribution", re.compile(r"([\w.-]+) was not found in the package registry")),
    (
        "conflict",
        re.compile(r"Cannot install ([\w.-]+)[^\n]* because these package versions have conflicting"),
    ),
    ("conflict", re.compile(r"conflicting dependencies")),
    ("conflict", re.compile(r"(?:your requirements|your project's requirements) are unsatisfiable")),
)
_PINNED = re.compile(r"^([\w.-]+==[\w.!+-]+)", re.MULTILINE)


class Answer(NamedTuple):
    """How a resolver ended."""

    code: int | None
    text: str


#: Runs an argument list to its end.
Run = Callable[[Sequence[str]], Answer]


def run(argv: Sequence[str]) -> Answer:
    """Run it here, in silence."""
    from . import running

    ran = running.run(argv, lambda _line, _share: None)
    return Answer(ran.code, ran.log)


def resolved(plan: Plan, here: bool, uv: str | None, runner: Run = run) -> Plan:
    """The plan with its ``resolution``.

    ``here``: the plan is for this machine, so that its own pip can be asked; ``uv``: where uv is, if it
    is. Raises :class:`Wrong` where there is neither.
    """
    if plan.release is None:
        return plan
    with tempfile.TemporaryDirectory() as folder:
        if here and _pip_can(plan):
            found = _by_pip(plan, Path(folder), runner)
        elif uv:
            found = _by_uv(plan, Path(folder), uv, runner)
        else:
            raise Wrong(say("--verify-resolve needs uv here: pip resolves for its own Python only"))
    return plan._replace(resolution=found)


def _pip_can(plan: Plan) -> bool:
    pip = value(plan.facts, "python.pip")
    own = minor(plan.python) == minor(value(plan.facts, "python.version"))
    return bool(pip) and own and plan.tool != "uv" and not below(pip, FIRST_PIP)


def _by_pip(plan: Plan, folder: Path, runner: Run) -> Resolution:
    report = folder / "report.json"
    (argv,) = Installer("pip", plan.target.python, plan.mirror).dry_run(plan.packages, str(report))
    answer = runner(argv)
    if answer.code != 0 or not report.exists():
        return _failed("pip", answer, plan)
    told = json.loads(report.read_text("utf-8"))["install"]
    names = sorted(f"{each['metadata']['name']}=={each['metadata']['version']}" for each in told)
    return Resolution("pip", tuple(names))


def _by_uv(plan: Plan, folder: Path, uv: str, runner: Run) -> Resolution:
    asked = folder / "requirements.in"
    asked.write_text("\n".join(plan.packages) + "\n", "utf-8")
    answer = runner(compile_command(plan.packages, plan, uv, str(asked)))
    if answer.code != 0:
        return _failed("uv", answer, plan)
    return Resolution("uv", tuple(_PINNED.findall(answer.text)))


def compile_command(packages: Sequence[str], plan: Plan, uv: str, file: str) -> list[str]:
    """uv's command that resolves the packages in ``file`` for the plan's Python and system."""
    python = minor(plan.python)
    options = ["--python-version", python] if python else []
    platform = uv_platform(plan.facts)
    options += ["--python-platform", platform] if platform else []
    options += ["--default-index", plan.mirror] if plan.mirror else []
    return [
        uv,
        "pip",
        "compile",
        "--no-header",
        "--no-annotate",
        "--only-binary",
        "tensorflow",
        *options,
        file,
    ]


def uv_platform(facts: Facts) -> str | None:
    """What uv calls the system: ``"x86_64-manylinux_2_35"``; None where nothing is known of it."""
    system, architecture = value(facts, "platform.system"), value(facts, "platform.architecture")
    arm = architecture in ("aarch64", "arm64")
    if system == "Linux":
        glibc = value(facts, "platform.glibc") or "2.28"
        known = [each for each in _GLIBCS if dotted(each) <= dotted(glibc)] or ["2.17"]
        return f"{'aarch64' if arm else 'x86_64'}-manylinux_{known[-1].replace('.', '_')}"
    if system == "Darwin":
        return "aarch64-apple-darwin" if arm else "x86_64-apple-darwin"
    return "x86_64-pc-windows-msvc" if system == "Windows" else None


# --- what went wrong -----------------------------------------------------------------------------


def _failed(tool: Literal["pip", "uv"], answer: Answer, plan: Plan) -> Resolution:
    report = failed.explained(answer.text, plan.facts, plan.target).report
    return Resolution(tool, (), conflicts(answer.text), report if report.findings else None)


def conflicts(text: str) -> tuple[Conflict, ...]:
    """What a resolver's last words come to; it has always one entry at least."""
    plain = " ".join(text.split())
    found: dict[tuple[str, str | None], Conflict] = {}
    for kind, pattern in _KINDS:
        for match in pattern.finditer(plain):
            package = match[1] if pattern.groups else None
            found.setdefault((kind, package), Conflict(kind, package, _sentence(text, match[0])))
    if not found:
        return (Conflict("failed", None, _sentence(text, "")),)
    return tuple(found.values())


def _sentence(text: str, words: str) -> str:
    """The line that says it, else the last line that is an error, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    begin = words[:30]
    says = [line for line in lines if begin and begin in line]
    errors = [line for line in lines if re.match(r"(?i)error|×|╰", line)]
    return (says or errors or lines or [""])[-1][:400]
