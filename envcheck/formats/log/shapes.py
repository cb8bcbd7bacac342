"""What terminals, consoles, web pages and containers put around and into the lines of a log, taken out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

#: Stands between lines that one line of the file holds.
CUT = "\x1e"

#: A line of the plain text: the number of its line in the file, from 1, and what it says.
Numbered = tuple[int, str]

#: Lines longer than this are cut: no message is as long, and patterns would take their time.
LONGEST = 8192
#: So much of a cut line is repeated in the next piece.
OVERLAP = 512

_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_NOTHING = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\ufeff"
)
#: Web pages and word processors set these in place of what the program printed.
_TYPOGRAPHY = {
    **dict.fromkeys(_SPACES, " "),
    **dict.fromkeys(_NOTHING, ""),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),
    "\u2014": "--",
    "\u2026": "...",
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\u2028": CUT,
    "\u2029": CUT,
    "\x85": CUT,
    "\x9b": "\x1b[",
}
_TYPE = str.maketrans(_TYPOGRAPHY)
#: Control characters that move nothing on a screen.
_JUNK = re.compile(r"[\x00-\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]+")

#: The escape character, also as programs and people write it out (cat -v, JSON, a shell's string).
_ESC = r"(?:\x1b|\^\[|\u241b|\\x1[bB]|\\0?33|\\u001[bB]|\\e(?=\[\d))"
#: ECMA-48: control sequences, operating-system commands and other strings, character sets, single functions.
_ESCAPES = re.compile(
    _ESC + r"(?:\[(?P<args>[0-?]*)[ -/]*(?P<final>[@-~])|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
    r"|[PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[()*+][0-9A-Za-z]|(?<=\x1b)[0-9=>A-Za-z\\]?)"
    r"|\[(?:0|1|0?[0-9];\d{1,3}(?:;\d{1,3})*|[39][0-7]|4[0-7])m(?=\W|[A-Z]|$)"
)
_ESCAPE_SIGNS = ("\x1b", "^[", "\u241b", "\\x1", "\\033", "\\33", "\\u001", "\\e[", "m")
#: Control sequences that move the cursor off its line, and to its beginning.
_MOVES = {**dict.fromkeys("ABEFHfd", CUT), "G": "\r"}

_BACKSPACES = re.compile(r"\x08+")
#: What differs between two states of a progress bar.
_BAR = re.compile(r"[\d.,:;%=>#\u2500-\u259f\-+|/\\*<?~\s]+|\b[kKMGT]?i?[bB]?\b")

_TAGS = re.compile(
    r"</?(?P<block>br|pre|p|div|li|ul|ol|tr|table|tbody|blockquote|details|summary|h[1-6])"
    r"(?: [^<>\n]*=[^<>\n]*)?/?>"
    r"|</?(?:code|span|td|th|strong|em|font|samp|kbd|tt|b|i|a)(?: [^<>\n]*=[^<>\n]*)?>"
    r"|\[/?(?:code|quote|pre)\]"
)
_ENTITY = re.compile(
    r"&(?:(lt|gt|amp|quot|apos|nbsp|lsquo|rsquo|ldquo|rdquo|hellip)|#(\d{1,6})|#[xX]([0-9a-fA-F]{1,5}));"
)
_NAMED = {
    "lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'", "nbsp": " ",
    "lsquo": "'", "rsquo": "'", "ldquo": '"', "rdquo": '"', "hellip": "...",
}  # fmt: skip
#: A quoted line; ``>>>`` is Python's prompt.
_QUOTE = re.compile(r"(?:[ \t]{0,3}>(?!>)[ \t]?)+")
_FENCE = re.compile(r"[ \t]*(?:`{3,}|~{3,})[\w+.\-]*[ \t]*$")
#: Markdown's escaped underscore, between capitals only: elsewhere it is a Windows path.
_ESCAPED = re.compile(r"(?<=[A-Z])\\_(?=[A-Z])")

_JSON_TEXT = ("log", "message", "msg", "textPayload", "data", "text", "line")


def lines(text: str, first: int = 1) -> list[Numbered]:
    """The lines of a log as a person would have seen them, prefixes still in place."""
    text = _without_junk(text)
    found: list[Numbered] = []
    for number, line in enumerate(text.split("\n"), first):
        found += [(number, seen) for seen in _seen(line)]
    return found


def _without_junk(text: str) -> str:
    text = typed(text)
    return _JUNK.sub(_kept, text) if _JUNK.search(text) else text


def typed(text: str) -> str:
    """``text`` with the quotes, dashes and blanks that a program prints."""
    return text if text.isascii() else text.translate(_TYPE)


def _kept(junk: re.Match[str]) -> str:
    return CUT if CUT in junk[0] else "\x07" if "\x07" in junk[0] else ""


def _seen(line: str) -> Iterator[str]:
    """The lines that one line of the file shows: none is left of an earlier state of a progress bar."""
    line = _out_of_json(line)
    if any(sign in line for sign in _ESCAPE_SIGNS):
        line = _ESCAPES.sub(_moved, line)
    line = _without_tags(line)
    if "&" in line:
        line = _without_tags(unescaped(line))
    if "\\_" in line:
        line = _ESCAPED.sub("_", line)
    for part in line.split(CUT) if CUT in line else (line,):
        for state in _states(part):
            yield from _pieces(_without_marks(state.replace("\x07", "")))


def _out_of_json(line: str) -> str:
    """What a line of JSON says: a container's record, a string of a notebook's file, or such a file."""
    bare = line.strip()
    if not bare.startswith(('{"', '"')):
        return line
    try:
        value = json.loads(bare.rstrip(","))
        cells = list(_cells(value["cells"])) if isinstance(value, dict) and "cells" in value else []
    except (ValueError, RecursionError):
        return line
    if cells:
        return CUT.join(_without_junk(text).replace("\n", CUT) for text in cells)
    texts = [value] if isinstance(value, str) else [value[key] for key in _JSON_TEXT if key in value]
    said = [text for text in texts if isinstance(text, str)]
    return _without_junk(said[0].rstrip("\n")).replace("\n", CUT) if said else line


def _cells(value: Any) -> Iterator[str]:
    """The texts in a notebook's cells; those of a list are the lines of one."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and all(isinstance(one, str) for one in value):
        yield "".join(line if line.endswith("\n") else line + "\n" for line in value)
    else:
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from _cells(inner)


