"""``envcheck merge``: many reports, one table."""

from __future__ import annotations

import os
from typing import Any

import click

from ..model import Wrong
from ..render import output
from ..usage import Command
from ..words import mark, say
from .options import answers_as, option
from .out import FORMATS, Out


class _WithFiles(Command):
    """Arguments are allowed: what was handed in."""

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Folders and files."""
        return ["[OPTIONS]", "DIR | FILE..."]


class _Files(click.Argument):
    """The usage line says what they are."""

    def get_help_record(self, ctx: click.Context) -> None:  # type: ignore[override,unused-ignore]
        """No row among the options."""


@click.command(
    "merge",
    cls=_WithFiles,
    help=mark("Put the reports of many machines into one table: by cause, by machine, and what is unlike."),
)
@click.argument("named", nargs=-1, cls=_Files)
@answers_as((*FORMATS, "csv"))
@option("-v", "--verbose", is_flag=True, help=mark("Show every machine, however many there are."))
def command(
    format: str, file: str | None, lang: str | None, named: tuple[str, ...], verbose: bool, **_: Any
) -> int:
    """Read, put together, show. The exit code says whether a report was read, not how the machines fare."""
    if not named:
        raise Wrong(say("merge needs the folder with the reports, or their files"))
    for path in named:
        if not os.path.lexists(path):
            raise Wrong(say("cannot read {path}: {error}", path=path, error=say("it is not there")))
    if file:
        output.check_writable(file)
    from .. import fleet, rulebook
    from ..fleet import files

    found = fleet.fleet(files.read_all(named), rulebook.load())
    _put(Out(format, file, lang), found, verbose)
    return found.exit_code


def _put(out: Out, found: Any, verbose: bool) -> None:
    from ..render import csv, fleet_data
    from ..views import fleet as views

    if out.format == "csv":
        out.put_text(csv.text(fleet_data.COLUMNS, fleet_data.rows(found), for_file=out.file is not None))
    else:
        out.put(lambda: views.view(found, verbose), lambda: fleet_data.record(found))
