"""The name of the file that somebody hands in: an alias, never the user's or the machine's name."""

from __future__ import annotations

import re

from .model import Wrong
from .words import say

#: Short words that are hard to mistake for each other when they are read out. Of nobody's language only.
_ANIMALS = (
    "badger", "beaver", "bison", "camel", "crane", "dolphin", "eagle", "ferret", "gecko", "heron", "ibex",
    "jackal", "koala", "lemur", "lynx", "magpie", "marmot", "mole", "newt", "otter", "owl", "panda",
    "pelican", "puffin", "quail", "rabbit", "raven", "robin", "salmon", "seal", "sparrow", "squid", "stork",
    "swan", "tapir", "tiger", "toad", "turtle", "walrus", "weasel", "whale", "wolf", "yak", "zebra",
)  # fmt: skip
_ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def file(alias: str) -> str:
    """``envcheck-<alias>.json``; an empty alias is drawn by chance. Raises ``Wrong`` for a bad one."""
    if not alias:
        import random  # seldom needed, and slow to load

        drawn = random.SystemRandom()
        alias = f"{drawn.choice(_ANIMALS)}-{drawn.randrange(1000, 10000)}"
    if not _ALIAS.fullmatch(alias):
        sentence = say(
            "--hand-in {alias}: up to 40 letters (a to z), digits, - and _, beginning with a letter or digit",
            alias=alias,
        )
        raise Wrong(sentence)
    return f"envcheck-{alias}.json"
