"""A huge log in one pass and flat memory → the lines that matter: its ends, and what is around each match."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import IO, Protocol

from .blocks import REACH, Block, blocks, cleaned
from .formats.log import shapes
from .formats.log.shapes import Numbered
from .operators import compiled
from .sieve import Sieve, Wanted

#: Bytes of each end of a log that are kept in any case.
END = 1 << 16
#: Lines around a match: what patterns of several lines reach over, what a reader wants to see.
BEFORE = AFTER = 100
#: A pattern of several lines that its surroundings did not confirm so often is not tried again.
TRIES = 30
#: Stands where lines are left out: wider than any pattern reaches.
GAP = "[...]" + " " * 4096 + "[...]"

#: In such a line a pattern may match although the bytes do not show it, or the other way round.
_ODD = re.compile(r"[\x08\x1b\r]|\\_")


class Searchable(Protocol):
    """A text in which patterns can be looked for."""

    def first(self, pattern: str) -> tuple[int, str] | None:
        """The line where ``pattern`` first matches."""


#: Makes lines searchable.
Read = Callable[["list[Numbered]"], Searchable]


def lines(stream: IO[bytes], head: bytes, wanted: Mapping[str, int], read: Read) -> list[Numbered]:
    """The lines of the log that matter. ``head`` is its beginning, read from ``stream`` already.

    Kept is what is around so many matches of each pattern as ``wanted`` says, the first ones.
    """
    excerpt = _Excerpt(wanted, head, read)
    for block in blocks(stream, head):
        excerpt.look_at(block)
    return excerpt.lines()


class _Excerpt:
    """Looks at one block after the other and keeps the lines that matter, by the byte where they begin."""

    def __init__(self, wanted: Mapping[str, int], head: bytes, read: Read) -> None:
        self._left = dict(wanted)
        self._tried: Counter[str] = Counter()
        self._covered: Counter[str] = Counter()
        self._sieve = Sieve(wanted, cleaned(head[:END]))
        self._read = read
        self._kept: dict[int, tuple[int, bytes]] = {}
        self._end: tuple[int, int, bytes] = (0, 1, b"")
        self._lower = -1, b""
        self._around = -1, b""
        #: The last line in which a pattern was looked for in vain: the same may stand there a thousand times.
        self._in_vain: dict[str, bytes] = {}
        self._window: tuple[int, Searchable | None] = (-1, None)

    def look_at(self, block: Block) -> None:
        """Keep of ``block`` what matters."""
        if block.at < END:
            self._keep(block.at, block.number, block.data[: END - block.at])
        for wanted in self._sieve.possible(block.data):
            self._look_for(wanted, block)
        for pattern in self._sieve.unknown:
            self._look_everywhere(pattern, block)
        at, number, data = self._end
        data += block.data
        least = max(0, len(data) - END)  # a line may be longer than all that is kept
        cut = (data.find(b"\n", least - 1) + 1 or least) if least else 0
        self._end = at + cut, number + data.count(b"\n", 0, cut), data[cut:]

    def lines(self) -> list[Numbered]:
        """The kept lines, and ``GAP`` where some were left out."""
        self._keep(*self._end)
        found: list[Numbered] = []
        run: list[bytes] = []
        first = after = 0
        for at, (number, line) in sorted(self._kept.items()):
            if run and at != after:
                found += [*_seen(run, first), (number, ""), (number, GAP), (number, "")]
                run = []
            first = first if run else number
            run.append(line)
            after = at + len(line) + 1
        return found + _seen(run, first)

    def _look_for(self, wanted: Wanted, block: Block) -> None:
        data = self._in_case(wanted, block)
        if not wanted.spans and not _all_in(wanted.others, data):
            return
        places = sorted(_places(wanted.texts, data))
        if wanted.spans and not (places and _all_in(wanted.others, self._reached(wanted, block))):
            return
        past = -1
        for at in places:
            if at < past:
                continue
            begin, past = _line_at(block.data, at)
            if self._holds(wanted, block, begin, past) and self._found(wanted.pattern, block, begin):
                return

    def _in_case(self, wanted: Wanted, block: Block) -> bytes:
        if not wanted.any_case:
            return block.data
        if self._lower[0] != block.at:
            self._lower = block.at, block.data.lower()
        return self._lower[1]

    def _reached(self, wanted: Wanted, block: Block) -> bytes:
        """All that a match in ``block`` may reach over."""
        if self._around[0] != block.at:
            self._around = block.at, block.before + block.data + block.after
        return self._around[1].lower() if wanted.any_case else self._around[1]

    def _holds(self, wanted: Wanted, block: Block, begin: int, end: int) -> bool:
        """Whether the pattern matches in the line, or around it where it may reach over several."""
        line = block.data[begin:end]
        found = self._in_vain.get(wanted.pattern) != line and self._holds_in(wanted.pattern, line)
        if not found:
            self._in_vain[wanted.pattern] = line
        return found or (wanted.spans and self._holds_around(wanted, block, begin))

    def _holds_in(self, pattern: str, data: bytes) -> bool:
        line = data.decode("utf-8", "replace")
        if _asks_for_begin(pattern) or _ODD.search(line):
            return self._read(shapes.lines(line)).first(pattern) is not None
        return compiled(pattern).search(line) is not None

    def _holds_around(self, wanted: Wanted, block: Block, begin: int) -> bool:
        if self._tried[wanted.pattern] >= TRIES or block.at + begin < self._covered[wanted.pattern]:
            return False
        _, window = _around(block, begin)
        if not _all_in(wanted.others, window.lower() if wanted.any_case else window):
            return False
        self._tried[wanted.pattern] += 1
        # What begins not far below was looked at now, with most of what a pattern reaches over.
        self._covered[wanted.pattern] = block.at + begin + len(window) // 4
        if self._window[0] != block.at + begin:
            self._window = block.at + begin, self._read(_seen([window], 1))
        read = self._window[1]
        return read is not None and read.first(wanted.pattern) is not None

    def _look_everywhere(self, pattern: str, block: Block) -> None:
        """A pattern of which nothing is known is tried on every block as it stands."""
        text = block.data.decode("utf-8", "replace")
        found = compiled(pattern).search(text) if pattern in self._left else None
        if found:
            self._found(pattern, block, len(text[: found.start()].encode("utf-8")))

    def _found(self, pattern: str, block: Block, begin: int) -> bool:
        """Keep what is around ``begin``; whether the pattern was found often enough."""
        at, data = _around(block, begin)
        lines_before = block.data.count(b"\n", 0, begin) - data.count(b"\n", 0, block.at + begin - at)
        self._keep(at, block.number + lines_before, data)
        self._left[pattern] -= 1
        if self._left[pattern] > 0:
            return False
        del self._left[pattern]
        self._sieve.done(pattern)
        return True

    def _keep(self, at: int, number: int, data: bytes) -> None:
        for next_, line in enumerate(data.split(b"\n"), number):
            if len(line) >= len(self._kept.get(at, (0, b""))[1]):
                self._kept[at] = next_, line
            at += len(line) + 1


def _seen(run: list[bytes], first: int) -> list[Numbered]:
    return shapes.lines(b"\n".join(run).decode("utf-8", "replace"), first) if run else []


@cache
def _asks_for_begin(pattern: str) -> bool:
    """Whether the pattern asks where a line begins: then it must not be shown a prefix."""
    return re.search(r"(?<![\[\\])\^", pattern) is not None


def _all_in(parts: Iterable[tuple[bytes, ...]], data: bytes) -> bool:
    return all(any(text in data for text in part) for part in parts)


def _places(texts: Iterable[bytes], data: bytes) -> Iterator[int]:
    for text in texts:
        at = data.find(text)
        while at >= 0:
            yield at
            at = data.find(text, at + 1)


def _line_at(data: bytes, at: int) -> tuple[int, int]:
    """Where the line begins and ends in which ``at`` is; of a long one what is around it."""
    least, most = max(0, at - REACH // 2), at + REACH // 2
    begin, end = data.rfind(b"\n", least, at) + 1, data.find(b"\n", at, most)
    return begin or least, end if end >= 0 else min(most, len(data))


def _around(block: Block, begin: int) -> tuple[int, bytes]:
    """The lines around one of the block: the byte where the first begins, and all of them."""
    before = block.data[max(0, begin - REACH) : begin]
    if begin < REACH:
        before = (block.before + before)[-REACH:]
    after = (block.data[begin : begin + REACH] + block.after)[:REACH]
    if len(before) == REACH:
        before = before[before.find(b"\n") + 1 :]
    before = b"\n".join(before.split(b"\n")[-BEFORE - 1 :])
    after = b"\n".join(after.split(b"\n", AFTER)[:AFTER])
    return block.at + begin - len(before), before + after
