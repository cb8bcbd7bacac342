"""What the driver's management library (NVML) says: its exact code, the driver, and each GPU.

Runs under envcheck's own interpreter. Every getter is asked on its own, since consumer cards answer
"not supported" to many; an event goes out before and after each risky step, so that a hang is located.
"""

import os
import sys

MIB = 1024 * 1024
FUNCTION_NOT_FOUND = 13  # nvmlReturn_t, nvml.h
LIBRARY_NOT_FOUND = 12

import ctypes  # noqa: E402
import warnings  # noqa: E402


class NotNvml(Exception):
    """An NVML call of the fallback binding failed; ``value`` is the code, as pynvml names it."""

    def __init__(self, value):
        Exception.__init__(self, "NVML code %d" % value)
        self.value = value


class Pci(ctypes.Structure):
    """nvmlPciInfo_t of nvml.h."""

    _fields_ = [("busIdLegacy", ctypes.c_char * 16)]
    _fields_ += [(n, ctypes.c_uint) for n in ("domain", "bus", "device", "pciDeviceId", "pciSubSystemId")]
    _fields_ += [("busId", ctypes.c_char * 32)]


class Memory(ctypes.Structure):
    """nvmlMemory_t of nvml.h, in bytes."""

    _fields_ = [(n, ctypes.c_ulonglong) for n in ("total", "free", "used")]


class Fallback(object):
    """The few calls that matter most, with pynvml's names, where the package is missing."""

    NVMLError = NotNvml
    __version__ = None

    def nvmlInit(self):
        name = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1"
        try:
            self.nvmlLib = ctypes.CDLL(name)
        except OSError:
            raise NotNvml(LIBRARY_NOT_FOUND)
        self._call("nvmlInit_v2")

    def _call(self, name, *args):
        function = getattr(self.nvmlLib, name, None)
        code = FUNCTION_NOT_FOUND if function is None else function(*args)
        if code:
            raise NotNvml(code)

    def _text(self, name, *args):
        buffer = ctypes.create_string_buffer(96)
        self._call(name, *args, buffer, ctypes.c_uint(96))
        return buffer.value.decode("utf-8", "replace")

    def _filled(self, name, value, *args):
        self._call(name, *args, ctypes.byref(value))
        return value

    def nvmlSystemGetDriverVersion(self):
        return self._text("nvmlSystemGetDriverVersion")

    def nvmlSystemGetNVMLVersion(self):
        return self._text("nvmlSystemGetNVMLVersion")

    def nvmlSystemGetCudaDriverVersion_v2(self):
        return self._filled("nvmlSystemGetCudaDriverVersion_v2", ctypes.c_int()).value

    def nvmlDeviceGetCount(self):
        return self._filled("nvmlDeviceGetCount_v2", ctypes.c_uint()).value

    def nvmlDeviceGetHandleByIndex(self, index):
        return self._filled("nvmlDeviceGetHandleByIndex_v2", ctypes.c_void_p(), ctypes.c_uint(index))

    def nvmlDeviceGetName(self, handle):
        return self._text("nvmlDeviceGetName", handle)

    def nvmlDeviceGetUUID(self, handle):
        return self._text("nvmlDeviceGetUUID", handle)

    def nvmlDeviceGetPciInfo(self, handle):
        return self._filled("nvmlDeviceGetPciInfo_v3", Pci(), handle)

    def nvmlDeviceGetMemoryInfo(self, handle):
        return self._filled("nvmlDeviceGetMemoryInfo", Memory(), handle)

    def nvmlDeviceGetCudaComputeCapability(self, handle):
        major, minor = ctypes.c_int(), ctypes.c_int()
        self._call("nvmlDeviceGetCudaComputeCapability", handle, ctypes.byref(major), ctypes.byref(minor))
        return major.value, minor.value


def binding():
    """pynvml, or the fallback. The deprecated package of that name warns, or shadows the real one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pynvml
        return pynvml
    except Exception as error:
        emit("no-pynvml", error="%s: %s" % (type(error).__name__, error))
        return Fallback()


def text(value):
    """pynvml gives bytes in its old versions."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def code_of(error):
    """The NVML code of an exception: 13 (function not found) where the binding does not know the call."""
    return getattr(error, "value", FUNCTION_NOT_FOUND)


class Ask(object):
    """Asks one thing at a time: its value, or None with the NVML code kept in ``codes``."""

    def __init__(self, nvml, codes):
        self.nvml = nvml
        self.codes = codes

    def __call__(self, label, function, *args):
        try:
            return text(getattr(self.nvml, function)(*args))
        except (self.nvml.NVMLError, AttributeError, TypeError) as error:
            self.codes[label] = code_of(error)
            return None


def bus_id(pci):
    """``0000:01:00.0`` in lower case, as Linux writes it: NVML's domain has eight digits."""
    domain, _, rest = text(pci.busId).lower().partition(":")
    return "%04x:%s" % (int(domain, 16), rest)


