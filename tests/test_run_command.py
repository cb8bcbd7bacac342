"""A command that is run for its explanation: as it would run by itself, and never longer than it may."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from envcheck import command_python, watch_command
from envcheck.cli import cli, of_command
from envcheck.cli.out import Out
from envcheck.host import Host
from envcheck.host.live import Live
from envcheck.host.process import KEEP
from envcheck.model import NoAnswer, Target, Wrong

from .environments import Environment

posix = pytest.mark.skipif(os.name == "nt", reason="only where there are signals")

#: ``python -c RUN [seconds] -- command``: what the command line makes of it, without the explanation.
RUN = """
import sys
from envcheck import interrupts, watch_command
place = sys.argv.index("--")
own, command = sys.argv[1:place], sys.argv[place + 1 :]
try:
    with interrupts.raised():
        ended = watch_command.run(command, float(own[0]) if own else None)
except interrupts.Interrupted:
    sys.exit(130)
print(len(ended.output), file=open("kept", "w"))
sys.exit(ended.code)
"""


def started(folder: Path, *words: str, **extra: Any) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PYTHONPATH": str(Path(watch_command.__file__).parent.parent)}
    env.pop("PYTHONUNBUFFERED", None)
    extra = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **extra}
    return subprocess.Popen([sys.executable, "-c", RUN, *words], cwd=folder, env=env, **extra)


def run(folder: Path, *words: str, given: bytes = b"") -> tuple[int, bytes, bytes]:
    with started(folder, *words, stdin=subprocess.PIPE) as process:
        out, err = process.communicate(given, timeout=60)
    return process.returncode, out, err


def python(code: str) -> tuple[str, str, str]:
    return sys.executable, "-c", code


def written(path: Path) -> int:
    """The number that a process writes there, once it has."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if path.is_file() and path.read_text().strip():
            return int(path.read_text())
        time.sleep(0.02)
    raise AssertionError(f"nothing in {path}")


def gone(pid: int) -> bool:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        stat = Path(f"/proc/{pid}/stat")
        if stat.is_file() and stat.read_text().rpartition(")")[2].split()[0] in "ZX":
            return True  # dead, and nobody has asked how it died
        time.sleep(0.05)
    return False


# --- as it would run by itself --------------------------------------------------------------------


def test_streams_and_code_are_the_commands_own(tmp_path: Path) -> None:
    code = "import sys; d = sys.stdin.buffer.read(); sys.stdout.buffer.write(d)"
    code += "; sys.stderr.buffer.write(d[::-1])"
    data = bytes(range(256)) * 300
    assert run(tmp_path, "--", *python(code + "; sys.exit(7)"), given=data) == (7, data, data[::-1])
    assert run(tmp_path, "--", *python("pass")) == (0, b"", b"")


def test_output_comes_while_the_command_runs(tmp_path: Path) -> None:
    code = "print('ready', flush=True); print('got ' + input())"
    with started(tmp_path, "--", *python(code), stdin=subprocess.PIPE) as process:
        assert process.stdout and process.stdin
        assert process.stdout.readline().split() == [b"ready"]
        process.stdin.write(b"word\n")
        process.stdin.flush()
        assert process.stdout.readline().split() == [b"got", b"word"]


