"""Facts × Rules → Report: one root cause, its consequences moved under it, and a verdict.

The order of the verdict and the meaning of a root cause are those of DESIGN.md §6 and §7.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from .match import Match, fixes, match
from .model import (
    LAYER_NAMES,
    RULE_LAYERS,
    SEVERITIES,
    Consequence,
    Facts,
    Finding,
    Known,
    LayerResult,
    Report,
    Rule,
    Severity,
    Skipped,
    Status,
    Target,
    Undecided,
    Unknown,
    Value,
    Verdict,
)
from .places import fill_rule

if TYPE_CHECKING:
    from .search import Text

#: The fact without which a layer that is not otherwise in trouble was not examined at all: much of
#: what is known of TensorFlow is read from its files, and says nothing of whether it imports.
_HEART = {"tensorflow": "tensorflow.import_outcome", "training": "training.succeeded"}
#: Kinds of Unknown that leave a doubt; denied, skipped and not-recorded never decide.
_DOUBTS = ("failed", "bug")


class Judged(NamedTuple):
    """What was found out, with consequences and what is explained already sorted out."""

    findings: tuple[Finding, ...]
    consequences: tuple[Consequence, ...]
    undecided: tuple[Undecided, ...]

    def all_findings(self) -> tuple[Finding, ...]:
        """Those that stand on their own, and the consequences."""
        return self.findings + tuple(consequence.finding for consequence in self.consequences)


def diagnose(
    facts: Facts,
    rules: Iterable[Rule],
    log: Text | str | None,
    *,
    target: Target,
    layers_seconds: Mapping[str, float] | None = None,
    strict: bool = False,
    created: str = "",
    notes: tuple[str, ...] = (),
) -> Report:
    """The report on ``facts``. ``log`` is the children's output, if any.

    May be asked again and again while facts arrive: one that is still coming is Unknown(pending).
    """
    by_cause = {rule.cause: rule for rule in rules}
    matches = {cause: match(rule, facts, log) for cause, rule in by_cause.items()}
    skipped = _skipped(by_cause, matches, facts)
    judged = judge({c: m for c, m in matches.items() if c not in _causes(skipped)}, facts, by_cause, log)
    return Report(
        verdict=verdict(facts, judged, skipped),
        target=target,
        layers=tuple(
            LayerResult(layer, status(layer, facts, judged), (layers_seconds or {}).get(layer))
            for layer in LAYER_NAMES
        ),
        findings=judged.findings,
        consequences=judged.consequences,
        undecided=judged.undecided,
        facts=facts,
        training=_training(facts),
        created=created,
        strict=strict,
        notes=notes,
        skipped=skipped,
    )


def _skipped(rules: Mapping[str, Rule], matches: Mapping[str, Match], facts: Facts) -> tuple[Skipped, ...]:
    """The causes that the user does not want to block, in the file's order, whether they hold or not."""
    reasons, places = _value(facts, "wanted.skip") or {}, _value(facts, "wanted.places") or {}
    return tuple(
        Skipped(fill_rule(rules[cause], facts), why, places.get(f"skip.{cause}", ""), matches[cause].outcome)
        for cause, why in reasons.items()
        if cause in rules
    )


def _causes(skipped: Iterable[Skipped]) -> set[str]:
    return {each.rule.cause for each in skipped}


def is_open(layer: str, facts: Facts) -> bool:
    """Whether facts of ``layer`` are still coming, so that its status is the status so far."""
    return any(isinstance(fact, Unknown) and fact.kind == "pending" for fact in _of_layer(layer, facts))


# --- findings, and what explains what ------------------------------------------------------------