def megabytes(count):
    return None if count is None else int(count // MIB)


def memory(ask, handle):
    """(total, used) in MiB; version 2 of the call does not count the driver's reserve as used."""
    version = getattr(ask.nvml, "nvmlMemory_v2", None)
    found = ask("memory", "nvmlDeviceGetMemoryInfo", handle, version) if version else None
    found = found or ask("memory", "nvmlDeviceGetMemoryInfo", handle)
    return (megabytes(found.total), megabytes(found.used)) if found else (None, None)


def identity(ask, handle):
    pci = ask("pci", "nvmlDeviceGetPciInfo", handle)
    compute = ask("compute", "nvmlDeviceGetCudaComputeCapability", handle)
    total, used = memory(ask, handle)
    return {
        "bus_id": bus_id(pci) if pci else None,
        "name": ask("name", "nvmlDeviceGetName", handle),
        "uuid": ask("uuid", "nvmlDeviceGetUUID", handle),
        "compute": "%d.%d" % tuple(compute) if compute else None,
        "memory_mb": total,
        "used_mb": used,
    }


def mig(ask, handle):
    """(mode on?, UUIDs of the instances); None where the GPU has no MIG."""
    mode = ask("mig", "nvmlDeviceGetMigMode", handle)
    if mode is None:
        return None, []
    most = ask("mig_count", "nvmlDeviceGetMaxMigDeviceCount", handle) if mode[0] else 0
    look, found = Ask(ask.nvml, {}), []
    for index in range(most or 0):
        part = look("part", "nvmlDeviceGetMigDeviceHandleByIndex", handle, index)
        if part is not None:
            found.append(ask("mig_uuid", "nvmlDeviceGetUUID", part))
    return bool(mode[0]), found


def fabric(ask, handle):
    """nvmlGpuFabricState_t: 0 not supported, 1 not started, 2 in progress, 3 completed."""
    shape = getattr(ask.nvml, "c_nvmlGpuFabricInfo_t", None)
    if shape is None:
        return None
    info = shape()
    asked = ask("fabric", "nvmlDeviceGetGpuFabricInfo", handle, ctypes.byref(info))
    return None if asked is None else int(ord(info.state) if isinstance(info.state, bytes) else info.state)


def ecc(ask, handle):
    """(mode on?, uncorrected errors since the driver was loaded)."""
    mode = ask("ecc", "nvmlDeviceGetEccMode", handle)
    if not mode or not mode[0]:
        return (bool(mode[0]) if mode else None), None
    return True, ask("ecc_uncorrected", "nvmlDeviceGetTotalEccErrors", handle, 1, 0)


def state(ask, handle):
    mig_mode, instances = mig(ask, handle)
    ecc_mode, uncorrected = ecc(ask, handle)
    rows = ask("remap", "nvmlDeviceGetRemappedRows", handle)
    busy = ask("utilization", "nvmlDeviceGetUtilizationRates", handle)
    throttle = ask("throttle", "nvmlDeviceGetCurrentClocksEventReasons", handle)
    if throttle is None:  # its name before driver 535
        throttle = ask("throttle", "nvmlDeviceGetCurrentClocksThrottleReasons", handle)
    return {
        "mig": mig_mode,
        "mig_uuids": instances,
        "compute_mode": ask("compute_mode", "nvmlDeviceGetComputeMode", handle),
        "ecc": ecc_mode,
        "ecc_uncorrected": uncorrected,
        "remap_pending": bool(rows[2]) if rows else None,
        "remap_failed": bool(rows[3]) if rows else None,
        "temperature_c": ask("temperature", "nvmlDeviceGetTemperature", handle, 0),
        "power_mw": ask("power", "nvmlDeviceGetPowerUsage", handle),
        "power_limit_mw": ask("power_limit", "nvmlDeviceGetEnforcedPowerLimit", handle),
        "throttle": throttle,
        "utilization": int(busy.gpu) if busy else None,
        "fabric_state": fabric(ask, handle),
        "virtualization": ask("virtualization", "nvmlDeviceGetVirtualizationMode", handle),
    }


def processes(ask, handle):
    """Who holds memory: pid, MiB (None where the system does not tell) and kind; never ourselves."""
    found = {}
    for kind, name in (("graphics", "Graphics"), ("compute", "Compute")):
        for process in ask(kind, "nvmlDeviceGet%sRunningProcesses" % name, handle) or []:
            found[int(process.pid)] = (megabytes(process.usedGpuMemory), kind)
    ours = (os.getpid(), os.getppid())
    return [{"pid": p, "used_mb": m, "kind": k} for p, (m, k) in sorted(found.items()) if p not in ours]


def examine(nvml, index):
    stage("gpu-%d" % index)
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
    except nvml.NVMLError as error:
        emit("gpu", index=index, code=code_of(error))
        return
    ask = Ask(nvml, {})
    emit("gpu", index=index, code=0, **identity(ask, handle))
    stage("gpu-%d-state" % index)
    emit("state", index=index, **state(ask, handle))
    stage("gpu-%d-processes" % index)
    emit("processes", index=index, processes=processes(ask, handle), codes=ask.codes)


def library_error():
    """The loader's own words, which pynvml swallows; None where it opens, and on Windows (two places)."""
    if sys.platform == "win32":
        return None
    try:
        ctypes.CDLL("libnvidia-ml.so.1")
        return None
    except OSError as error:
        return str(error)


def main():
    stage("load")
    error = library_error()
    if error:  # pynvml would say the same, and importing it costs more than all the rest here
        emit("init", code=LIBRARY_NOT_FOUND, path=None, real=None, error=error)
        return
    nvml = binding()
    emit("binding", name=getattr(nvml, "__name__", "ctypes"), version=getattr(nvml, "__version__", None))
    stage("init")
    try:
        nvml.nvmlInit()
        code = 0
    except nvml.NVMLError as error:
        code = code_of(error)
    path = path_of(getattr(nvml, "nvmlLib", None))
    real = os.path.realpath(path) if path else None
    emit("init", code=code, path=path, real=real, error=None)
    if code:
        return
    stage("system")
    ask = Ask(nvml, {})
    driver, own = ask("driver", "nvmlSystemGetDriverVersion"), ask("nvml", "nvmlSystemGetNVMLVersion")
    cuda = ask("cuda", "nvmlSystemGetCudaDriverVersion_v2")
    count = ask("count", "nvmlDeviceGetCount")
    emit("system", driver=driver, nvml=own, cuda=cuda, count=count, codes=ask.codes)
    for index in range(count or 0):
        examine(nvml, index)


main()
