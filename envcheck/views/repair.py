"""Repair → Document: the fewest changes that mend an environment, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator

from ..explain import Explanation
from ..install.repair import Repair
from ..model import Target
from ..words import pick, say
from . import explain
from .document import Block, Code, Command, Document, Heading, Mark, Text, line, prose
from .plan import lines_of
from .report import VERDICT_MARKS, VERDICT_NAMES

#: Characters of a failed command's output that are shown.
TAIL = 2000


def view(done: Repair, target: Target, why: Explanation | None = None) -> Document:
    """The page of one repair; ``why``: what there is to say of the step that failed."""
    blocks = (
        Heading(target.python, 1),
        _outcome(done),
        *_changes(done),
        *_failure(done),
        *(explain.view(why).blocks if why else ()),
    )
    return Document(say("envcheck install --repair"), blocks)


def _outcome(done: Repair) -> Heading:
    before = say(VERDICT_NAMES[done.before])
    if done.rolled_back:
        return Heading(say("It did not get better; everything was put back as it was."), 1, "blocked")
    if done.after is not None:
        mark: Mark = VERDICT_MARKS[done.after]
        after = say(VERDICT_NAMES[done.after])
        return Heading(say("Carried out: {before} before, {after} now.", before=before, after=after), 1, mark)
    if done.changes:
        number = len(done.changes)
        sentence = say("Changes that would mend it: {number}. --yes carries them out.", number=number)
        return Heading(sentence, 1, "degraded")
    if done.before in ("ready", "degraded"):
        return Heading(say("There is nothing to mend in this environment."), 1, "ok")
    return Heading(say("No change of packages mends this; envcheck says what does."), 1, "blocked")


def _changes(done: Repair) -> Iterator[Block]:
    for number, step in enumerate(done.changes, 1):
        yield Heading(f"{number}. {pick(step.do)}", 2)
        yield Text(prose(pick(step.why)))
        typed = lines_of(step)
        if typed:
            yield Command(typed)


def _failure(done: Repair) -> Iterator[Block]:
    if done.failed_step is not None:
        yield Text(line(say("This step failed: {step}", step=pick(done.failed_step.do))))
        if done.log:
            yield Code(done.log[-TAIL:])
