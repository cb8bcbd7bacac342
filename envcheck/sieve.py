"""Which of many patterns a part of a huge log may match: told from the words that stand in it.

Huge logs repeat themselves: the distinct lines are few once their numbers are left out, the distinct words
fewer still. What was met before costs next to nothing, so the number of patterns hardly matters: each new
word is searched once for all of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property, lru_cache
from typing import Any, NamedTuple

from .literals import SHORTEST, needs
from .prefilter import Plain, plain_parts

#: Words are letters; digits are left out, so that a version or an address makes no new word.
_DIGITS = b"0123456789"
_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_" + bytes(range(128, 256))
_BLANKS = bytes(code if code in _LETTERS or code == 10 else 32 for code in range(256))
_WORD = re.compile(rb"[^ ]+")
#: So many are remembered; a log of random strings has no end of them.
_MOST_WORDS, _MOST_LINES = 200_000, 40_000
#: So many words of a sample tell what is common; binary data has no end of words that stand there once.
_MOST_COUNTED = 1000
#: A pattern and a text that it needs.
_Use = tuple[str, bytes]


class Wanted(NamedTuple):
    """What is looked for on behalf of a pattern: one of ``texts``, and one of each of ``others`` near it.

    Where ``any_case`` the texts are in small letters, and stand in the log in any.
    """

    pattern: str
    texts: tuple[bytes, ...]
    others: tuple[tuple[bytes, ...], ...]
    spans: bool
    any_case: bool


class Sieve:
    """Tells which of ``patterns`` a part of the log may match. ``unknown``: those that need no known text."""

    def __init__(self, patterns: Iterable[str], sample: bytes) -> None:
        common = _Common(sample), _Common(sample.lower())  # as they stand; in any case
        anchors = _Anchors(), _Anchors()
        self.unknown: list[str] = []
        self._texts: dict[str, tuple[bytes, ...]] = {}
        for pattern in patterns:
            any_case, texts = _looked_for(pattern, common)
            for text in texts:
                anchors[any_case].add(common[any_case].rarest_word(text), (pattern, text))
            if texts:
                self._texts[pattern] = texts
            else:
                self.unknown.append(pattern)
        self._always = [use for of_case in anchors for use in of_case.always]
        self._words = _Words(*anchors)
        self._lines = _Lines(self._words)

    def possible(self, part: bytes) -> list[Wanted]:
        """What may stand in ``part``; of the texts those whose words are there."""
        plain = part.translate(_BLANKS, _DIGITS)
        uses = self._lines.uses(plain) if self._lines.repeat else self._words.uses(set(plain.split()))
        texts: dict[str, list[bytes]] = {}
        for pattern, text in sorted(uses.union(self._always)):
            texts.setdefault(pattern, []).append(text)
        return [_wanted(p, self._texts[p], tuple(t)) for p, t in texts.items() if p in self._texts]

    def done(self, pattern: str) -> None:
        """No longer look for ``pattern``."""
        self._texts.pop(pattern, None)


class _Words:
    """The words met so far, and what is looked for where they stand."""

    def __init__(self, as_they_stand: _Anchors, in_any_case: _Anchors) -> None:
        self._anchors = (as_they_stand, in_any_case)
        self._seen: set[bytes] = set()
        self.telling: dict[bytes, set[_Use]] = {}

    def uses(self, words: set[bytes]) -> set[_Use]:
        """What is looked for where ``words`` stand."""
        new = words - self._seen
        if len(self._seen) > _MOST_WORDS:
            self._seen.clear()
        self._seen |= new
        self._learn(b"\n%b\n" % b"\n".join(new))
        return set().union(*(self.telling[word] for word in self.telling.keys() & words))

    def _learn(self, lines: bytes) -> None:
        for anchors, text in zip(self._anchors, (lines, lines.lower())):
            for at, uses in anchors.found_in(text):
                begin = lines.rfind(b"\n", 0, at + 1) + 1
                self.telling.setdefault(lines[begin : lines.find(b"\n", begin)], set()).update(uses)


class _Lines:
    """The lines met so far. A huge log says the same again and again, but for its numbers."""

    def __init__(self, words: _Words) -> None:
        self._words = words
        self._seen: set[bytes] = set()
        self._telling: dict[bytes, set[_Use]] = {}
        self._met = self._new = 0

    @property
    def repeat(self) -> bool:
        """Whether most lines were met before; else it is not worth while to remember them."""
        return self._met < _MOST_LINES or 2 * self._new < self._met

    def uses(self, text: bytes) -> set[_Use]:
        """What is looked for where the lines of ``text`` stand."""
        lines = set(text.split(b"\n"))
        new = lines - self._seen
        self._met += len(lines)
        self._new += len(new)
        if len(self._seen) > _MOST_LINES:
            self._seen.clear()
        self._seen |= new
        words = set(b" ".join(new).split())
        if self._words.uses(words):
            self._learn(new, self._words.telling.keys() & words)
        return set().union(*(self._telling[line] for line in self._telling.keys() & lines))

    def _learn(self, lines: set[bytes], words: set[bytes]) -> None:
        for line in lines:
            told = words.intersection(line.split())
            if told:
                uses = set().union(*(self._words.telling[word] for word in told))
                whole = b"\n%b\n" % b"\n".join(line.split())
                fit = {use for use in uses if _fits(use[1], whole) or _fits(use[1], whole.lower())}
                if fit:
                    self._telling[line] = fit


def _fits(text: bytes, line: bytes) -> bool:
    """Whether all words of ``text`` stand in ``line``; a text of two lines may stand there in any case."""
    return b"\n" in text or all(word in line for word in _bounded(text))


class _Anchors:
    """The words that are looked for, and for whom."""

    def __init__(self) -> None:
        self._users: dict[bytes, list[_Use]] = {}

    def add(self, anchor: bytes, use: _Use) -> None:
        """Look for ``anchor``; an empty one stands everywhere."""
        self._users.setdefault(anchor, []).append(use)

    @property
    def always(self) -> list[_Use]:
        """Those that have no word to be told by."""
        return self._users.get(b"", [])

    @cached_property
    def _tree(self) -> re.Pattern[bytes]:
        return re.compile(_tree(anchor for anchor in self._users if anchor))

    def found_in(self, text: bytes) -> Iterator[tuple[int, list[_Use]]]:
        """Where anchors stand, and for whom; the tree finds the longest alone, so the shorter are added."""
        found = self._tree.search(text)
        while found:
            ends = range(1, len(found[0]) + 1)
            yield found.start(), [use for end in ends for use in self._users.get(found[0][:end], ())]
            found = self._tree.search(text, found.start() + 1)


def _words(text: bytes) -> list[bytes]:
    return text.translate(_BLANKS, _DIGITS).split()


@cache
def _bounded(text: bytes) -> list[bytes]:
    """The words of ``text``, with ``\\n`` where a word of the log must begin or end there."""
    plain = text.translate(_BLANKS, _DIGITS)
    found = []
    for word in _WORD.finditer(plain):
        begin = b"\n" if word.start() else b""
        end = b"\n" if word.end() < len(plain) else b""
        found.append(begin + word[0] + end)
    return found


class _Common:
    """How common words are in a sample of the log."""

    def __init__(self, sample: bytes) -> None:
        self._sample = sample
        common = Counter(_words(sample)).most_common(_MOST_COUNTED)
        self._counts = [(b"\n%b\n" % word, count) for word, count in common]
        self._all = b"".join(word for word, _ in self._counts)
        self._known: dict[bytes, int] = {}

    def count(self, word: bytes) -> int:
        """How often ``word`` stands in the sample, also within others unless its ends are marked."""
        if word not in self._known:
            held = word in self._all
            self._known[word] = sum(count for other, count in self._counts if word in other) if held else 0
        return self._known[word]

    def rarest_word(self, text: bytes) -> bytes:
        """The word of ``text`` that the log is least likely to hold; empty where it has none."""
        return min(_bounded(text), key=lambda word: (self.count(word), -len(word), word), default=b"")

    def of_text(self, text: bytes) -> float:
        """How often the text stands in the sample; of the unseen the shorter is more common.

        One whose words are there has to be looked for again and again; one without words, everywhere.
        """
        seen = min(map(self.count, _bounded(text)), default=1000)
        return (max(1, self._sample.count(text)) if 0 < seen < 1000 else seen) + 1 / len(text)


def _looked_for(pattern: str, common: tuple[_Common, _Common]) -> tuple[bool, tuple[bytes, ...]]:
    """In any case or as they stand: the texts that tell where ``pattern`` may match, none if none are known.

    All that it needs is found out at some cost: only where what is seen at a glance is no rare text.
    """
    plain = plain_parts(pattern)
    texts = _rare_texts(plain, common[plain.any_case])
    if texts:
        return plain.any_case, texts
    need = needs(pattern)
    parts = [tuple(text.encode() for text in part) for part in need.parts]
    rarest = min(parts, key=lambda part: sum(map(common[need.any_case].of_text, part)), default=())
    return need.any_case, rarest


def _rare_texts(plain: Plain, common: _Common) -> tuple[bytes, ...]:
    """Of each alternative a text that the sample does not have; empty where one of them has none."""
    found = []
    for choice in plain.choices:
        texts = [text.encode() for text in choice if len(text) >= SHORTEST]
        rarest = min(texts, key=common.of_text, default=b"")
        if not rarest or common.of_text(rarest) >= 1:
            return ()
        found.append(rarest)
    return tuple(found)


@lru_cache(maxsize=1 << 14)  # a pattern has as many as subsets of its texts
def _wanted(pattern: str, texts: tuple[bytes, ...], there: tuple[bytes, ...]) -> Wanted:
    """``there``: those of its ``texts`` whose words stand in a part of the log."""
    need = needs(pattern)
    parts = [tuple(text.encode() for text in part) for part in need.parts]
    others = tuple(part for part in parts if not set(texts).issuperset(part))
    return Wanted(pattern, there, others, need.spans, need.any_case)


def _tree(words: Iterable[bytes]) -> bytes:
    """A regular expression that finds the longest of ``words`` at each place."""
    root: dict[bytes, Any] = {}
    for word in words:
        node = root
        for at in range(len(word)):
            node = node.setdefault(word[at : at + 1], {})
        node[b""] = {}
    return _branches(root) or b"(?!)"


def _branches(node: Mapping[bytes, Any]) -> bytes:
    branches = [re.escape(letter) + _branches(rest) for letter, rest in node.items() if letter]
    if not branches:
        return b""
    whole = branches[0] if len(branches) == 1 and b"" not in node else b"(?:" + b"|".join(branches) + b")"
    return whole + b"?" if b"" in node else whole
