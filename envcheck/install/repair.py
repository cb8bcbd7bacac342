"""``envcheck install --repair``: mends the environment that is there with the fewest changes.

Examine, keep the state, change, examine again; where it is no better afterwards, put the state back.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from .. import examine
from ..interrupts import raised, undisturbed
from ..model import Known, NoAnswer, Report, Target, Value, Verdict, Wrong
from ..words import mark, pick, say
from . import freeze, running, stock
from .changes import amiss, step, todo
from .commands import Installer
from .model import Step
from .situation import Change, Deed, Situation
from .tables import mirror, spoken
from .wishes import Wishes

#: After so many rounds of change and examination it is given up.
ROUNDS = 4
_RANK: tuple[Verdict, ...] = ("blocked", "undecided", "degraded", "ready")

#: Lines of pip that say only what stays as it is, one for each package.
_NEEDLESS = ("Requirement already satisfied", "Looking in indexes", "Looking in links")


class Tell(Protocol):
    """Takes a sentence or a line; or none, and how far a download has come (0 to 1)."""

    def __call__(self, text: str, share: float | None = None, /) -> None:
        """Tell it to whoever waits."""


#: Runs one command: its argument list, who is told of its output → exit code and what it said.
Run = Callable[[tuple[str, ...], Tell], running.Ran]


class Repair(NamedTuple):
    """What was to be changed, and how it went. ``after`` is None where nothing was carried out.

    ``unfinished``: all there is to do is to put back what a repair that was broken off left (with ``yes``
    that comes first by itself). ``failed_step``: the step that failed; ``log``: what the last command said.
    """

    changes: tuple[Step, ...]
    before: Verdict
    after: Verdict | None = None
    rolled_back: bool = False
    log: str = ""
    failed_step: Step | None = None
    report: Report | None = None
    installer: Installer | None = None
    unfinished: bool = False

    @property
    def exit_code(self) -> int:
        """0 nothing to do, planned, or mended · 1 carried out and not better, or nothing helps."""
        if self.rolled_back:
            return 1
        planned = self.after is None and (self.unfinished or any(step.commands for step in self.changes))
        return 0 if planned or (self.after or self.before) in ("ready", "degraded") else 1


class Found(NamedTuple):
    """One examination: the report, what is to be known for changes, and the folders that hold packages."""

    report: Report
    at: Situation
    folders: tuple[Path, ...]
    prefix: Path
    state: Value

    @property
    def blocking(self) -> set[str]:
        """The causes that block."""
        return {finding.rule.cause for finding in self.report.findings if finding.severity == "blocking"}

    def is_better_than(self, other: Found) -> bool:
        """By the verdict, then by how much blocks. Where that is the same, less must be amiss, and what
        blocks be something else: one cause may stand behind another."""
        ours, theirs = ((_RANK.index(found.report.verdict), -len(found.blocking)) for found in (self, other))
        if ours != theirs:
            return ours > theirs
        return not self.blocking & other.blocking and len(amiss(self.at)) < len(amiss(other.at))


def repair(target: Target, wishes: Wishes, yes: bool, tell: Tell, run: Run | None = None) -> Repair:
    """Mend the environment of ``target``; without ``yes`` only say what would be changed.

    Raises :class:`Wrong` where the environment cannot be changed at all, and lets what interrupts us pass
    once everything is back as it was.
    """
    kept = freeze.of(_prefix_of(target))
    if _is_open(kept) and not yes:
        return _unfinished(target, wishes, kept)
    _finish(kept, tell)
    tell(say("Examining the environment"))
    first = _examined(target, wishes)
    kept = freeze.of(first.prefix)
    if _is_open(kept):  # which the path did not tell
        if not yes:
            return _unfinished(target, wishes, kept)
        _finish(kept, tell)
        first = _examined(target, wishes)
    installer = _installer(target, wishes, first)
    planned = todo(first.at, installer)
    steps = tuple(step(change, installer) for change in planned)
    result = Repair(steps, first.report.verdict, report=first.report, installer=installer)
    if not yes or not any(change.deeds for change in planned):
        return result
    _check_ours(first)
    return _Work(first, kept, installer, tell, run or _run).whole(result, target, wishes)


def _prefix_of(target: Target) -> Path:
    """The environment's folder, told by the path alone: its Python may not start any more."""
    folder = Path(os.path.abspath(target.python)).parent
    return folder.parent if folder.name.lower() in ("bin", "scripts") else folder


def _is_open(kept: freeze.Freeze) -> bool:
    """Whether a repair was broken off and is still to be put back."""
    if kept.is_busy():
        raise Wrong(say("{path}: another repair of this environment is under way", path=kept.prefix))
    return kept.is_open()


def _finish(kept: freeze.Freeze, tell: Tell) -> None:
    """Put back what a repair that was broken off left; what is there otherwise is only in the way."""
    if kept.is_open():
        kept.restore()
        tell(say("A repair of this environment had been broken off: everything was put back as it was."))
    kept.discard()


def _unfinished(target: Target, wishes: Wishes, kept: freeze.Freeze) -> Repair:
    do = mark(
        "Put the environment back as it was before the repair that was broken off, then examine it again"
    )
    why = mark("What it looked like is kept in {path}")
    back = Step(spoken(do, {}), spoken(why, {"path": str(kept.aside)}), "environment")
    report = _examined(target, wishes).report
    return Repair((back,), report.verdict, report=report, unfinished=True)


