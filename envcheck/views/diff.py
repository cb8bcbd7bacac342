"""Changes → Document: the two verdicts, what explains the failure, and what else is otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .. import __version__
from ..changes import Change, Changes, Side
from ..model import Value
from ..words import mark, say
from .document import Block, Document, Heading, Line, Span, Table, joined, line
from .report import VERDICT_MARKS, VERDICT_NAMES
from .values import cut, number, shown

#: Facts as a person calls them; the others are called by their own name.
FACTS: Mapping[str, str] = {
    "platform.system": mark("system"),
    "platform.distro": mark("distribution"),
    "platform.distro_version": mark("distribution's version"),
    "platform.release": mark("kernel"),
    "platform.windows_build": mark("build of Windows"),
    "platform.macos_version": "macOS",
    "platform.architecture": mark("architecture"),
    "platform.glibc": "glibc",
    "platform.libstdcxx": "libstdc++",
    "platform.secure_boot": "Secure Boot",
    "platform.wsl": "WSL",
    "platform.container": mark("container"),
    "platform.memory_gb": mark("RAM, GiB"),
    "hardware.cpu": mark("processor"),
    "hardware.cores": mark("processor cores"),
    "hardware.gpus": "GPU",
    "hardware.amd_gpus": "AMD GPU",
    "driver.version": mark("driver"),
    "driver.module_version": mark("driver's kernel module"),
    "driver.module_on_disk": mark("driver's module for this kernel"),
    "driver.library_version": mark("driver's library"),
    "driver.kernel_modules": mark("kernel modules"),
    "driver.cuda": mark("driver's CUDA"),
    "cuda.runtime_version": "CUDA",
    "cuda.cudnn_version": "cuDNN",
    "cuda.toolkits": mark("CUDA toolkit"),
    "cuda.libraries": mark("CUDA library"),
    "python.version": "Python",
    "python.packages": mark("package"),
    "python.environment": mark("kind of environment"),
    "python.prefix": mark("environment"),
    "tensorflow.environment": mark("variable"),
    "training.devices": mark("a training step, ms"),
    "wanted.gpu": mark("GPUs asked for"),
    "wanted.packages": mark("package asked for"),
}
#: Characters of a value that are shown where not all is asked for.
SHORT = 100
#: Facts of which a change in more than so many parts is told in one row.
GATHERED, MOST = ("python.packages", "cuda.libraries"), 4


def view(told: Changes, whole: bool = False) -> Document:
    """The page of what changed. ``whole``: no value is cut."""
    title = say("What changed")
    explains = [change for change in told.changes if change.weight > 1]
    signs = [change for change in told.changes if change.weight == 1]
    others = [change for change in told.changes if not change.weight]
    blocks = (
        Heading(f"envcheck {__version__} · {title}", 1),
        Table((_side(say("before"), told.old), _side(say("now"), told.new))),
        Heading(_sentence(told, explains), 1, VERDICT_MARKS[told.new.verdict]),
        *_part(say("What explains it"), explains, whole),
        *_part(say("How it shows"), signs, whole),
        *_part(say("What else changed") if explains or signs else say("What changed"), others, whole),
    )
    return Document(f"envcheck: {title}", blocks)


def _side(when: str, side: Side) -> tuple[Line, ...]:
    verdict = say(VERDICT_NAMES[side.verdict])
    cause = say("{title} ({cause})", title=side.title, cause=side.cause) if side.cause else ""
    return (
        line(Span(when, "strong")),
        line(side.created.replace("T", " ").replace("Z", " UTC")),
        line(joined((verdict, cause), ": ")),
    )


def _sentence(told: Changes, explains: list[Change]) -> str:
    failed = told.new.verdict in ("blocked", "undecided", "degraded")
    if not told.changes:
        if told.old.verdict == told.new.verdict:
            return say("Nothing changed that envcheck looks at.")
        return say("The verdict changed, and nothing else that envcheck looks at.")
    if explains and failed:
        return say("What explains it: {change}", change=_first(explains))
    if explains:
        return say("What mended it: {change}", change=_first(explains))
    if failed and told.old.verdict == "ready":
        return say("Nothing that changed explains it for certain; the lowest layer stands first.")
    return say("Changes: {number}", number=len(told.changes))


def _first(explains: list[Change]) -> str:
    """The first one, and how many are like it: packages seldom come or go alone."""
    first = explains[0]
    like = [c for c in explains if c.fact == first.fact and (c.after is None) == (first.after is None)]
    if len(like) == 1:
        return in_words(first)
    return say("{first} (and {number} more)", first=in_words(first), number=len(like) - 1)


def in_words(change: Change) -> str:
    """The change in one line: "driver: 550.54.14 → 470.57.02"."""
    name = _name(change)
    before, after = _value(change, change.before, False), _value(change, change.after, False)
    if change.part and change.before is None:
        return say("{name} was added: {value}", name=name, value=after)
    if change.part and change.after is None:
        return say("{name} is gone (it was {value})", name=name, value=before)
    return say("{name}: {before} → {after}", name=name, before=before, after=after)


def _name(change: Change) -> str:
    return joined((say(FACTS.get(change.fact, change.fact)), change.part), " ")


def _part(title: str, found: list[Change], whole: bool) -> Iterator[Block]:
    if found:
        yield Heading(title)
        few, rows = (found, []) if whole else _gathered(found)
        rows = [*(_row(change, whole) for change in few), *rows]
        yield Table(tuple(rows), (say("What"), say("before"), say("now")))


def _gathered(found: list[Change]) -> tuple[list[Change], list[tuple[Line, ...]]]:
    """Those that get a row of their own, and a row for each kind of which there are too many."""
    kinds: dict[tuple[str, bool, bool], list[Change]] = {}
    for change in found:
        kinds.setdefault((change.fact, change.before is None, change.after is None), []).append(change)
    many = {kind: all_ for kind, all_ in kinds.items() if kind[0] in GATHERED and len(all_) > MOST}
    gone = {id(change) for all_ in many.values() for change in all_}
    rows = [_row_of_many(all_, kind) for kind, all_ in many.items()]
    return [change for change in found if id(change) not in gone], rows


def _row_of_many(found: list[Change], kind: tuple[str, bool, bool]) -> tuple[Line, ...]:
    names = cut(", ".join(change.part for change in found), SHORT)
    what = say("{name}: {number} (-v names all)", name=say(FACTS[kind[0]]), number=len(found))
    old, new = ("", names) if kind[1] else (names, say("gone")) if kind[2] else (names, say("other versions"))
    return line(what), line(old), line(new)


def _row(change: Change, whole: bool) -> tuple[Line, ...]:
    after = Span(_value(change, change.after, whole), "warn" if change.weight else "plain")
    return line(_name(change)), line(_value(change, change.before, whole)), line(after)


def _value(change: Change, value: Value, whole: bool) -> str:
    if change.fact == "training.devices" and isinstance(value, (int, float)):
        return number(value)
    told = " ".join(shown(value).split()) if value != "" else say("empty")
    return told if whole else cut(told, SHORT)
