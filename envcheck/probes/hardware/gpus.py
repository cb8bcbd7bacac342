"""The NVIDIA GPUs that the machine has, whether or not a driver says so."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from ... import tables
from ...formats import pci, windows
from ...host import Host
from ...model import NoAnswer, Value
from .bus import PCI, attribute, devices

#: /sys/…/power/runtime_status, https://docs.kernel.org/power/runtime_pm.html; NVIDIA laptops suspend the GPU.
POWER = {"active": "on", "resuming": "on", "suspended": "suspended", "suspending": "suspended"}

#: What the device tree of a Jetson says it is compatible with → its product family, and the compute
#: capability of its GPU. https://developer.nvidia.com/cuda-gpus and, older ones, …/cuda-legacy-gpus
JETSONS = {
    "nvidia,tegra264": ("NVIDIA Jetson Thor", "11.0"),
    "nvidia,tegra234": ("NVIDIA Jetson Orin", "8.7"),
    "nvidia,tegra194": ("NVIDIA Jetson Xavier", "7.2"),
    "nvidia,tegra186": ("NVIDIA Jetson TX2", "6.2"),
    "nvidia,tegra210": ("NVIDIA Jetson Nano", "5.3"),
}

Record = dict[str, Value]


def gpus(host: Host, facts: Mapping[str, Value]) -> Value:
    """The NVIDIA GPUs in bus order, a list of {bus_id, device, name, chip, compute, memory_gb, …}.

    ``bus_id`` "0000:01:00.0", ``device`` the PCI device id "2684", ``compute`` "8.9", ``kernel_driver``
    "nvidia", "nouveau", "vfio-pci" or None, ``power`` "on" or "suspended"; what nothing tells is None.
    It is the union of the PCI bus, of what the driver's library lists, of a Jetson's own GPU, of WSL's
    /dev/dxg with the Windows host's libcuda, and of the display adapters of Windows.

    How: lspci -nn -d 10de:
    How on Windows: powershell -c "(Get-CimInstance Win32_VideoController).Name"
    How on macOS: system_profiler SPDisplaysDataType
    """
    if host.system == "Darwin":
        return []  # the last macOS with an NVIDIA driver was 10.13; CUDA ended there with 10.2
    found = _on_windows(host) if host.system == "Windows" else _on_bus(host, pci.NVIDIA)
    if not found or any(gpu["compute"] is None or gpu["bus_id"] is None for gpu in found):
        found = _joined(found, _by_library(host))
    return found or _on_chip(host) or _behind_dxg(host, facts)


def _on_bus(host: Host, vendor: str) -> list[Record]:
    return [_device(host, name) for name in devices(host, vendor, pci.DISPLAY)]


def _device(host: Host, name: str) -> Record:
    device = pci.plain(attribute(host, name, "device"))
    driver = (host.stat(f"{PCI}/{name}/driver") or {}).get("link")
    power = POWER.get(attribute(host, name, "power/runtime_status") or "")
    return {
        "bus_id": name,
        **_described(device),
        "kernel_driver": posixpath.basename(driver) if driver else None,
        "power": power,
    }


def _on_windows(host: Host) -> list[Record]:
    try:
        return adapters(host, pci.NVIDIA)
    except NoAnswer:
        if _by_library(host):
            return []  # the library lists them as well
        raise


def _described(device: str | None, name: str | None = None) -> Record:
    """What the table of GPUs knows of a PCI device id, or else of a product name."""
    found = (tables.gpu(device) if device else None) or (tables.gpu_by_name(name) if name else None) or {}
    kept = {key: found.get(key) for key in ("chip", "compute", "memory_gb")}
    return {"device": device, "name": name or found.get("name"), **kept}


def adapters(host: Host, vendor: str) -> list[Record]:
    """The display adapters of a vendor that Windows lists, as records of ``hardware.gpus``."""
    answer = host.run(list(windows.ADAPTERS), timeout=20)
    if answer is None or answer["code"] != 0:
        raise NoAnswer("failed", "Windows does not list its display adapters")
    found = windows.adapters(str(answer["out"]))
    return [_adapter(host, adapter) for adapter in found if adapter.vendor == vendor]


def _adapter(host: Host, adapter: windows.Adapter) -> Record:
    place = host.registry(rf"HKLM\SYSTEM\CurrentControlSet\Enum\{adapter.path}", "LocationInformation")
    known = _described(adapter.device, adapter.name)
    return {"bus_id": pci.windows_address(place), **known, "kernel_driver": None, "power": None}


def _by_library(host: Host) -> list[Record]:
    """The GPUs that NVML lists. Asked of the child itself: the driver's facts rest on this one's."""
    try:
        events = host.child("nvml")["events"]
    except NoAnswer:
        return []
    return [_listed(event) for event in events if event["event"] == "gpu" and event.get("bus_id")]


def _listed(event: Mapping[str, Value]) -> Record:
    known = _described(None, event["name"])
    memory = round(event["memory_mb"] / 1024) if event.get("memory_mb") else known["memory_gb"]
    known.update(compute=event.get("compute") or known["compute"], memory_gb=memory)
    return {"bus_id": pci.address(event["bus_id"]), **known, "kernel_driver": None, "power": None}


def _joined(found: Sequence[Record], listed: Sequence[Record]) -> list[Record]:
    """Both lists by bus address; of a GPU in both, what the first does not know is taken from the second."""
    others = {gpu["bus_id"]: gpu for gpu in listed}
    merged = [_filled(gpu, others.pop(gpu["bus_id"], {})) for gpu in found]
    if any(gpu["bus_id"] is None for gpu in merged):
        return list(listed) or merged  # adapters whose place Windows does not tell are the listed ones
    return sorted([*merged, *others.values()], key=lambda gpu: str(gpu["bus_id"]))


def _filled(gpu: Record, other: Mapping[str, Value]) -> Record:
    return {key: other.get(key) if value is None else value for key, value in gpu.items()}


def _behind_dxg(host: Host, facts: Mapping[str, Value]) -> list[Record]:
    """In WSL2, a GPU that the Windows host shares and no library here lists: nothing more is known of it."""
    if host.system != "Linux" or facts["platform.wsl"] != 2 or not host.stat("/dev/dxg"):
        return []
    # Windows puts this file there only where its own NVIDIA driver is installed:
    # https://docs.nvidia.com/cuda/wsl-user-guide/index.html
    if not host.glob("/usr/lib/wsl/lib/libcuda.so*"):
        return []
    return [{"bus_id": None, **_described(None, "NVIDIA GPU"), "kernel_driver": None, "power": None}]


def _on_chip(host: Host) -> list[Record]:
    """The GPU of a Jetson, which is a part of its processor and on no bus."""
    kinds = (host.read("/proc/device-tree/compatible") or "").split("\0") if host.system == "Linux" else []
    chip = next((kind[len("nvidia,") :] for kind in kinds if kind in JETSONS), None)
    if chip is None:
        return []
    name, compute = JETSONS[f"nvidia,{chip}"]
    found = {"bus_id": None, "device": None, "name": name, "chip": chip, "compute": compute}
    return [{**found, "memory_gb": None, "kernel_driver": None, "power": None}]


def gpu_count(facts: Mapping[str, Value]) -> Value:
    """How many NVIDIA GPUs there are.

    How: lspci -d 10de: | grep -cE 'VGA|3D'
    """
    return len(facts["hardware.gpus"])


def lowest_compute(facts: Mapping[str, Value]) -> Value:
    """The lowest compute capability among the GPUs, "8.9"; None where there is no GPU or none is known.

    How: nvidia-smi --query-gpu=compute_cap --format=csv,noheader
    """
    return min(_computes(facts), key=_order, default=None)


def highest_compute(facts: Mapping[str, Value]) -> Value:
    """The highest compute capability among the GPUs, "8.9"; None where there is no GPU or none is known.

    How: nvidia-smi --query-gpu=compute_cap --format=csv,noheader
    """
    return max(_computes(facts), key=_order, default=None)


def _computes(facts: Mapping[str, Value]) -> list[str]:
    return [gpu["compute"] for gpu in facts["hardware.gpus"] if gpu["compute"]]


def _order(compute: str) -> tuple[int, ...]:
    return tuple(int(part) for part in compute.split(".") if part.isdigit())


FACTS = (gpus, gpu_count, lowest_compute, highest_compute)
