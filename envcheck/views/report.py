"""Report → Document: the ladder of layers, the verdict, the root cause and its fix; the rest in short."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from .. import __version__
from ..model import Finding, LayerResult, Report, Skipped, Status, Unknown, Value, Verdict
from ..words import mark, pick, reason, say
from . import findings, layers
from .document import (
    Bar,
    Block,
    Chart,
    Curve,
    Document,
    Fold,
    Heading,
    Ladder,
    Mark,
    Picture,
    Rung,
    Span,
    Text,
    joined,
    line,
    prose,
)
from .values import Seen, evidence, number

VERDICT_MARKS: Mapping[Verdict, Mark] = {
    "ready": "ok",
    "degraded": "degraded",
    "blocked": "blocked",
    "undecided": "unknown",
}
VERDICT_NAMES: Mapping[Verdict, str] = {
    "ready": mark("ready"),
    "degraded": mark("degraded"),
    "blocked": mark("blocked"),
    "undecided": mark("undecided"),
}
#: What goes on in a layer that keeps a person waiting.
TAKES_TIME: Mapping[str, str] = {
    "driver": mark("asking the driver"),
    "tensorflow": mark("importing it and training a little"),
    "training": mark("training a little"),
}
#: Why an interpreter was chosen, where that is told in words (interpreter.py).
CHOSEN = (mark("envcheck's own environment"), mark("python3 on PATH"), mark("python on PATH"))
#: The workloads as a person reads them.
WORKLOADS: Mapping[str, str] = {"mnist-mlp": mark("MNIST network, a step of 128 images")}


def view(report: Report, whole: bool = False) -> Document:
    """The page of one check. ``whole``: nothing cut, nothing folded."""
    return Document(
        say("envcheck: {verdict}", verdict=say(VERDICT_NAMES[report.verdict])),
        (
            *header(report),
            Ladder(tuple(_rung(result, report, whole) for result in report.layers)),
            Heading(verdict(report), 1, VERDICT_MARKS[report.verdict]),
            *(Text(prose(say(note))) for note in report.notes),
            *_findings(report, whole),
            *_skipped(report),
            *_training(report.training),
            *_own_bugs(report),
            *_short(say("Notices"), [findings.in_short(found, report, whole) for found in _notices(report)]),
            *_harmless(report, whole),
            *_doubts(report, whole),
            _facts(report, whole),
        ),
    )


def progress(report: Report, running: str | None) -> Document:
    """The page while facts still arrive: layers below ``running`` are settled, those above wait."""
    names = [result.layer for result in report.layers]
    at = names.index(running) if running else len(names)
    rungs = (
        _rung(result, report, False) if place < at else _unsettled(result, report, place == at)
        for place, result in enumerate(report.layers)
    )
    return Document(say("checking"), (*header(report), Ladder(tuple(rungs))))


def header(report: Report) -> Iterator[Block]:
    """Which interpreter is looked at, and why that one."""
    target = report.target
    yield Heading(f"envcheck {__version__} · {target.python}", 1)
    kind = joined((f"Python {target.version}" if target.version else "", target.environment or ""))
    yield Text(
        line(Span(joined((kind, say("chosen: {reason}", reason=say(target.chosen))), say("; ")), "faint"))
    )
    if target.others:
        other = say("Another was likely: envcheck --python {python}", python=target.others[0])
        yield Text(line(Span(other, "warn")))


def _rung(result: LayerResult, report: Report, whole: bool) -> Rung:
    seconds = result.seconds if whole else None
    summary = layers.summary(result.layer, report.facts)
    return Rung(layers.name(result.layer), result.status, summary, seconds, _breaks(result.layer, report))


def _breaks(layer: str, report: Report) -> bool:
    """Whether the root cause lies in this layer: what is wrong above it comes of that."""
    return report.verdict == "blocked" and report.findings[0].rule.layer == layer


def _unsettled(result: LayerResult, report: Report, running: bool) -> Rung:
    """A mark of trouble that is already certain shows at once; "ok" waits for the last fact."""
    certain: dict[Status, Mark] = {"blocked": "blocked", "degraded": "degraded"}
    shown = layers.summary(result.layer, report.facts)
    so_far = joined(
        (
            say("so far: {summary}", summary=shown) if shown else "",
            say(TAKES_TIME[result.layer]) if running and result.layer in TAKES_TIME else "",
        ),
        say("; "),
    )
    return Rung(
        layers.name(result.layer), certain.get(result.status, "running" if running else "waiting"), so_far
    )


# --- the verdict ---------------------------------------------------------------------------------


def verdict(report: Report) -> str:
    """The verdict in one sentence."""
    return {"ready": _ready, "degraded": _degraded, "blocked": _blocked, "undecided": _undecided}[
        report.verdict
    ](report)


def _ready(report: Report) -> str:
    if _trained(report):
        return say("Ready: {what} trains on {where}.", what=_what(report), where=_where(report))
    return say("Ready, as far as was looked: no training step was tried ({reason}).", reason=_untried(report))


def _degraded(report: Report) -> str:
    held = ", ".join(each.rule.cause for each in report.skipped if each.holds)
    if held and not _trained(report):
        return say("Nothing blocks it but what was to be skipped: {causes}.", causes=held)
    if _trained(report):
        return say(
            "{what} trains on {where}, but less well than it could.", what=_what(report), where=_where(report)
        )
    return say("Nothing blocks it, but it works less well than it could; no training step was tried.")


def _blocked(report: Report) -> str:
    root = report.findings[0].rule
    name = layers.name(root.layer)
    if root.needs == "gpu" and Seen(report.facts)("wanted.gpu"):
        return say("Blocked in the {layer} layer: TensorFlow cannot use the GPU.", layer=name)
    if any(device.get("outcome") == "ok" for device in _devices(report)):
        return say("Blocked in the {layer} layer: TensorFlow trains here, but not as is wanted.", layer=name)
    return say("Blocked in the {layer} layer: TensorFlow cannot train here.", layer=name)


def _undecided(report: Report) -> str:
    seen = Seen(report.facts)
    if seen("training.succeeded") is False or seen("tensorflow.import_outcome") not in (None, "ok"):
        return say("Undecided: TensorFlow failed here, and no rule says why.")
    return say("Undecided: too much could not be looked at.")


def _trained(report: Report) -> bool:
    return Seen(report.facts)("training.succeeded") is True


def _untried(report: Report) -> str:
    why = report.facts.get("training.succeeded")
    return reason(why) if isinstance(why, Unknown) else say("not looked at")


def _what(report: Report) -> str:
    return joined(("TensorFlow", str(Seen(report.facts)("tensorflow.version") or "")), " ")


def _devices(report: Report) -> list[dict[str, Value]]:
    return Seen(report.facts)("training.devices") or []


def _where(report: Report) -> str:
    worked = [device for device in _devices(report) if device.get("outcome") == "ok"]
    gpus = [device for device in worked if device.get("kind") == "GPU"]
    if len(gpus) > 1:
        return say("{number} GPUs", number=len(gpus))
    if gpus:
        return say("the GPU")
    no_gpu = Seen(report.facts)("hardware.gpus") == []
    return say("the CPU (this machine has no NVIDIA GPU)") if no_gpu else say("the CPU")


# --- what follows it -----------------------------------------------------------------------------


def _training(runs: tuple[Mapping[str, Value], ...]) -> Iterator[Block]:
    workload = {run.get("workload"): say(WORKLOADS.get(str(run.get("workload")), "training")) for run in runs}
    for name, title in workload.items():
        bars = tuple(
            _bar(run) for run in runs if run.get("workload") == name and run.get("step_ms") is not None
        )
        if bars:
            yield Chart(title, "ms", bars, tuple(_pictures([r for r in runs if r.get("workload") == name])))


def _pictures(runs: list[Mapping[str, Value]]) -> Iterator[Picture]:
    """The same figures for those who would rather look: speed, and how the loss falls."""
    speed = tuple(
        Bar(layers.device_name(run), float(run["samples_per_s"])) for run in runs if run.get("samples_per_s")
    )
    if speed:
        yield Picture(say("Images per second"), bars=speed)
    losses = tuple(Curve(layers.device_name(run), _finite(run.get("loss") or ())) for run in runs)
    if any(len(curve.values) > 1 for curve in losses):
        yield Picture(say("Loss, step by step"), curves=losses)


def _finite(values: Iterable[Value]) -> tuple[float, ...]:
    """The numbers among ``values``: what is not a number cannot be drawn."""
    return tuple(float(v) for v in values if isinstance(v, (int, float)) and math.isfinite(v))


def _bar(run: Mapping[str, Value]) -> Bar:
    loss = [number(value) for value in run.get("loss") or ()]
    note = joined(
        (
            say("{number} images/s", number=number(run["samples_per_s"])) if run.get("samples_per_s") else "",
            say("first step {seconds} s", seconds=number(run["first_step_s"]))
            if run.get("first_step_s")
            else "",
            say("loss {first} → {last}", first=loss[0], last=loss[-1]) if loss else "",
        )
    )
    return Bar(layers.device_name(run), float(run["step_ms"]), note)


def _findings(report: Report, whole: bool) -> Iterator[Block]:
    for found in report.findings:
        if found.severity != "notice":
            yield from findings.finding(found, report, whole)
            yield from _short(say("This explains, too:"), _follow(found, report, whole))


def _skipped(report: Report) -> Iterator[Block]:
    """What the user's file keeps from blocking, with the reason that it gives."""
    if report.skipped:
        yield Heading(say("Skipped, as the file asks"), 3)
    for each in report.skipped:
        what, why = skipped(each)
        yield Text(line(f"{what}: ", Span(why, "faint")))


