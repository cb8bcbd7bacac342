"""One kind of thing to hide: how it is found, and the placeholder that stands in its stead."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

PLACEHOLDER = re.compile(r"<[a-z]+(?:-[a-z]+)*-\d+>")


@dataclass
class Book:
    """The placeholders given so far: numbered per kind, in the order in which the secrets were met."""

    given: dict[tuple[str, str], str] = field(default_factory=dict)

    def placeholder(self, kind: str, secret: str) -> str:
        """The same for the same secret; a placeholder stays as it is."""
        if PLACEHOLDER.fullmatch(secret):
            return secret
        if (kind, secret) not in self.given:
            number = 1 + sum(known == kind for known, _ in self.given)
            self.given[kind, secret] = f"<{kind}-{number}>"
        return self.given[kind, secret]


@dataclass(frozen=True)
class Step:
    """What the group ``x`` of the pattern finds is of ``kind``, unless ``harmless`` says otherwise."""

    kind: str
    pattern: re.Pattern[str]
    harmless: Callable[[re.Match[str]], bool] | None = None
    #: What stands in its stead, where that is no numbered placeholder.
    instead: Callable[[str], str] | None = None

    def hide(self, text: str, book: Book) -> str:
        """``text`` with everything that this step finds replaced."""
        return self.pattern.sub(lambda found: self._new(found, book), text)

    def _new(self, found: re.Match[str], book: Book) -> str:
        if self.harmless and self.harmless(found):
            return found[0]
        new = self.instead(found["x"]) if self.instead else book.placeholder(self.kind, found["x"])
        start, end = (place - found.start() for place in found.span("x"))
        return found[0][:start] + new + found[0][end:]
