"""The facts of the layer python, from real small environments and from built machines."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from envcheck.host import Host
from envcheck.model import Known, Unknown
from envcheck.probes import Collected, registry
from envcheck.snapshot import replay

from . import machines
from .environments import Environment, own_version

posix = pytest.mark.skipif(os.name == "nt", reason="builds environments as POSIX has them")
HOME = "/home/ada"
SITE = HOME + "/project/.venv/lib/python3.11/site-packages"


def facts_of(host: Host) -> Collected:
    return Collected(host, registry())


def value(host: Host, name: str) -> Any:
    fact = facts_of(host)[f"python.{name}"]
    assert isinstance(fact, Known), fact
    return fact.value


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return Environment(tmp_path / "venv")


# --- a built machine: linux-cpu-ready with other events


def built(
    changes: dict[str, Any], files: dict[str, Any] | None = None, env: dict[str, str] | None = None
) -> Host:
    """``changes``: event → its fields, merged into the recorded ones; a list replaces all such events."""
    machine = json.loads(json.dumps(machines.machine("linux-cpu-ready")))
    child = machine["answers"]["child"]["inventory"]
    for name, change in changes.items():
        if isinstance(change, list):
            at = next((i for i, e in enumerate(child["events"]) if e["event"] == name), 2)
            kept = [e for e in child["events"] if e["event"] != name]
            child["events"] = kept[:at] + [{"event": name, "at": 0.01, **c} for c in change] + kept[at:]
        else:
            next(e for e in child["events"] if e["event"] == name).update(change)
    machine["files"].update(files or {})
    machine["answers"]["env"].update(env or {})
    return replay(machine)


def installed(name: str, version: str, *requires: str, installer: str | None = "pip") -> dict[str, Any]:
    info = f"{name}-{version}.dist-info"
    return {"name": name, "version": version, "info": info, "requires": list(requires), "python": None,
            "installer": installer}  # fmt: skip


def folder(*found: dict[str, Any], location: str = SITE, kind: str = "site") -> dict[str, Any]:
    return {"location": location, "kind": kind, "found": list(found)}


def test_a_healthy_machine_has_nothing_to_tell() -> None:
    host = machines.host("linux-cpu-ready")
    lists = "conflicts unmet damaged missing_files shadows leftovers duplicates conda_pip_mix user_site_leaks"
    for name in [*lists.split(), "foreign_kernels", "other_tensorflows"]:
        assert value(host, name) == [], name
    for name in ("start_error", "start_culprit", "pynvml_package", "pip", "tf_keras", "other_python"):
        assert value(host, name) is None, name
    assert value(host, "start") == "ok"
    assert value(host, "environment") == "uv"
    assert value(host, "installer_of_tensorflow") == "uv"
    assert (value(host, "version"), value(host, "minor"), value(host, "bits")) == ("3.11.2", "3.11", 64)


def test_every_fact_has_a_command_to_show_it() -> None:
    for name, probe in registry().items():
        if name.startswith("python."):
            assert "How: " in (probe.__doc__ or ""), name


# --- the interpreter


@pytest.mark.parametrize(
    ("interpreter", "about", "kind"),
    [
        ({}, {}, "uv"),
        ({}, {"pyvenv": "home = /usr/bin\nversion = 3.11.2\n"}, "venv"),
        ({}, {"pyvenv": "home = /usr/bin\nversion_info = 3.11.2\nvirtualenv = 20.24.5\n"}, "virtualenv"),
        ({"prefix": "/usr"}, {"pyvenv": None, "prefix": "/usr"}, "system"),
        ({"prefix": "/c", "base_prefix": "/c"}, {"pyvenv": None, "conda": True}, "conda"),
        ({}, {"tool": "pipx"}, "pipx"),
        ({"old_virtualenv": True, "prefix": "/v"}, {"pyvenv": None}, "virtualenv"),
    ],
)
def test_kinds_of_environment(interpreter: dict[str, Any], about: dict[str, Any], kind: str) -> None:
    assert value(built({"interpreter": interpreter, "environment": about}), "environment") == kind


def test_pep_668_counts_outside_of_environments_only() -> None:
    marked = {"externally_managed": True}
    assert value(built({"environment": marked}), "externally_managed") is False
    system = {"interpreter": {"prefix": "/usr"}, "environment": {**marked, "pyvenv": None, "prefix": "/usr"}}
    assert value(built(system), "externally_managed") is True


def test_versions_with_their_pre_release() -> None:
    host = built({"interpreter": {"version": [3, 15, 0, "alpha", 1]}})
    assert (value(host, "version"), value(host, "minor")) == ("3.15.0a1", "3.15")


def test_python_2_has_a_version_and_nothing_else() -> None:
    machine = machines.machine("linux-cpu-ready")
    old: dict[str, Any] = {
        "event": "interpreter",
        "version": [2, 7, 18, "final", 0],
        "executable": "/usr/bin/python2",
    }
    old["too_old"] = True
    child = {**machine["answers"]["child"]["inventory"], "events": [old]}
    machine["answers"]["child"]["inventory"] = child
    facts = facts_of(replay(machine))
    assert facts["python.version"] == Known("2.7.18", ("the examined Python",))
    packages = facts["python.packages"]
    assert isinstance(packages, Unknown) and packages.kind == "skipped" and "2.7.18" in packages.reason


def test_the_supported_pythons_come_from_the_table() -> None:
    host = machines.host("linux-cpu-ready")
    assert (value(host, "oldest_supported"), value(host, "newest_supported")) == ("3.9", "3.13")
    assert value(host, "pip_needed") == "20.3"  # the manylinux_2_27 tag of 2.21 is a PEP 600 one


# --- starting


@posix
def test_a_start_that_ends_in_sitecustomize(environment: Environment) -> None:
    culprit = environment.packages / "sitecustomize.py"
    culprit.write_text("import sys\nsys.exit('licence server not reachable')\n")
    host = environment.host()
    assert value(host, "start") == "needs-no-site"
    assert value(host, "start_error") == "SystemExit: licence server not reachable"
    assert value(host, "start_culprit") == str(culprit)


@posix
def test_a_silent_one_is_found_by_what_differs(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "sitecustomize.py").write_text("import os\nos._exit(7)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "bad"))
    host = environment.host()
    assert value(host, "start") == "needs-isolation"
    assert value(host, "start_error") == "it ends at once with exit status 7, without a word"
    assert value(host, "start_culprit") == str(tmp_path / "bad" / "sitecustomize.py")


@posix
def test_pythonhome(environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    host = environment.host()
    assert value(host, "start") == "needs-isolation"
    assert "encodings" in value(host, "start_error") or value(host, "start_error")
    assert value(host, "start_culprit") == "PYTHONHOME"


@posix
def test_an_environment_whose_python_has_gone(environment: Environment) -> None:
    python = Path(environment.python)
    python.unlink()
    python.symlink_to("/usr/bin/python3.1")
    host = environment.host()
    assert value(host, "start") == "dead"
    assert value(host, "start_culprit") == "/usr/bin/python3.1"
    facts = facts_of(host)
    for name in ("version", "packages", "conflicts", "shadows"):
        fact = facts[f"python.{name}"]
        assert isinstance(fact, Unknown) and fact.kind == "failed"
    assert value(host, "executable") == environment.python


# --- requirements


BROKEN = {
    "alpha": (
        "1.0",
        ["beta>=2", "gamma", "delta<3,>=1; python_version >= '3'", "never; python_version < '3'"],
    ),
    "beta": ("1.5", ["alpha"]),
    "delta": ("2.0rc1", ["epsilon[x]!=1.0", "six; extra == 'x'"]),
    "epsilon": ("1.0", []),
    "zeta": ("0.1", ["alpha==1.0", "beta<1.5,>=1.0", "Eta_Theta"]),
    "eta.theta": ("3", []),
}


#: "alpha 1.0 requires gamma, which is not installed." and "alpha 1.0 has requirement beta>=2, but …".
PIP_SAYS = re.compile(r"^(\S+) (\S+) (?:requires|has requirement) ([\w.-]+)", re.MULTILINE)


@posix
def test_conflicts_are_those_of_pip_check(environment: Environment) -> None:
    """Compared with the real one, run by the environment's own interpreter."""
    if subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, check=False
    ).returncode:
        pytest.skip("no pip to compare with")
    for name, (version, requires) in BROKEN.items():
        environment.install(name, version, requires)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        environment.python,
        "--disable-pip-version-check",
        "check",
    ]
    told = subprocess.run(pip, capture_output=True, text=True, check=False)
    if "--python" in told.stderr:
        pytest.skip("this pip cannot look at another environment")
    theirs = {tuple(_plain(word) for word in found) for found in PIP_SAYS.findall(told.stdout)}
    conflicts = value(environment.host(), "conflicts")
    assert told.returncode == 1
    assert theirs == {(c["package"], _plain(c["version"]), c["requires"]) for c in conflicts}
    assert {(c["package"], c["requires"], c["side"]) for c in conflicts} == {
        ("alpha", "beta", "below"),
        ("alpha", "gamma", "missing"),
        ("delta", "epsilon", "excluded"),
        ("zeta", "beta", "above"),
    }


