"""From packages to the commands that install them into the examined environment."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from .model import Facts, Known, Target, Value


def commands(packages: Sequence[str], facts: Facts, target: Target) -> tuple[str, ...]:
    """The command lines that bring about ``packages`` (``"-name"`` removes one) for ``target``.

    An environment made by uv has no pip of its own, so uv installs into it. A Python that its
    system manages (PEP 668) gets a virtual environment instead.
    """
    removed = [name[1:] for name in packages if name.startswith("-")]
    wanted = [name for name in packages if not name.startswith("-")]
    lines: list[list[str]] = []
    if wanted and _value(facts, "python.externally_managed"):
        lines = [[target.python, "-m", "venv", ".venv"]]
        lines += [[_venv_python(facts), "-m", "pip", "install", *wanted]]
    elif _value(facts, "python.environment") == "uv" and not _value(facts, "python.pip"):
        lines += [["uv", "pip", "uninstall", "--python", target.python, *removed]] if removed else []
        lines += [["uv", "pip", "install", "--python", target.python, *wanted]] if wanted else []
    else:
        pip = [target.python, "-m", "pip"]
        lines += [[*pip, "uninstall", "-y", *removed]] if removed else []
        lines += [[*pip, "install", *wanted]] if wanted else []
    windows = _value(facts, "platform.system") == "Windows"
    return tuple(" ".join(quoted(part, windows) for part in line) for line in lines)


def quoted(part: str, windows: bool) -> str:
    """One argument as the user's shell wants it; ``~/`` stays what the shell makes of it."""
    if windows:
        plain = all(char.isalnum() or char in "-_.:\\/=~" for char in part)
        return part if plain else f'"{part}"'
    home, rest = ("~/", part[2:]) if part.startswith("~/") else ("", part)
    return home + shlex.quote(rest)


def _venv_python(facts: Facts) -> str:
    windows = _value(facts, "platform.system") == "Windows"
    return r".venv\Scripts\python" if windows else ".venv/bin/python"


def _value(facts: Facts, name: str) -> Value:
    fact = facts.get(name)
    return fact.value if isinstance(fact, Known) else None
