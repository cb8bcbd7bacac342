"""Plans: what would be installed on every recorded machine, as it was last read by eye.

``ENVCHECK_UPDATE=1`` writes ``tests/plans`` anew; the diff is the review. Whether the packages of all
plans resolve is a question to the package index: ``pytest -m network tests/test_plan.py`` asks it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

from envcheck import probes, rulebook, words
from envcheck.install import resolve
from envcheck.install.model import Plan
from envcheck.install.plan import plan
from envcheck.install.repair import Repair
from envcheck.install.wishes import Wishes
from envcheck.model import Known, Rule, Wrong
from envcheck.operators import within
from envcheck.render import data, html, markdown, shell, terminal
from envcheck.snapshot import replay
from envcheck.tables import gpu_support, release
from envcheck.views import plan as views

from . import machines
from .command_line import invoke

UPDATE = bool(os.environ.get("ENVCHECK_UPDATE"))
FOLDER = Path(__file__).parent / "plans"
SCHEMA = json.loads(resources.files("envcheck.schema").joinpath("plan.json").read_text("utf-8"))
CREATED = "2026-11-21T10:00:00Z"
NOTHING = Wishes()
PASCAL = "linux-gtx1080-cudnn-no-code-for-gpu"
NATIVE = "windows11-rtx4070-native-gpu-unsupported"
MANAGED = "linux-cpu-externally-managed-environment"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    words.use("en")
    yield
    words.use("en")


@cache
def rules() -> tuple[Rule, ...]:
    return rulebook.load()


@cache
def planned(name: str, wishes: Wishes = NOTHING) -> Plan:
    host = replay(machines.machine(name), name, {"train": "planning imports no TensorFlow"})
    facts = probes.Collected(host, probes.registry())
    return plan(facts, host.target, wishes, CREATED, rules())


def commands(found: Plan) -> list[str]:
    return [" ".join(command) for step in found.steps for command in step.commands]


# --- every machine -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", machines.names())
def test_the_plan_reads_as_it_did(name: str) -> None:
    golden = FOLDER / f"{name}.txt"
    text = terminal.render(views.view(planned(name)), None)
    if UPDATE:
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


def test_no_plan_outlives_its_machine() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == machines.names()


@pytest.mark.parametrize("name", machines.names())
def test_a_plan_is_sound(name: str) -> None:
    """It fits its schema; nothing of the system is a command; what is installed fits the machine."""
    found = planned(name)
    told = json.loads(data.text(data.plan(found)))
    jsonschema.Draft202012Validator(SCHEMA).validate(told)
    assert (found.release is None) == (not found.packages)
    assert found.exit_code == (0 if found.release and not found.why_not else 1)
    assert found.exit_code == 0 or found.alternatives
    for step in found.steps:
        assert not step.commands or step.scope == "environment"
        assert step.why.en and step.why.zh and step.do.zh, step.do.en
        assert "{" not in step.do.en + step.why.en
    for way in found.alternatives:
        assert way.price.en and way.price.zh
    if found.release:
        assert any(f"=={found.release}" in package for package in found.packages)
        assert found.into and found.interpreter and found.interpreter.startswith(found.into)


def test_the_schema_wants_every_key_that_it_names() -> None:
    assert set(SCHEMA["required"]) == set(SCHEMA["properties"])
    assert SCHEMA["additionalProperties"] is False


def test_a_repair_fits_its_schema() -> None:
    schema = json.loads(resources.files("envcheck.schema").joinpath("repair.json").read_text("utf-8"))
    step = planned("linux-cpu-ready").steps[1]
    for done in (
        Repair((step,), "blocked"),
        Repair((step,), "blocked", "ready"),
        Repair((step,), "blocked", None, True, "boom", step),
    ):
        jsonschema.Draft202012Validator(schema).validate(json.loads(data.text(data.repair(done))))


# --- the packages --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "wishes", "packages"),
    [
        ("linux-cpu-ready", Wishes(), ("tensorflow-cpu==2.21.0",)),
        ("linux-rtx4090-ready", Wishes(), ("tensorflow[and-cuda]==2.20.0",)),  # 2.21.0 finds no GPU
        ("linux-rtx4090-ready", Wishes(cpu=True), ("tensorflow-cpu==2.21.0",)),
        # cuDNN 9.11 and later have no code for Pascal; TensorFlow 2.16 brings cuDNN 8
        (PASCAL, Wishes(), ("tensorflow[and-cuda]==2.20.0", "nvidia-cudnn-cu12<9.11")),
        (PASCAL, Wishes(("tensorflow<2.17",)), ("tensorflow[and-cuda]==2.16.2",)),
        ("linux-gtx970-gpu-too-old-for-build", Wishes(), ("tensorflow[and-cuda]==2.16.2",)),
        ("macos-m1-ready", Wishes(), ("tensorflow==2.21.0",)),
        ("macos-m1-ready", Wishes(("tensorflow-metal",)), ("tensorflow==2.18.1", "tensorflow-metal==1.2.0")),
        ("windows10-gtx1660-tensorflow-2.10-ready", Wishes(), ("tensorflow==2.10.1", "numpy<2")),
        (NATIVE, Wishes(cpu=True), ("tensorflow-cpu==2.21.0",)),
        (NATIVE, Wishes(python_version="3.10"), ("tensorflow==2.10.1", "numpy<2")),
        ("linux-cpu-ready", Wishes(("tensorflow>=2.16,<2.20",)), ("tensorflow-cpu==2.19.1",)),
        ("linux-cpu-ready", Wishes(("tensorflow<2.11",), "3.9"), ("tensorflow-cpu==2.10.1", "numpy<2")),
        ("linux-cpu-ready", Wishes(("tensorflow<2.5",), "3.8"), ("tensorflow-cpu==2.4.4", "protobuf<3.20.4")),
        ("linux-cpu-ready", Wishes(("keras<3.13",)), ("tensorflow-cpu==2.21.0", "keras<3.13")),
    ],
)  # fmt: skip
def test_the_packages(name: str, wishes: Wishes, packages: tuple[str, ...]) -> None:
    assert planned(name, wishes).packages == packages


def test_an_extra_that_cannot_be_installed_is_spelled_out() -> None:
    """tensorrt 8.5.3.1, which the extra of 2.14 asks for, has no wheel for Python 3.11."""
    found = planned("linux-k80-gpu-too-old-for-build")
    assert found.packages[0] == "tensorflow==2.14.1"
    assert "nvidia-cudnn-cu11==8.7.0.84" in found.packages
    assert not any("tensorrt" in package for package in found.packages)
    older = planned("linux-k80-gpu-too-old-for-build", Wishes(python_version="3.10"))
    assert older.packages == ("tensorflow[and-cuda]==2.14.1",)


def test_every_release_runs_on_the_gpus_it_is_planned_for() -> None:
    for name in machines.names():
        found = planned(name)
        gpus = found.facts["hardware.gpus"]
        if not found.release or not any(p.startswith("tensorflow[") for p in found.packages):
            continue
        row = release("tensorflow", found.release, "linux-x86_64")
        assert row is not None
        for gpu in getattr(gpus, "value", []):
            if gpu["compute"]:
                assert gpu_support(row["compute"], gpu["compute"]).runs != "no", name


# --- the environment -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "wishes", "first"),
    [
        (MANAGED, Wishes(), "/usr/bin/python3 -m venv .venv-tensorflow"),
        (MANAGED, Wishes(into="/data/tf"), "/usr/bin/python3 -m venv /data/tf"),
        (MANAGED, Wishes(prefer="uv"),
         "uv venv --python /usr/bin/python3 .venv-tensorflow"),
        (MANAGED, Wishes(python_version="3.12"),
         "uv venv --python 3.12 .venv-tensorflow"),
        (MANAGED, Wishes(python_version="3.12", interpreter="/opt/python3.12"),
         "/opt/python3.12 -m venv .venv-tensorflow"),
        (MANAGED, Wishes(python_version="3.12", prefer="pip"),
         "python3.12 -m venv .venv-tensorflow"),
        ("linux-cpu-ready", Wishes(), "uv venv --python /home/ada/project/.venv/bin/python .venv-tensorflow"),
        ("linux-cpu-ready", Wishes(prefer="pip"),
         "/home/ada/project/.venv/bin/python -m venv .venv-tensorflow"),
        ("linux-conda-pip-mix", Wishes(),
         "/home/ada/miniconda3/envs/tf/bin/python -m pip install tensorflow-cpu==2.21.0"),
        ("linux-conda-pip-mix", Wishes(into="new"), "conda create --yes --prefix new python=3.11 pip"),
        ("linux-conda-pip-mix", Wishes(python_version="3.12"),
         "conda create --yes --prefix .venv-tensorflow python=3.12 pip"),
    ],
)  # fmt: skip
def test_the_environment(name: str, wishes: Wishes, first: str) -> None:
    assert commands(planned(name, wishes))[0] == first


def test_a_python_that_has_to_be_fetched_needs_uv() -> None:
    name = MANAGED
    steps = planned(name, Wishes(python_version="3.12")).steps
    assert (steps[0].scope, steps[0].lines) == ("user", ("pipx install uv",))  # PEP 668 forbids pip
    assert planned(name, Wishes(python_version="3.12", has_uv=True)).steps[0].scope == "environment"


def test_an_old_pip_is_updated_first() -> None:
    name = MANAGED
    machine = machines.machine(name)
    host = replay(machine, name, {"train": "x"})
    facts = probes.Collected(host, probes.registry(), {"python.pip": Known("19.0")})
    found = plan(facts, host.target, Wishes(), CREATED, rules())
    assert ".venv-tensorflow/bin/python -m pip install --upgrade pip>=20.3" in commands(found)


def test_a_mirror_is_used_when_it_is_named_and_not_before() -> None:
    tuna = planned("linux-cpu-ready", Wishes(mirror="tuna"))
    assert tuna.mirror == "https://pypi.tuna.tsinghua.edu.cn/simple"
    assert f"--default-index {tuna.mirror}" in commands(tuna)[1]
    by_pip = planned("linux-cpu-ready", Wishes(mirror="https://mirror.example/simple", prefer="pip"))
    assert "--index-url https://mirror.example/simple" in commands(by_pip)[1]
    assert planned("linux-cpu-ready").mirror is None
    with pytest.raises(Wrong, match="tuna, aliyun, ustc"):
        planned("linux-cpu-ready", Wishes(mirror="nowhere"))


def test_a_mirror_is_only_suggested_in_chinese() -> None:
    words.use("zh")
    host = replay(machines.machine("linux-cpu-ready"), "x", {"train": "x"})
    found = plan(probes.Collected(host, probes.registry()), host.target, Wishes(), CREATED, rules())
    assert found.mirror is None and any("--mirror tuna" in (note.zh or "") for note in found.notes)


# --- what comes before, and what else there is ---------------------------------------------------


def scopes(found: Plan) -> list[str]:
    return [step.scope for step in found.steps]


def test_the_driver_comes_first_where_it_is_the_blocker() -> None:
    found = planned("linux-rtx4090-driver-not-installed")
    assert scopes(found)[0] == "reboot"
    assert found.steps[0].lines[-1] == "sudo reboot"
    wanted = planned("linux-rtx3080-driver-too-old", Wishes(("tensorflow>=2.18",)))
    assert (wanted.release, scopes(wanted)[0]) == ("2.20.0", "reboot")


def test_an_old_driver_gets_the_release_that_it_can_run_and_the_update_as_an_alternative() -> None:
    found = planned("linux-rtx3080-driver-too-old")
    assert found.release == "2.14.1"
    (way,) = [way for way in found.alternatives if "525.60.13" in way.do.en]
    assert "2.20.0" in way.do.en and way.commands[-1] == "sudo reboot"


def test_where_no_driver_is_new_enough_the_gpu_is_given_up() -> None:
    """Kepler's last driver branch is 470; TensorFlow 2.15 needs 525."""
    found = planned("linux-k80-gpu-too-old-for-build", Wishes(("tensorflow>=2.15",)))
    assert found.release is None
    assert [way.commands for way in found.alternatives][-1] == (
        'envcheck install --wanted "tensorflow>=2.15" --cpu',
    )


