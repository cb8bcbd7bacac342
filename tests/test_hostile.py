"""What reality does to a check: start-up files, limits, closed streams, parents that are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from envcheck import interpreter, snapshot
from envcheck.diagnose import diagnose
from envcheck.formats import children as told
from envcheck.host import Host, children
from envcheck.host.live import Live
from envcheck.model import Fact, Known, NoAnswer, Target, Unknown, Wrong
from envcheck.probes.python import packages
from envcheck.probes.tensorflow import devices, importing
from envcheck.views import layers
from envcheck.views.values import Seen

from .command_line import invoke
from .environments import Environment

posix = pytest.mark.skipif(os.name == "nt", reason="only where there are signals and /dev")
linux = pytest.mark.skipif(sys.platform != "linux", reason="only on Linux")
OVER = "the time for the whole run was over"


def envcheck(*options: str, **extra: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "envcheck", *options]
    extra.setdefault("stdout", subprocess.PIPE)
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, **extra)


def live(python: str = sys.executable, **options: Any) -> Host:
    target = Target(python, "test")
    return Host(Live(target, **options), target)


def programs(monkeypatch: pytest.MonkeyPatch, **bodies: str) -> None:
    """Let the named children run these programs."""
    real = children.source
    monkeypatch.setattr(children, "source", lambda name: bodies.get(name) or real(name))


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def in_time(condition: Any) -> bool:
    until = time.monotonic() + 20
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return bool(condition())


# --- start-up files that are meant for the examined interpreter -----------------------------------


@pytest.mark.parametrize("body", ["import os; os._exit(7)", "import time; time.sleep(600)"])
def test_a_start_up_file_of_the_users_is_not_taken_for_a_driver_that_hangs(
    body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(body)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    host = live(timeout=15)
    for name in ("nvml", "libcuda"):
        child = host.child(name)
        assert (child["ended"]["kind"], child["attempts"]) == ("exited", [])
        assert told.first(child, "end")


def test_a_python_that_does_not_start_leaves_no_layer_above_it_in_order() -> None:
    silent = Unknown("failed", "the examined Python did not start: exit")
    facts: dict[str, Fact] = {"wanted.gpu": Known(0), "tensorflow.version": Known("2.20.0")}
    facts.update({"tensorflow.import_outcome": silent, "training.succeeded": silent})
    report = diagnose(facts, [], None, target=Target("python", "test"))
    assert report.verdict == "undecided"
    status = {layer.layer: layer.status for layer in report.layers}
    assert (status["tensorflow"], status["training"]) == ("unknown", "unknown")


def test_one_package_in_two_places_of_a_conda_environment() -> None:
    class Conda:
        def child(self, _: str) -> Any:
            return {"events": [{"event": "conda", "packages": [["numpy", "1.26.4", "0"]]}]}

    twice = [{"name": "numpy", "version": v, "installer": "pip", "location": v} for v in ("2.1.0", "1.26.4")]
    mixed = packages.conda_pip_mix(Conda(), {"python.distributions": twice})  # type: ignore[arg-type]
    assert mixed == [{"package": "numpy", "conda": "1.26.4", "pip": "2.1.0"}]


# --- --python -------------------------------------------------------------------------------------


@posix
def test_an_environment_whose_python_was_removed_is_named_by_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "bin" / "python").symlink_to(tmp_path / "gone" / "python3.11")
    with pytest.raises(Wrong, match=r"the link points to .*gone/python3\.11, which is not there"):
        interpreter.choose(str(tmp_path / "env"), live())


@posix
def test_what_a_shim_says_instead_of_a_version_is_passed_on(tmp_path: Path) -> None:
    shim = tmp_path / "python3"
    shim.write_text("#!/bin/sh\necho 'pyenv: version 3.99 is not installed' >&2\nexit 127\n")
    shim.chmod(0o755)
    with pytest.raises(Wrong, match=r"can be started \(pyenv: version 3\.99 is not installed\)"):
        interpreter.choose(str(shim), live())


# --- limits ---------------------------------------------------------------------------------------


@linux
def test_a_small_address_space_is_no_bug_of_ours() -> None:
    import resource

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))

    done = envcheck("--quick", "--format", "json", "--python", sys.executable, preexec_fn=little)
    assert done.returncode in (0, 1, 3), done.stderr
    assert json.loads(done.stdout)["facts"]["python.version"]["value"]


def test_without_threads_nothing_is_left_running(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("envcheck.host.process._thread.start_new_thread", none_left)
    host = live()
    with pytest.raises(NoAnswer) as no:
        host.run([sys.executable, "-c", "import time; time.sleep(60)"])
    assert no.value.kind == "failed"
    assert host.child("nvml")["ended"]["kind"] == "unstartable"


@posix
def test_the_runs_own_haste_is_no_hanging_import(monkeypatch: pytest.MonkeyPatch) -> None:
    programs(monkeypatch, train="stage('import')\ntime.sleep(60)", inventory="time.sleep(60)")
    host = live(max_seconds=0.5)
    host.start("train")
    for ask in (lambda: host.child("inventory"), lambda: host.run(["sleep", "60"], timeout=20)):
        with pytest.raises(NoAnswer, match=OVER):
            ask()
    assert host.child("train")["ended"]["kind"] == "stopped"
    for fact in (importing.import_outcome, importing.import_error):
        with pytest.raises(NoAnswer, match=OVER):
            fact(host)


def test_the_runs_own_haste_is_no_hanging_list_of_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    body = "emit('imported', version='2.20.0', seconds=1.0)\nstage('devices')\ntime.sleep(60)"
    programs(monkeypatch, train=body)
    host = live(max_seconds=0.5)
    assert importing.import_outcome(host) == "ok"
    with pytest.raises(NoAnswer, match=OVER):
        devices.devices_outcome(host, {"tensorflow.import_outcome": "ok"})


@posix
def test_an_import_that_hangs_is_asked_where_it_is(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "env")
    (environment.packages / "tensorflow").mkdir()
    (environment.packages / "tensorflow" / "__init__.py").write_text("import slow")
    (environment.packages / "slow.py").write_text("import time\n\ntime.sleep(600)\n")
    host = live(environment.python, timeout=2)
    assert importing.import_outcome(host) == "timeout"
    assert importing.import_frames(host)[-1].endswith("slow.py:3 in <module>")
    assert importing.import_error(host) is None


# --- the end of the parent, and of the streams ----------------------------------------------------


@linux
@pytest.mark.parametrize("body", ["time.sleep(600)", "while True: pass", "os.fork()\ntime.sleep(600)"])
def test_a_child_whose_parent_is_killed_ends_too(body: str) -> None:
    parent = f"""
