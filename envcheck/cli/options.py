"""Options that mean the same in every command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from .. import __version__, words
from ..render import output
from ..usage import OneOf, Option
from ..words import mark
from .out import FORMATS


def option(*names: str, **extra: Any) -> Callable[[Any], Any]:
    """An option, its help to be translated."""
    return click.option(*names, cls=Option, **extra)


def answers(command: Any) -> Any:
    """The options that say how and where a command answers."""
    language = {"is_eager": True, "callback": _use_language, "help": mark("The language: en or zh.")}
    command = option("--lang", type=OneOf(words.LANGUAGES), **language)(command)
    command = option("--output", "file", metavar="FILE", help=mark("Write to FILE instead of the screen."))(
        command
    )
    formats = {"default": "terminal", "help": mark("What is written.")}
    return option("--format", type=OneOf(FORMATS), **formats)(command)


def _use_language(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value:
        words.use(value)
    return value


def print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """The callback of ``--version``."""
    if wanted:
        output.to_stdout(f"envcheck {__version__}\n")
        ctx.exit()
