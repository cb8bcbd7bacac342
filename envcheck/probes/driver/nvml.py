"""What NVML, the driver's management library, says: its code, and each GPU it lists."""

from __future__ import annotations

from typing import Any

from ...formats import nvidia
from ...formats.children import Child, Event, events, first
from ...host import Host
from .said import required


def nvml_code(host: Host) -> int:
    """The NVML code of its initialisation: 0 where it works.

    4 no permission, 9 driver not loaded, 12 library not found, 18 library and kernel module differ.
    How: nvidia-smi
    """
    return int(required(host.child("nvml"), "init")["code"])


def nvml_error(facts: Any) -> str | None:
    """The name of NVML's error code; None where it works.

    How: nvidia-smi
    """
    code = facts["driver.nvml_code"]
    return nvidia.nvml_name(code) if code else None


def nvml_loader_error(host: Host) -> str | None:
    """What the loader says where libnvidia-ml cannot be opened; None where it opens.

    How: python3 -c "import ctypes; ctypes.CDLL('libnvidia-ml.so.1')"
    """
    error = required(host.child("nvml"), "init").get("error")
    return None if error is None else str(error)


def gpus(host: Host, facts: Any) -> list[dict[str, Any]]:
    """The GPUs that NVML lists, in its order (the bus's), a record each; None for what a GPU does not tell.

    bus_id, name, uuid, memory_mb, used_mb, compute, mig, mig_uuids, mig_instances, compute_mode, ecc,
    ecc_uncorrected, remap_pending, remap_failed, temperature_c, power_w, power_limit_w, throttle,
    utilization, processes [{pid, used_mb, kind}], fabric_state, vgpu, code (0: it answers; 15: lost).
    How: nvidia-smi -q
    """
    child = host.child("nvml")
    if facts.get("driver.nvml_code", 0):
        return []
    required(child, "system")
    found = [_gpu(child, event) for event in events(child, "gpu")]
    return _with_lost_named(found, host)


def _gpu(child: Child, gpu: Event) -> dict[str, Any]:
    index, code = gpu["index"], int(gpu["code"])
    record = {k: gpu.get(k) for k in ("bus_id", "name", "uuid", "compute", "memory_mb", "used_mb")}
    state = first(child, "state", index=index) or {}
    held = first(child, "processes", index=index) or {}
    return {**record, "code": code, **_state(state), "processes": held.get("processes", [])}


_AS_TOLD = ("mig", "ecc", "ecc_uncorrected", "remap_pending", "remap_failed", "temperature_c", "utilization")


def _state(state: Event) -> dict[str, Any]:
    uuids = state.get("mig_uuids") or []
    return {
        **{key: state.get(key) for key in _AS_TOLD},
        "mig_uuids": uuids,
        "mig_instances": len(uuids),
        "compute_mode": nvidia.COMPUTE_MODES.get(state.get("compute_mode", -1)),
        "power_w": _watts(state.get("power_mw")),
        "power_limit_w": _watts(state.get("power_limit_mw")),
        "throttle": nvidia.throttle_reasons(state.get("throttle") or 0),
        "fabric_state": nvidia.FABRIC_STATES.get(state.get("fabric_state") or 0),
        # nvmlGpuVirtualizationMode_t, nvml.h: 2 is a virtual GPU inside a guest.
        "vgpu": state.get("virtualization") == 2,
    }


def _watts(milliwatts: int | None) -> float | None:
    return None if milliwatts is None else round(milliwatts / 1000, 1)


def _with_lost_named(found: list[dict[str, Any]], host: Host) -> list[dict[str, Any]]:
    """A GPU without a handle has no bus id; where one alone is left over in /proc, it is that one."""
    lost = [gpu for gpu in found if gpu["code"] and gpu["bus_id"] is None]
    if len(lost) == 1:
        names = host.list("/proc/driver/nvidia/gpus") or []
        left = {nvidia.bus_id(name) for name in names} - {gpu["bus_id"] for gpu in found}
        if len(left) == 1:
            lost[0]["bus_id"] = left.pop()
    return found


FACTS = (nvml_code, nvml_error, nvml_loader_error, gpus)
