"""Whose machine it is: what identity there is to hide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..model import Value


class Who(NamedTuple):
    """Whose machine it is. ``projects`` are folders whose paths say what somebody works on."""

    user: str | None = None
    host: str | None = None
    home: str | None = None
    projects: tuple[str, ...] = ()


def whose(known: Mapping[str, Value], projects: Iterable[str] = ()) -> Who:
    """From what ``Host.identity()`` says; ``projects`` are more folders beside the working directory."""
    folders = (known.get("cwd"), *projects)
    named = tuple(folder for folder in folders if isinstance(folder, str))
    return Who(known.get("user"), known.get("node"), known.get("home"), named)
