"""The layer tensorflow: its facts on given children and facts, its formats on real lines."""

from __future__ import annotations

from typing import Any

import pytest

from envcheck import tables
from envcheck.formats import build_info, tf_log
from envcheck.formats import children as said
from envcheck.model import NoAnswer
from envcheck.probes.tensorflow import build, devices, distributions, environment, importing, support

SITE = "/venv/lib/python3.11/site-packages"
LINUX = {"platform.system": "Linux", "platform.architecture": "x86_64", "platform.wsl": None}
WINDOWS = {"platform.system": "Windows", "platform.architecture": "AMD64", "platform.wsl": None}
GPU_BUILD = (
    "import collections\nbuild_info = collections.OrderedDict([('cuda_compute_capabilities', ['sm_60', "
    "'compute_90']), ('cuda_version', '12.5.1'), ('cudnn_version', '9'), ('is_cuda_build', True)])"
)


class Machine:
    """A host that has children and an environment, and nothing else."""

    def __init__(self, env: dict[str, str] | None = None, **children: Any) -> None:
        self._env, self._children = env or {}, children

    def child(self, name: str) -> Any:
        return self._children[name]

    def env(self, name: str) -> str | None:
        return self._env.get(name)


def child(*events: dict[str, Any], log: str = "", **ended: Any) -> dict[str, Any]:
    kind = {"kind": "exited", "code": 0, "signal": None, "stage": "import", "seconds": 1.0, **ended}
    return {"events": list(events), "log": {"head": log, "tail": "", "bytes": len(log)}, "ended": kind}


IMPORT = {"event": "stage", "stage": "import"}
IMPORTED = {
    "event": "imported",
    "seconds": 2.5,
    "version": "2.20.0",
    "file": SITE + "/tensorflow/__init__.py",
}
END = {"event": "end"}


def inventory(**fields: Any) -> dict[str, Any]:
    folder = {"event": "tensorflow", "folder": SITE + "/tensorflow", "build_info": None, "callers": []}
    return child({**folder, "version_header": None, **fields}, END)


def installed(*names: str, location: str = SITE) -> list[dict[str, Any]]:
    pairs = (name.split(" ") for name in names)
    return [{"name": name, "version": version, "location": location} for name, version in pairs]


# --- distributions ------------------------------------------------------------------------------


def test_distributions_in_any_spelling() -> None:
    there = installed(
        "TF_Nightly_CPU 2.22.0.dev1", "intel.tensorflow 2.15.0", "numpy 2.0", "tensorflow-text 2.18"
    )
    found = distributions.distributions({**LINUX, "python.distributions": there})
    assert [item["name"] for item in found] == ["intel-tensorflow", "tf-nightly-cpu"]


@pytest.mark.parametrize(
    ("name", "version", "platform", "stub"),
    [
        ("tensorflow", "2.11.0", "win-amd64", True),
        ("tensorflow", "2.18.0", "win-amd64", True),
        ("tensorflow", "2.18.1", "win-amd64", False),
        ("tensorflow", "2.10.1", "win-amd64", False),
        ("tensorflow", "2.15.0", "macos-arm64", True),
        ("tensorflow", "2.15.1", "macos-arm64", False),
        ("tensorflow", "2.15.1", "linux-aarch64", True),
        ("tensorflow", "2.15.0", "linux-x86_64", False),
        ("tensorflow-intel", "2.15.0", "win-amd64", False),
    ],
)
def test_wheels_that_only_forward(name: str, version: str, platform: str, stub: bool) -> None:
    assert distributions.is_stub(name, version, platform) is stub


def test_a_forwarding_wheel_and_what_it_forwards_to_do_not_overlap() -> None:
    there = installed("tensorflow 2.15.0", "tensorflow-intel 2.15.0")
    found = distributions.distributions({**WINDOWS, "python.distributions": there})
    assert distributions.overlapping({"tensorflow.distributions": found}) is None
    assert distributions.stub_alone({**WINDOWS, "tensorflow.distributions": found}) is None
    alone = [item for item in found if item["stub"]]
    assert distributions.stub_alone({**WINDOWS, "tensorflow.distributions": alone}) == "tensorflow-intel"
    facts = {"tensorflow.distributions": found}
    assert distributions.distribution(Machine(inventory=child()), facts) == "tensorflow-intel"


