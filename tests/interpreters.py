"""The Python interpreters that this machine has, for tests that run on each."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path


@cache
def python(version: str) -> str | None:
    """A working interpreter of ``version`` ("3.9"), from PATH or pyenv; a shim that fails is none."""
    named = shutil.which(f"python{version}")
    candidates = [
        str(p) for p in sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python"))
    ]
    for path in [*candidates, *([named] if named else [])]:
        asked = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        answer = subprocess.run(asked, capture_output=True, text=True, check=False)
        if answer.stdout.strip() == version:
            return path
    return None


def found(*versions: str) -> dict[str, str]:
    """Version → interpreter, for those of ``versions`` that are here."""
    return {version: path for version in versions if (path := python(version))}
