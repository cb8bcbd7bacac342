"""Document → one line that is written over: progress where no page is drawn, and rich is not loaded."""

from __future__ import annotations

from typing import IO

from ..views.document import Document, Ladder
from . import plain
from .output import to_stderr


class OneLine:
    """The names of the layers so far, up to the one that is being looked at."""

    def __init__(self, stream: IO[str]) -> None:
        """``stream`` is standard error, and a terminal."""
        self._encoding = plain.encoding(stream)
        self._width = 0

    def show(self, document: Document) -> None:
        """Write over the line what ``document``'s ladder says."""
        ladders = (block for block in document.blocks if isinstance(block, Ladder))
        rungs = [rung for ladder in ladders for rung in ladder.rungs if rung.mark != "waiting"]
        self._write(plain.escape(" · ".join(rung.name for rung in rungs) + " …", self._encoding))

    def close(self) -> None:
        """Leave the line empty."""
        self._write("")
        to_stderr("\r")

    def _write(self, text: str) -> None:
        to_stderr("\r" + text.ljust(self._width))
        self._width = len(text)
