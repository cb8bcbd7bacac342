"""The whole way on this machine: envcheck as its users start it, with a real TensorFlow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PYTHON = os.environ.get("ENVCHECK_TF_PYTHON", "")
needs_tensorflow = pytest.mark.skipif(
    not PYTHON, reason="ENVCHECK_TF_PYTHON names no interpreter with TensorFlow"
)
#: A GPU may be there or not: these tests are about the way, not about the machine.
CPU = ["--require", "cpu"]


def envcheck(*options: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "envcheck", *options]
    variables = {**os.environ, "LANG": "C.UTF-8", "NO_COLOR": "1", **env}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=variables)


def told(*options: str, **env: str) -> dict[str, Any]:
    done = envcheck(*options, "--format", "json", **env)
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["exit_code"] == done.returncode
    return report


def causes(report: dict[str, Any]) -> list[str]:
    return [f["cause"] for f in report["findings"] if f["severity"] != "notice"]


@pytest.mark.tensorflow
@needs_tensorflow
def test_a_working_tensorflow_trains_and_is_ready(tmp_path: Path) -> None:
    recorded = tmp_path / "machine.json"
    report = told("--python", PYTHON, *CPU, "--record", str(recorded))
    assert (report["verdict"], causes(report)) == ("ready", [])
    assert [layer["layer"] for layer in report["layers"]][-2:] == ["tensorflow", "training"]
    assert {layer["status"] for layer in report["layers"]} == {"ok"}
    (row,) = [row for row in report["training"] if "CPU" in row["device"]]
    assert row["loss"][-1] < row["loss"][0] and row["step_ms"] > 0 and row["samples_per_s"] > 0
    assert not [name for name, fact in report["facts"].items() if fact.get("kind") == "bug"]
    again = told("--from", str(recorded), *CPU)
    assert (again["verdict"], again["training"]) == ("ready", report["training"])


@pytest.mark.tensorflow
@needs_tensorflow
def test_no_train_imports_and_lists_but_trains_nothing() -> None:
    report = told("--python", PYTHON, "--no-train", *CPU)
    status = {layer["layer"]: layer["status"] for layer in report["layers"]}
    assert (report["verdict"], status["tensorflow"], status["training"]) == ("ready", "ok", "skipped")
    assert report["facts"]["tensorflow.import_outcome"]["value"] == "ok"
    assert report["training"] == []


@pytest.mark.tensorflow
@needs_tensorflow
def test_a_package_that_is_hidden_by_a_local_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text("numbers = [1, 2, 3]\n")
    report = told("--python", PYTHON, *CPU, PYTHONPATH=os.pathsep.join([str(tmp_path), os.getcwd()]))
    assert (report["verdict"], causes(report)[:1]) == ("blocked", ["package-shadowed"])


@pytest.mark.tensorflow
@needs_tensorflow
@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("import os\nos.abort()", "tensorflow-import-crash"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "tensorflow-import-crash"),
        ("import time\ntime.sleep(600)", "tensorflow-import-hangs"),
    ],
)
def test_an_import_that_kills_or_hangs_is_a_finding(body: str, cause: str, tmp_path: Path) -> None:
    """A package that TensorFlow imports does the harm, so that no local file hides TensorFlow."""
    (tmp_path / "gast.py").write_text(body)
    path = os.pathsep.join([str(tmp_path), os.getcwd()])
    report = told("--python", PYTHON, "--timeout", "20", *CPU, PYTHONPATH=path)
    named = causes(report)
    assert report["verdict"] == "blocked"
    assert cause in [*named, *(c["cause"] for c in report["consequences"])]
    assert report["facts"]["platform.system"]["value"]


def test_quick_on_a_machine_without_tensorflow_says_so(tmp_path: Path) -> None:
    import venv

    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    report = told("--python", str(python), "--quick")
    assert (report["verdict"], causes(report)) == ("blocked", ["tensorflow-not-installed"])
    assert report["findings"][0]["fixes"][0]["run"]


def test_a_gpu_that_is_required_and_not_there(tmp_path: Path) -> None:
    if Path("/proc/driver/nvidia").exists() or Path("/dev/dxg").exists():
        pytest.skip("this machine has an NVIDIA GPU")
    report = told("--quick", "--require", "gpu", "--python", PYTHON or sys.executable)
    assert report["verdict"] == "blocked"
    assert causes(report)[0] == "no-nvidia-gpu"
