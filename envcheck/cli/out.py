"""Where the answer goes, and what it is written as."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from .. import called, words
from ..examine import Watch
from ..render import output, plain
from ..words import say

if TYPE_CHECKING:
    from ..views.document import Document


def _terminal(document: Document, stream: IO[str] | None) -> str:
    from ..render import terminal

    return terminal.render(document, stream)


def _markdown(document: Document, _: IO[str] | None) -> str:
    from ..render import markdown

    return markdown.render(document)


def _html(document: Document, _: IO[str] | None) -> str:
    from ..render import html

    return html.render(document)


#: Formats that are made of a Document. ``stream`` is None where the text goes into a file.
PAGES: Mapping[str, Callable[[Document, IO[str] | None], str]] = {
    "terminal": _terminal,
    "markdown": _markdown,
    "html": _html,
}
FORMATS = (*PAGES, "json")


class Out(NamedTuple):
    """Where the answer goes: ``file`` None is standard output."""

    format: str
    file: str | None
    lang: str | None

    def put(self, page: Callable[[], Document], record: Callable[[], Any]) -> None:
        """Write the answer: ``page`` for people, ``record`` for programs."""
        stream = None if self.file else sys.stdout
        self.put_text(self._json(record, stream) if self.format == "json" else self._page(page, stream))

    def put_text(self, text: str) -> None:
        """Write what is ready as it is."""
        if self.file:
            output.to_file(self.file, text)
        else:
            output.to_stdout(text)

    def _json(self, record: Callable[[], Any], stream: IO[str] | None) -> str:
        """What programs read is English on every machine, unless another language was asked for."""
        from ..render import data

        words.use(self.lang or "en")
        return data.text(
            record(), ascii_only=stream is not None and not plain.is_utf8(plain.encoding(stream))
        )

    def _page(self, page: Callable[[], Document], stream: IO[str] | None) -> str:
        if stream is not None and not plain.carries(say("yes"), plain.encoding(stream)):
            words.use("en")  # better than a page of question marks
        document = page()
        if self.stays_here:
            document = called.as_called(document, called.program())
        return PAGES[self.format](document, stream)

    @property
    def stays_here(self) -> bool:
        """Whether only who sits at this machine sees it."""
        return self.format == "terminal" and self.file is None


@contextmanager
def watched(format: str) -> Iterator[Watch | None]:
    """Show what is known so far on standard error, if that is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from ..views import report as views

    screen = _screen(format)
    try:
        yield lambda judge, running: screen.show(views.progress(judge(), running))
    finally:
        screen.close()


def _screen(format: str) -> Any:
    """The ladder, redrawn; a single line where that cannot be, or where rich must not be loaded."""
    from ..render import progress

    if format == "terminal":
        from ..render import terminal

        if terminal.can_redraw(sys.stderr):
            return terminal.Screen(sys.stderr)
    return progress.OneLine(sys.stderr)