def _check_ours(found: Found) -> None:
    known = found.report.facts.get("python.externally_managed")
    if isinstance(known, Known) and known.value:
        sentence = mark("{path} belongs to the system: install TensorFlow into an environment of its own")
        raise Wrong(say(sentence, path=found.prefix))


def _installer(target: Target, wishes: Wishes, found: Found) -> Installer:
    has_pip = found.at.graph.version("pip") is not None
    uv = shutil.which("uv") is not None and (not has_pip or wishes.prefer == "uv")
    return Installer("uv" if uv else "pip", target.python, mirror(wishes.mirror))


# --- examining


def _examined(target: Target, wishes: Wishes, before: frozenset[tuple[str, str]] | None = None) -> Found:
    asked = examine.Asked(python=target.python, require="cpu" if wishes.cpu else "auto")
    with closing(examine.open_machine(asked)) as host:
        report = examine.examine(host, asked)
        try:
            graph = stock.graph(host)
            folders, prefix = tuple(stock.package_folders(host)), Path(stock.prefix(host))
            venv = stock.is_venv(host)
            names = [item["name"] for item in _value(report, "tensorflow.distributions") or []]
            damage = stock.damaged(host, graph, graph.tree(names))
        except NoAnswer as no:
            raise Wrong(say(no.sentence, **no.values)) from None
    at = Situation(
        report.facts, report.findings, graph, damage, _works(report), venv, wishes.tensorflow, before
    )
    return Found(report, at, folders, prefix, stock.as_json(graph, damage))


def _works(report: Report) -> bool:
    return _value(report, "tensorflow.import_outcome") == "ok" and (
        _value(report, "training.succeeded") is not False
    )


def _value(report: Report, name: str) -> Value:
    fact = report.facts.get(name)
    return fact.value if isinstance(fact, Known) else None


# --- changing


class _Failed(Exception):
    def __init__(self, step: Step, log: str) -> None:
        super().__init__(log)
        self.step, self.log = step, log


class _Work:
    """One repair that is carried out."""

    def __init__(self, first: Found, kept: freeze.Freeze, installer: Installer, tell: Tell, run: Run) -> None:
        self._first, self._kept, self._installer = first, kept, installer
        self._tell, self._run = tell, run
        self._done: list[Step] = []
        self._tried: set[tuple[Deed, ...]] = set()
        self._log = ""

    def whole(self, result: Repair, target: Target, wishes: Wishes) -> Repair:
        """Keep, change, judge; put back where it did not help."""
        with raised():
            try:
                self._keep()
                with _own_packages(self._first.at.venv):
                    last = self._rounds(target, wishes)
            except _Failed as failed:
                self._back(say("The step failed, and everything was put back as it was."))
                return result._replace(
                    changes=(*self._done, failed.step), rolled_back=True, log=failed.log,
                    failed_step=failed.step, after=result.before,
                )  # fmt: skip
            except BaseException:
                if self._kept.is_open():
                    self._back(say("It was broken off, and everything was put back as it was."))
                raise
            return self._judged(result, last)

    def _keep(self) -> None:
        with undisturbed():
            first = self._first
            self._kept.take(list(first.folders), first.at.venv, first.state)
        self._tell(
            say("The state as it is now is kept in {path} until the repair has ended.", path=self._kept.aside)
        )

    def _rounds(self, target: Target, wishes: Wishes) -> Found:
        found = self._first
        at_first = frozenset(
            (by, need.requires) for by, needs in found.at.own.unmet().items() for need in needs
        )
        for _ in range(ROUNDS):
            now = [change for change in todo(found.at, self._installer, self._tried) if change.deeds]
            if not now:
                break
            for change in now:
                self._carry_out(change)
            self._tell(say("Examining the environment again"))
            found = _examined(target, wishes, at_first)
        return found

    def _carry_out(self, change: Change) -> None:
        """One change; the first round's may have made a later one needless, which then does nothing."""
        self._tried.add(change.deeds)
        now = step(change, self._installer)
        self._tell(pick(now.do))
        for command in now.commands:
            code, self._log = self._run(command, self._tell)
            if code != 0 and not change.optional:
                raise _Failed(now, self._log)
            if code != 0:
                return
        self._done.append(now)

    def _judged(self, result: Repair, last: Found) -> Repair:
        result = result._replace(changes=tuple(self._done), log=self._log, after=last.report.verdict)
        if last.is_better_than(self._first):
            with undisturbed():
                self._kept.discard()
            return result._replace(report=last.report)
        self._back(say("It was no better afterwards, and everything was put back as it was."))
        return result._replace(rolled_back=True, after=result.before)

    def _back(self, sentence: str) -> None:
        with undisturbed():
            self._kept.restore()
            self._tell(sentence)


@contextmanager
def _own_packages(venv: bool) -> Iterator[None]:
    """Outside a virtual environment pip would take packages away from the user's own folder."""
    name, before = "PYTHONNOUSERSITE", os.environ.get("PYTHONNOUSERSITE")
    if not venv:
        os.environ[name] = "1"
    try:
        yield
    finally:
        if not venv and before is None:
            os.environ.pop(name, None)


def _run(command: tuple[str, ...], tell: Tell) -> running.Ran:
    def told(line: str, share: float | None) -> None:
        if share is not None:
            tell("", share)
        elif not line.startswith(_NEEDLESS):
            tell(line)

    return running.run_watched(command, told)
