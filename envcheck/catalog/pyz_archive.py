"""Inside ``envcheck.pyz``: how the modules and the texts are read, which stand together in one member each.

Several hundred files that resemble one another take half the room when they are compressed together.
This does with them what Python does with single files: it imports the modules, and answers
``importlib.resources.files``. It stands in the archive as ``envcheck_archive.py`` and needs nothing of ours.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.resources
import importlib.util
import json
import pkgutil
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any

#: The members of the package ``envcheck``: each a JSON object, name → text, compressed.
TEXTS, MODULES = "texts.z", "modules.z"


def packed(files: Mapping[str, bytes]) -> bytes:
    """``files``, all of them UTF-8, as one member."""
    table = {name: files[name].decode("utf-8") for name in sorted(files)}
    return zlib.compress(json.dumps(table, ensure_ascii=False).encode("utf-8"), 9)


def serve() -> None:
    """Let Python find modules and texts in the archive from now on."""
    sys.meta_path.insert(0, Modules(_unpacked(MODULES)))
    importlib.resources.files = _files(importlib.resources.files)  # type: ignore[assignment]


@cache
def _unpacked(member: str) -> Mapping[str, str]:
    table: Mapping[str, str] = json.loads(zlib.decompress(pkgutil.get_data("envcheck", member) or b""))
    return table


def _files(otherwise: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``importlib.resources.files`` for the packages whose texts are ours, ``otherwise`` for the others."""

    def files(package: str | ModuleType) -> Any:
        name = package if isinstance(package, str) else package.__name__
        place = Place(_unpacked(TEXTS), name.replace(".", "/"))
        return place if place.is_dir() else otherwise(package)

    return files


class Modules(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports the modules whose sources are ``files``: name in the archive → source."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def find_spec(
        self, fullname: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module ``fullname``, or None where it is not among ours."""
        if self._file(fullname) not in self._files:
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=self.is_package(fullname))

    def is_package(self, fullname: str) -> bool:
        """Whether ``fullname`` is a folder."""
        return self._file(fullname).endswith("/__init__.py")

    def get_source(self, fullname: str) -> str:
        """The source. Raises ImportError."""
        try:
            return self._files[self._file(fullname)]
        except KeyError:
            raise ImportError(f"envcheck.pyz has no {fullname}", name=fullname) from None

    def get_filename(self, fullname: str) -> str:
        """What a traceback calls the file."""
        return f"envcheck.pyz/{self._file(fullname)}"

    def get_code(self, fullname: str) -> Any:
        """The compiled module. Raises ImportError."""
        return compile(self.get_source(fullname), self.get_filename(fullname), "exec", dont_inherit=True)

    def _file(self, fullname: str) -> str:
        path = fullname.replace(".", "/")
        folder = f"{path}/__init__.py"
        return folder if folder in self._files else f"{path}.py"


class Place:
    """A file or folder among the texts, with as much of ``Traversable`` as envcheck asks for."""

    def __init__(self, texts: Mapping[str, str], path: str) -> None:
        self._texts, self._path = texts, path

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self._path.rpartition("/")[2]

    def is_file(self) -> bool:
        """Whether a text stands here."""
        return self._path in self._texts

    def is_dir(self) -> bool:
        """Whether texts stand below."""
        return any(name.startswith(self._path + "/") for name in self._texts)

    def iterdir(self) -> Iterator[Place]:
        """What stands right below, each once."""
        start = self._path + "/"
        below = (name[len(start) :].partition("/")[0] for name in self._texts if name.startswith(start))
        return (self / name for name in dict.fromkeys(below))

    def joinpath(self, *parts: str) -> Place:
        """What stands at ``parts`` below this."""
        return Place(self._texts, "/".join((self._path, *parts)))

    def __truediv__(self, part: str) -> Place:
        return self.joinpath(part)

    def read_text(self, encoding: str | None = None) -> str:
        """The text. Raises FileNotFoundError."""
        if not self.is_file():
            raise FileNotFoundError(2, "No such file in envcheck.pyz", self._path)
        return self._texts[self._path]

    def read_bytes(self) -> bytes:
        """The text in UTF-8. Raises FileNotFoundError."""
        return self.read_text().encode("utf-8")

    def __str__(self) -> str:
        return self._path
