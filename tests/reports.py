"""Reports built by hand, for the tests of what people and programs see."""

from __future__ import annotations

from typing import Any

from envcheck.model import (
    LAYER_NAMES,
    Consequence,
    Fact,
    Finding,
    Fix,
    Known,
    LayerResult,
    Report,
    Rule,
    Status,
    Target,
    Text,
    Undecided,
    Unknown,
)

PYTHON = "/home/ada/project/.venv/bin/python"
TARGET = Target(PYTHON, "named by --python", "venv", "3.11.7")


def known(**values: Any) -> dict[str, Fact]:
    """Facts by ``layer__name``."""
    return {name.replace("__", "."): Known(value, (f"/source/of/{name}",)) for name, value in values.items()}


def layers(**statuses: Status) -> tuple[LayerResult, ...]:
    """All layers, ``ok`` unless said otherwise."""
    return tuple(LayerResult(layer, statuses.get(layer, "ok"), 0.25) for layer in LAYER_NAMES)


def cpu_facts() -> dict[str, Fact]:
    """A small virtual machine without a GPU on which TensorFlow trains."""
    device = {"device": "/device:CPU:0", "bus_id": None, "kind": "CPU", "outcome": "ok", "step_ms": 2.3104}
    return known(
        platform__system="Linux", platform__distro="debian", platform__distro_version="12",
        platform__architecture="x86_64", platform__glibc="2.36", platform__memory_gb=3.82,
        platform__container=None, platform__wsl=None, platform__hypervisor="kvm",
        hardware__cpu="Intel(R) Xeon(R) Processor @ 2.20GHz", hardware__cores=2, hardware__gpus=[],
        driver__version=None, driver__module_version=None, driver__nouveau_gpus=[],
        cuda__wanted_libraries=[], cuda__loaded=None,
        python__version="3.11.7", python__environment="venv", python__pip="23.2.1",
        python__packages={"numpy": "2.4.0", "tensorflow-cpu": "2.21.0"}, python__conflicts=[],
        tensorflow__distributions=[{"name": "tensorflow-cpu", "version": "2.21.0"}],
        tensorflow__version="2.21.0", tensorflow__cuda_build=False, tensorflow__import_outcome="ok",
        tensorflow__import_seconds=2.914, tensorflow__devices=[{"name": "/device:CPU:0", "type": "CPU"}],
        training__devices=[device], training__succeeded=True, wanted__gpu=0,
    )  # fmt: skip


def training(device: str = "/device:CPU:0") -> dict[str, Any]:
    """One training run as the report lists it."""
    return {"workload": "mnist-mlp", "device": device, "first_step_s": 0.8412, "step_ms": 2.3104,
            "samples_per_s": 55400.7, "loss": [2.3513, 1.9127]}  # fmt: skip


def ready(**more: Any) -> Report:
    """All is well on the CPU."""
    parts: dict[str, Any] = {
        "verdict": "ready", "target": TARGET, "layers": layers(driver="skipped", cuda="skipped"),
        "findings": (), "consequences": (), "undecided": (), "facts": cpu_facts(),
        "training": (training(),), "created": "2026-11-21T10:00:00Z",
    }  # fmt: skip
    return Report(**{**parts, **more})


def eight_gpus() -> Report:
    """All is well on eight GPUs: the most that must fit on one screen."""
    ids = [f"0000:{n:02x}:00.0" for n in range(1, 9)]
    facts = cpu_facts()
    facts.update(
        known(
            platform__memory_gb=2015.3, platform__distro="ubuntu", platform__distro_version="22.04",
            platform__hypervisor=None, hardware__cpu="Intel(R) Xeon(R) Platinum 8480CL", hardware__cores=224,
            hardware__gpus=[{"bus_id": i, "name": "NVIDIA H100 80GB HBM3", "compute": "9.0"} for i in ids],
            driver__version="580.65.06", driver__module_version="580.65.06", driver__cuda="13.0",
            driver__module_flavour="open", cuda__wanted_libraries=[f"lib{n}.so" for n in range(11)],
            cuda__loaded="all", cuda__runtime_version="12.5.1", cuda__cudnn_version="9.10.2", wanted__gpu=1,
            tensorflow__version="2.20.0", tensorflow__cuda_build=True, tensorflow__cuda="12.5.1",
            tensorflow__cudnn="9",
            tensorflow__devices=[{"type": "CPU"}, *({"type": "GPU"} for _ in ids)],
            training__devices=[
                {"device": f"/device:GPU:{n}", "bus_id": i, "kind": "GPU", "outcome": "ok", "step_ms": 1.07}
                for n, i in enumerate(ids)
            ],
        )
    )  # fmt: skip
    return ready(layers=layers(), facts=facts, training=tuple(training(f"/device:GPU:{n}") for n in range(8)))


