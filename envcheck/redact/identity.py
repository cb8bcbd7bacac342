"""Identity: user, host, home, projects, addresses, UUIDs, serials. Hidden in all that is passed on.

A user or host name is replaced only as a part of a path, in ``user@host``, and where a word before it says
what it is: never inside words.
"""

from __future__ import annotations

from . import names, numbers, paths
from .anybody import is_anybody
from .step import Book, Step
from .who import Who

FIELDS = names.FIELDS


def reserve(who: Who, book: Book) -> None:
    """The user and the host of the machine have the number 1 in every file."""
    for kind, name in (("user", who.user), ("host", who.host)):
        if name and not is_anybody(kind, name):
            book.reserve(kind, name)


def steps(who: Who, book: Book) -> list[Step]:
    """All steps, those for the names and folders of ``who`` among them."""
    return [
        *(step for step in names.ANYONE if step.kind == "principal"),
        numbers.EMAIL,
        *paths.folders(who, book),
        *paths.OTHER_HOMES,
        *names.user(who.user),
        *names.host(who.host),
        *(step for step in names.ANYONE if step.kind != "principal"),
        numbers.containers(book),
        *numbers.STEPS,
    ]