@pytest.mark.parametrize(
    ("name", "wishes", "first"),
    [
        ("linux-cpu-python-too-new", Wishes(), "envcheck install --python-version 3.13"),
        ("macos-intel-macos-intel-wheels-ended", Wishes(), "envcheck install --python-version 3.12"),
        (NATIVE, Wishes(), "envcheck install --python-version 3.10"),
        ("linux-cpu-ready", Wishes(("tensorflow>=3",)), 'envcheck install --wanted "tensorflow==2.21.0"'),
    ],
)
def test_the_smallest_change_comes_first(name: str, wishes: Wishes, first: str) -> None:
    found = planned(name, wishes)
    assert (found.release, found.exit_code) == (None, 1)
    assert found.why_not is not None
    assert found.alternatives[0].commands == (first,)


def test_an_alternative_keeps_its_promise() -> None:
    """What the first alternative names is what the plan then has."""
    found = planned("linux-cpu-python-too-new", Wishes(python_version="3.13"))
    assert found.release == "2.21.0" and found.exit_code == 0


def test_windows_has_wsl2_and_arm_servers_a_container() -> None:
    lines = [line for way in planned(NATIVE).alternatives for line in way.commands]
    assert any(line.startswith("wsl --install") for line in lines)
    lines = [
        line for way in planned("linux-gh200-unsupported-architecture").alternatives for line in way.commands
    ]
    assert any(line.startswith("docker run") for line in lines)


