"""Building an environment aside and moving it into place: real ones, real failures, real kills."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from envcheck.install import aside, running
from envcheck.install.carry_out import Outcome, carry_out
from envcheck.install.model import Plan, Step
from envcheck.model import Report, Text, Wrong

from . import reports

HERE = Path(__file__).parent


def silent(line: str, done: float | None) -> None:
    """Nobody is told."""


def step(*commands: list[str], scope: str = "environment") -> Step:
    return Step(Text("do"), Text("why"), scope, tuple(tuple(argv) for argv in commands))  # type: ignore[arg-type]


def plan(into: Path, *more: list[str], first: tuple[Step, ...] = ()) -> Plan:
    """An environment without pip (that is quick to make), and ``more`` commands in it."""
    made = step([sys.executable, "-m", "venv", "--without-pip", str(into)])
    return Plan(reports.TARGET, {}, "2.21.0", into=str(into), steps=(*first, made, step(*more)))


def python(into: Path, code: str) -> list[str]:
    return [str(into / "bin" / "python"), "-c", code]


#: A script with the environment's path in it, as pip writes them.
SCRIPT = """
import sys, os
path = os.path.join(sys.prefix, "bin", "hello")
open(path, "w").write("#!" + sys.executable + "\\nimport sys; print(sys.prefix)\\n")
os.chmod(path, 0o755)
"""


def ready(_: str) -> Report:
    return reports.ready()


def blocked(_: str) -> Report:
    return reports.ready(verdict="blocked")


def beside(into: Path) -> list[str]:
    return sorted(entry.name for entry in into.parent.iterdir())


def test_it_stands_where_it_was_wanted_and_its_scripts_run(tmp_path: Path) -> None:
    into = tmp_path / "new-env"
    done = carry_out(plan(into, python(into, SCRIPT)), silent, ready)
    assert done.done and done.place == str(into)
    said = subprocess.run([str(into / "bin" / "hello")], capture_output=True, text=True, check=True).stdout
    assert said.strip() == str(into)
    assert beside(into) == ["new-env"]
    assert json.loads((into / aside.MADE).read_text())["release"] == "2.21.0"
    for path in [into / "pyvenv.cfg", *(into / "bin").iterdir()]:
        if path.is_file() and not path.is_symlink():
            text = path.read_bytes()
            assert str(into).encode() in text or str(tmp_path).encode() not in text, path


@pytest.mark.parametrize("name", ["e", "ab", "环境", "an environment with blanks", "x" * 100])
def test_names_of_every_length(tmp_path: Path, name: str) -> None:
    into = tmp_path / name
    assert carry_out(plan(into, python(into, SCRIPT)), silent, ready).done
    said = subprocess.run(
        [str(into / "bin" / "python"), str(into / "bin" / "hello")], capture_output=True, check=True
    )
    assert said.stdout.decode().strip() == str(into) and beside(into) == [name]


def test_the_check_looks_at_the_environment_aside(tmp_path: Path) -> None:
    into, seen = tmp_path / "env", []

    def check(interpreter: str) -> Report:
        seen.append((interpreter, Path(interpreter).exists(), into.exists()))
        return reports.ready()

    assert carry_out(plan(into), silent, check).done
    [(interpreter, there, in_place)] = seen
    assert there and not in_place and not interpreter.startswith(str(into) + os.sep)


@pytest.mark.parametrize(
    ("code", "check"),
    [("raise SystemExit('no space left')", ready), ("pass", blocked)],
    ids=["a step fails", "the check is not ready"],
)
def test_a_failure_leaves_nothing(tmp_path: Path, code: str, check: object) -> None:
    into = tmp_path / "env"
    done = carry_out(plan(into, python(into, code)), silent, check)  # type: ignore[arg-type]
    assert not done.done and beside(into) == []
    assert (done.failed_step is not None) == ("raise" in code)
    assert ("no space left" in done.log) == ("raise" in code)


def test_a_failure_leaves_the_environment_that_was_there(tmp_path: Path) -> None:
    into = tmp_path / "env"
    assert carry_out(plan(into, python(into, SCRIPT)), silent, ready).done
    before = (into / "bin" / "hello").stat().st_ino
    assert not carry_out(plan(into, python(into, "raise SystemExit(1)")), silent, ready).done
    assert (into / "bin" / "hello").stat().st_ino == before and beside(into) == ["env"]
    assert carry_out(plan(into), silent, ready).done, "what envcheck made it may replace"
    assert not (into / "bin" / "hello").exists() and beside(into) == ["env"]


def test_it_is_replaced_also_where_folders_cannot_change_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "exchange", lambda one, other: False)
    into = tmp_path / "env"
    assert carry_out(plan(into, python(into, SCRIPT)), silent, ready).done
    assert carry_out(plan(into), silent, ready).done
    assert not (into / "bin" / "hello").exists() and beside(into) == ["env"]


@pytest.mark.parametrize("kind", ["file", "folder", "venv", "link"])
def test_what_others_made_is_not_touched(tmp_path: Path, kind: str) -> None:
    into = tmp_path / "env"
    if kind == "file":
        into.write_text("mine")
    elif kind == "link":
        into.symlink_to(tmp_path / "nowhere")
    else:
        into.mkdir()
        if kind == "venv":
            (into / "pyvenv.cfg").write_text("home = /usr/bin")
    with pytest.raises(Wrong, match="--into"):
        carry_out(plan(into), silent, ready)
    assert beside(into) == ["env"]


def test_steps_for_a_person_come_first(tmp_path: Path) -> None:
    into = tmp_path / "env"
    driver = step(["sudo", "apt", "install", "driver"], scope="system")
    done = carry_out(plan(into, first=(driver,)), silent, ready)
    assert done == Outcome(False, None, left=(driver,)) and beside(into) == []


def test_a_plan_without_an_environment_is_wrong() -> None:
    with pytest.raises(Wrong):
        carry_out(Plan(reports.TARGET, {}, None), silent, ready)


# --- interrupted and killed ----------------------------------------------------------------------

PROGRAM = f"""
import sys
sys.path[:0] = [{str(HERE.parent)!r}]
from pathlib import Path
from envcheck import interrupts
from envcheck.install.carry_out import carry_out
from tests.test_carry_out import plan, python, ready, silent, SCRIPT
into = Path(sys.argv[1])
slow = "import time, sys, os\\n"
slow += "open(os.path.join(sys.prefix, 'half'), 'w').close()\\ntime.sleep(float(sys.argv[1]))"
more = [*python(into, slow), sys.argv[2]]
print("begun", flush=True)
with interrupts.raised():
    carry_out(plan(into, python(into, SCRIPT), more), silent, ready)
