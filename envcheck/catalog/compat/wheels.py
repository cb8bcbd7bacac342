"""Everything the tables need from one wheel, read once and kept in a cache folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from . import metadata
from .fatbinary import scan
from .index import Wheel
from .remote import RemoteWheel

_PROGRAMS = (".so", ".pyd", ".dylib", ".dll")
#: Byte strings that say how a program looks for CUDA: that it opens libraries itself, and where.
MARKS = (b"Could not load dynamic library", b"nvidia/cusolver/lib", b"nvidia/cudnn/lib")
#: Programs smaller than this hold no GPU code (measured: the smallest with any has 150 MB).
_BIG = 16 << 20


class Reader:
    """Reads wheels through a cache folder: a wheel never changes, so it is never asked twice."""

    def __init__(self, http: httpx.Client, cache: Path) -> None:
        self._http, self._cache = http, cache
        cache.mkdir(parents=True, exist_ok=True)

    def about(self, wheel: Wheel) -> dict[str, Any]:
        """``{"size", "metadata", "build_info", "programs": number of binaries in it}``."""
        return self._kept(wheel, "about", self._about)

    def codes(self, wheel: Wheel) -> dict[str, Any]:
        """GPU code by file: path → the fields of :class:`~envcheck.catalog.compat.fatbinary.Codes`."""
        return self._kept(wheel, "kernels", self._codes)

    def _kept(self, wheel: Wheel, what: str, read: Callable[[Wheel], dict[str, Any]]) -> dict[str, Any]:
        file = self._cache / f"{wheel.filename}.{wheel.sha256[:12]}.{what}.json"
        if not file.exists():
            fresh = file.with_suffix(".part")
            fresh.write_text(json.dumps(read(wheel)), encoding="utf-8")
            fresh.replace(file)
        kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return kept

    def _about(self, wheel: Wheel) -> dict[str, Any]:
        remote = RemoteWheel(self._http, wheel.url)
        names = [member.filename for member in remote.members()]
        return {
            "size": remote.size,
            "metadata": remote.text(".dist-info/METADATA"),
            "build_info": metadata.build_info(remote.text("python/platform/build_info.py")),
            "programs": sum(name.endswith(_PROGRAMS) or ".so." in name for name in names),
        }

    def _codes(self, wheel: Wheel) -> dict[str, Any]:
        remote = RemoteWheel(self._http, wheel.url)
        found = {}
        for member in remote.members():
            name = member.filename
            if member.file_size >= _BIG and (name.endswith(_PROGRAMS) or ".so." in name):
                found[name] = scan(remote.stream(member), MARKS)._asdict()
        return found
