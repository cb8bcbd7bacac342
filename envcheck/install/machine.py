"""What of a machine decides which TensorFlow fits it, and the newest release that does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .. import tables
from ..model import Facts, Known, Target, Value
from ..operators import within
from ..tables.files import Row
from .wishes import Wishes


class Machine(NamedTuple):
    """``platform`` as in tensorflow.csv, None where there are no wheels; ``compute``: of the GPUs that are
    wanted and usable (None for one of which it is not known), () where none is; ``windows``: the driver's
    number is a Windows driver's, as in WSL; ``own``: the Python is the examined one.
    """

    platform: str | None
    python: str | None
    compute: tuple[str | None, ...]
    driver: str | None
    glibc: str | None
    windows: bool
    own: bool = True


def value(facts: Facts, name: str) -> Value:
    """The fact's value; None where it is absent or unknown."""
    fact = facts.get(name)
    return fact.value if isinstance(fact, Known) else None


def machine(facts: Facts, target: Target, wishes: Wishes) -> Machine:
    """The machine as the plan is for: with the Python that is wanted, and without a GPU where none is."""
    system, architecture = value(facts, "platform.system"), value(facts, "platform.architecture")
    own = value(facts, "python.version") or target.version
    asked = wishes.python_version
    other = asked is not None and minor(asked) != minor(own)
    return Machine(
        tables.platform(system, architecture) if system and architecture else None,
        asked if other else own,
        tuple(_compute(facts)) if _gpu_wanted(facts, wishes) else (),
        value(facts, "driver.version"),
        value(facts, "platform.glibc"),
        system == "Windows" or value(facts, "platform.wsl") is not None,
        not other,
    )


def _gpu_wanted(facts: Facts, wishes: Wishes) -> bool:
    return bool(value(facts, "wanted.gpu")) and not wishes.cpu


def _compute(facts: Facts) -> list[str | None]:
    """The compute capabilities of the usable GPUs; of all where the driver does not say which those are."""
    usable = value(facts, "driver.usable_gpus") or []
    gpus = value(facts, "hardware.gpus") or []
    return [gpu["compute"] for gpu in gpus if not usable or gpu["bus_id"] in usable] or [None]


def minor(version: str | None) -> str | None:
    """``"3.11.7"`` → ``"3.11"``."""
    return ".".join(version.split(".")[:2]) if version else None


def newest(found: Machine, specifier: str = "") -> Row | None:
    """The newest final release that fits the machine and the specifier."""
    return next((row for row in candidates(found, specifier) if misfit(row, found) is None), None)


def candidates(found: Machine, specifier: str = "") -> Iterator[Row]:
    """The final releases for the platform that are wanted, newest first."""
    for row in tables.releases(found.platform) if found.platform else ():
        if not specifier or within(row["version"], specifier):
            yield row


def misfit(row: Row, found: Machine) -> tables.Misfit | None:
    """The first reason why a release does not fit the machine."""
    return tables.misfit(row, found.python, found.compute, found.driver, found.glibc, found.windows)


def pythons(found: Machine) -> list[str]:
    """The Pythons that any release for the platform has wheels for, newest first."""
    rows = list(candidates(found))
    minors = [f"3.{number}" for number in range(30, 5, -1)]
    return [
        each for each in minors if any(row["python"] and tables.admits(row["python"], each) for row in rows)
    ]
