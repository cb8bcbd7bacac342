"""Repairs: what is to be changed (pure), how it is carried out, and real broken environments.

Those need an index and minutes: ``ENVCHECK_REPAIR=1 pytest tests/test_repair.py -k it_mends``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet

from envcheck import interpreter, rulebook
from envcheck.diagnose import diagnose
from envcheck.formats.metadata import canonical, markers
from envcheck.host import Host
from envcheck.host.live import Live
from envcheck.install import failed, freeze, repair, running, stock
from envcheck.install.changes import amiss, changes, step, todo
from envcheck.install.commands import Installer
from envcheck.install.graph import Graph, Installed, satisfiable, tightest
from envcheck.install.model import Step
from envcheck.install.situation import Situation
from envcheck.install.wishes import Wishes
from envcheck.interrupts import Interrupted
from envcheck.model import Finding, Known, Target, Text, Wrong
from envcheck.render import terminal
from envcheck.views.repair import view

from . import broken, interpreters, stubs
from .broken import picture, small, spoil
from .environments import Environment

WHERE = markers(
    [3, 11, 7, "final", 0],
    {
        "implementation": "cpython",
        "implementation_version": "3.11.7",
        "os_name": "posix",
        "sys_platform": "linux",
        "machine": ["Linux", "6.1", "#1", "x86_64"],
    },
)
PROBED = ("numpy", "keras", "protobuf", "h5py", "pip", "tensorboard")
#: What the extra and-cuda of 2.20.0 brings, but for cuBLAS and CUPTI.
CUDA = {
    "cuda-nvcc-cu12": "12.9.86", "cuda-nvrtc-cu12": "12.9.86", "cuda-runtime-cu12": "12.9.79",
    "cudnn-cu12": "9.10.2.21", "cufft-cu12": "11.4.1.4", "curand-cu12": "10.3.10.19",
    "cusolver-cu12": "11.7.5.82", "cusparse-cu12": "12.5.10.65", "nccl-cu12": "2.27.7",
    "nvjitlink-cu12": "12.9.86",
}  # fmt: skip
CUPTI = "nvidia-cuda-cupti-cu12>=12.5.82,<13.0"
PIP = Installer("pip", "python")
#: TensorFlow 2.15.1 with the requirements that matter here, all met.
HEALTHY = {
    "tensorflow-cpu": (
        "2.15.1",
        ("numpy<2.0.0,>=1.23.5", "keras<2.16,>=2.15.0", "protobuf<5,>=3.20.3", "wrapt<1.15"),
    ),
    "numpy": ("1.26.4", ()),
    "keras": ("2.15.0", ()),
    "protobuf": ("4.25.9", ()),
    "wrapt": ("1.14.2", ()),
    "pip": ("24.0", ()),
}


# --- what is to be changed ------------------------------------------------------------------------


def installed(changed: dict[str, Any] | None = None, user: dict[str, str] | None = None) -> list[Installed]:
    """HEALTHY with other versions (None: gone; a pair: with requirements), and packages of the user's."""
    found = {**HEALTHY, **(changed or {})}
    items = []
    for name, said in found.items():
        version, requires = said if isinstance(said, tuple) else (said, HEALTHY.get(name, ("", ()))[1])
        if version:
            items.append(Installed(name, version, requires, "/venv/site-packages"))
    theirs = [Installed(n, v, (), "/home/u/.local/lib", "user") for n, v in (user or {}).items()]
    return [*theirs, *items]


