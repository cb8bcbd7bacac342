"""The driver layer: kernel module, device nodes, user-space libraries, and what they answer."""

from __future__ import annotations

from typing import Any

from ... import tables
from ...formats.children import first
from ...host import Host
from . import cuda, fabric, kernel_log, libraries, module, nodes, nvml, usable, wsl


def version(host: Host, facts: Any) -> str | None:
    """The version of the driver's user-space side, "550.54.14" (on WSL the Windows driver); None: none.

    How: nvidia-smi --query-gpu=driver_version --format=csv
    """
    system = first(host.child("nvml"), "system")
    told: str | None = system["driver"] if system else None
    return told or facts["driver.library_version"] or facts["driver.module_version"]


def branch(facts: Any) -> str | None:
    """The driver's branch, "550": the first part of its version; None: no driver.

    How: nvidia-smi --query-gpu=driver_version --format=csv
    """
    found = facts["driver.version"]
    return found.split(".")[0] if found else None


def newest_branch(facts: Any) -> str | None:
    """The last driver branch that supports the oldest GPU here, "580"; None: the newest there is, or no GPU.

    How: https://www.nvidia.com/en-us/drivers/unix/legacy-gpu/
    """
    compute = facts["hardware.lowest_compute"]
    return tables.branch_for(compute) if compute else None


def installed(facts: Any) -> bool:
    """Whether any part of an NVIDIA driver is installed: library, loaded module, or module on the disk.

    How: ldconfig -p | grep libcuda; modinfo nvidia
    How on Windows: nvidia-smi
    """
    if facts["driver.module_version"] or facts["driver.libraries_all"] or facts["driver.module_on_disk"]:
        return True
    # A child that gave no answer hung inside a library: it is there.
    if facts.get("driver.nvml_code", 0) != 12 or facts.get("driver.wsl_libcuda"):
        return True
    return facts.get("driver.libcuda") is not None and not facts.get("driver.libcuda_stub", False)


FACTS = (
    *nvml.FACTS,
    *cuda.FACTS,
    *libraries.FACTS,
    *module.FACTS,
    version,
    branch,
    newest_branch,
    installed,
    *nodes.FACTS,
    *kernel_log.FACTS,
    *usable.FACTS,
    *fabric.FACTS,
    *wsl.FACTS,
)
