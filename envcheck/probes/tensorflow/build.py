"""What the installed TensorFlow was built for: its own build info, else the table of releases."""

from __future__ import annotations

from collections.abc import Mapping

from ... import tables
from ...formats import build_info
from ...host import Host
from ...model import NoAnswer, Value
from ...operators import dotted
from .distributions import folder

#: What a row of the table is found by.
_NAMES = ("tensorflow.distribution", "tensorflow.version", "platform.system", "platform.architecture")


def _own(host: Host) -> dict[str, Value]:
    """The build info in the package's files; {} where there are none."""
    text = folder(host).get("build_info")
    try:
        return build_info.parse(text) if text else {}
    except ValueError as error:
        raise NoAnswer("failed", "the build info cannot be read: {error}", error=str(error)) from None


def row(facts: Mapping[str, Value]) -> Mapping[str, Value] | None:
    """The release's row of the table; None where it has none."""
    name, version = facts["tensorflow.distribution"], facts["tensorflow.version"]
    where = tables.platform(facts["platform.system"], facts["platform.architecture"])
    return tables.release(name, version, where) if name and version and where else None


def kernels(facts: Mapping[str, Value]) -> dict[str, Value]:
    """What the table knows of this build's kernels: the columns ``ptx`` and ``jit``, or None for both.

    It was read from the released wheels: a build for other architectures under the same number (NVIDIA's
    containers have such) has other kernels.
    """
    # Where it is not known which release this is (`explain`), the build's own words must do.
    named = all(facts.get(name) for name in _NAMES)
    known = (row(facts) if named else None) or {}
    alike = set(known.get("compute") or []) == set(facts.get("tensorflow.compute") or [])
    return {name: known.get(name) if alike else None for name in ("ptx", "jit")}


def _as_built(facts: Mapping[str, Value], cuda: str) -> dict[str, Value]:
    """The build as a row of the table, by its own word where it gives one."""
    least = _least(cuda, counts_windows_drivers(facts))
    compute = facts.get("tensorflow.compute") or []
    return {"cuda": cuda, "compute": compute, "min_driver": least, **kernels(facts)}


def counts_windows_drivers(facts: Mapping[str, Value]) -> bool:
    """Whether the driver's number is that of a Windows driver, as it is in WSL."""
    return facts["platform.system"] == "Windows" or facts.get("platform.wsl") is not None


def _least(cuda: str, windows: bool) -> Value:
    """The floor of a CUDA release. A release that the table does not know has no *known* floor."""
    found = tables.min_driver(cuda, windows)
    if found is None:
        raise NoAnswer(
            "skipped",
            "the table of CUDA releases, dated {dated}, has no driver for CUDA {cuda}",
            cuda=cuda,
            dated=tables.dated(),
        )
    return found


def _column(facts: Mapping[str, Value], column: str) -> Value:
    """A column of that row. None where no TensorFlow is installed, or the wheel does not say."""
    found = row(facts)
    if found is not None:
        return found[column] or None
    if facts["tensorflow.version"] is None:
        return None
    package, version = facts["tensorflow.distribution"] or "tensorflow", facts["tensorflow.version"]
    if tables.is_newer_than_table(version, package) or tables.is_newer_than_table(version):
        raise NoAnswer(
            "skipped",
            "{package} {version} is newer than the table of releases, dated {dated}",
            package=package,
            version=version,
            dated=tables.dated(),
        )
    raise NoAnswer(
        "skipped", "the table of releases has no {package} {version}", package=package, version=version
    )


def cuda_build(host: Host, facts: Mapping[str, Value]) -> Value:
    """Whether the installed TensorFlow was compiled with CUDA; None where none is installed.

    How: python -c "import tensorflow as tf; print(tf.test.is_built_with_cuda())"
    """
    said = build_info.is_cuda(_own(host))
    return said if said is not None or facts["tensorflow.version"] is None else bool(_column(facts, "cuda"))


def build_cuda(host: Host) -> Value:
    """The CUDA version that the build info names, "12.5.1"; None where it names none.

    How: python -c "import tensorflow as tf; print(tf.sysconfig.get_build_info())"
    """
    return build_info.cuda(_own(host))


def build_cudnn(host: Host) -> Value:
    """The cuDNN version that the build info names, "9"; None where it names none.

    How: python -c "import tensorflow as tf; print(tf.sysconfig.get_build_info())"
    """
    return build_info.cudnn(_own(host))


def build_compute(host: Host) -> Value:
    """What the build info has GPU code for, ["sm_60", "compute_90"]; None where it does not say.

    How: python -c "import tensorflow as tf; print(tf.sysconfig.get_build_info())"
    """
    return build_info.compute(_own(host))


def cuda(facts: Mapping[str, Value]) -> Value:
    """The CUDA version that the installed TensorFlow was built with, "12.5.1"; None for a CPU build.

    How: python -c "import tensorflow as tf; print(tf.sysconfig.get_build_info()['cuda_version'])"
    """
    return _of_build(facts, "tensorflow.build_cuda", "cuda")


