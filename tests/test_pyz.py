"""``envcheck.pyz``: one file that runs with nothing installed, and says what the installed one says."""

from __future__ import annotations

import ast
import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import venv
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from envcheck.catalog import pyz, pyz_modules, pyz_packages
from envcheck.catalog.pyz_start import start
from envcheck.model import Wrong

from . import interpreters, machines

ROOT = Path(__file__).parent.parent
LARGEST = 1_000_000
VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
#: All that a recorded machine and its rules give, in every form.
SAYINGS = {
    **{
        f"a machine as {form}": ["--from", "MACHINE", "--format", form]
        for form in ("terminal", "json", "markdown", "html", "github", "junit")
    },
    "a machine in Chinese": ["--from", "MACHINE", "--lang", "zh"],
    "a log": ["explain", "LOG", "--given", "os=ubuntu 22.04"],
    "a cause": ["explain", "tensorflow-not-installed"],
    "the tables": ["rules", "compat"],
    "the rules": ["rules"],
    "a plan": ["install", "--from", "MACHINE"],
    "the help": ["--help"],
    "what cannot be": ["--from", "nowhere.json"],
}
LOG = "2026-11-21 10:00:00 W dso_loader.cc:59] Could not load dynamic library 'libcudart.so.11.0'\n"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[int, ...]]:
    file = tmp_path_factory.mktemp("pyz") / "envcheck.pyz"
    return file, pyz.build(file)


@pytest.fixture(scope="session")
def file(built: tuple[Path, tuple[int, ...]]) -> Path:
    return built[0]


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    folder = tmp_path_factory.mktemp("inputs")
    machine = machines.machine("docker-rtx4090-container-without-gpu")
    (folder / "machine.json").write_text(json.dumps(machine), "utf-8")
    (folder / "log.txt").write_text(LOG, "utf-8")
    return {"MACHINE": str(folder / "machine.json"), "LOG": str(folder / "log.txt")}


@cache
def found() -> dict[str, str]:
    """The interpreters here, by version; the one that runs the tests is always among them."""
    own = ".".join(map(str, sys.version_info[:2]))
    return {**interpreters.found(*VERSIONS), own: getattr(sys, "_base_executable", sys.executable)}


def python_of(version: str, least: tuple[int, ...]) -> str:
    if tuple(map(int, version.split("."))) < least:
        pytest.skip(f"the packages installed here need Python {'.'.join(map(str, least))}")
    return found().get(version) or pytest.skip(f"there is no Python {version} here")


def run(
    command: list[str], cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """The command in an environment that holds nothing but where to look for programs."""
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "LC_ALL": "C.UTF-8", **(env or {})}
    return subprocess.run(command, cwd=cwd, env=bare, capture_output=True, check=False)


# --- the file


def test_it_is_small(file: Path) -> None:
    assert file.stat().st_size < LARGEST


def test_the_same_packages_make_the_same_file(file: Path, tmp_path: Path) -> None:
    pyz.build(tmp_path / "again.pyz")
    assert (tmp_path / "again.pyz").read_bytes() == file.read_bytes()


def test_nothing_compiled_and_nothing_for_developers_is_in_it(file: Path) -> None:
    names = zipfile.ZipFile(file).namelist()
    assert names[0] == "__main__.py"
    assert not [name for name in names if name.endswith((".so", ".pyd", ".pyc", ".po")) or "catalog" in name]


def test_every_package_brings_its_licence(file: Path) -> None:
    text = " ".join(zipfile.ZipFile(file).namelist()).lower().replace("_", "-")
    for package in pyz_packages.LEFT_OUT:
        # nvidia-ml-py has no licence file: its module begins with it.
        assert package == "nvidia-ml-py" or re.search(rf"{package}-[0-9.]+\.dist-info/\S*licen", text), (
            package
        )
    assert "envcheck/license" in text


def test_what_only_readers_need_stays_out_and_the_code_is_the_same() -> None:
    def code(source: bytes) -> str:
        tree = ast.parse(source)
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if (
                isinstance(body, list)
                and body
                and isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
            ):
                texts = ast.get_docstring(node, clean=False) is not None
                node.body = (body[1:] if texts else body) or [ast.Pass()]
        return ast.dump(tree)

    slim = pyz_modules.bare(b'"""Text."""\n# -*- coding: x\n# why\nx = """\n# no comment\n"""  # why\n')
    assert slim == b'\n# -*- coding: x\n\nx = """\n# no comment\n"""  # why\n'
    assert pyz_modules.bare(b'def a():\n    "Text."\n') == b"def a():\n    pass\n"
    assert pyz_modules.bare(b'"Text."\n# why\n', docstrings=True) == b'"Text."\n# why\n'
    ours = {str(path): path.read_bytes() for path in (ROOT / "envcheck").rglob("*.py")}
    for files in (ours, *(package.files for package in pyz_packages.packages(None))):
        for name, data in files.items():
            if name.endswith(".py"):
                slim = pyz_modules.bare(data)
                assert code(slim) == code(data), name
                assert slim.count(b"\n") == data.count(b"\n"), name


