"""What of a log tells of GPUs, their driver and CUDA: nvidia-smi, lspci, TensorFlow's own lines, nvcc."""

from __future__ import annotations

import re

from ..formats import nvidia
from ..patterns import Pattern
from . import gpus
from .answers import Values
from .reading import HINT, SHOWN, STATED, Reader, Told, reader

_SMI_GPU = Pattern(
    r"^\|\s+\d+\s+(?P<name>\S.*?)\s+(?:On|Off|N/A|TCC|WDDM)\s*\|\s*(?P<bus>[0-9A-Fa-f:.]{10,16})\s[^\n]*\n"
    r"\|[^\n|]*\|\s*(?P<used>\d+)MiB\s*/\s*(?P<total>\d+)MiB\s*\|\s*\S+\s+(?P<mode>Default"
    r"|E\. ?\w+|Prohibited)?",
    re.MULTILINE,
)
_TF_GPU = Pattern(
    r"name: (?P<name>[^,\n]+?)(?:,? major: (?P<major>\d+) minor: (?P<minor>\d)|,? pci bus id: "
    r"(?P<bus>[\w:.]+),"
    r" compute capability: (?P<compute>\d+\.\d)|\s+computeCapability: (?P<compact>\d+\.\d))"
)
_LSPCI = Pattern(
    r"^(?:\w{4}:)?(?P<bus>[0-9a-f]{2}:[0-9a-f]{2}\.\d) (?:VGA compatible|3D|Display) controller[^:]*: "
    r"NVIDIA Corporation (?:\S+ )?\[(?P<name>[^\]]+)\]",
    re.MULTILINE,
)
#: All display controllers of a machine: NVIDIA's may be a "3D controller", which ``grep VGA`` leaves out.
_ALL_LISTED = Pattern(
    r"\blspci\b(?:[^\n|]*|[^\n]*\|[^\n]*(?i:3d)[^\n]*)\n"
    r"(?P<rows>(?:(?:\w{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.\d [^\n]*\n?(?:[ \t]+\S[^\n]*\n?)*)+)"
)
#: ``lspci | grep -i nvidia`` prints nothing, and the next prompt follows.
_NONE_LISTED = Pattern(
    r"\blspci\b[^\n|]{0,40}\| *e?grep (?:-\w+ )?(?:(?<=i )['\"]?nvidia|['\"]?NVIDIA)['\"]? *\n"
    r"(?:\([\w.-]+\) ?)?(?:\[?[\w.-]+@[\w.-]+[^\n]{0,80}[$#%]|[$#](?= |$))",
    re.MULTILINE,
)
#: Where the bus shows no NVIDIA GPU that is there.
_OFF_THE_BUS = Pattern(r"(?i)\bwsl|microsoft|tegra|jetson|nvgpu")
_CONTROLLER = r"(?:VGA compatible|3D|Display) controller"
_AMD_LISTED = Pattern(
    rf"{_CONTROLLER}[^:]*: Advanced Micro Devices[^\[\n]*(?:\[AMD(?:/ATI)?\] )?(?P<name>[^\n]+)"
)
#: deviceQuery, ``nvidia-smi -q``, PyTorch twice, lshw.
_SAID = Pattern(
    r'^Device \d+: "(?P<query>[^"\n]+)"'
    r"|^[ \t]+Product Name[ \t]+: (?P<smi>(?:NVIDIA|GeForce|Tesla|Quadro|TITAN|GRID)[^\n]+)"
    r"|Found GPU\d+ (?P<torch>.+?) which is of (?:cuda|compute) capability (?P<compute>\d+\.\d)"
    r"|^(?P<sm>[^\n]{5,60}?) with CUDA capability sm_(?P<number>\d+) is not compatible"
    r"|product: \S+ \[(?P<lshw>(?:GeForce|Quadro|Tesla|RTX|TITAN)[^\]\n]+)\]",
    re.MULTILINE,
)
_LIBCUDA = Pattern(r"libcuda reported version is: (\d{3}\.[\d.]*\d)")
_MODULE = Pattern(
    r"NVRM version: [^\n]*?(\d{3}\.\d+(?:\.\d+)?)|kernel reported version is: (?P<kernel>\d{3}\.[\d.]*\d)"
)
_LISTED = Pattern(r"^GPU \d+: (?P<name>[^(\n]+?) \(UUID: GPU-", re.MULTILINE)


