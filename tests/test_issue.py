"""``envcheck report``: whole machines to issues, their forms, addresses and scripts."""

from __future__ import annotations

import ast
import json
import os
import subprocess
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from envcheck import issue as issues
from envcheck.issue import prefilled, script, trackers
from envcheck.model import Known, Report

from . import reports
from .command_line import invoke
from .machines import machine

GOLDEN = Path(__file__).parent / "issues"
#: Ten machines, from the hardware up to a bug in TensorFlow itself.
MACHINES = (
    "linux-rtx4090-ready",
    "linux-rtx3080-driver-too-old",
    "linux-rtx4090-wheel-runpath-incomplete",
    "linux-cpu-package-shadowed",
    "docker-rtx4090-container-without-gpu",
    "linux-8xh100-fabric-manager-not-running",
    "linux-rtx4090-gpu-result-differs",
    "linux-cpu-numpy-abi-mismatch",
    "wsl2-rtx3080-driver-too-old",
    "linux-t400-gpu-out-of-memory",
)


@pytest.fixture(params=MACHINES)
def snapshot(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(machine(request.param)), "utf-8")
    return request.param, str(path)


def test_the_issue_of_a_machine_reads_as_it_did(snapshot: tuple[str, str]) -> None:
    name, path = snapshot
    result = invoke("report", "--from", path, "--format", "markdown")
    assert result.exit_code == 0, result.stderr
    golden = GOLDEN / f"{name}.md"
    if os.environ.get("ENVCHECK_UPDATE"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(result.stdout, "utf-8")
    assert result.stdout == golden.read_text("utf-8")


def test_the_json_holds_the_form_and_the_address(snapshot: tuple[str, str]) -> None:
    _, path = snapshot
    told = json.loads(invoke("report", "--from", path, "--format", "json", "--to", "tensorflow").stdout)
    form = trackers.tracker("tensorflow")
    picks = {field.id: field.pick for field in form.fields if field.pick}
    assert set(told["picks"]) == set(picks)
    assert all(told["picks"][name] in picks[name] for name in picks)
    assert set(told["texts"]) <= {field.id for field in form.fields if not field.pick}
    asked = dict(parse_qsl(urlsplit(told["url"]).query))
    assert not set(picks) & set(asked), "a drop-down in the address gives an empty form"
    assert len(told["url"]) <= 8000
    assert asked["template"] == form.template and asked["title"] == told["title"]


@pytest.mark.parametrize(
    ("name", "worth"),
    [
        ("linux-rtx4090-ready", "ready"),
        ("linux-rtx3080-driver-too-old", "environment"),
        ("linux-rtx4090-wheel-runpath-incomplete", "bug"),
    ],
)
def test_it_says_first_whether_it_is_worth_an_issue(name: str, worth: str, tmp_path: Path) -> None:
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(machine(name)), "utf-8")
    told = json.loads(invoke("report", "--from", str(path), "--format", "json").stdout)
    assert told["worth"] == worth
    first = invoke("report", "--from", str(path), "--lang", "en").stdout.splitlines()[0]
    expected = {"ready": "nothing to report", "environment": "no issue", "bug": "looks like a bug"}
    assert expected[worth] in first


def test_what_failed_and_no_rule_explains_is_worth_an_issue() -> None:
    facts = {**reports.cpu_facts(), "training.succeeded": Known(False)}
    report = reports.ready(verdict="undecided", facts=facts)
    assert issues.compose(report).worth == "bug"
    unseen = {key: fact for key, fact in facts.items() if not key.startswith("training.")}
    assert issues.compose(reports.ready(verdict="undecided", facts=unseen)).worth == "unclear"


def failing(stage: str, **more: object) -> Report:
    device = {"device": "/device:CPU:0", "kind": "CPU", "outcome": "exception", "stage": stage,
              "matmul_ok": True, "conv_ok": True, "error": "ValueError: odd", **more}  # fmt: skip
    facts = {
        **reports.cpu_facts(),
        "training.devices": Known([device]),
        "training.succeeded": Known(False),
        "training.stage": Known(stage),
        "training.errors": Known(["ValueError: odd"]),
    }
    return reports.ready(verdict="undecided", facts=facts)