def situation(items: list[Installed], venv: bool = True, damaged: Any = None, **facts: Any) -> Situation:
    """What an examination of these packages would find, by the rules of the book."""
    graph = Graph(items, WHERE)
    tensorflows = [n for n in graph.found if n in ("tensorflow", "tensorflow-cpu")]
    main = tensorflows[-1] if tensorflows else None
    tree = graph.tree(tensorflows)
    conflicts = [
        {"package": by, "version": graph.version(by), "needs": need.needs, "requires": need.requires,
         "installed": need.installed, "side": need.side, "of_tensorflow": by in tree}
        for by, needs in graph.unmet().items() for need in needs
    ]  # fmt: skip
    said = {
        "platform.system": "Linux", "platform.architecture": "x86_64", "wanted.gpu": 0,
        "python.conflicts": conflicts, "python.executable": "/venv/bin/python", "python.shadows": [],
        "python.damaged": [], "python.conda_pip_mix": [],
        "python.unmet": [f"{c['package']} needs {c['needs']}" for c in conflicts if c["of_tensorflow"]],
        "tensorflow.distributions": [
            {"name": n, "version": graph.version(n), "location": "/venv/site-packages", "stub": False}
            for n in tensorflows
        ],
        "tensorflow.distribution": main, "tensorflow.version": main and graph.version(main),
        "tensorflow.overlapping": None, "tensorflow.environment": {}, "tensorflow.stub_alone": None,
        "tensorflow.truncated": None, "tensorflow.damaged": None, "tensorflow.installed": bool(main),
        "tensorflow.newest_fitting": "2.21.0", "tensorflow.requires_protobuf": "<5,>=3.20.3",
        "tensorflow.import_outcome": "exception" if conflicts or damaged else "ok",
        "tensorflow.import_error": "", "tensorflow.requires_keras": None,
        **{f"python.{n}": graph.version(n) for n in PROBED},
        **{name.replace("__", "."): value for name, value in facts.items()},
    }  # fmt: skip
    known = {name: Known(value) for name, value in said.items()}
    report = diagnose(known, rulebook.load(), None, target=Target("/venv/bin/python", "test"))
    works = said["tensorflow.import_outcome"] == "ok"
    return Situation(known, report.findings, graph, damaged or {}, works, venv)


def lines(at: Situation, installer: Installer = PIP) -> list[str]:
    """The commands of all changes."""
    return [" ".join(command) for change in changes(at) for command in step(change, installer).commands]


def pip(*arguments: str) -> str:
    return "python -m pip " + " ".join(arguments)


def test_nothing_is_changed_where_nothing_is_wrong() -> None:
    assert changes(situation(installed())) == ()
    assert amiss(situation(installed())) == set()


@pytest.mark.parametrize(
    ("changed", "commands"),
    [
        ({"numpy": "2.2.6"}, ["install numpy>=1.23.5,<2.0.0 tensorflow-cpu==2.15.1"]),
        # The rule's own bound (what the wheels ask for) is the same or wider, and the narrower one counts.
        ({"protobuf": "6.33.0"}, ["install protobuf>=3.20.3,<5 tensorflow-cpu==2.15.1"]),
        ({"keras": "3.15.1"}, ["install keras>=2.15.0,<2.16 tensorflow-cpu==2.15.1"]),
        ({"wrapt": None}, ["install wrapt<1.15 tensorflow-cpu==2.15.1"]),
        # All of one round go in one command.
        (
            {"numpy": "2.2.6", "keras": "3.15.1", "wrapt": None},
            ["install keras>=2.15.0,<2.16 numpy>=1.23.5,<2.0.0 wrapt<1.15 tensorflow-cpu==2.15.1"],
        ),
        # What another package needs counts as far as TensorFlow leaves room for it …
        (
            {"numpy": "2.2.6", "pandas": ("2.2.0", ("numpy>=1.26.0",))},
            ["install numpy>=1.26.0,<2.0.0 tensorflow-cpu==2.15.1"],
        ),
        # … and no further.
        (
            {"numpy": "2.2.6", "opencv-python": ("4.12", ("numpy>=2",))},
            ["install numpy>=1.23.5,<2.0.0 tensorflow-cpu==2.15.1"],
        ),
        # A package of no concern to TensorFlow is left as it is, though its requirements are not met.
        ({"other": ("1.0", ("missing-thing>=3",))}, []),
        # A missing requirement of a requirement.
        (
            {"keras": ("2.15.0", ("rich",))},
            ["install rich tensorflow-cpu==2.15.1"],
        ),
    ],
)  # fmt: skip
def test_requirements_that_are_not_met(changed: dict[str, Any], commands: list[str]) -> None:
    assert lines(situation(installed(changed))) == [pip(command) for command in commands]


