"""What was seen in each layer, in one line: numbers and names first, judgement never."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping

from ..model import Facts, Value
from ..words import mark, reason, say
from .document import joined
from .values import Seen, cut, number, shown

#: The layers' names as a person reads them.
NAMES: Mapping[str, str] = {
    "platform": mark("platform"),
    "hardware": mark("hardware"),
    "driver": mark("driver"),
    "cuda": "CUDA",
    "python": "Python",
    "tensorflow": "TensorFlow",
    "training": mark("training"),
    "notice": mark("notice"),
}
#: os-release's ID where its capital letter is not just the first.
DISTRIBUTIONS: Mapping[str, str] = {
    "almalinux": "AlmaLinux",
    "amzn": "Amazon Linux",
    "centos": "CentOS",
    "linuxmint": "Linux Mint",
    "nixos": "NixOS",
    "ol": "Oracle Linux",
    "opensuse-leap": "openSUSE Leap",
    "opensuse-tumbleweed": "openSUSE Tumbleweed",
    "pop": "Pop!_OS",
    "rhel": "RHEL",
    "rocky": "Rocky Linux",
    "sles": "SLES",
}

#: Where in its graph TensorFlow was: {{function_node __wrapped__Conv2D_device_/job:localhost/…}}
GRAPH_NODE = re.compile(r"\{\{[^}]*\}\}\s*")


def name(layer: str) -> str:
    """The layer's name in the language in use."""
    return say(NAMES[layer])


def summary(layer: str, facts: Facts) -> str:
    """One line on ``layer``; empty where nothing is known of it yet."""
    return SUMMARIES[layer](Seen(facts))


def _platform(seen: Seen) -> str:
    memory = seen("platform.memory_gb")
    return joined(
        (
            _system(seen),
            shown(seen("platform.architecture")) if seen("platform.architecture") else "",
            f"glibc {seen('platform.glibc')}" if seen("platform.glibc") else "",
            say("{size} GB RAM", size=_size(memory)) if memory else "",
            _around(seen),
        )
    )


def _system(seen: Seen) -> str:
    system = seen("platform.system")
    if system == "Windows":
        build = seen("platform.windows_build")
        return f"Windows {'11' if build >= 22000 else '10'}" if build else "Windows"
    if system == "Darwin":
        return joined(("macOS", seen("platform.macos_version") or ""), " ")
    distro = seen("platform.distro") or system or ""
    return joined(
        (DISTRIBUTIONS.get(distro, distro[:1].upper() + distro[1:]), seen("platform.distro_version") or ""),
        " ",
    )


def _around(seen: Seen) -> str:
    """What the system runs in: WSL, a container, a virtual machine."""
    if seen("platform.wsl"):
        return f"WSL {seen('platform.wsl')}"
    if seen("platform.container"):
        return say("in a container ({kind})", kind=seen("platform.container"))
    if seen("platform.hypervisor"):
        return say("VM ({kind})", kind=seen("platform.hypervisor"))
    return ""


def _size(gigabytes: float) -> str:
    return f"{gigabytes:.0f}" if gigabytes >= 10 else f"{gigabytes:.1f}"


def _hardware(seen: Seen) -> str:
    """The GPUs; the processor by name where there is nothing else to train on."""
    cpu = _cpu(seen("hardware.cpu") or "") if not seen("hardware.gpus") else ""
    return joined((_gpus(seen), joined((cpu, _cores(seen("hardware.cores"))))), say("; "))


def _cores(number: Value) -> str:
    if number == 1:
        return say("1 core")
    return say("{number} cores", number=number) if number else ""


def _cpu(text: str) -> str:
    """The processor's name without the words that every such name has."""
    text = re.sub(r"\((R|TM|tm)\)|\b(CPU|Processor)\b|@.*|\b\d+-Core\b", " ", text)
    return " ".join(text.split())


def _gpus(seen: Seen) -> str:
    if not seen.known("hardware.gpus"):
        return ""
    counted = Counter(map(_gpu, seen("hardware.gpus") or ()))
    amd = Counter(str(gpu.get("name") or "AMD GPU") for gpu in seen("hardware.amd_gpus") or ())
    found = [f"{number} × {gpu}" if number > 1 else gpu for gpu, number in (counted + amd).items()]
    return joined(found if counted else [*found, say("no NVIDIA GPU")])


def _gpu(gpu: Mapping[str, Value]) -> str:
    compute = say("compute {number}", number=gpu["compute"]) if gpu.get("compute") else ""
    title = str(gpu.get("name") or say("NVIDIA GPU {device}", device=gpu.get("device") or ""))
    return f"{title.strip()} ({compute})" if compute else title.strip()


def _driver(seen: Seen) -> str:
    if seen("driver.nouveau_gpus"):
        return say("nouveau holds the GPU")
    if seen("driver.responding") is False:
        return say("the driver does not answer")
    version, module = seen("driver.version") or seen("driver.library_version"), seen("driver.module_version")
    if version and module and version != module and not seen("platform.wsl"):
        return say("library {version}, kernel module {module}", version=version, module=module)
    if not version and not module:
        return say("no NVIDIA driver") if seen.known("driver.module_version") else ""
    return joined((str(version or module), _flavour(seen), _speaks(seen), _nvml(seen)))


def _flavour(seen: Seen) -> str:
    flavours = {"open": mark("open module"), "proprietary": mark("proprietary module")}
    flavour = seen("driver.module_flavour")
    return say(flavours[flavour]) if flavour in flavours else ""


def _speaks(seen: Seen) -> str:
    return f"CUDA {seen('driver.cuda')}" if seen("driver.cuda") else ""


def _nvml(seen: Seen) -> str:
    return f"NVML: {seen('driver.nvml_error')}" if seen("driver.nvml_code") else ""


