"""Look-ups in ``rules/compat``: TensorFlow releases, CUDA, cuDNN, driver branches, GPUs.

Pure: the same question has the same answer on every machine. A table is read at its first use.
Versions are strings; an answer of None means that the tables do not know, or that there is none.
"""

from .cuda_table import (
    branch_for,
    chips,
    cuda,
    cuda_of_driver,
    cuda_of_ptx,
    cudnn_codes,
    cudnn_ends_at,
    driver_branches,
    first_driver,
    min_driver,
    ptx,
)
from .fit import (
    Misfit,
    Support,
    driver_floor,
    driver_for,
    gpu_support,
    misfit,
    newest_for,
    support,
)
from .gpu_table import gpu, gpu_by_name, gpu_names_near
from .ranges import admits
from .release_table import (
    broken,
    dated,
    dlopen_caller,
    is_newer_than_table,
    libraries,
    nearest,
    newest_known,
    platform,
    release,
    releases,
    requirement,
    was_released,
)

__all__ = [
    "Misfit",
    "Support",
    "admits",
    "branch_for",
    "broken",
    "chips",
    "cuda",
    "cuda_of_driver",
    "cuda_of_ptx",
    "cudnn_codes",
    "cudnn_ends_at",
    "dated",
    "dlopen_caller",
    "driver_branches",
    "driver_floor",
    "driver_for",
    "first_driver",
    "gpu",
    "gpu_by_name",
    "gpu_names_near",
    "gpu_support",
    "is_newer_than_table",
    "libraries",
    "min_driver",
    "misfit",
    "nearest",
    "newest_for",
    "newest_known",
    "platform",
    "ptx",
    "release",
    "releases",
    "requirement",
    "support",
    "was_released",
]
