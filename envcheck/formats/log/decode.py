"""The bytes of a log → text. Never fails: what is no text becomes U+FFFD.

PowerShell writes UTF-16, a console its code page, and one file may hold several of them.
"""

from __future__ import annotations

import codecs
import re

#: Longest first: the mark of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: So much of the beginning is looked at.
SAMPLE = 1 << 16
#: GB 2312: punctuation and the characters in common use. gb18030 reads nearly any bytes, as rare ones.
_COMMON = re.compile(rb"[\xa1\xa3\xb0-\xd7][\xa1-\xfe]")


def encoding_of(data: bytes) -> tuple[str, int]:
    """The encoding that the beginning of a log shows, else ``utf-8``; the length of its mark."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name, len(mark)
    sample = data[:SAMPLE]
    pairs = len(sample) // 2
    even, odd = sample[0 : 2 * pairs : 2].count(0), sample[1 : 2 * pairs : 2].count(0)
    # Latin text has a NUL in every pair; two fifths leave room for text in other scripts.
    if pairs and odd > 0.4 * pairs and even < 0.1 * pairs:
        return "utf-16-le", 0
    if pairs and even > 0.4 * pairs and odd < 0.1 * pairs:
        return "utf-16-be", 0
    return "utf-8", 0


def text_of(data: bytes) -> str:
    """A whole log as text."""
    name, mark = encoding_of(data)
    data = data[mark:] if mark else data
    return lines_of(data) if name == "utf-8" else data.decode(name, "replace")


def lines_of(data: bytes) -> str:
    """Text in UTF-8 or, line by line, in the code page of a Chinese or a western Windows."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return "\n".join(map(_line, data.split(b"\n")))


def _line(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    text = data.decode("utf-8", "replace")
    high = len(text) - len(text.encode("ascii", "ignore"))
    if 2 * text.count("\ufffd") <= high:
        return text  # UTF-8 that was cut, or junk in it
    chinese = _as_chinese(data)
    return data.decode("cp1252", "replace") if chinese is None else chinese


def _as_chinese(data: bytes) -> str | None:
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return None
    high = [letter for letter in text if ord(letter) > 0x7F]
    common = sum(_COMMON.fullmatch(letter.encode("gb18030")) is not None for letter in high)
    return text if 4 * common >= 3 * len(high) else None
