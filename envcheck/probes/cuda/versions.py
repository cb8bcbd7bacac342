"""The numbers that the loaded libraries give themselves, and what they mean for this build and GPU."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ... import tables
from ...formats import loader
from ...host import Host
from ...model import Value
from ...operators import dotted

Facts = Mapping[str, Value]


def runtime_version(facts: Facts) -> Value:
    """The CUDA runtime that TensorFlow would load, by its own account, "12.9"; None where none loads.

    Not nvcc's version: TensorFlow does not use the toolkit.
    How: python -c "from ctypes import *; v = c_int(); CDLL('…').cudaRuntimeGetVersion(byref(v)); print(v)"
    """
    return _version(facts, "libcudart")


def cudnn_version(facts: Facts) -> Value:
    """The cuDNN that TensorFlow would load, by its own account, "9.10.2"; None where none loads.

    How: python -c "import ctypes; print(ctypes.CDLL('<path>').cudnnGetVersion())"
    """
    return _version(facts, "libcudnn")


def cudnn_wheel(facts: Facts) -> Value:
    """The version of the installed wheel nvidia-cudnn-cu11, -cu12 or -cu13, "9.28.0.42"; None: none.

    How: pip show nvidia-cudnn-cu12
    """
    return facts["python.packages"].get(_cudnn_package(facts))


def cudnn_package(facts: Facts) -> Value:
    """The name of the installed wheel that brings cuDNN, "nvidia-cudnn-cu12"; None where there is none.

    How: pip list | grep nvidia-cudnn
    """
    return _cudnn_package(facts)


def cudnn_least(host: Host, facts: Facts) -> Value:
    """The oldest cuDNN, major and minor, that this TensorFlow wheel asks for in its extra and-cuda, "9.3".

    None where the wheel does not say. TensorFlow refuses a cuDNN of a lower minor version than it was
    compiled for ("Loaded runtime CuDNN library: 9.1.0 but source was compiled with: 9.3.0").
    How: grep nvidia-cudnn $SITE/tensorflow-*.dist-info/METADATA
    """
    entry = _distribution(facts)
    if entry is None:
        return None
    folder = f"{entry['name'].replace('-', '_')}-{entry['version']}.dist-info"
    text = host.read(f"{entry['location']}/{folder}/METADATA") or ""
    found = re.search(r"^Requires-Dist: nvidia-cudnn-cu\d+[^\n;]*?[=>]=\s*(\d+\.\d+)", text, re.MULTILINE)
    return found[1] if found else None


def cudnn_compute_min(facts: Facts) -> Value:
    """The lowest compute capability that the loaded cuDNN has code for, "7.5"; None where it is not known.

    How: cuobjdump --list-elf .../libcudnn_ops.so.9
    """
    version = facts["cuda.cudnn_version"]
    codes = tables.cudnn_codes(version) if version else None
    return codes["compute_min"] if codes else None


def cudnn_gpus(facts: Facts) -> Value:
    """Of how many usable GPUs the loaded cuDNN knows the generation: "all", "some", "none".

    Left out are GPUs that are hidden, and those that TensorFlow itself has no code for. None where
    there is no GPU, or no cuDNN.
    How: nvidia-smi --query-gpu=compute_cap --format=csv
    """
    least = facts["cuda.cudnn_compute_min"]
    computes = [gpu["compute"] for gpu in _usable(facts) if gpu["compute"]]
    if least is None or not computes:
        return None
    served = [compute for compute in computes if dotted(compute) >= dotted(least)]
    return "all" if len(served) == len(computes) else "some" if served else "none"


FACTS = (
    runtime_version, cudnn_version, cudnn_wheel, cudnn_package, cudnn_least, cudnn_compute_min, cudnn_gpus,
)  # fmt: skip


def _usable(facts: Facts) -> list[dict[str, Value]]:
    """The GPUs that are not hidden (where the driver says so) and that TensorFlow has code for."""
    usable = facts.get("driver.usable_gpus", None)
    support = facts.get("tensorflow.gpu_support", None) or []
    hopeless = [entry["bus_id"] for entry in support if entry["runs"] == "no"]
    gpus = [gpu for gpu in facts["hardware.gpus"] if gpu["bus_id"] not in hopeless]
    return [gpu for gpu in gpus if not usable or gpu["bus_id"] in usable]


def _cudnn_package(facts: Facts) -> str | None:
    names = sorted(facts["python.packages"])
    return next((name for name in names if name.startswith("nvidia-cudnn-cu")), None)


def _version(facts: Facts, stem: str) -> Value:
    found = (r["version"] for r in facts["cuda.libraries"] if loader.stem(r["soname"]) == stem)
    return next(found, None)


def _distribution(facts: Facts) -> dict[str, Value] | None:
    name = facts["tensorflow.distribution"]
    return next((entry for entry in facts["tensorflow.distributions"] if entry["name"] == name), None)
