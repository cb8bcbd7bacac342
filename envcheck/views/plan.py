"""Plan → Document: what would be installed, every step with its reason, and what else could be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .. import __version__
from ..install.model import Alternative, Plan, Step
from ..install.plan import lines
from ..model import Scope
from ..words import mark, pick, say
from . import findings
from .document import Block, Code, Command, Document, Heading, Line, Span, Table, Text, joined, line, prose
from .values import Seen

#: What a step asks of the person; envcheck itself takes the steps of the environment alone.
SCOPES: Mapping[Scope, str] = {
    "environment": "",
    "user": mark("by hand"),
    "system": mark("by hand, as administrator"),
    "reboot": mark("by hand, as administrator, with a restart"),
    "manual": mark("by hand"),
}


def view(plan: Plan) -> Document:
    """The page of one plan."""
    windows = Seen(plan.facts)("platform.system") == "Windows"
    blocks = (
        *_header(plan),
        _verdict(plan),
        *_why_not(plan),
        *_summary(plan),
        *_resolution(plan),
        *_steps(plan, windows),
        *_alternatives(plan),
        *(Text(line(Span(say("Note: "), "faint"), *prose(pick(note)))) for note in plan.notes),
    )
    return Document(say("envcheck install: the plan"), blocks)


def _header(plan: Plan) -> Iterator[Block]:
    target = plan.target
    yield Heading(f"envcheck {__version__} · {target.python}", 1)
    kind = joined((f"Python {target.version}" if target.version else "", target.environment or ""))
    chosen = say("chosen: {reason}", reason=say(target.chosen))
    yield Text(line(Span(joined((kind, chosen), say("; ")), "faint")))


def _verdict(plan: Plan) -> Heading:
    if plan.release is None:
        return Heading(say("No TensorFlow fits as things are."), 1, "blocked")
    values = {"release": plan.release, "into": plan.into}
    if plan.why_not is not None:
        return Heading(say("TensorFlow {release} fits, and there is no room for it.", **values), 1, "blocked")
    if any(step.scope != "environment" for step in plan.steps):
        sentence = say("The plan: TensorFlow {release} in {into}, and something to do before.", **values)
        return Heading(sentence, 1, "degraded")
    return Heading(say("The plan: TensorFlow {release} in {into}.", **values), 1, "ok")


def _why_not(plan: Plan) -> Iterator[Block]:
    if plan.why_not is not None:
        yield Text(prose(pick(plan.why_not)))


def _summary(plan: Plan) -> Iterator[Block]:
    if plan.release is None:
        return
    rows: list[tuple[Line, Line]] = [(line(say("packages")), line(Span(" ".join(plan.packages), "code")))]
    if plan.mirror:
        rows.append((line(say("from")), line(Span(plan.mirror, "link"))))
    sizes = [step for step in plan.steps if step.disk_mb]
    if sizes:
        takes = say(
            "{download} to download, {disk} on the disk",
            download=gigabytes(sum(step.download_mb or 0 for step in sizes)),
            disk=gigabytes(sum(step.disk_mb or 0 for step in sizes)),
        )
        free = say("{size} are free", size=gigabytes(plan.free_mb)) if plan.free_mb is not None else ""
        rows.append((line(say("size")), line(joined((takes, free), say("; ")))))
    yield Table(tuple(rows))


def _resolution(plan: Plan) -> Iterator[Block]:
    found = plan.resolution
    if found is None:
        return
    if not found.conflicts:
        sentence = say("{tool} resolves it: {number} packages.", tool=found.tool, number=len(found.packages))
        yield Heading(sentence, 2, "ok")
        return
    yield Heading(say("{tool} cannot resolve it.", tool=found.tool), 2, "blocked")
    for conflict in found.conflicts:
        yield Code(conflict.text)
    if found.report is not None:
        for finding in found.report.findings[:1]:
            yield from findings.finding(finding, found.report)


def gigabytes(megabytes: float | None) -> str:
    """``1431`` → ``"1.4 GB"``, ``402`` → ``"402 MB"``."""
    size = megabytes or 0
    return f"{size:.0f} MB" if size < 1000 else f"{size / 1000:.1f} GB"


def _steps(plan: Plan, windows: bool) -> Iterator[Block]:
    for number, step in enumerate(plan.steps, 1):
        hand = SCOPES[step.scope]
        yield Heading(f"{number}. {pick(step.do)}", 2, None, say(hand) if hand else "")
        yield Text(prose(pick(step.why)))
        typed = lines(step, windows)
        if typed:
            yield Command(typed)
        yield from _verify(step)


def lines_of(step: Step) -> tuple[str, ...]:
    """What a person types for a step on the system that this is."""
    return lines(step, False)


def _verify(step: Step) -> Iterator[Block]:
    if step.verify:
        yield Text(line(Span(say("Then check with:"), "faint")))
        yield Command(step.verify)


def _alternatives(plan: Plan) -> Iterator[Block]:
    if not plan.alternatives:
        return
    wanted = plan.exit_code != 0
    yield Heading(
        say("What would make it fit, the smallest change first") if wanted else say("Other ways"), 2
    )
    for way in plan.alternatives:
        yield from _way(way)


def _way(way: Alternative) -> Iterator[Block]:
    price = Span(say("The price: {price}", price=pick(way.price)), "faint")
    yield Text(line(*prose(pick(way.do)), Span(" "), price))
    if way.commands:
        yield Command(way.commands)