def _plain(word: str) -> str:
    return re.sub(r"[-_.]+", "-", word).lower()


def test_only_what_tensorflow_requires_is_called_its_own() -> None:
    host = built({"distributions": [folder(
        installed("tensorflow-cpu", "2.21.0", "keras>=3.12", "wrapt"),
        installed("keras", "3.15.1", "namex>=1"),
        installed("namex", "0.1.0"),
        installed("jupyterlab", "4.0.0", "tornado>=6.2"),
    )]})  # fmt: skip
    found = {(c["package"], c["requires"]): c["of_tensorflow"] for c in value(host, "conflicts")}
    assert found == {
        ("jupyterlab", "tornado"): False,
        ("keras", "namex"): True,
        ("tensorflow-cpu", "wrapt"): True,
    }
    assert value(host, "unmet") == [
        "keras 3.15.1 needs namex>=1, installed is 0.1.0",
        "tensorflow-cpu 2.21.0 needs wrapt, not installed",
    ]


# --- packages in several places


def test_the_first_on_the_path_counts_and_what_it_hides_is_told() -> None:
    user = HOME + "/.local/lib/python3.11/site-packages"
    host = built({"distributions": [
        folder(installed("numpy", "2.1.0"), installed("six", "1.16.0"), location=user, kind="user"),
        folder(installed("numpy", "1.26.4"), installed("six", "1.16.0"), installed("h5py", "3.10.0"),
               installed("h5py", "3.11.0")),
    ]})  # fmt: skip
    assert value(host, "numpy") == "2.1.0"
    assert value(host, "user_site_leaks") == [
        {"package": "numpy", "version": "2.1.0", "path": user, "hidden": "1.26.4"}
    ]
    assert value(host, "duplicates") == [{"name": "h5py", "versions": ["3.10.0", "3.11.0"], "location": SITE}]


