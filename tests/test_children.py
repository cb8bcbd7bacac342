"""The children's protocol, with real child processes that behave badly."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from envcheck.host import Host, children
from envcheck.host.live import Live
from envcheck.model import NoAnswer, Target

from . import interpreters


def run(monkeypatch: pytest.MonkeyPatch, body: str, python: str = sys.executable, **live: object) -> dict:
    """Run ``body`` as the program of the child ``inventory``."""
    real = children.source
    monkeypatch.setattr(children, "source", lambda name: body if name == "inventory" else real(name))
    target = Target(python, "test")
    return Host(Live(target, **live), target).child("inventory")  # type: ignore[arg-type]


def named(result: dict, event: str) -> dict:
    return next(e for e in result["events"] if e["event"] == event)


def ends(pid: int) -> bool:
    """Whether the process ends: a killed one that is nobody's child any more needs a moment to die."""
    until = time.monotonic() + 20
    while running(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not running(pid)


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in "ZX"


def test_values_of_every_kind_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    body = (
        r"""emit("x", a=[1, 2.5, None, True, {"k": (3,)}], b=u"\u4e2d\U0001f600 \" \\ \n", c=float("nan"))"""
    )
    event = named(run(monkeypatch, body), "x")
    assert event["a"] == [1, 2.5, None, True, {"k": [3]}]
    assert event["b"] == '中😀 " \\ \n'
    assert event["c"] == "nan"
    assert event["at"] >= 0


def test_arguments_reach_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "source", _sources('emit("got", args=ARGS)'))
    target = Target(sys.executable, "test")
    given = {"path": "/tmp/中'\"\\", "list": [1, None, True], "skip": []}
    result = Host(Live(target), target).child("inventory", **given)
    assert named(result, "got")["args"] == given


def _sources(body: str):
    real = children.source
    return lambda name: body if name == "inventory" else real(name)


def test_what_the_program_prints_is_log_and_never_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    body = 'print(\'{"event": "forged"}\')\nos.write(1, b"raw\\n")\nemit("real")'
    result = run(monkeypatch, body)
    assert [e["event"] for e in result["events"]] == ["real", "end"]
    assert "forged" in result["log"]["head"] and "raw" in result["log"]["head"]


def test_a_forged_line_without_the_nonce_is_log(monkeypatch: pytest.MonkeyPatch) -> None:
    body = 'os.write(_events, b\'deadbeef {"event": "forged"}\\n\')\nemit("real")'
    result = run(monkeypatch, body)
    assert [e["event"] for e in result["events"]] == ["real", "end"]
    assert "forged" in result["log"]["head"]


@pytest.mark.parametrize("signal", ["SIGABRT", "SIGSEGV", "SIGILL", "SIGBUS", "SIGKILL"])
def test_a_signal_is_named_with_the_stage_and_the_last_lines(
    monkeypatch: pytest.MonkeyPatch, signal: str
) -> None:
    body = (
        f"import signal\nstage('import')\nos.write(2, b'last words')\nos.kill(os.getpid(), signal.{signal})"
    )
    result = run(monkeypatch, body)
    assert result["ended"]["kind"] == "signal"
    assert result["ended"]["signal"] == signal
    assert result["ended"]["stage"] == "import"
    assert result["log"]["head"] == "last words"


def test_a_child_that_hangs_is_killed_with_what_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    body = """
pid = os.fork()
if pid == 0:
    time.sleep(60)
emit("forked", pid=pid)
stage("import")
time.sleep(60)
"""
    result = run(monkeypatch, body, timeout=1)
    assert result["ended"]["kind"] == "timeout"
    assert result["ended"]["stage"] == "import"
    assert ends(named(result, "forked")["pid"])


def test_a_child_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    body = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    body += "emit('pid', pid=os.getpid())\ntime.sleep(60)"
    result = run(monkeypatch, body, timeout=1)
    assert result["ended"]["kind"] == "timeout"
    assert ends(named(result, "pid")["pid"])


def test_a_grandchild_that_holds_the_pipes_does_not_hold_us(monkeypatch: pytest.MonkeyPatch) -> None:
    body = "if os.fork() == 0:\n    time.sleep(120)\nemit('done')"
    begin = time.monotonic()
    result = run(monkeypatch, body)
    assert result["ended"]["kind"] == "exited"
    assert time.monotonic() - begin < 60


def test_a_grandchild_in_a_session_of_its_own_does_not_hold_us(monkeypatch: pytest.MonkeyPatch) -> None:
    body = "if os.fork() == 0:\n    os.setsid()\n    time.sleep(90)\nemit('done')"
    begin = time.monotonic()
    assert run(monkeypatch, body)["ended"]["kind"] == "exited"
    assert time.monotonic() - begin < 60


