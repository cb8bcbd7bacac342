"""The command line: one sub-command, one file with one short function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

import click

from ..words import mark
from .ends import Envcheck
from .options import option, print_version


class _Commands(Mapping[str, click.Command]):
    """The sub-commands, each loaded when it is asked for: ``--quick`` must not wait for the others."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._names:
            raise KeyError(name)
        command: click.Command = import_module(f"{__name__}.{name}").command
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@click.group(
    cls=Envcheck,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=mark("Find out why TensorFlow does not see the GPU, from the hardware up to a real training step."),
)
@option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=print_version,
    help=mark("Show the version and exit."),
)  # fmt: skip
def cli() -> None:
    """All commands."""


cli.commands = _Commands(
    "check", "completion", "diff", "explain", "init", "install", "merge", "report", "rules"
)  # type: ignore[assignment]


def main() -> None:
    """The command ``envcheck``."""
    cli(prog_name="envcheck")
