"""The command line: the default command, every exit code, wrong usage, nothing half-written."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import psutil
import pytest
from click.testing import Result

from envcheck import __version__, examine, interrupts, rulebook, words
from envcheck.cli import cli
from envcheck.model import Wrong

from . import machines, reports
from .command_line import invoke

ROOT = Path(__file__).parent.parent
ENVCHECK = [sys.executable, "-m", "envcheck"]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    yield
    words.use("en")


@pytest.fixture
def snapshot(tmp_path: Path) -> str:
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(machines.machine("linux-cpu-ready")), "utf-8")
    return str(path)


def process(*args: str, **more: Any) -> Any:
    options = {"capture_output": True, "text": True, "check": False, "cwd": ROOT, "timeout": 120, **more}
    return subprocess.run([*ENVCHECK, *args], **options)


def one_sentence(result: Result, *parts: str) -> None:
    """Wrong usage: code 2, one line on standard error, nothing on standard output."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("envcheck: ") and result.stderr.count("\n") == 1, result.stderr
    for part in parts:
        assert part in result.stderr


# --- commands and options -------------------------------------------------------------------------


def test_check_is_the_default_command(snapshot: str) -> None:
    named, unnamed = invoke("check", "--from", snapshot), invoke("--from", snapshot)
    assert named.stdout == unnamed.stdout and "✓ Ready" in named.stdout
    assert named.exit_code == unnamed.exit_code == 0


def test_the_version() -> None:
    said = invoke("--version").stdout
    assert re.fullmatch(rf"envcheck {re.escape(__version__)} \(tables of \d{{4}}-\d\d-\d\d\)\n", said)


def test_help_names_the_commands_and_the_options_of_the_default_one() -> None:
    for flag in ("-h", "--help"):
        text = invoke(flag).stdout
        for part in ("check", "rules", "--quick", "--require", "--version", "Usage: "):
            assert part in text


def test_help_speaks_the_language() -> None:
    for result in (
        invoke("--lang", "zh", "--help"),
        invoke("-h", env={"LANG": "zh_CN.UTF-8"}),
    ):
        assert "用法" in result.stdout and "选项" in result.stdout
        assert "Show this help" not in result.stdout and "Usage" not in result.stdout


def test_every_option_of_every_command_has_a_help_text() -> None:
    for command in (cli, *cli.commands.values()):
        assert command.help
        options = [param for param in command.params if isinstance(param, click.Option)]
        assert all(option.help for option in options)


@pytest.mark.parametrize(
    ("args", "parts"),
    [
        (["--format", "xml"], ["--format xml", "terminal, markdown, html, json, junit, github"]),
        (["--lang", "de"], ["--lang de", "en, zh"]),
        (["--fast"], ["--fast"]),
        (["--quik"], ["--quik", "--quick"]),
        (["--python"], ["--python needs a value"]),
        (["chek"], ["chek", "check, ", ", rules"]),
        (["check", "one", "two"], ["one two"]),
        (["--timeout", "soon"], ["--timeout soon", "above 0"]),
        (["--timeout", "0"], ["--timeout 0", "above 0"]),
        (["--max-seconds", "-1"], ["--max-seconds -1"]),
        (["--max-seconds", "nan"], ["--max-seconds nan"]),
        (["--gpu-memory", "1.5"], ["--gpu-memory 1.5"]),
        (["--require", "tpu"], ["--require tpu"]),
        (["--config", "/nowhere/envcheck.toml"], ["/nowhere/envcheck.toml"]),
        (["--python", "/nowhere/python"], ["/nowhere/python"]),
        (["--from", "/nowhere/machine.json"], ["/nowhere/machine.json"]),
        (["--from", "/dev/null", "--python", "python3"], ["--python", "--from"]),
        (["rules", "--layer", "kernel"], ["--layer kernel", "driver"]),
    ],
)
def test_wrong_usage_is_one_sentence(args: list[str], parts: list[str]) -> None:
    one_sentence(invoke(*args), *parts)


def test_complaints_speak_the_language() -> None:
    result = invoke("--quik", env={"LANG": "zh_CN.UTF-8"})
    one_sentence(result, "没有选项 --quik")


