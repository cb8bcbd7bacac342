"""``envcheck check``, the default command."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from .. import examine
from ..render import output
from ..usage import Above0, Command
from ..words import mark
from .options import answers, option
from .out import Out, watched


@click.command(
    "check",
    cls=Command,
    help=mark("Examine this machine: the layers, the one cause of trouble, and how to mend it."),
)
@option(
    "--python", metavar="PATH", help=mark("The interpreter to examine: a file, a command or an environment.")
)
@answers
@option("--from", "from_", metavar="SNAPSHOT", help=mark("Examine a recorded machine instead of this one."))
@option("--record", metavar="FILE", help=mark("Record what this machine answered, without secrets or names."))
@option("--timeout", type=Above0(float), metavar="S", help=mark("Seconds that any one step may take."))
@option("--max-seconds", type=Above0(float), metavar="S", help=mark("Seconds that the whole run may take."))
@option("--no-train", is_flag=True, help=mark("Import TensorFlow, but train nothing."))
@option("--quick", is_flag=True, help=mark("Do not even import TensorFlow."))
@option(
    "--require", default="auto", metavar="WHAT", help=mark("What must be there: auto, cpu, gpu or gpu=N.")
)
@option("--config", metavar="FILE", help=mark("What must be there, written down in a file: envcheck.toml."))
@option("--strict", is_flag=True, help=mark("Exit with 1 also where it works less well than it could."))
@option("-v", "--verbose", is_flag=True, help=mark("Show every fact, and where it was read."))
@option(
    "--gpu-memory", type=Above0(int), default=1024, metavar="MB",
    help=mark("GPU memory that the training step may take (1024)."),
)  # fmt: skip
def command(
    format: str, file: str | None, lang: str | None, record: str | None, verbose: bool, **rest: Any
) -> int:
    """The way of the data: host → facts → match → diagnose → redact → view → render."""
    out, asked = Out(format, file, lang), examine.Asked(**rest)
    for path in filter(None, (file, record)):
        output.check_writable(path)
    with closing(examine.open_machine(asked)) as host:
        with watched(format) as watch:
            report = examine.examine(host, asked, watch, lambda: _load_what_shows_it(format))
        from ..render import data  # not before the children are at work
        from ..views import report as views

        if record:
            output.to_file(record, data.text(examine.recording(host, report.created)))
        told = examine.to_be_seen(report) if out.stays_here else examine.to_be_passed_on(report, host)
    out.put(lambda: views.view(told, verbose), lambda: data.report(told))
    return report.exit_code


def _load_what_shows_it(format: str) -> None:
    from .. import redact  # noqa: F401
    from ..views import report  # noqa: F401

    if format == "terminal":
        from ..render import terminal  # noqa: F401
