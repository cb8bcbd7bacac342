"""The processor's name and instruction sets, where no file or key of the system gives them.

Runs under envcheck's own interpreter. On Windows the system itself is asked first. py-cpuinfo takes
over a second, may hang under Rosetta, and answers ``{}`` inside a zip: hence last, and in a child.
"""

import sys

# winnt.h: IsProcessorFeaturePresent(PF_AVX_INSTRUCTIONS_AVAILABLE) and the like,
# https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-isprocessorfeaturepresent
WINDOWS_FEATURES = ((38, "sse4_2"), (39, "avx"), (40, "avx2"), (41, "avx512f"))


def of_windows():
    """What Windows says, or None where it does not know: old builds answer no to what they do not know."""
    if sys.platform != "win32":
        return None
    import ctypes

    present = ctypes.windll.kernel32.IsProcessorFeaturePresent
    flags = [flag for number, flag in WINDOWS_FEATURES if present(number)]
    # Every processor with AVX2 of Intel's and AMD's has FMA3 too.
    return flags + ["fma"] * ("avx2" in flags) if "avx" in flags else None


def of_package():
    """py-cpuinfo's answer; an import error is a traceback in the log."""
    import cpuinfo

    return cpuinfo.get_cpu_info()


def main():
    stage("windows")
    flags = of_windows()
    if flags is not None:
        emit("cpu", model=None, flags=flags)
        return
    stage("py-cpuinfo")
    info = of_package()
    emit("cpu", model=info.get("brand_raw"), flags=info.get("flags"))


main()