def test_a_python_that_is_no_python(tmp_path: Path) -> None:
    plain, script = tmp_path / "plain", tmp_path / "script"
    plain.write_text("")
    script.write_text("#!/bin/sh\necho I am a shell\n")
    script.chmod(0o755)
    one_sentence(invoke("--python", str(plain)), str(plain))
    one_sentence(invoke("--python", str(script)), str(script))
    one_sentence(invoke("--python", str(tmp_path)), str(tmp_path))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"schema": "sarif"}',
        '{"schema": "envcheck-machine/99"}',
        "\x00\x01",
        '{"schema": "envcheck-machine/1"}',
        '{"schema": "envcheck-machine/1", "target": {"python": "p"}}',
        pytest.param("[" * 100_000, id="deep"),
    ],
)
def test_a_broken_or_foreign_snapshot(text: str, tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    path.write_text(text, "utf-8")
    one_sentence(invoke("--from", str(path)), str(path))


def test_a_snapshot_that_is_no_text_or_no_file(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    path.write_bytes(b"\xff\xfe\x00{")
    one_sentence(invoke("--from", str(path)), str(path))
    one_sentence(invoke("--from", str(tmp_path)), str(tmp_path))


def test_an_unreadable_rules_folder(snapshot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulebook, "rules_folder", lambda: Path("/nowhere/rules"))
    one_sentence(invoke("--from", snapshot), "/nowhere/rules")
    one_sentence(invoke("rules"), "/nowhere/rules")


def test_the_rules_are_listed() -> None:
    everything, drivers = invoke("rules").stdout, invoke("rules", "--layer", "driver").stdout
    assert "driver-too-old" in drivers and "glibc-too-old" not in drivers
    assert "driver-too-old" in everything and "glibc-too-old" in everything
    assert not [row for row in everything.splitlines() if "{" in row]


# --- exit codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "strict", "code"),
    [("ready", False, 0), ("ready", True, 0), ("degraded", False, 0), ("degraded", True, 1),
     ("blocked", False, 1), ("undecided", False, 3), ("undecided", True, 3)],
)  # fmt: skip
def test_the_verdict_is_the_exit_code(
    verdict: Any, strict: bool, code: int, snapshot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = reports.blocked() if verdict == "blocked" else reports.ready()
    monkeypatch.setattr(
        examine, "examine", lambda host, asked, *_: report._replace(verdict=verdict, strict=asked.strict)
    )
    for format in ("terminal", "json"):
        more = ["--strict"] if strict else []
        assert invoke("--from", snapshot, "--format", format, *more).exit_code == code


def fail(error: BaseException) -> Any:
    def failing(*_: Any) -> Any:
        raise error

    return failing


def test_a_bug_is_70_and_asks_for_a_report(snapshot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "examine", fail(ZeroDivisionError("division by zero")))
    result = invoke("--from", snapshot)
    assert (result.exit_code, result.stdout) == (70, "")
    assert "ZeroDivisionError: division by zero (test_cli.py:" in result.stderr
    assert "Please report it" in result.stderr
    assert "Traceback" not in result.stderr and result.stderr.count("\n") == 1
    assert "Traceback" in invoke("--from", snapshot, "-v").stderr


def test_a_wrong_from_deep_inside_is_2(snapshot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "examine", fail(Wrong("the cable is loose")))
    one_sentence(invoke("--from", snapshot), "envcheck: the cable is loose\n")


def test_an_interrupt_is_130_and_closes_the_machine(snapshot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    opened = examine.open_machine(examine.Asked(from_=snapshot))
    monkeypatch.setattr(opened, "close", lambda: closed.append(True))
    monkeypatch.setattr(examine, "open_machine", lambda asked: opened)
    monkeypatch.setattr(examine, "examine", fail(KeyboardInterrupt()))
    result = invoke("--from", snapshot, "--output", snapshot + ".out")
    assert (result.exit_code, result.stdout, closed) == (130, "", [True])
    assert "interrupted" in result.stderr
    assert not Path(snapshot + ".out").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_soon_with_130_and_no_child_stays(number: int, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\n[ "$1" = -V ] && { echo Python 3.11.7; exit; }\nexec sleep 300\n')
    python.chmod(0o755)
    out = tmp_path / "report.txt"
    started = subprocess.Popen(
        [*ENVCHECK, "--python", str(python), "--output", str(out)], cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    children = wait_for_children(started.pid)
    started.send_signal(number)
    out_text, err_text = started.communicate(timeout=20)
    assert (started.returncode, out_text) == (130, "")
    assert err_text == "envcheck: interrupted\n"
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    assert sorted(path.name for path in tmp_path.iterdir()) == ["python"]


def wait_for_children(pid: int) -> list[psutil.Process]:
    """The sleeping children of the process, once there are some."""
    parent, until = psutil.Process(pid), time.monotonic() + 30
    while time.monotonic() < until:
        children = parent.children(recursive=True)
        if any(child.name() == "sleep" for child in children):
            return children
        time.sleep(0.05)
    raise AssertionError("no child was started")


# --- where the answer goes ------------------------------------------------------------------------


def test_a_reader_that_leaves_changes_nothing(snapshot: str) -> None:
    for args, code in ((["--from", snapshot], 0), (["rules"], 0), (["--help"], 0), (["--version"], 0)):
        reading, writing = os.pipe()
        os.close(reading)
        done = process(*args, capture_output=False, stdout=writing, stderr=subprocess.PIPE)
        os.close(writing)
        assert (done.returncode, done.stderr) == (code, ""), args


def test_no_standard_streams_at_all(snapshot: str) -> None:
    for closed in (">&-", "2>&-", ">&- 2>&-", "<&-"):
        line = f"{' '.join(ENVCHECK)} --from {snapshot} {closed}"
        done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), closed


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_2(snapshot: str) -> None:
    with open("/dev/full", "w") as full:
        done = process("--from", snapshot, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert (
        done.stderr.startswith("envcheck: cannot write to standard output: ") and done.stderr.count("\n") == 1
    )
    one_sentence(invoke("--from", snapshot, "--output", "/dev/full"), "cannot write /dev/full")


def test_output_is_written_whole_and_replaces_what_was_there(snapshot: str, tmp_path: Path) -> None:
    out = tmp_path / "folder" / "report.txt"
    out.parent.mkdir()
    out.write_text("old")
    out.chmod(0o640)
    (tmp_path / "link").symlink_to(out)
    result = invoke("--from", snapshot, "--output", str(tmp_path / "link"))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "✓ Ready" in out.read_text("utf-8")
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert (tmp_path / "link").is_symlink()
    assert [path.name for path in out.parent.iterdir()] == ["report.txt"]


def test_a_new_file_is_readable_as_any_new_file(snapshot: str, tmp_path: Path) -> None:
    out = tmp_path / "report.txt"
    invoke("--from", snapshot, "--output", str(out))
    (tmp_path / "other").write_text("")
    assert stat.S_IMODE(out.stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)


def test_a_write_that_fails_leaves_what_was_there(
    snapshot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "folder" / "report.txt"
    out.parent.mkdir()
    out.write_text("old")
    monkeypatch.setattr(os, "replace", fail(OSError(errno.ENOSPC, "No space left on device")))
    one_sentence(invoke("--from", snapshot, "--output", str(out)), str(out), "No space left on device")
    assert [path.name for path in out.parent.iterdir()] == ["report.txt"]
    assert out.read_text() == "old"


@pytest.mark.parametrize("option", ["--output", "--record"])
def test_where_nothing_can_be_written_nothing_is_examined(
    option: str, snapshot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examine, "examine", fail(AssertionError("examined in vain")))
    one_sentence(invoke("--from", snapshot, option, str(tmp_path)), str(tmp_path), "folder")
    one_sentence(invoke("--from", snapshot, option, str(tmp_path / "no" / "file")), str(tmp_path / "no"))


def test_a_recording_examines_to_the_same(snapshot: str, tmp_path: Path) -> None:
    again = tmp_path / "again.json"
    first = invoke("--from", snapshot, "--record", str(again))
    assert first.exit_code == 0
    assert json.loads(again.read_text("utf-8"))["schema"].startswith("envcheck-machine/")
    assert "✓ Ready" in invoke("--from", str(again)).stdout


# --- surroundings ---------------------------------------------------------------------------------


def test_hostile_surroundings(tmp_path: Path) -> None:
    """No HOME, no PATH, a HOME that cannot be written, an unknown terminal: a report all the same."""
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o555)
    for env in (
        {},
        {"HOME": str(home)},
        {"HOME": "/nowhere", "PATH": ""},
        {"TERM": "nonsense", "LANG": "xx"},
    ):
        done = process("--quick", "--no-history", "--python", sys.executable, env=env)
        assert done.returncode in (0, 1, 3), done.stderr
        assert done.stderr == ""
        assert "platform" in done.stdout
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp936", "utf-8"])
def test_no_encoding_breaks_it(encoding: str, snapshot: str) -> None:
    env = {**os.environ, "PYTHONIOENCODING": encoding, "LANG": "zh_CN.UTF-8"}
    done = process("--from", snapshot, env=env, text=False)
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode(encoding)
    assert ("就绪" in text) == (encoding in ("cp936", "utf-8"))
    assert ("Ready" in text) == (encoding in ("ascii", "cp1252"))
    report = process("--from", snapshot, "--format", "json", "--lang", "zh", env=env, text=False)
    assert json.loads(report.stdout.decode(encoding))["verdict"] == "ready"


def test_a_signal_waits_for_what_must_be_done_whole() -> None:
    done = []
    with pytest.raises(interrupts.Interrupted), interrupts.raised():
        with interrupts.undisturbed(), interrupts.undisturbed():
            signal.raise_signal(signal.SIGTERM)
            done.append("whole")
        done.append("never")
    assert done == ["whole"]
    with pytest.raises(interrupts.Interrupted), interrupts.raised():
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["ex"], {"explain"}),
        (["re"], {"report"}),
        (["check", "--no"], {"--no-train", "--no-history"}),
        (["rules", "co"], {"compat"}),
        (["--ver"], {"--version"}),
    ],
)
def test_a_shell_completes_the_words(typed: list[str], offered: set[str]) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "_ENVCHECK_COMPLETE": "bash_complete"}
    env |= {"COMP_WORDS": " ".join(["envcheck", *typed]), "COMP_CWORD": str(len(typed))}
    program = "from envcheck.cli import main; main()"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} == offered, done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_scripts(shell: str) -> None:
    result = invoke("completion", shell)
    assert result.exit_code == 0 and "_ENVCHECK_COMPLETE" in result.stdout
    one_sentence(invoke("completion", "csh"), "csh", "bash, zsh, fish")
