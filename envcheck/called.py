"""How this envcheck was called, so that the next command on the screen can be typed as it stands."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from .views.document import Command

_SUB_COMMANDS = "check|completion|diff|explain|init|install|merge|report|rules"
#: The command, and not the product in prose: an option or a sub-command follows.
_COMMAND = re.compile(rf"(?<![\w./\\-])envcheck(?= (?:--?[a-z]|(?:{_SUB_COMMANDS})\b))")


def program(argv: Sequence[str] | None = None, typed: Sequence[str] | None = None) -> str:
    """What begins the command line: ``envcheck`` where that is found, else what was typed.

    ``argv``: ``sys.argv``; ``typed``: the whole command line, interpreter and all (``sys.orig_argv``,
    from Python 3.10 on).
    """
    own = (sys.argv if argv is None else argv)[0]
    python = [*(getattr(sys, "orig_argv", ()) if typed is None else typed), sys.executable][0]
    name, folder = os.path.basename(own), os.path.basename(os.path.dirname(own))
    if name.endswith(".pyz"):
        return _joined(_short(python), own)
    if name == "__main__.py" and folder == "envcheck":
        return _joined(_short(python), "-m", "envcheck")
    if name in ("envcheck", "envcheck.exe") and not _is_found("envcheck", own):
        return _joined(own)
    return "envcheck"


def _joined(*words: str) -> str:
    if os.name != "nt":
        return shlex.join(words)
    import subprocess

    return subprocess.list2cmdline(words)


def _short(python: str) -> str:
    """``python3`` where that finds the same."""
    name = os.path.basename(python)
    return name if _is_found(name, python) else python


def _is_found(name: str, path: str) -> bool:
    """Whether the shell finds ``path`` when ``name`` is typed."""
    if os.name != "nt":  # shutil, slow to load, is for Windows' endings
        programs = (os.path.join(folder, name) for folder in os.get_exec_path())
        found = next((one for one in programs if os.path.isfile(one) and os.access(one, os.X_OK)), None)
        return found is not None and os.path.abspath(found) == os.path.abspath(path)
    import shutil

    found = shutil.which(name)
    return found is not None and os.path.abspath(found) == os.path.abspath(shutil.which(path) or path)


def as_called(block: Any, name: str) -> Any:
    """A page, or any part of one, with ``name`` before options and sub-commands instead of ``envcheck``."""
    if isinstance(block, Command):
        return Command(tuple(name if one == "envcheck" else as_called(one, name) for one in block.lines))
    if isinstance(block, str):
        return _COMMAND.sub(lambda _: name, block)
    if not isinstance(block, tuple):
        return block
    parts = (as_called(part, name) for part in block)
    return type(block)(*parts) if hasattr(block, "_fields") else tuple(parts)
