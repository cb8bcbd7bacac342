"""What a wheel says of itself: METADATA, build_info.py, the tags in its name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from email.parser import HeaderParser
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import canonicalize_name

#: Marker environments of the platforms of tensorflow.csv (PEP 508 names).
ENVIRONMENTS: Mapping[str, Mapping[str, str]] = {
    "linux-x86_64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "linux-aarch64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    "win-amd64": {"sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"},
    "macos-arm64": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
    "macos-x86_64": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "x86_64"},
}

#: Old names of the platform tags: glibc, and the first pip that knows the name
#: (PEP 513, 571, 599, 600; https://pip.pypa.io/en/stable/news/ 8.1, 19.0, 19.3, 20.3).
_MANYLINUX = {
    "manylinux1": ("2.5", "8.1"),
    "manylinux2010": ("2.12", "19.0"),
    "manylinux2014": ("2.17", "19.3"),
}
_PEP_600_PIP = "20.3"

_PLATFORM = re.compile(
    r"(?P<linux>(?:many)?linux\w*?)_(?P<arch>x86_64|aarch64)|win_amd64|macosx_\d+_\d+_(?P<mac>arm64|x86_64)"
)


def platform(tag: Tag) -> str | None:
    """The platform column for a wheel's tag; "any" for a pure one, None for one that has no column."""
    if tag.platform == "any":
        return "any"
    parts = _PLATFORM.fullmatch(tag.platform)
    if parts is None:
        return None
    if parts["mac"]:
        return "macos-" + parts["mac"]
    return "linux-" + parts["arch"] if parts["linux"] else "win-amd64"


def minor(tag: Tag) -> tuple[int, int] | None:
    """``cp311-cp311`` → (3, 11); None for pure wheels and for free-threaded builds."""
    parts = re.fullmatch(r"cp(\d)(\d+)", tag.interpreter)
    return (int(parts[1]), int(parts[2])) if parts and not tag.abi.endswith("t") else None


def needs(tags: Iterable[Tag]) -> tuple[str, str]:
    """(glibc, pip) that the easiest of a wheel's platform tags asks for; "" where it asks for none."""
    asked = [_manylinux(tag.platform) for tag in tags]
    found = [pair for pair in asked if pair]
    if not found:
        return "", ""
    key = lambda text: tuple(map(int, text.split(".")))  # noqa: E731
    return min((glibc for glibc, _ in found), key=key), min((pip for _, pip in found), key=key)


def _manylinux(name: str) -> tuple[str, str] | None:
    modern = re.match(r"manylinux_(\d+)_(\d+)_", name)
    if modern:
        return f"{modern[1]}.{modern[2]}", _PEP_600_PIP
    return _MANYLINUX.get(name.split("_")[0])


def requirements(metadata: str) -> list[Requirement]:
    """The Requires-Dist lines."""
    lines = HeaderParser().parsestr(metadata).get_all("Requires-Dist") or []
    return [Requirement(line) for line in lines]


def specifier(found: Iterable[Requirement], name: str, platform: str, minors: Iterable[str]) -> str:
    """What a wheel asks of a package: ``">=1.26,<2.1"``; "" if nothing.

    Where it differs between Python versions: ``">=1.23.5,<2;python 3.9,3.10,3.11 | >=1.26,<2;python 3.12"``.
    """
    asked = [need for need in found if canonicalize_name(need.name) == name]
    by_minor = {minor: _for_python(asked, platform, minor) for minor in minors}
    if len(set(by_minor.values())) < 2:
        return next(iter(by_minor.values()), "")
    groups: dict[str, list[str]] = {}
    for python, spec in by_minor.items():
        groups.setdefault(spec, []).append(python)
    return " | ".join(f"{spec};python {','.join(pythons)}" for spec, pythons in groups.items())


def _for_python(asked: list[Requirement], platform: str, minor: str) -> str:
    environment = {**ENVIRONMENTS.get(platform, {}), "python_version": minor, "extra": ""}
    environment["python_full_version"] = minor + ".0"
    applying = [need for need in asked if need.marker is None or need.marker.evaluate(environment)]
    return ",".join(sorted({ordered(need.specifier) for need in applying} - {""}))


def ordered(specifier: SpecifierSet) -> str:
    """``<2,>=1.26`` → ``>=1.26,<2``: lower bounds first, always in the same order."""
    return ",".join(sorted(map(str, specifier), key=lambda part: (part[0] not in ">=~", part)))


def extra(found: Iterable[Requirement], name: str) -> str:
    """The packages of an extra with their specifiers, separated by spaces."""
    wanted = [need for need in found if need.marker and _is_for(need, name)]
    return " ".join(sorted(need.name + ordered(need.specifier) for need in wanted))


def _is_for(need: Requirement, extra: str) -> bool:
    return need.marker is not None and f'extra == "{extra}"' in str(need.marker)


def build_info(source: str | None) -> dict[str, Any]:
    """The values in ``tensorflow/python/platform/build_info.py``, in each of the forms it has had.

    Assignments of constants (to 2.2), a dict (2.3), ``OrderedDict([(key, value), …])`` (from 2.4).
    """
    said: dict[str, Any] = {}
    for node in ast.parse(source or "").body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = _value(node.value)
            said.update(value if isinstance(value, dict) else {node.targets[0].id: value})
    return said


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call):
        return dict(_value(node.args[0])) if node.args else {}
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
