"""``make test-versions``: the tests that need no TensorFlow, on every other Python found.

Each version gets an environment of its own (``.venv-3.9`` …), kept for the next time.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from . import interpreters

ROOT = Path(__file__).parent.parent
#: The oldest and the newest: what works on both works between them.
VERSIONS = ("3.9", "3.13")
NEEDED = ["babel>=2.14", "pytest", "pytest-xdist", "hypothesis", "jsonschema", "setuptools>=70.1"]
#: One version is enough for these: they take long, and differ from others only in what they look at.
ONCE = [
    "tests/test_machines.py::test_the_report_reads_as_it_did",
    "tests/test_json.py::test_every_machine_gives_a_report_that_fits",
]
#: Whole files that are about texts, rules and files, not about Python.
ONCE_FILES = ["tests/test_docs.py", "tests/test_plan.py", "tests/test_page.py", "tests/test_ci_examples.py",
              "tests/test_old_tutorials.py", "tests/test_rehearsal.py", "tests/test_house.py",
              "tests/test_slurm.py", "tests/test_docs_commands.py"]  # fmt: skip


#: What needs more than a Python: TensorFlow, or the package index.
MARKED = "not tensorflow and not gpu_wheel and not network and not repair"


def environment(version: str, python: str) -> Path:
    """The interpreter of the environment for ``version``, made where it is not there yet."""
    folder = ROOT / f".venv-{version}"
    inside = folder / "bin" / "python"
    made = folder / ".made"
    if not made.exists():
        subprocess.run([python, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(inside), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "-e", str(ROOT), *NEEDED], check=True)
        made.touch()
    return inside


def main() -> int:
    """Run the tests on each version but our own; the exit code of the first that fails, or 0."""
    own = ".".join(map(str, sys.version_info[:2]))
    for version, python in interpreters.found(*VERSIONS).items():
        if version == own:
            continue
        print(f"Python {version}", flush=True)
        inside = environment(version, python)
        tests = [str(inside), "-m", "pytest", "-n", "2", "-m", MARKED]
        tests += [part for name in ONCE for part in ("--deselect", name)]
        tests += [f"--ignore={name}" for name in ONCE_FILES]
        code = subprocess.run(tests, cwd=ROOT, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
