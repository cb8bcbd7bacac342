"""Which constant texts a regular expression needs: without one of them in a log it cannot match.

Python's own parser would cost more than the search; this one reads what patterns have in common and
leaves the rest undecided.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from .prefilter import ESCAPE, RUN, caseless, unescaped

_RUN = re.compile(RUN)
_QUANTIFIER = re.compile(r"(?:([?*+])|\{(\d*)(,?)(\d*)\})[?+]?")
_CLASS = re.compile(r"\[(\^?)(\]?(?:\\.|[^\]\\])*)\]")
_GROUP = re.compile(
    r"\((?:\?(?:P<\w+>|(?P<look><?[=!])|#(?P<comment>[^)]*)\)|P=(?P<back>\w+)\)"
    r"|(?P<on>[aiLmsux]*)(?:-[imsx]+)?(?P<end>[:)])|>))?"
)
_AN_ESCAPE = re.compile(ESCAPE, re.DOTALL)
#: In a set: what the end of a line may be; a few letters one by one; one of them.
_ENDS_IN_SET = re.compile(r"\n|\\[nsDW]")
_FEW = re.compile(r"-?(?:[^\\\-]|\\[^\w]){1,3}-?")
_ONE = re.compile(r"\\?.")
#: Escapes that match nothing themselves, and escapes that match one of several letters.
_NO_WIDTH, _SETS = "bBAZ", "dDwWsS"
#: More texts than this are no help; so many may come of parts that are joined.
_MOST, _MOST_JOINED = 40, 16
#: What a text of one letter or two rules out is not worth a search.
SHORTEST = 3


class Needs(NamedTuple):
    """What a pattern needs: one of ``texts``, in any case where ``any_case``. No texts: nothing is known.

    ``parts``: all choices that are known, ``texts`` among them; it needs one of each. ``spans``: a match
    may hold the end of a line.
    """

    texts: tuple[str, ...]
    any_case: bool = False
    parts: tuple[tuple[str, ...], ...] = ()
    spans: bool = False


@cache
def needs(pattern: str) -> Needs:
    """What ``pattern`` needs of a text.

    >>> needs(r"No module named '?tensor|no (?:such )?wheels").texts
    ("No module named 'tensor", 'No module named tensor', 'no such wheels', 'no wheels')
    """
    reader = _Reader(pattern)
    try:
        best = reader.alternatives()
    except (IndexError, ValueError, RecursionError):
        return Needs((), spans=True)
    if reader.at < len(pattern) or reader.verbose:
        return Needs((), spans=True)
    parts = [part for part in (*reader.parts, best.texts) if part and min(map(len, part)) >= SHORTEST]
    parts = list(dict.fromkeys(parts))
    if reader.any_case:  # of other alphabets, bytes have no small letters
        parts = [tuple(text.lower() for text in part) for part in parts if caseless("".join(part))]
    if not parts:
        return Needs((), spans=reader.spans)
    return Needs(max(parts, key=_worth), reader.any_case, tuple(parts), reader.spans)


class _Atom(NamedTuple):
    """What a part of a pattern matches: one of ``texts`` if ``exact``, else what holds one of them."""

    texts: tuple[str, ...]
    exact: bool = True


_NOTHING = _Atom(("",))
_UNKNOWN = _Atom((), exact=False)


class _Reader:
    """Reads a pattern from left to right; what it does not know it takes to need nothing."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.any_case = self.verbose = self.spans = False
        self.parts: list[tuple[str, ...]] = []

    def alternatives(self) -> _Atom:
        """Up to the end of the group: one of the texts that one of the alternatives needs."""
        choices = [self.sequence()]
        while self.at < len(self.pattern) and self.pattern[self.at] == "|":
            self.at += 1
            choices.append(self.sequence())
            self.parts = []  # of several alternatives none is needed for sure
        texts = tuple(dict.fromkeys(text for choice in choices for text in choice.texts))
        if not all(choice.texts for choice in choices) or len(texts) > _MOST:
            return _UNKNOWN
        return _Atom(texts, all(choice.exact for choice in choices))

    def sequence(self) -> _Atom:
        """One alternative: the best choice among its parts, or all of it where it is a few texts."""
        found: list[tuple[str, ...]] = []
        run: tuple[str, ...] = ("",)
        whole = True
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            atom = self.atom()
            least, most = self.quantifier()
            if atom is _NOTHING:
                continue
            joined = _joined(run, atom, min(least, 1), min(most, 1))
            if joined is not None and most == 1:
                run = joined
                continue
            # The end of what is known to stand together; what is repeated stands there once for sure.
            whole = False
            _add(found, joined if joined is not None and least else run)
            run = ("",)
            if joined is None and least:
                _add(found, atom.texts)
        _add(found, run)
        self.parts = found
        if whole:
            return _Atom(run)
        return _Atom(max(found, key=_worth), False) if found else _UNKNOWN

    def atom(self) -> _Atom:
        """The next letters that stand for themselves, escape, set or group."""
        letters = _RUN.match(self.pattern, self.at)
        if letters:
            self.at = letters.end()
            return _Atom((unescaped(letters[0]),))
        letter = self.pattern[self.at]
        if letter == "\\":
            return self.escape()
        if letter == "[":
            return self.set_of_letters()
        if letter == "(":
            return self.group()
        self.at += 1
        if letter == "\n":
            self.spans = True
        return _NOTHING if letter in "^$" else _UNKNOWN if letter in ".\n" else _Atom((letter,))

    def escape(self) -> _Atom:
        found = _AN_ESCAPE.match(self.pattern, self.at)
        if not found:
            raise ValueError(self.pattern)
        self.at = found.end()
        letter = found[0][1]
        if letter in _NO_WIDTH:
            return _NOTHING
        self.spans |= letter in "nsDW"
        return _UNKNOWN if letter.isalnum() else _Atom((letter,))

    def set_of_letters(self) -> _Atom:
        found = _CLASS.match(self.pattern, self.at)
        if not found:
            raise ValueError(self.pattern)
        self.at = found.end()
        negated, letters = found.groups()
        ends = _ENDS_IN_SET.search(letters)
        self.spans |= bool(ends) != bool(negated)
        few = not negated and _FEW.fullmatch(letters)
        return _Atom(tuple(unescaped(letter) for letter in _ONE.findall(letters))) if few else _UNKNOWN

    def group(self) -> _Atom:
        found = _GROUP.match(self.pattern, self.at)
        if not found:
            raise ValueError(self.pattern)
        self.at = found.end()
        flags = found["on"] or ""
        self.any_case |= "i" in flags
        self.spans |= "s" in flags
        self.verbose |= "x" in flags
        if found["end"] == ")" or found["comment"] is not None:
            return _NOTHING
        if found["back"]:
            return _UNKNOWN
        spans = self.spans
        choice = self.alternatives()
        if self.pattern[self.at] != ")":
            raise ValueError(self.pattern)
        self.at += 1
        if found["look"]:
            self.spans = spans or ("<" not in found["look"] and self.spans)
            return _NOTHING
        return choice

    def quantifier(self) -> tuple[int, float]:
        """How often the atom before stands at least and at most."""
        found = _QUANTIFIER.match(self.pattern, self.at)
        if not found or found[0] == "{}" or found[0].startswith("{,}"):
            return 1, 1
        self.at = found.end()
        if found[1]:
            return {"?": (0, 1.0), "*": (0, float("inf")), "+": (1, float("inf"))}[found[1]]
        least = int(found[2] or 0)
        return least, least if not found[3] else float(found[4] or "inf")


def _joined(run: tuple[str, ...], atom: _Atom, least: int, most: float) -> tuple[str, ...] | None:
    """``run`` with each text of ``atom`` behind it; None where they are not known or too many."""
    if not atom.exact or not most or len(run) * (len(atom.texts) + 1 - least) > _MOST_JOINED:
        return None
    texts = atom.texts if least else (*atom.texts, "")
    return tuple(before + text for before in run for text in texts)


def _add(found: list[tuple[str, ...]], choice: tuple[str, ...]) -> None:
    if choice and all(choice):
        found.append(choice)


def _worth(choice: tuple[str, ...]) -> tuple[int, int]:
    return min(min(map(len, choice)), 16), -len(choice)