def judge(
    matches: Mapping[str, Match], facts: Facts, rules: Mapping[str, Rule], log: Text | str | None
) -> Judged:
    """What ``matches`` (one for each cause of ``rules``) come to, once it is clear what explains what."""
    findings = {
        cause: _finding(rules[cause], found, facts, log) for cause, found in matches.items() if found.outcome
    }
    doubts = [cause for cause, found in matches.items() if found.outcome is None]
    weights = {cause: severity(rules[cause], facts) for cause in (*findings, *doubts)}
    reach = {cause: explained(cause, rules, weights, findings) for cause in findings}
    roots, because_of = _roots(findings, reach)
    consequences = tuple(Consequence(findings[cause], root) for cause, root in because_of.items())
    undecided = tuple(
        Undecided(rules[cause], matches[cause].missing)
        for cause in doubts
        if not any(cause in causes for causes in reach.values())
    )
    return Judged(_in_order(_raised(roots, consequences), because_of), consequences, undecided)


def _finding(rule: Rule, found: Match, facts: Facts, log: Text | str | None) -> Finding:
    return Finding(fill_rule(rule, facts), severity(rule, facts), found.because, fixes(rule, facts, log))


def severity(rule: Rule, facts: Facts) -> Severity:
    """The rule's severity; a notice where it is about the GPU and none is wanted."""
    wanted = facts.get("wanted.gpu")
    unwanted = isinstance(wanted, Known) and wanted.value == 0
    return "notice" if rule.needs == "gpu" and unwanted else rule.severity


def explained(
    root: str, rules: Mapping[str, Rule], weights: Mapping[str, Severity], fired: Container[str]
) -> frozenset[str]:
    """The causes that ``root`` explains, directly or through others.

    Named causes carry on even where they did not fire themselves. A layer in ``symptom_of`` stands
    for the findings in it that weigh at least as much: a notice about the hardware explains no crash.
    """
    seen = [root]
    for cause in seen:
        seen.extend(
            other
            for other in rules
            if other not in seen and _leads_to(rules[cause], rules[other], weights, fired)
        )
    return frozenset(seen[1:])


def _leads_to(rule: Rule, other: Rule, weights: Mapping[str, Severity], fired: Container[str]) -> bool:
    if other.cause in rule.explains or rule.cause in other.symptom_of:
        return True
    if rule.layer not in other.symptom_of or rule.cause not in fired or other.cause not in weights:
        return False
    return SEVERITIES.index(weights[rule.cause]) <= SEVERITIES.index(weights[other.cause])


def _roots(
    findings: Mapping[str, Finding], reach: Mapping[str, frozenset[str]]
) -> tuple[dict[str, Finding], dict[str, str]]:
    """The findings that no other explains, and for each of the rest the worst root that does.

    Of two that explain each other the worse, then the one in the lower layer, is the root.
    """
    order = sorted(findings, key=lambda cause: _place(findings[cause]))
    roots = {
        cause: findings[cause]
        for place, cause in enumerate(order)
        if not any(
            cause in reach[other] and (other not in reach[cause] or order.index(other) < place)
            for other in order
            if other != cause
        )
    }
    rest = [cause for cause in order if cause not in roots]
    return roots, {cause: next(root for root in roots if cause in reach[root]) for cause in rest}


def _raised(roots: Mapping[str, Finding], consequences: Iterable[Consequence]) -> dict[str, Finding]:
    """A root weighs as much as the worst that comes of it: a blocking symptom stays blocking."""
    raised = dict(roots)
    for consequence in consequences:
        root, worst = raised[consequence.because_of], consequence.finding.severity
        if SEVERITIES.index(worst) < SEVERITIES.index(root.severity):
            raised[consequence.because_of] = root._replace(severity=worst)
    return raised


def _in_order(findings: Mapping[str, Finding], because_of: Mapping[str, str]) -> tuple[Finding, ...]:
    explains = list(because_of.values())
    return tuple(
        sorted(findings.values(), key=lambda finding: _place(finding, explains.count(finding.rule.cause)))
    )


def _place(finding: Finding, explains: int = 0) -> tuple[int, int, int, str]:
    """Worst first, then from the lowest layer up, then the one that explains most."""
    rule = finding.rule
    return SEVERITIES.index(finding.severity), RULE_LAYERS.index(rule.layer), -explains, rule.cause


