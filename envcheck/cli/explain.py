"""``envcheck explain``: what a log says, what a cause is, why a command fails."""

from __future__ import annotations

import os
import re
import sys
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast

import click

from .. import search
from ..model import Known, Rule, Target, Wrong
from ..render import output
from ..search import Text
from ..usage import Above0, Command
from ..words import language, mark, say
from .options import answers, met, option, shows_redactions, tell_hidden
from .out import Out

if TYPE_CHECKING:
    from ..explain import Explanation

_LINE = re.compile(r"line (\d+)")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class _WithCommand(Command):
    """Arguments are allowed; what stands after ``--`` is a command of the user's, taken as it is."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The options and the logs; the command goes into the context."""
        at = args.index("--") if "--" in args else len(args)
        ctx.meta["envcheck.command"] = tuple(args[at + 1 :])
        return super().parse_args(ctx, args[:at])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """A log, a cause, or a command."""
        return ["[OPTIONS]", "LOG... | - | CAUSE | -- COMMAND"]


class _Logs(click.Argument):
    """The usage line says what they are."""

    def get_help_record(self, ctx: click.Context) -> None:  # type: ignore[override,unused-ignore]
        """No row among the options."""


class Asked(NamedTuple):
    """What is told beside the log: ``--given``, and where this machine counts as well."""

    given: tuple[str, ...]
    here: bool
    python: str | None
    strict: bool
    why_not: bool = False
    timeout: float | None = None
    from_: str | None = None
    quick: bool = False
    show_redactions: bool = False


@click.command(
    "explain",
    cls=_WithCommand,
    help=mark("Explain a log: the cause, the line that shows it, and how to mend it."),
)
@click.argument("logs", nargs=-1, cls=_Logs)
@option(
    "--given", multiple=True, metavar="KEY=VALUE",
    help=mark("What is known of the machine: os, python, tensorflow, driver, cuda, cudnn, gpu, …"),
)  # fmt: skip
@option("--here", is_flag=True, help=mark("The log was written on this machine: look at it, too."))
@option("--python", metavar="PATH", help=mark("With --here: the interpreter that wrote the log."))
@option("--why-not", is_flag=True, help=mark("With CAUSE: look at this machine, and say what became of it."))
@option("--from", "from_", metavar="SNAPSHOT", help=mark("With --why-not: a recorded machine instead."))
@option("--quick", is_flag=True, help=mark("Do not even import TensorFlow."))
@option(
    "--timeout",
    type=Above0(float),
    metavar="S",
    help=mark("Seconds that the command, or any one step, may take."),
)
@shows_redactions
@answers
@option("--strict", is_flag=True, help=mark("Exit with 1 also where it works less well than it could."))
@option("-v", "--verbose", is_flag=True, help=mark("Show every fact, and where it was read."))
@click.pass_context
def command(
    ctx: click.Context, /, format: str, file: str | None, lang: str | None, logs: tuple[str, ...],
    verbose: bool, **rest: Any,
) -> int:  # fmt: skip
    """A log, a cause or a command → what there is to say of it."""
    out, asked = Out(format, file, lang), Asked(**rest)
    if asked.python and not (asked.here or asked.why_not):
        raise Wrong(say("--python goes with --here: a log names its interpreter itself, or --given python=…"))
    if file:
        output.check_writable(file)
    if ctx.meta["envcheck.command"]:
        return _of_command(ctx.meta["envcheck.command"], out, asked, verbose)
    if not logs:
        raise Wrong(say("explain needs a log: a file, several, or - for standard input"))
    if len(logs) == 1 and _SLUG.fullmatch(logs[0]) and not os.path.exists(logs[0]):
        return _of_cause(logs[0], out, asked, verbose)
    return _of_log(logs, out, asked, verbose)


# --- a log ----------------------------------------------------------------------------------------


def _of_log(paths: tuple[str, ...], out: Out, asked: Asked, verbose: bool) -> int:
    rules, logs = _rules(), _Several(paths)
    log = search.scan(cast("IO[bytes]", logs), _patterns(rules))
    named = logs.named if len(paths) > 1 else None
    return _answered(log, rules, out, asked, verbose, named)


def _rules() -> tuple[Rule, ...]:
    from .. import rulebook

    return rulebook.load()


