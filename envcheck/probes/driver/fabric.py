"""NVSwitch systems: the Fabric Manager, and how far the GPUs' fabric has come."""

from __future__ import annotations

from typing import Any

from ...host import Host

SERVICE = "nvidia-fabricmanager"
PROGRAM = "/usr/bin/nv-fabricmanager"
#: CUDA_ERROR_SYSTEM_NOT_READY
NOT_READY = 802


def fabric_manager(host: Host, facts: Any) -> str | None:
    """NVIDIA's Fabric Manager: "running" or "stopped"; None: not installed, or nothing here needs it.

    How: systemctl is-active nvidia-fabricmanager
    """
    if host.system != "Linux" or not _needed(facts):
        return None
    found = host.run(["systemctl", "is-active", SERVICE])
    if found and str(found["out"]).strip() == "active":
        return "running"
    running = host.run(["pgrep", "-f", PROGRAM])  # without systemd, as in containers
    if running and running["code"] == 0:
        return "running"
    return "stopped" if host.stat(PROGRAM) else None


def _needed(facts: Any) -> bool:
    states = [gpu["fabric_state"] for gpu in facts.get("driver.gpus") or []]
    not_ready = facts.get("driver.cuinit_code") == NOT_READY
    return bool(facts.get("hardware.nvswitches") or any(states) or not_ready)


def fabric_state(facts: Any) -> str | None:
    """How far the slowest GPU has joined the NVSwitch fabric: "not_started", "in_progress" or "completed".

    None: no GPU has such a fabric.
    How: nvidia-smi -q | grep -A2 Fabric
    """
    states = {gpu["fabric_state"] for gpu in facts["driver.gpus"]}
    return next((state for state in ("not_started", "in_progress", "completed") if state in states), None)


FACTS = (fabric_manager, fabric_state)