def test_without_a_requirement_of_the_wheel_the_rule_says_which_version() -> None:
    """TensorFlow up to 2.17 asks for a NumPy without an upper bound in some releases."""
    items = installed(
        {"tensorflow-cpu": ("2.10.1", ("numpy>=1.20",)), "numpy": "2.2.6", "protobuf": "3.19.6"}
    )
    at = situation(items, tensorflow__import_outcome="exception")
    assert lines(at) == [pip("install numpy>=1.20,<2 tensorflow-cpu==2.10.1")]


def test_a_tensorflow_of_ones_own_is_not_looked_for_on_the_index() -> None:
    own = installed({"numpy": "2.2.6"})
    own = [it._replace(origin="file:///wheels/tf.whl") if it.name == "tensorflow-cpu" else it for it in own]
    assert lines(situation(own)) == [pip("install numpy>=1.23.5,<2.0.0")]


def test_a_damaged_package_comes_anew_alone_in_its_version() -> None:
    files = {"tensorflow-cpu": ["tensorflow/libtensorflow_cc.so.2"]}
    at = situation(
        installed(),
        damaged=files,
        tensorflow__truncated=[{"package": "tensorflow-cpu", "file": "x", "expected": 2, "size": 1}],
        tensorflow__import_outcome="signal",
    )
    assert lines(at) == [pip("install --force-reinstall --no-deps tensorflow-cpu==2.15.1")]
    uv = lines(at, Installer("uv", "python"))
    assert uv == ["uv pip install --python python --reinstall --no-cache --no-deps tensorflow-cpu==2.15.1"]


def test_files_that_nobody_misses_stay_away() -> None:
    """Images are often slimmed by removing tests and headers: where it works nothing is damaged."""
    assert (
        lines(
            situation(installed(), damaged={"numpy": ["numpy/tests/x.py"]}, tensorflow__import_outcome="ok")
        )
        == []
    )


def test_damage_and_a_missing_requirement_together() -> None:
    at = situation(
        installed({"wrapt": None}),
        damaged={"numpy": ["numpy/core.so"]},
        tensorflow__import_outcome="exception",
    )
    assert lines(at) == [
        pip("install --force-reinstall --no-deps numpy==1.26.4"),
        pip("install wrapt<1.15 tensorflow-cpu==2.15.1"),
    ]


@pytest.mark.parametrize(
    ("name", "others", "spec"),
    [
        ("numpy", ["2.2.6"], "numpy==1.26.4 tensorflow-cpu==2.15.1"),
        ("wrapt", ["1.14.10", "1.16"], "wrapt==1.14.10 tensorflow-cpu==2.15.1"),
        ("wrapt", ["of old"], "wrapt==1.14.2 tensorflow-cpu==2.15.1"),
        ("tensorflow-cpu", ["2.16.2"], "tensorflow-cpu==2.15.1"),
    ],
)
def test_what_is_there_twice_goes_as_often_and_comes_anew(name: str, others: list[str], spec: str) -> None:
    twice = {"name": name, "versions": [HEALTHY[name][0], *others], "location": "/venv/site-packages"}
    outcome = {"tensorflow__import_outcome": "exception"}
    at = situation(installed(), python__duplicates=[twice], **outcome)
    removed = [pip("uninstall -y", name)] * len(twice["versions"])
    assert lines(at)[: len(removed) + 1] == [*removed, pip("install", spec)]
    assert len(amiss(at)) == 1
    assert lines(situation(installed(), python__duplicates=[twice])) == [], "where all works it is left alone"
    elsewhere = {**twice, "location": "/home/u/.local/lib"}
    assert removed[0] not in lines(situation(installed(), python__duplicates=[elsewhere], **outcome))


