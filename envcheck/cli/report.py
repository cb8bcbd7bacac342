"""``envcheck report``: what to paste into an issue, and whether it needs one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import click

from .. import examine
from ..model import Wrong
from ..render import output
from ..usage import Command, OneOf
from ..words import language, mark, say
from .options import answers, examines, met, option, shows_redactions, tell_hidden
from .out import Out, watched

#: What is read of a file that is added: an issue holds far less.
MOST = 4 * 1024 * 1024


@click.command(
    "report",
    cls=Command,
    help=mark("Write an issue that gets an answer, and say first whether it needs one."),
)
@option("--to", type=OneOf(("auto", "tensorflow", "keras")), default="auto", metavar="TRACKER",
    help=mark("Whose tracker: tensorflow, keras, or auto."),
)  # fmt: skip
@option("--attach", metavar="SCRIPT", help=mark("Your own program that fails, instead of envcheck's."))
@option("--log", metavar="FILE", help=mark("The log of your own program."))
@option("--url", "with_url", is_flag=True, help=mark("Also print the address that opens the form filled in."))
@option("--open", "open_", is_flag=True, help=mark("Open that address in the browser."))
@shows_redactions
@answers
@examines
def command(
    format: str, file: str | None, lang: str | None, to: str, attach: str | None, log: str | None,
    with_url: bool, open_: bool, show_redactions: bool, **rest: Any,
) -> int:  # fmt: skip
    """Examine, redact, compose, show. The exit code says whether the answer is there, not the verdict."""
    out, asked = Out(format, file, lang), examine.Asked(**rest)
    if file:
        output.check_writable(file)
    added, hidden = (_read(attach), _read(log)), met(show_redactions)
    with closing(examine.open_machine(asked)) as host:
        with watched(format) as watch:
            found = examine.examine(host, asked, watch)
        from .. import issue as issues
        from ..issue import prefilled
        from ..render import data
        from ..views import issue as views

        report, attached = examine.to_be_passed_on((found, added), host, hidden)
    issue = issues.compose(report, to, issues.Attached(*attached))
    address = prefilled.address(issue)
    search = _search(issue)
    page = views.view(issue, report, search, _commands(issue, file), address if with_url or open_ else None)
    if format == "markdown":  # what is pasted, and nothing else
        out.put_text(issues.body(issue))
    else:
        out.put(lambda: page, lambda: data.issue(issue, report, issues.body(issue), search, address))
    tell_hidden(hidden)
    if open_:
        click.launch(address)
    return 0


def _read(path: str | None) -> str | None:
    if path is None:
        return None
    try:
        with Path(path).open("rb") as file:
            return file.read(MOST).decode("utf-8", "replace")
    except OSError as error:
        raise Wrong(say("cannot read {path}: {error}", path=path, error=error.strerror or error)) from None


def _commands(issue: Any, file: str | None) -> tuple[str, ...]:
    from ..install import quoted

    name = file or "issue.md"
    written = f"envcheck report --to {issue.tracker.name} --format markdown --output {quoted(name, False)}"
    title = quoted(issue.title, False)
    opened = (
        f"gh issue create --repo {issue.tracker.repository} --title {title} --body-file {quoted(name, False)}"
    )
    return (written, opened)


def _search(issue: Any) -> tuple[str, ...]:
    from .. import search_links

    return tuple(
        link.url for link in search_links.links(issue.title.partition(": ")[2] or issue.title, language())
    )