def _patterns(rules: Iterable[Rule]) -> list[str]:
    lines = (one for rule in rules for block in rule.when for one in block if one.fact == "log")
    return [text for one in lines for text in one.test]


def _answered(
    log: Text, rules: Iterable[Rule], out: Out, asked: Asked, verbose: bool,
    named: Callable[[Any], Any] | None = None,
) -> int:  # fmt: skip
    from .. import nouns
    from ..redact import Who, redact

    told = _explained(log, rules, asked)
    if named:
        told = nouns.changed(told, named)
    who = None if out.stays_here else Who()
    hidden = met(asked.show_redactions)
    told = nouns.changed(told, lambda value: redact(value, who, hidden))
    out.put(lambda: _page(told, log, verbose), lambda: _record(told))
    tell_hidden(hidden)
    return told.report.exit_code


def _explained(log: Text, rules: Iterable[Rule], asked: Asked) -> Explanation:
    from .. import explain, given
    from ..given import follow

    options, unread = given.options(asked.given, follow.names())
    here, target = _here(asked.python) if asked.here else ({}, None)
    told = given.together(log, options, here)
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return explain.explain(
        log, told, rules, created=created, strict=asked.strict, target=target, unread=unread
    )


def _here(python: str | None) -> tuple[Mapping[str, Known], Target]:
    """What this machine shows without TensorFlow being imported: the log says how that went."""
    from contextlib import closing

    from .. import examine
    from ..given import follow

    asked = examine.Asked(python=python, quick=True)
    with closing(examine.open_machine(asked)) as host:
        report = examine.examine(host, asked)
    return follow.seen(report.facts), report.target


class _Several:
    """Logs that are read as if they were one, in which of them a line stands is known afterwards."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        self._paths = paths
        self._at = 0
        self._stream: IO[bytes] | None = None
        #: Lines of each log that has been read.
        self._lines = [1] * len(paths)

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; none at the end of the last log."""
        while self._at < len(self._paths):
            self._stream = self._stream or _opened(self._paths[self._at])
            data = self._stream.read(size)
            if data:
                self._lines[self._at] += data.count(b"\n")
                return data
            self._stream.close()
            self._stream, self._at = None, self._at + 1
            if self._at < len(self._paths):
                return b"\n"
        return b""

    def named(self, value: Any) -> Any:
        """``value`` with "b.log line 3" for each "line 17"."""
        if isinstance(value, str):
            found = _LINE.fullmatch(value)
            return self._place(int(found[1])) if found else value
        if isinstance(value, dict):
            return {key: self.named(item) for key, item in value.items()}
        return [self.named(item) for item in value] if isinstance(value, list) else value

    def _place(self, number: int) -> str:
        ends = list(accumulate(self._lines))
        at = min(bisect_left(ends, number), len(ends) - 1)
        return f"{self._paths[at]} line {number - (ends[at - 1] if at else 0)}"


def _opened(path: str) -> IO[bytes]:
    try:
        return sys.stdin.buffer if path == "-" else open(path, "rb")
    except OSError as error:
        raise Wrong(say("cannot read {path}: {error}", path=path, error=error.strerror or error)) from None


def _page(told: Explanation, log: Text, verbose: bool) -> Any:
    from .. import explain, search_links
    from ..views import explain as views
    from ..views import search

    telling = explain.telling(told) or search_links.telling_line(line for _, line in log.lines)
    return views.view(told, search.blocks(search_links.links(telling or "", language())), verbose)


def _record(told: Explanation) -> Any:
    from ..render import data

    return data.explanation(told)


# --- a cause, a command ---------------------------------------------------------------------------


def _of_cause(name: str, out: Out, asked: Asked, verbose: bool) -> int:
    from .. import examine
    from .of_cause import of_cause

    look = (
        examine.Asked(asked.python, asked.from_, asked.timeout, quick=asked.quick) if asked.why_not else None
    )
    return of_cause(name, out, look, asked.given, verbose)


def _of_command(argv: tuple[str, ...], out: Out, asked: Asked, verbose: bool) -> int:
    from .. import given
    from ..given import follow
    from .of_command import of_command

    given.options(asked.given, follow.names())  # what is wrong with them is said before anything runs

    def explained(log: str, target: Target | None) -> None:
        here = asked._replace(here=target is not None, python=target.python if target else None)
        _answered(Text.of(log), _rules(), out, here, verbose)

    return of_command(argv, asked.timeout, out, explained)
