"""Every command that the docs name: run here as it stands on the page, or listed with why it is not.

A command is a line of a fenced block of a shell, or a piece of code in the running text that begins with one
of ``PROGRAMS``. ``envcheck`` examines a recorded machine (``--from``), in a folder with the files that the
command reads; ``make`` only says what it would do; what is in ``WHOLE`` is left to bash. Anything else must
stand in ``NOT_RUN``, and what stands there must still be in the docs.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from envcheck import config

from .command_line import invoke
from .machines import machine

ROOT = Path(__file__).parent.parent
#: Made by `make docs` from rules and facts: what mends one cause, or shows one fact, without envcheck.
#: Most of it needs root, a GPU, or another system.
MADE = ("docs/causes/", "docs/facts.md")
#: Fenced blocks that hold commands, and those that do not. Any other kind has to be put into one of the two.
SHELLS, NO_SHELLS = ("sh", "bash", "shell", "console", "powershell"), ("text", "toml")
#: What a command in the running text begins with.
PROGRAMS = ("envcheck", "make", "python", "python3", "pip", "pytest", "bash", "curl", "module", "sudo", "wsl")
FENCE = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)

GPU = "linux-rtx4090-ready"
#: The machine that a page is about. Elsewhere: ``GPU``.
MACHINES = {
    "docs/install/wsl2": "wsl2-rtx4090-ready",
    "docs/install/windows": "windows11-rtx4070-native-gpu-unsupported",
    "docs/install/macos": "macos-m1-ready",
    "docs/install/docker": "docker-rtx4090-ready",
    "docs/install/conda": "linux-conda-pip-mix",
    "docs/install/hpc": "linux-8xa100-ready",
}
#: What is named in the docs and differs from reader to reader, and what stands for it here.
STANDS_FOR = {
    "--python /path/to/python": f"--python {shlex.quote(sys.executable)} --quick",
    "--python PATH": f"--python {shlex.quote(sys.executable)} --quick",
    "--python ~/envs/tf/bin/python": f"--python {shlex.quote(sys.executable)} --quick",
    "TO=tests/machines/<os>-<gpu>-<cause>": "TO=tests/machines/linux-a-b",
    "--output FILE": "--output written.pyz",
}
#: The documented exit code where it is not 0: what a log tells blocks (1), a program of one's own failed (its
#: code), there is one GPU and not two (1).
ENDS_WITH: Mapping[str, tuple[int, ...]] = {
    "envcheck explain train.log": (1,),
    'envcheck explain - --given os="Windows 10" --given python=3.13 --given gpu="RTX 3090" < paste.txt': (1,),
    "envcheck explain -- python train.py": (7,),
    "envcheck --require gpu=2": (1,),
    # This very machine, with any verdict.
    "envcheck --python /path/to/python": (0, 1, 3),
    "envcheck --python PATH": (0, 1, 3),
    "envcheck --python ~/envs/tf/bin/python": (0, 1, 3),
}
#: Run by bash, as they stand: pipes, redirections, programs of envcheck's own.
WHOLE = (
    'envcheck explain - --given os="Windows 10" --given python=3.13 --given gpu="RTX 3090" < paste.txt',
    "envcheck explain -- python train.py",
    'cat "$SITE"/tensorflow/python/platform/build_info.py; grep -E'
    " '^Requires-(Python|Dist: (numpy|protobuf|keras))' \"$SITE\"/tensorflow-*.dist-info/METADATA",
    "python -m envcheck.catalog pyz --output FILE",
)

WHOLE_INSTALL = (
    "needs packages from the index: tests/test_install_whole.py::test_from_an_empty_folder_to_a_training_step"
)
PYZ = "run, the file served by this machine, by tests/test_pyz.py::test_the_pages_commands_work"
INDEX = "asks the package index, for minutes"
CONDA, WSL = "needs conda, and its index", "needs Windows, and changes it"
#: The commands that this file does not run, and why. A test that is named must be there.
NOT_RUN: Mapping[str, str] = {
    "envcheck install --yes": WHOLE_INSTALL,
    "envcheck install --yes --into /opt/tf": WHOLE_INSTALL,
    "envcheck install --cpu --yes": WHOLE_INSTALL,
    "bash install-tf.sh":
        "installs packages from the index: tests/test_plan.py::test_the_script_can_be_read_by_its_shell",
    "envcheck install --repair":
        "looks at a real environment: tests/test_repair.py::test_without_yes_nothing_happens",
    ".venv-tensorflow/bin/python -c"
    " \"import tensorflow as tf; print(tf.config.list_physical_devices('GPU'))\"": WHOLE_INSTALL,
    "pip install .": "tests/test_packaging.py::test_envcheck_of_an_environment_examines_that_environment",
    "pip install --dry-run --ignore-installed --no-deps --only-binary=:all: --target /tmp/none --report - -q"
    " --python-version 3.8 --platform manylinux2014_x86_64 tensorflow==2.11.1": INDEX,
    "python -m envcheck.catalog gpus FILE":
        "writes the table in rules/: tests/test_catalog_compat.py::test_gpus_from_the_pci_id_list",
    "python -m envcheck.catalog codes nvidia-cudnn-cu12==9.11.0.98":
        "reads a wheel on the package index: tests/test_catalog_compat.py::test_a_wheel_is_read_in_pieces",
    "python -m tests.rehearsal DIR":
        "takes ten seconds: tests/test_rehearsal.py::"
        "test_thirty_participants_and_each_has_the_cause_of_their_machine",
    "ENVCHECK_GPU_PYTHON=/path/to/2.20/bin/python:/path/to/2.21/bin/python pytest -m gpu_wheel":
        "needs interpreters with 3.4 GB of packages each",
    "pytest -m repair": INDEX,
    "pytest -m network": INDEX,
    "pytest -m slurm": "tests/test_slurm.py, with all others, where there is a Slurm",
    "curl -LsSf URL -o envcheck.pyz && python3 envcheck.pyz": PYZ,
    "python3 envcheck.pyz": PYZ,
    "python3 envcheck.pyz --quick": PYZ,
    "python3 envcheck.pyz --version": PYZ,
    "python3 envcheck.pyz rules compat": PYZ,
    "python3 envcheck.pyz --python .venv": PYZ,
    "Invoke-WebRequest -UseBasicParsing URL -OutFile envcheck.pyz; py envcheck.pyz":
        "needs PowerShell: tests/test_pyz.py::test_the_pages_line_for_powershell_works",
    "conda create --name tf python=3.12 pip": CONDA,
    "conda activate tf": CONDA,
    'docker run --gpus all -it --rm -v "$PWD:/work" -w /work python:3.12 bash': "needs docker and a GPU",
    "srun --gres=gpu:1 --pty bash":
        "needs a terminal, and a cluster: tests/test_slurm.py::test_on_a_node_whose_gpu_works_the_job_runs",
    "sudo apt install python3-venv": "changes the system",
    "module load cuda": "needs a cluster's modules",
    "module purge": "needs a cluster's modules",
    "wsl --install -d Ubuntu-24.04": WSL,
    "wsl nvidia-smi": WSL,
    "wsl --update": WSL,
    "wsl --shutdown": WSL,
    "wsl --set-version Ubuntu-24.04 2": WSL,
}  # fmt: skip

TRAIN_PY = """\
import sys
print("W0000 dso_loader.cc:59] Could not load dynamic library 'libcudnn.so.8'", file=sys.stderr)
sys.exit(7)
"""
LOG = """\
Traceback (most recent call last):
  File "train.py", line 1, in <module>
    import tensorflow as tf
