"""What follows from told facts: every fact that is a function of facts alone, and the tables' answers.

What a probe would have to look at is Unknown: nobody told it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from .. import probes, tables
from ..host import Host
from ..model import Fact, Known, NoAnswer, Target, Value
from ..operators import below
from . import libraries

NOT_TOLD = "it was not told"


class _Nobody:
    """Where there is no machine to ask."""

    def answer(self, verb: str, key: str, *args: Value) -> Value:
        raise NoAnswer("skipped", NOT_TOLD)

    def start(self, name: str, args: dict[str, Value]) -> None:
        return None

    def start_run(self, argv: list[str]) -> None:
        return None

    def release(self, name: str, words: dict[str, Value]) -> None:
        return None

    def within(self, seconds: float) -> None:
        return None

    def close(self) -> None:
        return None


def follow(told: Mapping[str, Fact]) -> probes.Collected:
    """All facts: the told ones as they are, what follows from them, and Unknown for the rest."""
    return probes.Collected(Host(_Nobody(), Target("", "")), _registry(), told)


@cache
def _registry() -> dict[str, probes.Probe]:
    """The probes, with those that read a wheel's files replaced by what the table knows of the wheel."""
    return {
        **probes.registry(),
        "tensorflow.cuda_build": _cuda_build,
        "tensorflow.build_cuda": _not_in_the_table,
        "tensorflow.build_cudnn": _not_in_the_table,
        "tensorflow.build_compute": _not_in_the_table,
        "cuda.wanted_libraries": _wanted_libraries,
        "driver.cuda": _driver_cuda,
        **{name: _anywhere(probes.registry()[name]) for name in _MUCH_ALIKE},
        "cuda.copies": libraries.copies,
        "cuda.cudnn_missing": libraries.cudnn_missing,
        "cuda.other_cuda": libraries.other_cuda,
        "cuda.other_cudnn": libraries.other_cudnn,
    }


def seen(facts: Mapping[str, Fact]) -> dict[str, Known]:
    """Of a machine's facts those that were looked at: what follows from them must follow anew."""
    looked = {name for name, probe in probes.registry().items() if "host" in _wants(probe)}
    return {name: fact for name in looked if isinstance(fact := facts.get(name), Known)}


def _wants(probe: probes.Probe) -> tuple[str, ...]:
    return probe.__code__.co_varnames[: probe.__code__.co_argcount]


def names() -> list[str]:
    """The names of all facts."""
    return list(_registry())


def how(name: str, system: Value = None) -> str | None:
    """The command that shows a fact to a person, from the line ``How:`` of its probe.

    ``system``: "Windows" or "Darwin" where it is known; then the line ``How on Windows:`` or
    ``How on macOS:`` counts first, and None is the answer where there is none and the other would not run.
    """
    probe = probes.registry().get(name)
    said = [line.strip().partition(": ") for line in (probe.__doc__ or "").splitlines()] if probe else []
    commands = {label: command for label, _, command in reversed(said)}
    of_its_own = commands.get(_HOW_ON.get(str(system), ""))
    general = commands.get("How")
    if of_its_own or not general or str(system) not in _HOW_ON:
        return of_its_own or general
    return general if _ANYWHERE.fullmatch(general) else None


_HOW_ON = {"Windows": "How on Windows", "Darwin": "How on macOS"}
#: Commands that are the same on all systems.
_ANYWHERE = re.compile(
    r"(?:python|pip|conda|docker|nvidia-smi|nvcc|jupyter|reg|https?|envcheck)\b(?:\"[^\"$]*\"|[^|;$\"])*"
)


#: Where a release is for Python and packages, it is for all systems, or nearly: where the system is not
#: told, the answers for the most usual one will do.
_MUCH_ALIKE = (
    "python.newest_supported",
    "python.oldest_supported",
    "tensorflow.requires_python",
    "tensorflow.requires_numpy",
    "tensorflow.requires_protobuf",
    "tensorflow.requires_keras",
    "tensorflow.newest_for_python",
)


