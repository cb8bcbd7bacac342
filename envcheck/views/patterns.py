"""A regular expression of a rule as a person reads it: its constant words, and ``…`` for what varies."""

from __future__ import annotations

import re

#: Escapes that stand for a place, not for a character.
_NOTHING = "bBAZ"
_BLANK = "snt"
_VARIES = "dDwWS"
#: Groups that look, and take no text in.
_LOOKS = ("?=", "?!", "?<=", "?<!")
_GROUP = re.compile(r"\?(?:P?<\w+>|[a-zA-Z-]*:|[a-zA-Z-]+(?=\)))")
_QUANTIFIER = re.compile(r"(?:[*+?]|\{(\d*),?\d*\})[?+]?")
#: Characters up to which the choices of a group are all shown.
SHORT = 60


def readable(pattern: str) -> tuple[str, ...]:
    r"""Each alternative of ``pattern`` without its signs; none for one without any constant text.

    >>> readable(r'^kernel version [\d.]+ does not match|API mis-?match')
    ('kernel version … does not match', 'API mismatch')
    """
    texts = dict.fromkeys(_tidied(text) for text in _Reader(pattern).alternatives())
    return tuple(text for text in texts if re.search(r"\w", text))


def _tidied(text: str) -> str:
    text = re.sub(r"…(?:\s*…)+", "…", re.sub(r"\s+", " ", text))
    return text.strip(" …") if re.search(r"\w", text) else ""


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def alternatives(self) -> list[str]:
        """The texts up to the end of the group, or of the pattern."""
        texts = [""]
        while self._at < len(self._pattern) and self._pattern[self._at] != ")":
            if self._pattern[self._at] == "|":
                self._at += 1
                texts.append("")
            else:
                texts[-1] += self._atom()
        self._at += 1
        return texts

    def _atom(self) -> str:
        text = self._piece()
        found = _QUANTIFIER.match(self._pattern, self._at)
        if not found:
            return text
        self._at = found.end()
        optional = found[0][0] in "*?" or found[1] in ("", "0")
        left_out = optional and (text != "…" or found[0][0] == "?")
        return text if not left_out else " " if text == " " else ""

    def _piece(self) -> str:
        sign = self._pattern[self._at]
        self._at += 1
        if sign == "\\":
            return self._escape()
        if sign == "[":
            return self._choice()
        if sign == "(":
            return self._group()
        return {".": "…", "^": "", "$": ""}.get(sign, sign)

    def _escape(self) -> str:
        sign = self._pattern[self._at : self._at + 1]
        self._at += 1
        if sign in _NOTHING:
            return ""
        return " " if sign in _BLANK else "…" if sign in _VARIES or sign.isdigit() else sign

    def _choice(self) -> str:
        """One character of a few: the first of them where they hardly differ."""
        begin = self._at
        self._at += 2 if self._pattern[begin : begin + 1] == "^" else 1  # the first may be a bracket
        while self._at < len(self._pattern) and self._pattern[self._at] != "]":
            self._at += 2 if self._pattern[self._at] == "\\" else 1
        inside = self._pattern[begin : self._at]
        self._at += 1
        few = len(inside) <= 3 and inside[0] not in "^\\" and "-" not in inside[1:-1]
        return inside[0] if few and len({*inside.lower()} - {*"'\"`"}) <= 1 else "…"

    def _group(self) -> str:
        looks = self._pattern.startswith(_LOOKS, self._at)
        found = None if looks else _GROUP.match(self._pattern, self._at)
        self._at = found.end() if found else self._at
        texts = list(dict.fromkeys(self.alternatives()))
        if looks:
            return ""
        if len(texts) == 1:
            return texts[0]
        return f"({'|'.join(texts)})" if sum(map(len, texts)) <= SHORT else texts[0] + "…"