"""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    into = tmp_path / "env"
    run = subprocess.Popen([sys.executable, "-c", PROGRAM, str(into), "60"], stdout=subprocess.PIPE)
    assert run.stdout and run.stdout.readline()
    yield into, run
    run.kill()
    run.wait()


def wait_for(found: object, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not found() and time.monotonic() < until:  # type: ignore[operator]
        time.sleep(0.02)
    assert found()  # type: ignore[operator]


def half(into: Path) -> list[Path]:
    return list(into.parent.glob("*/half"))


@pytest.mark.parametrize("end", ["SIGINT", "SIGTERM"])
def test_ctrl_c_leaves_nothing(started: tuple[Path, subprocess.Popen[bytes]], end: str) -> None:
    into, run = started
    wait_for(lambda: half(into))
    run.send_signal(getattr(signal, end))
    run.wait(60)
    assert beside(into) == []


def test_a_kill_leaves_no_environment_and_the_next_run_tidies_up(
    started: tuple[Path, subprocess.Popen[bytes]],
) -> None:
    into, run = started
    wait_for(lambda: half(into))
    run.kill()
    run.wait()
    assert not into.exists()
    assert carry_out(plan(into), silent, ready).done
    assert beside(into) == ["env"]


def test_a_run_beside_is_not_disturbed(started: tuple[Path, subprocess.Popen[bytes]]) -> None:
    into, run = started
    wait_for(lambda: half(into))
    assert carry_out(plan(into), silent, ready).done
    assert half(into), "what the other one builds is still there"
    assert run.poll() is None


def test_kills_at_random_moments_never_leave_half_an_environment(tmp_path: Path) -> None:
    """Half of them replace one that is there: then that, or the new one, must be whole."""
    chance = random.Random(7)
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        into = folder / "env"
        replaces = number % 2 == 1
        if replaces:
            assert carry_out(plan(into, python(into, SCRIPT)), silent, ready).done
        run = subprocess.Popen([sys.executable, "-c", PROGRAM, str(into), "0"], stdout=subprocess.PIPE)
        assert run.stdout and run.stdout.readline()
        time.sleep(chance.uniform(0, 0.6))
        run.kill()
        run.wait()
        assert into.exists() or not replaces
        if into.exists():
            said = subprocess.run([str(into / "bin" / "hello")], capture_output=True, text=True, check=True)
            assert said.stdout.strip() == str(into)
            assert (into / "half").exists() == (not replaces or (into / "half").exists())
        aside.recover(into)
        assert beside(into) in ([], ["env"])


@pytest.mark.skipif(sys.platform != "linux", reason="the bond between parent and child is Linux's")
def test_a_step_dies_with_us(started: tuple[Path, subprocess.Popen[bytes]]) -> None:
    import psutil

    into, run = started
    wait_for(lambda: half(into))
    children = psutil.Process(run.pid).children(recursive=True)
    assert children
    run.kill()
    run.wait()
    wait_for(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in children))


# --- one command ---------------------------------------------------------------------------------


def test_lines_and_progress_are_told() -> None:
    told: list[tuple[str, float | None]] = []
    code = r"print('one\ntwo'); print('Progress 5 of 10'); print('a\rb', end='')"
    ran = running.run([sys.executable, "-c", code], lambda line, done: told.append((line, done)))
    assert ran.code == 0 and "one" in ran.log
    assert told == [("one", None), ("two", None), ("", 0.5), ("a", None), ("b", None)]


def test_what_is_silent_for_too_long_is_ended() -> None:
    ran = running.run([sys.executable, "-c", "import time; time.sleep(600)"], silent, silent_seconds=1)
    assert ran.code is None


def test_what_cannot_be_started_is_a_failure() -> None:
    ran = running.run(["no-such-command-anywhere"], silent)
    assert ran.code not in (0, None)


def test_the_environment_of_a_step_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    ran = running.run(
        [sys.executable, "-c", "import os; print(os.environ.get('PYTHONPATH'), os.environ['PIP_NO_INPUT'])"],
        silent,
    )
    assert ran.log.split() == ["None", "1"]


@pytest.mark.parametrize(
    ("version", "asked"), [("24.0", False), ("24.1.2", True), ("26.3", True), ("9.0.1", False)]
)
def test_only_a_pip_that_can_is_asked_how_far_it_is(tmp_path: Path, version: str, asked: bool) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho 'pip {version} from /x/pip (python 3.11)'\n")
    python.chmod(0o755)
    argv = running.with_progress([str(python), "-m", "pip", "install", "numpy"])
    assert ("--progress-bar" in argv) == asked and argv[-1] == "numpy"
    assert running.with_progress([str(python), "-m", "venv", "x"]) == [str(python), "-m", "venv", "x"]
