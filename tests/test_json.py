"""The contract with programs: every JSON report fits the schema, and leaks nothing."""

from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from envcheck import words
from envcheck.examine import to_be_seen
from envcheck.model import Known, Report, Target
from envcheck.nouns import changed
from envcheck.redact import Who, redact
from envcheck.render import data

from . import machines, reports
from .command_line import invoke

SCHEMA = json.loads(resources.files("envcheck.schema").joinpath("report.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SAMPLES = {"ready": reports.ready, "eight": reports.eight_gpus, "blocked": reports.blocked}


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    words.use("en")
    yield
    words.use("en")


def told(report: Report) -> dict[str, Any]:
    back: dict[str, Any] = json.loads(data.text(data.report(report)))
    return back


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("sample", SAMPLES)
def test_reports_fit_the_schema(sample: str) -> None:
    VALIDATOR.validate(told(SAMPLES[sample]()))


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


def test_the_schema_names_every_key_and_wants_every_key() -> None:
    for part in objects(SCHEMA):
        assert part["additionalProperties"] is False
        assert set(part["required"]) == set(part["properties"])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r.pop("facts"),
        lambda r: r.update(more=1),
        lambda r: r.update(verdict="fine"),
        lambda r: r.update(exit_code=2),
        lambda r: r["findings"][0].pop("because"),
        lambda r: r["findings"][0]["because"]["driver.version"].pop("source"),
        lambda r: r["facts"].update({"nodot": {"value": 1, "source": []}}),
        lambda r: r["facts"].update({"a.b": {"unknown": "why", "kind": "pending", "source": []}}),
        lambda r: r["layers"][0].update(layer="kernel"),
        lambda r: r["training"][0].update(loss=[1.0]),
    ],
)
def test_the_schema_refuses_what_is_no_report(spoil: Any) -> None:
    report = copy.deepcopy(told(reports.blocked()))
    spoil(report)
    assert not VALIDATOR.is_valid(report)


def test_the_shape_is_the_one_in_the_design() -> None:
    report = told(reports.blocked())
    assert report["schema"] == "envcheck-report/1"
    assert (report["verdict"], report["exit_code"]) == ("blocked", 1)
    assert report["target"] == {
        "python": reports.PYTHON, "version": "3.11.7", "environment": "venv", "chosen": "named by --python",
    }  # fmt: skip
    assert report["layers"][2] == {"layer": "driver", "status": "blocked", "seconds": 0.25}
    root = report["findings"][0]
    assert (root["cause"], root["layer"], root["severity"]) == ("driver-too-old", "driver", "blocking")
    assert root["because"]["driver.version"] == {
        "value": "470.57.02",
        "source": ["/source/of/driver__version"],
    }
    assert root["fixes"][0] == {
        "do": "Install the newest driver branch that this GPU still has (580).",
        "run": ["sudo ubuntu-drivers install", "sudo reboot"], "scope": "system", "verify": ["nvidia-smi"],
    }  # fmt: skip
    assert root["fixes"][1]["run"] == [f"{reports.PYTHON} -m pip install 'tensorflow[and-cuda]==2.11.1'"]
    assert report["consequences"] == [{"cause": "gpu-not-used-by-training", "because_of": "driver-too-old"}]
    assert report["undecided"] == [
        {
            "cause": "secure-boot-blocks-driver",
            "reasons": ["driver.secure_boot: permission denied: /sys/firmware/efi"],
        }
    ]
    assert report["facts"]["driver.secure_boot"] == {
        "unknown": "permission denied: /sys/firmware/efi", "kind": "denied", "source": ["/sys/firmware/efi"],
    }  # fmt: skip
    assert report["facts"]["platform.container"] == {
        "value": None,
        "source": ["/source/of/platform__container"],
    }
    assert report["training"][0]["loss"] == [2.3513, 1.9127]


def test_strict_makes_a_degraded_report_exit_with_1() -> None:
    assert told(reports.ready()._replace(verdict="degraded"))["exit_code"] == 0
    assert told(reports.ready()._replace(verdict="degraded", strict=True))["exit_code"] == 1


def test_numbers_that_json_has_no_word_for_become_null() -> None:
    run = {**reports.training(), "loss": [2.3, math.nan], "step_ms": math.inf}
    facts = {**reports.cpu_facts(), "training.loss": Known([math.nan, {"x": -math.inf}], ())}
    report = told(reports.ready(training=(run,), facts=facts))
    assert report["training"][0]["loss"] == [2.3, None]
    assert report["training"][0]["step_ms"] is None
    assert report["facts"]["training.loss"]["value"] == [None, {"x": None}]
    VALIDATOR.validate(report)


def test_a_path_that_is_no_text_survives() -> None:
    report = reports.ready(target=Target("/home/\udcff/python", "named by --python"))
    text = data.text(data.report(report))
    text.encode("utf-8")
    assert json.loads(text)["target"]["python"] == "/home/\udcff/python"


