"""What is kept of each check, and what ``envcheck diff`` makes of it."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from envcheck import changes, history, words
from envcheck.model import Finding, Known, Report
from envcheck.render import data, diff_data
from envcheck.views import diff as views

from . import reports
from .command_line import invoke

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads(resources.files("envcheck.schema").joinpath("diff.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A state folder of its own, with the history switched on."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", history.OFF):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(history, "folder", lambda: str(tmp_path / "state" / "envcheck"))
    words.use("en")
    yield tmp_path / "state" / "envcheck"
    words.use("en")


def told(report: Report) -> dict[str, Any]:
    return json.loads(json.dumps(data.report(report)))


def keep(report: Report, python: str = "/opt/a/bin/python") -> None:
    assert history.keep(told(history.worth_keeping(report)), python)


def check(*options: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A real check of this Python, which has no TensorFlow to wait for."""
    argv = [sys.executable, "-m", "envcheck", "check", "--quick", "--lang", "en", *options]
    clean = {key: value for key, value in os.environ.items() if key not in (history.OFF, "HOME")}
    return subprocess.run(
        argv, cwd=ROOT, env={**clean, **env}, capture_output=True, text=True, check=False
    )  # fmt: skip


# --- keeping -------------------------------------------------------------------------------------


def test_where_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    join = os.path.join
    assert history.folder({"HOME": "/h"}, "linux") == join("/h", ".local", "state", "envcheck")
    assert history.folder({"HOME": "/h", "XDG_STATE_HOME": "/s"}, "linux") == join("/s", "envcheck")
    assert history.folder({"HOME": "/h", "XDG_STATE_HOME": "s"}, "linux") == join(
        "/h", ".local", "state", "envcheck"
    )
    assert history.folder({"HOME": "/h"}, "darwin") == join(
        "/h", "Library", "Application Support", "envcheck"
    )
    assert history.folder({"LOCALAPPDATA": "/l"}, "win32") == join("/l", "envcheck")
    for system in ("linux", "darwin", "win32"):
        assert history.folder({}, system) is None


def test_a_check_is_kept_redacted_and_private(state: Path) -> None:
    done = check("--require", "cpu", XDG_STATE_HOME=str(state.parent), HF_TOKEN="hf_" + "a1B2" * 8)
    (kept,) = state.iterdir()
    report = json.loads(gzip.decompress(kept.read_bytes()))
    assert changes.is_report(report) and report["exit_code"] == done.returncode
    assert str(ROOT) not in json.dumps(report) and "hf_" not in json.dumps(report)
    if os.name == "posix":
        assert kept.stat().st_mode & 0o077 == 0 and state.stat().st_mode & 0o077 == 0


def test_nothing_is_kept_where_that_is_not_wanted(state: Path) -> None:
    check("--no-history", XDG_STATE_HOME=str(state.parent))
    check(XDG_STATE_HOME=str(state.parent), **{history.OFF: "1"})
    check(
        "--from", str(ROOT / "tests/machines/linux-cpu-ready/machine.json"), XDG_STATE_HOME=str(state.parent)
    )
    assert not state.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can act for others")
