"""The layer cuda: what TensorFlow would load, where it comes from, and what else lies around.

Nothing here needs a driver or a GPU: the CUDA libraries open without either.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...host import Host
from ...model import Value
from . import conflicts, gaps, opening, toolkit, versions


def begin(host: Host, facts: Mapping[str, Value]) -> None:
    """Start what this layer will wait for."""
    toolkit.begin(host, facts)
    opening.begin(host, facts)


FACTS = (*opening.FACTS, *toolkit.FACTS, *versions.FACTS, *gaps.FACTS, *conflicts.FACTS)
