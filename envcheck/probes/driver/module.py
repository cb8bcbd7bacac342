"""The kernel's side: which modules are loaded, their version and flavour, what lies on the disk."""

from __future__ import annotations

import posixpath
from typing import Any

from ...formats import nvidia
from ...host import Host
from ...patterns import Pattern

#: Those that matter to a GPU of NVIDIA. ``nova_core`` is the kernel's new free driver.
MODULES = ("nvidia", "nvidia_uvm", "nvidia_drm", "nvidia_modeset", "nouveau", "nova_core")
#: ``nvidia.ko``, and Debian's ``nvidia-current.ko`` and the like; not nvidia-uvm, -drm, nor the frame
#: buffer driver ``nvidiafb``. Compressed or not.
_MODULE_FILE = Pattern(
    r"^nvidia(?:-(?:current|tesla|legacy|open|\d)(?!.*-(?:uvm|drm|modeset|peermem))[\w-]*)?\.ko(\.\w+)?$"
)
#: Where DKMS, akmods, distributions and NVIDIA's installer put it under /lib/modules/<kernel>.
_MODULE_FOLDERS = (
    "updates", "updates/dkms", "extra", "extra/*", "weak-updates/*", "kernel/drivers/video", "kernel/nvidia*",
    "kernel/drivers/video/nvidia", "nvidia", "misc", "extramodules", "video",
)  # fmt: skip
#: Kernel drivers of NVIDIA GPUs that know no CUDA.
FREE_DRIVERS = ("nouveau", "nova", "nova_core", "NovaCore")


def kernel_modules(host: Host) -> list[str]:
    """Which of nvidia, nvidia_uvm, nvidia_drm, nvidia_modeset, nouveau and nova_core are loaded.

    How: lsmod | grep -E "nvidia|nouveau|nova"
    """
    if host.system != "Linux":
        return []
    text = host.read("/proc/modules")  # a kernel without loadable modules has none
    names = [line.split(" ")[0] for line in text.splitlines()] if text else host.list("/sys/module") or []
    return [name for name in MODULES if name in names]


def module_version(host: Host) -> str | None:
    """The version of the loaded kernel module "nvidia"; None: it is not loaded.

    How: cat /sys/module/nvidia/version /proc/driver/nvidia/version
    """
    version = host.read("/sys/module/nvidia/version")
    if version and version.strip():
        return version.strip()
    found = nvidia.kernel_module(host.read("/proc/driver/nvidia/version") or "")
    return found["version"] if found else None


def module_flavour(host: Host) -> str | None:
    """Which of NVIDIA's two kernel modules is loaded: "open" or "proprietary"; None: neither.

    How: cat /proc/driver/nvidia/version
    """
    found = nvidia.kernel_module(host.read("/proc/driver/nvidia/version") or "")
    return found["flavour"] if found else None


def module_on_disk(host: Host, facts: Any) -> str | bool | None:
    """The version of the nvidia module for the running kernel, true where only the file is seen; None: none.

    How: modinfo -F version nvidia
    """
    if host.system != "Linux":
        return None
    fields = _modinfo(host)
    if fields:
        return fields.get("version") or True
    release = str(host.identity()["release"])
    return True if release in facts["driver.module_kernels"] else None


def module_signer(host: Host) -> str | None:
    """Who signed the nvidia module for the running kernel; None: unsigned, or no such module.

    How: modinfo -F signer nvidia
    """
    if host.system != "Linux":
        return None
    return _modinfo(host).get("signer")


def _modinfo(host: Host) -> dict[str, str]:
    for name in ("nvidia", "nvidia-current"):  # Debian's alternative
        found = host.run(["modinfo", name])
        if found and found["code"] == 0:
            return nvidia.modinfo(found["out"])
    return {}


def module_kernels(host: Host) -> list[str]:
    """The kernel releases for which an nvidia module lies on the disk.

    How: find /lib/modules -name "nvidia.ko*"
    """
    if host.system != "Linux" or host.list("/lib/modules") is None:
        return []
    paths = [p for folder in _MODULE_FOLDERS for p in host.glob(f"/lib/modules/*/{folder}/nvidia*.ko*")]
    return sorted({path.split("/")[3] for path in paths if _MODULE_FILE.match(posixpath.basename(path))})


def nouveau_gpus(facts: Any) -> list[str]:
    """The bus ids of the NVIDIA GPUs that nouveau (or nova) holds.

    How: lspci -k -d 10de:
    """
    held = [gpu for gpu in facts["hardware.gpus"] if gpu.get("kernel_driver") in FREE_DRIVERS]
    return [gpu["bus_id"] for gpu in held]


def nouveau(facts: Any) -> str | None:
    """How many of the NVIDIA GPUs nouveau (or nova) holds: "all" or "some"; None: none.

    How: lspci -k -d 10de:
    """
    held, gpus = facts["driver.nouveau_gpus"], facts["hardware.gpus"]
    if not held:
        return None
    return "all" if len(held) == len(gpus) else "some"


FACTS = (
    kernel_modules, module_version, module_flavour, module_kernels, module_on_disk, module_signer,
    nouveau_gpus, nouveau,
)  # fmt: skip
