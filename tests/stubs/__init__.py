"""Stand-ins for NVIDIA's driver libraries, built from the C files here with the machine's compiler."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
SONAMES = {"nvml": "libnvidia-ml.so.1", "cuda": "libcuda.so.1"}


@cache
def compiler() -> str | None:
    """The C compiler, or None: tests that need one are then skipped and say so."""
    return shutil.which("gcc") or shutil.which("cc")


def build(folder: Path, *names: str) -> Path:
    """Compile the named stand-ins (all without names) into ``folder`` under their sonames."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or SONAMES:
        soname = SONAMES[name]
        argv = [str(compiler()), "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", f"-Wl,-soname,{soname}"]
        subprocess.run(
            [*argv, "-o", str(folder / soname), str(HERE / f"{name}.c"), "-ldl"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    return folder
