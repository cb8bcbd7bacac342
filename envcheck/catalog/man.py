"""``make docs``: the manual page, made of the command line itself (roff, man(7))."""

from __future__ import annotations

from collections.abc import Iterator

import click

from .. import __version__, words
from ..cli import cli
from ..words import say

PAGE = "docs/envcheck.1"
#: The exit codes of DESIGN.md §7, as README.md has them.
CODES = (
    ("0", "ready, or degraded (with --strict, degraded is 1)"),
    ("1", "blocked"),
    ("2", "wrong usage, an input that cannot be read, an output that cannot be written"),
    ("3", "undecided"),
    ("70", "a bug in envcheck"),
    ("130", "interrupted"),
)


def page() -> str:
    """The page in English."""
    words.use("en")
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f'.TH ENVCHECK 1 "" "envcheck {__version__}" "User Commands"'
    yield from (".SH NAME", f"envcheck \\- {_text(cli.help)}")
    yield from (".SH SYNOPSIS", ".B envcheck", "[\\fICOMMAND\\fR] [\\fIOPTIONS\\fR]")
    yield from (".SH DESCRIPTION", "Without a command,", ".B envcheck check", "is meant.")
    yield ".SH COMMANDS"
    for name, command in cli.commands.items():
        yield from _command(name, command)
    yield ".SH EXIT STATUS"
    for code, meaning in CODES:
        yield from (".TP", f".B {code}", _text(meaning))
    yield ".SH ENVIRONMENT"
    yield from (".TP", ".B NO_COLOR", "No colours, whatever the terminal can do.")
    yield from (".TP", ".B LANG, LC_ALL, LANGUAGE", "The language: English or Chinese.")
    yield from (".TP", ".B ENVCHECK_NO_HISTORY", "Set to 1, no run is kept.")


def _command(name: str, command: click.Command) -> Iterator[str]:
    yield from (f".SS envcheck {name}", _text(command.help))
    for option in command.params:
        if isinstance(option, click.Option) and option.help:
            value = "" if option.is_flag else f" \\fI{_text(_metavar(option))}\\fR"
            names = ", ".join(f"\\fB{_text(each)}\\fR" for each in option.opts)
            yield from (".TP", names + value, _text(option.help))
    if isinstance(command, click.Group):
        for inner, sub in command.commands.items():
            yield from _command(f"{name} {inner}", sub)


def _metavar(option: click.Option) -> str:
    choices = getattr(option.type, "choices", ())
    return option.metavar or ("|".join(map(str, choices)) if choices else option.type.name.upper())


def _text(text: str | None) -> str:
    """One line of text; a hyphen as it is typed, and no line that begins as a command of roff's."""
    told = " ".join((say(text) if text else "").split()).replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + told if told.startswith((".", "'")) else told
