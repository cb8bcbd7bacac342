"""What the opened libraries come to: which are missing, where else they lie, which are damaged.

Everything here follows from other facts. The lists are empty, never None, where nothing is wrong.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from ...formats import loader
from ...model import Value
from ...operators import dotted

Facts = Mapping[str, Value]
Records = list[dict[str, Value]]

#: The wheel that brings each library, without its "-cu12": as the wheels' RECORD files list them.
PACKAGES = {
    "libcublas": "nvidia-cublas",
    "libcublasLt": "nvidia-cublas",
    "libcudart": "nvidia-cuda-runtime",
    "libcudnn": "nvidia-cudnn",
    "libcufft": "nvidia-cufft",
    "libcurand": "nvidia-curand",
    "libcusolver": "nvidia-cusolver",
    "libcusparse": "nvidia-cusparse",
    "libnvJitLink": "nvidia-nvjitlink",
}


def loaded(facts: Facts) -> Value:
    """How many of the wanted libraries load: "all", "some", "none"; None where none is wanted.

    How: TF_CPP_VMODULE=dso_loader=1 python -c "import tensorflow as tf; tf.config.list_physical_devices()"
    """
    records = facts["cuda.libraries"]
    well = sum(1 for record in records if record["failure"] is None)
    if not records:
        return None
    return "all" if well == len(records) else "some" if well else "none"


def missing(facts: Facts) -> Value:
    """The sonames that the loader does not find, the innermost ones: a dependency rather than what needs it.

    How: TF_CPP_VMODULE=dso_loader=1 python -c "import tensorflow as tf; tf.config.list_physical_devices()"
    """
    return list(dict.fromkeys(r["missing"] for r in facts["cuda.libraries"] if r["failure"] == "missing"))


def absent(facts: Facts) -> Value:
    """Those of cuda.missing of which no copy in the right version was found anywhere.

    How: find / -name "libcudnn.so*" 2>/dev/null
    How on Windows: where cudnn64_*.dll
    """
    return [name for name in facts["cuda.missing"] if not copies_of(facts, name)]


def absence(facts: Facts) -> Value:
    """How much cuda.absent keeps from loading: "nothing", "cudnn" (it alone), "some", "most" or "all".

    How: find / -name "libcudnn.so*" 2>/dev/null
    How on Windows: where cudnn64_*.dll
    """
    names, records = facts["cuda.absent"], facts["cuda.libraries"]
    touched = [record["soname"] for record in records if record["missing"] in names]
    if not touched:
        return "nothing"
    if all(name.startswith(("libcudnn", "cudnn")) for name in touched):
        return "cudnn"
    if len(touched) == len(records):
        return "all"
    return "most" if 2 * len(touched) > len(records) else "some"


def installed_elsewhere(facts: Facts) -> Value:
    """Copies of missing libraries that exist where the loader does not look: records of soname and path.

    How: find / -name "libcudnn.so*" 2>/dev/null
    How on Windows: where cudnn64_*.dll
    """
    found = ((name, copy) for name in facts["cuda.missing"] for copy in copies_of(facts, name))
    return [{"soname": name, "path": copy["path"]} for name, copy in found]


def outside_runpath(facts: Facts) -> Value:
    """The missing sonames that lie in an nvidia wheel beside TensorFlow, which its wheel should point to.

    How: readelf -d $SITE/tensorflow/libtensorflow_framework.so.2; ls $SITE/nvidia/*/lib
    """
    wanted = facts["cuda.wanted_libraries"]
    return [name for name in facts["cuda.missing"] if name in wanted and beside(facts, name)]


def unreached_folders(facts: Facts) -> Value:
    """The folders that hold the missing libraries, joined by ":" as LD_LIBRARY_PATH wants them; None: none.

    How: find / -name "libcusolver.so*" 2>/dev/null
    How on Windows: where cusolver64_*.dll
    """
    folders = []
    for name in facts["cuda.missing"]:
        copies = beside(facts, name) or [copy["path"] for copy in copies_of(facts, name)]
        folders += [posixpath.dirname(path) for path in copies[:1]]
    return ":".join(dict.fromkeys(folders)) or None


def unreached_file(facts: Facts) -> Value:
    """The path of the one library that TensorFlow's wheel does not point to; None: not exactly one.

    How: find $SITE/nvidia -name "libcusolver.so*"
    """
    paths = [path for name in facts["cuda.outside_runpath"] for path in beside(facts, name)[:1]]
    return paths[0] if len(paths) == 1 else None


def reached_folder(facts: Facts) -> Value:
    """A folder of an nvidia wheel in which TensorFlow's loader does look; None where there is none.

    How: readelf -d $SITE/tensorflow/libtensorflow_framework.so.2
    """
    wheels = [posixpath.dirname(c["path"]) for c in facts["cuda.copies"] if c["place"] == "wheel"]
    return next((folder for folder in facts["cuda.runpath"] if folder in wheels), None)


def other_versions(facts: Facts) -> Value:
    """Copies of absent libraries in another version than the wanted one: records of soname and path.

    How: find / -name "libcudart.so*" 2>/dev/null
    How on Windows: where cudart64_*.dll
    """
    return [
        {"soname": name, "path": copy["path"]}
        for name in facts["cuda.absent"]
        for copy in facts["cuda.copies"]
        if loader.stem(copy["soname"]) == loader.stem(name)
    ]


def other_cuda(facts: Facts) -> Value:
    """The version of a CUDA that is installed while the wanted CUDA runtime is not, "11.8"; None: none.

    How: ls -d /usr/local/cuda*; find / -name "libcudart.so*" 2>/dev/null
    How on Windows: where cudart64_*.dll
    """
    runtimes = [c["path"] for c in facts["cuda.other_versions"] if loader.stem(c["soname"]) == "libcudart"]
    found = [_version_of(facts, path) for path in runtimes]
    return max((version for version in found if version), key=dotted, default=None)


def other_cudnn(facts: Facts) -> Value:
    """The version of a cuDNN that is installed while the wanted major version is not, "8"; None: none.

    How: find / -name "libcudnn.so*" 2>/dev/null
    How on Windows: where cudnn64_*.dll
    """
    others = [c["path"] for c in facts["cuda.other_versions"] if loader.stem(c["soname"]) == "libcudnn"]
    return next((loader.number(posixpath.basename(path)) for path in others), None)


def crashing(facts: Facts) -> Value:
    """Libraries that killed the process that opened them, or asked their version: soname, path, signal.

    How: python -c "import ctypes; ctypes.CDLL('<path>')"
    """
    records = [record for record in facts["cuda.libraries"] if record["signal"]]
    return [{name: record[name] for name in ("soname", "path", "signal")} for record in records]


def unusable(facts: Facts) -> Value:
    """Libraries that are there and cannot be used (cut off, damaged, crashing): soname, path, why.

    How: python -c "import ctypes; ctypes.CDLL('…')"
    """
    cut = _cut_off(facts)
    # What crashes where a file is cut off does so for that file; cuDNN without a part does so for that part.
    excused = bool(cut) or bool(facts["cuda.cudnn_parts_missing"])
    found = [
        {"soname": r["soname"], "path": r["path"], "why": r["error"] or r["signal"]}
        for r in facts["cuda.libraries"]
        if r["failure"] in ("damaged", "other") or (r["signal"] and not excused)
    ]
    return list({entry["path"]: entry for entry in [*found, *cut]}.values())


def unusable_package(facts: Facts) -> Value:
    """The installed nvidia wheel that the first of cuda.unusable belongs to: its name; None: to no wheel.

    How: pip show -f nvidia-cusolver-cu12
    """
    paths = [str(entry["path"]) for entry in facts["cuda.unusable"]]
    return package_of(facts, paths[0]) if paths else None


def not_loading(facts: Facts) -> Value:
    """The sonames that stand in the way: the missing, innermost ones, then those that cannot be used.

    How: TF_CPP_VMODULE=dso_loader=1 python -c "import tensorflow as tf; tf.config.list_physical_devices()"
    """
    unusable = [str(entry["soname"]) for entry in facts["cuda.unusable"]]
    return list(dict.fromkeys([*facts["cuda.missing"], *unusable]))


def cudnn_missing(facts: Facts) -> Value:
    """The files of cuDNN that are not there: libcudnn itself, or what it opens; [] where all are.

    How: ls $SITE/nvidia/cudnn/lib; ldconfig -p | grep libcudnn
    """
    absent = [name for name in facts["cuda.absent"] if name.startswith("libcudnn")]
    return [*absent, *facts["cuda.cudnn_parts_missing"]]


def unusable_version(facts: Facts) -> Value:
    """The version of cuda.unusable_package; None where there is none.

    How: pip show nvidia-cusolver-cu12
    """
    return facts["python.packages"].get(facts["cuda.unusable_package"])


def emptied_version(facts: Facts) -> Value:
    """The version of cuda.emptied_package; None where there is none.

    How: pip list | grep nvidia
    """
    return facts["python.packages"].get(facts["cuda.emptied_package"])


def emptied_package(facts: Facts) -> Value:
    """The first nvidia wheel that is installed by its metadata while its library is gone; None: none.

    How: pip list | grep nvidia; ls $SITE/nvidia/*/lib
    """
    packages = facts["python.packages"]
    stems = [loader.stem(name) for name in facts["cuda.absent"]]
    prefixes = [f"{PACKAGES[stem]}-cu" for stem in stems if stem in PACKAGES]
    return next((name for prefix in prefixes for name in packages if name.startswith(prefix)), None)


FACTS = (
    loaded, missing, absent, absence, installed_elsewhere, outside_runpath, unreached_folders, unreached_file,
    reached_folder, other_versions, other_cuda, other_cudnn, crashing, unusable, unusable_package,
    unusable_version, emptied_package, emptied_version, not_loading, cudnn_missing,
)  # fmt: skip


def package_of(facts: Facts, path: str) -> str | None:
    """The installed wheel a library lies in: ``…/nvidia/cusolver/lib/x`` → ``nvidia-cusolver-cu12``."""
    found = re.search(r"/nvidia/([^/]+)/lib/", path)
    prefix = f"nvidia-{found[1].replace('_', '-')}-cu" if found else None
    return next((name for name in facts["python.packages"] if prefix and name.startswith(prefix)), None)


def _cut_off(facts: Facts) -> Records:
    """Files that end too early, among those that TensorFlow takes and those of the nvidia wheels."""
    taken = [record["path"] for record in facts["cuda.libraries"]]
    why = "cut off: the file ends before its contents do"
    return [
        {"soname": copy["soname"], "path": copy["path"], "why": why}
        for copy in facts["cuda.copies"]
        if copy["cut"] and (copy["place"] == "wheel" or copy["path"] in taken)
    ]


def copies_of(facts: Facts, soname: str) -> Records:
    """The copies of a library, in the version that its soname stands for."""
    return [copy for copy in facts["cuda.copies"] if loader.is_copy_of(copy["soname"], soname)]


def beside(facts: Facts, soname: str) -> list[str]:
    """The paths of a library in the nvidia wheels that lie beside TensorFlow."""
    site = posixpath.dirname(posixpath.dirname(str(facts["tensorflow.framework_library"])))
    return [copy["path"] for copy in copies_of(facts, soname) if copy["path"].startswith(f"{site}/nvidia/")]


def _version_of(facts: Facts, path: str) -> str | None:
    """A runtime's version: its toolkit's, else the one in the name of the file behind it.

    The soname of all CUDA 11 runtimes is libcudart.so.11.0, that of the file libcudart.so.11.8.89.
    """
    real = next((copy["real"] for copy in facts["cuda.copies"] if copy["path"] == path), path)
    for toolkit in facts["cuda.toolkits"]:
        if toolkit["version"] and any(p.startswith(toolkit["path"] + "/") for p in (path, real)):
            return str(toolkit["version"])
    number = loader.number(posixpath.basename(real)) or loader.number(posixpath.basename(path))
    return ".".join(number.split(".")[:2]) if number else None
