"""The command line: one sub-command, one short function; and the exit codes, which stand in DESIGN.md §7."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import click

from . import __version__, examine, interrupts, words
from . import compat as compat_
from .model import RULE_LAYERS, Wrong
from .render import output, plain
from .usage import Above0, Command, Group, OneOf, Option, Version, complaint
from .words import mark, say

if TYPE_CHECKING:
    from .views.document import Document

WRONG, BUG, INTERRUPTED = 2, 70, 130
#: click writes the help text itself; these are what a full disk or a closed stream makes of that.
NOT_WRITTEN = (errno.ENOSPC, errno.EIO)


# --- the end of a run: one place for every exit code ---------------------------------------------


class Envcheck(Group):
    """``envcheck``, of which ``check`` is the default command."""

    default = "check"

    def main(self, args: Any = None, **extra: Any) -> Any:  # type: ignore[override,unused-ignore]
        """Run one command and exit with its code."""
        args = list(sys.argv[1:] if args is None else args)
        words.use(words.preferred(os.environ))
        extra["standalone_mode"] = False
        sys.exit(
            _code(lambda: super(Envcheck, self).main(args, **extra), bool({"-v", "--verbose"} & {*args}))
        )


def _code(run: Callable[[], Any], verbose: bool) -> int:
    """What ``run`` returns; or the code of the exception that it ends with, said in one sentence."""
    try:
        with interrupts.raised():
            return int(run() or 0)
    except Wrong as wrong:
        return _complain(str(wrong), WRONG)
    except click.ClickException as error:
        return _complain(complaint(error), WRONG)
    except (interrupts.Interrupted, KeyboardInterrupt, click.Abort):
        return _complain(say("interrupted"), INTERRUPTED)
    except OSError as error:
        if error.errno not in NOT_WRITTEN:
            return _complain(_bug(error, verbose), BUG)
        output.silence(sys.stdout)
        return _complain(
            say("cannot write to standard output: {error}", error=error.strerror or error), WRONG
        )
    except Exception as error:
        return _complain(_bug(error, verbose), BUG)


def _complain(sentence: str, code: int) -> int:
    output.to_stderr(f"envcheck: {sentence}\n")
    return code


def _bug(error: Exception, verbose: bool) -> str:
    import traceback

    frame = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"
    sentence = say("this is a bug in envcheck: {what}.", what=what)
    if verbose:
        return "\n".join([sentence, *traceback.format_exception(type(error), error, error.__traceback__)])
    return sentence + " " + say("Please report it, with what the same command says with -v.")


# --- where the answer goes, and what it is written as --------------------------------------------


def _terminal(document: Document, stream: IO[str] | None) -> str:
    from .render import terminal

    return terminal.render(document, stream)


#: Formats that are made of a Document. ``stream`` is None where the text goes into a file.
PAGES: Mapping[str, Callable[[Document, IO[str] | None], str]] = {"terminal": _terminal}
FORMATS = (*PAGES, "json")


class Out(NamedTuple):
    """Where the answer goes: ``file`` None is standard output."""

    format: str
    file: str | None
    lang: str | None

    def put(self, page: Callable[[], Document], record: Callable[[], Any]) -> None:
        """Write the answer: ``page`` for people, ``record`` for programs."""
        stream = None if self.file else sys.stdout
        text = self._json(record, stream) if self.format == "json" else self._page(page, stream)
        if self.file:
            output.to_file(self.file, text)
        else:
            output.to_stdout(text)

    def _json(self, record: Callable[[], Any], stream: IO[str] | None) -> str:
        """What programs read is English on every machine, unless another language was asked for."""
        from .render import data

        words.use(self.lang or "en")
        return data.text(
            record(), ascii_only=stream is not None and not plain.is_utf8(plain.encoding(stream))
        )

    def _page(self, page: Callable[[], Document], stream: IO[str] | None) -> str:
        if stream is not None and not plain.carries(say("yes"), plain.encoding(stream)):
            words.use("en")  # better than a page of question marks
        return PAGES[self.format](page(), stream)

    @property
    def stays_here(self) -> bool:
        """Whether only who sits at this machine sees it."""
        return self.format == "terminal" and self.file is None


@contextmanager
def _watched(format: str) -> Iterator[examine.Watch | None]:
    """Show what is known so far on standard error, if that is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from .views import report as views

    screen = _screen(format)
    try:
        yield lambda judge, running: screen.show(views.progress(judge(), running))
    finally:
        screen.close()