def _moved(escape: re.Match[str]) -> str:
    """What a control sequence does to the text: spaces, another line, the line's beginning, or nothing."""
    final = escape["final"]
    if final == "C":
        return " " * min(
            int(escape["args"] or 1) if escape["args"].isdigit() or not escape["args"] else 1, 200
        )
    return _MOVES.get(final, "") if final else ""


def _without_tags(line: str) -> str:
    if "<" not in line and "[" not in line:
        return line
    return _TAGS.sub(lambda tag: CUT if tag["block"] else "", line)


def unescaped(line: str) -> str:
    """``&lt;module&gt;`` → ``<module>``, also where it was escaped twice."""
    for _ in range(2):
        if "&" in line:
            line = _ENTITY.sub(_letter, line)
    return line


def _letter(entity: re.Match[str]) -> str:
    if entity[1]:
        return _NAMED[entity[1]]
    code = int(entity[2]) if entity[2] else int(entity[3], 16)
    letter = chr(code) if 32 <= code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
    return _TYPOGRAPHY.get(letter, letter)


def _states(line: str) -> list[str]:
    """What stays of a line that was written over: its last state, and what was no state of a bar."""
    if "\x08" in line:
        line = _BACKSPACES.sub(lambda run: "\r" if len(run[0]) > 9 else run[0], line)
        line = _stepped_back(line) if "\x08" in line else line
    if "\r" not in line:
        return [line]
    states = [state for state in line.split("\r") if state.strip()]
    shapes = [_BAR.sub("", state[:LONGEST]) for state in states]
    return [state for state, own, next_ in zip(states, shapes, [*shapes[1:], None]) if own != next_] or [""]


def _stepped_back(line: str) -> str:
    """Each backspace takes the letter before it away."""
    letters: list[str] = []
    for letter in line:
        if letter != "\x08":
            letters.append(letter)
        elif letters and letters[-1] != "\r":
            letters.pop()
    return "".join(letters)


def _without_marks(line: str) -> str:
    """A line without the marks of a quotation or of a block of code."""
    quote = _QUOTE.match(line)
    line = line[quote.end() :] if quote else line
    if "`" in line or "~" in line:
        if _FENCE.match(line):
            return ""
        bare = line.strip()
        if bare.startswith("```") or bare.endswith("```"):
            return bare.strip("`")
        if len(bare) > 2 and bare[0] == bare[-1] == "`" and "`" not in bare[1:-1]:
            return bare[1:-1]
    return line.rstrip()


def _pieces(line: str) -> Iterator[str]:
    if len(line) <= LONGEST:
        yield line
        return
    for start in range(0, len(line) - OVERLAP, LONGEST - OVERLAP):
        yield line[start : start + LONGEST]