def test_ascii_only_says_the_same() -> None:
    words.use("zh")
    report = data.report(reports.blocked())
    assert data.text(report, ascii_only=True).isascii()
    assert json.loads(data.text(report, ascii_only=True)) == json.loads(data.text(report))


# --- what is hidden -------------------------------------------------------------------------------


def secretive() -> Report:
    facts = dict(reports.blocked().facts)
    facts["python.index"] = Known(
        "https://ada:hunter2hunter2@index.example/simple", ("/home/ada/.config/pip/pip.conf",)
    )
    return reports.blocked()._replace(facts=facts)


def test_what_is_passed_on_has_neither_secrets_nor_names() -> None:
    who = Who("ada", "engine", "/home/ada", ("/home/ada/project",))
    report = changed(secretive(), lambda value: redact(value, who))
    text = data.text(data.report(report))
    assert "hunter2" not in text and "ada" not in text
    assert "~/.config/pip/pip.conf" in text
    VALIDATOR.validate(json.loads(text))


def test_what_is_seen_here_keeps_its_paths_but_no_secrets() -> None:
    text = data.text(data.report(to_be_seen(secretive())))
    assert "hunter2" not in text and reports.PYTHON in text


def test_changing_nothing_changes_nothing() -> None:
    report = reports.blocked()
    assert data.report(changed(report, lambda value: value)) == data.report(report)
    assert changed(report, lambda value: value).findings == report.findings


# --- from the command line ------------------------------------------------------------------------


def run(tmp_path: Path, name: str, *more: str, **env: str) -> Any:
    snapshot = tmp_path / "machine.json"
    snapshot.write_text(json.dumps(machines.machine(name)), "utf-8")
    beside = machines.FOLDER / name  # where its envcheck.toml is
    options = machines.expected(name).get("options", [])
    own = [str(beside / option) if (beside / option).is_file() else option for option in options]
    return invoke("--from", str(snapshot), *own, *more, env=env or None)


@pytest.mark.parametrize("name", machines.names())
def test_every_machine_gives_a_report_that_fits(name: str, tmp_path: Path) -> None:
    result = run(tmp_path, name, "--format", "json")
    report = json.loads(result.stdout)
    VALIDATOR.validate(report)
    assert result.exit_code == report["exit_code"]
    assert [layer["layer"] for layer in report["layers"]] == list(reports.LAYER_NAMES)
    assert "/home/ada" not in result.stdout


def test_the_exit_code_is_the_same_in_every_format(tmp_path: Path) -> None:
    for name in machines.names()[::5]:
        codes = {run(tmp_path, name, "--format", format).exit_code for format in ("terminal", "json")}
        assert len(codes) == 1


def test_json_is_english_everywhere_unless_asked(tmp_path: Path) -> None:
    name = "linux-rtx4090-driver-not-installed"
    chinese = {"LANG": "zh_CN.UTF-8", "LC_ALL": "zh_CN.UTF-8"}
    title = json.loads(run(tmp_path, name, "--format", "json", **chinese).stdout)["findings"][0]["title"]
    assert title.isascii()
    asked = run(tmp_path, name, "--format", "json", "--lang", "zh")
    assert not json.loads(asked.stdout)["findings"][0]["title"].isascii()


def test_nothing_but_json_is_on_standard_output_and_it_goes_into_a_file(tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    result = run(tmp_path, "linux-cpu-ready", "--format", "json", "--output", str(out))
    assert result.stdout == ""
    VALIDATOR.validate(json.loads(out.read_text("utf-8")))


@pytest.mark.parametrize(
    "more", [["--format", "xml"], ["--python", "/nowhere"], ["--from", "/nowhere"], ["--require", "tpu"]]
)
def test_wrong_usage_writes_nothing_on_standard_output(more: list[str]) -> None:
    result = invoke("check", "--format", "json", *more)
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_bug_writes_nothing_on_standard_output(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(data, "report", lambda report: 1 / 0)
    result = run(tmp_path, "linux-cpu-ready", "--format", "json")
    assert (result.exit_code, result.stdout) == (70, "")


def test_json_does_without_rich(tmp_path: Path) -> None:
    snapshot = tmp_path / "machine.json"
    snapshot.write_text(json.dumps(machines.machine("linux-cpu-ready")), "utf-8")
    program = (
        "import sys, atexit\n"
        "atexit.register(lambda: sys.stderr.write(str('rich' in sys.modules)))\n"
        "from envcheck.cli import cli\n"
        f"cli(['--from', {str(snapshot)!r}, '--format', 'json'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == "False"


def test_the_rules_as_json() -> None:
    result = invoke("rules", "--format", "json", "--layer", "driver")
    rules = json.loads(result.stdout)
    assert result.exit_code == 0 and rules
    assert {rule["layer"] for rule in rules} == {"driver"}
    assert all(rule["cause"] and rule["title"] and rule["severity"] for rule in rules)
