"""Ready searches for others who had the same message: its constant part, where such things are asked.

What varies from machine to machine (numbers, paths, addresses, names) finds nobody, and what says who
the user is goes nowhere: it is redacted before anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple
from urllib.parse import quote

from . import own_files, rule_file, rulebook
from .formats import tf_log
from .model import Value
from .patterns import Pattern
from .redact import Who, redact

#: A piece with fewer words, or fewer characters, is said by too many messages.
WORDS, LEAST = 2, 12
#: A piece that says enough; a shorter one is joined by the next best. Characters of a piece at most.
ENOUGH, MOST = 60, 110
#: Characters of a line that are looked at.
LONGEST = 1000

_CUT = "\0"
_EXCEPTION = Pattern(
    r"^(?:E {1,3})?(?:[A-Za-z_]\w*\.)*"
    r"(?P<kind>[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Exit|NotFound))(?=:|$)"
)
_FATAL = Pattern(r"(?:^|\s)(?:ERROR|FATAL|Fatal Python error|fatal error|Check failed)\b", re.IGNORECASE)
_QUOTED = Pattern(
    r"""(?<!\w)(?:(?P<q>['"`])(?P<name>[^'"`\n]{1,200})(?P=q)|`(?P<old>[^'"`\n]{1,200})')(?!\w)"""
)
#: What varies, the larger before the smaller that stands in it.
_VARIES = [
    Pattern(pattern)
    for pattern in (
        r"<[\w-]+>",  # a placeholder of redaction, an object's <...>
        r"<[\w.]+ (?:object|at|of)\b[^>]*>",
        r"\b\w{2,10}://[^\s'\"<>)\]]+",
        r"\[\[?\{?\{?node [^\]]*\]?\]?",
        r"\{\{[^}]*\}\}",
        r"\[Op:\w+\]",
        r"(?<![\w.])[A-Za-z]:[\\/]+[^'\"<>|?*\n]*?(?=['\"<>|?*\n)\]]|[\s,;:](?!\w+[\\/])|$)",
        r"(?<![\w.])~?(?:/[\w.@%+=~:-]+){1,}/?",
        r"(?<![\w/])\w[\w.-]*(?:/[\w.@:-]+){2,}",
        r"(?<![\w/])[\w-]+\.(?:py|cc|cpp|h|cu|ipynb|toml|yaml|yml|json|csv|h5|hdf5|keras|tflite|pb)\b(?::\d+)?",
        r"[\[(](?:None|\?|-?\d+)(?:\s*,\s*(?:None|\?|-?\d+))*\s*,?[\])]",
        r"\b0[xX][0-9a-fA-F]+",
        r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b",
        r"\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b",
        r"(?<=[a-z])_\d+\b",  # dense_12
        r"(?<![A-Za-z_\d])(?<!\w\.)[-+]?\d[\d.,:]*(?:e[-+]?\d+)?(?:[A-Za-z%]{1,3}\b)?",
        r"(?<=\.so)(?:\.\d+)+",
        r"(?<=[A-Za-z])\d{2,}(?:[._]\d+)+",  # cudart64_110, cp311.1
    )
]
_EDGES = " \t.,;:!?-–—=>*|/\\&+<~#"
_PAIRS = (("(", ")"), ("[", "]"), ("{", "}"))
#: How severe a program found its own message; other versions of it say nothing of that.
_SEVERITY = Pattern(r"^(?:ERROR|WARNING|FATAL|error|warning|fatal)\s*:\s*")


class Link(NamedTuple):
    """A search, ready to be followed, and where it leads."""

    place: str
    url: str


class _Place(NamedTuple):
    """One ``[[place]]`` of rules/search.toml."""

    name: str
    url: str
    query: str
    language: str | None
    line: Pattern | None
    most: int


def links(line: str, language: str, who: Who | None = None) -> tuple[Link, ...]:
    """Searches for the constant part of ``line``, for one who reads ``language``; () where it has none.

    One issue tracker, the first whose pattern fits, and the places of that language.
    """
    pieces = constant(line, who)
    if not pieces:
        return ()
    trackers = [place for place in _places() if place.language is None and _fits(place, line)][:1]
    others = [place for place in _places() if place.language == language]
    return tuple(Link(place.name, _url(place, pieces)) for place in [*trackers, *others])


def telling_line(lines: Iterable[str]) -> str | None:
    """The line to search for where no rule names one: the last exception, else error, else any line."""
    exception = error = last = None
    for line in lines:
        text = line.strip()
        last = text or last
        if _EXCEPTION.search(text[:LONGEST]):
            exception = text
        elif _FATAL.search(text[:LONGEST]):
            error = text
    return exception or error or last


def constant(line: str, who: Who | None = None) -> tuple[str, ...]:
    """The pieces of a message that are the same on every machine, in their order: one, or two short ones.

    >>> constant("ValueError: Shapes (None, 10) and (None, 5) are incompatible with 'my_net/dense_3'")
    ('ValueError: Shapes', 'are incompatible with')
    """
    message = str(redact(tf_log.parse(line.strip()[:LONGEST]).text.strip(), who or Who()))
    message = _SEVERITY.sub("", _EXCEPTION.sub(lambda found: found["kind"], message))
    pieces = [piece for piece in _pieces(message) if _says_something(piece)]
    return tuple(_best(pieces)) if not all(map(_generic().fullmatch, pieces)) else ()


def _pieces(message: str) -> Iterator[str]:
    message = _QUOTED.sub(_name, message)
    for pattern in _VARIES:
        message = pattern.sub(_CUT, message)
    for piece in re.split(rf"{_CUT}|; ", message):
        yield _trimmed(_shortened(re.sub(r"\s+", " ", piece).strip(_EDGES)))


def _trimmed(piece: str) -> str:
    """Without brackets and quotation marks at its ends whose other half was cut away."""
    before = None
    while piece != before:
        before = piece
        for opening, closing in _PAIRS:
            if piece.count(opening) != piece.count(closing):
                sign, other = re.escape(opening), re.escape(closing)
                piece = re.sub(rf"^{other}|\s*{sign}\w{{0,12}}$", "", piece)
        for quote_sign in "'\"`":
            if piece.count(quote_sign) % 2:
                piece = re.sub(rf"^{quote_sign}|{quote_sign}(?=[\w.]*$)", "", piece)
        piece = piece.strip(_EDGES)
    return piece


def _name(found: re.Match[str]) -> str:
    """A quoted name that belongs to the message stays, every other is cut out."""
    public, after = _names()
    name, before = found["name"] or found["old"], found.string[: found.start()]
    stays = public.search(name) or (after.search(before) and not re.search(r"[\d/\\]", name))
    return found[0] if stays else _CUT


def _shortened(piece: str) -> str:
    """A long piece ends with a whole word, and with a sentence where there is one."""
    if len(piece) <= MOST:
        return piece
    sentence = re.match(rf".{{{ENOUGH},{MOST}}}?[.;!?](?=\s)", piece)
    return sentence[0].strip(_EDGES) if sentence else piece[:MOST].rpartition(" ")[0].strip(_EDGES)


def _says_something(piece: str) -> bool:
    words = re.findall(r"[^\W\d_]{2,}", piece)
    named = re.search(r"[A-Za-z]\w*_\w+|\w+\.\w{2,}", piece)
    return len(piece) >= LEAST and (len(words) >= WORDS or bool(named))


def _best(pieces: list[str]) -> Iterator[str]:
    """The longest; where that is short, the next longest too; in the order in which they stand."""
    longest = sorted(pieces, key=len, reverse=True)[:2]
    if longest and len(longest[0]) >= ENOUGH:
        longest = longest[:1]
    yield from (piece for piece in dict.fromkeys(pieces) if piece in longest)


# --- places --------------------------------------------------------------------------------------


def _fits(place: _Place, line: str) -> bool:
    return place.line is None or bool(place.line.search(line))


def _url(place: _Place, pieces: tuple[str, ...]) -> str:
    """What a place cannot take, or takes for a sign of its search language, is left out."""
    plain = [piece.replace('"', " ").replace("\\", " ") for piece in pieces]
    while True:
        exact = " ".join(f'"{" ".join(piece.split())}"' for piece in plain)
        text = max(plain, key=len)
        query = place.query.format(exact=exact, text=text)
        if len(query) <= place.most:
            return place.url + quote(query, safe="")
        plain = plain[:-1] if len(plain) > 1 else [plain[0].rpartition(" ")[0] or plain[0][:LEAST]]


@cache
def _table() -> dict[str, Value]:
    text = own_files.text(rulebook.rules_folder(), "search.toml")
    return dict(rule_file.read_toml(text))


@cache
def _places() -> tuple[_Place, ...]:
    return tuple(
        _Place(
            one["name"],
            one["url"],
            one["query"],
            one.get("language"),
            Pattern(one["line"]) if "line" in one else None,
            one["most"],
        )
        for one in _table()["place"]
    )


@cache
def _generic() -> Pattern:
    return Pattern(_table()["names"]["generic"], re.IGNORECASE)


@cache
def _names() -> tuple[Pattern, Pattern]:
    names = _table()["names"]
    return Pattern(names["public"]), Pattern(names["after"])
