"""``/proc/cpuinfo``: the processor's name and what instructions it has.

x86 and ARM write different keys::

    model name      : AMD EPYC 7763 64-Core Processor        (x86)
    flags           : fpu vme de pse ... avx avx2 ...        (x86)
    CPU implementer : 0x41                                    (ARM)
    CPU part        : 0xd4f                                   (ARM)
    Features        : fp asimd evtstrm aes ... sve            (ARM)
"""

from __future__ import annotations

from collections.abc import Iterable

#: The flags that a TensorFlow build may need, as /proc/cpuinfo spells them.
INTERESTING = ("sse4_2", "avx", "avx2", "fma", "avx512f", "asimd", "sve")

#: Implementer and part numbers of ARM's own server cores and NVIDIA's and Ampere's choices of them:
#: https://developer.arm.com/documentation (MIDR_EL1 of each core).
ARM_PARTS = {
    ("0x41", "0xd0c"): "ARM Neoverse N1",
    ("0x41", "0xd40"): "ARM Neoverse V1",
    ("0x41", "0xd49"): "ARM Neoverse N2",
    ("0x41", "0xd4f"): "ARM Neoverse V2",
    ("0x41", "0xd42"): "ARM Cortex-A78AE",
    ("0x41", "0xd0b"): "ARM Cortex-A76",
    ("0x41", "0xd08"): "ARM Cortex-A72",
}


def first(text: str) -> dict[str, str]:
    """The keys of the first processor (all of ARM's, where the name stands last).

    >>> first("processor : 0\\nmodel name : X\\n\\nprocessor : 1\\nmodel name : Y")["model name"]
    'X'
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            found.setdefault(key.strip(), value.strip())
    return found


def model(text: str) -> str | None:
    """The processor's name, or None where the file does not give it."""
    keys = first(text)
    named = " ".join((keys.get("model name") or keys.get("cpu") or keys.get("Model") or "").split())
    return named or ARM_PARTS.get((keys.get("CPU implementer", ""), keys.get("CPU part", "")))


def flags(text: str) -> list[str] | None:
    """All instruction set flags, or None where the file has no such line."""
    keys = first(text)
    line = keys.get("flags") or keys.get("Features")
    return line.split() if line else None


def interesting(flags: Iterable[str]) -> list[str]:
    """The flags that TensorFlow builds ask for, in a fixed order.

    >>> interesting(["fpu", "avx2", "avx"])
    ['avx', 'avx2']
    """
    present = set(flags)
    return [flag for flag in INTERESTING if flag in present]
