"""``rules/compat/gpus.csv`` from the PCI ID list and the chips of ``rules/compat/cuda.toml``."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping

from .memory import memory_gb

COLUMNS = ("device", "name", "chip", "compute", "memory_gb", "source")

#: Parts that are not on a PCI bus, by the name the device tree gives the system chip ("nvidia,tegra234").
#: Source: https://developer.nvidia.com/embedded/jetson-modules; memory differs by module.
JETSON = {
    "tegra124": ("Jetson TK1", "GK20A"),
    "tegra210": ("Jetson TX1 / Nano", "GM20B"),
    "tegra186": ("Jetson TX2", "GP10B"),
    "tegra194": ("Jetson Xavier", "GV11B"),
    "tegra234": ("Jetson Orin", "GA10B"),
    "tegra264": ("Jetson Thor", "GB10B"),
}

_LINE = re.compile(r"^\t(?P<device>[0-9a-f]{4})  (?P<text>.+)$")
_NOT_A_GPU = re.compile(r"Audio|USB|UCSI|Serial Bus|NVSwitch|PCIe (host|x\d|Endpoint)|PCI bridge|Root Port")


def rows(pci_ids: str, chips: Mapping[str, str]) -> list[dict[str, str]]:
    """One row per NVIDIA GPU of a known chip, by device id; ``chips``: chip → compute capability."""
    edition = re.search(r"Version:\s*(\S+)", pci_ids)
    source = f"pci.ids {edition.group(1) if edition else 'undated'}"
    found = [row for row in (_row(line, chips, source) for line in _nvidia(pci_ids)) if row]
    jetson = [_values(soc, name, chip, chips[chip], "jetson-modules") for soc, (name, chip) in JETSON.items()]
    return sorted(found, key=lambda row: row["device"]) + jetson


def text(table: list[dict[str, str]]) -> str:
    """The rows as CSV. The notice that the list's licence asks for is ``rules/compat/NOTICE``."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue()


def _nvidia(pci_ids: str) -> Iterator[str]:
    """The device lines of vendor 10de."""
    inside = False
    for line in pci_ids.splitlines():
        if line[:1] not in ("\t", "#", ""):
            inside = line.startswith("10de")
        elif inside and not line.startswith("\t\t"):
            yield line


def _row(line: str, chips: Mapping[str, str], source: str) -> dict[str, str] | None:
    parts = _LINE.match(line)
    if parts is None or _NOT_A_GPU.search(parts["text"]):
        return None
    chip = _chip(parts["text"].split()[0], chips)
    if chip is None:
        return None
    label = re.search(r"\[(.+)\]", parts["text"])
    name = label.group(1) if label else parts["text"]
    return _values(parts["device"], name.replace("Geforce", "GeForce"), chip, chips[chip], source)


def _chip(word: str, chips: Mapping[str, str]) -> str | None:
    """``GK208BM`` → ``GK208B``, ``GA104GLM`` → ``GA104``: the longest known chip the word begins with."""
    known = [chip for chip in chips if re.fullmatch(chip + "(B?GL?M?|BM|M|GLM|B)?", word)]
    return max(known, key=len) if known else None


def _values(device: str, name: str, chip: str, compute: str, source: str) -> dict[str, str]:
    return dict(zip(COLUMNS, (device, name, chip, compute, memory_gb(name), source)))