def test_conda_and_pip_in_one_environment() -> None:
    conda = {
        "packages": [["numpy", "1.26.4", "py311_0"], ["h5py", "3.9.0", "py311_1"], ["six", "1.16.0", "pyh_0"]]
    }
    host = built({
        "conda": [conda],
        "distributions": [folder(installed("numpy", "2.1.0"), installed("h5py", "3.9.0", installer="conda"),
                                 installed("six", "1.16.0"))],
    })  # fmt: skip
    assert value(host, "conda_pip_mix") == [{"package": "numpy", "conda": "1.26.4", "pip": "2.1.0"}]


def test_damaged_and_missing_files() -> None:
    host = built({"libraries": {"suspects": [
        {"package": "tensorflow-cpu", "line": '"tensorflow/odd, one.so",sha256=x,100', "size": 7},
        {"package": "nvidia-cudnn-cu12", "line": "nvidia/cudnn/lib/libcudnn.so.9,sha256=y,50", "size": None},
    ]}})  # fmt: skip
    assert value(host, "damaged") == [
        {"package": "tensorflow-cpu", "file": "tensorflow/odd, one.so", "expected": 100, "size": 7}
    ]
    assert value(host, "missing_files") == [
        {"package": "nvidia-cudnn-cu12", "file": "nvidia/cudnn/lib/libcudnn.so.9"}
    ]


