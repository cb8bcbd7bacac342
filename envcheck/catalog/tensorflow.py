"""``make run``: the TensorFlow to install on this machine, by envcheck's own rule."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ..host import Host
from ..host.live import Live
from ..match import fixes
from ..model import Target, Wrong
from ..probes import Collected, registry
from ..rulebook import load

CAUSE = "tensorflow-not-installed"


def main(arguments: Sequence[str]) -> None:
    """Print the packages that mend the lack of TensorFlow in our own environment, one a line."""
    print("\n".join(packages(sys.executable)))


def packages(python: str) -> tuple[str, ...]:
    """What the first fix of the rule would install for the interpreter ``python`` on this machine.

    Raises :class:`Wrong` where no TensorFlow fits.
    """
    target = Target(python, "make run")
    host = Host(Live(target, skip={"train": "not installed yet"}), target)
    rule = next(rule for rule in load() if rule.cause == CAUSE)
    try:
        found = fixes(rule, Collected(host, registry()))
    finally:
        host.close()
    if not found or not found[0].packages:
        raise Wrong("no release of TensorFlow fits this machine; envcheck says more")
    return found[0].packages
