"""One kind of thing to hide: how it is found, and the placeholder that stands in its stead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

#: Compiled when it is first needed: most runs need few of the patterns.
compiled = lru_cache(maxsize=None)(re.compile)

PLACEHOLDER = re.compile(r"<[a-z]+(?:-[a-z]+)*-\d+>")


class Book:
    """The placeholders given so far: numbered per kind, in the order in which the secrets were met."""

    def __init__(self) -> None:
        self.given: dict[tuple[str, str], str] = {}
        #: What was reserved, and not met so far.
        self.unmet: set[tuple[str, str]] = set()

    def placeholder(self, kind: str, secret: str) -> str:
        """The same for the same secret; a placeholder stays as it is."""
        if PLACEHOLDER.fullmatch(secret):
            return secret
        self.unmet.discard((kind, secret))
        if (kind, secret) not in self.given:
            self.given[kind, secret] = f"<{kind}-{self.next(kind)}>"
        return self.given[kind, secret]

    def next(self, kind: str) -> int:
        """The number that the next secret of this kind gets."""
        return 1 + sum(known == kind for known, _ in self.given)

    def reserve(self, kind: str, secret: str) -> None:
        """Give ``secret`` its number before it is met."""
        if (kind, secret) not in self.given:
            self.placeholder(kind, secret)
            self.unmet.add((kind, secret))

    def keep(self, kind: str, secret: str, new: str) -> str:
        """``new`` stands for ``secret``: a placeholder that has no number."""
        return self.given.setdefault((kind, secret), new)

    def add(self, other: Book) -> None:
        """What ``other`` has met was met."""
        self.given.update({key: new for key, new in other.given.items() if key not in other.unmet})

    def counted(self) -> dict[str, int]:
        """Kind → how many different values of it were met."""
        met = [kind for kind, secret in self.given if (kind, secret) not in self.unmet]
        return {kind: met.count(kind) for kind in dict.fromkeys(met)}


class Step(NamedTuple):
    """What the group ``x`` of the pattern finds is of ``kind``, unless ``harmless`` says otherwise."""

    kind: str
    #: ASCII: a letter of another script is no part of a name, so it ends a token as a blank does.
    regex: str
    #: One of these (in lower case) stands in every text in which the pattern finds something.
    hints: tuple[str, ...] = ()
    harmless: Callable[[re.Match[str]], bool] | None = None
    #: What stands in its stead, where that is no numbered placeholder.
    instead: Callable[[str], str] | None = None

    @property
    def pattern(self) -> re.Pattern[str]:
        """The pattern, compiled."""
        return compiled(self.regex, re.ASCII)

    def may_be_in(self, lowered: str) -> bool:
        """Whether a text, in lower case, can hold what this step finds."""
        return not self.hints or any(hint in lowered for hint in self.hints)

    def found(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Each thing to hide: where it begins and ends, and what it is."""
        for match in self.pattern.finditer(text):
            if not (self.harmless and self.harmless(match)):
                yield (*match.span("x"), match["x"])

    def new(self, secret: str, book: Book) -> str:
        """What stands in its stead."""
        return self.instead(secret) if self.instead else book.placeholder(self.kind, secret)

    def hide(self, text: str, book: Book) -> str:
        """``text`` with everything that this step finds replaced."""
        return replaced(text, ((start, end, self.new(x, book)) for start, end, x in self.found(text)))


def replaced(text: str, found: Iterable[tuple[int, int, str]]) -> str:
    """``text`` with new pieces at the places found, which are in order and do not overlap."""
    pieces, at = [], 0
    for start, end, new in found:
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]]) if pieces else text