@posix
def test_python_does_not_hold_its_output_back_where_ours_is_a_terminal(tmp_path: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    code = "import os, sys; print(f'{os.environ.get(\"PYTHONUNBUFFERED\")} {sys.stdout.isatty()}')"
    with started(tmp_path, "--", *python(code), stdout=theirs) as process:
        os.close(theirs)
        assert os.read(ours, 100).split() == [b"1", b"False"]
        process.wait(30)
    os.close(ours)
    assert run(tmp_path, "--", *python(code))[1].split()[0] == b"None"


def test_a_flood_is_passed_on_whole_and_kept_in_part(tmp_path: Path) -> None:
    size = 8 * 1024 * 1024
    code = f"import sys; [sys.stdout.write('x' * 65535 + chr(10)) for _ in range({size // 65536})]"
    status, out, _ = run(tmp_path, "--", *python(code))
    assert status == 0
    assert len(out.replace(b"\r\n", b"\n")) == size
    assert int((tmp_path / "kept").read_text()) <= 2 * KEEP + 10


@posix
def test_a_reader_who_takes_his_time_loses_nothing(tmp_path: Path) -> None:
    with started(tmp_path, "--", *python("print('x' * 400000)"), stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        time.sleep(1.5)  # longer than a group may hold the pipes after its leader's end
        assert len(process.stdout.read()) == 400001
        assert process.wait(30) == 0


def test_a_reader_who_leaves_changes_nothing(tmp_path: Path) -> None:
    code = "import sys\nfor _ in range(200): print('x' * 10000)\nsys.exit(5)"
    with started(tmp_path, "--", *python(code)) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.wait(30) == 5


@posix
def test_what_it_leaves_in_the_background_lives_on_and_holds_nobody_up(tmp_path: Path) -> None:
    command = "sleep 300 & echo $! > pid; echo done"
    status, out, _ = run(tmp_path, "--", "sh", "-c", command)
    pid = written(tmp_path / "pid")
    try:
        assert (status, out) == (0, b"done\n")
        os.kill(pid, 0)
    finally:
        os.kill(pid, signal.SIGKILL)


# --- how it ends ----------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize(
    ("number", "word"),
    [
        (signal.SIGSEGV, "Segmentation fault"),
        (signal.SIGKILL, "Killed"),
        (signal.SIGILL, "Illegal instruction"),
    ],
)
def test_a_crash_has_the_shells_code_and_word(number: int, word: str) -> None:
    ended = watch_command.run(["sh", "-c", f"echo before; kill -{int(number)} $$"])
    assert (ended.code, ended.how) == (128 + number, "signal")
    assert ended.log.splitlines()[0] == "before"
    assert ended.log.splitlines()[1].startswith(word)


@posix
def test_a_crash_inside_a_wrapper_is_said_once() -> None:
    silent = watch_command.run(["sh", "-c", "exit 137"])
    assert (silent.code, silent.log) == (137, "Killed\n")
    loud = watch_command.run(["sh", "-c", "echo Killed; exit 137"])
    assert (loud.code, loud.log) == (137, "Killed\n")
    number = watch_command.run(["sh", "-c", "exit 200"])
    assert (number.code, number.how, number.log) == (200, "exited", "")


def test_a_windows_crash_is_said_as_it_is_searched_for() -> None:
    ended = watch_command._ended(0xC0000005, "Epoch 1/5")
    assert ended.code == -1073741819
    assert ended.log == "Epoch 1/5\nProcess finished with exit code -1073741819 (0xC0000005)\n"


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    ended = watch_command.run([str(tmp_path / "pyhton"), "train.py"])
    assert (ended.code, ended.how) == (127, "not started")
    assert "there is no such command" in ended.said


@posix
def test_a_file_that_cannot_be_started_is_not_called_missing(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("#!/nowhere/venv/bin/python\n")
    denied = watch_command.run([str(script)])
    assert (denied.code, denied.how) == (126, "not started")
    assert "ermission denied" in denied.said
    script.chmod(0o755)
    moved = watch_command.run([str(script)])
    assert moved.code == 126
    assert "its first line names a program that is not there" in moved.said


@posix
def test_a_timeout_ends_the_whole_group_and_says_where_it_was(tmp_path: Path) -> None:
    code = (
        "import subprocess, time\n"
        "child = subprocess.Popen(['sh', '-c', 'trap \"\" INT; sleep 300'])\n"
        "print(child.pid, file=open('pid', 'w'), flush=True)\n"
        "time.sleep(300)\n"
    )
    status, _, err = run(tmp_path, "2", "--", *python(code))
    assert status == 124
    assert b"KeyboardInterrupt" in err
    assert gone(written(tmp_path / "pid"))


@posix
def test_a_timeout_ends_who_does_not_listen(tmp_path: Path) -> None:
    code = "import os, signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    code += "print(os.getpid(), file=open('pid', 'w'), flush=True); time.sleep(300)"
    assert run(tmp_path, "1.5", "--", *python(code))[0] == 124
    assert gone(written(tmp_path / "pid"))


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_when_we_are_interrupted_the_group_is_gone(name: str, tmp_path: Path) -> None:
    code = "import subprocess, time\nchild = subprocess.Popen(['sleep', '300'])\n"
    code += "print(child.pid, file=open('pid', 'w'), flush=True)\ntime.sleep(300)"
    with started(tmp_path, "--", *python(code)) as process:
        pid = written(tmp_path / "pid")
        process.send_signal(getattr(signal, name))
        assert process.wait(30) == 130
    assert gone(pid)


# --- which Python it was --------------------------------------------------------------------------


class Machine:
    """Answers of a machine that has these ``files``, and on which these commands print a line."""

    def __init__(self, files: Mapping[str, str], prints: Mapping[str, str], system: str = "Linux") -> None:
        self.files, self.prints, self.system = files, prints, system
        self.ran: list[str] = []

    def answer(self, verb: str, key: str, *args: Any) -> Any:
        ask: Callable[[str], Any] = getattr(self, "_" + verb)
        return ask(key)

    def _identity(self, _: str) -> Any:
        return {"system": self.system, "cwd": "/project", "home": "/home/me"}

    def _env(self, name: str) -> str | None:
        path = r"C:\env\Scripts;C:\Windows" if self.system == "Windows" else "/env/bin:/usr/bin"
        return path if name == "PATH" else None

    def _stat(self, path: str) -> Any:
        return {"type": "file", "mode": 0o755, "size": 9} if path in self.files else None

    def _read(self, path: str) -> str | None:
        return self.files.get(path)

    def _run(self, line: str) -> Any:
        self.ran.append(line)
        if line not in self.prints:
            raise NoAnswer("failed", "no answer within {seconds} s", seconds=1)
        return {"code": 0, "out": self.prints[line] + "\n", "err": ""}


LINUX = {
    "/env/bin/torchrun": "#!/env/bin/python3.11\nimport re\n",
    "/env/bin/long": "#!/bin/sh\n'''exec' \"/a folder/bin/python\" \"$0\" \"$@\"\n' '''\nimport re\n",
    "/usr/bin/tool": "#!/usr/bin/env -S python3 -u\n",
    "/usr/bin/make": "\x7fELF",
    "./train.py": "#!/usr/bin/env python3\n",
    "run.sh": "#!/bin/bash\npython train.py\n",
}
ASK = "-c 'import sys; print(sys.executable)'"
PRINTS = {
    f"uv run --with numpy python {ASK}": "Installed 3 packages\n/cache/env/bin/python3",
    f"uv run python {ASK}": "/project/.venv/bin/python3",
    f"conda run -n tf --no-capture-output python {ASK}": "/opt/conda/envs/tf/bin/python",
}


@pytest.mark.parametrize(
    ("command", "python", "how"),
    [
        ("python train.py", "python", command_python.NAMED),
        ("venv/bin/python3.11 -u -m pkg.train --epochs 3", "venv/bin/python3.11", command_python.NAMED),
        ("env CUDA_VISIBLE_DEVICES=0 nice -n 5 python3 train.py", "python3", command_python.NAMED),
        ("CUDA_VISIBLE_DEVICES=0 python3 train.py", "python3", command_python.NAMED),
        ("timeout -k 5 60 python train.py", "python", command_python.NAMED),
        ("taskset -c 0-3 python train.py", "python", command_python.NAMED),
        ("mpirun -np 4 -H a:2,b:2 python train.py", "python", command_python.NAMED),
        ("nsys profile -o out /env/bin/python train.py", "/env/bin/python", command_python.NAMED),
        ("some-tool --flag python train.py", "python", command_python.NAMED),
        ("torchrun --nproc 2 train.py", "/env/bin/python3.11", command_python.SCRIPT),
        ("/env/bin/torchrun train.py", "/env/bin/python3.11", command_python.SCRIPT),
        ("long train.py", "/a folder/bin/python", command_python.SCRIPT),
        ("tool", "python3", command_python.SCRIPT),
        ("./train.py --fast", "python3", command_python.SCRIPT),
        ("uv run --with numpy train.py", "/cache/env/bin/python3", command_python.LAUNCHED),
        ("uv run -m pkg.train", "/project/.venv/bin/python3", command_python.LAUNCHED),
        ("uv run -- python train.py", "/project/.venv/bin/python3", command_python.LAUNCHED),
        (
            "conda run -n tf --no-capture-output python t.py",
            "/opt/conda/envs/tf/bin/python",
            command_python.LAUNCHED,
        ),
        ("nice uv run train.py", "/project/.venv/bin/python3", command_python.LAUNCHED),
    ],
)
def test_the_python_that_a_command_used(command: str, python: str, how: str) -> None:
    machine = Machine(LINUX, PRINTS)
    found = command_python.of(command.split(), Host(machine, Target("", "")))  # type: ignore[arg-type]
    assert found == (python, how)


def test_a_shells_words_are_read() -> None:
    host = Host(Machine(LINUX, PRINTS), Target("", ""))  # type: ignore[arg-type]
    script = "cd /x && export A=1; CUDA_VISIBLE_DEVICES='' python3 train.py --name 'a b'"
    assert command_python.of(["bash", "-lc", script], host) == ("python3", command_python.NAMED)
    assert command_python.of(["sh", "-c", "uv run train.py"], host) == (
        "/project/.venv/bin/python3",
        command_python.LAUNCHED,
    )


@pytest.mark.parametrize(
    "command", ["make train", "bash run.sh", "nosuch", "poetry run train", "uv pip list"]
)
def test_what_cannot_be_told_is_not_guessed(command: str) -> None:
    machine = Machine(LINUX, {})
    assert command_python.of(command.split(), Host(machine, Target("", ""))) is None  # type: ignore[arg-type]


def test_a_script_on_windows_belongs_to_the_environment_it_lies_in() -> None:
    files = {r"C:\env\Scripts\torchrun.exe": "MZ", r"C:\env\Scripts\python.exe": "MZ"}
    prints = {f"py -3.11 {ASK}": r"C:\Python311\python.exe"}
    host = Host(Machine(files, prints, "Windows"), Target("", ""))  # type: ignore[arg-type]
    assert command_python.of(["torchrun", "train.py"], host) == (
        r"C:\env\Scripts\python.exe",
        command_python.BESIDE,
    )
    assert command_python.of(["py", "-3.11", "train.py"], host) == (
        r"C:\Python311\python.exe",
        command_python.LAUNCHED,
    )
    assert command_python.of([r".\venv\Scripts\python.exe", "t.py"], host) == (
        r".\venv\Scripts\python.exe",
        command_python.NAMED,
    )


@posix
def test_the_target_is_that_python_and_says_why(tmp_path: Path) -> None:
    host = Host(Live(Target("", "")), Target("", ""))
    script = tmp_path / "train"
    script.write_text(f"#!{sys.executable}\n")
    script.chmod(0o755)
    target = command_python.target([str(script)], host)
    assert (target.python, target.chosen) == (sys.executable, command_python.SCRIPT)
    usual = command_python.target([shutil.which("true") or "true"], host)
    assert usual.chosen != command_python.SCRIPT
    broken = command_python.target([str(tmp_path / "python3.99"), "t.py"], host)
    assert (broken.python, broken.chosen) == (usual.python, usual.chosen)


# --- the command line's part ----------------------------------------------------------------------


def explained(
    argv: list[str], timeout: float | None = None, file: str | None = None
) -> tuple[int, list[Any]]:
    """The exit code, and what was given to be explained."""
    seen: list[Any] = []

    def explain(log: str, target: Target | None) -> None:
        seen.append((log, target))
        print("explained")

    return of_command.of_command(argv, timeout, Out("terminal", file, None), explain), seen


def test_what_the_two_streams_say_stands_in_lines_of_their_own(capfd: pytest.CaptureFixture[str]) -> None:
    """A Python whose output is unbuffered writes the end of a line by itself, after the line."""
    writes = "import os, time; say = lambda *args: (os.write(*args), time.sleep(0.2)); "
    code, seen = explained(
        [
            *python(
                writes
                + "say(1, b'step 1'); say(2, b'no module'); say(1, b'\\n'); say(2, b' named x'); exit(1)"
            )
        ]
    )
    assert code == 1
    assert sorted(seen[0][0].splitlines()) == ["no module named x", "step 1"]
    assert capfd.readouterr().out == "step 1\n"


def test_a_command_that_works_is_left_alone(capfd: pytest.CaptureFixture[str]) -> None:
    assert explained([*python("print('fine')")]) == (0, [])
    assert capfd.readouterr() == ("fine\n", "")


def test_a_command_that_fails_is_explained_on_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    code, seen = explained([*python("import sys; print('out'); sys.exit('no module named tensorflow')")])
    out, err = capfd.readouterr()
    assert (code, out) == (1, "out\n")
    assert err.splitlines()[0] == "no module named tensorflow"
    assert "the command ended with exit code 1" in err
    assert f"the Python in question: {sys.executable} (named in the command)" in err
    assert err.endswith("explained\n")
    ((log, target),) = seen
    assert sorted(log.splitlines()) == ["no module named tensorflow", "out"]
    assert target.python == sys.executable


def test_a_command_that_is_not_there_is_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    assert explained(["no-such-command-here"]) == (127, [])
    assert capfd.readouterr() == ("", "envcheck: no-such-command-here: there is no such command\n")


@posix
def test_a_timeout_and_a_crash_are_explained_too(capfd: pytest.CaptureFixture[str]) -> None:
    code, seen = explained([*python("import time; time.sleep(60)")], timeout=1)
    assert (code, len(seen)) == (124, 1)
    assert "the command was ended after 1 s" in capfd.readouterr().err
    code, seen = explained([*python("import os; os.abort()")])
    assert (code, seen[0][0]) == (134, "Aborted\n")
    assert "the command ended with: Aborted" in capfd.readouterr().err


def test_the_code_is_the_commands_even_where_nothing_can_be_explained(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def explain(*_: object) -> None:
        raise Wrong("cannot write it")

    argv = [*python("raise SystemExit(9)")]
    assert of_command.of_command(argv, None, Out("terminal", None, None), explain) == 9
    assert capfd.readouterr().err.endswith("envcheck: cannot write it\n")


def offered(option: str) -> bool:
    command = cli.commands.get("explain")
    return command is not None and any(option in param.opts for param in command.params)


whole = pytest.mark.skipif(not offered("--timeout"), reason="the command line does not run commands yet")


def envcheck(*words: str, **extra: Any) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "envcheck", "explain", *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120, **extra)


@whole
def test_the_whole_way_of_a_command_that_fails(tmp_path: Path) -> None:
    bare = Environment(tmp_path / "env")
    (tmp_path / "train.py").write_text("print('begin')\nimport tensorflow as tf\n")
    done = envcheck("--lang", "en", "--", bare.python, "train.py", "-v", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "begin\n")
    assert done.stderr.startswith("Traceback (most recent call last):")
    assert "tensorflow-not-installed" in done.stderr
    assert f"{bare.python} -m pip install" in done.stderr, "the fix is for the Python that the command used"


@whole
def test_the_whole_way_of_a_command_that_works() -> None:
    done = envcheck("--", sys.executable, "-c", "print('fine')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")


@whole
def test_the_explanation_may_go_into_a_file(tmp_path: Path) -> None:
    words = ("--format", "json", "--output", str(tmp_path / "told.json"))
    done = envcheck(*words, "--", sys.executable, "-c", "import sys; print(1); sys.exit('x')")
    assert (done.returncode, done.stdout) == (1, "1\n")
    assert json.loads((tmp_path / "told.json").read_text())["schema"]


@whole
def test_wrong_options_are_said_before_anything_runs(tmp_path: Path) -> None:
    code = f"open({str(tmp_path / 'ran')!r}, 'w')"
    for words in (("--given", "colour=red"), ("--timeout", "soon"), ("--format", "xml")):
        assert envcheck(*words, "--", sys.executable, "-c", code).returncode == 2
    assert not (tmp_path / "ran").exists()


@whole
@posix
def test_ctrl_c_ends_the_command_and_us(tmp_path: Path) -> None:
    code = "import os, time\nprint(os.getpid(), file=open('pid', 'w'), flush=True)\ntime.sleep(300)"
    argv = [sys.executable, "-m", "envcheck", "explain", "--", *python(code)]
    env = {**os.environ, "PYTHONPATH": str(Path(watch_command.__file__).parent.parent)}
    with subprocess.Popen(argv, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True) as process:
        pid = written(tmp_path / "pid")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr and "KeyboardInterrupt" in process.stderr.read()
    assert gone(pid)