def read(text: str) -> list[Told]:
    """The GPUs, by whichever source tells of them, nvidia-smi first."""
    told = []
    for weight, pattern, make in _LISTS:
        found = list(pattern.finditer(text))
        records = {
            str(record["bus_id"] or (record["name"], found_at)): record
            for found_at, record in enumerate(map(make, found))
        }
        if records:
            told.append(Told(weight, found[0].start(), {"hardware.gpus": list(records.values())}))
    return told + _state(text) + _sides(text) + _without_nvidia(text)


def _without_nvidia(text: str) -> list[Told]:
    """lspci that lists every display controller, and none of NVIDIA's."""
    told = []
    for listing in _ALL_LISTED.finditer(text):
        rows = listing["rows"]
        if "NVIDIA" in rows or not re.search(_CONTROLLER, rows):
            continue
        amd = [gpus.amd(found["name"]) for found in _AMD_LISTED.finditer(rows)]
        values: Values = {"hardware.gpus": [], **({"hardware.amd_gpus": amd} if amd else {})}
        told.append(Told(STATED - 8, listing.start(), values))
    if not told and (nothing := _NONE_LISTED.search(text)) and not _OFF_THE_BUS.search(text):
        told.append(Told(STATED - 9, nothing.start(), {"hardware.gpus": []}))
    return told


def _sides(text: str) -> list[Told]:
    """The driver's library and its kernel module, by TensorFlow's diagnostics: 450.51.5 is 450.51.05."""
    library, module = _LIBCUDA.search(text), _MODULE.search(text)
    if not library or not module:
        return []
    same = _numbers(library[1]) == _numbers(module[1] or module[2])
    version = (module[1] or module[2]) if same else library[1].removesuffix(".0")
    return [Told(STATED, library.start(), {"driver.library_version": version})]


def _numbers(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in version.split(".")]
    return tuple(parts[: len(parts) - (len(parts) == 3 and not parts[2])])


def _from_smi(found: re.Match[str]) -> gpus.Record:
    name = found["name"].strip()
    if name.endswith("..."):  # cut off at the column's end: "GeForce GTX 108..."
        name = re.sub(r"(\d{3})\.\.\.$", r"\g<1>0", name).removesuffix("...")
    return gpus.record(name, bus_id=nvidia.bus_id(found["bus"]), memory_gb=round(int(found["total"]) / 1024))


def _from_tensorflow(found: re.Match[str]) -> gpus.Record:
    compute = found["compute"] or found["compact"] or f"{found['major']}.{found['minor']}"
    return gpus.record(
        found["name"].strip(), bus_id=nvidia.bus_id(found["bus"]) if found["bus"] else None, compute=compute
    )


def _from_words(found: re.Match[str]) -> gpus.Record:
    name = next(found[key] for key in ("query", "smi", "torch", "sm", "lshw") if found[key])
    number = found["number"]
    compute = found["compute"] or (f"{number[:-1]}.{number[-1]}" if number else None)
    return gpus.record(name.strip(), compute=compute)


def _by_name(found: re.Match[str]) -> gpus.Record:
    bus = found.groupdict().get("bus")
    return gpus.record(found["name"].strip(), bus_id=nvidia.bus_id(bus) if bus else None)


_LISTS = (
    (STATED, _SMI_GPU, _from_smi),
    (STATED + 1, _LISTED, _by_name),
    (STATED + 2, _TF_GPU, _from_tensorflow),
    (STATED - 5, _LSPCI, _by_name),
    (STATED - 6, _SAID, _from_words),
)


def _state(text: str) -> list[Told]:
    """The compute modes, as nvidia-smi shows them. The memory may be held by the program itself."""
    rows = list(_SMI_GPU.finditer(text))
    if not rows:
        return []
    exclusive = sum(bool(row["mode"]) and row["mode"] != "Default" for row in rows)
    modes = "none" if not exclusive else "all" if exclusive == len(rows) else "some"
    return [Told(STATED, rows[0].start(), {"driver.exclusive_gpus": modes, "driver.nvml_code": 0})]


def _smi(found: re.Match[str]) -> Values:
    told: Values = {"driver.version": found["driver"], "driver.installed": True}
    return {**told, "driver.cuda": found["cuda"]} if found["cuda"] else told


def _toolkit(found: re.Match[str]) -> Values:
    path = found.groupdict().get("path")
    return {"cuda.toolkits": [{"path": path, "version": found["version"]}]}


def _loaded_cudnn(found: re.Match[str]) -> Values:
    return {"cuda.cudnn_version": _cudnn(found[1])}


