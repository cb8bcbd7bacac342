"""What fits? The question of ``envcheck rules compat``, answered from the tables: no machine is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from . import tables
from .model import Wrong
from .tables.files import Row
from .words import pick, say

#: ``--os`` → what ``platform`` says of itself, and the architecture that is meant where none is named.
SYSTEMS = {
    "linux": ("Linux", "x86_64"),
    "wsl": ("Linux", "x86_64"),
    "windows": ("Windows", "x86_64"),
    "macos": ("Darwin", "arm64"),
}
ARCHITECTURES = ("x86_64", "aarch64", "arm64")

_COMPUTE = re.compile(r"\d{1,2}\.\d")
#: The worst first.
_RUNS = ("no", "ptx-jit", "native")


class Gpu(NamedTuple):
    """A GPU that is wanted; ``name`` None: it was given by its compute capability."""

    name: str | None
    compute: str


class Question(NamedTuple):
    """What is wanted. None and () are left open: they are not looked at."""

    system: str
    architecture: str
    platform: str
    python: str | None = None
    gpus: tuple[Gpu, ...] = ()
    driver: str | None = None
    glibc: str | None = None

    @property
    def wants_gpu(self) -> bool:
        """Whether a release must run on a GPU: who names a driver wants one, too."""
        return bool(self.gpus or self.driver)

    @property
    def windows_driver(self) -> bool:
        """Whether ``driver`` counts as Windows drivers do, as it does in WSL."""
        return self.system in ("windows", "wsl")


class Release(NamedTuple):
    """One release, and the first reason why it does not fit; ``misfit`` None: it does.

    ``support``: how it runs on the GPU that it serves worst, None where no GPU is named or it does not
    fit; ``driver``: the oldest one that will do, None where no GPU is wanted or it is a CPU build.
    """

    row: Row
    misfit: tables.Misfit | None
    support: tables.Support | None
    driver: str | None


class Answer(NamedTuple):
    """The question, and every final release for its platform, newest first."""

    question: Question
    releases: tuple[Release, ...]

    @property
    def newest(self) -> Release | None:
        """The newest release that fits."""
        return next((release for release in self.releases if release.misfit is None), None)


def question(
    os: str, arch: str | None, python: str | None, gpus: Iterable[str], driver: str | None, glibc: str | None
) -> Question:
    """The options of the command line, understood; :class:`Wrong` where one cannot be."""
    system, usual = SYSTEMS[os]
    architecture = arch or usual
    platform = tables.platform(system, architecture)
    if platform is None:
        raise Wrong(
            say("TensorFlow has no wheels for --os {os} --arch {architecture}", os=os, architecture=arch)
        )
    return Question(os, architecture, platform, python, tuple(map(gpu, gpus)), driver, glibc)


def gpu(asked: str) -> Gpu:
    """The GPU of a compute capability (``"8.9"``), a name or a PCI id (``"10de:2684"``, ``"2684"``)."""
    if _COMPUTE.fullmatch(asked):
        return Gpu(None, asked)
    found = tables.gpu_by_name(asked) or tables.gpu(asked.lower().replace("10de:", ""))
    if found is None:
        raise Wrong(_unknown(asked))
    if found["compute"] is None:
        sentence = say("--gpu {asked}: GPUs of this name were made with different chips", asked=asked)
        raise Wrong(sentence + say("; ") + _instead())
    return Gpu(found["name"], found["compute"])


def _unknown(asked: str) -> str:
    sentence = say("--gpu {asked}: no NVIDIA GPU of this name or PCI id is known", asked=asked)
    near = say(", ").join(tables.gpu_names_near(asked))
    if near:
        sentence += say("; ") + say("known names near it: {names}", names=near)
    return sentence + say("; ") + _instead()


def _instead() -> str:
    return say("the compute capability will do, too: --gpu 8.9")


def answer(asked: Question) -> Answer:
    """What the tables say of every final release."""
    return Answer(asked, tuple(_release(row, asked) for row in tables.releases(asked.platform)))


def _release(row: Row, asked: Question) -> Release:
    unnamed: list[str | None] = [None] if asked.wants_gpu else []
    compute = [gpu.compute for gpu in asked.gpus] or unnamed
    windows = asked.windows_driver
    found = tables.misfit(row, asked.python, compute, asked.driver, asked.glibc, windows)
    driver = tables.driver_for(row, compute, windows) if compute else None
    supports = [] if found else [tables.support(row, gpu.compute) for gpu in asked.gpus]
    return Release(row, found, min(supports, key=_rank, default=None), driver)


def _rank(support: tables.Support) -> tuple[int, bool]:
    return _RUNS.index(support.runs), support.share is None


def why(misfit: tables.Misfit) -> str:
    """The reason in the language in use."""
    return say(pick(misfit.text), **misfit.values)
