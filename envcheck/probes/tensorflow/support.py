"""Whether this build runs on the GPUs that are there, and which release would."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ... import tables
from ...model import NoAnswer, Value
from ...operators import dotted, within
from .build import counts_windows_drivers, kernels, usable_compute

#: The Pythons that releases may have wheels for.
MINORS = ("2.7", *(f"3.{minor}" for minor in range(3, 30)))


def gpu_support(facts: Mapping[str, Value]) -> Value:
    """Whether this build runs on each GPU, in bus order: a list of {bus_id, runs, why, code, share, reason}.

    ``runs``: "native", "ptx-jit", "no", or None where the GPU's compute capability is not known; ``code``:
    what it runs, "sm_80"; ``share``: the part of its kernels that is machine code, if not all; ``reason``:
    "too-old", "too-new" (before or after all that the build has code for), "no-code" (in between),
    "partly-ptx" (see ``share``), "unknown", or None where all is well. [] for a CPU build.

    How: nvidia-smi --query-gpu=compute_cap --format=csv
    """
    codes = facts["tensorflow.compute"]
    if codes is None:
        return []
    jit = kernels(facts)["jit"]
    return [
        {"bus_id": gpu["bus_id"], **_support(codes, gpu["compute"], jit)} for gpu in facts["hardware.gpus"]
    ]


def _support(codes: list[str], compute: str | None, jit: str | None) -> dict[str, Value]:
    if compute is None:
        why = "the GPU's compute capability is not known"
        return {"runs": None, "why": why, "code": None, "share": None, "reason": "unknown"}
    return dict(tables.gpu_support(codes, compute, jit)._asdict())


def gpus_run(facts: Mapping[str, Value]) -> Value:
    """Whether this build runs on the GPUs: "native", "ptx-jit", "some-no", "no"; None: no GPU or a CPU build.

    ptx-jit: all run, some of them with kernels compiled at first use.

    How: nvidia-smi --query-gpu=compute_cap --format=csv
    """
    runs = [item["runs"] for item in facts["tensorflow.gpu_support"]]
    if None in runs:
        raise NoAnswer("skipped", "a GPU's compute capability is not known")
    if not runs:
        return None
    if "no" in runs:
        return "no" if set(runs) == {"no"} else "some-no"
    return "ptx-jit" if "ptx-jit" in runs else "native"


def newest_for_python(facts: Mapping[str, Value]) -> Value:
    """The newest TensorFlow release with a wheel for this Python and platform, "2.21.0"; None: there is none.

    How: pip index versions tensorflow
    """
    where = _platform(facts)
    return tables.newest_for(where, python=facts["python.version"]) if where else None


def newest_for_gpu(facts: Mapping[str, Value]) -> Value:
    """The newest TensorFlow release with code for all usable GPUs, "2.20.0"; None: there is none, or no GPU.

    Whatever the Python and the driver are; releases known not to work as released are left out.

    How: https://developer.nvidia.com/cuda-gpus
    """
    where, compute = _platform(facts), _known(usable_compute(facts))
    return tables.newest_for(where, compute=compute) if where and facts["hardware.gpus"] else None


def newest_for_driver(facts: Mapping[str, Value]) -> Value:
    """The newest TensorFlow release that this driver is new enough for, "2.20.0"; None: none, or no driver.

    Whatever the Python is, and with what the usable GPUs need.

    How: https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
    """
    where, driver = _platform(facts), facts["driver.version"]
    if not where or not driver:
        return None
    compute = usable_compute(facts) or [None]
    return tables.newest_for(where, compute=compute, driver=driver, windows=counts_windows_drivers(facts))


def newest_fitting(facts: Mapping[str, Value]) -> Value:
    """The newest TensorFlow release that fits this machine, "2.20.0"; None where there is none.

    It fits Python, the C library and, where a GPU is wanted, the GPUs and their driver; releases known
    not to work as released are left out. Where a file asks for certain releases it is one of those, if one
    of them fits.

    How: https://www.tensorflow.org/install/source#tested_build_configurations
    """
    where, asked = _platform(facts), _asked_for(facts)
    if not where:
        return None
    return (asked and _fitting(facts, where, asked)) or _fitting(facts, where)


def _asked_for(facts: Mapping[str, Value]) -> str | None:
    """The releases that a file asks for; what a log only mentions is no wish."""
    places = facts.get("wanted.places") or {}
    return facts["wanted.tensorflow"] if "tensorflow.version" in places else None


def _fitting(facts: Mapping[str, Value], where: str, asked: str | None = None) -> str | None:
    python, glibc = facts["python.version"], facts.get("platform.glibc")
    if not facts["wanted.gpu"]:
        return tables.newest_for(where, python=python, glibc=glibc, wanted=asked)
    return tables.newest_for(
        where,
        python=python,
        glibc=glibc,
        compute=usable_compute(facts),
        driver=facts.get("driver.version"),
        windows=counts_windows_drivers(facts),
        wanted=asked,
    )


def wanted_needs_python(facts: Mapping[str, Value]) -> Value:
    """The Python, nearest to this one, for which there is a release that is wanted: "3.10".

    None where there is one for this Python, where there is none at all, and where none is wanted.

    How: envcheck rules compat
    """
    asked = facts["wanted.tensorflow"]
    if not asked:
        return None
    where, minor = _platform(facts), facts["python.minor"]
    if not where or not minor:
        return None
    rows = [row for row in tables.releases(where) if row["python"] and within(row["version"], asked)]
    fitting = [each for each in MINORS if any(tables.admits(row["python"], each) for row in rows)]
    if minor in fitting:
        return None
    return min(fitting, key=lambda each: abs(_order(each) - _order(minor)), default=None)


def _order(minor: str) -> int:
    major, number = dotted(minor)[:2]
    return major * 100 + number


def nearest(facts: Mapping[str, Value]) -> Value:
    """The releases nearest to the one that is wanted, where that was never released: ["1.13.1", "1.13.2"].

    [] where it was released; None where no single release is wanted ("==1.13" is one, ">=2.15" is not).

    How: envcheck rules compat
    """
    wanted = re.fullmatch(r"\s*={2,3}\s*([\w.+!-]+)\s*", facts["wanted.tensorflow"] or "")
    where = _platform(facts) if wanted else None
    if not wanted or not where:
        return None
    version = wanted[1]
    if tables.was_released(version):
        return []
    if tables.is_newer_than_table(version):
        sentence = "{package} {version} is newer than the table of releases, dated {dated}"
        raise NoAnswer("skipped", sentence, package="tensorflow", version=version, dated=tables.dated())
    return tables.nearest(version, where)


def _platform(facts: Mapping[str, Value]) -> str | None:
    return tables.platform(facts["platform.system"], facts["platform.architecture"])


def _known(compute: list[str | None]) -> list[str]:
    if None in compute:
        raise NoAnswer("skipped", "a GPU's compute capability is not known")
    return [each for each in compute if each]


FACTS = (
    gpu_support, gpus_run, newest_for_python, newest_for_gpu, newest_for_driver, newest_fitting,
    wanted_needs_python, nearest,
)  # fmt: skip
