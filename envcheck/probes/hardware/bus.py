"""The PCI bus as sysfs shows it."""

from __future__ import annotations

from ...host import Host

PCI = "/sys/bus/pci/devices"


def devices(host: Host, vendor: str, kind: str) -> list[str]:
    """The bus addresses of a vendor's devices of a class, in bus order."""
    return [
        name
        for name in sorted(host.list(PCI) or [])
        if attribute(host, name, "vendor") == vendor
        and (attribute(host, name, "class") or "").startswith(kind)
    ]


def attribute(host: Host, name: str, attribute: str) -> str | None:
    """A short file of a device, in lower case; None where it is not there."""
    text = host.read(f"{PCI}/{name}/{attribute}")
    return text.strip().lower() if text is not None else None
