"""What follows from several tables together: whether a build runs on a GPU, and which release fits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from ..model import Text, Value, fill
from ..operators import below, dotted, within
from ..words import mark
from .cuda_table import cuda_of_ptx, min_driver
from .files import Row
from .ranges import admits
from .release_table import broken, release, releases

_CODE = re.compile(r"(?P<kind>sm|compute)_(?P<number>\d+)(?P<suffix>[af]?)")


class Support(NamedTuple):
    """Whether a build runs on a GPU.

    ``runs``: ``"native"`` (machine code), ``"ptx-jit"`` (compiled by the driver at first use) or ``"no"``;
    ``why``: one sentence; ``code``: what it runs, ``"sm_80"``; ``share``: the part of the kernels that is
    machine code, ``"249/1398"``, where it is known and not all. ``reason``: None where all of them are;
    "partly-ptx" (see ``share``); "too-old" or "too-new" for a GPU before or after all that the build has
    code for; "no-code" for one in between, or of a build without any.
    """

    runs: str
    why: str
    code: str | None = None
    share: str | None = None
    reason: str | None = None


class Misfit(NamedTuple):
    """Why a release does not fit: ``what`` is python, glibc, cpu-build, broken, gpu or driver.

    ``text``: a constant sentence, to be translated, or one that the tables have in both languages;
    ``values``: what stands in its ``{places}``.
    """

    what: str
    text: Text
    values: Mapping[str, Value]

    @property
    def why(self) -> str:
        """The sentence in English."""
        return fill(self.text.en, self.values)


class Code(NamedTuple):
    """One entry of a build's list of architectures: ``sm_90a`` is ``("sm", (9, 0), "a")``."""

    kind: str
    number: tuple[int, int]
    suffix: str

    def __str__(self) -> str:
        return f"{self.kind}_{self.number[0]}{self.number[1]}{self.suffix}"