def rule(cause: str = "driver-too-old", layer: str = "driver", **more: Any) -> Rule:
    """A rule with texts in both languages."""
    parts: dict[str, Any] = {
        "cause": cause, "layer": layer, "severity": "blocking", "needs": "gpu", "when": (),
        "title": Text(
            "The NVIDIA driver is older than this TensorFlow build needs",
            "NVIDIA 驱动低于此 TensorFlow 所需的版本"
        ),
        "why": Text(
            "A TensorFlow wheel is compiled for one CUDA release, and each CUDA release works only from a "
            "certain driver version on; see `nvidia-smi`.",
            "每个 TensorFlow 安装包都针对某一 CUDA 版本编译，"
            "而每个 CUDA 版本都要求驱动不低于某个版本；见 `nvidia-smi`。",
        ),
        "links": ("https://docs.nvidia.com/deploy/cuda-compatibility/",),
    }  # fmt: skip
    return Rule(**{**parts, **more})


def fix(**more: Any) -> Fix:
    """What to do about an old driver."""
    parts: dict[str, Any] = {
        "do": Text(
            "Install the newest driver branch that this GPU still has (580).",
            "安装此 GPU 仍支持的最新驱动分支（580）。"
        ),
        "run": ("sudo ubuntu-drivers install", "sudo reboot"), "scope": "system", "verify": ("nvidia-smi",),
    }  # fmt: skip
    return Fix(**{**parts, **more})


def blocked() -> Report:
    """An old driver, a consequence, a doubt, a notice."""
    facts = eight_gpus().facts
    facts = {
        **facts,
        **known(driver__version="470.57.02", driver__cuda="11.4", tensorflow__min_driver="525.60.13"),
    }
    facts["driver.secure_boot"] = Unknown(
        "denied", "permission denied: {path}", ("/sys/firmware/efi",), {"path": "/sys/firmware/efi"}
    )
    because = {name: facts[name] for name in ("driver.version", "tensorflow.min_driver")}
    pip = fix(do=Text("Install a TensorFlow that this driver can run.", "安装此驱动能运行的 TensorFlow。"),
              packages=("tensorflow[and-cuda]==2.11.1",), run=(), verify=())  # fmt: skip
    symptom = rule(
        "gpu-not-used-by-training", "training", title=Text("Training ran on the CPU", "训练在 CPU 上进行")
    )
    harmless = rule(
        "oneapi-notice",
        "notice",
        severity="notice",
        title=Text("A harmless line about oneDNN", "关于 oneDNN 的无害提示"),
    )
    slow = rule("gpu-clock-slow", severity="notice", title=Text("Persistence mode is off", "持久模式未开启"))
    doubt = rule(
        "secure-boot-blocks-driver",
        title=Text("Secure Boot refuses the kernel module", "安全启动拒绝了内核模块"),
    )
    return ready(
        verdict="blocked",
        layers=layers(driver="blocked", training="blocked"),
        findings=(
            Finding(rule(), "blocking", because, (fix(), pip)),
            Finding(slow, "notice", {}, ()),
            Finding(harmless, "notice", {"log": Known("oneDNN custom operations are on", ("line 3",))}, ()),
        ),
        consequences=(Consequence(Finding(symptom, "blocking", {}, (fix(),)), "driver-too-old"),),
        undecided=(Undecided(doubt, {"driver.secure_boot": facts["driver.secure_boot"]}),),
        facts=facts,
    )