@pytest.mark.parametrize(
    ("gpu", "wanted"), [(0, "tensorflow-cpu==2.15.1"), (1, "tensorflow[and-cuda]==2.15.1")]
)
def test_two_tensorflows_become_one_of_the_same_version(gpu: int, wanted: str) -> None:
    requires = HEALTHY["tensorflow-cpu"][1]
    at = situation(
        installed({"tensorflow": ("2.15.1", requires)}),
        tensorflow__overlapping=["tensorflow 2.15.1", "tensorflow-cpu 2.15.1"],
        wanted__gpu=gpu,
    )
    assert lines(at) == [pip("uninstall -y tensorflow-cpu tensorflow"), pip("install", wanted)]


def test_two_tensorflows_where_the_extra_cannot_be_installed_as_a_whole() -> None:
    same = ("2.15.0", HEALTHY["tensorflow-cpu"][1])
    at = situation(
        installed({"tensorflow": same, "tensorflow-cpu": same}),
        tensorflow__overlapping=["tensorflow 2.15.0", "tensorflow-cpu 2.15.0"],
        wanted__gpu=1,
        python__minor="3.11",
    )
    install = lines(at)[1].split()
    assert "tensorflow==2.15.0" in install and not any(each.startswith("tensorrt") for each in install)
    assert any(each.startswith("nvidia-cudnn-cu12") for each in install)


def test_two_tensorflows_before_there_was_the_extra() -> None:
    requires = HEALTHY["tensorflow-cpu"][1]
    at = situation(
        installed({"tensorflow": ("2.12.1", requires), "tensorflow-cpu": ("2.12.1", requires)}),
        tensorflow__overlapping=["tensorflow 2.12.1", "tensorflow-cpu 2.12.1"],
        wanted__gpu=1,
    )
    assert lines(at)[1] == pip("install tensorflow[and-cuda]==2.21.0")


def test_pynvml_goes_and_nvidia_ml_py_comes_anew() -> None:
    at = situation(installed({"pynvml": "11.5.3", "nvidia-ml-py": "12.560.30"}))
    assert lines(at) == [
        pip("uninstall -y pynvml"),
        pip("install --force-reinstall --no-deps nvidia-ml-py==12.560.30"),
    ]
    assert lines(situation(installed({"pynvml": "11.5.3"})))[1] == pip("install nvidia-ml-py")
    assert lines(situation(installed({"pynvml": "13.0.1", "nvidia-ml-py": "13"}))) == []
    used = installed({"pynvml": "11.5.3", "gpustat": ("1", ("pynvml",))})
    assert lines(situation(used)) == [pip("install pynvml>=12")]


def test_tensorboard_from_the_release_on_that_does_not_bring_it() -> None:
    at = situation(installed({"tensorflow-cpu": ("2.21.0", ())}), python__keras="3.12")
    assert lines(at) == [pip("install tensorboard tensorflow-cpu==2.21.0")]


def test_another_tensorflow_comes_first_and_what_it_lacks_in_the_next_round() -> None:
    items = [Installed("tensorflow", "2.21.0", ("numpy",)), Installed("numpy", "2.2.6")]
    said = {"cuda__absence": "nothing", "cuda__outside_runpath": ["libcusolver.so.11"], "cuda__unusable": []}
    at = situation(items, wanted__gpu=1, cuda__conflicts=[], hardware__lowest_compute="8.9", **said)
    assert lines(at) == [pip("install tensorflow[and-cuda]!=2.21.0")]


