"""A log made searchable: where a pattern first matches, in whatever shape the log has come.

Patterns are ``re`` with ``^`` and ``$`` at each line. They are matched on the plain text; the numbers of
the lines are those of the file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import IO

from .formats.log import decode, indents, prefixes, shapes, wraps
from .formats.log.shapes import Numbered
from .literals import needs
from .operators import compiled
from .prefilter import may_be_in

#: A line of the log: its number from 1, and the line.
Line = tuple[int, str]
#: Bytes. A log up to this is searched as it is.
SMALL = 1 << 20
#: Of a long line only so much is shown, around what was found.
_SHOWN = 600
#: The line of an exception, one that calls itself an error, or a shell's about a process that died.
_ERROR = re.compile(
    r"^[ \t]*(?:[\w.]+(?:Error|Exception)\b|(?:ERROR|FATAL|error|Error)\b"
    r"|(?:\w{2,4}sh: )?(?:[Ss]egmentation fault|[Ii]llegal (?:hardware )?instruction|Aborted|Bus error)\b)",
    re.MULTILINE,
)


class Reading:
    """One way to read a log: its plain lines, and where in them the lines of the file begin.

    ``body[starts[i]]`` is the first letter of line ``numbers[i]``.
    """

    def __init__(self, body: str, starts: Sequence[int], numbers: Sequence[int]) -> None:
        self.body, self.starts, self.numbers = body, starts, numbers

    @cached_property
    def lower(self) -> str:
        """The same in small letters, letter by letter."""
        lower = self.body.lower()
        return lower if len(lower) == len(self.body) else "".join(letter.lower()[0] for letter in self.body)

    def holds(self, pattern: str) -> bool:
        """Whether the text has what ``pattern`` cannot do without."""
        if not may_be_in(pattern, self.body, lambda: self.lower):
            return False
        need = needs(pattern)
        text = self.lower if need.any_case else self.body
        return all(any(one in text for one in part) for part in need.parts)

    def line(self, start: int, end: int) -> Line:
        """The line of a match that tells most; of a long one what is around the match."""
        start = self._telling(start, end)
        begin = self.body.rfind("\n", 0, start) + 1
        stop = self.body.find("\n", start)
        line = self.body[begin : stop if stop >= 0 else None]
        if len(line) > _SHOWN:
            line = line[max(0, start - begin - _SHOWN // 3) :][: max(_SHOWN, min(end - start, 2 * _SHOWN))]
        return self.number(start), line.strip()

    def _telling(self, start: int, end: int) -> int:
        """Of a match over several lines the last error in it, else its beginning: context comes first."""
        if "\n" not in self.body[start:end]:
            return start
        stop = self.body.find("\n", end)
        whole = self.body[start : stop if stop >= 0 else None]
        errors = [found.start() for found in _ERROR.finditer(whole) if found.start() < end - start]
        return start + errors[-1] if errors else start

    def number(self, start: int) -> int:
        """The number in the file of the line where ``start`` stands."""
        return self.numbers[max(0, bisect_right(self.starts, start) - 1)]


class Text:
    """A log. The first reading is the lines as they stand, others join cut lines or lose an indent."""

    def __init__(self, readings: tuple[Reading, ...]) -> None:
        self.readings = readings
        self._found: dict[str, Line | None] = {}

    @classmethod
    def of(cls, text: str) -> Text:
        """The log ``text``."""
        return _of(text)

    @classmethod
    def of_bytes(cls, data: bytes) -> Text:
        """A whole log in whatever encoding."""
        return _of(decode.text_of(data))

    @classmethod
    def of_lines(cls, lines: list[Numbered]) -> Text:
        """A log from its lines as they are seen, prefixes still in place."""
        as_they_stand, without_indent = [[line] for line in lines], indents.reading(lines)
        others = [*wraps.readings(lines), *([without_indent] if without_indent else [])]
        return cls(tuple(map(_reading, [as_they_stand, *others])))

    @property
    def body(self) -> str:
        """The plain text."""
        return self.readings[0].body

    @property
    def lines(self) -> list[Line]:
        """The plain lines with their numbers."""
        return list(zip(self.readings[0].numbers, self.body.split("\n")))

    def number(self, start: int) -> int:
        """The number in the file of the line where ``body[start]`` stands."""
        return self.readings[0].number(start)

    def first(self, pattern: str) -> Line | None:
        """The line where ``pattern`` first matches. Raises ``Wrong`` where it is no regular expression."""
        if pattern not in self._found:
            self._found[pattern] = self._first(pattern)
        return self._found[pattern]

    @cached_property
    def _together(self) -> Reading:
        """All readings in one: most patterns are ruled out by what stands in none of them."""
        if len(self.readings) == 1:
            return self.readings[0]
        return Reading("\n".join(reading.body for reading in self.readings), (), ())

    def _first(self, pattern: str) -> Line | None:
        for reading in self.readings if self._together.holds(pattern) else ():
            found = compiled(pattern).search(reading.body) if reading.holds(pattern) else None
            if found:
                return reading.line(*found.span())
        return None

    def all(self, pattern: str, limit: int = 100) -> list[tuple[int, re.Match[str]]]:
        """The first ``limit`` matches, each with the number of its line."""
        for reading in self.readings if self._together.holds(pattern) else ():
            if reading.holds(pattern):
                found = compiled(pattern).finditer(reading.body)
                hits = [(reading.number(match.start()), match) for match, _ in zip(found, range(limit))]
                if hits:
                    return hits
        return []


def scan(stream: IO[bytes], patterns: Iterable[str], every: Iterable[str] = (), limit: int = 100) -> Text:
    """The log in ``stream``, read once; of a huge one the parts that matter, in flat memory.

    These are its beginning and its end, and what is around the first match of each of ``patterns`` and
    around the first ``limit`` of each of ``every``.
    """
    head = _head(stream)
    if len(head) <= SMALL:
        return Text.of_bytes(head)
    from . import excerpt

    wanted = {**dict.fromkeys(patterns, 1), **dict.fromkeys(every, limit)}
    return Text.of_lines(excerpt.lines(stream, head, wanted, Text.of_lines))


def _head(stream: IO[bytes]) -> bytes:
    """The beginning of the log: all of a small one. A pipe gives what it has, so it is asked again."""
    head = b""
    while len(head) <= SMALL:
        more = stream.read(SMALL + 1 - len(head))
        if not more:
            break
        head += more
    return head


@lru_cache(maxsize=64)
def _of(text: str) -> Text:
    return Text.of_lines(shapes.lines(text))


def _reading(lines: Iterable[list[Numbered]]) -> Reading:
    """``lines``: the parts of each, as they stand in the file."""
    starts, numbers, texts, at = [], [], [], 0
    for parts in lines:
        whole = "".join(part for _, part in parts)
        text = prefixes.stripped(whole)
        end = at - (len(whole) - len(text))
        for number, part in parts:
            starts.append(max(at, end))
            numbers.append(number)
            end += len(part)
        texts.append(text)
        at += len(text) + 1
    return Reading("\n".join(texts), starts, numbers or [1])
