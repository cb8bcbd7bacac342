"""Options that mean the same in every command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from .. import __version__, words
from ..render import output
from ..usage import Above0, OneOf, Option
from ..words import mark, say
from .out import FORMATS

if TYPE_CHECKING:
    from ..redact import Book


def option(*names: str, **extra: Any) -> Callable[[Any], Any]:
    """An option, its help to be translated."""
    return click.option(*names, cls=Option, **extra)


def answers(command: Any) -> Any:
    """The options that say how and where a command answers."""
    return _answers(command, FORMATS)


def answers_as(formats: tuple[str, ...]) -> Callable[[Any], Any]:
    """The same options, for a command that writes in other ``formats``."""
    return lambda command: _answers(command, formats)


def _answers(command: Any, formats: tuple[str, ...]) -> Any:
    language = {"is_eager": True, "callback": _use_language, "help": mark("The language: en or zh.")}
    command = option("--lang", type=OneOf(words.LANGUAGES), **language)(command)
    command = option("--output", "file", metavar="FILE", help=mark("Write to FILE instead of the screen."))(
        command
    )
    return option("--format", type=OneOf(formats), default="terminal", help=mark("What is written."))(command)


def examines(command: Any) -> Any:
    """The options that say what is examined, and how far; they are the fields of ``examine.Asked``."""
    for name, extra in reversed(_EXAMINED):
        command = option(*name, **extra)(command)
    return command


_EXAMINED: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("--python",), {
        "metavar": "PATH", "help": mark("The interpreter to examine: a file, a command or an environment."),
    }),
    (("--from", "from_"), {
        "metavar": "SNAPSHOT", "help": mark("Examine a recorded machine instead of this one."),
    }),
    (("--timeout",), {
        "type": Above0(float), "metavar": "S", "help": mark("Seconds that any one step may take."),
    }),
    (("--max-seconds",), {
        "type": Above0(float), "metavar": "S", "help": mark("Seconds that the whole run may take."),
    }),
    (("--no-train",), {"is_flag": True, "help": mark("Import TensorFlow, but train nothing.")}),
    (("--quick",), {"is_flag": True, "help": mark("Do not even import TensorFlow.")}),
    (("--require",), {
        "default": "auto", "metavar": "WHAT", "help": mark("What must be there: auto, cpu, gpu or gpu=N."),
    }),
    (("--config",), {
        "metavar": "FILE", "help": mark("What must be there: envcheck.toml, a file or its https:// address."),
    }),
    (("--gpu-memory",), {
        "type": Above0(int), "default": 1024, "metavar": "MB",
        "help": mark("GPU memory that the training step may take (1024)."),
    }),
)  # fmt: skip


def _use_language(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value:
        words.use(value)
    return value


def print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """The callback of ``--version``."""
    if wanted:
        from .. import tables

        dated = say("tables of {date}", date=tables.dated())
        output.to_stdout(f"envcheck {__version__} ({dated})\n")
        ctx.exit()


def shows_redactions(command: Any) -> Any:
    """The option that says how much was hidden; see ``tell_hidden``."""
    return option(
        "--show-redactions", is_flag=True, help=mark("Say how much was hidden of each kind: names, tokens, …")
    )(command)


def tell_hidden(met: Book | None) -> None:
    """Say on standard error how many different values of each kind were hidden; None: not asked for."""
    if met is not None:
        from ..redact import counted

        output.to_stderr(f"envcheck: {counted.sentence(met)}\n")


def met(wanted: bool) -> Book | None:
    """Where what is hidden is written down, if that is ``wanted``."""
    if not wanted:
        return None
    from ..redact import Book

    return Book()