def test_a_package_of_the_users_own_in_a_virtual_environment() -> None:
    """The environment's packages count before the user's: the right version is put there."""
    items = installed({"numpy": None}, user={"numpy": "2.2.6"})
    (change,) = changes(situation(items))
    assert step(change, PIP).commands == (
        tuple(pip("install numpy>=1.23.5,<2.0.0 tensorflow-cpu==2.15.1").split()),
    )
    assert "/home/u/.local/lib" in change.why.en


def test_a_package_of_the_users_own_elsewhere_is_not_touched() -> None:
    (change,) = changes(situation(installed(user={"numpy": "2.2.6"}), venv=False))
    assert change.scope == "user"
    assert not change.deeds
    assert "numpy 2.2.6" in change.do.en
    assert step(change, PIP).lines == ("export PYTHONNOUSERSITE=1",)


def test_what_packages_cannot_mend_is_left_to_a_person() -> None:
    said = {"cuda__conflicts": [{"origin": "ld_library_path"}], "cuda__unusable": []}
    at = situation(installed(), wanted__gpu=1, cuda__conflict_folder="/opt/old", **said)
    (change,) = changes(at)
    assert (change.scope, change.deeds, change.lines) == ("user", (), ("unset LD_LIBRARY_PATH",))


@pytest.mark.parametrize(
    ("facts", "commands"),
    [
        (
            {"cuda__absence": "cudnn", "cuda__cudnn_package": None, "cuda__cudnn_least": "9.3"},
            ["install nvidia-cudnn-cu12>=9.3,<10 tensorflow==2.20.0"],
        ),
        (
            {
                "cuda__absence": "cudnn", "cuda__cudnn_package": "nvidia-cudnn-cu12",
                "cuda__cudnn_wheel": "9.10.2.21", "cuda__cudnn_least": "9.3",
            },
            ["install --force-reinstall --no-deps nvidia-cudnn-cu12==9.10.2.21"],
        ),
        (
            {"cuda__absence": "some", "cuda__emptied_package": None, "cuda__not_loading": ["libcublas"]},
            [f"install nvidia-cublas-cu12>=12.5.3.2,<13.0 {CUPTI} tensorflow==2.20.0"],
        ),
        (
            {"cuda__absence": "nothing", "cuda__outside_runpath": ["libcusolver.so.11"]},
            ["install tensorflow[and-cuda]!=2.20.0,!=2.21.0"],
        ),
    ],
)  # fmt: skip
def test_libraries_of_cuda(facts: dict[str, Any], commands: list[str]) -> None:
    items = [
        Installed("tensorflow", "2.20.0", ("numpy",)),
        Installed("numpy", "2.2.6"),
        *(Installed(f"nvidia-{name}", version) for name, version in CUDA.items()),
    ]
    at = situation(
        items,
        wanted__gpu=1,
        tensorflow__cudnn="9.3",
        tensorflow__cuda="12.5",
        cuda__unusable=[],
        cuda__conflicts=[],
        cuda__other_cudnn=None,
        cuda__loaded="some",
        hardware__lowest_compute="8.9",
        **{"cuda__outside_runpath": [], **facts},
    )
    assert lines(at) == [pip(command) for command in commands]


def test_pip_is_brought_first_where_there_is_none() -> None:
    at = situation(installed({"pip": None, "numpy": "2.2.6"}))
    first, second = todo(at, PIP)
    assert step(first, PIP).commands == (("python", "-m", "ensurepip"),)
    assert "numpy" in step(second, PIP).commands[0][4]
    assert len(todo(at, Installer("uv", "python"))) == 1
    assert todo(situation(installed({"pip": None})), PIP) == ()


def test_what_did_not_help_is_not_done_again() -> None:
    at = situation(installed({"numpy": "2.2.6"}))
    (first,) = changes(at)
    assert all(change.deeds != first.deeds for change in changes(at, [first.deeds]))