def _cudnn(written: str) -> str:
    """8100 is 8.1.0, 90300 is 9.3.0: cudnn_version.h."""
    if not written.isdigit():
        return written
    number = int(written)
    unit = 10000 if number >= 90000 else 1000
    return f"{number // unit}.{number % unit // 100}.{number % 100}"


def _two_cudnns(found: re.Match[str]) -> Values:
    """TensorFlow's complaint: the cuDNN that is loaded, and the one of the build."""
    major, minor = _cudnn(found[2]).split(".")[:2]
    return {**_loaded_cudnn(found), "tensorflow.cudnn": major, "cuda.cudnn_least": f"{major}.{minor}"}


def _has_driver(_: re.Match[str]) -> Values:
    return {"driver.installed": True}


READERS: tuple[Reader, ...] = (
    reader(
        STATED,
        r"Driver Version: (?P<driver>\d{3}[\d.]*)(?:\s+CUDA Version: (?P<cuda>\d+\.\d+))?",
        _smi,
    ),
    reader(
        STATED,
        r"NVRM version: .*?(?P<version>\d{3}\.\d+(?:\.\d+)?)",
        lambda found: {"driver.module_version": found["version"], "driver.installed": True},
    ),
    reader(
        STATED,
        r"libcuda reported version is: (?P<version>\d{3}\.[\d.]+\d)",
        lambda found: {"driver.version": found["version"], "driver.installed": True},
    ),
    reader(
        STATED - 5,
        r"kernel reported version is: (?P<version>\d{3}\.[\d.]+\d)",
        lambda found: {"driver.module_version": found["version"], "driver.installed": True},
    ),
    reader(
        SHOWN,
        r"[Ss]uccessfully opened (?:dynamic|CUDA) library (?:libcuda\.so|nvcuda\.dll)",
        _has_driver,
    ),
    reader(SHOWN, r"Created (?:TensorFlow )?device \(?/?\S*(?:GPU|gpu):\d", _has_driver),
    # libcuda was opened; 303 is what TensorFlow says itself where it was not
    reader(SHOWN, r"failed call to cuInit: CUDA_ERROR_(?!SHARED_OBJECT|STUB)", _has_driver),
    # these come after a GPU was found: gpu_device.cc, cuda_executor.cc
    reader(
        SHOWN,
        r"Cannot dlopen some (?:GPU|TensorRT|CUDA) libraries|NUMA node read from SysFS"
        r"|/sys/bus/pci/devices/\S+/numa_node",
        _has_driver,
    ),
    reader(
        STATED,
        r"(?:Cuda compilation tools, |^\W{0,3})release (\d+\.\d+), V(?P<version>\1\.\d+)",
        _toolkit,
    ),
    reader(SHOWN, r"^Build cuda_(?P<version>\d+\.\d)[._]", _toolkit),
    reader(SHOWN, r"(?P<path>/(?:usr/local|opt)/cuda-(?P<version>\d+\.\d+))(?=[/:\s'\"]|$)", _toolkit),
    reader(SHOWN, r"(?P<path>[A-Z]:\\[^\n:]*?CUDA\\{1,2}v(?P<version>\d+\.\d+))", _toolkit),
    reader(SHOWN - 5, r"^CUDA Version (?P<version>\d+\.\d+(?:\.\d+)?)\s*$", _toolkit),
    reader(
        STATED,
        r"#define CUDNN_MAJOR (\d+)\s+#define CUDNN_MINOR (\d+)\s+#define CUDNN_PATCHLEVEL (\d+)",
        lambda found: {"cuda.cudnn_version": ".".join(found.groups())},
    ),
    reader(STATED, r"Loaded cuDNN version (\d{4,5})", _loaded_cudnn),
    reader(
        STATED,
        r"Loaded (?:runtime )?[Cc][uU]DNN library: (\d{4,5}|\d+(?:\.\d+)+)[^\n]{0,40} but source was compiled"
        r" with:? (\d{4,5}|\d+(?:\.\d+)+)",
        _two_cudnns,
    ),
    reader(STATED, r"Loaded runtime CuDNN library: (\d+\.\d+\.\d+)", _loaded_cudnn),
    reader(
        HINT,
        r"list_physical_devices\(['\"]GPU|is_gpu_available|gpu_device_name\(|Num GPUs Available"
        r"|tensorflow[-_]gpu[ =]|torch\.cuda"
        r"|nvidia-container-cli\S* (?:initialization|requirement|detection) error",
        lambda _: {"wanted.gpu": 1},
    ),
)
