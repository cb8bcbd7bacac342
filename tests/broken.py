"""Real environments with TensorFlow, broken in the ways that people break them. They need an index.

Each is made by uv where there is one (its cache makes the second one quick), else by venv and pip.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from . import environments


class Environment:
    """A virtual environment with packages. ``shared``: it sees the user's own folder of packages."""

    def __init__(
        self, folder: Path, packages: tuple[str, ...], shared: bool = False, python: str | None = None
    ) -> None:
        self.folder = folder
        self.python = str(folder / "bin" / "python")
        self.user_base = folder.with_name("user-of-" + folder.name)
        own = ["--system-site-packages"] if shared else []
        if uv():
            _run(uv(), "venv", "-q", "--seed", "-p", python or interpreter(), *own, folder)
        else:
            _run(python or interpreter(), "-m", "venv", *own, folder)
        self.install(*packages)

    @property
    def packages(self) -> Path:
        return next(self.folder.glob("lib/python3*/site-packages"))

    def install(self, *packages: str) -> None:
        if uv():  # files of their own: what a test cuts off must not be cut off in the cache
            _run(uv(), "pip", "install", "-q", "--link-mode=copy", "--python", self.python, *packages)
        else:
            _run(self.python, "-m", "pip", "install", "-q", *packages)

    def uninstall(self, *names: str) -> None:
        _run(self.python, "-m", "pip", "uninstall", "-q", "-y", *names)

    def cut_off(self, pattern: str) -> Path:
        """Cut the first file that matches off in the middle."""
        path = sorted(self.packages.glob(pattern))[0]
        os.truncate(path, path.stat().st_size // 2)
        return path

    def install_for_user(self, *packages: str) -> None:
        """As ``pip install --user`` does, into a folder of the test's own."""
        env = {**os.environ, "PYTHONUSERBASE": str(self.user_base)}
        place = subprocess.run(
            [self.python, "-m", "site", "--user-site"], env=env, capture_output=True, text=True, check=False
        ).stdout.strip()
        _run(self.python, "-m", "pip", "install", "-q", "--no-deps", "--target", place, *packages)


# --- small ones, without an index


def small(folder: Path) -> environments.Environment:
    """An environment with two made-up packages."""
    made = environments.Environment(folder)
    made.install("alpha", "1.0", files={"alpha/__init__.py": b"one", "alpha/lib.so": b"x" * 100_000})
    made.install("beta", "1.0", files={"beta.py": b"beta"})
    (made.packages / "some.pth").write_text("# nothing\n", "utf-8")
    return made


def spoil(made: environments.Environment) -> None:
    """What an installer that broke off leaves, and more."""
    (made.packages / "alpha" / "__init__.py").unlink()
    (made.packages / "alpha" / "lib.so").unlink()
    (made.packages / "alpha" / "lib.so").write_bytes(b"short")
    with (made.packages / "some.pth").open("a") as file:
        file.write("# written in place\n")
    (made.packages / "gamma.py").write_text("new", "utf-8")
    (made.folder / "bin" / "gamma").write_text("new", "utf-8")
    (made.folder / "bin" / "activate").unlink(missing_ok=True)
    (made.packages / "beta.py").unlink()


def picture(folder: Path) -> dict[str, Any]:
    """All files below, with what they hold."""
    return {
        str(path.relative_to(folder)): os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


# --- how the real ones are broken


def uv() -> str | None:
    """uv, or None."""
    return os.environ.get("ENVCHECK_UV") or shutil.which("uv")


def interpreter() -> str:
    """A Python that all the releases below have wheels for (ENVCHECK_REPAIR_PYTHON names another)."""
    return os.environ.get("ENVCHECK_REPAIR_PYTHON", sys.executable)


def _run(*argv: object) -> None:
    subprocess.run([str(part) for part in argv], check=True, capture_output=True, text=True)


class Broken(NamedTuple):
    """How an environment is made and broken, and what must be so after the repair.

    ``gpu``: only a machine with a GPU, or stand-ins for its driver, shows the fault.
    ``works``: a training step works all the same. ``python``: the version that has these wheels, where it
    is not that of the tests. ``must``: packages and what their versions must meet then; "" is absent.
    """

    packages: tuple[str, ...]
    breaks: Callable[[Environment], object]
    must: Mapping[str, str]
    works: bool = False
    gpu: bool = False
    shared: bool = False
    python: str | None = None


def _mixed_and_one_removed(environment: Environment) -> None:
    environment.install("--no-deps", "tensorflow==2.20.0")
    environment.uninstall("tensorflow")


def _numpy_twice(environment: Environment) -> None:
    """An update that broke off: the files and the metadata of an older one lie over the newer one's."""
    old = environment.folder.with_name("older")
    wanted = ["--no-deps", "--target", str(old), "numpy==1.26.4"]
    _run(environment.python, "-m", "pip", "install", "-q", *wanted)
    shutil.copytree(old, environment.packages, dirs_exist_ok=True)


def _nothing(environment: Environment) -> None:
    """Broken as it comes."""


def _upgraded_for_user(environment: Environment) -> None:
    environment.uninstall("numpy")
    environment.install_for_user("numpy>=2,<2.3")


#: The newest CPU builds of their lines: what breaks them is the same in the builds for GPUs.
BROKEN: Mapping[str, Broken] = {
    "numpy-2": Broken(
        ("tensorflow-cpu==2.15.1",),
        lambda it: it.install("--no-deps", "numpy>=2,<2.3"),
        {"numpy": "<2", "tensorflow-cpu": "==2.15.1"},
    ),
    "protobuf-too-new": Broken(
        ("tensorflow-cpu==2.11.1", "numpy<2"),
        lambda it: it.install("--no-deps", "protobuf>=4,<5"),
        {"protobuf": "<3.20", "tensorflow-cpu": "==2.11.1"},
        python="3.10",  # the last Python that 2.11 has wheels for, and the last TensorFlow that breaks
    ),
    "protobuf-newer-than-asked-for": Broken(
        ("tensorflow-cpu==2.12.1",),
        lambda it: it.install("--no-deps", "protobuf>=6"),
        {"protobuf": "<5", "tensorflow-cpu": "==2.12.1"},
        works=True,
    ),
    "keras-3": Broken(
        ("tensorflow-cpu==2.15.1",),
        lambda it: it.install("keras>=3.5", "ml-dtypes==0.3.2", "numpy<2"),
        {"keras": "<2.16", "tensorflow-cpu": "==2.15.1"},
        works=True,
    ),
    "two-tensorflows": Broken(
        ("tensorflow-cpu==2.20.0",),
        lambda it: it.install("--no-deps", "tensorflow==2.20.0"),
        {"tensorflow-cpu": "==2.20.0", "tensorflow": ""},
    ),
    "two-tensorflows-one-removed": Broken(
        ("tensorflow-cpu==2.20.0",), _mixed_and_one_removed, {"tensorflow-cpu": "==2.20.0", "tensorflow": ""}
    ),
    "truncated-library": Broken(
        ("tensorflow-cpu==2.20.0",),
        lambda it: it.cut_off("tensorflow/python/_pywrap_tensorflow_internal.so"),
        {"tensorflow-cpu": "==2.20.0"},
    ),
    "numpy-twice": Broken(
        ("tensorflow-cpu==2.20.0", "numpy==2.2.6"),
        _numpy_twice,
        {"numpy": ">=1.26", "tensorflow-cpu": "==2.20.0"},
    ),
    "dependency-removed": Broken(
        ("tensorflow-cpu==2.20.0",),
        lambda it: it.uninstall("absl-py", "wrapt"),
        {"absl-py": ">=1", "wrapt": ">=1"},
    ),
    "tensorboard-gone": Broken(
        ("tensorflow-cpu==2.20.0",),
        lambda it: it.uninstall("tensorboard"),
        {"tensorboard": "==2.20.*"},
        works=True,
    ),
    "tensorboard-never-there": Broken(
        ("tensorflow-cpu==2.21.0",), _nothing, {"tensorboard": ">=2.19"}, works=True
    ),
    "pynvml-shadows": Broken(
        ("tensorflow-cpu==2.20.0", "nvidia-ml-py==12.560.30"),
        lambda it: it.install("pynvml==11.5.3"),
        {"pynvml": "", "nvidia-ml-py": "==12.560.30"},
        works=True,
    ),
    "user-site-leaks": Broken(
        ("tensorflow-cpu==2.15.1",), _upgraded_for_user, {"numpy": "<2"}, shared=True
    ),
    "cudnn-gone": Broken(
        ("tensorflow[and-cuda]==2.20.0",),
        lambda it: it.uninstall("nvidia-cudnn-cu12"),
        {"nvidia-cudnn-cu12": ">=9.3,<10", "tensorflow": "==2.20.0"},
        gpu=True,
    ),
    "cublas-gone": Broken(
        ("tensorflow[and-cuda]==2.20.0",),
        lambda it: it.uninstall("nvidia-cublas-cu12"),
        {"nvidia-cublas-cu12": ">=12.5,<13", "tensorflow": "==2.20.0"},
        gpu=True,
    ),
    "search-path": Broken(
        ("tensorflow[and-cuda]==2.21.0",), _nothing, {"tensorflow": "!=2.21.0"}, gpu=True
    ),
}  # fmt: skip