def test_others_are_brought_along_where_a_change_left_them_behind() -> None:
    items = installed({"opencv-python": ("4.12", ("numpy>=2",))})
    at = situation(items, tensorflow__import_outcome="ok")
    assert changes(at._replace(before=frozenset({("opencv-python", "numpy")}))) == ()
    (change,) = changes(at._replace(before=frozenset()))
    assert change.optional
    expected = pip("install opencv-python numpy==1.26.4 tensorflow-cpu==2.15.1")
    assert [" ".join(c) for c in step(change, PIP).commands] == [expected]


@pytest.mark.parametrize(
    ("specifiers", "possible"),
    [
        ("", True), (">=1,<2", True), (">=2,<2", False), ("<2,>=2.1", False), ("==1.5,<2", True),
        ("==1.5,>2", False), (">1,<1.0.1", True), ("~=2.15.0,<2.16", True), ("<0.1", True),
        (">3.0,<3.1", True),
    ],
)  # fmt: skip
def test_satisfiable(specifiers: str, possible: bool) -> None:
    assert satisfiable(SpecifierSet(specifiers)) is possible


def test_tightest() -> None:
    assert tightest(SpecifierSet("<3,<2,>=1,>=0.5,!=1.7")) == ">=1,<2,!=1.7"
    assert tightest(SpecifierSet("<2,<=2")) == "<2"
    assert tightest(SpecifierSet(">1,>=1")) == ">1"


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return small(tmp_path / "env")


# --- the whole, with an installer that is played --------------------------------------------------


def fake_tensorflow(made: Environment) -> None:
    """A TensorFlow whose requirement is not met."""
    files = {"tensorflow/__init__.py": b"import wanted_thing\n"}
    made.install("tensorflow-cpu", "2.15.1", ["wanted-thing>=1,<2"], files=files)
    made.install("pip", "24.0", files={"pip/__init__.py": b""})


@pytest.fixture
def sick(environment: Environment) -> Environment:
    fake_tensorflow(environment)
    return environment


def target(made: Environment) -> Target:
    return Target(made.python, "test", "venv")


class Player:
    """Plays the installer: what it was asked, and what it then does."""

    def __init__(self, does: Any, code: int = 0) -> None:
        self.asked: list[str] = []
        self._does, self._code = does, code

    def __call__(self, command: tuple[str, ...], _: Any) -> running.Ran:
        self.asked.append(" ".join(command))
        self._does()
        return running.Ran(self._code, "ERROR: said the installer")


def test_without_yes_nothing_happens(sick: Environment) -> None:
    before = picture(sick.folder)
    player = Player(lambda: None)
    found = repair.repair(target(sick), Wishes(), False, lambda _: None, player)
    assert not player.asked
    (only,) = found.changes
    assert only.commands == (
        (sick.python, "-m", "pip", "install", "wanted-thing>=1,<2", "tensorflow-cpu==2.15.1"),
    )
    assert (found.before, found.after, found.rolled_back, found.exit_code) == ("blocked", None, False, 0)
    assert picture(sick.folder).keys() - before.keys() <= {
        k for k in picture(sick.folder) if k.endswith(".pyc")
    }


def test_what_does_not_help_is_put_back(sick: Environment) -> None:
    before = picture(sick.folder)
    told: list[str] = []
    player = Player(lambda: (sick.packages / "rubbish.py").write_text("x", "utf-8"))
    found = repair.repair(target(sick), Wishes(), True, told.append, player)
    assert found.rolled_back and found.exit_code == 1
    assert found.after == found.before == "blocked"
    assert len(player.asked) == len(set(player.asked)), "nothing is done twice"
    after = picture(sick.folder)
    assert {k: v for k, v in after.items() if not k.endswith(".pyc")} == before
    assert "put back" in told[-1]


def test_a_step_that_fails_is_named_and_everything_put_back(sick: Environment) -> None:
    before = picture(sick.folder)
    player = Player(lambda: (sick.packages / "alpha" / "lib.so").unlink(), code=1)
    found = repair.repair(target(sick), Wishes(), True, lambda _: None, player)
    assert found.failed_step and found.log == "ERROR: said the installer"
    assert found.rolled_back
    assert {k: v for k, v in picture(sick.folder).items() if not k.endswith(".pyc")} == before