def test_two_in_one_folder_overlap_and_two_in_two_do_not() -> None:
    there = installed("tensorflow 2.20.0", "tensorflow_cpu 2.20.0")
    found = distributions.distributions({**LINUX, "python.distributions": there})
    overlapping = distributions.overlapping({"tensorflow.distributions": found})
    assert overlapping == ["tensorflow 2.20.0", "tensorflow-cpu 2.20.0"]
    there[1]["location"] = "/home/ada/.local/lib/python3.11/site-packages"
    found = distributions.distributions({**LINUX, "python.distributions": there})
    assert distributions.overlapping({"tensorflow.distributions": found}) is None


def test_of_several_the_one_whose_files_are_there() -> None:
    there = installed("tensorflow 2.20.0", location="/user/site") + installed("tf-nightly 2.22.0.dev1")
    found = distributions.distributions({**LINUX, "python.distributions": there})
    host = Machine(inventory=inventory())
    assert distributions.distribution(host, {"tensorflow.distributions": found}) == "tf-nightly"
    assert distributions.version(host, {"tensorflow.distributions": found}) == "2.22.0.dev1"


def test_a_build_without_metadata_has_its_headers_version() -> None:
    host = Machine(inventory=inventory(version_header="2.19.0"))
    facts = {"tensorflow.distributions": []}
    assert distributions.distribution(host, facts) is None
    assert distributions.version(host, facts) == "2.19.0"
    assert distributions.version(Machine(inventory=child(END)), facts) is None


def test_truncated_is_shorter_and_damaged_is_any_difference() -> None:
    facts = {
        "python.damaged": [
            {"package": "tensorflow_cpu", "file": "short.so", "expected": 100, "size": 10},
            {"package": "tensorflow_cpu", "file": "long.so", "expected": 100, "size": 110},
            {"package": "numpy", "file": "other.so", "expected": 100, "size": 10},
        ],
        "python.missing_files": [{"package": "tensorflow-cpu", "file": "gone.so"}],
    }
    assert [item["file"] for item in distributions.truncated(facts) or []] == ["short.so"]
    assert distributions.damaged(facts) == ["short.so", "long.so", "gone.so"]
    well: dict[str, Any] = {"python.damaged": [], "python.missing_files": []}
    assert distributions.truncated(well) is None and distributions.damaged(well) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2.20.1", None),
        ("2.15.0", [{"package": "tensorflow-text", "version": "2.15.0"}]),
        (None, None),
    ],
)
def test_addons_of_another_minor_version(text: str | None, found: Any) -> None:
    facts = {"tensorflow.version": "2.20.0", "python.packages": {"tensorflow-text": text}}
    assert distributions.addons_of_other_version(facts) == found


# --- build --------------------------------------------------------------------------------------


def test_build_info_in_its_three_forms() -> None:
    flat = "# c\nis_rocm_build = False\nis_cuda_build = True\ncuda_version_number = '10.1'\n"
    mapping = "build_info = {'is_cuda_build': True, 'cuda_version': '10.1'}\n"
    pairs = "('cuda_version', '64_112'), ('cudnn_version', '64_8'), ('is_cuda_build', True)"
    windows = f"import collections\nx = call()\nbuild_info = collections.OrderedDict([{pairs}])\n"
    for text in (flat, mapping):
        info = build_info.parse(text)
        assert (build_info.is_cuda(info), build_info.cuda(info)) == (True, "10.1")
    info = build_info.parse(windows)
    assert (build_info.cuda(info), build_info.cudnn(info), build_info.compute(info)) == ("11.2", "8", None)
    assert build_info.is_cuda({}) is None
    with pytest.raises(ValueError, match="not Python"):
        build_info.parse("build_info = (")