def test_a_child_that_kills_its_own_group_ends_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, "emit('last')\nos.killpg(0, 9)")
    assert result["ended"]["signal"] == "SIGKILL"
    assert named(result, "last")


def test_a_flood_is_stopped_and_its_ends_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    body = "stage('import')\nos.write(2, b'first')\nwhile True:\n    os.write(2, b'z' * 65536)"
    result = run(monkeypatch, body)
    assert result["ended"]["kind"] == "flood"
    assert result["log"]["head"].startswith("first")
    assert len(result["log"]["head"]) + len(result["log"]["tail"]) <= 2 * 256 * 1024
    assert result["log"]["bytes"] > 64 * 1024 * 1024


def test_an_exit_in_the_middle_has_no_end_event(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, "emit('a')\nos._exit(7)\n")
    assert result["ended"]["code"] == 7
    assert [e["event"] for e in result["events"]] == ["a"]


def test_a_start_that_dies_is_repeated_without_what_kills_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os; os.write(2, b'boom'); os._exit(9)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    result = run(monkeypatch, "emit('alive')")
    assert result["how"] == "isolated"
    assert [a["how"] for a in result["attempts"]] == ["normal"]
    assert "boom" in result["attempts"][0]["log"]


def test_shadowing_modules_in_the_working_directory_do_not_kill_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import venv

    # A fresh environment: an editable install as ours runs code of its own at each start.
    venv.create(tmp_path / "env", with_pip=False)
    names = ("json", "random", "socket", "select", "tensorflow", "subprocess", "tempfile", "typing")
    for name in names:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    python = str(tmp_path / "env" / "bin" / "python")
    result = run(monkeypatch, "emit('alive', loaded=sorted(sys.modules))", python=python)
    assert result["how"] == "normal"
    assert not set(names) & set(named(result, "alive")["loaded"])


def test_an_interpreter_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = run(monkeypatch, "emit('x')", python=str(tmp_path / "python"))
    assert result["ended"]["kind"] == "unstartable"
    assert result["events"] == []


def test_the_prologue_runs_on_every_interpreter_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = interpreters.found("2.7", "3.6", "3.9", "3.13")
    if not found:
        pytest.skip("no other interpreters on this machine")
    for version, python in found.items():
        result = run(monkeypatch, "emit('v', v=list(sys.version_info[:2]))", python=python)
        assert named(result, "v")["v"] == [int(part) for part in version.split(".")]


def test_a_waiting_child_goes_on_at_the_parents_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "source", _sources("emit('word', word=wait_for_go())"))
    target = Target(sys.executable, "test")
    live = Live(target, timeout=5)
    live.start("inventory", {})
    live.release("inventory", {"slow": True})
    assert named(Host(live, target).child("inventory"), "word")["word"] == {"slow": True}


def test_who_waits_for_a_waiting_child_gives_the_word(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, "emit('word', word=wait_for_go())", timeout=5)
    assert named(result, "word")["word"] == {}


def test_closing_kills_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "source", _sources("emit('x')\ntime.sleep(60)"))
    target = Target(sys.executable, "test")
    live = Live(target)
    live.start("inventory", {})
    (process,) = live._running
    live.close()
    assert process._popen.poll() is not None


def test_a_skipped_child_says_which_option_skipped_it() -> None:
    target = Target(sys.executable, "test")
    host = Host(Live(target, skip={"train": "--quick"}), target)
    with pytest.raises(NoAnswer) as no:
        host.child("train")
    assert no.value.kind == "skipped"
    assert no.value.values == {"option": "--quick"}


def test_sources_are_ascii_and_import_nothing_of_ours() -> None:
    inside = Path(children.__file__).parent.parent / "inside"
    for path in inside.rglob("*.py"):
        text = path.read_text("utf-8")
        assert text.isascii(), path
        assert "import envcheck" not in text and "from envcheck" not in text and "from ." not in text, path


def test_a_command_that_hangs_is_killed_and_said_so() -> None:
    target = Target(sys.executable, "test")
    host = Host(Live(target), target)
    with pytest.raises(NoAnswer) as no:
        host.run([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.5)
    assert no.value.kind == "failed"


def test_a_command_answers_with_code_and_both_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target(sys.executable, "test")
    host = Host(Live(target), target)
    code = "import os, sys; print(os.environ['LC_ALL']); sys.stderr.write('e'); sys.exit(3)"
    assert host.run([sys.executable, "-c", code]) == {"code": 3, "out": "C\n", "err": "e"}
    monkeypatch.delenv("PATH")
    assert host.run(["no-such-command-of-ours"]) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_denied_file_is_no_absent_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("x")
    path.chmod(0)
    target = Target(sys.executable, "test")
    with pytest.raises(NoAnswer) as no:
        Host(Live(target), target).read(str(path))
    assert no.value.kind == "denied"
