"""``envcheck diff``: what changed since it last worked, or between two reports."""

from __future__ import annotations

from typing import Any

import click

from ..model import Value, Wrong
from ..render import output
from ..usage import Command
from ..words import mark, say
from .options import answers, option
from .out import Out


class _WithFiles(Command):
    """Arguments are allowed: reports."""

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The earlier report, then the later one."""
        return ["[OPTIONS]", "[OLD.json] [NEW.json]"]


class _Files(click.Argument):
    """The usage line says what they are."""

    def get_help_record(self, ctx: click.Context) -> None:  # type: ignore[override,unused-ignore]
        """No row among the options."""


@click.command(
    "diff",
    cls=_WithFiles,
    help=mark("Say what changed since the last run that was ready, or between two reports."),
)
@click.argument("named", nargs=-1, cls=_Files)
@answers
@option("-v", "--verbose", is_flag=True, help=mark("Show values as a whole."))
def command(
    format: str, file: str | None, lang: str | None, named: tuple[str, ...], verbose: bool, **_: Any
) -> int:
    """Find both, compare, show. The exit code says whether there was an answer, not what it is."""
    if len(named) > 2:
        raise Wrong(say("diff compares two reports: name none, one or two"))
    if file:
        output.check_writable(file)
    old, new = _both(named)
    from .. import changes
    from ..render import diff_data
    from ..views import diff as views

    told = changes.changes(old, new)
    Out(format, file, lang).put(lambda: views.view(told, verbose), lambda: diff_data.record(told))
    return 0


def _both(named: tuple[str, ...]) -> tuple[Value, Value]:
    """The earlier report and the later one."""
    given = [_given(path) for path in named]
    if len(given) == 2:
        return given[0], given[1]
    from .. import history

    kept = history.readable()
    newest = next(kept, None)
    if newest is None:
        raise Wrong(say("no run is kept yet: run envcheck first, or name two reports (--format json)"))
    if given:
        return given[0], newest[1]
    earlier = history.to_compare(newest[0], kept)
    if earlier is None:
        raise Wrong(say("only one run of this Python is kept: run envcheck again, or name a report"))
    return earlier, newest[1]


def _given(path: str) -> Value:
    from .. import changes, history

    try:
        with open(path, "rb") as file:
            report = history.loaded(file.read(history.LARGEST + 1))
    except OSError as error:
        raise Wrong(say("cannot read {path}: {error}", path=path, error=error.strerror or error)) from None
    except ValueError:
        raise Wrong(say("{path} is not JSON: name what envcheck --format json wrote", path=path)) from None
    if not changes.is_report(report):
        raise Wrong(say("{path} is no report of a check: name what envcheck --format json wrote", path=path))
    return report