ModuleNotFoundError: No module named 'tensorflow'
"""
PASTE = """\
ERROR: Could not find a version that satisfies the requirement tensorflow (from versions: none)
ERROR: No matching distribution found for tensorflow
"""


# --- the commands of the docs -----------------------------------------------------------------------


class Command(NamedTuple):
    """A command of the docs. ``machine``: on which recorded machine it is run."""

    text: str
    machine: str


def pages() -> list[Path]:
    """The pages that people write."""
    every = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in every if not name(page).startswith(MADE)]


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def commands(text: str) -> Iterator[str]:
    """The commands of a page: those of its blocks, then those in its sentences and tables."""
    for block in FENCE.finditer(text):
        if block[2] in SHELLS:
            for line in re.sub(r"\\\n", " ", block[3]).splitlines():
                words = re.sub(r"(^|\s)#\s.*", "", line).removeprefix("$ ").split()
                if words:
                    yield " ".join(words)
    for code in re.findall(r"`([^`]+)`", FENCE.sub("", text)):
        words = code.split()
        if words and words[0] in PROGRAMS and (len(words) > 1 or words[0] == "make"):
            yield " ".join(words).replace(r"\|", "|")


def found() -> dict[Command, list[str]]:
    """Each command of the docs on its machine, with the pages where it stands."""
    where: dict[Command, list[str]] = {}
    for page in pages():
        about = MACHINES.get(name(page).partition(".")[0], GPU)
        for text in commands(page.read_text("utf-8")):
            where.setdefault(Command(text, about), []).append(name(page))
    return where


FOUND = found()
RUN = [command for command in FOUND if command.text not in NOT_RUN]


def test_the_commands_are_found() -> None:
    page = "Say `envcheck\n-v` or `verdict`.\n\n"
    page += "```sh\n$ envcheck a \\\n  --b  # why\n# all\n\nmake # c\n```\n`make`\n```text\nenvcheck c\n```\n"
    assert list(commands(page)) == ["envcheck a --b", "make", "envcheck -v", "make"]
    pages_with = {page for where in FOUND.values() for page in where}
    assert {"README.md", "docs/history.md", "docs/workshop.md", "docs/install/linux.zh.md"} <= pages_with
    assert len(RUN) > 50


def test_every_block_says_what_it_holds() -> None:
    for page in pages():
        for block in FENCE.finditer(page.read_text("utf-8")):
            assert block[2] in SHELLS + NO_SHELLS, f"{name(page)}: a block of {block[2]!r}: {block[3][:60]}"


def test_the_tables_name_nothing_that_is_gone() -> None:
    texts = {command.text for command in FOUND}
    for table in (NOT_RUN, ENDS_WITH, WHOLE):
        assert set(table) <= texts, f"no longer in the docs: {set(table) - texts}"
    assert not set(NOT_RUN) & {*ENDS_WITH, *WHOLE}
    for part in STANDS_FOR:
        assert any(part in text for text in texts), part
    assert all(Path(f"{ROOT / page}.md").is_file() for page in MACHINES)


@pytest.mark.parametrize("reason", sorted({*NOT_RUN.values()}))
def test_a_test_that_is_said_to_run_a_command_is_there(reason: str) -> None:
    for file, test in re.findall(r"(tests/\w+\.py)::(\w+)", reason):
        assert f"def {test}(" in (ROOT / file).read_text("utf-8"), f"{file} has no {test}"


# --- where they are run ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands of the docs read, each under the name that it has there."""
    folder = tmp_path_factory.mktemp("inputs")
    texts = {
        "machine.json": json.dumps(machine(GPU)),
        "train.py": TRAIN_PY, "train.log": LOG, "run.log": LOG, "paste.txt": PASTE,
        "lab.toml": block("docs/workshop.md", "[workshop]"),
        "envcheck.toml": '[python]\nversion = ">=3.9"\n',
        "pyproject.toml": '[tool.envcheck.python]\nversion = ">=3.9"\n',
        "site/tensorflow/python/platform/build_info.py": 'build_info = {"cuda_version": "12.5.1"}\n',
        "site/tensorflow-2.20.0.dist-info/METADATA": "Requires-Python: >=3.9\nRequires-Dist: numpy>=1.26\n",
    }  # fmt: skip
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    (folder / "handed-in").mkdir()
    reports = {"yesterday.json": GPU, "today.json": "linux-rtx4090-driver-library-mismatch"}
    for path, about in {**reports, "handed-in/envcheck-ada.json": GPU}.items():
        (folder / "other.json").write_text(json.dumps(machine(about)), "utf-8")
        invoke("--from", str(folder / "other.json"), "--format", "json", "--output", str(folder / path))
    return folder


