"""Facts that stand in a log itself, in a pasted issue form, in tracebacks and paths.

Weaker than what the user says. Care is taken of what is evidence: a version in pip's list "from versions:" or
in ``Requires-Python`` is not this machine's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..model import Known, Value
from ..patterns import Pattern
from ..search import Text
from . import form, graphics, libraries, outcome, systems, versions
from .reading import Told, read

#: What names versions that are not this machine's; their lines are not read.
_FOREIGN = Pattern(
    r"from versions:|Requires-Python|Ignored the following|not a supported wheel|python_requires"
    r"|python_version|"
    r"Requires: ?Python|^\s*Requires:"
)
_LISTING = Pattern(
    r"^Package +Version[^\n]*\n-+ +-+[^\n]*\n(?P<rows>(?:[A-Za-z0-9._-]+ +\d\S*[^\n]*\n?)+)", re.MULTILINE
)
#: So much of each end of a huge log is read for facts.
END = 1 << 20


def from_text(log: Text) -> dict[str, Known]:
    """What the log tells; each fact's source is the line where it stands."""
    text, left_out = log.body, max(0, len(log.body) - 2 * END)
    if left_out:
        text = text[: END - 1] + "\n" + text[-END:]
    told = _heaviest(_all(_without_foreign(text)))
    places = {name: place + left_out * (place >= END) for name, (_, place) in told.items()}
    return {name: Known(value, (f"line {log.number(places[name])}",)) for name, (value, _) in told.items()}


def _without_foreign(text: str) -> str:
    if not _FOREIGN.search(text):
        return text
    return "\n".join(_blank(line) if _FOREIGN.search(line) else line for line in text.split("\n"))


def _blank(line: str) -> str:
    """Nothing, in its place: no blanks, of which patterns take any number."""
    return "\0" * len(line)


def _all(text: str) -> Iterator[Told]:
    yield from form.read(text)
    yield from read((*systems.READERS, *versions.READERS, *graphics.READERS), text)
    yield from graphics.read(text)
    yield from libraries.read(text)
    yield from outcome.read(text)
    yield from _listing(text)


def _listing(text: str) -> Iterator[Told]:
    """All of ``pip list``: with its heading and pip itself in it, what it does not name is not there."""
    for found in _LISTING.finditer(text):
        rows = [row.split() for row in found["rows"].splitlines()]
        if any(row[0] == "pip" for row in rows):
            yield Told(90, found.start(), {"python.distributions": [_distribution(*row[:2]) for row in rows]})


def _distribution(name: str, version: str) -> dict[str, Value]:
    return {"name": name, "version": version, "location": None, "installer": None, "user": False}


def _heaviest(told: Iterable[Told]) -> dict[str, tuple[Value, int]]:
    """Of each fact the value that weighs most; of values that weigh the same, the one told last."""
    best: dict[str, tuple[int, int, Value]] = {}
    for one in told:
        for name, value in one.values.items():
            if name not in best or (one.weight, one.place) >= best[name][:2]:
                best[name] = (one.weight, one.place, value)
    return {name: (value, place) for name, (_, place, value) in best.items()}
