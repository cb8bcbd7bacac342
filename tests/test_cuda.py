"""The facts of the layer cuda, from what the child says to what the rules ask; and the real TensorFlow."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from envcheck import rulebook
from envcheck.formats import loader
from envcheck.host import Host
from envcheck.host.live import Live
from envcheck.match import match
from envcheck.model import Fact, Known, Target, Unknown
from envcheck.probes import Collected, cuda
from envcheck.probes.cuda import opening

from . import stubs

SITE = "/venv/lib/python3.11/site-packages"
WANTED = [
    "libcudart.so.12", "libcublas.so.12", "libcublasLt.so.12", "libcufft.so.11", "libcusolver.so.11",
    "libcusparse.so.12", "libcudnn.so.9",
]  # fmt: skip
WHEELS = {
    "libcudart.so.12": "cuda_runtime", "libcublas.so.12": "cublas", "libcublasLt.so.12": "cublas",
    "libcufft.so.11": "cufft", "libcusolver.so.11": "cusolver", "libcusparse.so.12": "cusparse",
    "libcudnn.so.9": "cudnn", "libnvJitLink.so.12": "nvjitlink",
}  # fmt: skip
PACKAGES = {
    "nvidia-cuda-runtime-cu12": "12.9.79", "nvidia-cublas-cu12": "12.9.3.13", "nvidia-cufft-cu12": "11.4.1.4",
    "nvidia-cusolver-cu12": "11.7.5.82", "nvidia-cusparse-cu12": "12.5.10.65",
    "nvidia-cudnn-cu12": "9.28.0.42", "nvidia-nvjitlink-cu12": "12.9.86",
}  # fmt: skip
METADATA = "Name: tensorflow\nRequires-Dist: nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == 'and-cuda'\n"
NOT_THERE = "cannot open shared object file: No such file or directory"
PROBES = {f"cuda.{probe.__name__}": probe for probe in cuda.FACTS}


def wheel(soname: str) -> str:
    return f"{SITE}/nvidia/{WHEELS[soname]}/lib/{soname}"


class Machine:
    """What the children and the files of a made-up machine say."""

    def __init__(self) -> None:
        self.system = "Linux"
        self.found: dict[str, str | None] = {name: wheel(name) for name in WANTED}
        self.errors: dict[str, str] = {}
        self.how: dict[str, str] = {}
        self.versions = {"libcudart.so.12": "12.9", "libcudnn.so.9": "9.28.0"}
        self.copies = [(wheel(name), "place") for name in WHEELS]
        self.cut: list[str] = []
        self.missing_parts: list[str] = []
        self.kills: dict[str, str] = {}
        self.files: dict[str, str] = {f"{SITE}/tensorflow-2.20.0.dist-info/METADATA": METADATA}
        self.answered: dict[str, Any] = {}
        self.given: dict[str, Any] = {}
        self.asked: list[Mapping[str, Any]] = []

    def lose(self, *sonames: str, copies: bool = True) -> None:
        """The library is not found; with ``copies`` it is nowhere else either."""
        for name in sonames:
            self.found[name] = None
            self.errors[name] = f"{name}: cannot open shared object file: No such file or directory"
        if copies:
            self.copies = [entry for entry in self.copies if Path(entry[0]).name not in sonames]

    # Answers

    def answer(self, verb: str, key: str, *args: Any) -> Any:
        if verb == "identity":
            return {"system": self.system}
        if verb == "child":
            self.asked.append(args[1])
            return self._child(args[1])
        if (verb, key) in self.answered:
            return self.answered[verb, key]
        return [] if verb in ("glob", "list") else self.files.get(key) if verb == "read" else None

    def _child(self, args: Mapping[str, Any]) -> dict[str, Any]:
        copies = [{"path": p, "real": p, "how": how, "cut": p in self.cut} for p, how in self.copies]
        events: list[dict[str, Any]] = [
            {"event": "caller", "path": args["caller"], "rpath": [], "runpath": [f"{SITE}/nvidia/cufft/lib"]},
            {"event": "copies", "copies": copies},
        ]
        for name in args["sonames"]:
            if name in args["skip"]:
                continue
            path, how = self.found[name], self.how.get(name, "runpath")
            events.append({"event": "open", "soname": name, "path": path, "how": how})
            if name in self.kills:
                return self._ended(events, self.kills[name])
            error = self.errors.get(name)
            events.append(
                {"event": "opened", "soname": name, "path": path, "real": path, "how": how, "error": error}
            )
        events += [{"event": "found", "soname": name, "path": None, "how": None} for name in args["lazily"]]
        events.append({"event": "parts", "soname": "libcudnn.so.9", "missing": self.missing_parts})
        for name, version in self.versions.items():
            if self.found[name] and name not in self.errors:
                events.append({"event": "version", "soname": name, "version": version})
        return self._ended([*events, {"event": "end"}], None)

    def _ended(self, events: list[dict[str, Any]], signal: str | None) -> dict[str, Any]:
        ended = {"kind": "signal" if signal else "exited", "code": None if signal else 0, "signal": signal}
        return {"events": events, "ended": ended, "log": {"head": "", "tail": "", "bytes": 0}}

    def start(self, name: str) -> None: ...
    def release(self, name: str, words: dict[str, Any]) -> None: ...
    def within(self, seconds: float) -> None: ...
    def close(self) -> None: ...

    def facts(self) -> Collected:
        version = self.given.pop("tensorflow.version", "2.20.0")
        given = {
            "tensorflow.version": version, "tensorflow.cuda_build": True, "tensorflow.cuda": "12.5.1",
            "tensorflow.cudnn": "9", "tensorflow.distribution": "tensorflow",
            "tensorflow.framework_library": f"{SITE}/tensorflow/libtensorflow_framework.so.2",
            "tensorflow.distributions": [{"name": "tensorflow", "version": version, "location": SITE}],
            "python.packages": PACKAGES, "python.distributions": [], "python.prefix": "/venv",
            "hardware.gpus": [{"bus_id": "0000:01:00.0", "compute": "8.9"}], "wanted.gpu": 1,
            "driver.usable_gpus": None, "tensorflow.gpu_support": None,
            **self.given,
        }  # fmt: skip
        host = Host(self, Target("/venv/bin/python", "test"))
        return Collected(host, PROBES, {name: Known(value) for name, value in given.items()})


def value(facts: Mapping[str, Fact], name: str) -> Any:
    fact = facts[f"cuda.{name}"]
    assert isinstance(fact, Known), fact
    return fact.value


def causes(facts: Mapping[str, Fact]) -> set[str]:
    return {rule.cause for rule in family() if match(rule, facts).outcome is True}


def family() -> list[Any]:
    return [r for r in rulebook.load() if r.layer == "cuda" or r.cause == "wheel-runpath-incomplete"]


@pytest.fixture
def machine() -> Machine:
    return Machine()


# --- what fires where ------------------------------------------------------------------------------


def test_where_all_loads_nothing_is_wrong(machine: Machine) -> None:
    facts = machine.facts()
    assert value(facts, "loaded") == "all"
    assert (value(facts, "runtime_version"), value(facts, "cudnn_version")) == ("12.9", "9.28.0")
    assert [r["origin"] for r in value(facts, "libraries")] == ["wheel"] * len(WANTED)
    assert not causes(facts)


def test_a_cpu_build_wants_nothing_and_starts_no_child(machine: Machine) -> None:
    machine.given = {"tensorflow.cuda_build": False}
    machine.answered["glob", "/usr/local/cuda*"] = ["/usr/local/cuda-13.0"]
    facts = machine.facts()
    assert value(facts, "loaded") is None
    assert all(value(facts, name) == [] for name in ("wanted_libraries", "libraries", "missing", "conflicts"))
    assert not machine.asked
    assert not causes(facts)


def test_a_wheel_that_the_runpath_leaves_out(machine: Machine) -> None:
    machine.lose("libcusolver.so.11", copies=False)
    facts = machine.facts()
    assert value(facts, "outside_runpath") == ["libcusolver.so.11"]
    assert value(facts, "unreached_folders") == f"{SITE}/nvidia/cusolver/lib"
    assert value(facts, "unreached_file") == wheel("libcusolver.so.11")
    assert value(facts, "reached_folder") == f"{SITE}/nvidia/cufft/lib"
    assert causes(facts) == {"wheel-runpath-incomplete"}


def test_a_wheel_that_the_runpath_leaves_out_but_for_one_folder(machine: Machine) -> None:
    """2.16.1 looks in nvidia/cuda_runtime/lib alone."""
    left_out = [name for name in WANTED if name != "libcudart.so.12"]
    machine.lose(*left_out, copies=False)
    facts = machine.facts()
    assert value(facts, "outside_runpath") == left_out
    assert value(facts, "unreached_file") is None  # one link would not do
    folders = value(facts, "unreached_folders").split(":")
    assert folders == list(dict.fromkeys(str(Path(wheel(name)).parent) for name in left_out))
    assert causes(facts) == {"wheel-runpath-incomplete"}


def test_an_nvidia_wheel_of_another_site_is_no_fault_of_tensorflows_wheel(machine: Machine) -> None:
    machine.lose(*WANTED)
    machine.copies = [(path.replace("/venv", "/home/u/.local"), how) for path, how in Machine().copies]
    facts = machine.facts()
    assert value(facts, "outside_runpath") == []
    assert causes(facts) == {"cuda-installed-not-on-loader-path"}


def test_nothing_installed(machine: Machine) -> None:
    machine.lose(*WANTED)
    facts = machine.facts()
    assert (value(facts, "loaded"), value(facts, "absence")) == ("none", "all")
    assert causes(facts) == {"cuda-libraries-missing"}


def test_nothing_installed_where_no_gpu_is_wanted(machine: Machine) -> None:
    machine.lose(*WANTED)
    machine.given = {"wanted.gpu": 0, "hardware.gpus": []}
    assert not causes(machine.facts())


def test_another_cuda_installed(machine: Machine) -> None:
    machine.lose(*WANTED)
    machine.copies = [("/usr/local/cuda-11.8/lib64/libcudart.so.11.0", "cache")]
    machine.answered = {
        ("glob", "/usr/local/cuda*"): ["/usr/local/cuda-11.8"],
        ("stat", "/usr/local/cuda-11.8"): {"type": "dir", "real": "/usr/local/cuda-11.8"},
        ("list", "/usr/local/cuda-11.8"): ["bin", "lib64", "nvvm", "version.json"],
        ("read", "/usr/local/cuda-11.8/version.json"): '{"cuda": {"version": "11.8.0"}}',
    }
    facts = machine.facts()
    assert value(facts, "other_cuda") == "11.8.0"
    assert causes(facts) == {"cuda-version-mismatch"}


def test_one_missing(machine: Machine) -> None:
    machine.lose("libcufft.so.11")
    facts = machine.facts()
    assert value(facts, "emptied_package") == "nvidia-cufft-cu12"
    assert causes(facts) == {"cuda-toolkit-partial"}


def test_a_missing_dependency_counts_by_its_own_name(machine: Machine) -> None:
    machine.lose("libnvJitLink.so.12")
    del machine.found["libnvJitLink.so.12"]
    error = machine.errors.pop("libnvJitLink.so.12")
    machine.errors.update({"libcusolver.so.11": error, "libcusparse.so.12": error})
    facts = machine.facts()
    assert value(facts, "missing") == ["libnvJitLink.so.12"]
    assert causes(facts) == {"cuda-toolkit-partial"}


def test_cudnn_missing(machine: Machine) -> None:
    machine.lose("libcudnn.so.9")
    assert causes(machine.facts()) == {"cudnn-missing"}


def test_a_part_of_cudnn_missing(machine: Machine) -> None:
    machine.missing_parts = ["libcudnn_graph.so.9"]
    assert causes(machine.facts()) == {"cudnn-missing"}


def test_only_another_cudnn_installed(machine: Machine) -> None:
    machine.lose("libcudnn.so.9")
    machine.copies.append(("/usr/lib/x86_64-linux-gnu/libcudnn.so.8", "cache"))
    facts = machine.facts()
    assert value(facts, "other_cudnn") == "8"
    assert causes(facts) == {"cudnn-version-mismatch"}


def test_an_old_cudnn_and_no_better_one(machine: Machine) -> None:
    machine.versions["libcudnn.so.9"] = "9.1.0"
    machine.given = {"python.packages": {**PACKAGES, "nvidia-cudnn-cu12": "9.1.0.70"}}
    assert causes(machine.facts()) == {"cudnn-version-mismatch"}


def test_an_old_cudnn_in_front_of_the_right_one(machine: Machine) -> None:
    machine.found["libcudnn.so.9"], machine.how["libcudnn.so.9"] = "/opt/old/libcudnn.so.9", "ld_library_path"
    machine.versions["libcudnn.so.9"] = "9.0.0"
    machine.copies.append(("/opt/old/libcudnn.so.9", "ld_library_path"))
    facts = machine.facts()
    assert value(facts, "conflicts") == [
        {
            "soname": "libcudnn.so.9", "winner": "/opt/old/libcudnn.so.9", "winner_version": "9.0.0",
            "expected": wheel("libcudnn.so.9"), "expected_version": "9.28.0.42", "folder": "/opt/old",
            "origin": "ld_library_path",
        }
    ]  # fmt: skip
    assert value(facts, "libraries")[-1]["rivals"] == [wheel("libcudnn.so.9")]
    assert causes(facts) == {"cuda-library-conflict"}


def test_another_copy_that_fits_is_no_conflict(machine: Machine) -> None:
    machine.found["libcudnn.so.9"], machine.how["libcudnn.so.9"] = "/opt/new/libcudnn.so.9", "ld_library_path"
    machine.versions["libcudnn.so.9"] = "9.10.2"
    machine.copies.append(("/opt/new/libcudnn.so.9", "ld_library_path"))
    assert not causes(machine.facts())


def test_two_cuda_releases_mixed(machine: Machine) -> None:
    machine.errors["libcusparse.so.12"] = (
        f"{wheel('libcusparse.so.12')}: undefined symbol: __nvJitLinkAddData_12_1, version libnvJitLink.so.12"
    )
    facts = machine.facts()
    assert value(facts, "missing") == []
    assert causes(facts) == {"cuda-library-conflict"}


def test_a_damaged_library(machine: Machine) -> None:
    machine.errors["libcufft.so.11"] = f"{wheel('libcufft.so.11')}: file too short"
    facts = machine.facts()
    assert value(facts, "unusable_package") == "nvidia-cufft-cu12"
    assert causes(facts) == {"cuda-toolkit-partial"}


def test_what_crashes_for_a_file_that_is_cut_off_does_not_hide_it(machine: Machine) -> None:
    """cuSOLVER needs cuSPARSE: both die of the one whose file ends too early."""
    machine.kills = {"libcusolver.so.11": "SIGBUS", "libcusparse.so.12": "SIGBUS"}
    machine.cut = [wheel("libcusparse.so.12")]
    facts = machine.facts()
    assert [entry["path"] for entry in value(facts, "unusable")] == machine.cut
    assert value(facts, "unusable_package") == "nvidia-cusparse-cu12"
    assert causes(facts) == {"cuda-toolkit-partial"}


def test_a_library_that_kills_the_child_is_named_and_the_rest_is_still_looked_at(machine: Machine) -> None:
    machine.kills = {"libcusparse.so.12": "SIGBUS"}
    facts = machine.facts()
    path = wheel("libcusparse.so.12")
    assert value(facts, "crashing") == [{"soname": "libcusparse.so.12", "path": path, "signal": "SIGBUS"}]
    assert [r["failure"] for r in value(facts, "libraries")] == [None] * 5 + ["crash", None]
    assert [args["skip"] for args in machine.asked] == [[], ["libcusparse.so.12"]]
    assert causes(facts) == {"cuda-toolkit-partial"}


def test_what_was_not_reached_does_not_count_as_loaded(machine: Machine) -> None:
    machine.kills = dict.fromkeys(WANTED, "SIGBUS")
    facts = machine.facts()
    assert len(value(facts, "libraries")) == len(WANTED)
    assert len(machine.asked) == opening.MOST_RUNS
    assert value(facts, "loaded") == "none"
    assert causes(facts) == {"cuda-toolkit-partial"}


def test_on_windows_the_libraries_of_a_gpu_build_are_not_looked_up(machine: Machine) -> None:
    machine.system = "Windows"
    for name in ("wanted_libraries", "libraries", "missing"):  # 2.20: a GPU build of somebody's own
        fact = machine.facts()[f"cuda.{name}"]
        assert isinstance(fact, Unknown) and fact.kind == "skipped"
    machine.given = {"tensorflow.cuda_build": False}
    assert value(machine.facts(), "wanted_libraries") == []


def test_on_windows_the_last_gpu_build_wants_dlls(machine: Machine) -> None:
    """Its build info names cudart64_112.dll, which CUDA 11.2 does not have."""
    machine.system = "Windows"
    machine.given = {
        "tensorflow.version": "2.10.1", "tensorflow.cuda": "11.2", "tensorflow.cudnn": "8",
        "tensorflow.framework_library": None,
    }  # fmt: skip
    facts = machine.facts()
    wanted = value(facts, "wanted_libraries")
    assert (wanted[0], wanted[-1]) == ("cudart64_110.dll", "cudnn64_8.dll")
    assert all(name.endswith(".dll") for name in wanted)
    for name in ("libraries", "runpath", "copies", "missing", "outside_runpath", "nccl"):
        fact = facts[f"cuda.{name}"]
        assert isinstance(fact, Unknown) and fact.kind == "skipped", name
    assert not machine.asked


def test_a_child_that_dies_before_the_first_library_is_no_answer(machine: Machine, monkeypatch: Any) -> None:
    monkeypatch.setattr(Machine, "_child", lambda self, args: self._ended([], "SIGSEGV"))
    fact = machine.facts()["cuda.libraries"]
    assert isinstance(fact, Unknown) and fact.kind == "failed"


@pytest.mark.parametrize(
    ("computes", "cause"),
    [(["6.1"], "cudnn-no-code-for-gpu"), (["8.9", "6.1"], "cudnn-no-code-for-some-gpus"), (["7.5"], None)],
)
def test_a_cudnn_without_code_for_the_gpu(machine: Machine, computes: list[str], cause: str | None) -> None:
    machine.given = {"hardware.gpus": [{"bus_id": str(i), "compute": c} for i, c in enumerate(computes)]}
    assert causes(machine.facts()) == ({cause} if cause else set())


def test_hidden_gpus_and_those_too_old_for_tensorflow_do_not_count_for_cudnn(machine: Machine) -> None:
    gpus = [{"bus_id": str(i), "compute": c} for i, c in enumerate(["8.9", "6.1", "5.2"])]
    support = [{"bus_id": "2", "runs": "no"}]
    machine.given = {
        "hardware.gpus": gpus, "driver.usable_gpus": ["0", "2"], "tensorflow.gpu_support": support,
    }  # fmt: skip
    assert value(machine.facts(), "cudnn_gpus") == "all"


def test_a_release_that_the_table_does_not_know_is_no_answer(machine: Machine) -> None:
    machine.given = {"tensorflow.version": "3.1.0", "tensorflow.cuda": None}
    fact = machine.facts()["cuda.wanted_libraries"]
    assert isinstance(fact, Unknown) and "3.1.0" in fact.reason


# --- the family is disjoint ------------------------------------------------------------------------

STATES: dict[str, list[Any]] = {
    "wanted.gpu": [0, 1],
    "cuda.loaded": ["all", "some", "none"],
    "cuda.absence": ["nothing", "cudnn", "some", "most", "all"],
    "cuda.outside_runpath": [[], ["libcusolver.so.11"]],
    "cuda.installed_elsewhere": [[], [{"soname": "libcusolver.so.11", "path": "/x"}]],
    "cuda.unusable": [[], [{"soname": "libcufft.so.11", "path": "/y", "why": "file too short"}]],
    "cuda.conflicts": [[], [{"soname": "libcudnn.so.9", "winner": "/z"}]],
    "cuda.other_cuda": [None, "11.8"],
    "cuda.other_cudnn": [None, "8"],
    "cuda.cudnn_parts_missing": [[], ["libcudnn_graph.so.9"]],
}


def test_at_most_one_of_the_family_fires_whatever_the_facts() -> None:
    rules = [r for r in family() if r.cause not in ("cudnn-no-code-for-some-gpus", "nccl-missing")]
    for values in itertools.product(*STATES.values()):
        state = dict(zip(STATES, values))
        fails = state["cuda.absence"] != "nothing" or state["cuda.installed_elsewhere"]
        if state["cuda.loaded"] == "all" and (fails or state["cuda.outside_runpath"]):
            continue  # what is not found does not load
        facts = {name: Known(v) for name, v in state.items()}
        fired = [rule.cause for rule in rules if match(rule, facts).outcome is True]
        assert len(fired) <= 1, (state, fired)


# --- toolkits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({"version.json": '{"cuda": {"name": "CUDA SDK", "version": "12.4.1"}}'}, "12.4.1"),
        ({"version.json": '{"cuda": {"name": "CUDA SDK", "version": "11.8.20220929"}}'}, "11.8"),
        ({"version.txt": "CUDA Version 10.1.243\n"}, "10.1.243"),
        ({"include/cuda.h": "#define CUDA_VERSION 13000\n"}, "13.0"),
        ({"version.json": "{broken"}, "12.2"),
        ({}, "12.2"),
    ],
)
def test_a_toolkit_says_its_version(machine: Machine, files: dict[str, str], version: str) -> None:
    root = "/usr/local/cuda-12.2"
    machine.answered = {
        ("glob", "/usr/local/cuda*"): ["/usr/local/cuda", root],
        ("stat", "/usr/local/cuda"): {"type": "dir", "real": root},
        ("stat", root): {"type": "dir", "real": root},
        ("list", root): ["nvvm"],
        **{("read", f"{root}/{name}"): text for name, text in files.items()},
    }  # fmt: skip
    assert value(machine.facts(), "toolkits") == [{"path": root, "version": version}]


def test_nvcc_is_told_from_the_runtime(machine: Machine) -> None:
    machine.answered = {
        ("env", "PATH"): "relative:/usr/bin:/usr/local/cuda/bin",
        ("stat", "/usr/local/cuda/bin/nvcc"): {"type": "file"},
        ("run", "/usr/local/cuda/bin/nvcc --version"): {
            "code": 0, "err": "", "out": "Cuda compilation tools, release 13.0, V13.0.88\n",
        },
    }  # fmt: skip
    facts = machine.facts()
    assert value(facts, "nvcc") == {"path": "/usr/local/cuda/bin/nvcc", "version": "13.0.88"}
    assert value(facts, "runtime_version") == "12.9"


def test_the_wheels_own_words_give_the_oldest_cudnn(machine: Machine) -> None:
    path = f"{SITE}/tensorflow-2.20.0.dist-info/METADATA"
    for line, least in [
        ("Requires-Dist: nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == 'and-cuda'", "9.3"),
        ("Requires-Dist: nvidia-cudnn-cu12 ==8.9.4.25 ; extra == 'and-cuda'", "8.9"),
        ("Requires-Dist: nvidia-cudnn-cu11 (==8.7.0.84) ; extra == 'and-cuda'", "8.7"),
        ("Requires-Dist: nvidia-nccl-cu12>=2.25.1; extra == 'and-cuda'", None),
    ]:
        machine.files[path] = f"Name: tensorflow\n{line}\n"
        assert value(machine.facts(), "cudnn_least") == least


# --- the loader's words ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "failure", "missing"),
    [
        (None, None, None),
        (f"libcudnn.so.9: {NOT_THERE}", "missing", "libcudnn.so.9"),
        (f"/x/libcufft.so.11: {NOT_THERE}", "missing", "libcufft.so.11"),
        ("/x/libcufft.so.11: file too short", "damaged", None),
        ("/x/libcufft.so.11: invalid ELF header", "damaged", None),
        ("/x/l.so: undefined symbol: f, version libnvJitLink.so.12", "symbols", None),
        ("/lib/libc.so.6: version `GLIBC_2.38' not found (required by /x/l.so)", "symbols", None),
        ("/x/l.so: cannot open shared object file: Permission denied", "other", None),
        ("/x/l.so: failed to map segment from shared object", "other", None),
    ],
)  # fmt: skip
def test_why_a_library_did_not_load(error: str | None, failure: str | None, missing: str | None) -> None:
    assert loader.failure(error) == failure
    assert (loader.innermost(error) if error else None) == missing


# --- the truth -------------------------------------------------------------------------------------


def gpu_pythons() -> list[str]:
    return [path for path in os.environ.get("ENVCHECK_GPU_PYTHON", "").split(os.pathsep) if path]


#: Lines that name the library and what came of it, in 2.20's and 2.21's form.
OPENED = re.compile(r"dso_loader\.cc:\d+\] Successfully opened dynamic library (\S+)")
FAILED = re.compile(
    r"dso_loader\.cc:\d+\] Could not load dynamic library '(\S+)'; dlerror: (.*?); LD_LIBRARY_PATH"
)
LIST = "import tensorflow as tf; print(tf.config.list_physical_devices('GPU'))"


def in_tensorflows_words(python: str, library_path: str) -> dict[str, str | None]:
    """Soname → TensorFlow's own dlerror, None where it opened it."""
    env = {**os.environ, "LD_LIBRARY_PATH": library_path, "TF_CPP_VMODULE": "dso_loader=1"}
    env.pop("TF_CPP_MIN_LOG_LEVEL", None)
    told = subprocess.run(
        [python, "-c", LIST], env=env, capture_output=True, text=True, timeout=300, check=False
    )
    lines = dict.fromkeys(OPENED.findall(told.stderr))
    return {**lines, **dict(FAILED.findall(told.stderr))}


