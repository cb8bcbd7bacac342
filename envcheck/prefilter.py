"""Which constant texts a regular expression needs, as far as that is seen at a glance.

Thousands of patterns are ruled out so without being compiled. Python's own parser would cost more than
the search.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

#: Letters that stand for themselves, none of them repeated.
RUN = r"(?:[^\\.^$?*+{}()\[\]|\n]+(?![?*+{])|\\[^\w\s](?![?*+{]))+"
_SET = r"\[\^?\]?(?:\\.|[^\]\\])*\]"
#: Flags for all of a pattern: its letters may stand for others.
_FLAGS = re.compile(r"\(\?([aiLmsux]+)\)")
#: An escape is one letter, one and its code, or a number.
ESCAPE = r"\\(?:x..|u.{4}|U.{8}|\d{1,3}|.)"
#: A group, and one with such groups in it.
_FLAT = rf"\([^()\[\\]*(?:(?:{_SET}|{ESCAPE})[^()\[\\]*)*\)"
_NESTED = rf"\([^()\[\\]*(?:(?:{_SET}|{ESCAPE}|{_FLAT})[^()\[\\]*)*\)"
#: The runs of a pattern, and what parts its alternatives and deeper groups; empty for all else.
_OUTSIDE = re.compile(rf"{_NESTED}|({RUN}|[()|])|\{{\d*,?\d*\}}|{_SET}|{ESCAPE}|.", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
#: What a pattern begins with: a run, or a group of alternatives in which there is no other.
_OPENING = re.compile(rf"(?:\(\?m\))?\^?(?:({RUN})|\(\?:((?:[^\\()\[]|\\[^\\])*)\)(?![?*{{]))")
_BETWEEN, _RUN = re.compile(r"(?<!\\)\|"), re.compile(RUN)
_INSIDE = r"[^\\()\[|]*"
#: A pattern without alternatives, but for those within groups.
_ONE_WAY = re.compile(rf"{_INSIDE}(?:(?:{ESCAPE}|{_SET}|{_NESTED}){_INSIDE})*")


class Plain(NamedTuple):
    """Texts that stand outside of a pattern's groups: for each alternative all that it needs, in any case
    where ``any_case``. No choices: nothing is known."""

    choices: tuple[tuple[str, ...], ...]
    any_case: bool = False

    def ruled_out(self, text: str) -> bool:
        """Whether the pattern cannot match in ``text``. It is asked thousands of times of a log."""
        for texts in self.choices:
            for one in texts:
                if one not in text:
                    break
            else:
                return False
        return bool(self.choices)


def may_be_in(pattern: str, text: str, lower: Callable[[], str]) -> bool:
    """Whether ``text`` has what ``pattern`` cannot do without, as far as that is seen at a glance.

    ``lower`` gives the text in small letters.
    """
    starts = opening(pattern)
    if starts and not any(one in text for one in starts):
        return False
    plain = plain_parts(pattern)
    return not plain.ruled_out(lower() if plain.any_case else text)


@cache
def opening(pattern: str) -> tuple[str, ...]:
    """Texts with one of which each match of ``pattern`` begins, none where that is not seen: most patterns
    are ruled out by them, at a third of the cost of :func:`plain_parts`.

    >>> opening("^No module named '?tensor"), opening("(?:one|two?) of"), opening("one|two")
    (('No module named ',), ('one', 'tw'), ())
    """
    found = _OPENING.match(pattern)
    if not found or ("|" in pattern and not _ONE_WAY.fullmatch(pattern)):
        return ()
    if found[1]:
        return (unescaped(found[1]),)
    runs = [_RUN.match(one) for one in _BETWEEN.split(found[2])]
    return tuple(unescaped(run[0]) for run in runs if run) if all(runs) else ()


@cache
def plain_parts(pattern: str) -> Plain:
    """What ``pattern`` needs as far as it is seen at a glance: a tenth of the cost of ``needs``.

    >>> plain_parts(r"^No module named '?tensor").choices, plain_parts("(?:one|two) of three|four").choices
    ((('No module named ', 'tensor'),), ((' of three',), ('four',)))
    """
    flags = _FLAGS.match(pattern)
    if flags and not set(flags[1]) <= {"i", "m"}:
        return Plain(())
    any_case = bool(flags and "i" in flags[1])
    depth = 0
    outside: list[list[str]] = [[]]
    for token in filter(None, _OUTSIDE.findall(pattern, flags.end() if flags else 0)):
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
        elif depth == 0 and token == "|":
            outside.append([])
        elif depth == 0:
            outside[-1].append(unescaped(token) if "\\" in token else token)
    if any_case:  # of other alphabets, bytes have no small letters
        outside = [[text.lower() for text in texts if caseless(text)] for texts in outside]
    if not all(outside):
        return Plain(())
    return Plain(tuple(tuple(sorted(texts, key=len, reverse=True)) for texts in outside), any_case)


def unescaped(run: str) -> str:
    """The letters that a run stands for."""
    return _ESCAPED.sub(r"\1", run) if "\\\\" in run else run.replace("\\", "")


def caseless(text: str) -> bool:
    """Whether each letter is ASCII, or has no case."""
    return all(letter.isascii() or letter.upper() == letter.lower() for letter in text)
