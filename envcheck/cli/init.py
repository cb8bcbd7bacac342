"""``envcheck init``: write an ``envcheck.toml``, from this machine or from a few answers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeVar

import click

from .. import examine
from ..model import Report, Wrong
from ..render import output
from ..usage import Command, OneOf
from ..words import LANGUAGES, mark, say
from .options import _use_language, option
from .out import watched

Answer = TypeVar("Answer")
YES = ("y", "yes", "是", "要")
NO = ("n", "no", "否", "不", "不要")


@click.command(
    "init",
    cls=Command,
    help=mark("Write an envcheck.toml: what this machine has is the least that is asked for."),
)
@option("--interactive", is_flag=True, help=mark("Ask what is needed, as for a workshop, and write that."))
@option(
    "--output",
    "file",
    metavar="FILE",
    default="envcheck.toml",
    help=mark("The file to write (envcheck.toml)."),
)
@option("--force", is_flag=True, help=mark("Overwrite the file if it exists."))
@option(
    "--python", metavar="PATH",
    help=mark("The interpreter to examine: a file, a command or an environment."),
)  # fmt: skip
@option(
    "--from", "from_", metavar="SNAPSHOT", help=mark("Examine a recorded machine instead of this one."),
)  # fmt: skip
@option("--quick", is_flag=True, help=mark("Do not even import TensorFlow."))
@option(
    "--lang",
    type=OneOf(LANGUAGES),
    is_eager=True,
    callback=_use_language,
    help=mark("The language: en or zh."),
)
def command(file: str, interactive: bool, force: bool, quick: bool, **rest: Any) -> int:
    """Examine, write. What exists is not overwritten."""
    rest.pop("lang")
    if os.path.isfile(file) and not force:
        raise Wrong(say("{file} exists already: --force overwrites it, --output names another", file=file))
    output.check_writable(file)
    report = _examined(examine.Asked(**rest, quick=quick or interactive))
    from ..requirements import starter

    text = starter.of_answers(_asked(report), file) if interactive else starter.of_machine(report.facts, file)
    output.to_file(file, text)
    if os.path.isfile(file):  # it may be standard output itself
        written = say("Written: {file}. Check a machine against it: envcheck --config {file}", file=file)
        output.to_stdout(written + "\n")
    return 0


def _examined(asked: examine.Asked) -> Report:
    with closing(examine.open_machine(asked)) as host, watched("terminal") as watch:
        return examine.examine(host, asked, watch)


# --- the questions -------------------------------------------------------------------------------


def _asked(report: Report) -> Any:
    """What the user answers; an empty line, or the end of what is piped in, takes what is in brackets."""
    from ..requirements import starter

    def version(answer: str) -> str | None:
        return None if answer == none else starter.asked_version(answer)

    none = say("none")
    tensorflow = _ask(say("TensorFlow version"), _default(report) or none, version)
    gpu = _ask(say("Is a GPU needed (y/n)"), "y" if _has_gpu(report) else "n", _yes)
    packages = _ask(
        say("Other packages, with commas between them"), none,
        lambda answer: () if answer == none else starter.asked_packages(answer),
    )  # fmt: skip
    data = _ask(say("Path of a data set that must be there"), none, lambda a: None if a == none else _text(a))
    return starter.Answers(tensorflow, gpu, packages, data)


def _ask(question: str, default: str, read: Callable[[str], Answer]) -> Answer:
    """Ask until the answer can be used; a pipe is asked once."""
    while True:
        output.to_stdout(f"{question} [{default}]: ")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not sys.stdin.isatty():
            output.to_stdout("\n")
        try:
            return read(line.strip() or default)
        except Wrong as wrong:
            if not sys.stdin.isatty():
                raise
            output.to_stdout(f"{wrong}\n")


def _yes(answer: str) -> bool:
    if answer.lower() in (*YES, *NO):
        return answer.lower() in YES
    raise Wrong(say("{place}: {error}", place=answer, error=say("must be y or n")))


def _text(answer: str) -> str:
    try:
        answer.encode()
    except UnicodeEncodeError:
        raise Wrong(say("{place}: {error}", place=ascii(answer), error=say("is not text"))) from None
    return answer


def _default(report: Report) -> str | None:
    """The series that is installed here, "2.20"."""
    fact = report.facts.get("tensorflow.version")
    version = getattr(fact, "value", None)
    return ".".join(str(version).split(".")[:2]) if version else None


def _has_gpu(report: Report) -> bool:
    return bool(getattr(report.facts.get("hardware.gpus"), "value", None))