@pytest.mark.parametrize("name", ["macos-m1-rosetta-x86-python", "windows11-rtx4070-python-32-bit"])
def test_a_python_of_the_wrong_build_fits_nothing(name: str) -> None:
    found = planned(name)
    assert found.release is None and found.alternatives[0].commands


def test_a_full_disk_is_said_before_anything_is_downloaded() -> None:
    found = planned("linux-cpu-disk-full")
    assert found.release and found.exit_code == 1
    assert found.why_not is not None and "not enough room" in found.why_not.en
    roomy = planned("linux-cpu-disk-full", Wishes(free_mb=50_000))
    assert roomy.exit_code == 0
    tight = planned("linux-rtx4090-ready", Wishes(free_mb=3_000))
    assert any(way.commands == ("envcheck install --cpu",) for way in tight.alternatives)


def test_every_plan_has_a_size() -> None:
    for name in machines.names():
        for step in planned(name).steps:
            if any("tensorflow" in part for command in step.commands for part in command if "==" in part):
                assert step.download_mb and step.disk_mb and step.disk_mb > step.download_mb, name


# --- formats -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", machines.names())
def test_the_script_can_be_read_by_its_shell(name: str, tmp_path: Path) -> None:
    text = shell.script(planned(name))
    if "ErrorActionPreference" in text:
        assert all(not line.startswith(("sudo", "wsl ")) for line in text.splitlines())
        return
    script = tmp_path / "install.sh"
    script.write_text(text, "utf-8")
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    assert "set -euo pipefail" in text.splitlines()
    assert not [line for line in text.splitlines() if line.startswith("sudo")]


