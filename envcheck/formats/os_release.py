"""``/etc/os-release``: which distribution this is.

Format: https://www.freedesktop.org/software/systemd/man/latest/os-release.html. The file is shell-like::

    PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
    VERSION_ID="12"
    ID=debian

and on a derived distribution also ``ID_LIKE="ubuntu debian"``.
"""

from __future__ import annotations

import shlex


def parse(text: str) -> dict[str, str]:
    """The variables of an os-release file; lines that are no assignments are left out.

    >>> parse('ID=ubuntu\\nVERSION_ID="22.04"\\n# a comment')
    {'ID': 'ubuntu', 'VERSION_ID': '22.04'}
    """
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name.isidentifier():
            found[name] = _unquoted(value)
    return found


def _unquoted(value: str) -> str:
    try:
        return " ".join(shlex.split(value))
    except ValueError:  # a quote that never ends
        return value.strip("\"'")
