"""A huge log in blocks of whole lines, in bytes in which constant texts can be found."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

from .formats.log import decode, shapes

#: Bytes read at once, and bytes that a block knows of what is around it: no pattern reaches further.
BLOCK, REACH = 1 << 18, 1 << 14

#: Colours may stand within a word.
_COLOURS = re.compile(rb"\x1b\[[0-9;]*[mK]")
#: Typographic quotes and blanks, and what is not seen at all.
_TYPE_SIGNS = (
    b"\xe2\x80",
    b"\xc2\xa0",
    b"\xc2\xad",
    b"\xc2\xb4",
    b"\xe2\x81\xa0",
    b"\xef\xbb\xbf",
    b"\xef\xac",
)
_ENTITY_SIGNS = (b"&lt;", b"&gt;", b"&quot;", b"&amp;", b"&#", b"&nbsp;", b"&apos;")


class Block(NamedTuple):
    """Whole lines of the log, cleaned, from byte ``at`` and line ``number`` on, and the bytes around them."""

    data: bytes
    at: int
    number: int
    before: bytes
    after: bytes


def blocks(stream: IO[bytes], head: bytes) -> Iterator[Block]:
    """All of a log, in order. ``head`` is its beginning, read from ``stream`` already."""
    return _with_surroundings(_parts(_utf8(stream, head)))


def cleaned(data: bytes) -> bytes:
    """Bytes in which constant texts can be found; the ends of lines stay."""
    if not data.isascii():
        data = _in_utf8(data)
    if b"\x00" in data:
        data = data.replace(b"\x00", b"")
    if b"\x1b" in data:
        data = _COLOURS.sub(b"", data)
    if b"&" in data and any(sign in data for sign in _ENTITY_SIGNS):
        data = shapes.unescaped(data.decode("utf-8", "replace")).encode("utf-8", "replace")
    return data


def _utf8(stream: IO[bytes], head: bytes) -> Iterator[bytes]:
    """The log in UTF-8, piece by piece; a piece may end anywhere."""
    name, mark = decode.encoding_of(head)
    data = head[mark:]
    decoder = None if name == "utf-8" else codecs.getincrementaldecoder(name)("replace")
    while data:
        yield data if decoder is None else decoder.decode(data).encode("utf-8", "replace")
        data = stream.read(BLOCK)


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same, each part ending with a line; a line longer than a block is cut."""
    rest = b""
    for piece in pieces:
        rest += piece
        end = rest.rfind(b"\n") + 1 or (len(rest) if len(rest) > BLOCK else 0)
        if end:
            yield cleaned(rest[:end])
            rest = rest[end:]
    if rest:
        yield cleaned(rest)


def _in_utf8(data: bytes) -> bytes:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = decode.lines_of(data)
        data = text.encode("utf-8", "replace")
    return shapes.typed(text).encode("utf-8", "replace") if any(s in data for s in _TYPE_SIGNS) else data


def _with_surroundings(parts: Iterable[bytes]) -> Iterator[Block]:
    at, number, before, data = 0, 1, b"", b""
    for part in parts:
        if data:
            yield Block(data, at, number, before, part[:REACH])
        at, number, before = at + len(data), number + data.count(b"\n"), (before + data)[-REACH:]
        data = part
    if data:
        yield Block(data, at, number, before, b"")
