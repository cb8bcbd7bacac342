"""The processor, and what instructions it has."""

from __future__ import annotations

from ...formats import cpuinfo
from ...host import Host
from ...model import NoAnswer, Value

#: How macOS spells the flags of Intel processors.
DARWIN_FLAGS = {"AVX1.0": "avx", "AVX2": "avx2", "FMA": "fma", "SSE4.2": "sse4_2", "AVX512F": "avx512f"}


def cpu(host: Host) -> Value:
    """The processor's name, "AMD EPYC 7763 64-Core Processor"; None where the system does not give it.

    How: grep -m1 'model name' /proc/cpuinfo
    How on Windows: powershell -c "(Get-CimInstance Win32_Processor).Name"
    How on macOS: sysctl -n machdep.cpu.brand_string
    """
    if host.system == "Windows":
        key = r"HKLM\HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        return str(host.registry(key, "ProcessorNameString") or "").strip() or None
    if host.system == "Darwin":
        return _sysctl(host, "machdep.cpu.brand_string")
    text = host.read("/proc/cpuinfo")
    return cpuinfo.model(text) if text is not None else _by_child(host)["model"]


def cores(host: Host) -> Value:
    """The number of processors the system counts, hyper-threads included.

    How: nproc --all
    How on Windows: echo %NUMBER_OF_PROCESSORS%
    How on macOS: sysctl -n hw.ncpu
    """
    return host.identity()["cpus"]


def cpu_flags(host: Host) -> Value:
    """The instruction sets that matter to TensorFlow and that the processor has: ["avx", "avx2", "fma"].

    A list of some of "sse4_2", "avx", "avx2", "fma", "avx512f" (x86), "asimd", "sve" (ARM).

    How: grep -m1 -E 'flags|Features' /proc/cpuinfo
    How on Windows: python -m pip install py-cpuinfo && python -m cpuinfo
    How on macOS: sysctl -a machdep.cpu
    """
    if host.system == "Darwin":
        return _darwin_flags(host)
    flags = cpuinfo.flags(host.read("/proc/cpuinfo") or "") if host.system == "Linux" else None
    if flags is None:
        flags = _by_child(host)["flags"]
    if not flags:
        raise NoAnswer("failed", "nothing on this system names the processor's instruction sets")
    return cpuinfo.interesting(flags)


def _by_child(host: Host) -> dict[str, Value]:
    for event in host.child("cpuinfo")["events"]:
        if event["event"] == "cpu":
            return {"model": event["model"], "flags": event["flags"]}
    raise NoAnswer("failed", "py-cpuinfo gave no answer")


def _darwin_flags(host: Host) -> list[str]:
    names = (_sysctl(host, "machdep.cpu.features"), _sysctl(host, "machdep.cpu.leaf7_features"))
    words = " ".join(name or "" for name in names).split()  # Apple silicon has neither key
    return cpuinfo.interesting(DARWIN_FLAGS.get(word, "") for word in words)


def _sysctl(host: Host, name: str) -> str | None:
    answer = host.run(["sysctl", "-n", name])
    return str(answer["out"]).strip() or None if answer and answer["code"] == 0 else None


FACTS = (cpu, cores, cpu_flags)
