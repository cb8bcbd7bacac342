"""TensorFlow's log lines: what is said, without where and when.

Two prefixes are in use, often in one run (seen with 2.4 to 2.21):
``2026-11-21 00:36:25.936663: E external/local_xla/…/cuda_platform.cc:51] text`` and absl's
``E0000 00:00:1795219535.362444   11112 cuda_platform.cc:52] text``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

#: CSI and OSC sequences and the two-character escapes of ECMA-48.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_PREFIX = re.compile(
    r"^(?:(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: )?(?P<old>[IWEF]) |(?P<absl>[IWEF])\d{4} [\d:.]+ +\d+ )"
    r"(?:\S*[/\\])?(?P<file>[\w.\-]+):\d+\] ?"
)
_CREATED = re.compile(
    r"Created device \S*(?P<device>/device:GPU:\d+) with (?P<memory>\d+) MB memory: .*?"
    r"name: (?P<name>.+?), pci bus id: (?P<bus_id>[\dA-Fa-f:.]+), compute capability: (?P<compute>\d+\.\d+)"
)


class Line(NamedTuple):
    """One line: severity ``I W E F`` (None: not TensorFlow's), the source file's name, the text."""

    severity: str | None
    file: str | None
    text: str


def parse(line: str) -> Line:
    """One line of a log, ANSI escapes taken out."""
    line = _ANSI.sub("", line).rstrip("\r")
    found = _PREFIX.match(line)
    if not found:
        return Line(None, None, line)
    return Line(found["old"] or found["absl"], found["file"], line[found.end() :])


def lines(text: str) -> Iterator[Line]:
    """Every line of a log."""
    return map(parse, text.split("\n"))


def plain(text: str) -> str:
    """The log without ANSI escapes and prefixes. The lines keep their numbers."""
    return "\n".join(line.text for line in lines(text))


def created_devices(text: str) -> dict[str, dict[str, str]]:
    """The GPUs that TensorFlow opened: ``{"/device:GPU:0": {"name", "bus_id", "compute"}}``.

    The line is gpu_device.cc's; its bus id has upper-case letters where the kernel's has lower.
    """
    return {
        found["device"]: {
            "name": found["name"],
            "bus_id": found["bus_id"].lower(),
            "compute": found["compute"],
        }
        for found in _CREATED.finditer(text)
    }
