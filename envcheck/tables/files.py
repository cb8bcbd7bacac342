"""The files of ``rules/compat``, each read once, at its first use."""

from __future__ import annotations

import csv
import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from .. import own_files
from ..model import Value

#: One row of a table: column → value. Shared by all who ask: not to be changed.
Row = Mapping[str, Value]


def text(name: str) -> str:
    """The file ``rules/compat/<name>``, from the installed package or from a bare clone."""
    return own_files.text(own_files.folder("rules"), "compat", name)


@cache
def table(name: str) -> tuple[list[str], list[list[str]]]:
    """The column names of a CSV file and its rows, all values text."""
    lines = csv.reader(text(name).splitlines())
    return next(lines), list(lines)


@cache
def cuda_toml() -> Mapping[str, Any]:
    """``cuda.toml``, parsed."""
    loads = _tomllib().loads
    parsed: Mapping[str, Any] = loads(text("cuda.toml"))
    return parsed


def _tomllib() -> Any:
    try:
        return importlib.import_module("tomli")  # compiled: four times as fast as the same in Python
    except ModuleNotFoundError:
        return importlib.import_module("tomllib")  # from 3.11 on
