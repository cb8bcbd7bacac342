"""Devices beside the NVIDIA GPUs that matter to TensorFlow."""

from __future__ import annotations

from ...formats import pci
from ...host import Host
from ...model import Value
from .bus import PCI, attribute, devices
from .gpus import Record, adapters


def amd_gpus(host: Host) -> Value:
    """The AMD GPUs in bus order, a list of {bus_id, device "744c", name, memory_gb}; [] for none.

    Graphics inside processors are among them; what nothing tells is None.

    How: lspci -nn -d 1002:
    How on Windows: powershell -c "(Get-CimInstance Win32_VideoController).Name"
    How on macOS: system_profiler SPDisplaysDataType
    """
    if host.system == "Windows":
        found = adapters(host, pci.AMD)
        return [{**{k: gpu[k] for k in ("bus_id", "device", "name")}, "memory_gb": None} for gpu in found]
    return [_amd(host, name) for name in devices(host, pci.AMD, pci.DISPLAY)]


def _amd(host: Host, name: str) -> Record:
    # Both files are the amdgpu kernel driver's: https://docs.kernel.org/gpu/amdgpu/driver-misc.html
    memory = attribute(host, name, "mem_info_vram_total") or ""
    device = pci.plain(attribute(host, name, "device"))
    return {
        "bus_id": name,
        "device": device,
        "name": (host.read(f"{PCI}/{name}/product_name") or "").strip() or f"AMD GPU [1002:{device}]",
        "memory_gb": round(int(memory) / 1024**3) if memory.isdigit() else None,
    }


def nvswitches(host: Host) -> Value:
    """How many NVSwitch chips there are: machines with them need NVIDIA's Fabric Manager.

    How: lspci -d 10de::0680
    """
    return len(devices(host, pci.NVIDIA, pci.BRIDGE)) if host.system == "Linux" else 0


FACTS = (amd_gpus, nvswitches)
