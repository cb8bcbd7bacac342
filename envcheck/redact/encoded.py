"""Secrets in disguise: encoded as in URLs, HTML or JSON, in base64, cut in two at the end of a line.

A text is read in its plain form, and what is found there is hidden where it stands in the text itself.
"""

from __future__ import annotations

import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable

from .step import compiled

#: Characters as URLs, HTML and JSON encode them; full-width forms; colours; what takes no room.
_ESCAPE = (
    r"(?P<url>(?:%[0-9A-Fa-f]{2})+)|(?P<html>&(?:#\d{1,6}|#[xX][0-9A-Fa-f]{1,5}|quot|apos|amp|lt|gt|nbsp);)"
    r"|(?P<json>\\+(?:u[0-9A-Fa-f]{4}|[\"'/]))|(?P<wide>[\uff01-\uff5e\u3000\xa0]+)"
    r"|(?P<nothing>\x1b\[[0-9;]*[A-Za-z]|[\u200b-\u200f\u2060\ufeff\xad]+)"
)
#: A line's end, also escaped, and what programs put around it: quotes, a backslash, blanks, a bar.
_BREAK = (
    r"(?P<mark>(?:[\"'](?:[ \t]*[\\+])?|[ \t]+[\\+^]|[\\^])?)(?:\r?\n|\\{1,4}n)[ \t>"
    r"|#]*(?P<quote>[\"']?)(?P<word>(?=(\S*)))"
)
#: A line that begins so begins anew: a word, a number, a date, a name and its value, a path, an option.
_ANEW = (
    r"""[("'\[]?[A-Za-z]?[a-z]*[]:.,;!?)"']*$|\d{1,7}[:.,]?$|\d{4}-\d\d-\d\d|\d\d?:\d\d"""
    r"""|[\w.-]+\s?[:=](?![=/]|$)"""
    r"|(?:~|\.{1,2}|[A-Za-z]:)?(?:[/\\][\w.-]+){2,}|--?[a-z]|\w+://|\w+\(|[$#%<({[@*]|-{5}|[A-Z][a-z]+Error"
)

#: What may be base64 of a text worth hiding: not so short that words look like it.
BASE64 = r"(?<![\w+/=-])(?P<x>(?=[^\s]*[A-Z])[A-Za-z0-9+/_-]{16,4096}={0,2})(?![\w+/=-])"


#: From, to, and the pieces (from, to, what they become) that there are instead.
_Change = tuple[int, int, list[tuple[int, int, str]]]


class View:
    """A text in another form; ``span`` says where a piece of it stands in the text itself."""

    def __init__(self, text: str, changes: Iterable[_Change]) -> None:
        """``changes`` in order."""
        self._starts, self._origins, at, length = [0], [(0, 0)], 0, 0
        pieces = []
        for start, end, new in changes:
            pieces.append(text[at:start])
            length += start - at
            for begin, stop, plain in new:
                self._note(length, begin, stop)
                pieces.append(plain)
                length += len(plain)
            self._note(length, end, 0)
            at = end
        self.text = "".join([*pieces, text[at:]])

    def _note(self, start: int, origin: int, end: int) -> None:
        self._starts.append(start)
        self._origins.append((origin, end))

    def _at(self, place: int) -> tuple[int, int]:
        """Of one character: where it begins and ends in the text itself."""
        index = bisect_right(self._starts, place) - 1
        begin, stop = self._origins[index]
        offset = place - self._starts[index]
        return (begin, stop) if stop else (begin + offset, begin + offset + 1)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where what stands from ``start`` to ``end`` here begins and ends in the text itself."""
        return self._at(start)[0], self._at(end - 1)[1]


def is_plain(text: str) -> bool:
    """Whether ``text`` surely holds no escape."""
    return text.isascii() and not ("%" in text or "&" in text or "\\" in text or "\x1b" in text)


def unescaped(text: str) -> View | None:
    """``text`` with every escape undone; None where it has none."""
    if is_plain(text):
        return None
    changes = [(m.start(), m.end(), _plain(m)) for m in compiled(_ESCAPE).finditer(text)]
    return View(text, changes) if changes else None


def _plain(found: re.Match[str]) -> list[tuple[int, int, str]]:
    start, end = found.span()
    if found["url"]:
        return _characters(found[0], start)
    if found["nothing"]:
        return []
    if found["wide"]:
        import unicodedata

        return [(start + i, start + i + 1, unicodedata.normalize("NFKC", c)) for i, c in enumerate(found[0])]
    if found["html"]:
        import html

        return [(start, end, html.unescape(found[0]))]
    last = found[0].lstrip("\\")
    return [(start, end, chr(int(last[1:], 16)) if last[0] == "u" else last)]


def _characters(encoded: str, start: int) -> list[tuple[int, int, str]]:
    """The characters of ``%E5%BC%A0``; what is no UTF-8 is taken byte by byte."""
    raw = bytes.fromhex(encoded.replace("%", ""))
    try:
        plain, sizes = raw.decode("utf-8"), None
    except UnicodeDecodeError:
        plain, sizes = raw.decode("latin-1"), 1
    made, at = [], start
    for character in plain:
        end = at + 3 * (sizes or len(character.encode("utf-8")))
        made.append((at, end, character))
        at = end
    return made


def joined(text: str, every: bool = False) -> View | None:
    """``text`` with lines that were cut in two put together again; None where there is none.

    A line is taken for cut where a mark says so, or where the next one begins as no line of its own would.
    ``every``: all lines are put together.
    """
    if "\n" not in text and "\\n" not in text:
        return None
    changes: list[_Change] = [
        (m.start(), m.start("word"), []) for m in compiled(_BREAK).finditer(text) if every or _is_cut(m, text)
    ]
    return View(text, changes) if changes else None


def _is_cut(found: re.Match[str], text: str) -> bool:
    if found["mark"].strip("\"'"):
        return True
    if found["mark"] and not found["quote"]:  # a string ends with its line
        return False
    before, word = text[max(0, found.start() - 1) : found.start()], found[4]
    if not re.match(r"[\w+/=.~%:@!$&*-]", before, re.ASCII) or not word:
        return False
    line = text[found.start("word") : found.start("word") + 80].split("\n")[0]
    return not (
        compiled(_ANEW, re.ASCII).match(word) or re.match(r"[\w.-]+\s?[:=](?![=/]|$)\s?\S", line, re.ASCII)
    )


def decoded(text: str) -> str | None:
    """``text`` out of base64 (either alphabet), where it is printable; None: it is no such thing."""
    try:
        plain = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
        shown = binascii.a2b_base64(plain).decode("utf-8")
    except ValueError:
        return None
    return shown if shown.isprintable() or "\n" in shown else None


def spellings(secret: str) -> set[str]:
    """``secret`` as URLs, HTML and JSON write it, and as it is."""
    from html import escape
    from json import dumps
    from urllib.parse import quote, quote_plus, unquote

    plain = {secret, unquote(secret)}
    made = {spelled for one in plain for spelled in (quote(one, safe=""), quote(one), quote_plus(one))}
    made |= {spelled for one in plain for spelled in (escape(one), dumps(one)[1:-1], repr(one)[1:-1])}
    return plain | made


def holds(text: str, is_secret: Callable[[str], bool]) -> bool:
    """Whether ``text`` is base64 of something that ``is_secret``."""
    plain = decoded(text)
    return plain is not None and is_secret(plain)
