"""The device nodes under /dev: which are there, which are missing, which this user may not open."""

from __future__ import annotations

from typing import Any

from ...formats import nvidia
from ...host import Host

PATTERNS = ("/dev/nvidia[0-9]*", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-caps/*", "/dev/dxg")
CONTROL, MEMORY = "/dev/nvidiactl", "/dev/nvidia-uvm"


def device_nodes(host: Host, facts: Any) -> list[dict[str, str]] | None:
    """The GPUs' device nodes: path, access ("rw": this user may open it); None: no such system.

    How: ls -l /dev/nvidia* /dev/nvidia-caps /dev/dxg
    """
    if host.system != "Linux":
        return None
    # cuInit makes missing nodes through the set-uid program nvidia-modprobe, where that is installed:
    # look after CUDA has had its turn.
    facts.get("driver.cuinit_code")
    found = []
    for path in [path for pattern in PATTERNS for path in host.glob(pattern)]:
        node = host.stat(path)
        if node and node["type"] == "char":
            found.append({"path": path, "access": str(node["access"])})
    return found


def missing_nodes(host: Host, facts: Any) -> list[str] | None:
    """The nodes that the loaded nvidia module should have and that are not there; None: no such module.

    In a container only one GPU's node is expected: the others may have been left out on purpose.
    How: ls -l /dev/nvidia*; cat /proc/driver/nvidia/gpus/*/information
    """
    nodes = facts["driver.device_nodes"]
    if nodes is None or facts["driver.module_version"] is None or facts["platform.wsl"]:
        return None
    there = [node["path"] for node in nodes]
    minors = _minors(host)
    wanted = [f"/dev/nvidia{minor}" for minor in minors] or ["/dev/nvidia0"]
    if facts.get("platform.container") and any(path in there for path in _numbered(there)):
        wanted = []
    return [path for path in [*wanted, CONTROL, MEMORY] if path not in there]


def _minors(host: Host) -> list[int]:
    folder = "/proc/driver/nvidia/gpus"
    texts = [host.read(f"{folder}/{name}/information") for name in host.list(folder) or []]
    minors = [nvidia.information(text or "").get("Device Minor", "") for text in texts]
    return sorted(int(minor) for minor in minors if minor.isdigit())


def _numbered(paths: list[str]) -> list[str]:
    return [path for path in paths if path[len("/dev/nvidia") :].isdigit()]


def denied_nodes(facts: Any) -> list[str] | None:
    """The nodes that this user may not both read and write; None: no such system.

    How: ls -l /dev/nvidia*; id
    """
    nodes = facts["driver.device_nodes"]
    if nodes is None:
        return None
    mattering = [node for node in nodes if not node["path"].startswith("/dev/nvidia-caps")]
    return [node["path"] for node in mattering if "r" not in node["access"] or "w" not in node["access"]]


def nodes(facts: Any) -> str | None:
    """The sum of the device nodes: "ok", "missing" or "denied"; None: the nvidia module is not loaded.

    How: ls -l /dev/nvidia*; id
    """
    missing = facts["driver.missing_nodes"]
    if missing is None:
        return None
    if missing:
        return "missing"
    return "denied" if facts["driver.denied_nodes"] else "ok"


def node_group(host: Host, facts: Any) -> str | None:
    """The group that owns a node which this user may not open; None where all may be opened.

    How: stat -c %G /dev/nvidiactl
    """
    denied = facts["driver.denied_nodes"]
    if not denied:
        return None
    found = host.run(["stat", "-c", "%G", denied[0]])
    name = str(found["out"]).strip() if found and found["code"] == 0 else ""
    return name if name and name not in ("root", "UNKNOWN") else None


FACTS = (device_nodes, missing_nodes, denied_nodes, nodes, node_group)
