"""What PowerShell writes of the display adapters, and what Windows calls them.

``Get-CimInstance Win32_VideoController | Select-Object … | ConvertTo-Json`` gives one object, or a
list of them where there are several adapters::

    {"Name":"NVIDIA GeForce RTX 4070","PNPDeviceID":"PCI\\\\VEN_10DE&DEV_2786&SUBSYS_…\\\\4&2C…&0&0008",
     "DriverVersion":"32.0.15.6094","ConfigManagerErrorCode":0}
"""

from __future__ import annotations

import json
from typing import NamedTuple

from . import pci

#: What asks for the adapters. WMIC, which older tools use, is no longer part of Windows 11.
ADAPTERS = (
    "powershell",
    "-NoProfile",
    "-NonInteractive",
    "-Command",
    "Get-CimInstance Win32_VideoController"
    " | Select-Object Name,PNPDeviceID,DriverVersion,ConfigManagerErrorCode | ConvertTo-Json -Compress",
)


class Adapter(NamedTuple):
    """A display adapter. ``problem`` is the device manager's code, 0: it works."""

    name: str
    vendor: str
    device: str
    path: str
    driver: str | None
    problem: int


def adapters(text: str) -> list[Adapter]:
    """The PCI display adapters, in Windows' order; [] for what is no such JSON (no adapter: no output)."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    records = found if isinstance(found, list) else [found]
    made = (_adapter(record) for record in records if isinstance(record, dict))
    return [adapter for adapter in made if adapter]


def _adapter(record: dict[str, object]) -> Adapter | None:
    path = str(record.get("PNPDeviceID") or "")
    ids = pci.windows_ids(path)
    if ids is None:
        return None  # a remote desktop's or a virtual screen's
    problem, driver = record.get("ConfigManagerErrorCode"), record.get("DriverVersion")
    problem = problem if isinstance(problem, int) else 0
    return Adapter(str(record.get("Name") or ""), *ids, path, str(driver) if driver else None, problem)
