"""Which GPUs a program may use, and sums over them: what a rule asks without an index."""

from __future__ import annotations

from typing import Any

from ...host import Host
from ...model import NoAnswer


def usable_gpus(host: Host, facts: Any) -> list[str]:
    """The bus ids of the GPUs that CUDA_VISIBLE_DEVICES and MIG leave to a program, in CUDA's order.

    How: echo $CUDA_VISIBLE_DEVICES; nvidia-smi -L
    """
    gpus = [gpu for gpu in facts["driver.gpus"] if gpu["code"] == 0 and not _without_instance(gpu)]
    shown = host.env("CUDA_VISIBLE_DEVICES")
    order = _cuda_order(facts)
    if shown is None:
        return [bus for bus in order or _bus_ids(gpus) if bus in _bus_ids(gpus)]
    chosen = _chosen(shown, order or _sure_order(host, gpus), gpus)
    return [bus for bus in chosen if bus in _bus_ids(gpus)]


def usable_count(host: Host, facts: Any) -> int:
    """How many GPUs CUDA_VISIBLE_DEVICES and MIG leave to a program.

    How: echo $CUDA_VISIBLE_DEVICES; nvidia-smi -L
    """
    gpus = [gpu for gpu in facts["driver.gpus"] if gpu["code"] == 0 and not _without_instance(gpu)]
    shown = host.env("CUDA_VISIBLE_DEVICES")
    if shown is None:
        return len(gpus)
    return len(_chosen(shown, _cuda_order(facts) or _bus_ids(gpus), gpus))


def _without_instance(gpu: dict[str, Any]) -> bool:
    return bool(gpu["mig"]) and not gpu["mig_instances"]


def _bus_ids(gpus: list[dict[str, Any]]) -> list[str]:
    return [gpu["bus_id"] for gpu in gpus]


def _cuda_order(facts: Any) -> list[str]:
    return [gpu["bus_id"] for gpu in facts.get("driver.cuda_devices") or [] if gpu["bus_id"]]


def _sure_order(host: Host, gpus: list[dict[str, Any]]) -> list[str]:
    """NVML's order, where CUDA's is sure to be the same: told so, or GPUs that are all alike."""
    if host.env("CUDA_DEVICE_ORDER") == "PCI_BUS_ID" or len({gpu["name"] for gpu in gpus}) < 2:
        return _bus_ids(gpus)
    return []


def _chosen(shown: str, order: list[str], gpus: list[dict[str, Any]]) -> list[str]:
    """What CUDA makes of the variable: numbers and UUIDs' beginnings, up to the first that fits nothing.

    https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#env-vars
    """
    chosen: list[str] = []
    for word in (part.strip() for part in shown.split(",")):
        bus = _numbered(word, order, gpus) if word.isdigit() else _by_uuid(word, gpus)
        if bus is None:
            break
        chosen.append(bus)
    return chosen


def _numbered(word: str, order: list[str], gpus: list[dict[str, Any]]) -> str | None:
    if int(word) >= max(len(order), len(gpus)):
        return None
    if not order:
        raise NoAnswer("failed", "which GPU CUDA counts as number {number} is not known", number=word)
    return order[int(word)] if int(word) < len(order) else None


def _by_uuid(word: str, gpus: list[dict[str, Any]]) -> str | None:
    for gpu in gpus:
        if any((uuid or "").startswith(word) and word for uuid in [gpu["uuid"], *gpu["mig_uuids"]]):
            return str(gpu["bus_id"])
    return None


def _usable_records(facts: Any) -> list[dict[str, Any]]:
    """The usable GPUs' records; all that answer where the choice is not known."""
    usable = facts.get("driver.usable_gpus")
    answering = [gpu for gpu in facts["driver.gpus"] if gpu["code"] == 0]
    return [gpu for gpu in answering if usable is None or gpu["bus_id"] in usable]


def _sum(hits: int, of: int) -> str | None:
    if not of:
        return None
    return "none" if not hits else "all" if hits == of else "some"


def closed_gpus(facts: Any) -> str | None:
    """How many of the usable GPUs their compute mode closes: "all", "some" or "none"; None: no usable GPU.

    Closed: prohibited, or exclusive while another process computes on it.
    How: nvidia-smi --query-gpu=pci.bus_id,compute_mode --format=csv; nvidia-smi
    """
    gpus = _usable_records(facts)
    return _sum(sum(_closed(gpu) for gpu in gpus), len(gpus))


def _closed(gpu: dict[str, Any]) -> bool:
    if gpu["compute_mode"] == "prohibited":
        return True
    computing = any(process.get("kind") == "compute" for process in gpu["processes"])
    return str(gpu["compute_mode"]).startswith("exclusive") and computing


def exclusive_gpus(facts: Any) -> str | None:
    """How many of the usable GPUs are in another compute mode than default: "all", "some", "none" or None.

    How: nvidia-smi --query-gpu=pci.bus_id,compute_mode --format=csv
    """
    gpus = _usable_records(facts)
    return _sum(sum(gpu["compute_mode"] not in (None, "default") for gpu in gpus), len(gpus))


def mig_gpus(facts: Any) -> str | None:
    """How many of the GPUs have MIG switched on: "all", "some" or "none"; None: NVML lists no GPU.

    How: nvidia-smi --query-gpu=pci.bus_id,mig.mode.current --format=csv
    """
    gpus = facts["driver.gpus"]
    return _sum(sum(bool(gpu["mig"]) for gpu in gpus), len(gpus))


def mig_empty_gpus(facts: Any) -> str | None:
    """How many of the GPUs have MIG on and no instance: "all", "some" or "none"; None: NVML lists no GPU.

    How: nvidia-smi mig -lgi; nvidia-smi -L
    """
    gpus = facts["driver.gpus"]
    return _sum(sum(_without_instance(gpu) for gpu in gpus), len(gpus))


def lost_gpus(facts: Any) -> str | None:
    """How many of NVML's GPUs are lost or want a reset (codes 15, 16): "all", "some", "none" or None.

    How: nvidia-smi
    """
    gpus = facts["driver.gpus"]
    return _sum(sum(gpu["code"] in (15, 16) for gpu in gpus), len(gpus))


def held_memory_share(facts: Any) -> float | None:
    """The largest share (0 to 1) of a usable GPU's memory that others hold; None: no usable GPU.

    Taken before TensorFlow touches a GPU, without the driver's own reserve.
    How: nvidia-smi --query-gpu=memory.used,memory.total --format=csv
    """
    gpus = [gpu for gpu in _usable_records(facts) if gpu["memory_mb"] and gpu["used_mb"] is not None]
    return max((round(gpu["used_mb"] / gpu["memory_mb"], 3) for gpu in gpus), default=None)


def held_memory_percent(facts: Any) -> int | None:
    """The same share in percent, as texts say it: 98; None: no usable GPU.

    How: nvidia-smi --query-gpu=memory.used,memory.total --format=csv
    """
    share = facts["driver.held_memory_share"]
    return None if share is None else round(100 * share)


FACTS = (
    usable_gpus, usable_count, closed_gpus, exclusive_gpus, mig_gpus, mig_empty_gpus, lost_gpus,
    held_memory_share, held_memory_percent,
)  # fmt: skip
