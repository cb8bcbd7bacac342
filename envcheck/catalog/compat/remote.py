"""A wheel at the other end of the network, read piece by piece with HTTP Range requests."""

from __future__ import annotations

import io
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: Bytes read ahead for the small files of a wheel, and per request of a big one.
SMALL, BIG = 32 << 10, 16 << 20
_TRIES = 5


def client(connections: int) -> httpx.Client:
    """An HTTP client that keeps at most so many connections."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.Client(limits=limits, timeout=60, follow_redirects=True)


def part(http: httpx.Client, url: str, start: int, end: int) -> bytes:
    """The bytes ``start <= i < end``; a passing failure is tried again, more slowly each time."""
    for attempt in range(_TRIES):
        try:
            answer = http.get(url, headers={"Range": f"bytes={start}-{end - 1}"})
            answer.raise_for_status()
            if answer.status_code != 206:
                raise OSError("the index does not answer Range requests")
            return answer.content
        except httpx.TransportError:
            if attempt == _TRIES - 1:
                raise
            time.sleep(2**attempt)
    raise AssertionError("unreachable")


class RangeFile(io.RawIOBase):
    """A seekable read-only file whose content is at ``url``."""

    def __init__(self, http: httpx.Client, url: str) -> None:
        answer = http.head(url)
        answer.raise_for_status()
        self._http, self._url = http, url
        self.size = int(answer.headers["content-length"])
        self._at = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As for any file."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """One request per call."""
        view = memoryview(buffer)
        end = min(self._at + len(view), self.size)
        if end <= self._at:
            return 0
        data = part(self._http, self._url, self._at, end)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


class RemoteWheel:
    """A wheel read through Range requests: its contents, small files whole, big ones as streams."""

    def __init__(self, http: httpx.Client, url: str) -> None:
        self._http, self._url = http, url
        self._raw = RangeFile(http, url)
        self.size = self._raw.size
        self._zip = zipfile.ZipFile(io.BufferedReader(self._raw, SMALL))

    def members(self) -> list[zipfile.ZipInfo]:
        """What is in it."""
        return self._zip.infolist()

    def text(self, ending: str) -> str | None:
        """The first file whose path ends so, as text; None if there is none."""
        for member in self.members():
            if member.filename.endswith(ending):
                return self._zip.read(member).decode("utf-8", "replace")
        return None

    def stream(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        """The unpacked content of one file, in pieces; nothing is kept."""
        header = part(self._http, self._url, member.header_offset, member.header_offset + 30)
        name, extra = struct.unpack_from("<HH", header, 26)
        start = member.header_offset + 30 + name + extra
        end = start + member.compress_size
        unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        for at in range(start, end, BIG):
            packed = part(self._http, self._url, at, min(at + BIG, end))
            yield packed if member.compress_type == zipfile.ZIP_STORED else unpack.decompress(packed)
        yield unpack.flush()