from envcheck.host import Host, children
from envcheck.host.live import Live
from envcheck.model import Target
import sys, time
real = children.source
children.source = lambda name: {body!r} if name == "inventory" else real(name)
target = Target(sys.executable, "test")
machine = Live(target)
Host(machine, target).start("inventory")
print(machine._running[0]._popen.pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        running = in_time(lambda: "envcheck" in Path(f"/proc/{pid}/cmdline").read_text())
        time.sleep(0.3)  # until it watches
        process.kill()
    try:
        assert running and in_time(lambda: ended(pid))
    finally:
        if not ended(pid):
            os.killpg(pid, signal.SIGKILL)


@posix
def test_ctrl_c_while_our_modules_are_loaded_is_an_interruption_without_a_traceback() -> None:
    code = "import os, signal\nfrom envcheck import start\n"
    code += "start._end_at_once_on_ctrl_c()\nos.kill(os.getpid(), signal.SIGINT)\nimport time; time.sleep(9)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    assert (
        "_end_at_once_on_ctrl_c()\n    from .cli"
        in Path(interpreter.__file__).with_name("start.py").read_text()
    )


@pytest.mark.parametrize("columns", ["0", "1", "7"])
def test_a_width_of_nothing_still_shows_everything(columns: str, tmp_path: Path) -> None:
    """0 columns: a serial console, or a COLUMNS that was exported before it was set."""
    shown = invoke("rules", "--layer", "notice", env={"COLUMNS": columns})
    assert "notice-onednn" in shown.output.replace("\n", "").replace(" ", "")
    invoke("rules", "--output", str(tmp_path / "rules"), env={"COLUMNS": columns})
    assert len((tmp_path / "rules").read_text()) > 1000


