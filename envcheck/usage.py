"""How the command line speaks: options, help and complaints in the language in use, on click."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import click

from .model import Wrong
from .render import output
from .words import say


class OneOf(click.Choice):  # type: ignore[type-arg,unused-ignore]  # generic from click 8.2 on
    """One of a few words."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The word, or :class:`Wrong`."""
        if value in self.choices:
            return value
        known = ", ".join(map(str, self.choices))
        raise Wrong(
            say("{option} {value}: it is one of {known}", option=_name(param), value=value, known=known)
        )


class Above0(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic from click 8.2 on
    """A number above 0, read by ``kind`` (int or float)."""

    name = "number"

    def __init__(self, kind: Callable[[str], float]) -> None:
        self._kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or :class:`Wrong`."""
        try:
            number = self._kind(value)
        except ValueError:
            number = 0
        if not 0 < number < float("inf"):
            raise Wrong(
                say("{option} {value}: it must be a number above 0", option=_name(param), value=value)
            )
        return number


class Version(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic from click 8.2 on
    """A version of numbers, as in ``example``; it begins with at least so many of them."""

    name = "version"

    def __init__(self, example: str, numbers: int = 1) -> None:
        self._example = example
        self._form = re.compile(rf"\d{{1,6}}(\.\d{{1,6}}){{{numbers - 1},3}}([a-z]+\d*)?")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The version, or :class:`Wrong`."""
        if not self._form.fullmatch(value):
            values = {"option": _name(param), "value": value, "example": self._example}
            raise Wrong(say("{option} {value}: it must be a version such as {example}", **values))
        return value


def _name(param: click.Parameter | None) -> str:
    return max(param.opts, key=len) if param else ""


class Option(click.Option):
    """An option whose help is a sentence to translate."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option's names and its help."""
        record = super().get_help_record(ctx)
        return (record[0], _said(self.help)) if record else None


class _Speaking(click.Command):
    """A command whose help is in the language in use, and which minds no reader that has left."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Parse; ``--help`` and ``--version`` are printed here."""
        try:
            return super().make_context(*args, **extra)
        except BrokenPipeError:
            output.silence(sys.stdout)
            raise click.exceptions.Exit(0) from None

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The ``--help`` option."""
        option = super().get_help_option(ctx)
        if option:
            option.help = say("Show this help and exit.")
        return option

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The line that says how to call it."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=say("Usage:") + " ")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The paragraph that says what it does."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(_said(self.help))

    def options_of(self, ctx: click.Context, formatter: click.HelpFormatter, title: str) -> None:
        """The options' names and helps under ``title``."""
        records = [record for record in (p.get_help_record(ctx) for p in self.get_params(ctx)) if record]
        with formatter.section(title):
            formatter.write_dl(records)


class Command(_Speaking):
    """A sub-command that takes options only."""

    allow_extra_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The options; an argument that none of them wants is :class:`Wrong`."""
        rest = super().parse_args(ctx, args)
        if rest:
            raise Wrong(say("too many arguments: {arguments}", arguments=" ".join(rest)))
        return rest

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """All options."""
        self.options_of(ctx, formatter, say("Options"))


class Group(_Speaking, click.Group):
    """The sub-commands; what names none of them is meant for the ``default`` one."""

    default = ""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """``envcheck --quick`` is ``envcheck check --quick``."""
        if ctx.resilient_parsing and not args:
            return super().parse_args(ctx, args)  # a shell asks what could stand here
        own = {name for param in self.get_params(ctx) for name in param.opts}
        if not args or (args[0].startswith("-") and args[0] not in own):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """The command named, or :class:`Wrong`."""
        if args[0] not in self.commands:
            known = ", ".join(self.commands)
            raise Wrong(say("there is no command {name}: it is one of {known}", name=args[0], known=known))
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, then the options of the default one, then the group's own."""
        with formatter.section(say("Commands")):
            formatter.write_dl([(name, _said(c.help)) for name, c in self.commands.items()])
        default = self.commands[self.default]
        if isinstance(default, _Speaking):
            title = say("Options of {command}, which may be left out", command=self.default)
            default.options_of(ctx, formatter, title)
        self.options_of(ctx, formatter, say("Options"))


def _said(help_text: str | None) -> str:
    return say(help_text) if help_text else ""


def complaint(error: click.ClickException) -> str:
    """What click minds, in one sentence of the language in use."""
    if isinstance(error, click.NoSuchOption):
        near = "; ".join(say("is {option} meant?", option=near) for near in (error.possibilities or ())[:1])
        sentence = say("there is no option {option}", option=error.option_name)
        return f"{sentence}; {near}" if near else sentence
    if isinstance(error, click.BadOptionUsage):
        return say("{option} needs a value", option=error.option_name)
    return error.format_message()
