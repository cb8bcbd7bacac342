"""Small real environments with made-up packages, for tests of the inventory. No network."""

from __future__ import annotations

import base64
import hashlib
import sys
import venv
from collections.abc import Iterable
from pathlib import Path

from envcheck.host import Host
from envcheck.host.live import Live
from envcheck.model import Target


class Environment:
    """A virtual environment of the interpreter that runs the tests, without pip."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, symlinks=True, with_pip=False)
        self.folder = folder
        self.python = str(folder / "bin" / "python")
        self.packages = next(folder.glob("lib/python3*/site-packages"))

    def install(
        self, name: str, version: str, requires: Iterable[str] = (), files: dict[str, bytes] | None = None
    ) -> Path:
        """Put a distribution there as an installer would; returns its metadata folder."""
        return install(self.packages, name, version, requires, files)

    def host(self) -> Host:
        """The live machine with this environment's interpreter as the examined one."""
        target = Target(self.python, "test")
        return Host(Live(target), target)


def install(
    packages: Path,
    name: str,
    version: str,
    requires: Iterable[str] = (),
    files: dict[str, bytes] | None = None,
) -> Path:
    """Put a distribution into the folder ``packages``."""
    info = packages / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    needs = "".join(f"Requires-Dist: {line}\n" for line in requires)
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
    (info / "METADATA").write_text(head + "\nName: not a header any more\n", "utf-8")
    (info / "INSTALLER").write_text("pip\n")
    lines = []
    for path, data in (files or {}).items():
        (packages / path).parent.mkdir(parents=True, exist_ok=True)
        (packages / path).write_bytes(data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(data)}\n")
    (info / "RECORD").write_text("".join(lines) + f"{info.name}/RECORD,,\n")
    return info


def own_version() -> str:
    """``3.11`` of the interpreter that runs the tests."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"