def cudnn(facts: Mapping[str, Value]) -> Value:
    """The cuDNN version that the installed TensorFlow was built with, "9"; None for a CPU build.

    How: python -c "import tensorflow as tf; print(tf.sysconfig.get_build_info()['cudnn_version'])"
    """
    return _of_build(facts, "tensorflow.build_cudnn", "cudnn")


def compute(facts: Mapping[str, Value]) -> Value:
    """What the installed TensorFlow has GPU code for, ["sm_60", …, "compute_90"]; None for a CPU build.

    How: python -c "import tensorflow as tf; print(tf.sysconfig.get_build_info())"
    """
    return _of_build(facts, "tensorflow.build_compute", "compute")


def _of_build(facts: Mapping[str, Value], own: str, column: str) -> Value:
    """The wheel's own word, else the table's. Releases from 2.22 on say less about themselves."""
    if not facts["tensorflow.cuda_build"]:
        return None
    said = facts[own]
    if not said:
        return _column(facts, column)
    if said == "10":  # 1.15 and 2.0 mean 10.0 by it, and 2.2 means 10.1
        return (row(facts) or {}).get(column) or said
    return said


def build_differs(facts: Mapping[str, Value]) -> Value:
    """Where the build says otherwise than the table of releases: a list of {what, build, table}.

    ``what``: "cuda", "cudnn" or "compute". Such a build is not the released wheel of that number. [] where
    they agree; None where one of the two says nothing.

    How: python -c "import tensorflow as tf; print(tf.sysconfig.get_build_info())"
    """
    known = row(facts)
    said = {name: facts[f"tensorflow.build_{name}"] for name in ("cuda", "cudnn", "compute")}
    if known is None or not any(said.values()):
        return None
    return [
        {"what": name, "build": value, "table": known[name]}
        for name, value in said.items()
        if value and not _agree(value, known[name])
    ]


def _agree(build: Value, table: Value) -> bool:
    if isinstance(build, list):
        return set(build) == set(table or [])
    said, known = dotted(str(build)), dotted(str(table or ""))
    length = min(len(said), len(known))
    return length > 0 and said[:length] == known[:length]


def usable_compute(facts: Mapping[str, Value]) -> list[str | None]:
    """The compute capabilities of the GPUs that a program may use, None for one that is not known.

    All GPUs where the driver does not tell which are usable, or leaves none.
    """
    usable = facts.get("driver.usable_gpus") or []
    gpus = facts.get("hardware.gpus") or []
    return [gpu["compute"] for gpu in gpus if not usable or gpu["bus_id"] in usable]


def min_driver(facts: Mapping[str, Value]) -> Value:
    """The oldest NVIDIA driver with which all kernels of this build run on the usable GPUs, "525.60.13" (on
    Windows and WSL, the Windows driver's number); None for a CPU build.

    Where kernels exist for a GPU as PTX alone, it is the first driver that can compile that PTX.

    How: https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
    """
    cuda = facts["tensorflow.cuda"]
    if cuda is None:
        return None
    return tables.driver_for(_as_built(facts, cuda), usable_compute(facts), counts_windows_drivers(facts))


def driver_floor(facts: Mapping[str, Value]) -> Value:
    """The oldest NVIDIA driver with which this build computes anything on one of the usable GPUs,
    "525.60.13"; None for a CPU build.

    Below it nothing runs. Between it and ``tensorflow.min_driver``, kernels that exist as PTX alone may
    fail at their first use.

    How: https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
    """
    cuda = facts["tensorflow.cuda"]
    if cuda is None:
        return None
    return tables.driver_floor(_as_built(facts, cuda), usable_compute(facts), counts_windows_drivers(facts))


def requires_python(facts: Mapping[str, Value]) -> Value:
    """The Pythons that this release has wheels for, ">=3.10,<3.14"; None where it does not say.

    How: pip show tensorflow
    """
    return _column(facts, "python")


def requires_numpy(facts: Mapping[str, Value]) -> Value:
    """The NumPy that this release asks for, ">=1.26.0"; None where it asks for none.

    How: pip show tensorflow
    """
    return _column(facts, "numpy")


def requires_protobuf(facts: Mapping[str, Value]) -> Value:
    """The protobuf that this release asks for, ">=6.31.1,<8"; None where it asks for none.

    How: pip show tensorflow
    """
    return _column(facts, "protobuf")


def requires_keras(facts: Mapping[str, Value]) -> Value:
    """The Keras that this release asks for, ">=3.12.0"; None where it asks for none.

    How: pip show tensorflow
    """
    return _column(facts, "keras")


def glibc(facts: Mapping[str, Value]) -> Value:
    """The oldest glibc that this release's wheel works with, "2.27"; None where it does not say.

    How: https://peps.python.org/pep-0600/
    """
    return _column(facts, "glibc")


def pip_needed(facts: Mapping[str, Value]) -> Value:
    """The oldest pip that knows this release's wheel tag, "20.3"; None where any does.

    How: https://peps.python.org/pep-0600/
    """
    return _column(facts, "pip")


FACTS = (
    cuda_build,
    build_cuda,
    build_cudnn,
    build_compute,
    cuda,
    cudnn,
    compute,
    build_differs,
    min_driver,
    driver_floor,
    requires_python,
    requires_numpy,
    requires_protobuf,
    requires_keras,
    glibc,
    pip_needed,
)