def _screen(format: str) -> Any:
    """The ladder, redrawn; a single line where that cannot be, or where rich must not be loaded."""
    from .render import progress

    if format == "terminal":
        from .render import terminal

        if terminal.can_redraw(sys.stderr):
            return terminal.Screen(sys.stderr)
    return progress.OneLine(sys.stderr)


# --- commands ------------------------------------------------------------------------------------


def _use_language(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value:
        words.use(value)
    return value


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        output.to_stdout(f"envcheck {__version__}\n")
        ctx.exit()


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
    formats = {"default": "terminal", "help": mark("What is written: terminal or json.")}
    return option("--format", type=OneOf(FORMATS), **formats)(command)


@click.group(
    cls=Envcheck,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=mark("Find out why TensorFlow does not see the GPU, from the hardware up to a real training step."),
)
@option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
    help=mark("Show the version and exit."),
)  # fmt: skip
def cli() -> None:
    """All commands."""


@cli.command(
    cls=Command, help=mark("Examine this machine: the layers, the one cause of trouble, and how to mend it.")
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
def check(
    format: str, file: str | None, lang: str | None, record: str | None, verbose: bool, **rest: Any
) -> int:
    """The way of the data: host → facts → match → diagnose → redact → view → render."""
    out, asked = Out(format, file, lang), examine.Asked(**rest)
    for path in filter(None, (file, record)):
        output.check_writable(path)
    with closing(examine.open_machine(asked)) as host:
        with _watched(format) as watch:
            report = examine.examine(host, asked, watch, lambda: _load_what_shows_it(format))
        from .render import data  # not before the children are at work
        from .views import report as views

        if record:
            output.to_file(record, data.text(examine.recording(host, report.created)))
        told = examine.to_be_seen(report) if out.stays_here else examine.to_be_passed_on(report, host)
    out.put(lambda: views.view(told, verbose), lambda: data.report(told))
    return report.exit_code


def _load_what_shows_it(format: str) -> None:
    from . import redact  # noqa: F401
    from .views import report  # noqa: F401

    if format == "terminal":
        from .render import terminal  # noqa: F401


class Rules(Group):
    """``envcheck rules``, of which ``list`` is the default command."""

    default = "list"


@cli.group(cls=Rules, help=mark("What envcheck knows: the causes, and which TensorFlow fits what."))
def rules() -> None:
    """The rules and the tables."""


@rules.command("list", cls=Command, help=mark("List the causes that envcheck knows."))
@option("--layer", type=OneOf(RULE_LAYERS), metavar="LAYER", help=mark("Only the causes of this layer."))
@answers
def list_(format: str, file: str | None, lang: str | None, layer: str | None) -> int:
    """The rules as a list."""
    from . import rulebook
    from .render import data
    from .views import rules as views

    if file:
        output.check_writable(file)
    found = [rule for rule in rulebook.load() if layer in (None, rule.layer)]
    Out(format, file, lang).put(lambda: views.view(found), lambda: data.rules(found))
    return 0


@rules.command(cls=Command, help=mark("Which TensorFlow releases fit what you name. No machine is examined."))
@option("--os", type=OneOf(compat_.SYSTEMS), default="linux", metavar="OS",
    help=mark("The system: linux (which is meant unless you say otherwise), wsl, windows or macos."),
)  # fmt: skip
@option("--arch", type=OneOf(compat_.ARCHITECTURES), metavar="ARCH",
    help=mark("The processor: x86_64, or aarch64 (arm64 is the same)."),
)  # fmt: skip
@option("--python", type=Version("3.12", 2), metavar="VERSION", help=mark("The version of Python."))
@option("--gpu", "gpus", multiple=True, metavar="GPU",
    help=mark("A GPU that it must run on: name, PCI id or compute capability. May be given more than once."),
)  # fmt: skip
@option("--driver", type=Version("550.54.14"), metavar="VERSION", help=mark("The NVIDIA driver's version."))
@option("--glibc", type=Version("2.35", 2), metavar="VERSION", help=mark("The version of glibc."))
@answers
def compat(format: str, file: str | None, lang: str | None, **asked: Any) -> int:
    """What fits, by the tables."""
    from .render import data
    from .views import compat as views

    if file:
        output.check_writable(file)
    found = compat_.answer(compat_.question(**asked))
    Out(format, file, lang).put(lambda: views.view(found), lambda: data.compat(found))
    return 0


def main() -> None:
    """The command ``envcheck``."""
    cli(prog_name="envcheck")
