"""What libcuda, the CUDA driver library, says: which file it is, how cuInit ends, what it lists."""

from __future__ import annotations

from typing import Any

from ...formats import nvidia
from ...formats.children import events, first, stage
from ...host import Host
from ...model import NoAnswer
from ...patterns import Pattern
from .said import broke, required

#: CUDA_ERROR_STUB_LIBRARY
STUB = 34
#: The toolkit's stubs lie in <toolkit>/lib64/stubs or targets/<arch>/lib/stubs.
_STUB_PATH = Pattern(r"/stubs/[^/]*$")
#: Where the packages cuda-compat-* put theirs:
#: https://docs.nvidia.com/deploy/cuda-compatibility/forward-compatibility.html
_COMPAT_PATH = Pattern(r"/compat(?:/[^/]*)?/libcuda\.so[^/]*$")


def libcuda(host: Host) -> str | None:
    """The path of the libcuda that the loader takes by name, as TensorFlow asks for it; None: there is none.

    How: ldconfig -p | grep libcuda.so.1; echo $LD_LIBRARY_PATH
    """
    found = required(host.child("libcuda"), "library")
    return None if found["error"] is not None else found["path"] or "libcuda.so.1"


def libcuda_error(host: Host) -> str | None:
    """What the loader says where libcuda cannot be opened; None where it opens.

    How: python3 -c "import ctypes; ctypes.CDLL('libcuda.so.1')"
    """
    error = required(host.child("libcuda"), "library")["error"]
    return None if error is None else str(error)


def cuinit_code(host: Host, facts: Any) -> int | None:
    """The CUresult of cuInit without CUDA_VISIBLE_DEVICES: 0 works; None: there is no libcuda.

    How: python3 -c "import ctypes; print(ctypes.CDLL('libcuda.so.1').cuInit(0))"
    """
    if facts["driver.libcuda"] is None:
        return None
    code = required(host.child("libcuda"), "cuInit")["code"]
    if code is None:
        raise NoAnswer("failed", "{path} has no cuInit", path=facts["driver.libcuda"])
    return int(code)


def cuinit_error(facts: Any) -> str | None:
    """The name of cuInit's error code; None where it works or there is no libcuda.

    How: python3 -c "import ctypes; print(ctypes.CDLL('libcuda.so.1').cuInit(0))"
    """
    code = facts["driver.cuinit_code"]
    return nvidia.cuda_name(code) if code else None


def cuinit_devices(host: Host, facts: Any) -> int | None:
    """How many GPUs CUDA lists without CUDA_VISIBLE_DEVICES; None where cuInit fails.

    How: nvidia-smi -L
    """
    if facts["driver.cuinit_code"] != 0:
        return None
    count = required(host.child("libcuda"), "count")["count"]
    return None if count is None else int(count)


def cuda_devices(host: Host) -> list[dict[str, Any]]:
    """The GPUs in CUDA's own order, which CUDA_VISIBLE_DEVICES counts in: bus_id, name, compute.

    How: nvidia-smi -L with CUDA_DEVICE_ORDER=PCI_BUS_ID; else the fastest comes first
    """
    found = events(host.child("libcuda"), "device")
    return [{key: event[key] for key in ("bus_id", "name", "compute")} for event in found]


def libcuda_stub(host: Host, facts: Any) -> bool:
    """Whether the libcuda that the loader takes is the toolkit's stub, which only serves to link.

    How: readlink -f on the path of driver.libcuda
    """
    code = facts.get("driver.cuinit_code")
    if facts["driver.libcuda"] is None or code in (0, STUB):
        return bool(code == STUB)
    paths = [str(required(host.child("libcuda"), "library")[key] or "") for key in ("path", "real")]
    return any(_STUB_PATH.search(path) for path in paths)  # that of an old toolkit gives another code


def libcuda_compat(host: Host, facts: Any) -> str | None:
    """The path of the CUDA compatibility package's libcuda, where that is the one loaded; None otherwise.

    How: ls /usr/local/cuda*/compat
    """
    if facts["driver.libcuda"] is None:
        return None
    found = required(host.child("libcuda"), "library")
    paths = [str(found[key] or "") for key in ("path", "real")]
    return next((path for path in paths if _COMPAT_PATH.search(path)), None)


def cuda(host: Host, facts: Any) -> str | None:
    """The highest CUDA version that the driver speaks, as libcuda (else NVML) says, "12.4"; None: no driver.

    How: nvidia-smi (upper right corner)
    """
    version = first(host.child("libcuda"), "version")
    if version and version["cuda"] and not facts.get("driver.libcuda_stub", False):
        return nvidia.cuda_version(version["cuda"])
    system = first(host.child("nvml"), "system")
    return nvidia.cuda_version(system["cuda"]) if system and system["cuda"] else None


def responding(host: Host) -> bool | None:
    """False where a call into NVML or libcuda hung or crashed; None where neither library is there.

    How: timeout 20 nvidia-smi; echo $?
    """
    nvml, libcuda = host.child("nvml"), host.child("libcuda")
    if broke(nvml) or broke(libcuda):
        return False
    loaded = (first(nvml, "init"), first(libcuda, "library"))
    return True if any(event and event.get("error") is None for event in loaded) else None


def stuck_at(host: Host) -> str | None:
    """Where a call into the driver hung or crashed: library, stage and signal; None where all ended well.

    How: timeout 20 nvidia-smi; echo $?
    """
    for name in ("nvml", "libcuda"):
        child = host.child(name)
        if broke(child):
            ended = child["ended"]
            return f"{name}, {stage(child)}: {ended['signal'] or ended['kind']}"
    return None


FACTS = (
    libcuda, libcuda_error, libcuda_stub, libcuda_compat, cuinit_code, cuinit_error, cuinit_devices,
    cuda_devices, cuda, responding, stuck_at,
)  # fmt: skip