def test_it_goes_to_keras_where_only_keras_failed() -> None:
    assert issues.compose(failing("steps")).tracker.name == "keras"
    assert issues.compose(failing("convolution", conv_ok=False)).tracker.name == "tensorflow"
    assert issues.compose(failing("steps"), "tensorflow").tracker.name == "tensorflow"
    log = 'File "/x/site-packages/keras/src/models/model.py", line 1, in f\nValueError: odd'
    assert issues.compose(failing("import"), attached=issues.Attached(log=log)).tracker.name == "keras"


@pytest.mark.parametrize(
    ("stage", "parts"),
    [
        ("devices", ["list_physical_devices"]),
        ("first-operation", ["list_physical_devices", "matmul"]),
        ("convolution", ["list_physical_devices", "matmul", "conv2d"]),
        ("steps", ["list_physical_devices", "matmul", "conv2d", "model.fit"]),
    ],
)
def test_the_script_goes_as_far_as_the_step_that_failed(stage: str, parts: list[str]) -> None:
    text = script.standalone(failing(stage).facts)
    ast.parse(text)
    marks = ["list_physical_devices", "matmul", "conv2d", "model.fit"]
    assert [part for part in marks if part in text] == parts


@pytest.mark.tensorflow
def test_the_script_runs() -> None:
    python = os.environ.get("ENVCHECK_TF_PYTHON") or pytest.skip("ENVCHECK_TF_PYTHON is not set")
    text = script.standalone(reports.ready().facts)
    done = subprocess.run([python, "-c", text], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Epoch 5/5" in done.stdout


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=3000)


@settings(max_examples=40)
@given(TEXT, TEXT, TEXT)
@example("x" * 9000, "界" * 9000, "&=?#%+ \n" * 2000)
@example("", "", "界" * 2600)
def test_an_address_is_never_too_long_and_keeps_what_is_asked_for(log: str, code: str, more: str) -> None:
    for to in trackers.NAMES:
        composed = issues.compose(failing("steps"), to, issues.Attached(code, log))
        texts = {**composed.texts, "what-happened": more or "x"}
        url = prefilled.address(composed._replace(texts=texts))
        assert len(url) <= prefilled.LONGEST
        asked = dict(parse_qsl(urlsplit(url).query))
        assert asked["title"] == composed.title
        if to == "tensorflow":
            assert asked["tfversion"] == "tf 2.21.0"


def test_the_log_goes_before_the_code_where_room_is_short() -> None:
    composed = issues.compose(failing("steps"), "tensorflow", issues.Attached("c" * 3000, "l" * 9000))
    asked = dict(parse_qsl(urlsplit(prefilled.address(composed)).query))
    assert asked["code-to-reproduce"] == "c" * 3000
    assert len(asked["logs"]) < 9000 and asked["logs"].endswith(prefilled.LEFT_OUT)


def test_the_body_fits_github_whatever_is_added() -> None:
    composed = issues.compose(failing("steps"), "keras", issues.Attached("c" * 10**6, "```\n" * 10**5))
    assert len(issues.body(composed)) <= 65_536


def test_own_script_and_log_are_redacted_and_taken(tmp_path: Path) -> None:
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(machine("linux-rtx4090-ready")), "utf-8")
    (tmp_path / "train.py").write_text("KEY = 'ghp_" + "a1B2" * 9 + "'\nprint(1)\n", "utf-8")
    (tmp_path / "run.log").write_bytes(b"Traceback\nValueError: bad shape \xff in /home/ada/x.py\n")
    added = ("--attach", str(tmp_path / "train.py"), "--log", str(tmp_path / "run.log"))
    told = json.loads(invoke("report", "--from", str(path), *added, "--format", "json").stdout)
    assert told["picks"]["Code"] == "Yes"
    assert "print(1)" in told["body"] and "ghp_" not in told["body"]
    assert "ValueError: bad shape" in told["title"] and "/home/ada" not in told["body"]


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    result = invoke("report", "--log", str(tmp_path / "none.log"))
    assert result.exit_code == 2 and result.stderr.count("\n") == 1 and "none.log" in result.stderr
