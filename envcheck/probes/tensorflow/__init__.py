"""The layer tensorflow: what is installed, what it was built for, and what happens when it is imported."""

from __future__ import annotations

from . import build, devices, distributions, environment, importing, support

FACTS = (
    *distributions.FACTS,
    *build.FACTS,
    *support.FACTS,
    *environment.FACTS,
    *importing.FACTS,
    *devices.FACTS,
)
