"""The dynamic section of an ELF file: what it needs, what it is called, where it looks.

The layout is that of the System V ABI, chapter "Object Files" and "Dynamic Linking"
(https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html). Only what the loader itself uses
is read, the program headers: section headers may be stripped from a library that loads well.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NEEDED, _DT_STRTAB, _DT_STRSZ, _DT_SONAME, _DT_RPATH, _DT_RUNPATH = 1, 5, 10, 14, 15, 29
#: ``e_machine``; https://www.sco.com/developers/gabi/latest/ch4.eheader.html
MACHINES = {3: "i386", 62: "x86_64", 183: "aarch64"}

#: ``read(offset, size)`` gives up to ``size`` bytes of the file.
Read = Callable[[int, int], bytes]


class NotElf(ValueError):
    """Not a whole ELF file; the message is the one that glibc's loader has for it."""


class Dynamic(NamedTuple):
    """What the loader learns from a file. Paths are as written, ``$ORIGIN`` not yet expanded."""

    machine: str | None
    bits: int
    needed: tuple[str, ...] = ()
    soname: str | None = None
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()


class _Layout(NamedTuple):
    order: str
    word: str
    header: str
    segment: str


def dynamic(data: bytes | Read) -> Dynamic:
    """Read the dynamic section of a file, given whole or as a function that reads pieces of it.

    Raises :class:`NotElf` for what the loader would refuse: "file too short",
    "invalid ELF header", or a table that points outside the file.
    """
    read = _slicer(data) if isinstance(data, bytes) else data
    layout, machine, bits = _ident(read(0, 20))
    segments = list(_segments(read, layout))
    entries = [
        entry for kind, *place in segments if kind == _PT_DYNAMIC for entry in _entries(read, place, layout)
    ]
    texts = _texts(read, entries, segments)
    names = {tag: [texts(value) for t, value in entries if t == tag] for tag in _NAMES}
    return Dynamic(
        machine,
        bits,
        needed=tuple(names[_DT_NEEDED]),
        soname=next(iter(names[_DT_SONAME]), None),
        rpath=_paths(names[_DT_RPATH]),
        runpath=_paths(names[_DT_RUNPATH]),
    )


def search_path(found: Dynamic, origin: str) -> tuple[str, ...]:
    """The folders that the file's own entries name, once each, ``$ORIGIN`` being ``origin``.

    A file that has a RUNPATH has no say through its RPATH (ld.so(8)).
    """
    paths = found.runpath or found.rpath
    filled = (path.replace("${ORIGIN}", origin).replace("$ORIGIN", origin) for path in paths)
    return tuple(dict.fromkeys(filled))


_NAMES = (_DT_NEEDED, _DT_SONAME, _DT_RPATH, _DT_RUNPATH)


def _slicer(data: bytes) -> Read:
    return lambda offset, size: data[offset : offset + size]


def _ident(head: bytes) -> tuple[_Layout, str | None, int]:
    if len(head) < 20:
        raise NotElf("file too short")
    if head[:4] != b"\x7fELF" or head[4] not in (1, 2) or head[5] not in (1, 2):
        raise NotElf("invalid ELF header")
    bits = 32 * head[4]
    order = "<" if head[5] == 1 else ">"
    (machine,) = struct.unpack_from(order + "H", head, 18)
    wide = bits == 64
    layout = _Layout(
        order=order,
        word=order + ("qQ" if wide else "iI"),
        header=order + ("QQQIHHH" if wide else "IIIIHHH"),
        segment=order + ("IIQQQQ" if wide else "IIIII"),
    )
    return layout, MACHINES.get(machine), bits


def _unpack(form: str, data: bytes) -> tuple[int, ...]:
    size = struct.calcsize(form)
    if len(data) < size:
        raise NotElf("file too short")
    return struct.unpack(form, data[:size])


def _segments(read: Read, layout: _Layout) -> Iterator[tuple[int, int, int, int]]:
    """``kind, offset in the file, address, size in the file`` of each program header."""
    header = _unpack(layout.header, read(24, struct.calcsize(layout.header)))
    start, size, count = header[1], header[5], header[6]
    if size < struct.calcsize(layout.segment):
        raise NotElf("ELF file's phentsize not the expected size")
    table = read(start, size * count)
    for i in range(count):
        entry = _unpack(layout.segment, table[i * size :])
        if len(entry) == 6:  # 64 bits: type, flags, offset, address, physical, size
            yield entry[0], entry[2], entry[3], entry[5]
        else:  # 32 bits: type, offset, address, physical, size
            yield entry[0], entry[1], entry[2], entry[4]


def _entries(read: Read, place: list[int], layout: _Layout) -> Iterator[tuple[int, int]]:
    offset, _, size = place
    table = read(offset, size)
    step = struct.calcsize(layout.word)
    for i in range(0, size - step + 1, step):
        tag, value = _unpack(layout.word, table[i:])
        if tag == 0:
            return
        yield tag, value


def _texts(
    read: Read, entries: list[tuple[int, int]], segments: list[tuple[int, int, int, int]]
) -> Callable[[int], str]:
    tags = dict(entries)
    address = tags.get(_DT_STRTAB, 0)
    table = b""
    for kind, offset, start, size in segments:
        if kind == _PT_LOAD and start <= address < start + size:
            table = read(offset + address - start, tags.get(_DT_STRSZ, 0))

    def text(at: int) -> str:
        end = table.find(b"\0", at)
        if not 0 <= at < len(table) or end < 0:
            raise NotElf("file too short")
        return table[at:end].decode("utf-8", "replace")

    return text


def _paths(entries: list[str]) -> tuple[str, ...]:
    return tuple(path for entry in entries for path in entry.split(":") if path)