def test_root_makes_nothing_in_the_home_of_somebody_else(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    state = home / ".local" / "state" / "envcheck"
    assert history.keep(told(reports.ready()), "/opt/a/bin/python", str(state)) is False
    assert not (home / ".local").exists()
    os.chown(home, 0, 0)
    assert history.keep(told(reports.ready()), "/opt/a/bin/python", str(state)) is True


def test_a_folder_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    usual = check("--no-history")
    for env in ({"XDG_STATE_HOME": str(blocked)}, {"XDG_STATE_HOME": "/proc/none"}):
        done = check(**env)
        assert (done.returncode, done.stderr) == (usual.returncode, usual.stderr)
        assert done.stdout == usual.stdout


def test_a_full_disk_leaves_nothing_behind(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert history.keep(told(reports.ready()), "/opt/a/bin/python") is False
    assert list(state.iterdir()) == []


def test_an_environment_is_not_the_interpreter_it_was_made_from(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "pyvenv.cfg").write_text("")
        (tmp_path / name / "bin" / "python").symlink_to(sys.executable)
        (tmp_path / name / "bin" / "python3").symlink_to("python")
    a, b = (str(tmp_path / name / "bin" / "python") for name in ("a", "b"))
    assert history.who(a) != history.who(b)
    assert history.who(a) == history.who(a + "3")


# --- the bound -----------------------------------------------------------------------------------


def test_the_oldest_goes_and_the_last_ready_one_stays(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "RUNS", 5)
    keep(reports.ready(), "/opt/b/bin/python")
    keep(reports.ready())
    keep(reports.ready())
    for _ in range(8):
        keep(reports.blocked())
    kept = history.runs()
    assert [run.verdict for run in kept] == ["ready", "ready", *["blocked"] * 5]
    assert kept[0].who == history.who("/opt/b/bin/python") and kept[1].who == history.who("/opt/a/bin/python")


def test_bytes_are_bounded_and_so_is_the_number_of_interpreters(state: Path) -> None:
    def run(number: int) -> history.Run:
        return history.Run(f"{number:04}", f"{number:04}", f"{number:012}", "ready")

    many = [run(n) for n in range(history.MOST + 3)]
    assert sorted(history.surplus(many)) == ["0000", "0001", "0002"]
    noise = {**told(reports.ready()), "noise": os.urandom(history.SIZE).hex()}
    assert history.keep(noise, "/opt/a/bin/python") is False
    assert list(state.iterdir()) == []


def test_a_file_of_a_killed_run_is_removed_later(state: Path) -> None:
    keep(reports.ready())
    (kept,) = state.iterdir()
    old, young, foreign = (
        state / f".{kept.name}",
        state / f".{kept.name.replace('ready', 'blocked')}",
        state / ".x",
    )
    for path in (old, young, foreign):
        path.write_bytes(b"")
    for path in (old, foreign):
        os.utime(path, (1, 1))
    keep(reports.ready())
    assert not old.exists() and young.exists() and foreign.exists()


def test_runs_at_the_same_time_do_not_meet(state: Path) -> None:
    """Eight processes keep runs and remove old ones in one folder: every file that is left is whole."""
    program = (
        "import sys; sys.path.insert(0, '.')\n"
        "from envcheck import history; from tests import reports; from envcheck.render import data\n"
        f"history.RUNS = 10; report = data.report(history.worth_keeping(reports.ready()))\n"
        f"kept = [history.keep(report, '/opt/a/bin/python', {str(state)!r}) for _ in range(25)]\n"
        "assert any(kept)\n"
    )
    argv = [sys.executable, "-c", program]
    running = [subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    for process in running:
        assert process.communicate()[1] == "" and process.returncode == 0
    keep(reports.ready())
    assert 0 < len(history.runs()) <= history.RUNS
    assert len(list(history.readable())) == len(history.runs()) == len(list(state.iterdir()))


# --- looking back --------------------------------------------------------------------------------


def test_broken_files_are_passed_over(state: Path) -> None:
    keep(reports.ready())
    keep(reports.blocked())
    keep(reports.ready())
    kept = sorted(state.iterdir())
    content = kept[2].read_bytes()
    for broken in (content[: len(content) // 2], b"", b"{", b"\x1f\x8b", gzip.compress(b"[" * 200_000)):
        kept[2].write_bytes(broken)
        assert [run.verdict for run, _ in history.readable()] == ["blocked", "ready"]
    (state / "notes.txt").write_text("mine")
    assert invoke("diff").exit_code == 0


def test_without_files_the_last_ready_run_of_the_same_python_counts() -> None:
    keep(reports.ready(created="2026-01-01T00:00:00Z"))
    keep(reports.blocked())
    keep(reports.ready(created="2026-03-03T00:00:00Z"), "/opt/b/bin/python")
    keep(reports.blocked())
    told = json.loads(invoke("diff", "--format", "json").stdout)
    assert told["old"]["created"] == "2026-01-01T00:00:00Z" and told["old"]["verdict"] == "ready"
    assert told["new"]["cause"] == "driver-too-old"


def test_where_none_was_ready_the_run_before_counts() -> None:
    keep(reports.blocked())
    keep(reports.blocked())
    result = invoke("diff")
    assert result.exit_code == 0 and "Nothing changed" in result.stdout


def test_where_there_is_nothing_to_compare_it_says_what_to_do(tmp_path: Path) -> None:
    assert invoke("diff").exit_code == 2 and "run envcheck first" in invoke("diff").stderr
    keep(reports.ready())
    assert invoke("diff").exit_code == 2 and "run envcheck again" in invoke("diff").stderr
    for content in (b"[]", b"{", b"\xff\xfe", b'{"schema": "envcheck-fleet/1"}'):
        (tmp_path / "x.json").write_bytes(content)
        result = invoke("diff", str(tmp_path / "x.json"))
        assert result.exit_code == 2 and "--format json" in result.stderr
    assert invoke("diff", str(tmp_path / "none.json")).exit_code == 2
    assert invoke("diff", "a", "b", "c").exit_code == 2


def test_the_page_says_when_it_was_ready(state: Path) -> None:
    name = f"20260102T030405.000000Z-{history.who(sys.executable)}-ready-ab.json.gz"
    state.mkdir(parents=True)
    (state / name).write_bytes(gzip.compress(json.dumps(told(reports.ready())).encode()))
    sentence = "It was ready on 2026-01-02"
    assert sentence in check("--require", "gpu=64", XDG_STATE_HOME=str(state.parent)).stdout
    assert sentence not in check("--require", "gpu=64", "--no-history").stdout


# --- what changed --------------------------------------------------------------------------------


def test_what_explains_the_failure_stands_first() -> None:
    found = changes.changes(told(reports.eight_gpus()), told(reports.blocked()))
    first = found.changes[0]
    assert (first.fact, first.before, first.after) == ("driver.version", "580.65.06", "470.57.02")
    assert views.in_words(first) == "driver: 580.65.06 → 470.57.02"


def moved(cause: str, because: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What changed, as words, between a ready machine and one with ``cause``; first what explains it."""
    facts = reports.cpu_facts()
    old = reports.ready(facts={**facts, **reports.known(**before)})
    finding = Finding(reports.rule(cause), "blocking", reports.known(**because), ())
    now = {**facts, **reports.known(**after), **finding.because}
    new = reports.ready(facts=now, verdict="blocked", findings=(finding,))
    return [views.in_words(change) for change in changes.changes(told(old), told(new)).changes]


def test_a_new_kernel_explains_a_driver_that_is_not_loaded() -> None:
    lines = moved(
        "driver-not-loaded",
        {"driver__module_version": None, "platform__release": "6.8.0-47-generic"},
        {
            "platform__release": "6.8.0-45-generic",
            "driver__module_version": "550.54.14",
            "platform__glibc": "2.35",
        },
        {"platform__release": "6.8.0-47-generic", "platform__glibc": "2.36"},
    )
    assert lines == [
        "kernel: 6.8.0-45-generic → 6.8.0-47-generic",
        "driver's kernel module: 550.54.14 → none",
        "glibc: 2.35 → 2.36",
    ]


def test_packages_and_variables() -> None:
    lines = moved(
        "keras-version-conflict",
        {"python__keras": "2.15.0"},
        {"python__keras": "3.5.0", "python__packages": {"keras": "3.5.0", "absl": "1", "six": "1"}},
        {
            "python__packages": {"keras": "2.15.0", "absl": "1", "wheel": "2"},
            "tensorflow__environment": {"TF_X": "1"},
        },
    )
    assert lines[0] == "package keras: 3.5.0 → 2.15.0"
    assert {"package six is gone (it was 1)", "package wheel was added: 2"} <= set(lines)


def test_noise_is_no_change() -> None:
    facts = reports.cpu_facts()
    noisy = reports.known(
        platform__memory_gb=3.9, platform__memory_available_gb=0.5, tensorflow__import_seconds=30.0,
        platform__disks=[{"role": "home", "path": "/", "free_gb": 1}], hardware__cpu_flags=["b", "a"],
        python__prefix="<project-2>/.venv",
        training__devices=[{**facts["training.devices"].value[0], "step_ms": 2.8}],  # type: ignore[union-attr]
    )  # fmt: skip
    calm = reports.known(
        platform__memory_available_gb=3.0, hardware__cpu_flags=["a", "b"], python__prefix="<project-1>/.venv"
    )
    old, new = reports.ready(facts={**facts, **calm}), reports.ready(facts={**facts, **noisy})
    assert changes.changes(told(old), told(new)).changes == ()


def test_a_speed_counts_beyond_a_quarter() -> None:
    facts = reports.cpu_facts()
    device = {"device": "/device:CPU:0", "kind": "CPU", "outcome": "ok", "step_ms": 3.0}
    new = reports.ready(facts={**facts, "training.devices": Known([device])})
    (change,) = changes.changes(told(reports.ready()), told(new)).changes
    assert (change.part, change.before, change.after) == ("/device:CPU:0", 2.3104, 3.0)


@pytest.mark.parametrize("form", ["terminal", "markdown", "html", "json"])
def test_every_format(form: str, tmp_path: Path) -> None:
    for name, report in (("old", reports.eight_gpus()), ("new", reports.blocked())):
        (tmp_path / f"{name}.json").write_text(data.text(data.report(report)), "utf-8")
    result = invoke("diff", str(tmp_path / "old.json"), str(tmp_path / "new.json"), "--format", form)
    assert result.exit_code == 0 and "470.57.02" in result.stdout
    if form == "json":
        VALIDATOR.validate(json.loads(result.stdout))


def test_strangers_reports_are_not_relied_on() -> None:
    bad: dict[str, Any] = {
        "schema": "envcheck-report/1", "verdict": "blocked", "target": 3, "created": [], "explanation": None,
        "findings": [{"cause": 1, "because": {"driver.version": {"value": {}, "source": 4}, "x": 3}}],
        "facts": {
            "python.packages": {"value": [1, None]},
            "hardware.gpus": {"value": {"a": 1}},
            "driver.version": 5,
        },
    }  # fmt: skip
    assert changes.is_report(bad)
    for old, new in (
        (bad, told(reports.ready())),
        (told(reports.ready()), bad),
        (bad, {**bad, "findings": []}),
    ):
        found = changes.changes(old, new)
        VALIDATOR.validate(json.loads(json.dumps(diff_data.record(found))))
        views.view(found)


def test_many_changes_of_one_kind_take_one_row() -> None:
    packages = {f"package-{number}": "1" for number in range(20)}
    old = reports.ready(facts=reports.known(python__packages=packages))
    new = reports.ready(facts=reports.known(python__packages={}))
    found = changes.changes(told(old), told(new))
    assert "package: 20 (-v names all)" in str(views.view(found)) and "package-9" not in str(
        views.view(found)
    )
    assert "package-9" in str(views.view(found, whole=True))
