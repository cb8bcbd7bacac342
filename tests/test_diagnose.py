"""One root cause, its consequences under it, and the verdict, sentence by sentence."""

from __future__ import annotations

from typing import Any

import pytest

from envcheck.diagnose import diagnose, is_open
from envcheck.model import (
    Condition,
    Fact,
    Fix,
    Known,
    Report,
    Rule,
    Severity,
    Target,
    Text,
    Unknown,
)

TARGET = Target("/v/bin/python", "--python")
BLOCKING: Severity = "blocking"


def rule(cause: str, layer: str = "driver", severity: Severity = BLOCKING, **more: Any) -> Rule:
    """A rule that fires where the fact ``<layer>.<cause>`` is true."""
    when = more.pop("when", ((Condition(f"{layer}.{cause.replace('-', '_')}", True),),))
    return Rule(cause, layer, severity, more.pop("needs", "any"), Text(cause), Text("why"), when, **more)


def fired(*rules: Rule) -> dict[str, Fact]:
    return {condition.fact: Known(True) for one in rules for block in one.when for condition in block}


def report(*rules: Rule, facts: dict[str, Fact] | None = None, **more: Any) -> Report:
    """The report of ``rules``, all of which fire unless ``facts`` says otherwise."""
    return diagnose({**fired(*rules), **(facts or {})}, rules, None, target=TARGET, **more)


def causes(found: Report) -> list[str]:
    return [finding.rule.cause for finding in found.findings]


def because_of(found: Report) -> dict[str, str]:
    return {c.finding.rule.cause: c.because_of for c in found.consequences}


def doubts(found: Report) -> list[str]:
    return [doubt.rule.cause for doubt in found.undecided]


# --- the verdict: a row per sentence of DESIGN.md §7 ---------------------------------------------

SUCCESS: dict[str, Fact] = {
    "tensorflow.import_outcome": Known("ok"),
    "training.succeeded": Known(True),
    "wanted.gpu": Known(1),
}
FAILURE: dict[str, Fact] = {**SUCCESS, "training.succeeded": Known(False)}
NOT_TRIED: dict[str, Fact] = {
    "tensorflow.import_outcome": Unknown("skipped", "--quick"),
    "training.succeeded": Unknown("skipped", "--quick"),
    "wanted.gpu": Known(1),
}
B, D, N = rule("b"), rule("d", severity="degraded"), rule("n", severity="notice")
GPU_B, GPU_D = rule("gb", needs="gpu"), rule("gd", severity="degraded", needs="gpu")


def unknown(one: Rule, kind: Any = "failed") -> dict[str, Fact]:
    return {name: Unknown(kind, "no answer") for name in fired(one)}


def absent(*rules: Rule) -> dict[str, Fact]:
    return {name: Known(None) for name in fired(*rules)}