def _cuda(seen: Seen) -> str:
    wanted = seen("cuda.wanted_libraries")
    if seen("tensorflow.cuda_build") is False:
        return say("not needed by a CPU build")
    if not wanted:
        return say("no TensorFlow that needs it") if seen("tensorflow.distributions") == [] else ""
    missing = seen("cuda.not_loading") or seen("cuda.missing") or ()
    versions = joined(
        (_version("CUDA", seen("cuda.runtime_version")), _version("cuDNN", seen("cuda.cudnn_version")))
    )
    if seen("cuda.loaded") == "all":
        return joined((versions, say("all {number} libraries load", number=len(wanted))))
    if not seen.known("cuda.loaded"):
        return versions
    return joined((versions, say("does not load: {libraries}", libraries=_some(missing))))


def _version(what: str, version: Value) -> str:
    return f"{what} {version}" if version else ""


def _some(names: Value) -> str:
    return joined([*names[:3], "…" if len(names) > 3 else ""])


def _python(seen: Seen) -> str:
    if seen("python.start") == "dead":
        return say("does not start: {error}", error=cut(seen("python.start_error") or "", 60))
    packages, conflicts = seen("python.packages"), seen("python.conflicts")
    environment, pip = seen("python.environment"), seen("python.pip")
    return joined(
        (
            joined((str(seen("python.version") or ""), f"({environment})" if environment else ""), " "),
            say("{bits}-bit", bits=32) if seen("python.bits") == 32 else "",
            f"pip {pip}" if pip else "",
            say("{number} packages", number=len(packages)) if packages else "",
            say("conflicts: {number}", number=len(conflicts)) if conflicts else "",
        )
    )


def _tensorflow(seen: Seen) -> str:
    if seen("tensorflow.distributions") == []:
        return say("not installed")
    return joined((str(seen("tensorflow.version") or ""), _build(seen), _import(seen), _devices(seen)))


def _build(seen: Seen) -> str:
    if seen("tensorflow.cuda_build") is False:
        return say("CPU build")
    built = joined((_version("CUDA", seen("tensorflow.cuda")), _version("cuDNN", seen("tensorflow.cudnn"))))
    return say("for {versions}", versions=built) if built else ""


def _import(seen: Seen) -> str:
    why_not = seen.why_not("tensorflow.import_outcome")
    outcome, seconds = seen("tensorflow.import_outcome"), seen("tensorflow.import_seconds")
    if why_not:
        return "" if why_not.kind == "pending" else say("not imported")
    if outcome == "ok":
        return say("import {seconds} s", seconds=number(seconds)) if seconds else ""
    if outcome == "signal":
        return say("import killed by {signal}", signal=seen("tensorflow.import_signal"))
    if outcome == "timeout":
        return say("import does not end")
    error = cut(seen("tensorflow.import_error") or str(outcome or ""), 60)
    return say("import failed: {error}", error=error) if outcome else ""


def _devices(seen: Seen) -> str:
    """What it lists; of a CPU build nobody expects a GPU."""
    devices = seen("tensorflow.devices")
    if not devices or seen("tensorflow.cuda_build") is False:
        return ""
    gpus = sum(device.get("type") == "GPU" for device in devices)
    if gpus > 1:
        return say("sees {number} GPUs", number=gpus)
    return say("sees 1 GPU") if gpus else say("sees no GPU")


def _training(seen: Seen) -> str:
    why_not = seen.why_not("training.devices")
    if why_not:
        return "" if why_not.kind == "pending" else cut(reason(why_not), 100)
    devices = _told_apart(seen("training.devices") or ())
    if not devices:
        return _died_first(seen) if seen.known("training.devices") else ""
    well = [device for device in devices if device.get("outcome") == "ok" and device.get("step_ms")]
    failed = [_failed(device) for device in devices if device.get("outcome") != "ok"]
    return joined((_steps(well), *failed), say("; "))


def _died_first(seen: Seen) -> str:
    """Where it ended before anything was known of a device: an abort in the first operation, say."""
    stage, error = seen("training.stage"), seen("training.error") or seen("training.signal")
    if stage in (None, "devices") or not error:
        return say("not reached")
    return _failed({"device": stage, "error": error})


def _told_apart(devices: Value) -> list[Mapping[str, Value]]:
    """The GPUs, where there are any: the CPU was then trained on for comparison only."""
    return [d for d in devices if d.get("kind") == "GPU"] or list(devices)


def _steps(devices: list[Mapping[str, Value]]) -> str:
    steps = [device["step_ms"] for device in devices]
    if len(steps) == 1:
        return say("{device}: a step takes {ms} ms", device=device_name(devices[0]), ms=number(steps[0]))
    if not steps:
        return ""
    least, most = number(min(steps)), number(max(steps))
    return say("{number} GPUs: a step takes {least} to {most} ms", number=len(steps), least=least, most=most)


def _failed(device: Mapping[str, Value]) -> str:
    error = GRAPH_NODE.sub("", str(device.get("error") or device.get("outcome") or ""))
    return say("{device} failed: {error}", device=device_name(device), error=cut(error, 70))


def device_name(device: Mapping[str, Value]) -> str:
    """``GPU:0 (0000:01:00.0)``: CUDA's order may differ from the bus's, so the bus id is told."""
    short = (
        str(device.get("device") or "").replace("/device:", "").replace("/physical_device:", "").lstrip("/")
    )
    return f"{short} ({device['bus_id']})" if device.get("bus_id") else short


SUMMARIES: Mapping[str, Callable[[Seen], str]] = {
    "platform": _platform,
    "hardware": _hardware,
    "driver": _driver,
    "cuda": _cuda,
    "python": _python,
    "tensorflow": _tensorflow,
    "training": _training,
}
