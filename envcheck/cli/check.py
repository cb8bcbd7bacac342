"""``envcheck check``, the default command."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any

import click

from .. import examine
from .. import hand_in as hand_ins
from ..model import Report, Wrong
from ..render import output
from ..usage import Command
from ..words import mark, say
from . import kept
from .options import answers_as, examines, met, option, shows_redactions, tell_hidden
from .out import FORMATS, PAGES, Out, watched

#: What CI systems read of a report, beside what every command can write.
ALL_FORMATS = (*FORMATS, "junit", "github")
#: What a file of requirements is called by custom. It counts where --config names it.
CONFIG = "envcheck.toml"


@click.command(
    "check",
    cls=Command,
    help=mark("Examine this machine: the layers, the one cause of trouble, and how to mend it."),
)
@answers_as(ALL_FORMATS)
@option(
    "--report", "more", multiple=True, metavar="FORMAT[=FILE]",
    help=mark("Write the answer in this form, too. May be given more than once."),
)  # fmt: skip
@examines
@option(
    "--hand-in", metavar="[ALIAS]", is_flag=False, flag_value="",
    help=mark("Write envcheck-ALIAS.json to hand in, without secrets or names; ALIAS may be left out."),
)  # fmt: skip
@option("--record", metavar="FILE", help=mark("Record what this machine answered, without secrets or names."))
@option("--no-history", is_flag=True, help=mark("Keep nothing of this run for envcheck diff."))
@option("--strict", is_flag=True, help=mark("Exit with 1 also where it works less well than it could."))
@shows_redactions
@option("-v", "--verbose", is_flag=True, help=mark("Show every fact, and where it was read."))
def command(
    format: str, file: str | None, lang: str | None, more: tuple[str, ...], record: str | None,
    hand_in: str | None, no_history: bool, show_redactions: bool, verbose: bool, **rest: Any,
) -> int:  # fmt: skip
    """The way of the data: host → facts → match → diagnose → redact → view → render."""
    handed_in = hand_ins.file(hand_in) if hand_in is not None else None
    last = (Out("json", handed_in, None),) if handed_in else ()
    outs, asked = (Out(format, file, lang), *_more(more, lang), *last), examine.Asked(**rest)
    for path in filter(None, (record, *(out.file for out in outs))):
        output.check_writable(path)
    hidden = met(show_redactions)
    with closing(examine.open_machine(asked)) as host:
        with watched(format) as watch:
            report = examine.examine(host, asked, watch, lambda: _load_what_shows_it(format))
        from ..render import data  # not before the children are at work

        if record:
            output.to_file(record, data.text(examine.recording(host, report.created, hidden)))
        seen = [out.stays_here for out in outs]
        told = examine.to_be_passed_on(report, host, hidden) if not all(seen) else report
        here = examine.to_be_seen(report, hidden, verbose) if any(seen) else report
        run = kept.run(report, None if told is report else told, host, asked, no_history)
    for out in outs:
        _write(out, here if out.stays_here else told, verbose, handed_in, run.note)
    run.keep()
    if handed_in and outs[0].format not in PAGES:
        output.to_stderr(say("envcheck: written: {file}", file=handed_in) + "\n")
    if any(seen) and asked.config is None and os.path.isfile(CONFIG):
        output.to_stderr(
            say("envcheck: {file} is here and was not used: --config {file} does", file=CONFIG) + "\n"
        )
    tell_hidden(hidden)
    return report.exit_code


def _more(named: tuple[str, ...], lang: str | None) -> Iterator[Out]:
    for each in named:
        form, _, file = each.partition("=")
        if form not in ALL_FORMATS:
            known = ", ".join(ALL_FORMATS)
            raise Wrong(
                say("{option} {value}: it is one of {known}", option="--report", value=form, known=known)
            )
        yield Out(form, file or None, lang)


def _write(
    out: Out, report: Report, verbose: bool, handed_in: str | None, note: Callable[[], tuple[str, ...]]
) -> None:
    from ..render import data
    from ..views import report as views
    from ..views import workshop

    if out.format in FORMATS:
        page = partial(workshop.with_end, report=report, handed_in=handed_in)

        def noted() -> Report:
            return report._replace(notes=(*report.notes, *note()))

        out.put(lambda: page(views.view(noted(), verbose)), lambda: data.report(report))
        return
    from ..render import ci

    if out.format == "junit":
        out.put_text(ci.junit(report))
        return
    out.put_text(ci.github(report, views.verdict(report)))
    _tell_github(report)


def _tell_github(report: Report) -> None:
    """What the runner reads from files that it names: the page of the step, and the step's outputs."""
    from ..render import ci, markdown
    from ..views import report as views

    page, results = os.environ.get("GITHUB_STEP_SUMMARY"), os.environ.get("GITHUB_OUTPUT")
    if page:
        output.append(page, ci.summary(markdown.render(views.view(report))))
    if results:
        output.append(results, ci.outputs(report, views.verdict(report)))


def _load_what_shows_it(format: str) -> None:
    from .. import history, redact  # noqa: F401
    from ..redact import anybody, identity, learned, variables  # noqa: F401
    from ..views import report  # noqa: F401

    if format == "terminal":
        from ..render import terminal  # noqa: F401