VERDICTS: list[tuple[str, list[Rule], dict[str, Fact], str]] = [
    ("1 a blocking finding stands, though training went well", [B], SUCCESS, "blocked"),
    ("1 a blocking finding stands, and training failed", [B], FAILURE, "blocked"),
    ("1 a blocking finding stands, and nothing was tried", [B, D, N], NOT_TRIED, "blocked"),
    ("1 about the GPU, with a GPU wanted", [GPU_B], NOT_TRIED, "blocked"),
    ("1 about the GPU, with none wanted: a notice", [GPU_B], {**NOT_TRIED, "wanted.gpu": Known(0)}, "ready"),
    (
        "1 about the GPU, it is not known what is wanted",
        [GPU_B],
        {**SUCCESS, **unknown(rule("x"))},
        "blocked",
    ),
    ("2 training ended well", [], SUCCESS, "ready"),
    ("2 training ended well, a notice", [N], SUCCESS, "ready"),
    ("2 training ended well, something is degraded", [D, N], SUCCESS, "degraded"),
    (
        "2 degraded is about the GPU, and none is wanted",
        [GPU_D],
        {**SUCCESS, "wanted.gpu": Known(0)},
        "ready",
    ),
    ("2 a success outweighs every doubt", [B], {**SUCCESS, **unknown(B)}, "ready"),
    ("2 a success outweighs every bug", [B, D], {**SUCCESS, **unknown(B, "bug")}, "degraded"),
    ("3 tried and failed, no rule says why", [], FAILURE, "undecided"),
    ("3 tried and failed, only a degraded one", [D], FAILURE, "undecided"),
    ("3 tried and timed out", [], {**SUCCESS, "training.succeeded": Unknown("failed", "x")}, "undecided"),
    (
        "3 tried, and our child has a bug",
        [],
        {**SUCCESS, "training.succeeded": Unknown("bug", "x")},
        "undecided",
    ),
    (
        "3 the import failed, so training never came to it",
        [],
        {**NOT_TRIED, "tensorflow.import_outcome": Known("signal")},
        "undecided",
    ),
    ("3 a rule says why", [B], FAILURE, "blocked"),
    ("4 not tried, all well", [], NOT_TRIED, "ready"),
    ("4 not tried, no facts at all", [], {}, "ready"),
    ("4 not tried, degraded", [D], NOT_TRIED, "degraded"),
    ("4 a blocking rule cannot tell, a look failed", [B], {**NOT_TRIED, **unknown(B, "failed")}, "undecided"),
    ("4 a blocking rule cannot tell, a bug", [B], {**NOT_TRIED, **unknown(B, "bug")}, "undecided"),
    ("4 denied never decides", [B], {**NOT_TRIED, **unknown(B, "denied")}, "ready"),
    ("4 skipped never decides", [B], {**NOT_TRIED, **unknown(B, "skipped")}, "ready"),
    ("4 not-recorded never decides", [B], {**NOT_TRIED, **unknown(B, "not-recorded")}, "ready"),
    ("4 pending never decides", [B], {**NOT_TRIED, **unknown(B, "pending")}, "ready"),
    ("4 a degraded rule that cannot tell never decides", [D], {**NOT_TRIED, **unknown(D)}, "ready"),
    (
        "4 nor one about the GPU where none is wanted",
        [GPU_B],
        {**NOT_TRIED, **unknown(GPU_B), "wanted.gpu": Known(0)},
        "ready",
    ),
    (
        "4 TensorFlow 1.x is imported and not trained",
        [],
        {**NOT_TRIED, **{"tensorflow.import_outcome": Known("ok")}},
        "ready",
    ),
]


@pytest.mark.parametrize(
    ("sentence", "rules", "facts", "expected"), VERDICTS, ids=[row[0] for row in VERDICTS]
)
def test_verdict(sentence: str, rules: list[Rule], facts: dict[str, Fact], expected: str) -> None:
    assert report(*rules, facts=facts).verdict == expected


@pytest.mark.parametrize(
    ("rules", "facts", "strict", "code"),
    [
        ([], SUCCESS, False, 0),
        ([D], SUCCESS, False, 0),
        ([D], SUCCESS, True, 1),
        ([B], SUCCESS, False, 1),
        ([], FAILURE, True, 3),
    ],
)
def test_exit_codes(rules: list[Rule], facts: dict[str, Fact], strict: bool, code: int) -> None:
    assert report(*rules, facts=facts, strict=strict).exit_code == code


# --- what explains what --------------------------------------------------------------------------


def test_the_root_explains_and_the_rest_moves_under_it() -> None:
    found = report(rule("old", explains=("unused",)), rule("unused", "training"))
    assert causes(found) == ["old"]
    assert because_of(found) == {"unused": "old"}


def test_a_symptom_may_name_its_cause_itself() -> None:
    found = report(rule("old"), rule("unused", "training", symptom_of=("old",)))
    assert (causes(found), because_of(found)) == (["old"], {"unused": "old"})


def test_a_symptom_may_name_a_layer() -> None:
    found = report(rule("old"), rule("other", "cuda"), rule("unused", "training", symptom_of=("driver",)))
    assert (causes(found), because_of(found)) == (["old", "other"], {"unused": "old"})


def test_a_layer_explains_by_findings_that_weigh_as_much() -> None:
    symptom = rule("crash", "training", symptom_of=("driver",))
    notice = rule("old", severity="notice")
    assert causes(report(notice, symptom)) == ["crash", "old"]
    unwanted = report(rule("old", needs="gpu"), symptom, facts={"wanted.gpu": Known(0)})
    assert causes(unwanted) == ["crash", "old"]


