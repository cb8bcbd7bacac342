"""What distributions say of each other: names, requirements, and whether they are met.

Sources: https://packaging.python.org/en/latest/specifications/core-metadata/ and, for the older
``requires.txt``, https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html#requires-txt
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from packaging.requirements import Requirement

#: Python's own names of what a marker calls ``platform_system`` and so on.
Markers = Mapping[str, str]

_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_CLAUSE = re.compile(r"(>=|<=|==|!=|~=|<|>)\s*([0-9]+(?:\.[0-9]+)*)")
_PLAIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*\(?([^()\[\]@]*)\)?")
_MINOR = re.compile(r"""python_version\s*(>=|<=|==|!=|<|>)\s*["']([0-9]+\.[0-9]+)["']""")
_RELATIONS: Mapping[str, Callable[[list[int], list[int]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}

_SECTION = re.compile(r"\[([^:\]]*):?([^\]]*)\]")


class Need(NamedTuple):
    """A requirement that is not met: by whom, what, and how the installed version misses it.

    ``installed`` is None where it is missing; ``side`` is "missing", "below" (older than what is
    asked for), "above" (newer) or "excluded".
    """

    needs: str
    requires: str
    installed: str | None
    side: str


def canonical(name: str) -> str:
    """A distribution's name as PEP 503 normalises it: ``Absl_Py`` → ``absl-py``."""
    return re.sub(r"[-_.]+", "-", name).lower()


def markers(version: Iterable[int | str], platform: Mapping[str, Any]) -> Markers:
    """The environment that markers are evaluated in (PEP 508).

    ``version`` is ``sys.version_info``; ``platform`` has implementation, implementation_version,
    os_name, sys_platform and machine ([system, release, version, machine]).
    """
    major, minor, micro, level, serial = version
    suffix = "" if level == "final" else f"{str(level)[0] if level != 'candidate' else 'rc'}{serial}"
    system, release, described, machine = platform["machine"]
    implementation = str(platform["implementation"])
    return {
        "implementation_name": implementation,
        "implementation_version": str(platform["implementation_version"]),
        "os_name": str(platform["os_name"]),
        "platform_machine": str(machine),
        "platform_python_implementation": {"cpython": "CPython", "pypy": "PyPy"}.get(implementation, ""),
        "platform_release": str(release),
        "platform_system": str(system),
        "platform_version": str(described),
        "python_full_version": f"{major}.{minor}.{micro}{suffix}",
        "python_version": f"{major}.{minor}",
        "sys_platform": str(platform["sys_platform"]),
        "extra": "",
    }


def unmet(requirements: Iterable[str], installed: Mapping[str, str | None], where: Markers) -> Iterator[Need]:
    """The requirements of one distribution that ``installed`` (canonical name → version) does not meet.

    As ``pip check`` judges: extras do not count, pre-releases do.
    """
    for text in requirements:
        if _surely_met(text, installed, where):
            continue
        requirement = _parsed(text)
        if requirement is not None and _applies(requirement, where):
            name = canonical(requirement.name)
            side = _side(requirement, installed[name]) if name in installed else "missing"
            if side:
                yield Need(f"{requirement.name}{requirement.specifier}", name, installed.get(name), side)


def _surely_met(text: str, installed: Mapping[str, str | None], where: Markers) -> bool:
    """Whether the plainest spellings show that ``text`` is met, or does not apply.

    They are nearly all there are, and telling so much takes no parser: packaging's takes 30 ms to load.
    """
    what, _, marker = text.partition(";")
    if re.search(r"\bextra\s*==", marker) and " or " not in marker:
        return True
    minor = _MINOR.fullmatch(marker.strip())
    if minor and not _compared(where["python_version"], minor[1], minor[2]):
        return True
    plain = _PLAIN.fullmatch(what.strip())
    version = installed.get(canonical(plain[1])) if plain and (minor or not marker) else None
    if plain is None or version is None or not _NUMBERS.fullmatch(version):
        return False
    clauses = [_CLAUSE.fullmatch(text.strip()) for text in plain[2].split(",")] if plain[2].strip() else []
    return all(clause is not None and _compared(version, clause[1], clause[2]) for clause in clauses)


def _compared(version: str, relation: str, other: str) -> bool:
    """Final releases, which differ in nothing but their numbers: 1.0 is 1.0.0."""
    ours, theirs = ([int(part) for part in text.split(".")] for text in (version, other))
    if relation == "~=":  # compatible: at least that, in the same series
        series = len(theirs) - 1
        return series > 0 and ours[:series] == theirs[:series] and _compared(version, ">=", other)
    length = max(len(ours), len(theirs))
    ours, theirs = (numbers + [0] * (length - len(numbers)) for numbers in (ours, theirs))
    return _RELATIONS[relation](ours, theirs)


def names(requirements: Iterable[str], where: Markers) -> Iterator[str]:
    """The canonical names of the requirements that apply."""
    for text in requirements:
        requirement = _parsed(text)
        if requirement is not None and _applies(requirement, where):
            yield canonical(requirement.name)


def _parsed(text: str) -> Requirement | None:
    """None for what only older tools understood; pip skips those too."""
    from packaging.requirements import InvalidRequirement, Requirement  # 30 ms, not always needed

    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _applies(requirement: Requirement, where: Markers) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(dict(where))


def _side(requirement: Requirement, version: str | None) -> str | None:
    """How ``version`` misses the requirement; None if it does not, or is no PEP 440 version."""
    from packaging.version import InvalidVersion, Version

    try:
        found = Version(version or "")
    except InvalidVersion:
        return None
    if requirement.specifier.contains(found, prereleases=True):
        return None
    missed = [s for s in requirement.specifier if not s.contains(found, prereleases=True)]
    bounds = [(s.operator, Version(s.version.replace(".*", ""))) for s in missed if s.operator != "==="]
    if any(operator in (">=", ">", "~=", "==") and found < bound for operator, bound in bounds):
        return "below"
    return "above" if any(o in ("<", "<=", "~=", "==") and found >= b for o, b in bounds) else "excluded"


def egg_requirements(text: str) -> Iterator[str]:
    """The requirements in an egg's ``requires.txt``; those of extras are left out."""
    marker, extra = "", ""
    for line in (line.strip() for line in text.splitlines()):
        section = _SECTION.fullmatch(line)
        if section:
            extra, marker = section[1], section[2]
        elif line and not extra:
            yield f"{line}; {marker}" if marker else line