def test_the_builds_own_word_outweighs_the_table() -> None:
    host = Machine(inventory=inventory(build_info=GPU_BUILD))
    assert build.cuda_build(host, {}) is True
    assert build.build_cuda(host) == "12.5.1"
    facts: dict[str, Any] = {**LINUX, "tensorflow.cuda_build": True, "tensorflow.build_cuda": "12.9"}
    assert build.cuda({**facts, "tensorflow.version": "2.20.0"}) == "12.9"


def test_the_table_speaks_where_the_build_is_silent() -> None:
    facts: dict[str, Any] = {
        **LINUX,
        "tensorflow.distribution": "tensorflow",
        "tensorflow.version": "2.20.0",
        "tensorflow.cuda_build": True,
        "tensorflow.build_cuda": None,
        "tensorflow.build_compute": None,
    }
    row = tables.release("tensorflow", "2.20.0", "linux-x86_64")
    assert row and build.cuda(facts) == row["cuda"] and build.compute(facts) == row["compute"]
    assert build.cuda_build(Machine(inventory=inventory()), facts) is True
    with pytest.raises(NoAnswer, match="table of releases") as no:
        build.requires_numpy({**facts, "tensorflow.version": "99.0"})
    assert no.value.kind == "skipped"


def test_a_cpu_build_has_no_cuda_and_no_driver() -> None:
    facts: dict[str, Any] = {"tensorflow.cuda_build": False, "tensorflow.build_cuda": None}
    assert build.cuda(facts) is None and build.compute(facts) is None
    assert build.min_driver({"tensorflow.cuda": None}) is None


def test_nothing_is_built_where_nothing_is_installed() -> None:
    facts = {"tensorflow.version": None, "tensorflow.distribution": None, **LINUX}
    assert build.cuda_build(Machine(inventory=child(END)), facts) is None
    assert build.requires_python(facts) is None


def test_wsl_counts_the_windows_driver() -> None:
    linux = build.min_driver({**LINUX, "tensorflow.cuda": "12.5.1"})
    wsl = build.min_driver({**LINUX, "platform.wsl": 2, "tensorflow.cuda": "12.5.1"})
    assert linux == tables.min_driver("12.5.1", False) and wsl == tables.min_driver("12.5.1", True)
    assert linux != wsl


# --- support ------------------------------------------------------------------------------------


def gpus(*computes: str | None) -> dict[str, Any]:
    return {
        **LINUX,
        "hardware.gpus": [{"bus_id": f"0000:0{n}:00.0", "compute": c} for n, c in enumerate(computes)],
        "tensorflow.compute": ["sm_60", "sm_70", "sm_80", "sm_89", "compute_90"],
        "tensorflow.distribution": "tensorflow",
        "tensorflow.version": "2.20.0",
    }


@pytest.mark.parametrize(
    ("computes", "runs"),
    [
        (["8.9"], "native"),
        (["8.6", "7.5"], "native"),
        (["8.9", "12.0"], "ptx-jit"),
        (["8.9", "3.5"], "some-no"),
        (["12.0", "3.5"], "some-no"),
        (["3.5", "5.2"], "no"),
        ([], None),
    ],
)
def test_whether_the_gpus_run(computes: list[str], runs: str | None) -> None:
    facts = gpus(*computes)
    found = support.gpu_support(facts)
    assert [item["bus_id"] for item in found] == [gpu["bus_id"] for gpu in facts["hardware.gpus"]]
    assert support.gpus_run({"tensorflow.gpu_support": found}) == runs


def test_a_gpu_that_is_not_known_leaves_it_open() -> None:
    found = support.gpu_support(gpus("8.9", None))
    assert [item["runs"] for item in found] == ["native", None]
    with pytest.raises(NoAnswer):
        support.gpus_run({"tensorflow.gpu_support": found})


