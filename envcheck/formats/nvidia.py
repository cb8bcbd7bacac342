"""What NVIDIA's driver writes: version lines, file names, bus ids, error codes, kernel messages.

Real texts of each form, with their sources, stand in tests/test_formats_nvidia.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ..patterns import Pattern

#: nvmlReturn_t: https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html, and nvml.h for 27 on.
NVML_CODES: Mapping[int, str] = {
    0: "NVML_SUCCESS",
    1: "NVML_ERROR_UNINITIALIZED",
    2: "NVML_ERROR_INVALID_ARGUMENT",
    3: "NVML_ERROR_NOT_SUPPORTED",
    4: "NVML_ERROR_NO_PERMISSION",
    6: "NVML_ERROR_NOT_FOUND",
    8: "NVML_ERROR_INSUFFICIENT_POWER",
    9: "NVML_ERROR_DRIVER_NOT_LOADED",
    10: "NVML_ERROR_TIMEOUT",
    11: "NVML_ERROR_IRQ_ISSUE",
    12: "NVML_ERROR_LIBRARY_NOT_FOUND",
    13: "NVML_ERROR_FUNCTION_NOT_FOUND",
    14: "NVML_ERROR_CORRUPTED_INFOROM",
    15: "NVML_ERROR_GPU_IS_LOST",
    16: "NVML_ERROR_RESET_REQUIRED",
    17: "NVML_ERROR_OPERATING_SYSTEM",
    18: "NVML_ERROR_LIB_RM_VERSION_MISMATCH",
    19: "NVML_ERROR_IN_USE",
    20: "NVML_ERROR_MEMORY",
    21: "NVML_ERROR_NO_DATA",
    23: "NVML_ERROR_INSUFFICIENT_RESOURCES",
    27: "NVML_ERROR_NOT_READY",
    28: "NVML_ERROR_GPU_NOT_FOUND",
    29: "NVML_ERROR_INVALID_STATE",
    999: "NVML_ERROR_UNKNOWN",
}

#: CUresult: https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html. 303 is also what
#: TensorFlow's own stand-in returns where libcuda.so.1 cannot be opened (measured, 2.20 and 2.21).
CUDA_CODES: Mapping[int, str] = {
    0: "CUDA_SUCCESS",
    1: "CUDA_ERROR_INVALID_VALUE",
    2: "CUDA_ERROR_OUT_OF_MEMORY",
    3: "CUDA_ERROR_NOT_INITIALIZED",
    34: "CUDA_ERROR_STUB_LIBRARY",
    46: "CUDA_ERROR_DEVICE_UNAVAILABLE",
    100: "CUDA_ERROR_NO_DEVICE",
    101: "CUDA_ERROR_INVALID_DEVICE",
    102: "CUDA_ERROR_DEVICE_NOT_LICENSED",
    214: "CUDA_ERROR_ECC_UNCORRECTABLE",
    222: "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
    303: "CUDA_ERROR_SHARED_OBJECT_INIT_FAILED",
    304: "CUDA_ERROR_OPERATING_SYSTEM",
    600: "CUDA_ERROR_NOT_READY",
    719: "CUDA_ERROR_LAUNCH_FAILED",
    800: "CUDA_ERROR_NOT_PERMITTED",
    801: "CUDA_ERROR_NOT_SUPPORTED",
    802: "CUDA_ERROR_SYSTEM_NOT_READY",
    803: "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
    804: "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE",
    805: "CUDA_ERROR_MPS_CONNECTION_FAILED",
    999: "CUDA_ERROR_UNKNOWN",
}

#: nvmlComputeMode_t, nvml.h.
COMPUTE_MODES: Mapping[int, str] = {
    0: "default",
    1: "exclusive_thread",
    2: "prohibited",
    3: "exclusive_process",
}

#: nvmlGpuFabricState_t, nvml.h.
FABRIC_STATES: Mapping[int, str | None] = {0: None, 1: "not_started", 2: "in_progress", 3: "completed"}

#: nvmlClocksEventReasons (before driver 535: nvmlClocksThrottleReasons), nvml.h. An idle GPU and
#: clocks that somebody has set are no complaint and are left out.
THROTTLE_BITS: Mapping[int, str] = {
    0x4: "power_cap",
    0x8: "hardware_slowdown",
    0x20: "thermal_software",
    0x40: "thermal_hardware",
    0x80: "power_brake",
}

_VERSION = Pattern(r"\d+\.\d+(?:\.\d+)*")
#: The driver's versions have three digits in front; WSL's libcuda.so.1.1 is no version.
_LIBRARY = Pattern(r"lib(?:cuda|nvidia-ml)\.so\.(\d{3,}\.\d+(?:\.\d+)*)$")
_BUS = Pattern(r"(?:PCI:)?(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([0-9a-f]{2})(?:\.([0-7]))?$", re.I)
_XID = Pattern(r"NVRM: Xid \((?P<bus>(?:PCI:)?[0-9a-f:.]+)\): (?P<xid>\d+)", re.I)
_FALLEN = Pattern(r"NVRM: The NVIDIA GPU (?P<bus>[0-9a-f:.]+).*fallen off the bus", re.I)
#: "[   12.345678] ", "[Sun May 17 15:55:50 2026] ", "Apr 13 16:41:14 host kernel: [12.3] ", "kern  :err   : "
_STAMP = Pattern(
    r"^(?:(?:kern\s*:\s*\w+\s*:\s*)?\[[^\]]*\]\s?|\w{3} [ \d]\d [\d:]{8} \S+ kernel: (?:\[[^\]]*\]\s?)?"
    r"|\d{4}-\d\d-\d\dT\S+ \S+ kernel: (?:\[[^\]]*\]\s?)?)"
)
_NVRM = Pattern(r"^\s*NVRM:\s?")
#: How the driver's messages of several lines begin; each of them ends with a full stop.
_LONG = Pattern(r"^NVRM: (?:The NVIDIA |API mismatch|Open nvidia|This PCI I/O region)")
RELEVANT = Pattern(
    r"NVRM|\bnouveau\b|\bnova\b|nvidia|fallen off the bus|Key was rejected|module verification failed"
    r"|PM: (?:suspend|hibernation)|Waking up from system sleep|Loading of (?:unsigned )?module|Lockdown:"
    r"|^Linux version",
    re.I,
)


def nvml_name(code: int) -> str:
    """The name of an NVML code as nvml.h has it; ``NVML code 123`` for one not known here."""
    return NVML_CODES.get(code, f"NVML code {code}")


def cuda_name(code: int) -> str:
    """The name of a CUresult as cuda.h has it; ``CUDA error 123`` for one not known here."""
    return CUDA_CODES.get(code, f"CUDA error {code}")


def cuda_version(number: int) -> str:
    """12040 → ``12.4``: 1000 × major + 10 × minor (cuDriverGetVersion)."""
    return f"{number // 1000}.{number % 1000 // 10}"


def bus_id(text: str) -> str | None:
    """Linux's form of a bus id, ``0000:01:00.0``; NVML has eight digits of domain, Xid lines no function."""
    found = _BUS.match(text.strip())
    if not found:
        return None
    domain, bus, device, function = found.groups()
    return f"{int(domain or '0', 16):04x}:{bus.lower()}:{device.lower()}.{function or '0'}"


