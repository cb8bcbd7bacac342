"""WSL 2: the Windows host's driver library inside the guest."""

from __future__ import annotations

from typing import Any

from ...host import Host

#: https://docs.nvidia.com/cuda/wsl-user-guide/index.html
LIBCUDA = "/usr/lib/wsl/lib/libcuda.so.1"


def wsl_libcuda(host: Host, facts: Any) -> str | None:
    """The libcuda that Windows puts into WSL; None: not WSL, or no NVIDIA driver on the Windows host.

    How: ls -l /usr/lib/wsl/lib/libcuda.so.1
    """
    if not facts["platform.wsl"]:
        return None
    return LIBCUDA if host.stat(LIBCUDA) else None


def wsl_libcuda_on_path(facts: Any) -> bool | None:
    """Whether the loader finds WSL's libcuda by name; None where there is none to find.

    How: ldconfig -p | grep libcuda
    """
    if facts["driver.wsl_libcuda"] is None:
        return None
    return str(facts["driver.libcuda"] or "").startswith("/usr/lib/wsl/")


FACTS = (wsl_libcuda, wsl_libcuda_on_path)
