"""The training child: against made-up packages called tensorflow, and against the real one.

``ENVCHECK_TF_PYTHON`` names an interpreter that has TensorFlow; ``make test`` makes one.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from envcheck.host import Host, children
from envcheck.host.live import Live
from envcheck.model import Target

from . import interpreters

#: A package that answers what the child asks before it computes: one CPU, no GPU.
LISTS = """
__version__ = {version!r}
class _Device:
    name, device_type = "/physical_device:CPU:0", "CPU"
class config:
    list_physical_devices = staticmethod(lambda: [_Device()])
    class experimental:
        pass
class test:
    is_built_with_cuda = staticmethod(lambda: False)
class sysconfig:
    get_build_info = staticmethod(lambda: {{"is_cuda_build": False}})
"""


def run(
    monkeypatch: pytest.MonkeyPatch, folder: Path, body: str, python: str = sys.executable, **args: Any
) -> dict[str, Any]:
    """Run the training child with ``body`` as the package ``tensorflow``."""
    (folder / "tensorflow").mkdir(parents=True)
    (folder / "tensorflow" / "__init__.py").write_text(body, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return train(python, **args)


def train(python: str, **args: Any) -> dict[str, Any]:
    target = Target(python, "test")
    live = Live(target, args={"train": args}, timeout=args.pop("timeout", None))
    return Host(live, target).child("train")


def events(result: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [event for event in result["events"] if event["event"] == name]


def test_an_exception_is_told_with_its_frames(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = "def load():\n    raise ImportError('\\x1b[1mlibx.so: file too short\\x1b[0m')\nload()\n"
    result = run(monkeypatch, tmp_path, body)
    (failed,) = events(result, "failed")
    assert (failed["operation"], failed["exception"]) == ("import", "ImportError")
    assert failed["message"] == ["libx.so: file too short"]
    assert failed["frames"][-1].endswith("__init__.py:2 in load")
    assert "ImportError: " in result["log"]["head"]
    assert (result["ended"]["kind"], result["ended"]["code"]) == ("exited", 1)


def test_an_empty_folder_is_no_tensorflow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (failed,) = events(run(monkeypatch, tmp_path, ""), "failed")
    assert "__version__" in failed["message"][0]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_an_abort_leaves_the_python_frames_in_the_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = run(monkeypatch, tmp_path, "import os\ndef load():\n    os.abort()\nload()\n")
    assert (result["ended"]["signal"], result["ended"]["stage"]) == ("SIGABRT", "import")
    assert "Fatal Python error: Aborted" in result["log"]["head"]
    assert "line 3 in load" in result["log"]["head"]


def test_an_import_that_ends_the_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = run(monkeypatch, tmp_path, "import os; os._exit(0)")
    assert not events(result, "imported") and not events(result, "end")


def test_an_import_that_calls_exit_is_an_exception(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (failed,) = events(run(monkeypatch, tmp_path, "import sys; sys.exit(3)"), "failed")
    assert failed["exception"] == "SystemExit"


def test_an_import_that_hangs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = run(monkeypatch, tmp_path, "import time; time.sleep(60)", timeout=2)
    assert (result["ended"]["kind"], result["ended"]["stage"]) == ("timeout", "import")


def test_tensorflow_1_is_imported_and_not_trained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = run(monkeypatch, tmp_path, LISTS.format(version="1.15.0"))
    assert events(result, "imported")[0]["version"] == "1.15.0"
    assert events(result, "training-skipped")[0]["reason"].startswith("TensorFlow 1 ")
    assert not events(result, "initialised")


def test_without_steps_it_stops_after_the_devices(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = run(monkeypatch, tmp_path, LISTS.format(version="2.20.0"), steps=False)
    assert events(result, "devices")[0]["devices"][0]["name"] == "/device:CPU:0"
    assert events(result, "training-skipped")[0]["reason"] == "--no-train"
    assert events(result, "end")


def test_it_waits_before_it_touches_a_device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = run(monkeypatch, tmp_path, LISTS.format(version="2.20.0"), steps=False)
    stages = [event["stage"] for event in events(result, "stage")]
    assert stages == ["import", "build", "waiting", "devices"]


def test_a_shadowing_module_is_left_to_the_import(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A json.py that fails must fail TensorFlow's import, if that needs it, and never the child itself."""
    (tmp_path / "json.py").write_text("raise RuntimeError('not the real json')", "utf-8")
    (failed,) = events(run(monkeypatch, tmp_path, "import json"), "failed")
    assert failed["frames"][-1].endswith("json.py:1 in <module>")


def test_it_imports_nothing_itself_before_tensorflow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tell = "import sys\nprint('LOADED', *sorted(sys.modules), 'END')\n"
    bare = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True)
    result = run(monkeypatch, tmp_path, tell + LISTS.format(version="2.20.0"), steps=False)
    more = _loaded(result["log"]["head"]) - _loaded(bare.stdout)
    assert more <= {"tensorflow", "faulthandler", "time"}  # two are compiled in: no file can hide them


