"""Fleet → Document: how many are ready, the causes, who needs what, all machines, what is unlike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .. import __version__
from ..fleet import Cause, Fleet
from ..fleet.member import Member
from ..fleet.outliers import Outlier
from ..fleet.outliers import joined as short_gpus
from ..words import mark, pick, say
from .document import Block, Code, Document, Fold, Heading, Line, Span, Table, Text, joined, line, prose
from .report import VERDICT_NAMES
from .values import cut

#: Names in one cell, machines in one table, and characters of a fix beyond which not all is shown.
NAMES, MACHINES, SHORT = 8, 60, 160
#: Characters of an alias that are shown: it may be a file's name of any length.
ALIAS = 32
#: Facts that are compared, as a person reads them.
FACTS: Mapping[str, str] = {
    "platform.system": mark("system"),
    "driver.version": mark("driver"),
    "cuda.runtime_version": "CUDA",
    "cuda.cudnn_version": "cuDNN",
    "python.minor": "Python",
    "tensorflow.version": "TensorFlow",
    "training.step_ms": mark("a training step"),
}


def view(fleet: Fleet, whole: bool = False) -> Document:
    """The page of many machines. ``whole``: every machine is shown, however many there are."""
    title = say("Machines: {number}", number=len(fleet.members))
    blocks = (
        Heading(f"envcheck {__version__} · {title}", 1),
        *_verdict(fleet),
        *_causes(fleet, whole),
        *_needs(fleet, whole),
        *_outliers(fleet, whole),
        *_machines(fleet, whole),
        *_skipped(fleet),
    )
    return Document(f"envcheck: {title}", blocks)


def _verdict(fleet: Fleet) -> Iterator[Block]:
    machines, count = len(fleet.members), fleet.verdicts
    fit = count["ready"] + count["degraded"]
    if not machines:
        yield Heading(say("No report could be read."), 1, "unknown")
    elif fit == machines:
        yield Heading(say("All can train: {all} of {all}.", all=machines), 1, "ok")
    else:
        sentence = say("{fit} of {all} can train.", fit=fit, all=machines)
        yield Heading(sentence, 1, "blocked" if count["blocked"] else "unknown")
    told = (f"{say(VERDICT_NAMES[verdict])} {number}" for verdict, number in count.items() if number)
    if machines:
        yield Text(line(joined(told)))


# --- by cause -------------------------------------------------------------------------------------


def _causes(fleet: Fleet, whole: bool) -> Iterator[Block]:
    if not fleet.causes:
        return
    yield Heading(say("Causes"))
    rows = tuple(_cause(cause, whole) for cause in fleet.causes)
    yield Table(rows, (say("Machines"), say("Cause"), say("Who"), say("What to do")))


def _cause(cause: Cause, whole: bool) -> tuple[Line, ...]:
    ways = say(" (or another way: {number} in all)", number=cause.ways) if cause.ways > 1 else ""
    todo = line(*prose(short(pick(cause.do))), Span(ways, "faint"))
    return (
        line(Span(str(len(cause.who)), "strong")),
        line(pick(cause.title)),
        line(_names(cause.who, whole)),
        todo,
    )


def _names(names: tuple[str, ...], whole: bool) -> str:
    names = tuple(cut(name, ALIAS) for name in names)
    if whole or len(names) <= NAMES + 1:
        return joined(names)
    return joined((*names[:NAMES], say("and {number} more", number=len(names) - NAMES)))


def short(prose_: str) -> str:
    """The first sentence, or what can be read of it at a glance."""
    for end in (". ", "。", ": "):
        first, found, _ = prose_.partition(end)
        if found and 20 <= len(first) <= SHORT:
            return first + ("" if end == ": " else end.strip())
    return cut(prose_, SHORT)


# --- who needs what -------------------------------------------------------------------------------


def _needs(fleet: Fleet, whole: bool) -> Iterator[Block]:
    needy = [member for member in fleet.members if member.verdict != "ready"]
    if needy:
        rows = tuple(_need(member, fleet) for member in needy)
        columns = (say("Who"), say("Cause"), say("Next step"))
        yield from _long(say("Who needs what"), Table(rows, columns), whole)


def _need(member: Member, fleet: Fleet) -> tuple[Line, ...]:
    who, root = _who(member.alias), member.root
    if root is None:
        step = say("No rule says why: look at {file}", file=member.file)
        return who, line(say(VERDICT_NAMES[member.verdict])), line(step)
    also = say(" (also: {causes})", causes=", ".join(member.also)) if member.also else ""
    todo = pick(fleet.fixes[member.alias])
    run = Span(root.run[0], "code") if len(root.run) == 1 else ""
    todo_line = line(*prose(short(todo)), " " if todo and run else "", run)
    return who, line(root.cause, Span(also, "faint")), todo_line


def _who(alias: str) -> Line:
    return line(Span(cut(alias, ALIAS), "strong"))


# --- what is unlike -------------------------------------------------------------------------------


def _outliers(fleet: Fleet, whole: bool) -> Iterator[Block]:
    if fleet.outliers:
        columns = (say("Who"), say("What"), say("Here"), say("Elsewhere"))
        rows = tuple(_outlier(one) for one in fleet.outliers)
        yield from _long(say("Unlike the others"), Table(rows, columns), whole)


def _outlier(one: Outlier) -> tuple[Line, ...]:
    name = say(FACTS[one.fact])
    if one.spread is None:
        usual = say("{value} on {agree} of {of}", value=_named(one.usual), agree=one.agree, of=one.of)
        what = f"{name}, {one.model}" if one.model else name
        return _who(one.alias), line(what), line(Span(_named(one.value), "warn")), line(usual)
    usual = say(
        "median {median} ms of {of} (median deviation {spread} ms)",
        median=one.usual, of=one.of, spread=f"{one.spread:.2g}",
    )  # fmt: skip
    what, here = f"{name}, {one.model}", f"{one.value} ms"
    return _who(one.alias), line(what), line(Span(here, "warn")), line(usual)


def _named(value: str) -> str:
    return {"Darwin": "macOS"}.get(value, value)


# --- all machines ---------------------------------------------------------------------------------


def _machines(fleet: Fleet, whole: bool) -> Iterator[Block]:
    if fleet.members:
        columns = (say("Who"), say("Verdict"), "Python", "TensorFlow", "GPU", say("driver"), say("step, ms"))
        rows = tuple(_machine(member) for member in fleet.members)
        yield from _long(say("All machines"), Table(rows, columns), whole)


def _machine(member: Member) -> tuple[Line, ...]:
    facts = member.facts
    cells = (
        say(VERDICT_NAMES[member.verdict]),
        facts.get("python.version", ""),
        facts.get("tensorflow.version", ""),
        short_gpus(member.gpus),
        facts.get("driver.version", ""),
        ", ".join(f"{step.ms:.3g}" for step in member.steps[:NAMES]),
    )
    return _who(member.alias), *map(line, cells)


def _long(title: str, table: Table, whole: bool) -> Iterator[Block]:
    """A table under its heading; folded where it is longer than anybody wants to scroll past."""
    if whole or len(table.rows) <= MACHINES:
        yield Heading(title)
        yield table
    else:
        yield Fold(f"{title}: {len(table.rows)}", (table,), False, "-v")


def _skipped(fleet: Fleet) -> Iterator[Block]:
    if fleet.skipped:
        yield Heading(say("Files that do not count: {number}", number=len(fleet.skipped)), 2, "notice")
        told = (f"{one.file}: {say(one.sentence, **one.values)}" for one in fleet.skipped)
        yield Code("\n".join(told))
