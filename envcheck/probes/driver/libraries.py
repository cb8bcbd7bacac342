"""The driver's user-space libraries: which file is loaded, and every copy that lies about."""

from __future__ import annotations

from typing import Any

from ...formats import nvidia
from ...formats.children import first
from ...host import Host

#: Where distributions, NVIDIA's installer, container runtimes and WSL put them.
FOLDERS = (
    "/usr/lib/*-linux-gnu", "/usr/lib/*-linux-gnu/nvidia/*", "/usr/lib64", "/usr/lib64/nvidia", "/usr/lib",
    "/usr/lib/nvidia*", "/usr/local/nvidia/lib*", "/run/opengl-driver/lib",
)  # fmt: skip


def libraries_all(host: Host) -> list[dict[str, str | None]]:
    """Every libcuda and libnvidia-ml of a named version in the usual folders: path, version.

    How: ls /usr/lib/*-linux-gnu/libcuda.so.* /usr/lib64/libcuda.so.*
    """
    if host.system != "Linux":
        return []
    patterns = [f"{folder}/{name}.so.*" for folder in FOLDERS for name in ("libcuda", "libnvidia-ml")]
    paths = sorted({path for pattern in patterns for path in host.glob(pattern)})
    found = [{"path": path, "version": nvidia.library_version(path)} for path in paths]
    return [record for record in found if record["version"]]


def library_path(host: Host) -> str | None:
    """The file of the libnvidia-ml that the loader takes, links resolved; None: it finds none.

    How: ldconfig -p | grep libnvidia-ml
    """
    init = first(host.child("nvml"), "init")
    return None if init is None else init.get("real")


def library_version(facts: Any) -> str | None:
    """The version in the driver library's file name, of the loaded one first; None: no file tells.

    How: ls -l /usr/lib/*-linux-gnu/libnvidia-ml.so.1
    """
    path = facts.get("driver.library_path")
    loaded = nvidia.library_version(path) if path else None
    if loaded:
        return loaded
    versions = [record["version"] for record in facts["driver.libraries_all"]]
    return max(versions, key=_numbers) if versions else None


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


FACTS = (libraries_all, library_path, library_version)
