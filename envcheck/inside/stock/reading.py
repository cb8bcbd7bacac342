"""Reading files and folders with what start-up has loaded; absent and unreadable are alike here."""

import io
import os


def text_of(path, limit=65536):
    """The beginning of a text file; None where there is none to read."""
    try:
        with io.open(path, "rb") as file:
            return file.read(limit).decode("utf-8", "replace")
    except (OSError, IOError):
        return None


def names_in(path):
    """The sorted names in a folder; none where it cannot be read."""
    try:
        return sorted(os.listdir(path or "."))
    except (OSError, IOError):
        return []


def here():
    """The working directory; None where it has been removed."""
    try:
        return os.getcwd()
    except (OSError, IOError):
        return None


def same(one, other):
    """Whether two paths name the same place; no place is the same as one that is gone."""
    try:
        return os.path.realpath(one or ".") == os.path.realpath(other or ".")
    except (OSError, IOError):
        return False


def canonical(name):
    """A distribution's name as PEP 503 normalises it."""
    for char in "_.":
        name = name.replace(char, "-")
    while "--" in name:
        name = name.replace("--", "-")
    return name.lower()