def in_our_words(python: str, library_path: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    monkeypatch.setenv("LD_LIBRARY_PATH", library_path)
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    target = Target(python, "test")
    args = {"caller": f"{site}/tensorflow/libtensorflow_framework.so.2", "sonames": WANTED}
    opened = loader.last([Host(Live(target), target).child("libraries", **args)], "opened")
    return {name: event["error"] for name, event in opened.items()}


@pytest.mark.gpu_wheel
@pytest.mark.skipif(not gpu_pythons(), reason="ENVCHECK_GPU_PYTHON names no Python with tensorflow[and-cuda]")
@pytest.mark.skipif(stubs.compiler() is None, reason="needs a C compiler for the stand-in driver")
@pytest.mark.parametrize("front", ["nothing", "empty", "text", "cut"])
@pytest.mark.parametrize("python", gpu_pythons())
def test_tensorflow_says_the_same(
    python: str, front: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Library by library, what TensorFlow's dso_loader reports is what we report, error texts included."""
    driver = stubs.build(tmp_path / "driver")
    folder = tmp_path / "front"
    folder.mkdir()
    content = {
        "empty": b"",
        "text": b"no library " * 20,
        "cut": b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0\x3e\0",
    }
    if front in content:
        (folder / "libcufft.so.11").write_bytes(content[front])
    path = f"{folder}:{driver}"
    theirs = {n: e for n, e in in_tensorflows_words(python, path).items() if n in WANTED}
    assert theirs, "TensorFlow reported nothing"
    assert theirs == in_our_words(python, path, monkeypatch)


def test_the_parts_of_cudnn_are_named_for_each_major_version() -> None:
    assert set(opening.PARTS) == {"libcudnn.so.8", "libcudnn.so.9"}
    assert all(name.endswith(soname[-5:]) for soname, parts in opening.PARTS.items() for name in parts)
