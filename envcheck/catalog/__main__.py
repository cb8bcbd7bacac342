"""``python -m envcheck.catalog COMMAND``: what the Makefile calls for those who work on envcheck."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from ..model import Wrong

#: Command → module and function; imported when called, since the tables need packages that users have not.
COMMANDS = {
    "compat": "envcheck.catalog.compat.command:compat",
    "gpus": "envcheck.catalog.compat.command:gpu_list",
    "codes": "envcheck.catalog.compat.command:codes",
    "docs": "envcheck.catalog.docs:main",
    "new-rule": "envcheck.catalog.skeleton:main",
    "pyz": "envcheck.catalog.pyz:main",
    "words": "envcheck.catalog.words:main",
}


def main(arguments: Sequence[str]) -> int:
    """Run one command with the rest of the arguments; 2 for wrong usage."""
    name = arguments[0] if arguments else ""
    if name not in COMMANDS:
        print(f"usage: python -m envcheck.catalog {{{','.join(COMMANDS)}}} …", file=sys.stderr)
        return 2
    module, _, function = COMMANDS[name].partition(":")
    try:
        getattr(import_module(module), function)(arguments[1:])
    except Wrong as wrong:
        print(wrong, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
