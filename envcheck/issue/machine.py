"""What a tracker asks about the machine, in its own words."""

from __future__ import annotations

from typing import Any

from ..model import Facts, Known, Report, Value


def seen(facts: Facts, name: str) -> Value:
    """The fact's value; None where it is absent or unknown."""
    fact = facts.get(name)
    return fact.value if isinstance(fact, Known) else None


def texts(facts: Facts) -> dict[str, str]:
    """The text fields of TensorFlow's form, by their ids; those that do not apply are missing.

    Bazel and compiler are asked of those who compile TensorFlow themselves; envcheck examines wheels.
    """
    version = seen(facts, "tensorflow.version")
    return {
        "tfversion": f"tf {version}" if version else "not installed",
        "OS": system(facts),
        "Python": str(seen(facts, "python.version") or ""),
        "Cuda": cuda(facts),
        "Gpu": gpus(facts),
    }


def system(facts: Facts) -> str:
    """The operating system, the kernel, and what lies between it and the hardware."""
    distro = str(seen(facts, "platform.distro") or "").title()
    name = " ".join(str(part) for part in (distro, seen(facts, "platform.distro_version")) if part)
    around = [
        f"{label} {value}" if value is not True else label
        for label, value in (
            ("kernel", seen(facts, "platform.release")),
            ("glibc", seen(facts, "platform.glibc")),
            ("WSL", seen(facts, "platform.wsl")),
            ("container", seen(facts, "platform.container")),
            ("on", seen(facts, "platform.hypervisor")),
        )
        if value
    ]
    kind = {"Darwin": f"macOS {seen(facts, 'platform.macos_version') or ''}".strip()}
    base = name or kind.get(str(seen(facts, "platform.system")), str(seen(facts, "platform.system") or ""))
    machine = seen(facts, "platform.architecture")
    return ", ".join(part for part in (" ".join(filter(None, (base, machine))), *around) if part)


def cuda(facts: Facts) -> str:
    """CUDA and cuDNN: what the build wants, and what is really loaded."""
    built, loaded = seen(facts, "tensorflow.cuda"), seen(facts, "cuda.runtime_version")
    parts = []
    if built:
        parts.append(f"built for CUDA {built}, cuDNN {seen(facts, 'tensorflow.cudnn') or '?'}")
    if loaded or seen(facts, "cuda.cudnn_version"):
        parts.append(f"loaded: CUDA {loaded or 'none'}, cuDNN {seen(facts, 'cuda.cudnn_version') or 'none'}")
    driver = seen(facts, "driver.version")
    if driver:
        parts.append(f"driver {driver} (CUDA {seen(facts, 'driver.cuda') or '?'})")
    return "; ".join(parts) or "none"


def gpus(facts: Facts) -> str:
    """Every GPU with its memory and compute capability."""
    memory = {gpu.get("bus_id"): gpu.get("memory_mb") for gpu in seen(facts, "driver.gpus") or []}
    told = [_gpu(gpu, memory.get(gpu.get("bus_id"))) for gpu in seen(facts, "hardware.gpus") or []]
    others = [f"{gpu.get('name')} (AMD)" for gpu in seen(facts, "hardware.amd_gpus") or []]
    return "; ".join([*told, *others]) or "none"


def _gpu(gpu: dict[str, Any], memory_mb: Value) -> str:
    size = f"{memory_mb} MB" if memory_mb else f"{gpu['memory_gb']} GB" if gpu.get("memory_gb") else ""
    compute = f"compute capability {gpu['compute']}" if gpu.get("compute") else ""
    extra = ", ".join(part for part in (size, compute) if part)
    return str(gpu.get("name") or "NVIDIA GPU") + (f" ({extra})" if extra else "")


def packages(facts: Facts) -> dict[str, str]:
    """The packages that decide most: name → version."""
    names = ("tensorflow", "tensorflow-cpu", "keras", "tf-keras", "numpy", "protobuf", "h5py", "ml-dtypes")
    installed = seen(facts, "python.packages") or {}
    nvidia = sorted(name for name in installed if name.startswith("nvidia-"))
    return {name: installed[name] for name in (*names, *nvidia) if name in installed}


def table(facts: Facts) -> str:
    """All of it as a table in Markdown, for trackers without a form."""
    rows = {
        "TensorFlow": texts(facts)["tfversion"], "OS": system(facts), "Python": texts(facts)["Python"],
        "CUDA": cuda(facts), "GPU": gpus(facts), "CPU": str(seen(facts, "hardware.cpu") or ""),
        "Packages": ", ".join(f"{name} {version}" for name, version in packages(facts).items()),
    }  # fmt: skip
    lines = [f"| {name} | {value.replace('|', '/')} |" for name, value in rows.items() if value]
    return "\n".join(["| | |", "| --- | --- |", *lines])


def picks(report: Report, script: str | None) -> dict[str, str]:
    """What to pick in the drop-downs of TensorFlow's form."""
    version = str(seen(report.facts, "tensorflow.version") or "")
    failed_in = {result.layer for result in report.layers if result.status in ("blocked", "unknown")}
    install = not version or seen(report.facts, "tensorflow.import_outcome") not in (None, "ok")
    kind = "Build/Install" if install else "Bug" if failed_in else "Support"
    if any(finding.rule.cause == "gpu-slower-than-expected" for finding in report.findings[:1]):
        kind = "Performance"
    nightly = "dev" in version or seen(report.facts, "tensorflow.distribution") == "tf-nightly"
    return {
        "issue-type": kind,
        "tf-nightly": "Yes" if nightly else "No",
        "source": "binary",
        "Code": "Yes" if script else "No",
    }