def test_a_cpu_build_supports_no_gpu() -> None:
    assert support.gpu_support({**gpus("8.9"), "tensorflow.compute": None}) == []
    assert support.gpus_run({"tensorflow.gpu_support": []}) is None


def test_the_newest_release_that_fits() -> None:
    facts = {
        **gpus("8.9"),
        "python.version": "3.11.7",
        "platform.glibc": "2.36",
        "driver.version": "550.54.14",
    }
    newest = support.newest_for_python(facts)
    assert newest and tables.broken(newest, "linux-x86_64")
    with_gpu = support.newest_fitting({**facts, "wanted.gpu": 1})
    assert with_gpu and not tables.broken(with_gpu, "linux-x86_64")
    assert support.newest_fitting({**facts, "wanted.gpu": 0}) == newest
    old = support.newest_fitting({**facts, "wanted.gpu": 1, "driver.version": "470.57.02"})
    assert old and old != with_gpu
    assert support.newest_fitting({**facts, "wanted.gpu": 0, "platform.architecture": "ppc64le"}) is None


# --- environment --------------------------------------------------------------------------------


def gpu(bus_id: str = "0000:01:00.0") -> dict[str, Any]:
    return {"bus_id": bus_id, "code": 0}


@pytest.mark.parametrize(
    ("shown", "usable", "hidden"),
    [
        (None, 1, False),
        ("", 0, True),
        ("-1", 0, True),
        (" ", 0, True),
        ("0", 1, False),
        ("0,1", 1, False),
        ("7", 0, True),
        ("GPU-not-there", 0, True),
        ("GPU-4b1c", 1, False),
        ("-1,0", 0, True),
    ],
)
def test_what_hides_every_gpu(shown: str | None, usable: int, hidden: bool) -> None:
    facts = {
        "tensorflow.cuda_visible_devices": shown,
        "hardware.gpus": [gpu()],
        "driver.gpus": [gpu()],
        "driver.usable_count": usable,
    }
    assert environment.hidden_by(facts) == ("CUDA_VISIBLE_DEVICES" if hidden else None)


def test_nothing_is_hidden_where_there_is_nothing_or_nothing_answers() -> None:
    facts = {"tensorflow.cuda_visible_devices": "-1", "hardware.gpus": []}
    assert environment.hidden_by(facts) is None
    unknown = {"tensorflow.cuda_visible_devices": "3", "hardware.gpus": [gpu()]}
    assert environment.hidden_by(unknown) is None
    mig = {**unknown, "driver.gpus": [gpu()], "driver.usable_count": 0, "driver.mig_empty_gpus": "all"}
    assert environment.hidden_by(mig) is None


def test_only_variables_of_the_list_are_asked_for() -> None:
    host = Machine({"CUDA_VISIBLE_DEVICES": "0", "AWS_SECRET_ACCESS_KEY": "x", "TF_XLA_FLAGS": ""})
    assert environment.environment(host) == {"CUDA_VISIBLE_DEVICES": "0", "TF_XLA_FLAGS": ""}


# --- importing ----------------------------------------------------------------------------------

FAULT = """\
I0000 00:00:1795226538.612371   12439 port.cc:153] oneDNN custom operations are on.
terminate called after throwing an instance of 'std::bad_alloc'
Fatal Python error: Aborted

Current thread 0x00007f9a5c8d1740 (most recent call first):
  File "<frozen importlib._bootstrap>", line 241 in _call_with_frames_removed
  File "/venv/tensorflow/python/pywrap_tensorflow.py", line 73 in <module>
  File "/venv/tensorflow/__init__.py", line 40 in <module>
"""