def test_ctrl_c_puts_everything_back(sick: Environment) -> None:
    before = picture(sick.folder)

    def interrupted() -> None:
        (sick.packages / "alpha" / "lib.so").unlink()
        raise Interrupted

    with pytest.raises(Interrupted):
        repair.repair(target(sick), Wishes(), True, lambda _: None, Player(interrupted))
    assert {k: v for k, v in picture(sick.folder).items() if not k.endswith(".pyc")} == before


def test_less_amiss_is_better_though_it_is_still_blocked(sick: Environment) -> None:
    """The requirement is met then, and this TensorFlow cannot train all the same."""

    def installs() -> None:
        if not (sick.packages / "wanted_thing.py").exists():
            sick.install("wanted-thing", "1.5", files={"wanted_thing.py": b""})

    player = Player(installs)
    found = repair.repair(target(sick), Wishes(), True, lambda _: None, player)
    assert not found.rolled_back
    assert found.exit_code == 1
    assert not freeze.of(sick.folder).aside.exists()


def test_less_amiss_is_no_better_where_the_same_blocks(sick: Environment) -> None:
    first = repair._examined(target(sick), Wishes())
    less = first._replace(at=first.at._replace(damaged={}))
    more = first._replace(at=first.at._replace(damaged={"numpy": ["x"]}))
    assert not less.is_better_than(more)


