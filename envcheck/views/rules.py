"""Rules → Document: the list of all causes that envcheck knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..model import Rule, Severity
from ..places import anywhere
from ..words import mark, pick, say
from . import layers
from .document import Document, Heading, Line, Span, Table, Text, line

SEVERITY_NAMES: Mapping[Severity, str] = {"degraded": mark("degraded"), "notice": mark("notice")}


def view(rules: Iterable[Rule]) -> Document:
    """A table per layer, bottom-up: cause, severity, title."""
    by_layer: dict[str, list[Rule]] = {}
    for rule in rules:
        by_layer.setdefault(rule.layer, []).append(rule)
    blocks: list[Heading | Table | Text] = []
    for layer, found in by_layer.items():
        blocks += [Heading(layers.name(layer)), Table(tuple(_row(rule) for rule in found))]
    total = say("Causes: {number}", number=sum(map(len, by_layer.values())))
    page = say("{command} shows all that there is to say of one", command="envcheck explain CAUSE")
    return Document(say("Causes"), (*blocks, Text(line(Span(total + say("; ") + page, "faint")))))


def _row(rule: Rule) -> tuple[Line, Line]:
    """What blocks, as most do, needs no word for it; no machine has filled in the title's places."""
    severity = "" if rule.severity == "blocking" else f" ({say(SEVERITY_NAMES[rule.severity])})"
    title = anywhere(pick(rule.title))
    return line(Span(rule.cause, "code")), line(title, Span(severity, "faint"))
