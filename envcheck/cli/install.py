"""``envcheck install``: how TensorFlow comes to run here; carried out only when told to."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import examine
from ..install.model import Plan, Step
from ..install.wishes import Wishes, checked
from ..model import NoAnswer, Wrong
from ..render import output
from ..usage import Command, OneOf, Version
from ..words import mark, pick, say
from .options import answers_as, option
from .out import FORMATS, Out

if TYPE_CHECKING:
    from ..host import Host

NOT_DONE = 1
#: Characters of a download's bar.
_BAR = 40


@click.command(
    "install",
    cls=Command,
    help=mark("Plan the TensorFlow that fits this machine: every step with its reason. Nothing happens yet."),
)
@option(
    "--python", metavar="PATH", help=mark("The interpreter to plan for: a file, a command or an environment.")
)
@option("--from", "from_", metavar="SNAPSHOT", help=mark("Plan for a recorded machine instead of this one."))
@option(
    "--wanted", multiple=True, metavar="REQUIREMENT",
    help=mark('What is wanted, as in "tensorflow>=2.16,<2.20"; other packages, too. Repeatable.'),
)  # fmt: skip
@option(
    "--python-version", type=Version("3.12", 2), metavar="VERSION",
    help=mark("Plan for this Python; uv or conda fetches it if it is not there."),
)  # fmt: skip
@option("--cpu", is_flag=True, help=mark("Plan for the processor alone."))
@option("--mirror", metavar="NAME", help=mark("Where packages come from: tuna, aliyun, ustc or an address."))
@option("--prefer", type=OneOf(("pip", "uv")), metavar="TOOL", help=mark("What installs: pip or uv."))
@option("--into", metavar="FOLDER", help=mark("The folder of the new environment (.venv-tensorflow)."))
@option("--verify-resolve", is_flag=True, help=mark("Let pip or uv resolve the plan; nothing is downloaded."))
@option("--yes", is_flag=True, help=mark("Carry the plan out, as far as it concerns the new environment."))
@option(
    "--repair",
    is_flag=True,
    help=mark("Mend the environment that is there instead; only with --yes for real."),
)
@answers_as((*FORMATS, "shell"))
def command(
    format: str, file: str | None, lang: str | None, python: str | None, from_: str | None,
    verify_resolve: bool, yes: bool, repair: bool, **wished: Any,
) -> int:  # fmt: skip
    """Facts and wishes → a plan; with ``--yes`` its steps are carried out."""
    wishes, out = _wishes(**wished), Out(format, file, lang)
    _check_options(from_, yes, repair, verify_resolve)
    if file:
        output.check_writable(file)
    if repair:
        return _repair(python, wishes, yes, out)
    asked = examine.Asked(python=python, from_=from_, quick=True)
    with closing(examine.open_machine(asked)) as host:
        made = _plan(host, wishes, here=from_ is None, resolve=verify_resolve)
        told = _without_secrets(made) if _stays_here(out) else examine.to_be_passed_on(made, host)
    if not yes or made.exit_code:
        _put(told, out)
        return made.exit_code
    return _carry_out(made, wishes)


def _stays_here(out: Out) -> bool:
    """Whether it is for this machine: a script or argument lists with placeholders could not be run."""
    return out.stays_here or out.format in ("shell", "json")


def _without_secrets(plan: Plan) -> Plan:
    from .. import nouns
    from ..redact import redact

    return nouns.changed(plan, redact)


def _wishes(wanted: tuple[str, ...], **rest: Any) -> Wishes:
    return Wishes(tuple(checked(each) for each in wanted), **rest)


def _check_options(from_: str | None, yes: bool, repair: bool, resolve: bool) -> None:
    if from_ and (yes or repair):
        raise Wrong(say("--from and --yes or --repair exclude each other: a recording cannot be changed"))
    if repair and resolve:
        raise Wrong(say("--repair and --verify-resolve exclude each other"))


# --- the plan ------------------------------------------------------------------------------------


def _plan(host: Host, wishes: Wishes, here: bool, resolve: bool) -> Plan:
    from .. import probes
    from ..install import plan
    from ..install import resolve as resolving

    for name in probes.EARLY if here else ():
        if name != "train":  # planning imports no TensorFlow
            host.start(name)
    facts = probes.Collected(host, probes.registry())
    if here:
        wishes = _looked_up(host, wishes)
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    made = plan.plan(facts, host.target, wishes, created)
    return resolving.resolved(made, here, shutil.which("uv")) if resolve else made


def _looked_up(host: Host, wishes: Wishes) -> Wishes:
    """With what only this machine can tell: another Python, uv, and the room there is."""
    folder = Path(wishes.into or ".").expanduser().absolute()
    try:
        disk = host.disk(str(folder))
    except NoAnswer:
        disk = None
    return wishes._replace(
        interpreter=_interpreter(host, wishes.python_version),
        has_uv=shutil.which("uv") is not None,
        free_mb=float(disk["free_mb"]) if disk else None,
    )


def _interpreter(host: Host, version: str | None) -> str | None:
    """A Python of that minor version which starts: a shim may stand for one that is not there."""
    minor = ".".join((version or "").split(".")[:2])
    path = shutil.which(f"python{minor}") if minor else None
    try:
        answer = host.run([path, "-V"]) if path else None
    except NoAnswer:
        return None
    return path if answer and f"Python {minor}." in answer["out"] + answer["err"] else None


def _put(plan: Plan, out: Out) -> None:
    from ..render import data
    from ..views import plan as views

    if out.format == "shell":
        from ..render import shell

        out.put_text(shell.script(plan))
    else:
        out.put(lambda: views.view(plan), lambda: data.plan(plan))


# --- carrying it out -----------------------------------------------------------------------------


def _carry_out(plan: Plan, wishes: Wishes) -> int:
    from ..install import carry_out

    check = None
    if wishes.cpu:
        check = _examined_without_gpu
    done = carry_out.carry_out(plan, _tell, check)
    for step in done.left:
        output.to_stdout("".join(f"{text}\n" for text in _by_hand(step)))
    if done.done:
        sentence = mark("TensorFlow {release} is ready in {place}; its Python: {python}")
        output.to_stdout(
            say(sentence, release=plan.release, place=done.place, python=plan.interpreter) + "\n"
        )
        return 0
    if done.failed_step:
        _explain(done.log, plan, say("This step failed: {step}", step=pick(done.failed_step.do)))
    elif done.report:
        _show(done.report)
    elif done.left:
        output.to_stdout(say("Nothing was changed: do this first, then start the command again.") + "\n")
    return NOT_DONE


def _examined_without_gpu(python: str) -> Any:
    asked = examine.Asked(python=python, require="cpu")
    with closing(examine.open_machine(asked)) as host:
        return examine.examine(host, asked)


def _by_hand(step: Step) -> Iterator[str]:
    yield say("To be done by hand: {what}", what=pick(step.do))
    yield from (f"    {line}" for line in step.lines)


def _tell(text: str, share: float | None = None) -> None:
    """Lines as they come; on a terminal a download's bar is drawn over itself, and a line over the bar."""
    from ..install import screen

    watched = screen.is_watched()
    if share is None:
        over = "\r" + " " * (_BAR + 5) + "\r" if watched else ""
        output.to_stderr(over + text.rstrip("\n") + "\n")
    elif watched:
        full = int(share * _BAR)
        output.to_stderr(f"\r{'#' * full}{'-' * (_BAR - full)} {share:4.0%}" + ("\n" if share >= 1 else ""))


