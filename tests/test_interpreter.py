"""Which interpreter is examined: a table of machines, and real ones for what a user may type."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from envcheck.host import Host
from envcheck.host.live import Live
from envcheck.interpreter import Own, choose, own
from envcheck.model import Target, Wrong
from envcheck.snapshot import replay

HOME = "/home/ada"
VENV = "home = /usr/bin\nversion = 3.11.2\n"
SYSTEM = Own("/usr/bin/python3", "/usr", "/usr", "3.11.2", False)
#: A python and the cfg that makes its folder a virtual environment.
FILE: dict[str, Any] = {"size": 1, "mode": 0o755}


def machine(files: dict[str, Any], env: dict[str, str] | None = None, **more: Any) -> Host:
    identity = {"system": "Linux", "cwd": HOME + "/project", "home": HOME, **more.pop("identity", {})}
    answers = {"identity": {"": identity}, "env": env or {}, **more}
    whole = {"schema": "envcheck-machine/1", "complete": True, "target": {"python": ""}}
    return replay({**whole, "files": files, "answers": answers})


def venv(folder: str, cfg: str = VENV) -> dict[str, Any]:
    return {f"{folder}/bin/python": FILE, f"{folder}/pyvenv.cfg": cfg}


def own_in(prefix: str, version: str = "3.11.2") -> Own:
    return Own(f"{prefix}/bin/python", prefix, "/usr", version, False)


VERSION_311 = {"run": {"/usr/bin/python3 -V": {"code": 0, "out": "Python 3.11.2\n", "err": ""}}}
PATH = {"PATH": "/usr/local/bin:/usr/bin"}
USR = {"/usr/bin/python3": FILE}

TABLE: dict[str, tuple[Host, Own, tuple[str, str, str | None, tuple[str, ...]]]] = {
    "its own virtual environment": (
        machine(venv("/code/.venv")), own_in("/code/.venv"),
        ("/code/.venv/bin/python", "envcheck's own environment", "venv", ()),
    ),
    "its own, and the activated one is told": (
        machine({**venv("/code/.venv"), **venv("/other")}, {"VIRTUAL_ENV": "/other"}), own_in("/code/.venv"),
        ("/code/.venv/bin/python", "envcheck's own environment", "venv", ("/other/bin/python",)),
    ),
    "its own conda environment, which has no base": (
        machine({"/opt/conda/envs/tf/conda-meta": {"dir": True}}),
        Own("/opt/conda/envs/tf/bin/python", "/opt/conda/envs/tf", "/opt/conda/envs/tf", "3.12.1", False),
        ("/opt/conda/envs/tf/bin/python", "envcheck's own environment", "conda", ()),
    ),
    "in pipx: the activated one": (
        machine({**venv("/p/envcheck"), "/p/envcheck/pipx_metadata.json": "{}", **venv("/code/.venv")},
                {"VIRTUAL_ENV": "/code/.venv"}), own_in("/p/envcheck"),
        ("/code/.venv/bin/python", "VIRTUAL_ENV", "venv", ()),
    ),
    "installed by uv tool: the activated conda environment": (
        machine({**venv("/t/envcheck"), "/t/envcheck/uv-receipt.toml": "", "/c/bin/python": FILE,
                 "/c/conda-meta": {"dir": True}}, {"CONDA_PREFIX": "/c"}), own_in("/t/envcheck"),
        ("/c/bin/python", "CONDA_PREFIX", "conda", ()),
    ),
    "by uvx: the project's .venv": (
        machine({**venv("/home/ada/.cache/uv/archive-v0/aPBx"),
                 **venv(HOME + "/project/.venv", VENV + "uv = 0.9\n")}),
        own_in("/home/ada/.cache/uv/archive-v0/aPBx"),
        (HOME + "/project/.venv/bin/python", "./.venv", "uv", ()),
    ),
    "from a .pyz, whatever starts it": (
        machine({**venv("/x"), **venv(HOME + "/project/.venv")}), own_in("/x")._replace(archive=True),
        (HOME + "/project/.venv/bin/python", "./.venv", "venv", ()),
    ),
    "VIRTUAL_ENV before CONDA_PREFIX, which is told": (
        machine({**venv("/v"), "/c/bin/python": FILE}, {"VIRTUAL_ENV": "/v", "CONDA_PREFIX": "/c"}), SYSTEM,
        ("/v/bin/python", "VIRTUAL_ENV", "venv", ("/c/bin/python",)),
    ),
    "conda's base, always active, is not told": (
        machine({**venv("/v"), "/c/bin/python": FILE},
                {"VIRTUAL_ENV": "/v", "CONDA_PREFIX": "/c", "CONDA_DEFAULT_ENV": "base"}), SYSTEM,
        ("/v/bin/python", "VIRTUAL_ENV", "venv", ()),
    ),
    "an environment whose Python has gone is the finding": (
        machine({"/v/bin/python": {"link": "/usr/bin/python3.9"}, "/v/pyvenv.cfg": VENV},
                {"VIRTUAL_ENV": "/v", **PATH}), SYSTEM,
        ("/v/bin/python", "VIRTUAL_ENV", "venv", ()),
    ),
    "an activated environment that was deleted does not count": (
        machine(USR, {"VIRTUAL_ENV": "/gone", **PATH}, **VERSION_311), SYSTEM,
        ("/usr/bin/python3", "python3 on PATH", "system", ()),
    ),
    "nothing but PATH": (
        machine(USR, PATH, **VERSION_311), SYSTEM, ("/usr/bin/python3", "python3 on PATH", "system", ()),
    ),
    "a pyenv shim without a version is passed over": (
        machine({"/usr/local/bin/python3": FILE, **USR}, PATH, run={
            "/usr/local/bin/python3 -V": {"code": 127, "out": "", "err": "pyenv: python3: command not found"},
            **VERSION_311["run"]}), SYSTEM,
        ("/usr/bin/python3", "python3 on PATH", "system", ()),
    ),
    "Windows: the launcher, not the Store's empty python.exe": (
        machine({"C:/Users/a/AppData/Local/Microsoft/WindowsApps/python.exe": {"size": 0}},
                {"PATH": r"C:\Users\a\AppData\Local\Microsoft\WindowsApps"},
                identity={"system": "Windows", "cwd": r"C:\work", "home": r"C:\Users\a"},
                run={"py -3 -c 'import sys; print(sys.executable)'":
                     {"code": 0, "out": "C:\\Python312\\python.exe\r\n", "err": ""}}),
        Own(r"C:\Python312\python.exe", r"C:\Python312", r"C:\Python312", "3.12.1", False),
        (r"C:\Python312\python.exe", "py -3", "system", ()),
    ),
    "Windows: the project's .venv": (
        machine({r"C:\work\.venv\Scripts\python.exe": FILE, r"C:\work\.venv\pyvenv.cfg": VENV},
                identity={"system": "Windows", "cwd": r"C:\work", "home": r"C:\Users\a"}),
        Own(r"C:\Python312\python.exe", r"C:\Python312", r"C:\Python312", "3.12.1", False),
        (r"C:\work\.venv\Scripts\python.exe", "./.venv", "venv", ()),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_without_python_option(case: str) -> None:
    host, running, (python, chosen, environment, others) = TABLE[case]
    target = choose(None, host, running)
    assert (target.python, target.chosen, target.environment, target.others) == (
        python, chosen, environment, others,
    )  # fmt: skip


def test_the_version_is_known_before_anything_is_started() -> None:
    host = machine(venv("/v"), {"VIRTUAL_ENV": "/v"})
    assert choose(None, host, SYSTEM).version == "3.11.2"


def test_no_python_at_all_is_one_sentence() -> None:
    with pytest.raises(Wrong, match="--python PATH"):
        choose(None, machine({}), SYSTEM)


def test_what_runs_the_tests_is_known() -> None:
    assert own().executable == sys.executable
    assert not own().archive


# --- --python, on this machine


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.chdir(tmp_path)
    nobody = Target("", "")
    return Host(Live(nobody), nobody)


def test_python_by_path_by_name_and_by_folder(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / "venv" / "pyvenv.cfg").write_text(VENV)
    monkeypatch.setenv("PATH", f"{tmp_path}/venv/bin")
    inside = str(tmp_path / "venv" / "bin" / "python")
    version = ".".join(map(str, sys.version_info[:3]))
    for option in (inside, "venv/bin/python", "./venv", str(tmp_path / "venv"), "venv", "python"):
        target = choose(option, host)
        assert (target.python, target.chosen, target.others) == (inside, "--python", ())
        assert (target.environment, target.version) == ("venv", version)


def script(path: Path, text: str, mode: int = 0o755) -> str:
    path.write_text(text)
    path.chmod(mode)
    return str(path)


@pytest.mark.skipif(os.name == "nt", reason="files are executable or not on POSIX")
def test_what_is_no_python_is_one_sentence(host: Host, tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("/nowhere/python")
    (tmp_path / "folder").mkdir()
    cases = {
        "no-such-command": "no such command on PATH",
        "./no/such/file": "there is no such file",
        str(tmp_path / "folder"): "it is not an environment",
        str(tmp_path / "dangling"): "/nowhere/python, which is not there",
        script(tmp_path / "plain", "text", 0o644): "not executable",
        script(tmp_path / "other", "#!/bin/sh\necho hello\n"): "no Python that can be started",
        script(tmp_path / "garbage", "\x7fELF nonsense"): "no Python that can be started",
        script(tmp_path / "fails", "#!/bin/sh\nexit 3\n"): "no Python that can be started",
        "/dev/null": "not a file",
    }
    for option, sentence in cases.items():
        with pytest.raises(Wrong) as wrong:
            choose(option, host)
        message = str(wrong.value)
        assert sentence in message and option in message and "\n" not in message


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for the interpreter")
def test_a_python_that_starts_and_dies_is_a_finding_not_a_wrong_word(host: Host, tmp_path: Path) -> None:
    """-V answers before any start-up file is read: what dies after it is examined."""
    broken = script(tmp_path / "python", '#!/bin/sh\n[ "$1" = -V ] && echo Python 3.11.7 && exit\nexit 9\n')
    target = choose(broken, host)
    assert (target.python, target.version) == (broken, "3.11.7")
    child = Host(Live(target), target).child("inventory")
    assert child["events"] == [] and len(child["attempts"]) == 3
