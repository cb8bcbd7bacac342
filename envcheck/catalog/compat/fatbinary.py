"""Which GPU code a program holds: its CUDA fat-binary headers.

Layout, measured on the wheels of TensorFlow 1.13 to 2.22 and cuDNN 9: a container begins with the magic
number 0xBA55ED50, its version (1), the length of its own header (16) and of what follows; then come entries,
each with kind (1 PTX, 2 machine code), header length at byte 4, length at byte 8 and architecture at byte 28.
PTX is packed, but its first bytes, with ``.version 8.5``, stand as they are.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_MAGIC = bytes.fromhex("50ed55ba")
_PTX, _MACHINE_CODE = 1, 2
_LIMIT = 256 << 20  # a container longer than this is a chance match of the magic number
_VERSION = re.compile(rb"\.version (\d+\.\d+)")


class Codes(NamedTuple):
    """The GPU code in one file.

    ``containers``: what a fat binary holds → how many hold just that: ``"sm_60 sm_90 compute_90:8.5"``, PTX
    with the version of its instruction set; ``marks``: which of the byte strings that were asked for occur.
    """

    containers: dict[str, int]
    marks: tuple[str, ...]


def scan(pieces: Iterable[bytes], marks: Iterable[bytes] = ()) -> Codes:
    """Count the code in a file given in pieces, in one pass and with little memory."""
    found: Counter[str] = Counter()
    seen: set[bytes] = set()
    for containers, window in _windows(pieces):
        seen.update(mark for mark in set(marks) - seen if mark in window)
        found.update(filter(None, (" ".join(sorted(set(_entries(each)))) for each in containers)))
    return Codes(dict(sorted(found.items())), tuple(sorted(mark.decode() for mark in seen)))


def _windows(pieces: Iterable[bytes]) -> Iterator[tuple[list[bytes], bytes]]:
    """For each piece: the containers that end in it, and the bytes to look for marks in."""
    rest = b""
    for piece in pieces:
        buffer = rest + piece
        containers, used = _containers(buffer)
        yield containers, buffer
        rest = buffer[used:]


def _containers(buffer: bytes) -> tuple[list[bytes], int]:
    """The whole containers in the buffer, and from where on it must be kept for the next piece."""
    found: list[bytes] = []
    at = 0
    while True:
        at = buffer.find(_MAGIC, at)
        if at < 0:
            return found, max(len(buffer) - 128, 0)
        if at + 16 > len(buffer):
            return found, at
        version, header, size = struct.unpack_from("<HHQ", buffer, at + 4)
        if version != 1 or header != 16 or size > _LIMIT:
            at += 4
        elif at + 16 + size > len(buffer):
            return found, at
        else:
            found.append(buffer[at + 16 : at + 16 + size])
            at += 16 + size


def _entries(container: bytes) -> Iterator[str]:
    """What is in it: ``sm_80`` or ``compute_90:8.5`` for each entry."""
    at = 0
    while at + 64 <= len(container):
        kind, header, size = struct.unpack_from("<H2xIQ", container, at)
        architecture = struct.unpack_from("<I", container, at + 28)[0]
        if kind not in (_PTX, _MACHINE_CODE) or header < 64 or not 20 <= architecture < 300:
            return
        if kind == _MACHINE_CODE:
            yield f"sm_{architecture}"
        else:
            version = _VERSION.search(container, at + header, at + header + 400)
            yield f"compute_{architecture}:{version[1].decode() if version else ''}"
        at += header + size
