"""Asked for → found: which demands this machine does not meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Optional

from ..model import NoAnswer, Value
from ..operators import below, within

Facts = Mapping[str, Value]
#: Asked for and found, where the demand is not met; None: met, or another cause's matter.
Gap = Optional[tuple[Value, Value]]


def unmet(facts: Facts) -> Value:
    """What is asked for and not here: ["gpu.memory_gb: 40 → 24 (envcheck.toml line 3)"]; [] where all is.

    On the left what is asked for, on the right what was found ("-": nothing). What is not there at all
    (no GPU, no driver, no TensorFlow) has causes of its own.

    How: cat envcheck.toml; envcheck -v
    """
    places = facts["wanted.places"] or {}
    gaps: list[str] = []
    unknown: NoAnswer | None = None
    for look in LOOKS:
        try:
            gaps += [_said(name, gap, places) for name, gap in look(facts) if gap]
        except NoAnswer as no:
            unknown = unknown or no
    if unknown and not gaps:
        raise unknown
    return gaps


def _said(name: str, gap: tuple[Value, Value], places: Mapping[str, str]) -> str:
    where = f" ({places[name]})" if name in places else ""
    asked, found = (_value(value) for value in gap)
    return f"{name}: {asked} → {found}{where}"


def _value(value: Value) -> str:
    if value is None or value == []:
        return "-"
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return f"{value:.10g}" if isinstance(value, float) else str(value)


# --- one look for each kind of demand -------------------------------------------------------------


def _gpu_count(facts: Facts) -> Iterator[tuple[str, Gap]]:
    if "gpu.count" not in (facts["wanted.places"] or {}):
        return
    asked, there = facts["wanted.gpu"], facts["hardware.gpu_count"]
    yield "gpu.count", (asked, there) if 0 < there < asked else None


def gpus_fitting(facts: Facts) -> Value:
    """How many GPUs are as is asked for: model, memory, compute capability; None where no GPU is wanted.

    What is not known of a GPU is not held against it.

    How: nvidia-smi --query-gpu=name,memory.total,compute_cap --format=csv
    """
    if not facts["wanted.gpu"]:
        return None
    demands = _gpu_demands(facts)
    return sum(not any(short(gpu) for _, _, short in demands) for gpu in facts["hardware.gpus"])


Short = Callable[[Mapping[str, Value]], bool]


def _gpu_demands(facts: Facts) -> list[tuple[str, Value, Short]]:
    """Each demand on a GPU: its key, what is asked for, and whether a GPU falls short of it."""
    model, memory = facts["wanted.gpu_model"], facts["wanted.memory_gb"]
    compute = facts["wanted.compute"]
    names = model if isinstance(model, list) else [model]
    demands: list[tuple[str, Value, Short]] = [
        ("model", model, lambda gpu: not any(_is_called(gpu, name) for name in names)),
        ("memory_gb", memory, lambda gpu: bool(gpu["memory_gb"] and gpu["memory_gb"] < memory)),
        ("compute", compute, lambda gpu: bool(gpu["compute"] and below(gpu["compute"], compute))),
    ]
    return [demand for demand in demands if demand[1] is not None]


def _is_called(gpu: Mapping[str, Value], part: str) -> bool:
    return gpu["name"] is None or " ".join(part.lower().split()) in gpu["name"].lower()


def _gpus(facts: Facts) -> Iterator[tuple[str, Gap]]:
    """Where too few GPUs fit: the demands that some fall short of, and what those have."""
    if not _gpu_demands(facts):
        return
    wanted, gpus = facts["wanted.gpu"], facts["hardware.gpus"]
    if not wanted or not gpus or facts["wanted.gpus_fitting"] >= wanted:
        return
    for key, asked, short in _gpu_demands(facts):
        found = [gpu["name" if key == "model" else key] for gpu in gpus if short(gpu)]
        yield f"gpu.{key}", (asked, list(dict.fromkeys(found))) if found else None


def _driver(facts: Facts) -> Iterator[tuple[str, Gap]]:
    if facts["wanted.driver"] and facts["wanted.gpu"]:
        yield "driver.version", _version(facts["wanted.driver"], facts["driver.version"])


def _python(facts: Facts) -> Iterator[tuple[str, Gap]]:
    if facts["wanted.python"]:
        yield "python.version", _version(facts["wanted.python"], facts["python.version"])


def _tensorflow(facts: Facts) -> Iterator[tuple[str, Gap]]:
    if facts["wanted.tensorflow"]:
        yield "tensorflow.version", _version(facts["wanted.tensorflow"], facts["tensorflow.version"])


def _version(asked: str, found: str | None) -> Gap:
    return (asked, found) if found and within(found, asked) is False else None


def _packages(facts: Facts) -> Iterator[tuple[str, Gap]]:
    for missing in facts["wanted.packages_missing"] or ():
        yield f"packages.{missing['name']}", (missing["asked"], missing["version"])


def packages_missing(facts: Facts) -> Value:
    """The packages that are asked for and not here in that version: a list of {name, asked, version}.

    ``version`` is None where the package is not installed. None where none is asked for.

    How: pip list
    """
    asked = facts["wanted.packages"]
    if not asked:
        return None
    there = facts["python.packages"]
    return [
        {"name": name, "asked": version, "version": there.get(name)}
        for name, version in asked.items()
        if not _has(there.get(name), version)
    ]


def _has(version: str | None, asked: str) -> bool:
    return version is not None and (asked == "*" or within(version, asked) is not False)


def packages_to_install(facts: Facts) -> Value:
    """The same as pip is told it: ["numpy>=1.26", "pandas"]; None where none is asked for.

    How: pip list
    """
    missing = facts["wanted.packages_missing"]
    return missing and [each["name"] + ("" if each["asked"] == "*" else each["asked"]) for each in missing]


def _ram(facts: Facts) -> Iterator[tuple[str, Gap]]:
    asked = facts["wanted.ram_gb"]
    if asked:
        yield "machine.ram_gb", _at_least(asked, facts["platform.memory_gb"])


def _disk(facts: Facts) -> Iterator[tuple[str, Gap]]:
    asked = facts["wanted.disk_gb"]
    if asked:
        yield "machine.disk_gb", _at_least(asked, facts["wanted.disk_free_gb"])


def disk_free_gb(facts: Facts) -> Value:
    """Free space where packages are installed, in GiB; None where no space is asked for, or none is told.

    How: df -h "$VIRTUAL_ENV"
    """
    if facts["wanted.disk_gb"] is None:
        return None
    found = [disk for disk in facts["platform.disks"] if disk["role"] == "packages"]
    return found[0]["free_gb"] if found else None


def _at_least(asked: float, found: float | None) -> Gap:
    return (asked, found) if found is not None and found < asked else None


def _variables(facts: Facts) -> Iterator[tuple[str, Gap]]:
    for found in facts["wanted.variables_found"] or ():
        asked = facts["wanted.variables"][found["name"]]
        state = {"absent": None, "set": "set", "other": "≠"}[found["state"]]
        yield f"environment.{found['name']}", None if found["met"] else (_asked(asked), state)


def _asked(variable: Value) -> Value:
    if isinstance(variable, bool):
        return "set" if variable else None
    return f"/{variable['matches']}/" if isinstance(variable, dict) else f'"{variable}"'


def _data(facts: Facts) -> Iterator[tuple[str, Gap]]:
    for found in facts["wanted.data_found"] or ():
        asked = facts["wanted.data"][found["name"]]
        parts = asked if isinstance(asked, dict) else {"path": asked}
        yield f"data.{found['name']}", _data_gap(parts, found)


def _data_gap(asked: Mapping[str, Value], found: Mapping[str, Value]) -> Gap:
    if found["kind"] is None and not found["whole"]:
        raise NoAnswer("denied", "permission denied: {path}", path=asked["path"])
    if found["kind"] is None:
        return asked["path"], None
    for key, unit in (("gb", "GiB"), ("files", "files")):
        least = asked.get(f"min_{key}", 0)
        if found[key] < least and not found["whole"]:
            raise NoAnswer("failed", "{path} could not be measured to its end", path=asked["path"])
        if found[key] < least:
            return (
                f"{asked['path']} {least:.10g} {unit}",
                f"{found[key]:.4g} {unit}" if key == "gb" else f"{found[key]} {unit}",
            )
    return None


def _hosts(facts: Facts) -> Iterator[tuple[str, Gap]]:
    for found in facts["wanted.hosts_found"] or ():
        yield "network.hosts", None if found["answers"] else (found["name"], found["error"])


def _speed(facts: Facts) -> Iterator[tuple[str, Gap]]:
    least, most = facts["wanted.samples_per_s"], facts["wanted.step_ms"]
    if least is not None:
        yield _speed_key(facts), _at_least(least, facts["training.samples_per_s"])
    if most is not None:
        taken = facts["training.step_ms"]
        yield "training.step_ms", (most, taken) if taken is not None and taken > most else None


def _speed_key(facts: Facts) -> str:
    """Which of the two keys asked for most."""
    share = facts["wanted.of_expected"]
    is_share = share and facts["wanted.samples_per_s"] == round(
        share * facts["wanted.expected_samples_per_s"], 1
    )
    return "training.of_expected" if is_share else "training.samples_per_s"


#: In the order in which they are told: what needs another machine first.
LOOKS: tuple[Callable[[Facts], Iterator[tuple[str, Gap]]], ...] = (
    _gpu_count, _gpus, _driver, _ram, _disk, _python, _tensorflow, _packages, _variables, _data, _hosts,
    _speed,
)  # fmt: skip