def test_the_script_stops_where_something_is_in_the_way(tmp_path: Path) -> None:
    into = tmp_path / "it's here"
    into.mkdir()
    text = shell.script(planned("linux-cpu-ready", Wishes(into=str(into))))
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "is there already" in done.stderr


def test_a_script_for_what_does_not_fit_says_so() -> None:
    text = shell.script(planned("linux-cpu-python-too-new"))
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "3.14.1" in done.stderr


def test_powershell_ends_where_a_command_fails() -> None:
    text = shell.script(planned("windows11-cpu-msvc-runtime-missing"))
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("& "):
            assert lines[number + 1].startswith("if ($LASTEXITCODE")
    assert not [line for line in lines if line.startswith("set -e")]


def test_markdown_and_html_have_the_steps_too() -> None:
    page = views.view(planned("linux-rtx4090-driver-not-installed"))
    for text in (markdown.render(page), html.render(page)):
        assert "sudo reboot" in text and ".venv-tensorflow" in text


def test_chinese_plans_are_chinese() -> None:
    words.use("zh")
    text = terminal.render(views.view(planned("linux-rtx3080-driver-too-old")), None)
    assert "新建环境" in text and "Make the new" not in text
    assert "Project-Id" not in text  # what gettext makes of an empty sentence


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture
def snapshot(tmp_path: Path) -> str:
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(machines.machine("linux-rtx4090-ready")), "utf-8")
    return str(path)


def test_the_command_plans_for_a_recorded_machine(snapshot: str) -> None:
    done = invoke("install", "--from", snapshot, "--format", "json", "--wanted", "tensorflow<2.19")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(told)
    assert told["release"] == "2.18.1"


@pytest.mark.parametrize(
    ("options", "words_in_it"),
    [
        (("--wanted", "tensorflow=2.16"), "--wanted tensorflow=2.16"),
        (("--wanted", "tensorflow @ https://x.example/t.whl"), "only a name and its versions"),
        (("--mirror", "nowhere"), "tuna, aliyun, ustc"),
        (("--prefer", "poetry"), "pip, uv"),
        (("--python-version", "newest"), "3.12"),
        (("--yes",), "recording"),
        (("--repair",), "recording"),
    ],
)
def test_wrong_usage(options: tuple[str, ...], words_in_it: str, snapshot: str) -> None:
    done = invoke("install", "--from", snapshot, *options)
    assert done.exit_code == 2 and words_in_it in done.stderr, done.stderr