def test_a_rule_is_no_symptom_of_itself() -> None:
    assert causes(report(rule("a", explains=("a",)), rule("b", symptom_of=("driver",)))) == ["a"]
    assert causes(report(rule("b", symptom_of=("driver",)))) == ["b"]


def test_explanation_is_transitive_also_through_what_did_not_fire() -> None:
    chain = [rule("a", explains=("b",)), rule("b", "cuda", explains=("c",)), rule("c", "training")]
    assert because_of(report(*chain)) == {"b": "a", "c": "a"}
    assert because_of(report(*chain, facts=absent(chain[1]))) == {"c": "a"}


def test_two_that_explain_each_other_leave_one_root() -> None:
    ring = [rule("a", "cuda", explains=("b",)), rule("b", "driver", explains=("a",))]
    found = report(*ring)
    assert (causes(found), because_of(found)) == (["b"], {"a": "b"})


def test_several_roots_the_worst_and_lowest_takes_the_consequence() -> None:
    found = report(
        rule("slow", "platform", "degraded", explains=("crash",)),
        rule("old", "driver", explains=("crash",)),
        rule("broken", "python", explains=("crash",)),
        rule("crash", "training"),
    )
    assert causes(found) == ["old", "broken", "slow"]
    assert because_of(found) == {"crash": "old"}
    assert found.findings[2].severity == "degraded"


def test_a_root_weighs_as_much_as_what_comes_of_it() -> None:
    """Or the verdict would call a machine ready on which TensorFlow does not start."""
    found = report(rule("shadow", "python", "degraded", explains=("crash",)), rule("crash", "tensorflow"))
    assert (causes(found), found.findings[0].severity, found.verdict) == (["shadow"], "blocking", "blocked")


def test_order_worst_first_then_from_the_bottom_up() -> None:
    found = report(
        rule("z", "notice", "notice"),
        rule("y", "platform", "degraded"),
        rule("x", "training"),
        rule("v", "driver"),
        rule("w", "driver", explains=("u",)),
        rule("u", "training"),
        rule("c", "hardware"),
    )
    assert causes(found) == ["c", "w", "v", "x", "y", "z"]


def test_an_explained_rule_that_cannot_tell_leaves_undecided() -> None:
    by_name = rule("unused", "training")
    by_layer = rule("slow", "training", symptom_of=("driver",))
    other = rule("other", "training")
    facts = {**unknown(by_name), **unknown(by_layer), **unknown(other)}
    found = report(rule("old", explains=("unused",)), by_name, by_layer, other, facts=facts)
    assert doubts(found) == ["other"]
    assert found.undecided[0].missing == {"training.other": Unknown("failed", "no answer")}


def test_what_cannot_tell_explains_nothing() -> None:
    perhaps = rule("old", explains=("unused",))
    found = report(perhaps, rule("unused", "training"), facts=unknown(perhaps))
    assert (causes(found), doubts(found)) == (["unused"], ["old"])


# --- findings -----------------------------------------------------------------------------------


def test_a_finding_holds_facts_fixes_and_filled_texts() -> None:
    fixes = (Fix(Text("for {driver.old}")), Fix(Text("b"), on=((Condition("driver.old", False),),)))
    one = rule("old", fixes=fixes)
    (finding,) = report(Rule(**{**one._asdict(), "title": Text("it is {driver.old}")})).findings
    assert finding.because == {"driver.old": Known(True)}
    assert finding.rule.title == Text("it is true")
    assert [fix.do.en for fix in finding.fixes] == ["for true"]


def test_the_log_decides_too() -> None:
    one = rule("old", when=((Condition("log", ("insufficient",)),),))
    found = diagnose({}, [one], "driver version is insufficient", target=TARGET)
    assert found.findings[0].because["log"] == Known("driver version is insufficient", ("line 1",))
    assert diagnose({}, [one], None, target=TARGET).findings == ()


def test_a_finding_about_an_unwanted_gpu_is_a_notice() -> None:
    found = report(GPU_B, facts={"wanted.gpu": Known(0)})
    assert (found.findings[0].severity, found.findings[0].rule.severity) == ("notice", "blocking")


# --- layers -------------------------------------------------------------------------------------


