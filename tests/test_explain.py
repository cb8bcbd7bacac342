"""A log and what is told → one cause, or the candidates and the command that tells them apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from envcheck import given, rulebook
from envcheck.cli import cli
from envcheck.cli.explain import command
from envcheck.explain import Explanation, explain
from envcheck.given import follow
from envcheck.model import Block, Condition, Known, Rule, Text
from envcheck.render import data, terminal
from envcheck.search import Text as Log
from envcheck.views import explain as views

from .command_line import invoke

LOGS = Path(__file__).parent / "logs"
SCHEMA = json.loads((Path(__file__).parent.parent / "envcheck/schema/report.json").read_text("utf-8"))


def rule(cause: str, *blocks: Block, severity: str = "blocking", **extra: Any) -> Rule:
    words: dict[str, Any] = {"layer": "tensorflow", "needs": "any", "title": Text(cause), "why": Text("Why.")}
    return Rule(cause=cause, severity=severity, when=blocks, **{**words, **extra})  # type: ignore[arg-type]


def log(*patterns: str) -> Condition:
    return Condition("log", patterns)


def fact(name: str, test: Any) -> Condition:
    return Condition(name, test)


def answer(text: str, *rules: Rule, told: tuple[str, ...] = ()) -> Explanation:
    lines = Log.of(text)
    return explain(lines, given.together(lines, given.options(told)[0]), rules)


def named(told: Explanation) -> list[str]:
    return [found.rule.cause for found in told.report.findings]


def open_(told: Explanation) -> list[str]:
    return [candidate.rule.cause for candidate in told.candidates]


BROKEN = rule("broken", (log("it is broken"),))
HARMLESS = rule("harmless", (log("be not afraid"),), severity="notice", layer="notice")
SLOW = rule("slow", (log("it is slow"),), severity="degraded")
BY_PYTHON = rule("by-python", (log("it is broken"), fact("python.version", {"below": "3.9"})))
BY_GPU = rule("by-gpu", (log("it is broken"), fact("driver.suspended", True), fact("driver.nodes", "ok")))
OLD = rule("old", (fact("python.version", {"below": "3.9"}),))


# --- the verdict ----------------------------------------------------------------------------------


def test_a_line_that_is_known_names_the_cause() -> None:
    told = answer("one\ntwo\nit is broken\n", BROKEN, HARMLESS)
    assert named(told) == ["broken"]
    assert told.report.findings[0].because == {"log": Known("it is broken", ("line 3",))}
    assert (told.report.verdict, told.report.exit_code) == ("blocked", 1)


def test_notices_alone_mean_that_nothing_is_wrong() -> None:
    told = answer("be not afraid", BROKEN, HARMLESS)
    assert (named(told), told.report.verdict, told.report.exit_code) == (["harmless"], "ready", 0)


def test_notices_explain_no_failure() -> None:
    told = answer("be not afraid\nValueError: something else", BROKEN, HARMLESS)
    assert (named(told), told.report.verdict, told.report.exit_code) == ([], "undecided", 3)
    assert [found.rule.cause for found in told.harmless] == ["harmless"]


def test_a_notice_never_comes_before_a_cause() -> None:
    assert named(answer("be not afraid\nit is broken", HARMLESS, BROKEN)) == ["broken", "harmless"]
    told = answer("be not afraid\nit is slow", HARMLESS, SLOW)
    assert (named(told), told.report.verdict) == (["slow", "harmless"], "degraded")


def test_nothing_known_is_said_plainly() -> None:
    told = answer("hello", BROKEN, HARMLESS)
    assert (named(told), open_(told), told.report.exit_code) == ([], [], 3)


# --- facts ----------------------------------------------------------------------------------------


def test_a_missing_fact_leaves_a_candidate_with_its_command() -> None:
    told = answer("it is broken", BY_PYTHON)
    assert (named(told), open_(told), told.report.exit_code) == ([], ["by-python"], 3)
    assert [doubt.rule.cause for doubt in told.report.undecided] == ["by-python"]
    assert told.tells_apart == ("python.version", "python -V")


@pytest.mark.parametrize(
    ("told", "begins"),
    [((), "grep "), (("os=Windows 10",), "python -m "), (("os=macOS 14",), "sysctl ")],
)
def test_the_command_that_tells_is_one_of_the_system_of_the_log(told: tuple[str, ...], begins: str) -> None:
    asks = rule("a", (log("boom"), fact("hardware.cpu_flags", {"has": "avx"})))
    found = answer("boom", asks, told=told).tells_apart
    assert found and found[0] == "hardware.cpu_flags" and found[1].startswith(begins)


def test_a_command_that_its_system_does_not_have_is_not_given() -> None:
    asks = rule("a", (log("boom"), fact("driver.node_group", "video")))
    assert answer("boom", asks).tells_apart
    assert answer("boom", asks, told=("os=Windows 10",)).tells_apart is None
    assert follow.how("platform.architecture", "Windows") == follow.how("platform.architecture")
    assert follow.how("driver.device_nodes", "Darwin") is None


def test_each_key_is_one_that_can_be_given() -> None:
    for name in follow.names():
        assert given.key_of(name) in (name, *given.KEYS)


def test_a_given_fact_confirms_or_rules_out() -> None:
    assert named(answer("it is broken", BY_PYTHON, told=("python=3.8",))) == ["by-python"]
    told = answer("it is broken", BY_PYTHON, told=("python=3.12",))
    assert (named(told), open_(told)) == ([], [])


def test_a_fact_that_the_log_tells_will_do() -> None:
    assert named(answer("Python 3.8.10\nit is broken", BY_PYTHON)) == ["by-python"]


def test_fewest_missing_facts_come_first() -> None:
    assert open_(answer("it is broken", BY_GPU, BY_PYTHON)) == ["by-python", "by-gpu"]


def test_what_nearly_every_machine_is_confirms_and_does_not_rule_out_the_only_candidate() -> None:
    wide = rule("wide", (log("it is broken"), fact("python.bits", 64)))
    narrow = rule("narrow", (log("it is broken"), fact("python.bits", 32)))
    assert named(answer("it is broken", wide, narrow)) == ["wide"]
    assert open_(answer("it is broken", narrow)) == ["narrow"]
    assert named(answer("it is broken", wide, narrow, told=("python=3.6 32-bit",))) == ["narrow"]


def test_who_asks_about_a_log_has_a_failure_unless_it_shows_success() -> None:
    warned = rule("warned", (log("it may fail"), fact("training.succeeded", False)))
    assert named(answer("it may fail", warned)) == ["warned"]
    steps = "Created device /job:localhost/replica:0/task:0/device:GPU:0\n9/9 [====] - loss: 0.1"
    assert named(answer(f"it may fail\n{steps}", warned)) == []
    by_facts = rule("by-facts", (fact("training.succeeded", False),))
    assert named(answer("it may be", by_facts)) == []


def test_a_line_that_is_explained_needs_no_candidate() -> None:
    notice = rule("known", (log("it is broken"),), severity="notice", layer="notice")
    told = answer("it is broken", notice, BY_PYTHON)
    assert (named(told), open_(told), told.report.verdict) == (["known"], [], "ready")


def test_facts_alone_never_outrank_the_text() -> None:
    told = answer("it is broken", BROKEN, OLD, told=("python=3.8",))
    assert named(told) == ["broken"]


def test_facts_alone_make_no_harmless_log_a_failure() -> None:
    told = answer("be not afraid", HARMLESS, OLD, told=("python=3.8",))
    assert (named(told), told.report.verdict) == (["harmless"], "ready")


def test_facts_alone_speak_where_the_text_says_nothing() -> None:
    told = answer("ValueError: something else", HARMLESS, OLD, told=("python=3.8",))
    assert (named(told), told.by_facts) == (["old"], True)


def test_what_is_less_than_blocking_speaks_by_facts_where_it_explains_what_blocks() -> None:
    slight = rule(
        "slight", (fact("python.version", {"below": "3.9"}),), severity="degraded", explains=("old",)
    )
    told = answer("ValueError: something else", OLD, slight, told=("python=3.8",))
    assert named(told) == ["slight"]
    assert named(answer("ValueError: something else", slight, told=("python=3.8",))) == []


def test_a_cause_by_facts_that_names_the_symptom_is_its_root() -> None:
    root = rule("root", (fact("python.version", {"below": "3.9"}),), explains=("broken",))
    told = answer("it is broken", BROKEN, root, told=("python=3.8",))
    assert named(told) == ["root"]
    assert [(c.finding.rule.cause, c.because_of) for c in told.report.consequences] == [("broken", "root")]


def test_the_cause_thirty_lines_above_outranks_the_last_line() -> None:
    symptom = rule("symptom", (log("Failed to load"),), symptom_of=("broken",), layer="python")
    text = "it is broken\n" + "  frame\n" * 30 + "Failed to load\n"
    assert named(answer(text, symptom, BROKEN)) == ["broken"]


# --- real rules on whole logs ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def rules() -> tuple[Rule, ...]:
    return rulebook.load()


def of_file(name: str, rules: tuple[Rule, ...], *told: str) -> Explanation:
    lines = Log.of((LOGS / name).read_text("utf-8"))
    return explain(lines, given.together(lines, given.options(told)[0]), rules)


def test_pip_on_a_python_that_is_too_new(rules: tuple[Rule, ...]) -> None:
    told = of_file("pip-no-wheel.txt", rules)
    assert named(told)[0] == "python-too-new"
    log = told.report.findings[0].because["log"]
    assert log.source[0] in ("line 4", "line 8")


def test_a_training_that_runs_is_fine(rules: tuple[Rule, ...]) -> None:
    told = of_file("harmless.txt", rules, "os=Windows 11", "tensorflow=2.16.1", "python=3.11")
    assert (told.report.verdict, told.report.exit_code) == ("ready", 0)
    assert all(found.severity == "notice" for found in told.report.findings)


def test_a_pasted_issue_form(rules: tuple[Rule, ...]) -> None:
    assert named(of_file("issue-form-2022.txt", rules))[0] in (
        "cudnn-missing",
        "cuda-installed-not-on-loader-path",
    )


# --- what is shown, and what is written -----------------------------------------------------------


def page(told: Explanation) -> str:
    return terminal.render(views.view(told), None)


def test_the_page_quotes_the_line(rules: tuple[Rule, ...]) -> None:
    told = page(of_file("pip-no-wheel.txt", rules))
    first, second = told.splitlines()[:2]
    assert "python-too-new" in first + second
    assert "of the log" in told
    assert "Could not find a version that satisfies" in told or "No matching distribution" in told


def test_the_page_says_what_tells_candidates_apart() -> None:
    told = page(answer("it is broken", BY_GPU, BY_PYTHON))
    assert told.splitlines()[0].endswith("The log alone does not decide between 2 causes")
    assert "python -V" in told
    assert "--given python=" in told


@pytest.mark.parametrize(
    ("asked", "said"),
    [(fact("driver.suspended", True), "probably the cause"), (fact("python.bits", 32), "more must be known")],
)
def test_the_page_says_how_likely_the_only_candidate_is(asked: Condition, said: str) -> None:
    only = rule("only", (log("it is broken"), asked))
    assert said in page(answer("it is broken", only)).splitlines()[0]


def test_the_page_of_a_harmless_log() -> None:
    assert page(answer("be not afraid", HARMLESS)).splitlines()[0].endswith("Nothing is wrong here")


def test_the_page_of_an_unknown_log() -> None:
    told = page(answer("hello", HARMLESS, told=("os=my own",)))
    assert "knows no line" in told.splitlines()[0]
    told = page(answer("be not afraid\nValueError: something else", HARMLESS))
    assert "something failed" in told.splitlines()[0] and "Harmless lines in the log: 1" in told


@pytest.mark.parametrize("text", ["it is broken", "be not afraid", "hello", "be not afraid\nKeyError: 1"])
def test_the_json_is_a_report(text: str) -> None:
    told = explain(Log.of(text), {}, [BY_PYTHON, HARMLESS, SLOW], created="2026-11-21T10:00:00Z")
    written = json.loads(data.text(data.explanation(told)))
    jsonschema.validate(written, SCHEMA)
    assert written["exit_code"] == told.report.exit_code


def test_the_json_says_where_the_line_stands(rules: tuple[Rule, ...]) -> None:
    written = data.explanation(of_file("pip-no-wheel.txt", rules))
    because = written["findings"][0]["because"]["log"]
    assert because["source"][0].startswith("line ")
    assert because["value"]


# --- the command line -----------------------------------------------------------------------------


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(cli, "commands", {**cli.commands, "explain": command})
    return lambda *args, **extra: invoke("explain", *args, **extra)


def test_a_file_on_the_command_line(run: Any) -> None:
    said = run(str(LOGS / "pip-no-wheel.txt"), "--format", "json")
    assert said.exit_code == 1
    assert json.loads(said.stdout)["findings"][0]["cause"] == "python-too-new"


def test_given_outweighs_the_log(run: Any) -> None:
    said = run(str(LOGS / "pip-no-wheel.txt"), "--given", "python=3.11", "--format", "json")
    assert json.loads(said.stdout)["facts"]["python.version"] == {
        "value": "3.11",
        "source": ["--given python"],
    }


def test_a_line_of_several_logs_is_found_again(run: Any, tmp_path: Path) -> None:
    first, second = tmp_path / "a.log", tmp_path / "b.log"
    first.write_text("nothing\nat all")
    second.write_bytes((LOGS / "pip-no-wheel.txt").read_bytes())
    said = json.loads(run(str(first), str(second), "--format", "json").stdout)
    place = said["findings"][0]["because"]["log"]["source"][0]
    assert place.endswith(("b.log line 4", "b.log line 8"))


def test_harmless_is_0_and_unknown_is_3(run: Any, tmp_path: Path) -> None:
    assert run(str(LOGS / "harmless.txt")).exit_code == 0
    unknown = tmp_path / "unknown.log"
    unknown.write_text("hello\n")
    assert run(str(unknown)).exit_code == 3


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("no/such.log",),
        ("no-such-cause",),
        ("--given", "python=banana", "x"),
        ("--python", "python3", "x"),
    ],
)
def test_wrong_usage_is_one_sentence(run: Any, args: tuple[str, ...]) -> None:
    said = run(*args)
    assert said.exit_code == 2
    assert said.stdout == ""
    assert said.stderr.count("\n") == 1


def test_a_cause_has_a_page(run: Any) -> None:
    said = run("python-too-new")
    assert said.exit_code == 0
    assert "python-too-new" in said.stdout


def test_every_format(run: Any) -> None:
    for form in ("terminal", "markdown", "html"):
        said = run(str(LOGS / "pip-no-wheel.txt"), "--format", form).stdout
        assert "There is no TensorFlow for a Python this new yet" in said


def test_chinese(run: Any) -> None:
    said = run(str(LOGS / "pip-no-wheel.txt"), "--lang", "zh")
    assert "Python" in said.stdout
    assert "cn.bing.com" in said.stdout
