"""PCI: bus addresses, and the ids by which a device says what it is.

Vendor and class codes: https://admin.pci-ids.ucw.cz/read/PC/ (classes: ``/read/PD/03`` and ``/read/PD/06``).
"""

from __future__ import annotations

import re

from ..patterns import Pattern

NVIDIA = "0x10de"
AMD = "0x1002"
#: Display controllers: 0x0300 VGA, 0x0302 3D (a GPU without a screen), 0x0380 other.
DISPLAY = "0x03"
#: "Other bridge": what NVIDIA's NVSwitch chips are.
BRIDGE = "0x0680"

_ADDRESS = Pattern(r"(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])", re.IGNORECASE)
_WINDOWS_ID = Pattern(r"VEN_([0-9A-F]{4})&DEV_([0-9A-F]{4})", re.IGNORECASE)
_WINDOWS_PLACE = Pattern(r"\((\d+),(\d+),(\d+)\)\s*$")


def address(text: str) -> str | None:
    """A bus address as sysfs writes it; NVML writes the domain with eight digits.

    >>> address("00000000:01:00.0"), address("41:00.0"), address("PCI:1@0:0:0")
    ('0000:01:00.0', '0000:41:00.0', None)
    """
    found = _ADDRESS.fullmatch(text.strip())
    if not found:
        return None
    domain = int(found[1] or "0", 16)
    return f"{domain:04x}:{found[2].lower()}:{found[3].lower()}.{found[4]}"


def plain(number: str | None) -> str:
    """An id as the tables have it: four hex digits without ``0x``.

    >>> plain("0x2684\\n")
    '2684'
    """
    return (number or "").strip().lower().replace("0x", "")


def is_off_bus(config: str | None) -> bool:
    """Whether the configuration space reads as ones alone: the device no longer answers.

    A read that no device answers returns all bits set (PCI Local Bus Specification 3.0, section 6.1).
    """
    return bool(config) and set(config or "") == {"\xff"}


def windows_ids(device: str) -> tuple[str, str] | None:
    """Vendor and device of a Windows PNPDeviceID.

    >>> windows_ids("PCI\\\\VEN_10DE&DEV_2684&SUBSYS_167C10DE&REV_A1\\\\4&1F5A&0&0008")
    ('0x10de', '2684')
    """
    found = _WINDOWS_ID.search(device)
    return ("0x" + found[1].lower(), found[2].lower()) if found else None


def windows_address(location: str | None) -> str | None:
    """The bus address in a Windows LocationInformation; its text is translated, its numbers are not.

    >>> windows_address("@System32\\\\drivers\\\\pci.sys,#65536;PCI bus %1, device %2, function %3;(1,0,0)")
    '0000:01:00.0'
    """
    found = _WINDOWS_PLACE.search(location or "")
    return "0000:{:02x}:{:02x}.{:x}".format(*map(int, found.groups())) if found else None