@pytest.mark.parametrize(
    ("version", "needed"), [("2.21.0", "2.21.0"), ("2.20.0rc1", "2.20.0"), ("2.15.1", None), ("1.15.0", None)]
)
def test_the_tf_keras_that_belongs_to_it(version: str, needed: str | None) -> None:
    host = built({"distributions": [folder(installed("tensorflow", version))]})
    assert value(host, "tf_keras_needed") == needed


# --- other interpreters


def kernel(*argv: str, language: str = "python") -> str:
    return json.dumps({"argv": list(argv), "display_name": "x", "language": language})


def test_jupyter_kernels_and_those_of_other_interpreters() -> None:
    share = HOME + "/.local/share/jupyter/kernels"
    own = HOME + "/project/.venv/share/jupyter/kernels"
    launcher = ("-m", "ipykernel_launcher", "-f", "{connection_file}")
    host = built({}, {
        f"{share}/old/kernel.json": kernel("/opt/old/bin/python3", *launcher),
        f"{share}/mine/kernel.json": kernel(HOME + "/project/.venv/bin/python3", *launcher),
        f"{share}/ir/kernel.json": kernel("R", language="R"),
        f"{share}/broken/kernel.json": "{",
        f"{own}/python3/kernel.json": kernel("python", *launcher),
        f"{own}/old/kernel.json": kernel("/never/found", *launcher),  # the user's own comes first
        "/usr/share/jupyter/kernels/system/kernel.json": kernel("/usr/bin/python3", *launcher),
    })  # fmt: skip
    found = {k["name"]: (k["python"], k["exists"]) for k in value(host, "kernels")}
    assert found == {
        "mine": (HOME + "/project/.venv/bin/python3", False),
        "old": ("/opt/old/bin/python3", False),
        "python3": (None, True),
        "system": ("/usr/bin/python3", True),
    }
    assert [k["name"] for k in value(host, "foreign_kernels")] == ["old", "system"]


def test_tensorflow_in_other_interpreters() -> None:
    conda, pyenv = HOME + "/miniconda3/envs/tf", HOME + "/.pyenv/versions/3.10.13"
    python = {"size": 1, "mode": 0o755}
    host = built({}, {
        f"{conda}/bin/python": python,
        f"{conda}/lib/python3.12/site-packages/tensorflow-2.20.0.dist-info/METADATA": "",
        f"{pyenv}/bin/python": python,
        f"{pyenv}/lib/python3.10/site-packages/tf_nightly-2.22.0.dev1.dist-info/METADATA": "",
        f"{pyenv}/lib/python3.10/site-packages/tensorflow_hub-0.16.0.dist-info/METADATA": "",
        HOME + "/.local/lib/python3.11/site-packages/tensorflow_cpu-2.16.1.dist-info/METADATA": "",
        "/gone/lib/python3.9/site-packages/tensorflow-2.9.0.dist-info/METADATA": "",
        SITE + "/tensorflow_cpu-2.21.0.dist-info/METADATA": "",
    })  # fmt: skip
    assert value(host, "other_tensorflows") == [
        {"python": f"{conda}/bin/python", "version": "2.20.0"},
        {"python": f"{pyenv}/bin/python", "version": "2.22.0.dev1"},
        {"python": "/usr/bin/python3.11", "version": "2.16.1"},
    ]
    assert value(host, "other_python") == f"{conda}/bin/python"


# --- the causes that are decided without an import