def status(found: Report) -> dict[str, str]:
    return {layer.layer: layer.status for layer in found.layers}


def test_layers_carry_their_worst_finding_consequences_included() -> None:
    found = report(
        rule("old", explains=("unused",)), rule("unused", "training"), rule("slow", "cuda", "degraded")
    )
    marks = status(found)
    assert (marks["driver"], marks["cuda"], marks["training"]) == ("blocked", "degraded", "blocked")


def test_a_layer_with_facts_and_no_finding_is_ok() -> None:
    marks = status(
        report(facts={**SUCCESS, "driver.version": Known(None), "driver.cuda": Unknown("failed", "x")})
    )
    assert (marks["driver"], marks["training"]) == ("ok", "ok")
    assert status(report(N))["driver"] == "ok"


def test_a_layer_of_which_nothing_is_known_is_not_ok() -> None:
    facts: dict[str, Fact] = {
        "cuda.a": Unknown("skipped", "x"),
        "driver.a": Unknown("denied", "x"),
        "driver.b": Unknown("skipped", "x"),
    }
    marks = status(report(facts=facts))
    assert (marks["cuda"], marks["driver"], marks["python"]) == ("skipped", "unknown", "skipped")


def test_a_doubt_that_would_block_makes_its_layer_unknown() -> None:
    other: dict[str, Fact] = {"driver.version": Known("580")}
    assert status(report(B, facts={**other, **unknown(B)}))["driver"] == "unknown"
    assert status(report(B, facts={**other, **unknown(B, "denied")}))["driver"] == "ok"
    assert status(report(D, facts={**other, **unknown(D)}))["driver"] == "ok"
    assert status(report(B, D, facts={**other, **unknown(B)}))["driver"] == "degraded"


def test_a_failure_that_no_rule_explains_makes_its_layer_unknown() -> None:
    assert status(report(facts=FAILURE))["training"] == "unknown"
    died: dict[str, Fact] = {**NOT_TRIED, "tensorflow.import_outcome": Known("signal")}
    assert status(report(facts=died))["tensorflow"] == "unknown"
    assert status(report(B, facts=FAILURE))["training"] == "blocked"


def test_quick_on_a_healthy_machine() -> None:
    """TensorFlow's version is read from its files; that says nothing of whether it imports."""
    facts: dict[str, Fact] = {
        **NOT_TRIED,
        "tensorflow.version": Known("2.20.0"),
        "training.devices": Unknown("skipped", "--quick"),
        **{f"{layer}.a": Known(1) for layer in ("platform", "hardware", "driver", "cuda", "python")},
    }
    found = report(facts=facts)
    assert found.verdict == "ready"
    assert [layer.status for layer in found.layers] == ["ok"] * 5 + ["skipped"] * 2


def test_quick_still_says_what_is_wrong_with_tensorflow() -> None:
    marks = status(report(rule("none", "tensorflow"), facts=NOT_TRIED))
    assert (marks["tensorflow"], marks["training"]) == ("blocked", "skipped")


def test_a_layer_is_open_while_facts_are_coming() -> None:
    facts: dict[str, Fact] = {
        "driver.version": Known("580"),
        "driver.cuda": Unknown("pending", "x"),
        "cuda.a": Known(1),
        "python.a": Unknown("skipped", "x"),
    }
    assert [is_open(layer, facts) for layer in ("driver", "cuda", "python")] == [True, False, False]


def test_seconds_and_training_rows() -> None:
    devices = [
        {
            "device": "/GPU:0",
            "step_ms": 2.1,
            "first_step_s": 1.9,
            "samples_per_s": 61000,
            "loss": [2.3, 1.9],
            "x": 1,
        },
        {"device": "/GPU:1", "step_ms": None, "outcome": "signal"},
    ]
    found = report(facts={**SUCCESS, "training.devices": Known(devices)}, layers_seconds={"driver": 0.2})
    assert [(layer.layer, layer.seconds) for layer in found.layers][2:4] == [("driver", 0.2), ("cuda", None)]
    assert found.training == (
        {
            "workload": "mnist-mlp",
            "device": "/GPU:0",
            "first_step_s": 1.9,
            "step_ms": 2.1,
            "samples_per_s": 61000,
            "loss": [2.3, 1.9],
        },
    )