class _OnLinux:
    """Facts as a probe sees them, on the most usual system where none was told."""

    def __init__(self, facts: Mapping[str, Value]) -> None:
        self._facts = facts
        system = facts.get("platform.system") or "Linux"
        machine = "arm64" if system == "Darwin" else "x86_64"
        self._usual = {"platform.system": system, "platform.architecture": machine}
        self._usual["tensorflow.distribution"] = "tensorflow"

    def __getitem__(self, name: str) -> Value:
        usual = self._usual.get(name)
        return self._facts.get(name, usual) if usual else self._facts[name]

    def get(self, name: str, default: Value = None) -> Value:
        return self._facts.get(name, self._usual.get(name, default))


def _anywhere(probe: probes.Probe) -> probes.Probe:
    def on_linux(facts: Mapping[str, Value]) -> Value:
        return probe(_OnLinux(facts))

    return on_linux


def _cuda_build(facts: Mapping[str, Value]) -> Value:
    if facts["tensorflow.version"] is None:
        return None
    found = _row(facts)
    if found is None:
        raise NoAnswer("skipped", NOT_TOLD)
    return bool(found["cuda"])


def _row(facts: Mapping[str, Value]) -> Mapping[str, Value] | None:
    where = tables.platform(facts["platform.system"], facts["platform.architecture"])
    name, version = facts["tensorflow.distribution"], facts["tensorflow.version"]
    return tables.release(name, version, where) if where and name and version else None


def _not_in_the_table(facts: Mapping[str, Value]) -> Value:
    """A wheel's own word outweighs the table's; here there is none."""


def _wanted_libraries(facts: Mapping[str, Value]) -> Value:
    version, cuda = facts["tensorflow.version"], facts["tensorflow.cuda"]
    if version is None or cuda is None:
        return []
    windows = facts["platform.system"] == "Windows"
    names = tables.libraries(cuda, facts["tensorflow.cudnn"], version, windows)
    if not names:
        raise NoAnswer("skipped", NOT_TOLD)
    return [name for name in dict.fromkeys(names) if not name.startswith(("libcuda.", "libnvidia-ml."))]


def _driver_cuda(facts: Mapping[str, Value]) -> Value:
    version = facts["driver.version"]
    windows = facts["platform.system"] == "Windows" or facts.get("platform.wsl") is not None
    return tables.cuda_of_driver(version, windows) if version else None


#: What nearly every machine is, and what whoever has another one says: it confirms a cause that all else
#: speaks for, and rules none out.
def usual(facts: Mapping[str, Fact]) -> dict[str, Known]:
    """The facts that may be taken for granted where nothing says otherwise."""
    taken: dict[str, Value] = {
        "python.bits": 64,
        "python.implementation": "cpython",
        "python.free_threaded": False,
        "platform.wsl": None,
        "platform.rosetta": False,
        "platform.container": None,
        "platform.notebook": None,
        "platform.windows_driver_models": None,
        "platform.hypervisor": None,
        "driver.libcuda_compat": None,
        "driver.mig_gpus": "none",
        "tensorflow.distribution": _distribution(facts),
        "cuda.unusable": [],
        "cuda.conflicts": [],
        "hardware.amd_gpus": [],
    }
    if _hints_at_gpu(facts):
        taken["wanted.gpu"] = 1
    else:
        taken.update({"wanted.gpu": 0, "cuda.toolkits": []})
    system = facts.get("platform.system")
    if not isinstance(system, Known) or system.value in ("Linux", "Windows"):
        taken["platform.architecture"] = "x86_64"
    if not isinstance(system, Known) or system.value == "Linux":
        taken["platform.libc"] = "glibc"
    if not isinstance(system, Known) or system.value != "Darwin":
        taken["platform.macos_version"] = None
    return {
        name: Known(value, ("assumed",))
        for name, value in taken.items()
        if not isinstance(facts.get(name), Known)
    }


def _distribution(facts: Mapping[str, Fact]) -> str:
    """Before 1.15 the build that opens CUDA's libraries was a package of its own."""
    opens, version = (facts.get(name) for name in ("cuda.libraries", "tensorflow.version"))
    if not (isinstance(opens, Known) and opens.value and isinstance(version, Known)):
        return "tensorflow"
    return "tensorflow-gpu" if below(version.value, "1.15") else "tensorflow"


def _hints_at_gpu(facts: Mapping[str, Fact]) -> bool:
    """Whether anything told of the machine speaks of an NVIDIA GPU or its software."""
    names = ("driver.installed", "driver.version", "hardware.gpus", "cuda.toolkits", "cuda.cudnn_version")
    return any(isinstance(fact := facts.get(name), Known) and fact.value for name in names)