@posix
@pytest.mark.parametrize(
    ("packages", "cause"),
    [
        ([("tensorflow", "2.15.1", ["numpy<2,>=1.23.5"]), ("numpy", "2.0.2", [])], "numpy-abi-mismatch"),
        ([("tensorflow-cpu", "2.21.0", ["numpy>=1.26"]), ("numpy", "1.24.4", [])], "numpy-abi-mismatch"),
        (
            [("tensorflow", "2.21.0", ["protobuf>=6.31.1"]), ("protobuf", "4.25.8", [])],
            "protobuf-incompatible",
        ),
        (
            [("tensorflow", "2.10.1", ["protobuf<3.20,>=3.9.2"]), ("protobuf", "4.25.8", [])],
            "protobuf-incompatible",
        ),
        ([("tensorflow", "2.21.0", ["keras>=3.12"]), ("keras", "2.15.0", [])], "keras-version-conflict"),
        ([("tensorflow", "2.21.0", []), ("numpy", "2.4.6", []), ("h5py", "3.10.0", [])], "h5py-incompatible"),
        ([("tensorflow", "2.21.0", ["numpy>=1.26"]), ("numpy", "2.4.6", [])], None),
    ],
)
def test_metadata_decides_before_the_crash(
    environment: Environment, packages: list[tuple[str, str, list[str]]], cause: str | None
) -> None:
    from envcheck.match import match
    from envcheck.rulebook import load

    for name, version, requires in packages:
        environment.install(name, version, requires)
    # What it takes to be sure of the platform, and no import at all.
    facts = facts_of(environment.host())
    needed = {name: facts[name] for name in facts if name.split(".")[0] == "python"}
    needed |= {name: facts[name] for name in ("tensorflow.version", "tensorflow.environment")}
    fired = [rule.cause for rule in load() if rule.layer == "python" and match(rule, needed).outcome]
    assert fired == ([cause] if cause else [])
    assert own_version() == needed["python.minor"].value


OLD = {
    "event": "interpreter",
    "version": [2, 7, 18, "final", 0],
    "executable": "/usr/bin/python2",
    "too_old": True,
}
EMPTY: dict[str, Any] = {"distributions": [], "tensorflow": []}
DIES = {
    "event": "failed",
    "operation": "import",
    "exception": "ImportError",
    "message": ["numpy"],
    "frames": [],
}


def fired(host: Host) -> list[str]:
    """The causes of this layer that hold, without those that another of them explains."""
    from envcheck.match import match
    from envcheck.rulebook import load

    facts = facts_of(host)
    rules = [rule for rule in load() if rule.layer == "python" and match(rule, facts).outcome]
    explained = {cause for rule in rules for cause in rule.explains}
    return [rule.cause for rule in rules if rule.cause not in explained]


def with_import_failing(host_changes: dict[str, Any]) -> Host:
    host = built(host_changes)
    train = host.child("train")
    head = [e for e in train["events"] if e["event"] == "stage"][:1]
    train["events"] = [*head, {"at": 1.0, "device": None, "cause": None, **DIES}]
    train["ended"] = {**train["ended"], "code": 1, "stage": "import"}
    return host


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({**EMPTY, "interpreter": [OLD]}, "python-too-old"),
        ({**EMPTY, "interpreter": {"version": [3, 7, 9, "final", 0]}}, "python-too-old"),
        ({**EMPTY, "interpreter": {"version": [3, 14, 0, "final", 0]}}, "python-too-new"),
        ({**EMPTY, "interpreter": {"bits": 32}}, "python-32-bit"),
        ({**EMPTY, "distributions": [folder(installed("pip", "9.0.1"))]}, "pip-too-old"),
        (EMPTY, None),
    ],
)
def test_what_stands_in_the_way_of_an_installation(changes: dict[str, Any], cause: str | None) -> None:
    assert fired(built(changes)) == ([cause] if cause else [])


def test_an_untidy_conda_environment_is_a_cause_only_where_the_import_fails() -> None:
    changes = {
        "conda": [{"packages": [["grpcio", "1.60.0", "py311_0"]]}],
        "distributions": [folder(installed("grpcio", "1.70.0"), installed("tensorflow", "2.21.0"))],
    }
    assert fired(built(changes)) == []
    assert fired(with_import_failing(changes)) == ["conda-pip-mix"]


@pytest.mark.parametrize(("installed_too", "causes"), [((), ["tf-keras-missing"]), (("tf-keras",), [])])
def test_keras_2_is_asked_for(installed_too: tuple[str, ...], causes: list[str]) -> None:
    found = [installed("tensorflow", "2.21.0"), *(installed(name, "2.21.0") for name in installed_too)]
    host = built({"distributions": [folder(*found)]}, env={"TF_USE_LEGACY_KERAS": "1"})
    assert fired(host) == causes


@pytest.mark.parametrize("name", [name for name in machines.names() if name.endswith("-ready")])
def test_a_healthy_machine_has_no_cause_here(name: str) -> None:
    assert fired(machines.host(name)) == []
