"""The Windows Subsystem for Linux."""

from __future__ import annotations

from collections.abc import Mapping

from ...host import Host
from ...model import NoAnswer, Value

#: What NVIDIA's Windows driver installs, as a Linux program in WSL sees it.
HOST_DRIVER = "/mnt/c/Windows/System32/nvcuda.dll"
HOST_SMI = "/mnt/c/Windows/System32/nvidia-smi.exe"


def wsl(host: Host, facts: Mapping[str, Value]) -> Value:
    """The version of WSL we run in, 1 or 2; None: not in WSL.

    How: uname -r; wsl.exe --list --verbose
    """
    if host.system != "Linux":
        return None
    # Version 2 has a real kernel, of Microsoft's making: 5.15.153.1-microsoft-standard-WSL2. Version 1
    # has none and says 4.4.0-19041-Microsoft, with a capital: https://github.com/microsoft/WSL/issues/4555
    release = str(facts["platform.release"])
    if "WSL2" in release or "microsoft-standard" in release:
        return 2
    if "Microsoft" in release:
        return 1
    # A kernel of one's own in WSL2 may be called anything: the paravirtual GPU and the way back to Windows.
    return 2 if host.stat("/dev/dxg") and host.stat("/run/WSL") else None


def windows_driver(host: Host, facts: Mapping[str, Value]) -> Value:
    """In WSL, the path of the Windows host's NVIDIA driver as seen from here; None: none, or not in WSL.

    How: ls /mnt/c/Windows/System32/nvcuda.dll
    """
    if facts["platform.wsl"] is None:
        return None
    try:
        return HOST_DRIVER if host.stat(HOST_DRIVER) else None
    except NoAnswer:
        return None  # the drive is not mounted, or not for this user


def wsl_distro(host: Host, facts: Mapping[str, Value]) -> Value:
    """The name that Windows gives this WSL distribution, "Ubuntu-24.04"; None: not in WSL.

    How: echo $WSL_DISTRO_NAME
    """
    return host.env("WSL_DISTRO_NAME") if facts["platform.wsl"] else None


def windows_driver_models(host: Host, facts: Mapping[str, Value]) -> Value:
    """In WSL 2 without a GPU, the driver model of each GPU on the Windows host: ["TCC"]; else None.

    A GPU in the model TCC (of data-centre cards) is not shared with WSL; one in WDDM or MCDM is.

    How: nvidia-smi.exe --query-gpu=driver_model.current --format=csv,noheader
    """
    if facts["platform.wsl"] != 2 or facts["platform.windows_driver"] is None or _lists_gpus(host):
        return None
    answer = host.run([HOST_SMI, "--query-gpu=driver_model.current", "--format=csv,noheader"])
    if answer is None or answer["code"] != 0:
        return None  # programs of Windows cannot be started from here
    return [line.strip() for line in str(answer["out"]).splitlines() if line.strip()]


def _lists_gpus(host: Host) -> bool:
    try:
        return any(event["event"] == "gpu" for event in host.child("nvml")["events"])
    except NoAnswer:
        return False


FACTS = (wsl, windows_driver, wsl_distro, windows_driver_models)