@linux
def test_dev_stdout_may_be_a_pipe_or_a_file(tmp_path: Path) -> None:
    command = ("rules", "--format", "json", "--output", "/dev/stdout")
    assert json.loads(envcheck(*command).stdout)
    with (tmp_path / "all").open("a") as file:
        assert envcheck(*command, stdout=file).returncode == 0
        assert os.fstat(file.fileno()).st_ino == (tmp_path / "all").stat().st_ino
    assert json.loads((tmp_path / "all").read_text())


@linux
@pytest.mark.parametrize("options", [["--help"], ["--version"], ["rules"]])
def test_a_full_disk_behind_standard_output(options: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = envcheck(*options, stdout=full, env={**os.environ, "LANG": "C.UTF-8"})
    assert done.returncode == 2
    assert done.stderr == "envcheck: cannot write to standard output: No space left on device\n"


# --- recordings that are broken -------------------------------------------------------------------

WHOLE = {"kind": "exited", "code": 0, "signal": None}
LOG = {"head": "", "tail": "", "bytes": 0}


@pytest.mark.parametrize(
    "child",
    [
        {"events": [], "ended": {}, "log": LOG},
        {"events": [], "ended": WHOLE, "log": {}},
        {"events": [], "ended": WHOLE, "log": {**LOG, "bytes": "many"}},
        {"events": [{"at": 1}], "ended": WHOLE, "log": LOG},
    ],
)
def test_a_broken_child_in_a_recording_is_said_at_once(child: Mapping[str, Any]) -> None:
    machine = {
        "schema": snapshot.SCHEMA,
        "target": {"python": "python"},
        "answers": {"child": {"train": child}},
    }
    with pytest.raises(Wrong, match="broken"):
        snapshot.replay(machine)


def test_a_reason_that_is_no_text_in_a_recording_is_taken_as_one(tmp_path: Path) -> None:
    answers = {
        "child": {"train": {"unknown": 5, "kind": "failed"}},
        "env": {"PATH": {"unknown": [], "kind": ""}},
    }
    path = tmp_path / "machine.json"
    path.write_text(json.dumps({"schema": snapshot.SCHEMA, "target": {"python": "p"}, "answers": answers}))
    assert invoke("--from", str(path)).exit_code in (0, 3)


# --- what is said of it ---------------------------------------------------------------------------


def test_an_abort_before_the_first_device_is_shown_with_its_reason() -> None:
    log = "Check failed: ret == 0 (11 vs. 0) Thread creation via pthread_create() failed.\n"
    log += "*** Check failure stack trace: ***\n    @     0x7fbb3b488ce3  cfunction_call\n"
    error = told.last_words(log)
    assert error is not None and error.startswith("Check failed")
    facts: dict[str, Fact] = {"training.devices": Known([]), "training.error": Known(error)}
    facts.update({"training.stage": Known("first-operation"), "training.signal": Known("SIGABRT")})
    shown = layers.SUMMARIES["training"](Seen(facts))
    assert shown.startswith("first-operation failed: Check failed")


def test_an_import_that_hangs_is_not_blamed_on_what_was_logged_last() -> None:
    facts: dict[str, Fact] = {
        "tensorflow.import_outcome": Known("timeout"),
        "tensorflow.version": Known("2.20.0"),
    }
    facts["tensorflow.import_error"] = Known("To enable the following instructions: AVX2")
    facts["tensorflow.installed"] = Known(True)
    assert "import does not end" in layers.SUMMARIES["tensorflow"](Seen(facts))