def skipped(each: Skipped) -> tuple[str, str]:
    """A cause that does not count, and whether it was found; why it does not, and where that is said."""
    told = {"cause": each.rule.cause, "title": pick(each.rule.title)}
    what = say("{title} ({cause})", **told) if each.holds else say("{cause} (not found here)", **told)
    return what, say("{reason} ({place})", reason=each.reason, place=each.place)


def _follow(found: Finding, report: Report, whole: bool) -> list[Fold]:
    mine = [c.finding for c in report.consequences if c.because_of == found.rule.cause]
    return [findings.in_short(finding, report, whole) for finding in mine]


def _notices(report: Report) -> list[Finding]:
    """What is worth a line on its own; harmless log lines are not."""
    return [f for f in report.findings if f.severity == "notice" and f.rule.layer != "notice"]


def _harmless(report: Report, whole: bool) -> Iterator[Block]:
    """Lines of TensorFlow's log that look like trouble and are none."""
    lines = [found for found in report.findings if found.rule.layer == "notice"]
    if lines:
        title = say("Harmless lines in TensorFlow's log: {number}", number=len(lines))
        yield Fold(title, tuple(findings.in_short(found, report) for found in lines), whole, "-v")


def _short(title: str, folds: list[Fold]) -> Iterator[Block]:
    if folds:
        yield Heading(title, 3)
        yield from folds


def _doubts(report: Report, whole: bool) -> Iterator[Block]:
    """What was not looked at because the user asked for less is no doubt worth a line."""
    doubts = tuple(
        d for d in report.undecided if whole or any(u.kind != "skipped" for u in d.missing.values())
    )
    if doubts:
        title = say("Could be neither confirmed nor ruled out: {number}", number=len(doubts))
        yield Fold(title, (findings.undecided(doubts),), whole or report.verdict == "undecided", "-v")


def _own_bugs(report: Report) -> Iterator[Block]:
    bugs = [name for name, fact in report.facts.items() if isinstance(fact, Unknown) and fact.kind == "bug"]
    if bugs:
        names = ", ".join(bugs)
        sentence = say(
            "A bug in envcheck kept these from being looked at: {facts}; -v shows where", facts=names
        )
        yield Heading(sentence, 2, "unknown")


def _facts(report: Report, whole: bool) -> Fold:
    groups: dict[str, dict[str, Value]] = {}
    for name, fact in report.facts.items():
        groups.setdefault(name.split(".")[0], {})[name] = fact
    title = say("All facts, and where they were read")
    return Fold(title, tuple(evidence(group, whole) for group in groups.values()), whole, "-v")