def test_two_repairs_do_not_meet(sick: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    freeze.of(sick.folder).take([sick.packages], True, [])
    monkeypatch.setattr(freeze.Freeze, "is_busy", lambda _: True)
    with pytest.raises(Wrong, match="under way"):
        repair.repair(target(sick), Wishes(), True, lambda _: None, Player(lambda: None))
    assert freeze.of(sick.folder).is_open()


def test_a_repair_that_was_killed_is_put_back_first(sick: Environment) -> None:
    before = picture(sick.folder)
    freeze.of(sick.folder).take([sick.packages], True, [])
    spoil(sick)
    spoilt = picture(sick.folder)
    shown = repair.repair(target(sick), Wishes(), False, lambda _: None, Player(lambda: None))
    assert "broken off" in shown.changes[0].do.en
    assert {k: v for k, v in picture(sick.folder).items() if not k.endswith(".pyc")} == spoilt
    told: list[str] = []
    repair.repair(target(sick), Wishes(), True, told.append, Player(lambda: None))
    assert "broken off" in told[0]
    assert {k: v for k, v in picture(sick.folder).items() if not k.endswith(".pyc")} == before


#: A pip that takes its time over breaking things.
SLOW_PIP = b"""
import pathlib, time
packages = pathlib.Path(__file__).parent.parent
for number in range(200):
    (packages / f"new_{number}.py").write_text("x")
    for path in list(packages.glob("alpha/*"))[:1]:
        path.unlink()
    time.sleep(0.01)
"""
ALONE = """
import sys
from envcheck.install import repair
from envcheck.install.wishes import Wishes
from envcheck.model import Target
repair.repair(Target(sys.argv[1], "test", "venv"), Wishes(), True, lambda line: print(line, flush=True))
"""


@pytest.mark.parametrize("after", [0.0, 0.15, 0.4, 0.9, 1.6])
def test_kill_9_during_a_repair(sick: Environment, after: float) -> None:
    """Whenever it strikes: what was there is there still, or comes back with the next repair."""
    (sick.packages / "pip" / "__main__.py").write_bytes(SLOW_PIP)
    before = picture(sick.folder)
    process = subprocess.Popen(
        [sys.executable, "-c", ALONE, sick.python], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert process.stdout is not None
    next(line for line in process.stdout if ".envcheck-repair" in line)
    time.sleep(after)
    process.kill()
    process.wait()
    process.stdout.close()
    frozen = freeze.of(sick.folder)
    assert frozen.is_open()
    frozen.restore()
    assert {k: v for k, v in picture(sick.folder).items() if not k.endswith(".pyc")} == before


def test_the_stock(sick: Environment) -> None:
    (sick.packages / "tensorflow" / "__init__.py").write_bytes(b"")
    host = sick.host()
    try:
        graph = stock.graph(host)
        tree = graph.tree(["tensorflow-cpu"])
        assert graph.version("Tensorflow_CPU") == "2.15.1"
        assert stock.damaged(host, graph, tree) == {"tensorflow-cpu": ["tensorflow/__init__.py"]}
        assert stock.package_folders(host) == [sick.packages]
        assert stock.is_venv(host)
    finally:
        host.close()


def test_why_a_step_failed_is_said() -> None:
    said = (
        "WARNING: Retrying (Retry(total=0, connect=None, read=None)) after connection broken by "
        "'NewConnectionError('Failed to establish a new connection: [Errno 111] Connection refused')'\n"
        "ERROR: No matching distribution found for numpy<2\n"
    )
    failed_step = Step(Text("Install numpy<2"), Text("It is too new"), "environment")
    done = repair.Repair((failed_step,), "blocked", "blocked", True, said, failed_step)
    target = Target("/home/ada/env/bin/python", "test", "venv")
    why = failed.explained(said, {}, target)
    assert "pip-network-blocked" in terminal.render(view(done, target, why), None)


# --- real ones ------------------------------------------------------------------------------------


@pytest.mark.repair
@pytest.mark.parametrize("name", broken.BROKEN)
def test_it_mends(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = broken.BROKEN[name]
    if case.gpu:
        if stubs.compiler() is None:
            pytest.skip("no C compiler to build the stand-ins with")
        monkeypatch.setenv("LD_LIBRARY_PATH", str(stubs.build(tmp_path / "driver")))
        monkeypatch.setenv("ENVCHECK_STUB", "kind=rtx4090")
    other = interpreters.python(case.python) if case.python else None
    if case.python and not other:
        pytest.skip(f"there is no Python {case.python} on this machine")
    made = broken.Environment(tmp_path / "env", case.packages, case.shared, other)
    case.breaks(made)
    monkeypatch.setenv("PYTHONUSERBASE", str(made.user_base))
    asked = interpreter.choose(made.python, Host(Live(Target("", "")), Target("", "")))
    before, theirs = versions(asked), picture(made.user_base)
    found = repair.repair(asked, Wishes(), True, print)
    after = versions(asked)
    assert not found.rolled_back, found
    assert found.changes
    if case.gpu:  # the stand-ins' driver computes nothing, and that is all that is left
        assert (found.before, found.after) == ("blocked", "undecided")
    else:
        assert (found.before == "ready") is case.works, found.before
        assert found.after == "ready", [f.rule.cause for f in causes(found)]
    for package, specifier in case.must.items():
        have = after.get(package)
        assert SpecifierSet(specifier).contains(have or "0") if specifier else have is None, (package, have)
    changed = {n for n in before.keys() | after.keys() if before.get(n) != after.get(n)}
    assert len(changed) <= 8, changed
    assert not freeze.of(made.folder).aside.exists()
    gone = {path for path in theirs.keys() - picture(made.user_base).keys() if not path.endswith(".pyc")}
    assert not gone, "the user's own packages are not ours to change"
    shutil.rmtree(made.folder)  # up to 6 GB


def causes(found: repair.Repair) -> tuple[Finding, ...]:
    return found.report.findings if found.report else ()


def versions(of: Target) -> dict[str, str]:
    host = Host(Live(of), of)
    try:
        return {canonical(n): i.version or "" for n, i in stock.graph(host).found.items()}
    finally:
        host.close()
