"""``envcheck completion``: the script that lets a shell complete envcheck's commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ..model import Wrong
from ..render import output
from ..usage import Command
from ..words import mark, say

SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    cls=Command,
    help=mark("Print what makes a shell complete envcheck's words: bash, zsh or fish."),
)
@click.argument("shell", required=False)
def command(shell: str | None) -> int:
    """Print the script; the shell's own start file is to run it."""
    found = get_completion_class(shell) if shell in SHELLS else None
    if found is None:
        known = ", ".join(SHELLS)
        raise Wrong(
            say("{option} {value}: it is one of {known}", option="completion", value=shell or "", known=known)
        )
    from . import cli

    output.to_stdout(found(cli, {}, "envcheck", "_ENVCHECK_COMPLETE").source() + "\n")
    return 0
