"""Regular expressions that are compiled when they may match: of hundreds a run needs a few."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from sys import maxsize
from typing import Any

from .prefilter import may_be_in


class Pattern:
    """What ``re.compile(text, flags)`` gives, and compiled no sooner than a text has what it needs.

    Where each run uses a pattern, or a loop over the lines of a log, ``re.compile`` is quicker.
    """

    def __init__(self, text: str, flags: int = 0) -> None:
        """Raises nothing: a text that is no regular expression is found out when it is compiled."""
        self.text = text
        self.flags = flags

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The same, compiled. Raises ``re.error``."""
        return re.compile(self.text, self.flags)

    @cached_property
    def _shown(self) -> str:
        """The pattern with its flags, as it is looked at; nothing where it is not read as it stands."""
        if self.flags & re.VERBOSE:
            return ""
        return f"(?i){self.text}" if self.flags & re.IGNORECASE else self.text

    def may_be_in(self, text: str) -> bool:
        """Whether ``text`` has what the pattern cannot do without."""
        return may_be_in(self._shown, text, lambda: _lower(text))

    def search(self, text: str, start: int = 0, end: int = maxsize) -> re.Match[str] | None:
        """As of ``re.Pattern``."""
        return self.compiled.search(text, start, end) if self.may_be_in(text) else None

    def match(self, text: str, start: int = 0, end: int = maxsize) -> re.Match[str] | None:
        """As of ``re.Pattern``."""
        return self.compiled.match(text, start, end) if self.may_be_in(text) else None

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """As of ``re.Pattern``."""
        return self.compiled.fullmatch(text) if self.may_be_in(text) else None

    def finditer(self, text: str, start: int = 0, end: int = maxsize) -> Iterator[re.Match[str]]:
        """As of ``re.Pattern``."""
        return self.compiled.finditer(text, start, end) if self.may_be_in(text) else iter(())

    def findall(self, text: str) -> list[Any]:
        """As of ``re.Pattern``."""
        return self.compiled.findall(text) if self.may_be_in(text) else []

    def split(self, text: str) -> list[Any]:
        """As of ``re.Pattern``."""
        return self.compiled.split(text) if self.may_be_in(text) else [text]

    def sub(self, new: str | Callable[[re.Match[str]], str], text: str) -> str:
        """As of ``re.Pattern``."""
        return self.compiled.sub(new, text) if self.may_be_in(text) else text


@lru_cache(maxsize=1)
def _lower(text: str) -> str:
    return text.lower()