def test_nothing_fits_ends_with_1(snapshot: str) -> None:
    done = invoke("install", "--from", snapshot, "--wanted", "tensorflow>=3")
    assert done.exit_code == 1 and "No TensorFlow fits" in done.stdout


def test_what_is_passed_on_names_nobody(snapshot: str) -> None:
    assert "/home/ada" not in invoke("install", "--from", snapshot, "--format", "markdown").stdout


def test_here_nothing_is_imported_and_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = invoke("install", "--format", "json", "--cpu")
    assert done.exit_code in (0, 1), done.stderr
    assert list(tmp_path.iterdir()) == []
    assert json.loads(done.stdout)["facts"]["python.version"]["value"]


# --- the pages -----------------------------------------------------------------------------------

DOCS = Path(__file__).parent.parent / "docs"
#: Each page, and a recorded machine on which its commands are run.
PAGES = {
    "linux": "linux-rtx4090-ready",
    "wsl2": "wsl2-rtx4090-ready",
    "windows": NATIVE,
    "macos": "macos-m1-ready",
    "docker": "docker-rtx4090-ready",
    "conda": "linux-conda-pip-mix",
    "hpc": "linux-8xa100-ready",
}


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```(?:sh|powershell)\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [DOCS / "install", *(DOCS / "install" / name for name in PAGES)])
def test_both_languages_have_the_same_commands(page: Path) -> None:
    english, chinese = page.with_suffix(".md"), page.with_suffix(".zh.md")
    assert blocks(english) and blocks(english) == blocks(chinese)


@pytest.mark.parametrize("name", PAGES)
def test_the_commands_of_a_page_work(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recorded = tmp_path / "machine.json"
    recorded.write_text(json.dumps(machines.machine(PAGES[name])), "utf-8")
    lines = [line for block in blocks(DOCS / "install" / f"{name}.md") for line in block.splitlines()]
    ours = [line for line in lines if line.startswith("envcheck install") and "--yes" not in line]
    assert ours
    for line in ours:
        argv = shlex.split(line.replace("$HOME", str(tmp_path)))[1:]
        done = invoke(*argv, "--from", str(recorded))
        assert done.exit_code == 0, (line, done.stdout, done.stderr)


def test_every_option_has_its_line_on_the_page() -> None:
    from envcheck.cli import cli

    page = (DOCS / "install.md").read_text("utf-8")
    known = {name for option in cli.commands["install"].params for name in option.opts}
    for option in set(re.findall(r"`(--[a-z-]+)", page)):
        assert option in known
    for option in known - {"--python", "--from", "--lang", "--output", "--format", "--yes"}:
        assert option in page, option


# --- does it resolve? ----------------------------------------------------------------------------

WISHES = [
    *((name, Wishes()) for name in machines.names()),
    ("linux-cpu-python-too-new", Wishes(python_version="3.13")),
    ("macos-intel-macos-intel-wheels-ended", Wishes(python_version="3.12")),
    (NATIVE, Wishes(python_version="3.10")),
    ("macos-m1-ready", Wishes(("tensorflow-metal",))),
    *(
        ("linux-rtx4090-ready", Wishes((f"tensorflow=={minor}.*",)))
        for minor in ("2.14", "2.15", "2.16", "2.17")
    ),
    *(("linux-cpu-ready", Wishes((f"tensorflow=={minor}.*",))) for minor in ("2.15", "2.17", "2.19")),
]


@pytest.mark.network
def test_the_packages_of_every_plan_resolve() -> None:
    """Each distinct set of packages, for its Python and its system, by uv against the index."""
    uv = shutil.which("uv") or os.environ.get("ENVCHECK_UV")
    if not uv:
        pytest.skip("uv is not on PATH, nor in ENVCHECK_UV")
    plans = {}
    for name, wishes in WISHES:
        found = planned(name, wishes)
        if found.release:
            key = (found.packages, found.python, resolve.uv_platform(found.facts))
            plans.setdefault(key, found)
    bad = {}
    for key, found in plans.items():
        answer = resolve.resolved(found, False, uv).resolution
        assert answer is not None
        if answer.conflicts:
            bad[key] = answer.conflicts
        else:
            assert any(
                within(p.split("==")[1], f"=={found.release}") for p in answer.packages if "tensorflow" in p
            )
    assert not bad
