"""What the fat binaries of a build say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any


class Kernels:
    """The kernels of a build; each fat binary counts as one.

    ``files``: path → the fields of :class:`~envcheck.catalog.compat.fatbinary.Codes`.
    """

    def __init__(self, files: Mapping[str, Any]) -> None:
        self._found: Counter[tuple[str, ...]] = Counter()
        for file in files.values():
            self._found.update({tuple(names.split()): count for names, count in file["containers"].items()})

    @property
    def codes(self) -> list[str]:
        """All architectures, machine code first: ``["sm_60", "sm_90", "compute_90"]``."""
        names = {name.partition(":")[0] for kernel in self._found for name in kernel}
        return sorted(names, key=lambda name: (name.startswith("compute"), _number(name)))

    @property
    def ptx(self) -> str:
        """The newest PTX instruction set that is used, ``"8.5"``; "" where there is no PTX."""
        return _newest(self._found)

    @property
    def jit(self) -> str:
        """``"1149/1438 8.5"``: kernels with the newest architecture as PTX only, all kernels, that PTX.

        "0/468" where each has machine code for it; "" where there is no PTX. Kernels made for the newest
        architecture alone (PTX and nothing else: XLA has some) do not count: other GPUs never ask for them.
        """
        ptx = [name for name in self.codes if name.startswith("compute")]
        if not ptx:
            return ""
        common = [kernel for kernel in self._found if any(name.startswith("sm_") for name in kernel)]
        machine = f"sm_{_number(ptx[-1])}"
        only = [kernel for kernel in common if machine not in kernel and _has(kernel, ptx[-1])]
        share = f"{self._count(only)}/{self._count(common)}"
        return f"{share} {_newest(only)}" if only else share

    def _count(self, kernels: list[tuple[str, ...]]) -> int:
        return sum(self._found[kernel] for kernel in kernels)


def _has(kernel: tuple[str, ...], code: str) -> bool:
    return any(name.partition(":")[0] == code for name in kernel)


def _number(code: str) -> int:
    return int(code.partition("_")[2])


def _newest(kernels: Any) -> str:
    versions = {name.partition(":")[2] for kernel in kernels for name in kernel} - {""}
    return max(versions, default="", key=lambda version: tuple(map(int, version.split("."))))
