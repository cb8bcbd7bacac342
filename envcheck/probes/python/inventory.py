"""What the inventory child says, topic by topic."""

from __future__ import annotations

from ...formats import children
from ...host import Host
from ...model import NoAnswer, Value

Record = dict[str, Value]


def topic(host: Host, name: str) -> Record:
    """The event ``name``. Raises ``NoAnswer`` where the examined interpreter did not get so far."""
    found = event(host, name)
    if found is not None:
        return found
    interpreter = event(host, "interpreter")
    if interpreter is None:
        raise NoAnswer("failed", "the examined Python does not start")
    version = ".".join(str(part) for part in interpreter["version"][:3])
    if interpreter.get("too_old"):
        raise NoAnswer("skipped", "Python {version} is too old to be examined", version=version)
    raise NoAnswer("failed", "the examined Python ended before it could say")


def event(host: Host, name: str) -> Record | None:
    """The event ``name`` as it came; None where there is none."""
    found = children.first(host.child("inventory"), name)
    return None if found is None else dict(found)


def topics(host: Host, name: str) -> list[Record]:
    """All events ``name``, once the inventory is complete: what is missing must not look absent."""
    topic(host, "libraries")  # comes after them
    return [dict(found) for found in children.events(host.child("inventory"), name)]
