"""The first lines of ``envcheck.pyz``: a Python that is too old is told so in one sentence."""

from __future__ import annotations

#: Makes ``./envcheck.pyz`` work where the file is executable. On Windows ``py`` takes this for the newest
#: Python 3; with ``/usr/bin/env`` it would look on PATH first, where a ``python3`` may only open the Store:
#: https://docs.python.org/3/using/windows.html#shebang-lines
SHEBANG = b"#!/usr/bin/python3\n"
#: The name under which pyz_archive.py stands in the archive.
ARCHIVE = "envcheck_archive"

#: Read by whatever Python starts the file, 2.7 too: no f-string, no annotation, ASCII only.
_START = """\
import sys

if sys.version_info < {least!r}:
    sys.stderr.write(
        "envcheck needs Python {spelled} or later, and this is Python %d.%d (%s). Start it with a newer "
        "one, for example: python3.11 envcheck.pyz; to examine this one, add: --python %s\\n"
        % (sys.version_info[0], sys.version_info[1], sys.executable, sys.executable)
    )
    sys.exit(2)

import os

sys.path[0] = os.path.abspath(sys.path[0])

from envcheck.start import main, own_modules_first

own_modules_first()

import {archive}

{archive}.serve()
main()
"""


def start(least: tuple[int, ...]) -> bytes:
    """``__main__.py`` for a file that needs Python ``least``, ``(3, 9)``, or later."""
    return _START.format(least=least, spelled=".".join(map(str, least)), archive=ARCHIVE).encode("ascii")
