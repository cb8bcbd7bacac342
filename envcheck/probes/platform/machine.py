"""Whether the machine is a virtual one, and under which hypervisor."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...formats import cpuinfo
from ...host import Host
from ...model import NoAnswer, Value
from ...patterns import Pattern

#: What firmware says ("vendor product bios") → hypervisor. The strings are the makers' own; see also
#: https://www.freedesktop.org/software/systemd/man/latest/systemd-detect-virt.html
FIRMWARE = (
    (Pattern(r"VMware"), "vmware"),
    (Pattern(r"VirtualBox|innotek"), "virtualbox"),
    (Pattern(r"Microsoft Corporation Virtual Machine"), "hyper-v"),
    (Pattern(r"Parallels"), "parallels"),
    (Pattern(r"Apple Virtualization"), "apple"),
    (Pattern(r"\bXen\b|HVM domU"), "xen"),
    (Pattern(r"BHYVE", re.IGNORECASE), "bhyve"),
    (Pattern(r"QEMU|KVM|Bochs|OpenStack|oVirt|RHEV|Proxmox"), "kvm"),
)
#: Clouds on KVM; some rent whole machines too, which say the same: there the processor's flag decides.
CLOUDS = Pattern(r"Google Compute Engine|Amazon EC2|DigitalOcean|Alibaba Cloud|Hetzner|Tencent")

FIRMWARE_FILES = ("sys_vendor", "product_name", "bios_vendor")


def hypervisor(host: Host, facts: Mapping[str, Value]) -> Value:
    """The hypervisor: "kvm", "vmware", "hyper-v", "firecracker", …, "other"; None on a real machine.

    How: systemd-detect-virt --vm; grep -c hypervisor /proc/cpuinfo
    """
    if host.system == "Linux":
        return "hyper-v" if facts["platform.wsl"] == 2 else _linux(host)
    return _windows(host) if host.system == "Windows" else _darwin(host)


def _linux(host: Host) -> str | None:
    says = _firmware(host)
    named = next((name for pattern, name in FIRMWARE if pattern.search(says)), None)
    if named or "hypervisor" not in (cpuinfo.flags(host.read("/proc/cpuinfo") or "") or []):
        return named or _device_tree(host)
    return "kvm" if CLOUDS.search(says) else _without_firmware(host)


def _firmware(host: Host) -> str:
    return " ".join((host.read(f"/sys/class/dmi/id/{name}") or "").strip() for name in FIRMWARE_FILES)


def _without_firmware(host: Host) -> str:
    if (host.read("/sys/hypervisor/type") or "").strip() == "xen":
        return "xen"
    return "firecracker" if _is_firecracker(host) else "other"


def _is_firecracker(host: Host) -> bool:
    # Its ACPI tables carry the OEM id FIRECK from byte 10 on; only the superuser may read them.
    try:
        table = host.read("/sys/firmware/acpi/tables/DSDT", binary=True)
    except NoAnswer:
        return False
    return (table or "")[10:16] == "FIRECK"


def _device_tree(host: Host) -> str | None:
    said = host.read("/proc/device-tree/hypervisor/compatible")
    if said is None:
        return None
    return "kvm" if "kvm" in said else "xen" if "xen" in said else "other"


def _windows(host: Host) -> str | None:
    key = r"HKLM\HARDWARE\DESCRIPTION\System\BIOS"
    parts = (host.registry(key, name) for name in ("SystemManufacturer", "SystemProductName"))
    says = " ".join(str(part) for part in parts if part)
    return next((name for pattern, name in FIRMWARE if pattern.search(says)), None)


def _darwin(host: Host) -> str | None:
    answer = host.run(["sysctl", "-n", "kern.hv_vmm_present"])
    return "apple" if answer and str(answer["out"]).strip() == "1" else None


FACTS = (hypervisor,)
