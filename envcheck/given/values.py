"""What people write of versions, read into facts: ``"Anaconda 3.8"``, ``"R535"``, ``"tensorflow-gpu 1.15"``.

Each reader takes one text and returns the values of the facts that it tells, ``{}`` where it tells none;
it raises :class:`ValueError` for a version that is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..model import Value
from ..patterns import Pattern
from .answers import Values, is_none

_VERSION = Pattern(r"(?<![\d.])v?(\d+(?:\.\d+)+(?:[-.]?(?:a|b|rc|dev|post)\.?\d*)?)", re.I)
_NUMBER = Pattern(r"(?<![\d.])v?(\d+(?:\.\d+)*)")


def python(text: str) -> Values:
    """``"3.9.7"``, ``"3.10 (64-bit)"``, ``"Anaconda 3.8"``, ``"cp311"``, ``"Python 3.13t"``."""
    tag = re.search(r"\b(?:cp|py)([23])(\d{1,2})\b", text, re.I)
    named = re.search(r"(?<![\d.])([23]\.\d{1,2}(?:\.\d+)?(?:(?:a|b|rc)\d+)?)(\+|t\b|\.x\b)?", text)
    if not named and not tag:
        raise ValueError(text)
    version = named[1] if named else f"{tag[1]}.{tag[2]}" if tag else ""
    found: Values = {"python.version": version}
    found.update(_bits(text))
    if re.search(r"conda", text, re.I):
        found["python.environment"] = "conda"
    elif re.search(r"virtual ?env", text, re.I):
        found["python.environment"] = "virtualenv"
    elif re.search(r"\bvenv\b", text, re.I):
        found["python.environment"] = "venv"
    if re.search(r"pypy", text, re.I):
        found["python.implementation"] = "pypy"
    if (named and named[2] == "t") or re.search(r"free[- ]?thread", text, re.I):
        found["python.free_threaded"] = True
    return found


def _bits(text: str) -> Values:
    if re.search(r"32[ -]?bit|\bwin32\b|\bx86\b(?!_64)", text, re.I):
        return {"python.bits": 32}
    if re.search(r"64[ -]?bit|\bamd64\b|\bx86_64\b|\bx64\b", text, re.I):
        return {"python.bits": 64}
    return {}


_PACKAGES = Pattern(
    r"\b(nvidia-tensorflow|intel-tensorflow(?:-avx512)?|tensorflow-(?:gpu|cpu(?:-aws)?|intel"
    r"|macos|rocm|directml)"
    r"|tf-nightly(?:-gpu|-cpu|-intel|-macos)?)\b",
    re.I,
)


def tensorflow(text: str) -> Values:
    """``"2.10.0"``, ``"tensorflow-gpu 1.15"``, ``"v2.10.0-rc3-6-g359c3cdfc5f 2.10.0"``, ``"nightly"``."""
    package = _PACKAGES.search(text.replace("_", "-"))
    told = re.search(r"v?\d[\w.-]*-\d+-g[0-9a-f]{6,}[,\s]+v?(\d+(?:\.\d+)+\S*)", text)  # GIT_VERSION VERSION
    number = re.search(
        r"(?<![\d.])v?([0-3](?:\.\d+){1,3})(?:[-.]?(rc|a|b|post|dev)\.?(\d+))?",
        told[1] if told else text,
        re.I,
    )
    if not number:
        return _without_number(text, package)
    suffix = number[2].lower() if number[2] else ""
    version = number[1] + (("." if suffix in ("post", "dev") else "") + suffix + number[3] if suffix else "")
    found: Values = {"tensorflow.version": version}
    if package:
        found["tensorflow.distribution"] = package[1].lower()
    elif re.search(r"nightly", text, re.I):
        found["tensorflow.distribution"] = "tf-nightly"
    together = _together(text)
    if together:
        found["tensorflow.overlapping"] = together
    return found


#: Both of these are whole packages of one another's files; -intel and -macos are what others forward to.
_WHOLE = Pattern(
    r"\b(tensorflow(?:[-_](?:gpu|cpu))?|tf[-_]nightly(?:[-_](?:gpu|cpu))?)(?![\w-]) *=*v?(\d[\w.]*)?"
)
_BESIDE = Pattern(r"\band\b|\s[+&]\s|\bboth\b|\btogether\b|\bbesides?\b|\bside by side\b", re.I)
_EITHER = Pattern(r"\b(?:or|vs\.?|then|tried|instead|also with|formerly|previously|wanted)\b|->|→|/", re.I)


def _together(text: str) -> list[Value]:
    """``"tensorflow-gpu 1.8 and tf-nightly 1.10"``: packages beside each other, of several versions."""
    named = {found[1].replace("_", "-"): found[2] or "" for found in _WHOLE.finditer(text)}
    if len(named) < 2 or not _BESIDE.search(text) or _EITHER.search(text):
        return []
    apart = len({version for version in named.values() if version}) > 1 or any("nightly" in n for n in named)
    told = apart or re.search(r"\b(?:both|installed|together|side by side)\b", text, re.I)
    return [f"{name} {version}".strip() for name, version in named.items()] if told else []


def _without_number(text: str, package: re.Match[str] | None) -> Values:
    if package or re.search(r"nightly", text, re.I):
        return {"tensorflow.distribution": package[1].lower() if package else "tf-nightly"}
    raise ValueError(text)


def driver(text: str) -> Values:
    """``"460.91.03"``, ``"R535"``, ``"27.21.14.5671"`` (Windows' own number of 456.71); "none"."""
    if is_none(text):
        return {"driver.version": None, "driver.installed": False}
    windows = re.search(r"(?<![\d.])\d\d\.\d+\.\d+\.(\d{4,5})(?![\d.])", text)
    if windows:
        # The last five digits of the four numbers: https://www.nvidia.com/en-us/drivers/drivers-faq/
        digits = re.sub(r"\D", "", windows[0])[-5:]
        return _driver(f"{digits[:3]}.{digits[3:]}")
    found = re.findall(r"(?<![\d.])[rRvV]?(\d{3}(?:\.\d{1,3}){0,2})(?![\d.]*\d)", text)
    if not found:
        raise ValueError(text)
    if len(set(found)) > 1:
        return {"driver.installed": True}  # two drivers: the log must say which side is which
    return _driver(found[0])


def _driver(version: str) -> Values:
    return {"driver.version": version, "driver.installed": True}


def cuda(text: str) -> Values:
    """The toolkits: ``"11.2 / 11.8"``; "none"."""
    versions = _versions(text, r"(?<![\d.])v?((?:[5-9]|1\d)(?:\.\d+){0,3})(?![\d.]*\d)")
    if not versions and not is_none(text):
        raise ValueError(text)
    return {"cuda.toolkits": [{"path": None, "version": version} for version in versions]}


def cudnn(text: str) -> Values:
    """``"8.1.0"``, ``"v7.6.5"``: the cuDNN that the user has; "none"."""
    versions = _versions(text, r"(?<![\d.])v?(\d{1,2}(?:\.\d+){0,3})(?![\d.]*\d)")
    if not versions and not is_none(text):
        raise ValueError(text)
    return {"cuda.cudnn_version": versions[0] if versions else None} if len(versions) < 2 else {}


def _versions(text: str, pattern: str) -> list[str]:
    return list(dict.fromkeys(re.findall(pattern, text)))


def package(fact: str) -> Callable[[str], Values]:
    """The reader of one package's version; "none" is None."""

    def read(text: str) -> Values:
        if is_none(text):
            return {fact: None}
        found = _VERSION.search(text) or _NUMBER.search(text)
        if not found:
            raise ValueError(text)
        return {fact: found[1]}

    return read


def conda(text: str) -> Values:
    """Whether the environment is conda's: "yes", or conda's version."""
    return {} if is_none(text) else {"python.environment": "conda"}
