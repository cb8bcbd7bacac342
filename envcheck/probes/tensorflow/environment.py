"""The environment variables that bear on TensorFlow and its devices."""

from __future__ import annotations

from collections.abc import Mapping

from ...host import Host
from ...model import Value

#: What is asked for is recorded and shown, so nothing else is asked for.
VARIABLES = (
    *("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_HOME", "CUDA_PATH"),
    *("CUDA_CACHE_DISABLE", "CUDA_CACHE_MAXSIZE", "CUDA_CACHE_PATH"),
    *("CUDA_FORCE_PTX_JIT", "CUDA_DISABLE_PTX_JIT", "CUDA_LAUNCH_BLOCKING", "CUDA_MPS_PIPE_DIRECTORY"),
    *("NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "NVIDIA_TF32_OVERRIDE"),
    *("LD_LIBRARY_PATH", "LD_PRELOAD"),
    *("TF_CPP_MIN_LOG_LEVEL", "TF_CPP_VMODULE", "TF_ENABLE_ONEDNN_OPTS"),
    *("TF_FORCE_GPU_ALLOW_GROWTH", "TF_GPU_ALLOCATOR", "TF_GPU_THREAD_MODE"),
    *("TF_XLA_FLAGS", "XLA_FLAGS", "TF_DETERMINISTIC_OPS"),
    *("TF_USE_LEGACY_KERAS", "KERAS_BACKEND"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
    *("OMP_NUM_THREADS", "KMP_DUPLICATE_LIB_OK"),
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION",
    *("HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"),
)


def environment(host: Host) -> Value:
    """The variables that bear on TensorFlow, of those that are set: name to value.

    How: env | grep -E '^(CUDA|NVIDIA|LD_|TF_|XLA|KERAS|OMP|KMP|HIP|ROCR)'
    """
    values = {name: host.env(name) for name in VARIABLES}
    return {name: value for name, value in values.items() if value is not None}


def cuda_visible_devices(host: Host) -> Value:
    """CUDA_VISIBLE_DEVICES as it is set, perhaps to nothing; None where it is not set.

    How: printenv CUDA_VISIBLE_DEVICES
    """
    return host.env("CUDA_VISIBLE_DEVICES")


def hidden_by(facts: Mapping[str, Value]) -> Value:
    """The variable that hides every NVIDIA GPU of this machine, "CUDA_VISIBLE_DEVICES"; None where none does.

    A choice that leaves some is no fault.

    How: printenv CUDA_VISIBLE_DEVICES; nvidia-smi -L
    """
    shown = facts["tensorflow.cuda_visible_devices"]
    if shown is None or not facts["hardware.gpus"]:
        return None
    return "CUDA_VISIBLE_DEVICES" if _names_none(shown) or _leaves_none(facts) else None


def _names_none(shown: str) -> bool:
    """CUDA reads the list up to the first entry that names no device.

    https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#env-vars
    """
    first = shown.split(",")[0].strip()
    named = first.isdigit() or first.startswith(("GPU-", "MIG-"))
    return not named


def _leaves_none(facts: Mapping[str, Value]) -> bool:
    """Whether the driver's list shows that the number or UUID named is not there."""
    answering = [gpu for gpu in facts.get("driver.gpus") or [] if gpu["code"] == 0]
    without = facts.get("driver.mig_empty_gpus") == "all"
    return bool(answering) and not without and facts.get("driver.usable_count") == 0


FACTS = (environment, cuda_visible_devices, hidden_by)
