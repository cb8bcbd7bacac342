"""What the CUDA driver library (libcuda) says, found by name as TensorFlow finds it.

Runs under envcheck's own interpreter and creates no context: it holds no GPU memory. The variables
that hide GPUs are taken away first, so that what is missing here is missing for everyone.
"""

import os
import sys

#: CUDA's own list and AMD's, which frameworks also honour. CUDA_DEVICE_ORDER stays: the order of the
#: devices listed here is the one that the numbers in CUDA_VISIBLE_DEVICES mean.
HIDING = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL")

for _name in HIDING:
    os.environ.pop(_name, None)

import ctypes  # noqa: E402


def call(cuda, name, *args):
    """A CUresult; None where this libcuda has no such function."""
    function = getattr(cuda, name, None)
    return None if function is None else int(function(*args))


def number(cuda, name, *args):
    """The int that a function writes to its first argument; None where the call fails."""
    value = ctypes.c_int()
    return value.value if call(cuda, name, ctypes.byref(value), *args) == 0 else None


def error_name(cuda, code):
    """The driver's own name of a CUresult; None where it knows none."""
    name = ctypes.c_char_p()
    asked = call(cuda, "cuGetErrorName", ctypes.c_int(code), ctypes.byref(name))
    return name.value.decode("ascii", "replace") if asked == 0 and name.value else None


def words(cuda, name, device):
    """What a function with a text buffer as its first argument writes."""
    buffer = ctypes.create_string_buffer(256)
    if call(cuda, name, buffer, ctypes.c_int(256), ctypes.c_int(device)) != 0:
        return None
    return buffer.value.decode("utf-8", "replace")


def device(cuda, index):
    """Name, bus id and compute capability (CU_DEVICE_ATTRIBUTE 75 and 76, cuda.h)."""
    handle = number(cuda, "cuDeviceGet", ctypes.c_int(index))
    if handle is None:
        return {"name": None, "bus_id": None, "compute": None}
    major, minor = [
        number(cuda, "cuDeviceGetAttribute", ctypes.c_int(a), ctypes.c_int(handle)) for a in (75, 76)
    ]
    bus = words(cuda, "cuDeviceGetPCIBusId", handle)
    return {
        "name": words(cuda, "cuDeviceGetName", handle),
        "bus_id": bus.lower() if bus else None,
        "compute": None if major is None or minor is None else "%d.%d" % (major, minor),
    }


def main():
    stage("load")
    try:
        cuda = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError as error:
        emit("library", path=None, real=None, error=str(error))
        return
    path = path_of(cuda)
    emit("library", path=path, real=os.path.realpath(path) if path else None, error=None)
    stage("version")
    emit("version", cuda=number(cuda, "cuDriverGetVersion"))
    stage("cuInit")
    code = call(cuda, "cuInit", ctypes.c_uint(0))
    emit("cuInit", code=code, name=None if not code else error_name(cuda, code))
    if code:
        return
    stage("devices")
    count = number(cuda, "cuDeviceGetCount")
    emit("count", count=count)
    for index in range(count or 0):
        stage("device-%d" % index)
        emit("device", index=index, **device(cuda, index))


main()