def kernel_module(text: str) -> dict[str, str] | None:
    """``{"version", "flavour"}`` of /proc/driver/nvidia/version; the open module says so in its line."""
    for line in text.splitlines():
        found = _VERSION.search(line)
        if line.startswith("NVRM version") and found:
            flavour = "open" if "Open Kernel Module" in line else "proprietary"
            return {"version": found.group(), "flavour": flavour}
    return None


def modinfo(text: str) -> dict[str, str]:
    """The first value of each field that ``modinfo`` prints."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon and name and not name[0].isspace():
            fields.setdefault(name.strip(), value.strip())
    return fields


def information(text: str) -> dict[str, str]:
    """/proc/driver/nvidia/gpus/<bus id>/information: ``Model``, ``Bus Location``, ``Device Minor`` …"""
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


def library_version(path: str) -> str | None:
    """550.54.14 of ``libcuda.so.550.54.14``; None where the name holds no version (``libcuda.so.1``)."""
    found = _LIBRARY.search(path)
    return found.group(1) if found else None


def throttle_reasons(bits: int) -> list[str]:
    """What holds the clocks back, by name; idleness and clocks set by hand are left out."""
    return [name for bit, name in THROTTLE_BITS.items() if bits & bit]


def messages(log: str) -> list[str]:
    """The kernel's messages that matter here, without stamps; NVIDIA's split ones joined to one line.

    Only what came after the last boot is kept, where the log holds several.
    """
    joined: list[str] = []
    for line in log.replace("#012", "\n").splitlines():  # rsyslog's line end inside a message
        _take(joined, _STAMP.sub("", line.rstrip()))
    boots = [index for index, text in enumerate(joined) if text.startswith("Linux version")]
    after = joined[boots[-1] + 1 :] if boots else joined
    return [text for text in after if RELEVANT.search(text)]


def _take(joined: list[str], text: str) -> None:
    rest = _NVRM.sub("", text)
    if rest != text and joined and _LONG.match(joined[-1]) and not joined[-1].endswith("."):
        joined[-1] += " " + rest.strip()
    elif text.strip():
        joined.append(text.strip())


def xids(lines: Iterable[str]) -> list[dict[str, str | int | None]]:
    """``[{"xid": 79, "bus_id": "0000:01:00.0", "text": the message}]``, one per kind and GPU, in order.

    A GPU that a starting driver finds fallen off the bus is told without a number
    (https://github.com/NVIDIA/NVSentinel/issues/155); it counts as Xid 79, which means the same.
    """
    found: dict[tuple[int, str | None], str] = {}
    for line in lines:
        match = _XID.search(line)
        fallen = _FALLEN.search(line)
        if match:
            found[int(match["xid"]), bus_id(match["bus"])] = line
        elif fallen:
            found.setdefault((79, bus_id(fallen["bus"])), line)
    return [{"xid": xid, "bus_id": bus, "text": text} for (xid, bus), text in found.items()]
