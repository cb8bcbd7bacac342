"""The layer platform: the system, its libraries, what it runs inside, and the room it has."""

from __future__ import annotations

from . import container, libraries, machine, room, system, wsl

FACTS = (
    *system.FACTS,
    *libraries.FACTS,
    *wsl.FACTS,
    *machine.FACTS,
    *container.FACTS,
    *room.FACTS,
)
