"""One check, from the machine to a Report: host → facts → match → diagnose → redact (DESIGN.md §2)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from . import nouns
from .host import Host
from .model import LAYER_NAMES, NoAnswer, Report, Value, Wrong
from .words import say

if TYPE_CHECKING:
    from .redact import Book
    from .search import Text

#: Called as facts arrive, with what makes the Report so far and the layer that is being looked at.
Watch = Callable[[Callable[[], Report], Optional[str]], None]


class Asked(NamedTuple):
    """What a user may ask of a check."""

    python: str | None = None
    from_: str | None = None
    timeout: float | None = None
    max_seconds: float | None = None
    no_train: bool = False
    quick: bool = False
    require: str = "auto"
    config: str | None = None
    strict: bool = False
    gpu_memory: int = 1024


def open_machine(asked: Asked) -> Host:
    """The machine: this one, or a recorded one. To be closed: its children run until then."""
    from . import snapshot

    skip = {"train": "--quick"} if asked.quick else {}
    if asked.from_ is None:
        return _this_machine(asked, skip)
    if asked.python is not None:
        raise Wrong(say("--python and --from exclude each other: a recording has its own interpreter"))
    return snapshot.load(asked.from_, skip)


def _this_machine(asked: Asked, skip: dict[str, str]) -> Host:
    from . import interpreter
    from .host.live import Live
    from .model import Target

    target = interpreter.choose(asked.python, Host(Live(Target("", "")), Target("", "")))
    train = {"gpu_memory_mb": asked.gpu_memory, "steps": not asked.no_train}
    return Host(Live(target, {"train": train}, skip, asked.timeout, asked.max_seconds), target)


def examine(
    host: Host, asked: Asked, watch: Watch | None = None, meanwhile: Callable[[], object] = lambda: None
) -> Report:
    """Gather all facts, bottom-up, match them with the rules, and diagnose.

    ``meanwhile`` is done once, while the children are at work.
    """
    from . import config, probes, requirements

    text = None if asked.config is None else config.read(asked.config)
    wanted = requirements.given(asked.require, text, config.name(asked.config or "envcheck.toml"))
    seconds_for_all = wanted.get("wanted.max_seconds")
    if seconds_for_all and asked.max_seconds is None:
        host.within(seconds_for_all.value)
    for name in probes.EARLY:
        host.start(name)
    requirements.begin(host, wanted)
    facts = probes.Collected(host, probes.registry(), wanted)
    # What follows is slow to load; the children are at work meanwhile.
    from . import rulebook
    from .diagnose import diagnose

    rules = rulebook.load(texts=False)
    requirements.check_skipped(wanted, {rule.cause for rule in rules})
    settling = probes.collect(facts)
    seconds = dict([next(settling)])
    probes.begin_libraries(facts)
    meanwhile()
    common: dict[str, Any] = {"target": host.target, "strict": asked.strict, "created": _now()}
    left = list(LAYER_NAMES[1:])
    while left:
        if watch:
            watch(lambda: diagnose(facts.so_far(), rules, None, layers_seconds=seconds, **common), left[0])
        seconds.update([next(settling)])
        left.pop(0)
    for _ in settling:
        pass
    written = log(host)
    rules = rules if written is None else rulebook.load()
    return diagnose(dict(facts), rules, written, layers_seconds=seconds, **common)


def log(host: Host) -> Text | None:
    """What TensorFlow wrote while it was examined; None where it was not started."""
    from .formats import children

    try:
        written = children.log(host.child("train"))
    except NoAnswer:
        return None
    from .search import Text  # not for a check that starts no TensorFlow

    return Text.of(written)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


# --- the doors out -------------------------------------------------------------------------------


def to_be_seen(report: Report, met: Book | None = None, whole: bool = True) -> Report:
    """The report without secrets: who sits at the machine must see the paths to mend them.

    What was hidden is added to ``met``, here as in the other doors. Unless it is shown ``whole``, nobody
    sees where the facts were read that decide nothing: half of all texts need not be searched.
    """
    from .redact import redact

    if not whole:
        report = report._replace(facts={name: f._replace(source=()) for name, f in report.facts.items()})
    return nouns.changed(report, lambda value: redact(value, None, met))


def to_be_passed_on(noun: nouns.Noun, host: Host, met: Book | None = None) -> nouns.Noun:
    """The report, or whatever else is known of the machine, without secrets and without identity."""
    from .redact import redact

    who = _whose(host)
    return nouns.changed(noun, lambda value: redact(value, who, met))


def recording(host: Host, created: str, met: Book | None = None) -> Value:
    """All that the machine was asked, without secrets and without identity."""
    from . import snapshot
    from .redact import redact

    return redact(snapshot.record(host, created), _whose(host), met)


def _whose(host: Host) -> Any:
    from .redact import Who, whose

    try:
        return whose(host.identity())
    except NoAnswer:
        return Who()