def _loaded(text: str) -> set[str]:
    return set(text.partition("LOADED ")[2].partition(" END")[0].split())


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"])
def test_on_every_python(version: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    python = interpreters.python(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    result = run(monkeypatch, tmp_path, LISTS.format(version="2.20.0"), python, steps=False)
    assert events(result, "devices") and events(result, "end")


# --- the order of devices -----------------------------------------------------------------------


def program() -> dict[str, Any]:
    """The child's functions, with what they tell in ``told``."""
    told: list[dict[str, Any]] = []
    source = children.source("train").rpartition("\nmain()")[0]
    space: dict[str, Any] = {"ARGS": {}, "told": told, "os": os, "sys": sys}
    space["time"] = __import__("time")
    space["emit"] = lambda event, **fields: told.append({"event": event, **fields})
    space["stage"] = lambda name: None
    exec(compile(source, "train.py", "exec"), space)
    return space


class Tensor(types.SimpleNamespace):
    """Settings that are only switched."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: Tensor()


@pytest.mark.parametrize(
    ("names", "works", "trained"),
    [
        (["/device:CPU:0"], True, ["CPU:0"]),
        (["/device:GPU:0", "/device:CPU:0"], True, ["GPU:0", "CPU:0"]),
        (["/device:GPU:0", "/device:GPU:1", "/device:CPU:0"], True, ["GPU:0"]),
        (["/device:GPU:0", "/device:GPU:1", "/device:CPU:0"], False, ["GPU:0", "CPU:0"]),
    ],
)
def test_who_is_trained(
    names: list[str], works: bool, trained: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numpy", types.ModuleType("numpy"))
    space, seen = program(), []
    space["operate"] = lambda tf, numpy, device: {"matmul": [], "convolution": []}
    space["compare"] = lambda *_: None
    space["train"] = lambda tf, numpy, device: seen.append(device.removeprefix("/device:")) or works
    config = Tensor(experimental=Tensor())
    space["use"](types.SimpleNamespace(config=config), names)
    assert seen == trained


def test_a_device_whose_matrix_product_fails_is_not_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", types.ModuleType("numpy"))
    space, seen = program(), []
    space["operate"] = lambda tf, numpy, device: {} if "GPU" in device else {"matmul": []}
    space["compare"] = lambda *_: None
    space["train"] = lambda tf, numpy, device: seen.append(device) or True
    config = Tensor(experimental=Tensor())
    space["use"](types.SimpleNamespace(config=config), ["/device:GPU:0", "/device:CPU:0"])
    assert seen == ["/device:CPU:0"]


def test_a_context_that_fails_ends_the_turn_of_a_device() -> None:
    space = program()

    def refuse(tf: Any, numpy: Any) -> None:
        raise RuntimeError("CUDA_ERROR_DEVICE_UNAVAILABLE")

    space["OPERATIONS"] = tuple((step, name, refuse) for step, name, _ in space["OPERATIONS"])
    tf = types.SimpleNamespace(device=lambda name: contextlib.nullcontext())
    assert space["operate"](tf, None, "/device:GPU:0") == {}
    begun = [event["operation"] for event in space["told"] if event["event"] == "begin"]
    assert begun == ["add"]


# --- real TensorFlow ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real() -> dict[str, Any]:
    python = os.environ.get("ENVCHECK_TF_PYTHON")
    if not python:
        pytest.skip("ENVCHECK_TF_PYTHON names no interpreter with TensorFlow")
    return train(python)


@pytest.mark.tensorflow
def test_real_training(real: dict[str, Any]) -> None:
    assert [event["operation"] for event in events(real, "done")][:3] == ["add", "matmul", "convolution"]
    (trained,) = (event for event in events(real, "trained") if event["device"] == "/device:CPU:0")
    assert trained["placed_on"] == "/device:CPU:0"
    assert trained["loss"][-1] < trained["loss"][0] / 2
    assert trained["steps"] > 30 and trained["step_ms"] > 0 and trained["samples_per_s"] > 0
    assert events(real, "end") and not events(real, "failed")


@pytest.mark.tensorflow
def test_real_import_and_build(real: dict[str, Any]) -> None:
    (imported,), (build,) = events(real, "imported"), events(real, "build")
    assert imported["version"].startswith("2.") and imported["seconds"] > 0
    assert build["cuda"] is bool(build["info"]["is_cuda_build"])


@pytest.mark.tensorflow
def test_numbers_that_differ_are_told() -> None:
    """TensorFlow's own NumPy judges: equal arrays, a wrong one, one with NaN."""
    python = os.environ.get("ENVCHECK_TF_PYTHON")
    if not python:
        pytest.skip("ENVCHECK_TF_PYTHON names no interpreter with TensorFlow")
    body = """
import numpy, sys, os, time, json
told, ARGS = [], {}
def emit(event, **fields): told.append(fields)
exec(open(sys.argv[1]).read().rpartition("\\nmain()")[0])
one = numpy.ones((2, 2), "float32")
for other in (one, one * 1.5, one * float("nan")):
    compare(numpy, "/device:GPU:0", {"matmul": [other]}, {"matmul": [one]})
print(json.dumps([t["error_rel"] if t["error_rel"] == t["error_rel"] else "nan" for t in told]))
"""
    source = Path(children.__file__).parent.parent / "inside" / "train.py"
    answer = subprocess.run([python, "-c", body, str(source)], capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout) == [0.0, 0.5, "nan"]
