"""From packages to the commands that install them: lines for people, argument lists to run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Literal, NamedTuple

from ..model import Facts, Known, Target, Value

Tool = Literal["pip", "uv", "conda"]
Argv = list[str]

#: The pip that tells whoever asks how far a download is (``--progress-bar raw``), and not terminals only.
#: Source: https://pip.pypa.io/en/stable/news/ (24.1)
TELLS_PROGRESS = "24.1"


class Installer(NamedTuple):
    """Installs into the environment of ``python``, an interpreter that may be yet to come.

    ``conda``: the environment is conda's, and its pip installs (TensorFlow's wheels are no conda
    packages). ``mirror``: where packages come from instead of the usual index, a mirror's address.
    """

    tool: Tool
    python: str
    mirror: str | None = None

    def install(self, packages: Sequence[str], *options: str) -> list[Argv]:
        """The commands that bring about ``packages``; ``"-name"`` removes one."""
        removed = [name[1:] for name in packages if name.startswith("-")]
        wanted = [name for name in packages if not name.startswith("-")]
        lines = self.uninstall(removed)
        return [*lines, [*self._begin("install"), *self._from(), *options, *wanted]] if wanted else lines

    def uninstall(self, names: Sequence[str]) -> list[Argv]:
        """The commands that take packages away."""
        yes = [] if self.tool == "uv" else ["-y"]
        return [[*self._begin("uninstall"), *yes, *names]] if names else []

    def dry_run(self, packages: Sequence[str], report_file: str) -> list[Argv]:
        """What resolves ``packages`` and changes nothing; pip writes what it found to ``report_file``.

        uv has no such file: it names each package on standard error.
        """
        options = ["--dry-run"]
        if self.tool != "uv":
            options += ["--report", report_file, "--ignore-installed", "--no-input"]
        return [[*self._begin("install"), *self._from(), *options, *packages]]

    def _begin(self, command: str) -> Argv:
        if self.tool == "uv":
            return ["uv", "pip", command, "--python", self.python]
        return [self.python, "-m", "pip", command]

    def _from(self) -> Argv:
        if self.mirror is None:
            return []
        return ["--index-url" if self.tool != "uv" else "--default-index", self.mirror]


def commands(packages: Sequence[str], facts: Facts, target: Target) -> tuple[str, ...]:
    """The command lines that bring about ``packages`` (``"-name"`` removes one) for ``target``.

    An environment made by uv has no pip of its own, so uv installs into it. A Python that its
    system manages (PEP 668) gets a virtual environment instead.
    """
    windows = _value(facts, "platform.system") == "Windows"
    wanted = [name for name in packages if not name.startswith("-")]
    lines: list[Argv]
    if wanted and _value(facts, "python.externally_managed"):
        lines = [[target.python, "-m", "venv", ".venv"]]
        lines += Installer("pip", venv_python(".venv", windows)).install(wanted)
    else:
        lines = Installer(tool_of(facts), target.python).install(packages)
    return tuple(line(each, windows) for each in lines)


def tool_of(facts: Facts) -> Tool:
    """What installs into the examined environment: one that uv made has no pip of its own."""
    by_uv = _value(facts, "python.environment") == "uv" and not _value(facts, "python.pip")
    return "uv" if by_uv else "pip"


def line(argv: Sequence[str], windows: bool) -> str:
    """An argument list as the user's shell wants it."""
    return " ".join(quoted(part, windows) for part in argv)


def quoted(part: str, windows: bool) -> str:
    """One argument as the user's shell wants it; ``~/`` stays what the shell makes of it."""
    if windows:
        plain = all(char.isalnum() or char in "-_.:\\/=~" for char in part)
        return part if plain else f'"{part}"'
    home, rest = ("~/", part[2:]) if part.startswith("~/") else ("", part)
    return home + shlex.quote(rest)


def venv_python(folder: str, windows: bool) -> str:
    """The interpreter of a virtual environment."""
    return rf"{folder}\Scripts\python" if windows else f"{folder}/bin/python"


def _value(facts: Facts, name: str) -> Value:
    fact = facts.get(name)
    return fact.value if isinstance(fact, Known) else None