@cache
def parsed(name: str) -> Code | None:
    """``"compute_120"`` → ``Code("compute", (12, 0), "")``; None for what is no architecture."""
    parts = _CODE.fullmatch(name)
    if parts is None:
        return None
    return Code(parts["kind"], (int(parts["number"]) // 10, int(parts["number"]) % 10), parts["suffix"])


def gpu_support(codes: Sequence[str], compute: str, jit: str | None = None) -> Support:
    """Whether a build with these codes (``["sm_80", "compute_90"]``) runs on such a GPU (``"8.6"``).

    Machine code runs on GPUs of its own major version with an equal or higher minor one, ``a`` variants only
    on theirs; PTX is compiled for any later GPU, ``a`` and ``f`` variants are not
    (https://docs.nvidia.com/cuda/cuda-c-programming-guide/, "Application Compatibility"). TensorFlow's
    ``compute_90`` stands for PTX and, in a part of the kernels, machine code: ``jit``, the column of
    tensorflow.csv, says in how many of them there is only PTX (``"1149/1398"``).
    """
    gpu, known = _number(compute), _codes(codes)
    native = [found for found in known if _is_native(found, gpu)]
    if native:
        best = max(native, key=lambda found: (found.number, found.kind == "sm"))
        ptx_too = any(found.kind == "compute" and found.number == best.number for found in native)
        return _native(best, jit if ptx_too else None)
    ptx = [found for found in known if found.kind == "compute" and not found.suffix and found.number <= gpu]
    if ptx:
        code = str(max(ptx, key=lambda found: found.number))
        why = f"no machine code for compute capability {compute}: {code} is compiled at first use"
        return Support("ptx-jit", why, code, reason=_reason(known, gpu))
    return Support("no", _no_code(known, gpu, compute).why, reason=_reason(known, gpu))


def _number(compute: str) -> tuple[int, ...]:
    return (*dotted(compute), 0, 0)[:2]


def _codes(names: Sequence[str]) -> list[Code]:
    return [found for found in map(parsed, names) if found]


def _reason(known: Sequence[Code], gpu: tuple[int, ...]) -> str:
    """Where the GPU stands among the architectures of a build that has no machine code for it."""
    numbers = [found.number for found in known]
    if not numbers or min(numbers) <= gpu <= max(numbers):
        return "no-code"
    return "too-old" if gpu < min(numbers) else "too-new"


def _is_native(found: Code, gpu: tuple[int, ...]) -> bool:
    if found.suffix == "a":
        return found.number == gpu
    return found.number[0] == gpu[0] and found.number[1] <= gpu[1]


def _native(best: Code, jit: str | None) -> Support:
    """``jit`` counts the kernels with PTX alone for this, the newest architecture; None: there is no PTX."""
    name = str(best._replace(kind="sm"))
    only_ptx, kernels = map(int, (jit or "0/0").split()[0].split("/"))
    if not only_ptx:
        return Support("native", f"it has machine code for {name}", name)
    share = f"{kernels - only_ptx}/{kernels}"
    why = f"{kernels - only_ptx} of its {kernels} kernels have machine code for {name}, the others are PTX"
    return Support("native", why, name, share, "partly-ptx")


def _no_code(known: Sequence[Code], gpu: tuple[int, ...], compute: str) -> Misfit:
    if not known:
        return _misfit("gpu", mark("it has no GPU code"))
    oldest = min(found.number for found in known)
    if gpu < oldest:
        sentence = mark("its oldest GPU code is for compute capability {oldest}, the GPU has {compute}")
        return _misfit("gpu", sentence, oldest=f"{oldest[0]}.{oldest[1]}", compute=compute)
    sentence = mark("it has neither machine code nor PTX for compute capability {compute}")
    return _misfit("gpu", sentence, compute=compute)


def _misfit(what: str, sentence: str, **values: Value) -> Misfit:
    return Misfit(what, Text(sentence), values)


def support(row: Row, compute: str) -> Support:
    """:func:`gpu_support` for a release (a row of :func:`~envcheck.tables.releases`)."""
    return gpu_support(row["compute"], compute, row["jit"])


def driver_for(row: Row, compute: Sequence[str | None] = (), windows: bool | None = None) -> str | None:
    """The oldest driver with which all kernels of a release run on these GPUs; None for a CPU build.

    The floor of the CUDA major version where all kernels have machine code. Where some are PTX, the driver
    must know that PTX: an older one fails with CUDA_ERROR_UNSUPPORTED_PTX_VERSION
    (https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html: applications that
    rely on PTX are left out). ``windows``: count in versions of the Windows driver, as WSL has it too;
    None: as the row's platform does.
    """
    return max(_needs(row, compute, windows, partly=True), key=dotted, default=None)


def driver_floor(row: Row, compute: Sequence[str | None] = (), windows: bool | None = None) -> str | None:
    """The oldest driver with which a release computes anything on any of these GPUs; None for a CPU build.

    Machine code for a part of the kernels is enough here: which of them a program needs is not known. Of a
    release of which the GPU can only compile PTX, nothing runs before the driver knows that PTX. That it is
    the compiler in the driver which refuses was seen with driver 550.54.15 ("Unsupported .version 8.5;
    current version is '8.4'", https://github.com/googlecolab/colabtools/issues/5667), and so was
    TensorFlow's way of failing then ('cuModuleLoadData' with CUDA_ERROR_UNSUPPORTED_PTX_VERSION, and
    'cuLaunchKernel' with CUDA_ERROR_INVALID_HANDLE,
    https://github.com/CY-CHENYUE/ComfyUI-Molmo/issues/26). No public thread was found of a GPU for which
    only a part of the kernels is PTX (Hopper since 2.16): a driver between the two numbers is a doubt.
    """
    return min(_needs(row, compute, windows, partly=False), key=dotted, default=None)


def _needs(row: Row, compute: Sequence[str | None], windows: bool | None, partly: bool) -> list[str]:
    """What each GPU needs; the release's own floor where none is given, or no more is known of it."""
    if row["min_driver"] is None:
        return []
    if windows is None:
        windows = row["platform"].startswith("win")
    floor: str = min_driver(row["cuda"], windows) or row["min_driver"]
    ptx = [_ptx_driver(row, wanted, windows, partly) if wanted else None for wanted in dict.fromkeys(compute)]
    return [max(floor, each, key=dotted) if each else floor for each in ptx] or [floor]


def _ptx_driver(row: Row, compute: str, windows: bool, partly: bool) -> str | None:
    """The driver that knows the PTX which this GPU needs of the release; None: none, or not known."""
    found = support(row, compute)
    if found.runs == "ptx-jit":
        cuda = cuda_of_ptx(row["ptx"]) if row["ptx"] else row["cuda"]
    else:
        cuda = cuda_of_ptx(row["jit"].partition(" ")[2]) if found.share and partly else None
    return min_driver(cuda, windows, ptx=True) if cuda else None


def misfit(
    row: Row,
    python: str | None = None,
    compute: Sequence[str | None] = (),
    driver: str | None = None,
    glibc: str | None = None,
    windows: bool | None = None,
) -> Misfit | None:
    """The first reason why a release (a row of :func:`~envcheck.tables.releases`) does not fit, or None.

    ``compute``: the compute capabilities of the GPUs that are wanted (None for one of which it is not
    known); empty: no GPU is wanted. What is not given (None) is not looked at. ``windows``: ``driver`` is
    a Windows driver, see :func:`driver_for`.
    """
    if python and row["python"] and not admits(row["python"], python):
        sentence = mark("it has wheels for Python {pythons}, not for {python}")
        return _misfit("python", sentence, pythons=row["python"], python=python)
    if glibc and row["glibc"] and below(glibc, row["glibc"]):
        sentence = mark("it needs glibc {needed} or newer, not {glibc}")
        return _misfit("glibc", sentence, needed=row["glibc"], glibc=glibc)
    return _gpu_misfit(row, compute, driver, windows) if compute else None


def _gpu_misfit(
    row: Row, compute: Sequence[str | None], driver: str | None, windows: bool | None
) -> Misfit | None:
    if not row["cuda"]:
        return _misfit("cpu-build", _where_gpus_are_supported(row))
    shipped = broken(row["version"], row["platform"], row["package"])
    if shipped and shipped["needs"] == "gpu":
        return Misfit("broken", Text(shipped["why"], shipped["why_zh"]), {})
    for wanted in filter(None, dict.fromkeys(compute)):
        if support(row, wanted).runs == "no":
            return _no_code(_codes(row["compute"]), _number(wanted), wanted)
    needed = driver_for(row, compute, windows)
    if driver and needed and below(driver, needed):
        sentence = mark("it needs driver {needed} or newer here, not {driver}")
        return _misfit("driver", sentence, needed=needed, driver=driver)
    return None


def _where_gpus_are_supported(row: Row) -> str:
    """Up to 2.0 a package of its own had the GPU builds."""
    other = release("tensorflow-gpu", row["version"], row["platform"])
    if row["package"] == "tensorflow" and other and other["cuda"]:
        return mark("its GPU support is in a package of its own, tensorflow-gpu")
    return mark("its wheel for this platform has no GPU support")


def newest_for(
    platform: str,
    python: str | None = None,
    compute: Sequence[str | None] = (),
    driver: str | None = None,
    glibc: str | None = None,
    package: str = "tensorflow",
    windows: bool | None = None,
    wanted: str | None = None,
) -> str | None:
    """The newest final release of the package that fits all that is given; see :func:`misfit`.

    ``wanted``: a PEP 440 specifier that it must satisfy.
    """
    for row in releases(platform, package):
        if wanted and not within(row["version"], wanted):
            continue
        if misfit(row, python, compute, driver, glibc, windows) is None:
            return str(row["version"])
    return None
