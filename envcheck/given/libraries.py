"""CUDA libraries in a log: which TensorFlow opened, which it did not find, and what the toolkits told of
would bring.

``Could not load dynamic library 'libcudart.so.11.0'``, ``libcublas.so.9.0: cannot open shared object file``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from .. import tables
from ..formats import loader
from ..model import Value
from ..operators import dotted
from ..patterns import Pattern
from .reading import STATED, Told

_KINDS = "cudart|cublas|cublasLt|cufft|curand|cusolver|cusparse|cudnn"
_NAME = rf"(?P<name>lib(?:{_KINDS})\.so[.\d]*|(?:{_KINDS})64_\d+\.dll)"
_OPENED = Pattern(rf"[Ss]uccessfully opened (?:dynamic|CUDA) library {_NAME}")
_MISSING = (
    Pattern(rf"Could not (?:load|dlopen|find) (?:dynamic |CUDA )?(?:library )?['\"]?{_NAME}"),
    Pattern(rf"Couldn't open CUDA library {_NAME}"),
    Pattern(rf"{_NAME}: cannot open shared object file: No such file"),
)


def read(text: str) -> Iterator[Told]:
    """``cuda.libraries``, as far as the log names them."""
    opened = {found["name"]: found.start() for found in _OPENED.finditer(text)}
    missing = {found["name"]: found.start() for pattern in _MISSING for found in pattern.finditer(text)}
    places = {**opened, **missing}
    if missing:
        records = [_record(name, name in missing) for name in sorted(places, key=lambda name: places[name])]
        yield Told(STATED, min(missing.values()), {"cuda.libraries": records})


def _record(name: str, missing: bool) -> dict[str, Value]:
    nothing = dict.fromkeys(("path", "real", "origin", "version", "error", "provider", "signal"))
    failure = {"failure": "missing", "missing": name} if missing else {"failure": None, "missing": None}
    return {"soname": name, **nothing, **failure, "rivals": []}


# --- what follows ---------------------------------------------------------------------------------


def copies(facts: Mapping[str, Value]) -> Value:
    """Copies of the missing libraries in the toolkits and the cuDNN that were told of; the toolkit's path
    where it is known, else its version stands for it."""
    names = [record["missing"] for record in facts["cuda.libraries"] if record["failure"] == "missing"]
    of_cudnn = [name for name in names if "cudnn" in name]
    of_cuda = [name for name in names if name not in of_cudnn]
    found: list[Value] = []
    if of_cuda:
        found += [
            _copy(name, t)
            for t in facts["cuda.toolkits"]
            for name in of_cuda
            if brings(str(t["version"]), name)
        ]
    if of_cudnn:
        version = facts["cuda.cudnn_version"]
        found += [
            _copy(name, {"path": None, "version": version})
            for name in of_cudnn
            if _number(name) == str(version).split(".")[0]
        ]
    return found


def _copy(name: str, toolkit: Mapping[str, Value]) -> dict[str, Value]:
    path = f"{toolkit['path'] or '/usr/local/cuda-' + str(toolkit['version'])}/lib64/{name}"
    return {"soname": name, "path": path, "real": path, "cut": False, "place": "elsewhere"}


def _number(name: str) -> str:
    """The version in a library's name: ``libcudnn.so.7`` → ``7``, ``cudart64_110.dll`` → ``11.0``."""
    dll = re.search(r"64_(\d+)\.dll$", name)
    if not dll:
        return loader.number(name) or ""
    digits = dll[1]
    return (
        f"{digits[:-1]}.{digits[-1]}"
        if len(digits) > 2 or (len(digits) == 2 and digits[0] != "1")
        else digits
    )


def brings(cuda: str, name: str) -> bool:
    """Whether a CUDA release has a library of this name: by the table, else by the numbers."""
    for release in ("2.20.0", "2.14.0", "2.10.0", "2.4.0", "2.3.0", "2.0.0"):
        for windows in (False, True):
            names = tables.libraries(cuda, "8", release, windows)
            if name in names:
                return True
    number, have = dotted(_number(name)), dotted(cuda)
    if not number or "cusolver" in name or "cufft" in name or "curand" in name:
        return bool(number) and have[:1] == number[:1]
    if number[0] == 11 and name.startswith(("libcudart", "cudart")):
        return have[0] == 11  # one soname for all of CUDA 11
    return have[: len(number)] == number


def other_cuda(facts: Mapping[str, Value]) -> Value:
    """The newest toolkit that was told of, where none of them brings what is missing."""
    absent = [name for name in facts["cuda.absent"] if "cudnn" not in name]
    if not absent:
        return None
    versions = [str(toolkit["version"]) for toolkit in facts["cuda.toolkits"] if toolkit["version"]]
    return max(versions, key=dotted, default=None)


def other_cudnn(facts: Mapping[str, Value]) -> Value:
    """The cuDNN that was told of, where it is not of the wanted version."""
    absent = [name for name in facts["cuda.absent"] if "cudnn" in name]
    version = facts["cuda.cudnn_version"] if absent else None
    if absent and version is None:
        return None
    return str(version).split(".")[0] if absent else None


def cudnn_missing(facts: Mapping[str, Value]) -> Value:
    """Of what is missing that which is cuDNN's; the files beside it no log tells of."""
    return [name for name in facts["cuda.missing"] if "cudnn" in name]