def block(page: str, part: str) -> str:
    """The block of a page that has ``part``: what it tells the reader to write into a file."""
    blocks = [found[3] for found in FENCE.finditer((ROOT / page).read_text("utf-8"))]
    return next(text for text in blocks if part in text)


@pytest.fixture(scope="module")
def state(inputs: Path) -> Path:
    """A state folder in which two runs of this machine are kept."""
    folder = inputs / "state"
    env = {"ENVCHECK_NO_HISTORY": "", "XDG_STATE_HOME": str(folder)}
    for _ in range(2):
        assert invoke("--quick", "--python", sys.executable, env=env).exit_code in (0, 1, 3)
    assert len(list((folder / "envcheck").glob("*.json.gz"))) == 2
    return folder


@pytest.fixture
def place(inputs: Path, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of one command; what must not be reached from a test is cut off."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SITE", str(inputs / "site"))
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    lab = (inputs / "lab.toml").read_bytes()
    monkeypatch.setattr(config, "_fetched", lambda address, opener: lab)
    return tmp_path


def run(command: Command, place: Path, inputs: Path) -> None:
    """Run it; an exit code that is not the documented one, or a file that was not written, is an error."""
    text = command.text
    for file in sorted(inputs.iterdir()):
        if re.search(rf"(?<![\w./-]){re.escape(file.name)}(?![\w.-])", text):
            shutil.copytree(file, place / file.name) if file.is_dir() else shutil.copy(file, place)
    recorded = place / "recorded.json"
    recorded.write_text(json.dumps(machine(command.machine)), "utf-8")
    for named, here in STANDS_FOR.items():
        text = text.replace(named, here)
    if command.text in WHOLE:
        code, said = by_bash(text, place)
    elif text == "make" or text.startswith("make "):
        code, said = by_make(shlex.split(text)[1:])
    elif text == "envcheck" or text.startswith("envcheck "):
        code, said = by_envcheck(arguments(text, recorded))
    else:
        pytest.fail(f"neither run nor in NOT_RUN: {command.text}")
    wanted = ENDS_WITH.get(command.text, (0,))
    assert code in wanted, f"{command.text}\nended with {code}, not {wanted}\n{said}"
    assert not re.search(r'File ".*[\\/]envcheck[\\/]', said), f"{command.text}\n{said}"
    for file in re.findall(r"(?:--output |--record |--report \w+=)(\S+)", text):
        assert (place / file).stat().st_size, f"{command.text}: wrote no {file}"
    assert "--hand-in" not in text or list(place.glob("envcheck-*.json")), (
        f"{command.text}: nothing to hand in"
    )


