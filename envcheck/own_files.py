"""The files that envcheck brings: rules and tables, the children's programs, the parts of a page."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from importlib.abc import Traversable

_PACKAGE = os.path.dirname(os.path.abspath(__file__))

#: A folder: its path, or its place in an archive.
Folder = Union[str, "Traversable"]


def folder(name: str) -> Folder:
    """The folder ``envcheck/<name>``; in a bare clone ``rules`` lies beside the package.

    ``importlib.resources`` and ``pathlib``, which are slow to load, are for archives alone.
    """
    within, beside = os.path.join(_PACKAGE, name), os.path.join(os.path.dirname(_PACKAGE), name)
    for path in (within, beside):
        if os.path.isdir(path):
            return path
    import importlib.resources

    try:
        return importlib.resources.files(f"envcheck.{name}")
    except ModuleNotFoundError:
        return within  # whoever reads it will say that it is not there


def names(folder: Folder, *below: str) -> list[str]:
    """The names in a folder below ``folder``, in any order. Raises OSError."""
    if isinstance(folder, str):
        return os.listdir(os.path.join(folder, *below))
    return [entry.name for entry in _below(folder, below).iterdir()]


def text(folder: Folder, *below: str) -> str:
    """The text of a file below ``folder``. Raises OSError, and UnicodeDecodeError where it is no UTF-8."""
    if isinstance(folder, str):
        with open(os.path.join(folder, *below), "rb", buffering=0) as file:
            return file.read().decode().replace("\r\n", "\n")  # in half the time that text mode takes
    return _below(folder, below).read_text(encoding="utf-8")


def _below(folder: Traversable, below: tuple[str, ...]) -> Traversable:
    for name in below:
        folder = folder / name
    return folder
