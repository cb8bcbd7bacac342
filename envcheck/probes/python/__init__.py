"""The layer python: the examined interpreter, its environment, its packages, and what hides them."""

from __future__ import annotations

from . import conflicts, elsewhere, files, interpreter, kernels, packages, shadows, start, support

FACTS = (
    *start.FACTS,
    *interpreter.FACTS,
    *support.FACTS,
    *packages.FACTS,
    *conflicts.FACTS,
    *files.FACTS,
    *shadows.FACTS,
    *kernels.FACTS,
    *elsewhere.FACTS,
)