def test_a_package_that_is_not_here_is_named(tmp_path: Path) -> None:
    with pytest.raises(Wrong, match=r"click.*--fetch"):
        pyz_packages.packages(tmp_path)


@pytest.mark.network
def test_the_file_with_fetched_packages_runs_on_the_oldest_python(tmp_path: Path) -> None:
    assert pyz.build(tmp_path / "envcheck.pyz", fetch=True) == (3, 9)
    assert (tmp_path / "envcheck.pyz").stat().st_size < LARGEST
    oldest = interpreters.python("3.9") or pytest.skip("there is no Python 3.9 here")
    done = run([oldest, "-S", "envcheck.pyz", "--quick"], tmp_path)
    assert done.returncode in (0, 1, 3), done.stderr.decode()


# --- with nothing installed


@pytest.mark.parametrize("version", VERSIONS)
def test_each_python_runs_it(
    version: str, built: tuple[Path, tuple[int, ...]], inputs: Mapping[str, str], tmp_path: Path
) -> None:
    python = python_of(version, built[1])
    file = str(built[0])
    assert run([python, "-S", file, "--version"], tmp_path).stdout.startswith(b"envcheck ")
    quick = run([python, "-S", file, "--quick", "--format", "json"], tmp_path)
    assert json.loads(quick.stdout)["exit_code"] == quick.returncode, quick.stderr.decode()
    machine = run([python, "-S", file, "--from", inputs["MACHINE"], "--lang", "en"], tmp_path)
    assert machine.returncode == 1 and b"container-without-gpu" in machine.stdout, machine.stderr.decode()


@pytest.mark.parametrize("saying", SAYINGS)
def test_it_says_what_the_installed_one_says(
    saying: str, file: Path, inputs: Mapping[str, str], tmp_path: Path
) -> None:
    words = [inputs.get(word, word) for word in SAYINGS[saying]]
    installed = run([sys.executable, "-m", "envcheck", *words], tmp_path)
    alone = run([found()[own_version()], "-S", str(file), *words], tmp_path)
    assert (alone.returncode, text(alone.stdout), text(alone.stderr)) == (
        installed.returncode,
        text(installed.stdout),
        text(installed.stderr),
    )


def own_version() -> str:
    return ".".join(map(str, sys.version_info[:2]))


