"""CUDA toolkits and the tools in them: nvcc, ptxas, libdevice. None of them says what TensorFlow uses."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping

from ...host import Host
from ...model import Value

Facts = Mapping[str, Value]

#: Where toolkits lie: NVIDIA's own packages, Arch Linux.
FOLDERS = ("/usr/local/cuda*", "/opt/cuda*")
VARIABLES = ("CUDA_HOME", "CUDA_PATH")


def roots(host: Host) -> list[str]:
    """The folders of the toolkits on a Linux machine, links resolved, each once."""
    if host.system != "Linux":
        return []
    found = [path for pattern in FOLDERS for path in host.glob(pattern)]
    named = [value.rstrip("/") for value in map(host.env, VARIABLES) if value]
    folders = {path: host.stat(path) for path in [*named, *found]}
    reals = {str(stat["real"]) for stat in folders.values() if stat and stat["type"] == "dir"}
    return [path for path in sorted(reals) if _is_toolkit(host, path)]


def toolkits(host: Host) -> Value:
    """The CUDA toolkits on this machine: records of path and version (None where it does not say).

    How: ls -d /usr/local/cuda*; cat /usr/local/cuda/version.json
    How on Windows: dir "%ProgramFiles%\\NVIDIA GPU Computing Toolkit\\CUDA"
    """
    return [{"path": path, "version": _version(host, path)} for path in roots(host)]


def nvcc(host: Host, facts: Facts) -> Value:
    """The CUDA compiler: path and version; None where there is none. TensorFlow does not use it.

    How: nvcc --version
    """
    path = _command(host, facts, "nvcc")
    return {"path": path, "version": _release(host, path)} if path else None


def ptxas(host: Host, facts: Facts) -> Value:
    """The PTX assembler that XLA would call: path, version, place ("wheel", "PATH", "toolkit"); None: none.

    How: ptxas --version; ls $SITE/nvidia/*/bin/ptxas
    """
    wheels = _in_wheels(host, facts, "bin/ptxas")
    if wheels:
        return {"path": wheels[0], "version": _release(host, wheels[0]), "place": "wheel"}
    path = _on_path(host, "ptxas")
    place = "PATH" if path else "toolkit"
    path = path or _command(host, facts, "ptxas")
    return {"path": path, "version": _release(host, path), "place": place} if path else None


def libdevice(host: Host, facts: Facts) -> Value:
    """The path of libdevice.10.bc, which XLA links into kernels; None where there is none.

    How: ls $SITE/nvidia/*/nvvm/libdevice /usr/local/cuda*/nvvm/libdevice
    """
    name = "nvvm/libdevice/libdevice.10.bc"
    found = _in_wheels(host, facts, name)
    for root in [t["path"] for t in facts["cuda.toolkits"]]:
        found += [f"{root}/{name}"] if host.stat(f"{root}/{name}") else []
    return found[0] if found else None


def begin(host: Host, facts: Facts) -> None:
    """Start what is asked for its version: a compiler takes its time to answer."""
    wheels = _in_wheels(host, facts, "bin/ptxas")
    for path in (_command(host, facts, "nvcc"), wheels[0] if wheels else _command(host, facts, "ptxas")):
        if path:
            host.start_run([path, "--version"])


FACTS = (toolkits, nvcc, ptxas, libdevice)


def _is_toolkit(host: Host, path: str) -> bool:
    names = host.list(path) or []
    return bool({"version.json", "version.txt", "nvvm", "targets"}.intersection(names))


def _version(host: Host, root: str) -> str | None:
    """version.json (from CUDA 11.1), version.txt (before), cuda.h's CUDA_VERSION, the folder's name."""
    text = host.read(f"{root}/version.json")
    if text:
        try:
            return _dateless(str(json.loads(text)["cuda"]["version"]))
        except (ValueError, KeyError, TypeError):
            pass  # a broken file is no better than none: the next one may say it
    found = re.search(r"CUDA Version (\d[\d.]*)", host.read(f"{root}/version.txt") or "")
    if found:
        return found[1]
    found = re.search(r"#define CUDA_VERSION (\d+)", host.read(f"{root}/include/cuda.h") or "")
    if found:
        number = int(found[1])
        return f"{number // 1000}.{number % 1000 // 10}"
    found = re.search(r"cuda-(\d[\d.]*)$", root)
    return found[1] if found else None


def _dateless(version: str) -> str:
    """CUDA 11's version.json says "11.8.20220929" where its packages are 11.8.0."""
    parts = version.split(".")
    return ".".join(part for part in parts if len(part) < 5)


def _on_path(host: Host, command: str) -> str | None:
    """The first such file on PATH. The commands here have their names on Linux only."""
    for folder in (host.env("PATH") or "").split(":") if host.system == "Linux" else []:
        path = posixpath.join(folder, command)
        stat = host.stat(path) if folder.startswith("/") else None
        if stat and stat["type"] == "file":
            return path
    return None


def _command(host: Host, facts: Facts, command: str) -> str | None:
    path = _on_path(host, command)
    for toolkit in [] if path else facts["cuda.toolkits"]:
        inside = f"{toolkit['path']}/bin/{command}"
        if host.stat(inside):
            return inside
    return path


def _in_wheels(host: Host, facts: Facts, name: str) -> list[str]:
    """Files inside the nvidia wheels of the examined environment: nvidia/cuda_nvcc, nvidia/cu13."""
    library = facts.get("tensorflow.framework_library")
    if not library:
        return []
    site = posixpath.dirname(posixpath.dirname(str(library)))
    return host.glob(f"{site}/nvidia/*/{name}")


def _release(host: Host, path: str) -> str | None:
    """``Cuda compilation tools, release 13.0, V13.0.88`` → ``13.0.88``."""
    answer = host.run([path, "--version"])
    found = re.search(r"release [\d.]+, V(\d[\d.]*)", str((answer or {}).get("out", "")))
    return found[1] if found else None