@pytest.mark.parametrize(
    ("result", "outcome", "error", "signal"),
    [
        (child(IMPORT, IMPORTED, END), "ok", None, None),
        (child(IMPORT, IMPORTED, kind="signal", signal="SIGABRT", stage="devices"), "ok", None, None),
        (
            child(IMPORT, log=FAULT, kind="signal", code=None, signal="SIGABRT"),
            "signal",
            "terminate called after throwing an instance of 'std::bad_alloc'",
            "SIGABRT",
        ),
        (child(IMPORT, kind="signal", code=None, signal="SIGILL"), "signal", None, "SIGILL"),
        (child(IMPORT, kind="timeout", code=None), "timeout", None, None),
        (child(IMPORT, kind="flood", code=None, log="x\n"), "flood", "x", None),
        (child(IMPORT, code=0), "exit", None, None),
    ],
)
def test_how_an_import_ends(result: Any, outcome: str, error: str | None, signal: str | None) -> None:
    host = Machine(train=result)
    assert importing.import_outcome(host) == outcome
    assert importing.import_error(host) == error
    assert importing.import_signal(host) == signal


def test_frames_of_a_crash_stand_innermost_last() -> None:
    host = Machine(train=child(IMPORT, log=FAULT, kind="signal", signal="SIGABRT"))
    assert importing.import_frames(host) == [
        "/venv/tensorflow/__init__.py:40 in <module>",
        "/venv/tensorflow/python/pywrap_tensorflow.py:73 in <module>",
    ]


def test_an_exception_under_tensorflows_wrapping_is_told() -> None:
    failed = {
        "event": "failed",
        "operation": "import",
        "exception": "ImportError",
        "message": [
            "Traceback (most recent call last):",
            "ImportError: libcudart.so.11.0: cannot open shared object file: No such file or directory",
            "Failed to load the native TensorFlow runtime.",
            "See https://www.tensorflow.org/install/errors for some common causes and solutions.",
        ],
        "frames": ["a.py:1 in <module>"],
    }
    host = Machine(train=child(IMPORT, failed, code=1))
    assert importing.import_outcome(host) == "exception"
    assert (importing.import_error(host) or "").startswith("ImportError: libcudart.so.11.0: cannot open")
    assert importing.import_frames(host) == ["a.py:1 in <module>"]
    plain = {**failed, "exception": "TypeError", "message": ["no", "reason"]}
    assert importing.import_error(Machine(train=child(IMPORT, plain, code=1))) == "TypeError: reason"


def test_an_interpreter_that_does_not_start_leaves_it_open() -> None:
    host = Machine(train=child(kind="timeout", stage="start"))
    with pytest.raises(NoAnswer, match="did not start"):
        importing.import_outcome(host)


def test_the_log_keeps_what_tells() -> None:
    log = (
        "2026-11-21 00:36:25.936663: E external/local_xla/xla/cuda_platform.cc:51] failed call\n"
        "2026-11-21 00:36:25.936663: E external/local_xla/xla/cuda_platform.cc:51] failed call\n"
        "I0000 00:00:1.362444   11112 dso_loader.cc:144] Could not load dynamic library 'libcudnn.so.9'\n"
        "I0000 00:00:1795219535.362444   11112 port.cc:153] oneDNN custom operations are on.\n"
    )
    told = importing.log(Machine(train=child(IMPORT, IMPORTED, END, log=log)))
    assert told == ["failed call", "Could not load dynamic library 'libcudnn.so.9'"]


# --- devices ------------------------------------------------------------------------------------

CREATED = (
    "I0000 00:00:1.5   11 gpu_device.cc:2020] Created device /job:localhost/replica:0/task:0/device:GPU:0 "
    "with 1024 MB memory:  -> device: 0, name: NVIDIA A100-SXM4-40GB, pci bus id: 0000:4B:00.0, "
    "compute capability: 8.0\n"
)


def listed(*names: str) -> dict[str, Any]:
    kinds = [(f"/device:{name}", name.split(":")[0]) for name in names]
    return {
        "event": "devices",
        "devices": [{"name": n, "type": t, "description": None, "compute": None} for n, t in kinds],
    }


