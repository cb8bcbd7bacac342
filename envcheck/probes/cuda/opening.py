"""What each CUDA library that this TensorFlow needs resolves to, found by opening it in a child."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from ... import tables
from ...formats import loader
from ...host import Host
from ...model import NoAnswer, Value

Facts = Mapping[str, Value]
Results = list[dict[str, Any]]

#: Further libraries that TensorFlow opens late: NCCL for several GPUs, CUPTI for the profiler.
#: That a GPU is listed without them was measured with 2.21.0.
NCCL = "libnccl.so.2"
#: What libcudnn opens by name at first use: the sub-libraries that NVIDIA's API overviews of cuDNN 8 and 9
#: list (https://docs.nvidia.com/deeplearning/cudnn/backend/latest/api/overview.html). The wheel 9.28.0.42
#: holds those of 9 and three newer ones.
PARTS = {
    "libcudnn.so.8": [
        f"libcudnn_{part}_{use}.so.8" for part in ("ops", "cnn", "adv") for use in ("infer", "train")
    ],
    "libcudnn.so.9": [
        f"libcudnn_{part}.so.9"
        for part in (
            "graph", "ops", "cnn", "adv", "heuristic", "engines_precompiled", "engines_runtime_compiled",
        )
    ],
}  # fmt: skip
#: Libraries that the wanted ones need themselves; they can be the missing link.
BEHIND = ("libnvJitLink.so", "libnvrtc.so")
#: A child may be killed once per library and once per version; the rest is not worth the time.
MOST_RUNS = 6
NOT_REACHED: Mapping[str, Value] = {"error": "not opened, since too many others ended the process"}


def wanted_libraries(host: Host, facts: Facts) -> Value:
    """The CUDA libraries that this TensorFlow build opens, as sonames (on Windows, DLLs) in its order; [] for
    a CPU build.

    The driver's own (libcuda, libnvidia-ml) are not among them: they are the driver layer's.
    How: TF_CPP_VMODULE=dso_loader=1 python -c "import tensorflow as tf; tf.config.list_physical_devices()"
    """
    version, build = facts["tensorflow.version"], facts["tensorflow.cuda_build"]
    if version is None or build is False:
        return []
    cuda, cudnn = facts["tensorflow.cuda"], facts["tensorflow.cudnn"]
    if build is None and cuda is None:
        return []
    windows = host.system == "Windows"
    sonames = tables.libraries(cuda, cudnn, version, windows) if cuda else []
    if not sonames and host.system != "Linux":
        raise NoAnswer("skipped", "CUDA libraries are opened on Linux only")
    if not sonames:
        raise NoAnswer(
            "failed",
            "which CUDA libraries TensorFlow {version} opens is not in the table of {dated}",
            version=version,
            dated=tables.dated(),
        )
    return [name for name in dict.fromkeys(sonames) if not name.startswith(("libcuda.", "libnvidia-ml."))]


def runpath(host: Host, facts: Facts) -> Value:
    """The folders in which the file that opens the CUDA libraries tells the loader to look, in order.

    How: readelf -d $SITE/tensorflow/libtensorflow_framework.so.2
    """
    if not facts["cuda.wanted_libraries"]:
        return []
    event = loader.last(_results(host, facts), "caller").get("", {})
    paths = [*event.get("rpath", []), *event.get("runpath", [])]
    return list(dict.fromkeys(posixpath.normpath(path) for path in paths))


def libraries(host: Host, facts: Facts) -> Value:
    """What each wanted library resolves to, in TensorFlow's order: a list of records.

    soname; path and real (the file behind it), None where none was found; origin "wheel",
    "ld_library_path" or "system"; version (its own number); error (the loader's words); failure
    "missing", "damaged", "symbols", "crash" or "other", None where it loads; missing (the innermost
    soname); provider (what a symbol was wanted of); signal (that killed the process when it was opened, or
    asked for its version); rivals (paths of the other copies).
    How: TF_CPP_VMODULE=dso_loader=1 python -c "import tensorflow as tf; tf.config.list_physical_devices()"
    """
    wanted = facts["cuda.wanted_libraries"]
    if not wanted:
        return []
    results, copies = _results(host, facts), facts["cuda.copies"]
    opened, versions = loader.last(results, "opened"), loader.last(results, "version")
    killed = {str(entry["soname"]): entry for entry in map(loader.killer, results) if entry}
    sites = _sites(facts)
    return [
        _record(
            soname,
            opened.get(soname),
            killed.get(soname),
            versions.get(soname, {}).get("version"),
            [copy for copy in copies if loader.is_copy_of(posixpath.basename(copy["path"]), soname)],
            sites,
        )
        for soname in wanted
    ]


def copies(host: Host, facts: Facts) -> Value:
    """Every copy of a CUDA library that was found, wherever it lies: records of

    soname, path, real (the file behind it), cut (the file ends before its contents do), place:
    "wheel", "ld_library_path", "cache" (the loader's own, ldconfig) or "elsewhere" (a toolkit
    or environment that the loader does not look into).
    How: ldconfig -p; ls /usr/local/cuda*/lib64 $SITE/nvidia/*/lib
    """
    if not facts["cuda.wanted_libraries"]:
        return []
    found = loader.last(_results(host, facts), "copies").get("", {}).get("copies", [])
    sites = _sites(facts)
    return [
        {
            "soname": posixpath.basename(copy["path"]),
            "path": copy["path"],
            "real": copy["real"],
            "cut": copy.get("cut", False),
            "place": _place(copy, sites),
        }
        for copy in found
    ]


def cudnn_parts_missing(host: Host, facts: Facts) -> Value:
    """The libraries that cuDNN opens itself and that do not lie beside it; [] where all are there.

    How: ls $(dirname .../libcudnn.so.9)
    """
    if not facts["cuda.wanted_libraries"]:
        return []
    parts = loader.last(_results(host, facts), "parts").values()
    return [name for event in parts for name in event["missing"]]


def nccl(host: Host, facts: Facts) -> Value:
    """The path of the NCCL library that TensorFlow would open; None: there is none, or none is needed.

    How: ldconfig -p | grep libnccl; ls $SITE/nvidia/nccl/lib
    """
    return _late(host, facts, "libnccl") if facts["cuda.wanted_libraries"] else None


def cupti(host: Host, facts: Facts) -> Value:
    """The path of the CUPTI library that the profiler would open; None: there is none, or none is needed.

    How: ldconfig -p | grep libcupti; ls $SITE/nvidia/cuda_cupti/lib
    """
    return _late(host, facts, "libcupti") if facts["cuda.wanted_libraries"] else None


def begin(host: Host, facts: Facts) -> None:
    """Start the child that opens the libraries, if there are any to open: it takes a while."""
    if host.system == "Linux" and facts["cuda.wanted_libraries"]:
        host.start("libraries", **_args(facts), skip=[])


FACTS = (wanted_libraries, runpath, copies, libraries, cudnn_parts_missing, nccl, cupti)


def _results(host: Host, facts: Facts) -> Results:
    """What the children said: one, and one more for each library that killed the one before."""
    if host.system != "Linux":
        raise NoAnswer("skipped", "CUDA libraries are opened on Linux only")
    args = _args(facts)
    results: Results = []
    skip: list[str] = []
    while len(results) < MOST_RUNS:
        results.append(host.child("libraries", **args, skip=list(skip)))
        killed = loader.killer(results[-1])
        if killed is None:
            break
        if killed["soname"] is None:
            tail = str(results[-1]["log"]["head"]).strip()[-300:]
            raise NoAnswer("failed", "the child that opens the libraries ended early: {log}", log=tail)
        skip.append(loader.skipped(killed))
    return results


def _args(facts: Facts) -> dict[str, Value]:
    sonames = facts["cuda.wanted_libraries"]
    parts = {name: names for name, names in PARTS.items() if name in sonames}
    within = [part for names in parts.values() for part in names]
    stems = [loader.stem(name) for name in [*sonames, *within, *BEHIND, NCCL, "libcupti.so"]]
    return {
        "caller": _caller(facts),
        "sonames": sonames,
        "lazily": [NCCL, *_cupti_names(str(facts["tensorflow.cuda"]))],
        "parts": parts,
        "sites": _sites(facts),
        "stems": list(dict.fromkeys(stems)),
    }


def _caller(facts: Facts) -> str:
    name = tables.dlopen_caller(facts["tensorflow.version"])
    library = facts["tensorflow.framework_library"]
    if library is None or name is None:
        raise NoAnswer("failed", "the file of TensorFlow that opens the CUDA libraries is not there")
    return posixpath.join(posixpath.dirname(library), posixpath.basename(name))


def _cupti_names(cuda: str) -> list[str]:
    """CUPTI's soname carries major and minor up to CUDA 11, the major alone from 12 on (toolkits' lists)."""
    major, minor = (*cuda.split("."), "0")[:2]
    return [f"libcupti.so.{major}"] if int(major) >= 12 else [f"libcupti.so.{major}.{minor}"]


def _sites(facts: Facts) -> list[str]:
    """The site-packages folders that hold TensorFlow and nvidia wheels."""
    own = posixpath.dirname(posixpath.dirname(str(facts["tensorflow.framework_library"])))
    entries = facts.get("python.distributions", []) or []
    wheels = [e["location"] for e in entries if str(e.get("name", "")).startswith("nvidia-")]
    return [site for site in dict.fromkeys([own, *wheels]) if site]


def _in_wheel(path: str | None, sites: list[str]) -> bool:
    return any(str(path).startswith(f"{site}/nvidia/") for site in sites)


def _place(copy: Mapping[str, Value], sites: list[str]) -> Value:
    if _in_wheel(copy["path"], sites) or _in_wheel(copy["real"], sites):
        return "wheel"
    return "elsewhere" if copy["how"] == "place" else copy["how"]


def _origin(path: str | None, real: str | None, how: str | None, sites: list[str]) -> str | None:
    if path is None:
        return None
    if _in_wheel(path, sites) or _in_wheel(real, sites):
        return "wheel"
    return "ld_library_path" if how == "ld_library_path" else "system"


def _record(
    soname: str,
    opened: Mapping[str, Value] | None,
    killed: Mapping[str, Value] | None,
    version: str | None,
    copies: list[dict[str, Value]],
    sites: list[str],
) -> dict[str, Value]:
    crashed = killed if killed and killed["doing"] == "open" else None
    event: Mapping[str, Value] = opened or crashed or NOT_REACHED
    path, error = event.get("path"), event.get("error")
    real = event.get("real") or path
    failure = "crash" if crashed else loader.failure(error)
    return {
        "soname": soname,
        "path": path,
        "real": real,
        "origin": _origin(path, real, event.get("how"), sites),
        "version": version,
        "error": error,
        "failure": failure,
        "missing": loader.innermost(error) if error else None,
        "provider": event.get("provider"),
        "signal": killed["signal"] if killed else None,
        "rivals": [copy["path"] for copy in copies if copy["real"] != real and copy["path"] != path],
    }


def _late(host: Host, facts: Facts, stem: str) -> Value:
    found = loader.last(_results(host, facts), "found")
    return next((e["path"] for name, e in found.items() if loader.stem(name) == stem), None)
