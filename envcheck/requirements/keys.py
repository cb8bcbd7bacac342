"""What an ``envcheck.toml`` may say: each key, the fact that it becomes, and what may stand there."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Optional

from ..model import Value
from ..words import mark

#: What is wrong with a value, a sentence; None: nothing.
Check = Callable[[Value], Optional[str]]


class Key(NamedTuple):
    """A key: the fact that it becomes, and what is wrong with a value for it."""

    fact: str
    wrong: Check


def count(value: Value) -> str | None:
    """Whole numbers from 0 on."""
    return None if _is_whole(value, 0) else mark("must be a whole number from 0 on")


def amount(value: Value) -> str | None:
    """Numbers above 0."""
    return None if _is_amount(value) else mark("must be a number above 0")


def fraction(value: Value) -> str | None:
    """Numbers above 0, up to 1."""
    right = _is_amount(value) and value <= 1
    return None if right else mark("must be a number above 0, up to 1")


def specifier(value: Value) -> str | None:
    """PEP 440 specifiers."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # slow to import, rarely needed

    try:
        right = isinstance(value, str) and bool(value.strip()) and SpecifierSet(value) is not None
    except InvalidSpecifier:
        right = False
    return None if right else mark('must be a version specifier such as ">=3.10,<3.14"')


def package(value: Value) -> str | None:
    """A specifier, or ``*``."""
    if value == "*" or specifier(value) is None:
        return None
    return mark('must be a version specifier such as ">=1.26", or "*" for any version')


def compute(value: Value) -> str | None:
    """Compute capabilities."""
    right = isinstance(value, str) and re.fullmatch(r"[1-9]\d?\.\d", value)
    return None if right else mark('must be a compute capability in quotes, such as "7.5"')


def model(value: Value) -> str | None:
    """A part of a product name, or a list of such."""
    names = value if isinstance(value, list) else [value]
    right = bool(names) and all(isinstance(name, str) and name.strip() for name in names)
    return None if right else mark('must be a part of the GPU\'s name such as "RTX 4090", or a list of them')


def hosts(value: Value) -> str | None:
    """``host:port`` each."""
    right = isinstance(value, list) and all(isinstance(each, str) and _is_host(each) for each in value)
    return None if right else mark('must be a list of "host:port", such as ["example.org:443"]')


def _is_host(text: str) -> bool:
    found = re.fullmatch(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([1-9][0-9]{0,4})", text)
    return found is not None and int(found[1]) <= 65535


def variable(value: Value) -> str | None:
    """``true``: it is set · ``false``: it is not · text: it equals · ``{ matches = "…" }``."""
    if isinstance(value, (bool, str)):
        return None
    pattern = value.get("matches") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(pattern, str):
        return mark('must be true (it is set), false (it is not), a text, or { matches = "pattern" }')
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return mark("must be a regular expression")
    return None


def data_set(value: Value) -> str | None:
    """A path, or ``{ path, min_gb, min_files }``."""
    if _is_path(value):
        return None
    parts = value if isinstance(value, dict) else {}
    right = (
        _is_path(parts.get("path"))
        and set(parts) <= {"path", "min_gb", "min_files"}
        and _is_amount(parts.get("min_gb", 1))
        and _is_whole(parts.get("min_files", 1), 1)
    )
    return None if right else mark("must be a path, or { path = …, min_gb = number, min_files = number }")


def reason(value: Value) -> str | None:
    """Words that say why."""
    right = isinstance(value, str) and value.strip() and len(value) <= 500
    return None if right else mark("must be the reason, in words")


def words(value: Value) -> str | None:
    """A few words for people, on one line."""
    right = isinstance(value, str) and value.strip() and len(value) <= 500 and "\n" not in value
    return None if right else mark("must be a text on one line, of up to 500 characters")


def _is_path(value: Value) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _is_whole(value: Value, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= 10**9


def _is_amount(value: Value) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value) and 0 < value <= 10**12


#: Sections whose keys are fixed.
KEYS: Mapping[tuple[str, str], Key] = {
    ("python", "version"): Key("python", specifier),
    ("tensorflow", "version"): Key("tensorflow", specifier),
    ("gpu", "count"): Key("gpu", count),
    ("gpu", "model"): Key("gpu_model", model),
    ("gpu", "memory_gb"): Key("memory_gb", amount),
    ("gpu", "compute"): Key("compute", compute),
    ("driver", "version"): Key("driver", specifier),
    ("machine", "ram_gb"): Key("ram_gb", amount),
    ("machine", "disk_gb"): Key("disk_gb", amount),
    ("training", "samples_per_s"): Key("samples_per_s", amount),
    ("training", "step_ms"): Key("step_ms", amount),
    ("training", "expected_samples_per_s"): Key("expected_samples_per_s", amount),
    ("training", "of_expected"): Key("of_expected", fraction),
    ("network", "hosts"): Key("hosts", hosts),
    ("network", "timeout_s"): Key("timeout_s", amount),
    ("check", "max_seconds"): Key("max_seconds", amount),
    ("workshop", "name"): Key("workshop", words),
    ("workshop", "contact"): Key("contact", words),
    ("workshop", "hand_in"): Key("hand_in", words),
}
#: Sections whose keys are names that the user gives; together they become one fact.
NAMED: Mapping[str, Key] = {
    "packages": Key("packages", package),
    "environment": Key("variables", variable),
    "data": Key("data", data_set),
    "skip": Key("skip", reason),
}
#: Keys that speak of a GPU: who names one of them, and no number, wants one.
OF_A_GPU = ("gpu.model", "gpu.memory_gb", "gpu.compute", "driver.version")


def sections() -> list[str]:
    """The sections that there are."""
    return sorted({section for section, _ in KEYS} | set(NAMED))


def of_section(section: str) -> list[str]:
    """The keys of a section whose keys are fixed."""
    return [key for of, key in KEYS if of == section]


def is_table(value: Any) -> bool:
    """Whether it is a section."""
    return isinstance(value, dict)