def text(said: bytes) -> str:
    """What was said, without what differs from run to run, and without how many examples a rule has.

    Each calls itself by its own name, and breaks its lines where that lets it.
    """
    whole = re.sub(r"Examples: \d+", "Examples: N", said.decode("utf-8"))
    whole = re.sub(r"\S*python\S* (?:-m envcheck|\S+\.pyz)", "envcheck", " ".join(whole.split()))
    times = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?|(?<=time=\")[0-9.]+|(?<=\"seconds\": )[0-9.]+"
    return re.sub(times, "N", whole)


def test_the_driver_and_the_memory_are_asked_for_as_by_the_installed_one(file: Path, tmp_path: Path) -> None:
    words = ["--quick", "--format", "json", "--python", sys.executable]
    installed = json.loads(run([sys.executable, "-m", "envcheck", *words], tmp_path).stdout)["facts"]
    alone = json.loads(run([found()[own_version()], "-S", str(file), *words], tmp_path).stdout)["facts"]
    for fact in ("driver.nvml_code", "driver.nvml_error", "platform.memory_gb", "hardware.cpu_flags"):
        assert alone[fact] == installed[fact]
    unlike = {name for name in installed if installed[name].get("kind") != alone[name].get("kind")}
    assert not unlike


def test_it_is_no_ones_own_environment(file: Path, tmp_path: Path) -> None:
    """The environment that starts the file is not examined; the project's is."""
    for name in ("starter", "project/.venv"):
        venv.create(tmp_path / name, with_pip=False)
    starter = str(tmp_path / "starter" / "bin" / "python")
    done = run([starter, str(file), "--quick", "--format", "json"], tmp_path / "project")
    target = json.loads(done.stdout)["target"]
    assert (target["chosen"], target["environment"]) == ("./.venv", "venv")
    chosen = run([starter, str(file), "--quick", "--format", "json", "--python", starter], tmp_path)
    assert json.loads(chosen.stdout)["target"]["chosen"] == "--python"


def test_modules_of_the_same_names_do_no_harm(file: Path, tmp_path: Path) -> None:
    for name in ("click", "json", "rich", "random", "gettext", "packaging"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('this is the wrong module')")
    shutil.copy(file, tmp_path / "envcheck.pyz")
    for env in ({}, {"PYTHONPATH": str(tmp_path)}):
        done = run([found()[own_version()], "-S", "envcheck.pyz", "rules"], tmp_path, env)
        assert done.returncode == 0, done.stderr.decode()


def test_a_bug_is_shown_with_the_lines_of_the_source(file: Path, tmp_path: Path) -> None:
    code = (
        f"import sys, traceback; sys.path.insert(0, {str(file)!r}); import envcheck_archive as a; a.serve()\n"
        "import envcheck.words\ntry: envcheck.words.use('nowhere')\nexcept OSError: traceback.print_exc()"
    )
    said = run([found()[own_version()], "-S", "-c", code], tmp_path).stderr.decode()
    assert 'envcheck.pyz/envcheck/words.py", line' in said and "_catalogue(language)" in said


@pytest.mark.parametrize("encoding", ["cp936", "cp1252"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_old_code_pages(
    encoding: str, language: str, file: Path, inputs: Mapping[str, str], tmp_path: Path
) -> None:
    python, env = found()[own_version()], {"PYTHONIOENCODING": encoding}
    for words in (["--from", inputs["MACHINE"]], ["explain", inputs["LOG"]], ["install", "--from", "no"]):
        done = run([python, "-S", str(file), *words, "--lang", language], tmp_path, env)
        out, err = done.stdout.decode(encoding), done.stderr.decode(encoding)
        assert done.returncode in (0, 1, 2) and "Traceback" not in err
        chinese = language == "zh" and encoding == "cp936"
        assert bool(re.search("[\u4e00-\u9fff]", out + err)) == chinese
        assert "?" * 2 not in out


# --- a Python that is too old


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.7", "3.8"])
def test_an_old_python_is_told_so_in_one_sentence(version: str, file: Path, tmp_path: Path) -> None:
    python = interpreters.python(version) or pytest.skip(f"there is no Python {version} here")
    done = run([python, str(file), "--version"], tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert re.match(rf"envcheck needs Python 3\.\d+ or later, and this is Python {version} ", line)


def test_the_first_lines_are_read_by_any_python() -> None:
    for node in ast.walk(ast.parse(start((3, 9)).decode("ascii"))):
        assert not isinstance(node, (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr))


# --- the page about it


PAGES = ("one-file.md", "one-file.zh.md")


def blocks(page: str, language: str) -> list[str]:
    whole = (ROOT / "docs" / page).read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", whole, re.DOTALL)


@pytest.mark.parametrize("language", ["sh", "powershell"])
def test_the_pages_have_the_same_commands(language: str) -> None:
    english, chinese = (blocks(page, language) for page in PAGES)
    assert english == chinese and english


def test_the_pages_commands_work(file: Path, address: str, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("there is no curl here")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(found()[own_version()])
    venv.create(tmp_path / ".venv", with_pip=False)
    env = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    lines = [line for block in blocks(PAGES[0], "sh") for line in block.splitlines() if line != "make pyz"]
    assert len(lines) >= 5 and "curl" in lines[0]
    for line in lines:
        done = run(["/bin/sh", "-c", line.replace("URL", address)], tmp_path, env)
        assert done.returncode in (0, 1), (line, done.stderr.decode())
        assert done.stdout, line


def test_the_pages_line_for_powershell_works(file: Path, address: str, tmp_path: Path) -> None:
    shell = shutil.which("powershell") or shutil.which("pwsh") or pytest.skip("there is no PowerShell here")
    (block,) = blocks(PAGES[0], "powershell")
    line = block.replace("URL", address).replace("; py ", f"; & '{sys.executable}' ")
    done = run([shell, "-NoProfile", "-Command", line], tmp_path, dict(os.environ))
    assert b"envcheck" in done.stdout, done.stderr.decode()


@pytest.fixture
def address(file: Path) -> Iterator[str]:
    """Where this machine serves the file to itself."""
    handler = functools.partial(Quiet, directory=str(file.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{file.name}"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


# --- the whole check


@pytest.mark.tensorflow
def test_the_whole_check(file: Path, tmp_path: Path) -> None:
    """The file, run by a bare Python, trains with a TensorFlow that is another Python's."""
    python = os.environ.get("ENVCHECK_TF_PYTHON") or pytest.skip("ENVCHECK_TF_PYTHON is not set")
    words = ["--python", python, "--format", "json"]
    done = run([found()[own_version()], "-S", str(file), *words], tmp_path)
    report = json.loads(done.stdout)
    assert done.returncode == report["exit_code"], done.stderr.decode()
    assert report["training"], report["verdict"]
    kinds = {fact.get("kind") for name, fact in report["facts"].items() if name.startswith("training.")}
    assert "skipped" not in kinds and report["facts"]["tensorflow.version"]["value"]
