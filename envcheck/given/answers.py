"""What an answer may be besides a value: nothing, none, or too vague to be one."""

from __future__ import annotations

import re

from ..model import Value
from ..patterns import Pattern

#: Names of facts, and their values.
Values = dict[str, Value]

_NOT_SAID = Pattern(
    r"\W*(?:n/?a(?: \(cpu\))?|not? applicable|no response|unknown|unsure|\?+|-*"
    r"|not (?:sure|given|known|mentioned|reported|said|specified|stated))\W*",
    re.I,
)
#: Answers that are no nonsense and yet no version: "latest", "3.x", "3", "built from source".
_VAGUE = Pattern(
    r"(?i).*\b(?:latest|newest|recent|current|stable|default|any|various|several|all|master|main"
    r"|head|dev|source|custom|bundled|included|pip|conda|wheels?|image"
    r"|unknown|yes|same|multiple|tried|tested)\b.*|v?\d+(?:\.[x*]|\+)*|\W*"
)
_NONE = Pattern(r"\W*(?:none|no|(?:\w+ ){0,2}not installed|cpu(?: only| version)?|not using gpu)\W*", re.I)


def is_said(text: str) -> bool:
    """Whether a field of a form holds an answer at all."""
    return not _NOT_SAID.fullmatch(text)


def is_vague(text: str) -> bool:
    """Whether the answer is understood and says no more than was known."""
    return bool(_VAGUE.fullmatch(text)) or not is_said(text) or is_none(text)


def is_none(text: str) -> bool:
    """Whether the answer is that there is none."""
    return bool(_NONE.fullmatch(text))
