"""Where TensorFlow goes: the environment, its Python, and what makes both."""

from __future__ import annotations

import ntpath
import posixpath
import re
from typing import NamedTuple

from ..model import Facts, Target
from .commands import Tool, venv_python
from .machine import Machine, minor, value
from .model import Step
from .tables import text
from .wishes import INTO, Wishes

#: Folders of conda's base environment as its installers name them; others lie in "envs".
_BASE = re.compile(r"(ana|mini)?conda\d*|(mini|mamba)forge\d*|micromamba|miniforge-?\w*|conda")


class Place(NamedTuple):
    """``into``: the environment's folder; ``interpreter``: its Python; ``steps`` make it, if it is new."""

    tool: Tool
    into: str
    interpreter: str
    python: str | None
    steps: tuple[Step, ...]
    new: bool


def place(facts: Facts, target: Target, machine: Machine, wishes: Wishes) -> Place:
    """The environment in use where that is conda's own, else a new one."""
    windows = value(facts, "platform.system") == "Windows"
    kind = value(facts, "python.environment") or target.environment
    prefix = value(facts, "python.prefix") or _prefix(target.python, windows)
    if kind == "conda" and not wishes.into and not wishes.prefer and machine.own and not _is_base(prefix):
        return Place("conda", prefix, target.python, machine.python, (), False)
    into = wishes.into or INTO
    if kind == "conda" and wishes.prefer is None:
        python = rf"{into}\python.exe" if windows else f"{into}/bin/python"
        return Place("conda", into, python, machine.python, (_conda(into, machine),), True)
    tool = _tool(kind, machine, wishes)
    steps = _steps(tool, into, facts, target, machine, wishes, kind)
    return Place(tool, into, venv_python(into, windows), machine.python, steps, True)


def _tool(kind: str | None, machine: Machine, wishes: Wishes) -> Tool:
    """uv where its user has it, or where only uv can fetch the Python."""
    if wishes.prefer:
        return "uv" if wishes.prefer == "uv" else "pip"
    fetched = not machine.own and wishes.interpreter is None
    return "uv" if fetched or kind in ("uv", "uv tool") else "pip"


def _steps(
    tool: Tool, into: str, facts: Facts, target: Target, machine: Machine, wishes: Wishes, kind: str | None
) -> tuple[Step, ...]:
    python = minor(machine.python) or ""
    windows = value(facts, "platform.system") == "Windows"
    before: tuple[Step, ...] = ()
    if tool == "uv":
        source = target.python if machine.own else (wishes.interpreter or python)
        if kind not in ("uv", "uv tool") and not wishes.has_uv:
            before = (_get_uv(python, target, facts),)
        make: tuple[str, ...] = ("uv", "venv", "--python", source, into)
    elif machine.own or wishes.interpreter:
        make = (target.python if machine.own else str(wishes.interpreter), "-m", "venv", into)
    else:
        before = (Step(text("get_python", "do", python=python), text("get_python", "why"), "manual"),)
        launcher = ("py", f"-{python}") if windows else (f"python{python}",)
        make = (*launcher, "-m", "venv", into)
    key = "venv" if machine.own or tool != "uv" else "other_python"
    shown = {"into": into, "python": machine.python or value_or(target.version)}
    return (*before, Step(text(key, "do", **shown), text(key, "why", **shown), "environment", (make,)))


def value_or(version: str | None) -> str:
    """A version, or three dots where it is not known."""
    return version or "…"


def _get_uv(python: str, target: Target, facts: Facts) -> Step:
    """A Python that its system manages takes no packages (PEP 668); pipx makes an environment for uv."""
    managed = value(facts, "python.externally_managed")
    line = "pipx install uv" if managed else f"{target.python} -m pip install uv"
    return Step(text("get_uv", "do"), text("get_uv", "why", python=python), "user", lines=(line,))


def _conda(into: str, machine: Machine) -> Step:
    python = minor(machine.python) or "3"
    make = ("conda", "create", "--yes", "--prefix", into, f"python={python}", "pip")
    shown = {"into": into, "python": python}
    return Step(
        text("conda_create", "do", **shown), text("conda_create", "why", **shown), "environment", (make,)
    )


def _prefix(python: str, windows: bool) -> str:
    """The folder of the environment that an interpreter belongs to."""
    if not windows:
        return posixpath.dirname(posixpath.dirname(python))
    folder = ntpath.dirname(python)
    return ntpath.dirname(folder) if ntpath.basename(folder).lower() == "scripts" else folder


def _is_base(prefix: str) -> bool:
    parts = re.split(r"[\\/]", prefix.rstrip("\\/").lower())
    return "envs" not in parts[-2:-1] and bool(_BASE.fullmatch(parts[-1]))
