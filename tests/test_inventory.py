"""The inventory child, under every interpreter found and against what tries to stop it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from envcheck.host import Host
from envcheck.host.live import Live
from envcheck.model import Target

from . import interpreters
from .environments import Environment, install

pytestmark = pytest.mark.skipif(os.name == "nt", reason="builds environments as POSIX has them")


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    for name in ("PYTHONPATH", "PYTHONHOME", "JUPYTER_PATH"):
        monkeypatch.delenv(name, raising=False)
    return Environment(tmp_path / "venv")


def taken(python: str) -> dict[str, Any]:
    target = Target(python, "test")
    return Host(Live(target), target).child("inventory")


def event(child: dict[str, Any], name: str) -> dict[str, Any]:
    return next(e for e in child["events"] if e["event"] == name)


def shadows(child: dict[str, Any]) -> dict[str, str]:
    return {found["module"]: found["kind"] for found in event(child, "shadows")["found"]}


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"])
def test_every_python_from_3_6_is_examined(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = interpreters.python(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    monkeypatch.chdir(tmp_path)
    child = taken(python)
    assert child["how"] == "normal" and child["ended"]["code"] == 0
    assert event(child, "interpreter")["version"][:2] == [int(part) for part in version.split(".")]
    assert event(child, "environment")["working_directory"] == str(tmp_path)
    assert event(child, "libraries")["suspects"] == []
    assert child["events"][-1]["event"] == "end"


def test_python_2_says_its_version_and_no_more() -> None:
    python = interpreters.python("2.7")
    if python is None:
        pytest.skip("no Python 2.7 here")
    child = taken(python)
    assert [e["event"] for e in child["events"]] == ["interpreter", "end"]
    assert event(child, "interpreter")["version"][:2] == [2, 7]
    assert event(child, "interpreter")["too_old"] is True


def test_what_the_metadata_says(environment: Environment) -> None:
    environment.install("Some_Package", "1.0", ["numpy<2", "rich; extra == 'cli'"])
    environment.install("tensorflow", "2.20.0", ["nvidia-cudnn-cu12<10; extra == 'and-cuda'"])
    (environment.packages / "broken-1.2.dist-info").mkdir()
    (environment.packages / "~ensorflow").mkdir()
    (environment.packages / "old-0.1.egg-info").write_text("Metadata-Version: 1.1\nName: old\nVersion: 0.1\n")
    egg = environment.packages / "egg-0.2.egg-info"
    egg.mkdir()
    (egg / "PKG-INFO").write_text("Name: egg\nVersion: 0.2\n")
    (egg / "requires.txt").write_text("six>=1.0\n")
    child = taken(environment.python)
    folder = next(e for e in child["events"] if e["event"] == "distributions")
    found = {record["name"]: record for record in folder["found"]}
    assert folder["location"] == str(environment.packages)
    assert found["Some_Package"]["version"] == "1.0"
    assert found["Some_Package"]["requires"] == ["numpy<2"]  # an unrelated package's extras are no news
    assert found["Some_Package"]["installer"] == "pip"
    assert found["tensorflow"]["requires"] == ["nvidia-cudnn-cu12<10; extra == 'and-cuda'"]
    assert found["broken"]["version"] == "1.2" and found["broken"]["metadata"] is False
    assert found["old"]["version"] == "0.1"
    assert found["egg"]["requires_txt"] == "six>=1.0\n"
    assert event(child, "leftovers")["found"] == [str(environment.packages / "~ensorflow")]


def test_the_environment_is_described(environment: Environment) -> None:
    child = taken(environment.python)
    about = event(child, "environment")
    assert about["prefix"] == str(environment.folder)
    assert "home = " in about["pyvenv"]
    assert about["conda"] is False and about["tool"] is None
    assert about["user_site_enabled"] is False
    assert about["path"][0] == ""
    assert event(child, "interpreter")["bits"] == (64 if sys.maxsize > 2**32 else 32)


def test_conda_and_tools_are_recognised(environment: Environment) -> None:
    meta = environment.folder / "conda-meta"
    meta.mkdir()
    (meta / "numpy-1.26.4-py311h64a7726_0.json").write_text("{}")
    (meta / "history").write_text("")
    (environment.folder / "uv-receipt.toml").write_text("")
    child = taken(environment.python)
    assert event(child, "conda")["packages"] == [["numpy", "1.26.4", "py311h64a7726_0"]]
    assert event(child, "environment")["conda"] is True
    assert event(child, "environment")["tool"] == "uv tool"


def test_shared_libraries_are_compared_with_record(environment: Environment) -> None:
    files = {
        "tensorflow/good.so": b"12345678",
        "tensorflow/cut.so.2": b"12345678",
        "tensorflow/gone.so": b"12345678",
        "tensorflow/text.source.py": b"12345678",
    }
    environment.install("tensorflow-cpu", "2.20.0", files=files)
    environment.install("unrelated", "1.0", files={"unrelated/cut.so": b"12345678"})
    (environment.packages / "tensorflow" / "cut.so.2").write_bytes(b"123")
    (environment.packages / "tensorflow" / "gone.so").unlink()
    (environment.packages / "tensorflow" / "text.source.py").write_bytes(b"edited")
    (environment.packages / "unrelated" / "cut.so").write_bytes(b"1")
    libraries = event(taken(environment.python), "libraries")
    assert libraries["compared"] == 3
    found = {suspect["line"].split(",")[0]: suspect for suspect in libraries["suspects"]}
    assert set(found) == {"tensorflow/cut.so.2", "tensorflow/gone.so"}
    assert found["tensorflow/cut.so.2"]["size"] == 3
    assert found["tensorflow/gone.so"]["size"] is None
    assert found["tensorflow/gone.so"]["package"] == "tensorflow-cpu"


def test_what_the_tensorflow_package_says_of_itself(environment: Environment) -> None:
    build = (
        "# a licence\nimport collections\nbuild_info = collections.OrderedDict([('is_cuda_build', True)])\n"
    )
    header = (
        "#define TF_MAJOR_VERSION 2\n#define TF_MINOR_VERSION 15\n"
        '#define TF_PATCH_VERSION 1\n#define TF_VERSION_SUFFIX "-rc0"\n'
    )
    environment.install(
        "tensorflow",
        "2.15.1",
        files={
            "tensorflow/__init__.py": b"",
            "tensorflow/python/platform/build_info.py": build.encode(),
            "tensorflow/include/tensorflow/core/public/version.h": header.encode(),
            "tensorflow/libtensorflow_framework.so.2": b"elf",
        },
    )
    said = event(taken(environment.python), "tensorflow")
    assert said["folder"] == str(environment.packages / "tensorflow")
    assert said["build_info"].startswith("import collections\nbuild_info")
    assert said["version_header"] == "2.15.1rc0"
    path = str(environment.packages / "tensorflow" / "libtensorflow_framework.so.2")
    assert said["callers"] == [{"path": path, "size": 3}]


HOSTILE = [
    "json",
    "random",
    "os",
    "io",
    "time",
    "site",
    "encodings",
    "codecs",
    "re",
    "types",
    "enum",
    "abc",
    "stat",
]


def test_local_files_can_neither_stop_it_nor_hide(environment: Environment) -> None:
    for name in HOSTILE:
        Path(name + ".py").write_text("import os\nos._exit(9)\n")
    Path("notes.py").write_text("")  # nobody imports it
    child = taken(environment.python)
    assert child["how"] == "normal" and child["ended"]["code"] == 0
    assert shadows(child) == dict.fromkeys(("enum", "json", "random", "re", "types"), "standard")


def test_what_hides_a_package_and_what_does_not(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("numpy", "keras", "h5py", "six"):
        environment.install(name, "1.0", files={f"{name}/__init__.py": b""})
    Path("tensorflow.py").write_text("")  # hides a TensorFlow that is not there yet, too
    Path("numpy").mkdir()
    Path("numpy/__init__.py").write_text("")
    Path("h5py").mkdir()  # without __init__.py: comes after every real package
    Path("wrapt.py").write_text("")  # hides nothing: it is not installed
    extra = tmp_path / "extra"
    (extra / "keras").mkdir(parents=True)
    (extra / "keras" / "__init__.py").write_text("")
    install(extra, "six", "1.17.0", files={"six.py": b""})  # installed there on purpose
    monkeypatch.setenv("PYTHONPATH", str(extra))
    child = taken(environment.python)
    assert shadows(child) == {"tensorflow": "package", "numpy": "package", "keras": "package"}
    assert event(child, "environment")["python_path"] == [str(extra)]
    kinds = {e["location"]: e["kind"] for e in child["events"] if e["event"] == "distributions"}
    assert kinds == {str(extra): "pythonpath", str(environment.packages): "site"}


def test_in_site_packages_itself_nothing_is_hidden(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.install("numpy", "1.0", files={"numpy/__init__.py": b""})
    monkeypatch.chdir(environment.packages)
    assert shadows(taken(environment.python)) == {}


def test_a_start_up_file_that_ends_the_interpreter(environment: Environment) -> None:
    culprit = environment.packages / "sitecustomize.py"
    culprit.write_text("import os\nos._exit(7)\n")
    environment.install("numpy", "1.0")
    child = taken(environment.python)
    assert child["how"] == "no-site"
    assert [attempt["how"] for attempt in child["attempts"]] == ["normal", "isolated"]
    assert child["attempts"][0]["ended"]["code"] == 7
    assert str(culprit) in event(child, "customize")["sitecustomize"]
    # Without site the packages are found all the same.
    assert event(child, "distributions")["location"] == str(environment.packages)
    assert event(child, "environment")["prefix"] == str(environment.folder)


def test_a_culprit_on_pythonpath_needs_isolation_only(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad").mkdir()
    culprit = tmp_path / "bad" / "sitecustomize.py"
    culprit.write_text("import os\nos._exit(7)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "bad"))
    child = taken(environment.python)
    assert child["how"] == "isolated"
    assert str(culprit) in event(child, "customize")["sitecustomize"]


def test_pth_files_with_code_are_named(environment: Environment) -> None:
    (environment.packages / "code.pth").write_text("import sys\n")
    (environment.packages / "path.pth").write_text("/nowhere\n")
    names = [Path(path).name for path in event(taken(environment.python), "customize")["pth"]]
    assert "code.pth" in names and "path.pth" not in names


def test_a_working_directory_that_is_gone(environment: Environment, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    child = taken(environment.python)
    assert event(child, "shadows")["found"] == []
    assert child["events"][-1]["event"] == "end"
