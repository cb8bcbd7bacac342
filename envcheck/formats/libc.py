"""What ``getconf``, ``ldd`` and file names say of the C and C++ libraries."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..patterns import Pattern

_GETCONF = Pattern(r"^glibc (\d+\.\d+(?:\.\d+)?)", re.MULTILINE)
_LDD = Pattern(r"\b(?:GLIBC|GNU libc)\b.*?(\d+\.\d+(?:\.\d+)?)\s*$", re.MULTILINE)
_STDCXX = Pattern(r"libstdc\+\+\.so\.6\.0\.(\d+)$")


def glibc(text: str) -> str | None:
    """The glibc version in the output of ``getconf GNU_LIBC_VERSION`` or of ``ldd --version``.

    >>> glibc("glibc 2.36"), glibc("ldd (Ubuntu GLIBC 2.35-0ubuntu3.8) 2.35")
    ('2.36', '2.35')
    >>> glibc("musl libc (x86_64)\\nVersion 1.2.4") is None
    True
    """
    found = _GETCONF.search(text) or _LDD.search(text)
    return found[1] if found else None


def is_musl(text: str) -> bool:
    """Whether ``ldd --version`` is musl's: it writes ``musl libc (x86_64)``, to standard error."""
    return text.startswith("musl libc")


def glibcxx(paths: Iterable[str]) -> str | None:
    """The newest GLIBCXX version that libraries of these names provide, "3.4.30", or None.

    libstdc++.so.6.0.N provides up to GLIBCXX_3.4.N:
    https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html

    >>> glibcxx(["/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30"])
    '3.4.30'
    """
    numbers = [int(found[1]) for found in map(_STDCXX.search, paths) if found]
    return f"3.4.{max(numbers)}" if numbers else None