def arguments(text: str, recorded: Path) -> list[str]:
    """The words after ``envcheck``, with the recorded machine instead of this one where one is examined."""
    words = [os.path.expandvars(word) for word in shlex.split(text)[1:]]
    examines = not words or words[0].startswith("-") or words[0] in ("check", "report", "install", "init")
    if (examines or "--why-not" in words) and not {"--from", "--python", "--yes"} & set(words):
        words += ["--from", str(recorded)]
    return words


def by_envcheck(words: list[str]) -> tuple[int, str]:
    """In this process. ``init --interactive`` gets empty lines as answers."""
    result = invoke(*words)
    said = result.stdout + result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit), said + repr(result.exception)
    return result.exit_code, said


def by_make(words: list[str]) -> tuple[int, str]:
    """What it would do. Lines with $(MAKE) are run all the same: by a shell that does nothing."""
    make = shutil.which("make") or pytest.skip("there is no make here")
    done = subprocess.run(
        [make, "--dry-run", "--always-make", f"SHELL={shutil.which('true')}", *words],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def by_bash(text: str, place: Path) -> tuple[int, str]:
    """As a reader would, with ``envcheck`` and ``python`` on PATH."""
    bash = shutil.which("bash") or pytest.skip("there is no bash here")
    (place / "bin").mkdir()
    for program, words in (("python", ""), ("envcheck", "-m envcheck")):
        (place / "bin" / program).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n', "utf-8")
        (place / "bin" / program).chmod(0o755)
    path = os.pathsep.join((str(place / "bin"), os.environ["PATH"]))
    done = subprocess.run(
        [bash, "-e", "-c", text], cwd=place, env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", RUN, ids=lambda command: f"{command.text} | {command.machine}"[:90])
def test_a_command_of_the_docs_does_what_they_say(command: Command, place: Path, inputs: Path) -> None:
    run(command, place, inputs)


@pytest.mark.parametrize(
    "text",
    ["envcheck --no-such-option", "envcheck mend", "envcheck diff nowhere.json", "sudo reboot", "frobnicate",
     "envcheck rules compat --gpu", "envcheck --from nowhere.json", "make paradise"],
)  # fmt: skip
def test_a_command_that_is_wrong_is_noticed(text: str, place: Path, inputs: Path) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        run(Command(text, GPU), place, inputs)
