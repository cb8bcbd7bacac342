"""Code of 2016 to 2021 on today's TensorFlow and Keras: each failure is named, and the line that mends it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from envcheck import rule_file, rulebook
from envcheck.diagnose import diagnose
from envcheck.explain import explain
from envcheck.model import Finding, Rule, Target
from envcheck.search import Text

DATA = rule_file.read_toml((Path(__file__).parent / "old_tutorials.toml").read_text("utf-8"))
#: The causes that speak of code of another age.
OLD_CODE = {
    "keras-model-format-mismatch",
    "keras-optional-package-missing",
    "keras-version-conflict",
    "keras3-removed-api",
    "numpy-removed-api",
    "tf-estimator-removed",
    "tf1-code-on-tf2",
}


def each(kind: str) -> list[Any]:
    """The tables ``[[kind]]``, each under the beginning of its text."""
    return [pytest.param(entry, id=entry["text"].strip()[:60]) for entry in DATA[kind]]


@cache
def rules() -> tuple[Rule, ...]:
    return tuple(rulebook.load())


def found(text: str) -> list[Finding]:
    """What stands in a program's output: the text with a traceback before it, as it is printed."""
    log = f'Traceback (most recent call last):\n  File "train.py", line 12, in <module>\n{text}\n'
    return list(explain(Text.of(log), {}, rules()).report.findings)


@pytest.mark.parametrize("failure", each("failure"))
def test_old_code_is_named_with_the_line_that_mends_it(failure: dict[str, str]) -> None:
    first = found(failure["text"])[0]
    assert first.rule.cause == failure["cause"]
    assert first.fixes, "no fix applies"
    fix = first.fixes[0]
    assert failure["fix"] in " ".join([fix.do.en, *fix.packages, *fix.run])
    assert fix.do.zh


@pytest.mark.parametrize("warning", each("warning"))
def test_a_warning_alone_is_harmless(warning: dict[str, str]) -> None:
    report = explain(Text.of(warning["text"] + "\nEpoch 1/3\n"), {}, rules()).report
    assert [finding.severity for finding in report.findings] == ["notice"]
    assert not report.undecided
    assert report.exit_code == 0


@pytest.mark.parametrize("other", each("other"))
def test_other_errors_are_not_taken_for_old_code(other: dict[str, str]) -> None:
    assert not OLD_CODE & {finding.rule.cause for finding in found(other["text"])}


def test_the_general_fix_stands_where_no_line_is_known() -> None:
    """`otherwise`: the whole program on the old API, only where the message has no fix of its own."""
    special = found("AttributeError: module 'tensorflow' has no attribute 'log'")[0].fixes
    general = found("AttributeError: module 'tensorflow' has no attribute 'WholeFileReader'")[0].fixes
    assert not any("disable_v2_behavior" in fix.do.en for fix in special)
    assert "disable_v2_behavior" in general[0].do.en


def test_the_report_of_a_check_knows_them_too() -> None:
    """The same text among the output of the children."""
    log = "AttributeError: module 'tensorflow' has no attribute 'placeholder'\n"
    report = diagnose({}, rules(), log, target=Target("", ""))
    assert [finding.rule.cause for finding in report.findings] == ["tf1-code-on-tf2"]
