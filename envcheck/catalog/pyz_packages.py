"""The packages in ``envcheck.pyz``: which, which of their files, and where they are taken from."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from email.parser import HeaderParser
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from ..model import Wrong

#: Python that ``--fetch`` takes packages for: the oldest that envcheck runs on.
OLDEST = (3, 9)

#: Package → the files of it that stay out, as patterns. envcheck never imports them: what it draws with
#: rich are text, tables, padding and a live screen; of packaging it needs versions and requirements.
LEFT_OUT: Mapping[str, Sequence[str]] = {
    "click": ("click/testing.py",),
    "nvidia-ml-py": ("example.py",),
    "packaging": (
        "packaging/licenses/*", "packaging/metadata.py", "packaging/pylock.py", "packaging/direct_url.py",
        "packaging/dependency_groups.py", "packaging/ranges.py",
    ),
    "rich": (
        # Loaded for ":smile:" in a text, which envcheck's console does not look for.
        "rich/_emoji_codes.py",
        "rich/__main__.py", "rich/_inspect.py", "rich/_spinners.py", "rich/_stack.py", "rich/_timer.py",
        "rich/bar.py", "rich/columns.py", "rich/diagnose.py", "rich/filesize.py", "rich/json.py",
        "rich/layout.py", "rich/logging.py", "rich/markdown.py", "rich/panel.py", "rich/pretty.py",
        "rich/progress.py", "rich/progress_bar.py", "rich/prompt.py", "rich/rule.py", "rich/scope.py",
        "rich/spinner.py", "rich/status.py", "rich/syntax.py", "rich/traceback.py", "rich/tree.py",
    ),
    "tomli": (),
}  # fmt: skip


class Package(NamedTuple):
    """One distribution: its name, the oldest Python that runs it, its pure Python files and licence texts."""

    name: str
    least: tuple[int, ...]
    files: Mapping[str, bytes]


def download(folder: Path) -> None:
    """Put into ``folder``, unpacked, the newest version of each package that the oldest Python runs."""
    python = ".".join(map(str, OLDEST))
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    only = ["--only-binary", ":all:", "--python-version", python, "--implementation", "py", "--abi", "none"]
    command = [*pip, *only, "--platform", "any", "--dest", str(folder), *LEFT_OUT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Wrong(f"pip could not download the packages:\n{done.stderr.strip()}")
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)


def packages(folder: Path | None) -> list[Package]:
    """The packages in ``folder``, or those of the environment that this runs in."""
    return [_package(name, None if folder is None else [str(folder)]) for name in LEFT_OUT]


def _package(name: str, path: list[str] | None) -> Package:
    asked = metadata.distributions(name=name, path=sys.path if path is None else path)
    distribution = next(iter(asked), None)
    if distribution is None:
        raise Wrong(f"{name} is not installed here: install it, or build with --fetch")
    files = {
        str(file): Path(str(file.locate())).read_bytes()
        for file in distribution.files or ()
        if _belongs(str(file).replace("\\", "/"), name)
    }
    return Package(name, _least(distribution), files)


def _belongs(file: str, name: str) -> bool:
    """Python files, and the licences: who passes a package on passes its licence on."""
    if "__pycache__" in file or file.startswith(("..", "/")):
        return False
    licence = ".dist-info/" in file and "LICEN" in file.rsplit("/", 1)[-1].upper()
    wanted = file.endswith(".py") and not any(fnmatch(file, pattern) for pattern in LEFT_OUT[name])
    return licence or wanted


def _least(distribution: metadata.Distribution) -> tuple[int, ...]:
    """The oldest Python that ``Requires-Python`` admits, never older than our own."""
    from packaging.specifiers import SpecifierSet

    headers = HeaderParser().parsestr(distribution.read_text("METADATA") or "", headersonly=True)
    admitted = SpecifierSet(headers.get("Requires-Python", ""))
    minors = range(OLDEST[1], 100)
    return next((3, minor) for minor in minors if admitted.contains(f"3.{minor}.99"))
