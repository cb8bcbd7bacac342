"""GPUs that fail as hardware."""

from __future__ import annotations

from collections.abc import Mapping

from ...formats import pci
from ...host import Host
from ...model import Value
from .bus import PCI

#: NVML_ERROR_GPU_IS_LOST, https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html
GPU_IS_LOST = 15


def gpus_off_bus(host: Host, facts: Mapping[str, Value]) -> Value:
    """Bus addresses of the NVIDIA GPUs that no longer answer on the PCI bus; [] where all do.

    How: lspci -d 10de: (a lost one says "rev ff")
    """
    # Reading wakes a suspended laptop GPU, and one that could be suspended is not lost.
    awake = [gpu["bus_id"] for gpu in facts["hardware.gpus"] if gpu["bus_id"] and gpu["power"] != "suspended"]
    return [name for name in awake if _is_off(host, name)]


def _is_off(host: Host, name: str) -> bool:
    return host.system == "Linux" and pci.is_off_bus(host.read(f"{PCI}/{name}/config", binary=True))


def gpus_lost(facts: Mapping[str, Value]) -> Value:
    """Bus addresses of the NVIDIA GPUs that are lost: off the bus, or lost to the driver's library.

    A lost GPU whose address the library does not tell is called "GPU 1" after its place in the list.

    How: nvidia-smi -L; sudo dmesg | grep Xid
    """
    lost = [
        gpu["bus_id"] or f"GPU {number}"
        for number, gpu in enumerate(facts.get("driver.gpus") or [])
        if gpu["code"] == GPU_IS_LOST
    ]
    return list(dict.fromkeys([*facts["hardware.gpus_off_bus"], *lost]))


def gpus_with_memory_errors(facts: Mapping[str, Value]) -> Value:
    """Bus addresses of the GPUs with uncorrectable memory errors, or a repair that waits or failed.

    Errors count since the driver was loaded; a repair (row remap) waits for the next reset of the GPU.

    How: nvidia-smi -q -d ECC,ROW_REMAPPER
    """
    return [gpu["bus_id"] for gpu in facts["driver.gpus"] if _has_memory_errors(gpu)]


def _has_memory_errors(gpu: Mapping[str, Value]) -> bool:
    return bool(gpu.get("ecc_uncorrected") or gpu.get("remap_pending") or gpu.get("remap_failed"))


FACTS = (gpus_off_bus, gpus_lost, gpus_with_memory_errors)