def _explain(log: str, plan: Plan, head: str) -> None:
    from ..install import failed
    from ..render import terminal
    from ..views import explain as views

    output.to_stdout(head + "\n")
    told = failed.explained(log, plan.facts, plan.target)
    output.to_stdout(terminal.render(views.view(told), sys.stdout))


def _show(report: Any) -> None:
    from ..render import terminal
    from ..views import report as views

    told = examine.to_be_seen(report)
    output.to_stdout(
        say("The new environment was not moved into place: its own check does not say ready.") + "\n"
    )
    output.to_stdout(terminal.render(views.view(told), sys.stdout))


# --- repair --------------------------------------------------------------------------------------


def _repair(python: str | None, wishes: Wishes, yes: bool, out: Out) -> int:
    from ..install import failed, repair
    from ..render import data
    from ..views import repair as views

    asked = examine.Asked(python=python, quick=True)
    with closing(examine.open_machine(asked)) as host:
        target = host.target
        done = repair.repair(target, wishes, yes, _tell)
        if not out.stays_here:
            steps = tuple(examine.to_be_passed_on(step, host) for step in done.changes)
            done = done._replace(changes=steps, log="")
    why = None
    if done.failed_step and done.log:
        why = failed.explained(done.log, done.report.facts if done.report else {}, target)
    out.put(lambda: views.view(done, target, why), lambda: data.repair(done))
    return done.exit_code