def test_bus_ids_come_from_the_log_else_from_cudas_order() -> None:
    result = child(IMPORTED, listed("CPU:0", "GPU:0", "GPU:1"), END, log=CREATED)
    facts = {
        "tensorflow.import_outcome": "ok",
        "driver.usable_gpus": ["0000:ca:00.0", "0000:cb:00.0"],
    }
    found = devices.devices(Machine(train=result), facts)
    assert [(d["name"], d["bus_id"], d["compute"]) for d in found] == [
        ("/device:CPU:0", None, None),
        ("/device:GPU:0", "0000:4b:00.0", "8.0"),
        ("/device:GPU:1", "0000:cb:00.0", None),
    ]
    assert devices.gpu_count({"tensorflow.devices": found}) == 2


@pytest.mark.parametrize(
    ("result", "outcome", "signal"),
    [
        (child(IMPORTED, listed("CPU:0"), END), "ok", None),
        (child(IMPORTED, kind="signal", signal="SIGABRT", stage="devices"), "signal", "SIGABRT"),
        (child(IMPORTED, kind="timeout", stage="devices"), "timeout", None),
        (child(IMPORTED, listed("GPU:0"), kind="signal", signal="SIGABRT"), "ok", None),
    ],
)
def test_how_listing_ends(result: Any, outcome: str, signal: str | None) -> None:
    facts = {"tensorflow.import_outcome": "ok", "tensorflow.devices_outcome": outcome}
    assert devices.devices_outcome(Machine(train=result), facts) == outcome
    assert devices.devices_signal(Machine(train=result), facts) == signal


def test_what_listing_said() -> None:
    failed = {
        "event": "failed",
        "operation": "devices",
        "exception": "InternalError",
        "message": ["cuDeviceGet"],
    }
    host = Machine(train=child(IMPORTED, failed, END))
    facts = {"tensorflow.import_outcome": "ok", "tensorflow.devices_outcome": "exception"}
    assert devices.devices_error(host, facts) == "InternalError: cuDeviceGet"
    assert devices.devices(host, facts) is None
    with pytest.raises(NoAnswer):
        devices.gpu_count({"tensorflow.devices": None})


def test_without_an_import_there_is_no_list() -> None:
    with pytest.raises(NoAnswer, match="cannot be imported") as no:
        devices.devices(Machine(train=child()), {"tensorflow.import_outcome": "signal"})
    assert no.value.kind == "skipped"


# --- formats ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "parsed"),
    [
        (
            "2026-11-21 00:36:25.936663: E external/local_xla/xla/cuda_platform.cc:51] failed",
            ("E", "cuda_platform.cc", "failed"),
        ),
        (
            "E0000 00:00:1795219535.362444   11112 cuda_platform.cc:52] failed",
            ("E", "cuda_platform.cc", "failed"),
        ),
        (
            "W1121 10:11:12.123456 11112 gpu_device.cc:2365] Cannot dlopen",
            ("W", "gpu_device.cc", "Cannot dlopen"),
        ),
        ("F tensorflow/stream_executor/lib/statusor.cc:34] x", ("F", "statusor.cc", "x")),
        ("\x1b[1m{{function_node x}}\x1b[0m No BLAS\r", (None, None, "{{function_node x}} No BLAS")),
        ("Skipping registering GPU devices...", (None, None, "Skipping registering GPU devices...")),
    ],
)
def test_prefixes_of_both_forms(line: str, parsed: tuple[str | None, str | None, str]) -> None:
    found = tf_log.parse(line)
    assert (found.severity, found.file, found.text) == parsed


def test_plain_keeps_the_number_of_lines() -> None:
    text = "E0000 00:00:1.5  11 a.cc:1] one\n\n\x1b[31mtwo\x1b[0m\n"
    assert tf_log.plain(text) == "one\n\ntwo\n"


def test_a_log_with_a_gap_says_so() -> None:
    result = child()
    result["log"] = {"head": "begin", "tail": "end", "bytes": 70_000_000}
    assert said.log(result) == "begin\n[...]\nend"
    result["log"] = {"head": "begin", "tail": "end", "bytes": 8}
    assert said.log(result) == "beginend"