# --- the verdict and the layers ------------------------------------------------------------------


def verdict(facts: Facts, judged: Judged, skipped: Iterable[Skipped] = ()) -> Verdict:
    """The sentences of DESIGN.md §7, in their order.

    What a skipped cause would have blocked is degraded: who skips it knows that something will not work.
    """
    worst = {finding.severity for finding in judged.findings}
    by_findings: Verdict = "degraded" if "degraded" in worst else "ready"
    if "blocking" in worst:
        return "blocked"
    if _value(facts, "training.succeeded") is True:
        return by_findings
    if any(each.holds and severity(each.rule, facts) == "blocking" for each in skipped):
        return "degraded"
    if _failed_in(facts) or _doubtful(facts, judged.undecided):
        return "undecided"
    return by_findings


def _failed_in(facts: Facts) -> str | None:
    """The layer in which training was tried and failed, if it was."""
    imported = facts.get("tensorflow.import_outcome", Known("ok"))
    if isinstance(imported, Unknown) and imported.kind in _DOUBTS:
        return "tensorflow"
    if isinstance(imported, Known) and imported.value not in (None, "ok"):
        return "tensorflow"
    if _value(facts, "training.succeeded") is False or _kind(facts, "training.succeeded") in _DOUBTS:
        return "training"
    return None


def _doubtful(facts: Facts, undecided: Iterable[Undecided]) -> bool:
    """Whether a blocking rule can neither be confirmed nor ruled out, since a look at it failed."""
    return any(
        severity(doubt.rule, facts) == "blocking"
        and any(unknown.kind in _DOUBTS for unknown in doubt.missing.values())
        for doubt in undecided
    )


def status(layer: str, facts: Facts, judged: Judged) -> Status:
    """How the layer fares."""
    weights = {finding.severity for finding in judged.all_findings() if finding.rule.layer == layer}
    if "blocking" in weights:
        return "blocked"
    if _failed_in(facts) == layer:
        known = any(finding.severity == "blocking" for finding in judged.findings)
        return "blocked" if known else "unknown"
    if "degraded" in weights:
        return "degraded"
    if _doubtful(facts, [doubt for doubt in judged.undecided if doubt.rule.layer == layer]):
        return "unknown"
    return _looked_at(layer, facts)


def _looked_at(layer: str, facts: Facts) -> Status:
    """A layer of which nothing is known is never ``ok``."""
    if layer in _HEART and _kind(facts, _HEART[layer]) == "skipped":
        return "skipped"
    found = _of_layer(layer, facts)
    if any(isinstance(fact, Known) for fact in found):
        return "ok"
    kinds = {fact.kind for fact in found if isinstance(fact, Unknown)}
    return "skipped" if kinds <= {"skipped"} else "unknown"


def _of_layer(layer: str, facts: Facts) -> list[Known | Unknown]:
    return [facts[name] for name in facts if name.startswith(layer + ".")]


def _value(facts: Facts, name: str) -> Value:
    fact = facts.get(name)
    return fact.value if isinstance(fact, Known) else None


def _kind(facts: Facts, name: str) -> str | None:
    """Of what kind an unknown fact is; a fact that is not there was skipped."""
    fact = facts.get(name)
    if fact is None:
        return "skipped"
    return fact.kind if isinstance(fact, Unknown) else None


def _training(facts: Facts) -> tuple[Mapping[str, Value], ...]:
    """The training runs that came to their steps, as the JSON report lists them."""
    fields = ("first_step_s", "step_ms", "samples_per_s", "loss")
    return tuple(
        {
            "workload": "mnist-mlp",
            "device": device.get("device"),
            **{name: device.get(name) for name in fields},
        }
        for device in _value(facts, "training.devices") or []
        if device.get("step_ms") is not None
    )
