"""What CI systems read: JUnit's XML and the commands of GitHub Actions."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envcheck.model import Finding, Fix, Known, Report, Rule, Severity, Skipped, Text
from envcheck.render import ci

from . import reports
from .command_line import invoke
from .machines import machine

NASTY = st.text(st.one_of(st.characters(), st.sampled_from("\r\n%:,<>&]\"'\0\x1b")), max_size=60)


def finding(cause: str, layer: str, severity: Severity = "blocking", title: str = "A title") -> Finding:
    rule = Rule(cause, layer, severity, "any", Text(title), Text(title + " why"), ())
    fixes = (Fix(Text("Do this."), run=("do this --now",)),)
    return Finding(rule, severity, {"log": Known("line", ("line 1",))}, fixes)


def blocked(*findings: Finding, **more: object) -> Report:
    layers = reports.layers(**{found.rule.layer: "blocked" for found in findings})  # type: ignore[arg-type]
    return reports.ready(verdict="blocked", findings=findings, layers=layers, **more)


def suite(report: Report) -> ElementTree.Element:
    root = ElementTree.fromstring(ci.junit(report))
    assert root.tag == "testsuites"
    [found] = root
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(found.get(name, "")) == len(found.findall(f"testcase/{tag}"))
    assert int(found.get("tests", "")) == len(found.findall("testcase"))
    return found


def test_a_layer_is_a_test_case_and_its_finding_the_failure() -> None:
    found = suite(blocked(finding("driver-too-old", "driver"), finding("other", "driver")))
    names = [case.get("name") for case in found]
    assert names[:3] == ["platform", "hardware", "driver"] and "driver: other" in names
    failure = found.find("testcase[@name='driver']/failure")
    assert failure is not None and failure.get("message", "").startswith("driver-too-old: ")
    assert failure.get("type") == "driver" and "do this --now" in (failure.text or "")


def test_what_the_root_explains_is_no_failure_of_its_own() -> None:
    layers = reports.layers(driver="blocked", training="blocked", cuda="skipped")
    report = reports.ready(verdict="blocked", findings=(finding("driver-too-old", "driver"),), layers=layers)
    found = suite(report)
    assert found.get("failures") == "1" and found.get("skipped") == "2"
    skipped = found.find("testcase[@name='training']/skipped")
    assert skipped is not None and "driver-too-old" in skipped.get("message", "")


def test_what_could_not_be_decided_is_an_error_and_degraded_fails_only_if_strict() -> None:
    assert suite(reports.ready(layers=reports.layers(driver="unknown"))).get("errors") == "1"
    slow = finding("gpu-slower-than-expected", "training", "degraded")
    assert suite(reports.ready(verdict="degraded", findings=(slow,))).get("failures") == "0"
    assert suite(reports.ready(verdict="degraded", findings=(slow,), strict=True)).get("failures") == "1"


def test_a_cause_that_the_file_skips_is_skipped_with_its_reason() -> None:
    rule, other = (finding(cause, "platform", title="Too small").rule for cause in ("shm-small", "old-glibc"))
    here = Skipped(rule, "one process <loads>", "lab.toml line 3", True)
    report = reports.ready(verdict="degraded", skipped=(here, Skipped(other, "known", "lab.toml line 4")))
    found = suite(report)
    assert (found.get("failures"), len(found)) == ("0", len(reports.layers()) + 2)
    told = {case.get("name"): case.find("skipped") for case in found}
    first, second = told["platform: shm-small"], told["platform: old-glibc"]
    assert first is not None and second is not None
    assert first.get("message") == "Too small (shm-small): one process <loads> (lab.toml line 3)"
    assert second.get("message") == "old-glibc (not found here): known (lab.toml line 4)"


@given(NASTY)
def test_any_text_is_xml_and_one_annotation(text: str) -> None:
    report = blocked(finding("driver-too-old", "driver", title=text or "x"))
    suite(report)
    told = ci.github(report, text)
    assert told.count("\n") == 1 and told.startswith("::error title=driver-too-old%3A ")
    assert not {"\r", "\0", "\x1b"} & set(told)
    title = told.partition("title=")[2].partition("::")[0]
    assert not set(":,\n") & set(title)


@given(NASTY)
def test_no_value_names_another_output(text: str) -> None:
    lines = ci.outputs(reports.ready(), f"x\n{text}\nverdict=ready").splitlines()
    read, at = {}, 0
    while at < len(lines):
        name, _, mark = lines[at].partition("<<")
        end = lines.index(mark, at + 1)
        read[name] = "\n".join(lines[at + 1 : end])
        at = end + 1
    assert list(read) == ["verdict", "cause", "exit-code", "summary"] and read["verdict"] == "ready"


def test_at_most_ten_annotations_the_worst_first_and_no_harmless_lines() -> None:
    worse = [finding(f"cause-{n:02}", "driver") for n in range(12)]
    assert ci.github(blocked(*worse), "").count("::error ") == 10
    notice = finding("notice-onednn", "notice", "notice")
    assert (
        ci.github(reports.ready(findings=(notice,)), "all is well")
        == "::notice title=envcheck::all is well\n"
    )
    undecided = ci.github(reports.ready(verdict="undecided"), "Undecided: 50%")
    assert undecided == "::error title=envcheck::Undecided: 50%25\n"


def test_a_summary_is_cut_where_github_would_refuse_it() -> None:
    long = ci.summary("行\n" * 600_000)
    assert len(long.encode()) <= 1024 * 1024 and long.endswith("行\n")


@pytest.fixture
def snapshot(tmp_path: Path) -> str:
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(machine("linux-rtx3080-driver-too-old")), "utf-8")
    return str(path)


def test_several_reports_at_once(snapshot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, results, junit = tmp_path / "summary.md", tmp_path / "output", tmp_path / "junit.xml"
    page.write_text("before\n", "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    monkeypatch.setenv("GITHUB_OUTPUT", str(results))
    args = ("--report", f"junit={junit}", "--report", "github", "--report", f"json={tmp_path / 'r.json'}")
    result = invoke("--from", snapshot, "--lang", "en", *args)
    assert result.exit_code == 1
    assert "::error title=driver-too-old%3A" in result.stdout and "Blocked" in result.stdout
    assert "driver-too-old" in junit.read_text("utf-8")
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["verdict"] == "blocked"
    assert page.read_text("utf-8").startswith("before\n## ") and "driver-too-old" in page.read_text("utf-8")
    assert "\nblocked\n" in results.read_text("utf-8")


def test_what_a_file_skips_stands_in_every_answer_for_ci(
    snapshot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, file, junit = tmp_path / "summary.md", tmp_path / "lab.toml", tmp_path / "junit.xml"
    file.write_text('[skip]\ndriver-too-old = "it is known"\nnccl-missing = "one GPU"\n', "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    args = ("--config", str(file), "--format", "github", "--report", f"junit={junit}", "--lang", "en")
    result = invoke("--from", snapshot, *args)
    assert result.exit_code in (0, 1) and "driver-too-old: " not in result.stdout
    lines = page.read_text("utf-8").splitlines()
    assert [line for line in lines if "it is known" in line and "driver-too-old" in line and "line 2" in line]
    assert [line for line in lines if "one GPU" in line and "nccl-missing" in line]
    cases = ElementTree.parse(junit).findall(".//testcase")
    told = {
        case.get("name"): skipped.get("message", "") for case in cases for skipped in case.iter("skipped")
    }
    assert "it is known" in told["driver: driver-too-old"] and "one GPU" in told["cuda: nccl-missing"]


@pytest.mark.parametrize("form", ["junit", "github", "json", "markdown", "html", "terminal"])
def test_the_exit_code_is_the_same_in_every_format(snapshot: str, form: str) -> None:
    assert invoke("--from", snapshot, "--format", form).exit_code == 1


@pytest.mark.parametrize("value", ["xml", "xml=a", "=a", ""])
def test_a_wrong_report_is_one_sentence(snapshot: str, value: str) -> None:
    result = invoke("--from", snapshot, "--report", value)
    assert result.exit_code == 2 and result.stderr.count("\n") == 1 and "--report" in result.stderr
