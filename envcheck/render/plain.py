"""What any stream can carry: text without control characters, in the characters of its encoding."""

from __future__ import annotations

import re
from typing import IO

#: ANSI escape sequences, whole: logs and error texts hold them.
ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
#: What would move the cursor, ring, or turn the reading order round (Unicode TR 9). Not \n and \t.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
#: How a character that the encoding lacks is written instead.
INSTEAD = {
    "→": "->", "×": "x", "…": "...", "·": "-", "–": "-", "—": "-", "−": "-", "≥": ">=", "≤": "<=", "≠": "!=",
    "“": '"', "”": '"', "‘": "'", "’": "'", "•": "*", "│": "|", "°": " deg", "µ": "u", "，": ", ", "。": ". ",
    "：": ": ", "；": "; ", "（": " (", "）": ") ", "、": ", ",
}  # fmt: skip


def encoding(stream: IO[str] | None) -> str:
    """What ``stream`` encodes its text in."""
    return getattr(stream, "encoding", None) or "utf-8"


def is_utf8(name: str) -> bool:
    """Whether every character can be written in the encoding ``name``."""
    return name.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig", "cp65001")


def carries(sample: str, name: str) -> bool:
    """Whether the encoding ``name`` has all characters of ``sample``."""
    try:
        sample.encode(name)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def escape(text: str, name: str = "utf-8") -> str:
    """``text`` without what a terminal would obey, and with characters of the encoding ``name`` only."""
    text = CONTROL.sub("?", ANSI.sub("", text.replace("\r\n", "\n")))
    if carries(text, name):
        return text
    return "".join(c if carries(c, name) else _instead(c, name) for c in text)


def _instead(character: str, name: str) -> str:
    other = INSTEAD.get(character, "?")
    return other if carries(other, name) else "?"
