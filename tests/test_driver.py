"""The driver's facts on small built machines: modules, nodes, libraries, the kernel's log."""

from __future__ import annotations

import json
from typing import Any

import pytest

from envcheck.model import Fact, Known, Unknown
from envcheck.probes import Collected, registry
from envcheck.snapshot import replay

from . import machines

GPU = {"bus_id": "0000:01:00.0", "name": "GPU", "compute": "8.9", "kernel_driver": "nvidia"}
NONE = {"error": "lib: cannot open shared object file: No such file or directory", "path": None, "real": None}
KERNEL = "5.15.0-119-generic"
NODES = {
    "/dev/nvidia0": {"device": [195, 0], "mode": 0o666, "access": "rw"},
    "/dev/nvidiactl": {"device": [195, 255], "mode": 0o666, "access": "rw"},
    "/dev/nvidia-uvm": {"device": [510, 0], "mode": 0o666, "access": "rw"},
}


def child(*events: dict[str, Any], kind: str = "exited", stage: str = "load") -> dict[str, Any]:
    ended = {
        "kind": kind,
        "code": 0 if kind == "exited" else None,
        "signal": None,
        "stage": stage,
        "seconds": 0.1,
    }
    return {
        "role": "child",
        "events": list(events),
        "log": {"head": "", "tail": "", "bytes": 0},
        "ended": ended,
    }


def facts(
    files: dict[str, Any] | None = None, given: dict[str, Any] | None = None, **answers: Any
) -> Collected:
    """The facts of a complete machine that holds ``files``; without children's answers, no driver library."""
    silent = {
        "nvml": child({"event": "init", "code": 12, **NONE}),
        "libcuda": child({"event": "library", **NONE}),
    }
    whole = {
        "identity": {"": {"system": "Linux", "release": KERNEL, "machine": "x86_64"}},
        **answers,
        "child": {**silent, **answers.get("child", {})},
    }
    told: dict[str, Fact] = {
        "platform.wsl": Known(None), "platform.container": Known(None), "hardware.nvswitches": Known(0),
        "hardware.gpus": Known([GPU]), "hardware.lowest_compute": Known("8.9"),
    }  # fmt: skip
    told.update({name: Known(value) for name, value in (given or {}).items()})
    machine = {
        "schema": "envcheck-machine/1", "complete": True, "answers": whole, "files": files or {},
        "target": {"python": "/usr/bin/python3", "chosen": "test"},
    }  # fmt: skip
    return Collected(replay(machine), registry(), told)


def value(found: Collected, name: str) -> Any:
    fact = found[f"driver.{name}"]
    assert isinstance(fact, Known), (name, fact)
    return fact.value


# --- the kernel's side ----------------------------------------------------------------------------


def test_modules_are_read_from_proc_and_where_there_is_none_from_sys() -> None:
    proc = {"/proc/modules": "nvidia_uvm 4911104 0 - Live\nnvidia 5671 1 nvidia_uvm, Live\next4 1 1 - Live\n"}
    assert value(facts(proc), "kernel_modules") == ["nvidia", "nvidia_uvm"]
    assert value(facts({"/sys/module/nouveau": {"dir": True}}), "kernel_modules") == ["nouveau"]
    assert value(facts(), "kernel_modules") == []


def test_the_modules_version_and_flavour() -> None:
    line = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (builder)\n"
    found = facts({"/proc/driver/nvidia/version": line})
    assert (value(found, "module_version"), value(found, "module_flavour")) == ("580.65.06", "open")
    found = facts({"/sys/module/nvidia/version": "550.54.14\n"})
    assert (value(found, "module_version"), value(found, "module_flavour")) == ("550.54.14", None)


@pytest.mark.parametrize(
    ("path", "kernels"),
    [
        (f"/lib/modules/{KERNEL}/updates/dkms/nvidia.ko.zst", [KERNEL]),
        (f"/lib/modules/{KERNEL}/kernel/nvidia-535/nvidia.ko", [KERNEL]),  # Ubuntu's own
        ("/lib/modules/6.1.0-25-amd64/updates/dkms/nvidia-current.ko", ["6.1.0-25-amd64"]),  # Debian
        ("/lib/modules/6.9.7/extra/nvidia/nvidia.ko.xz", ["6.9.7"]),  # akmods
        (f"/lib/modules/{KERNEL}/updates/dkms/nvidia-current-uvm.ko", []),
        (f"/lib/modules/{KERNEL}/updates/dkms/nvidia-peermem.ko", []),
        (f"/lib/modules/{KERNEL}/kernel/drivers/video/nvidiafb.ko", []),
    ],
)
def test_modules_on_the_disk(path: str, kernels: list[str]) -> None:
    found = facts({path: {"size": 1}})
    assert value(found, "module_kernels") == kernels
    assert value(found, "module_on_disk") is (True if KERNEL in kernels else None)


def test_modinfo_tells_version_and_signer_also_of_debians_module() -> None:
    text = "filename: /x/nvidia-current.ko\nversion: 535.183.01\nsigner: DKMS module signing key\n"
    found = facts(
        run={
            "modinfo nvidia": {"code": 1, "out": "", "err": ""},
            "modinfo nvidia-current": {"code": 0, "out": text, "err": ""},
        }
    )
    assert (value(found, "module_on_disk"), value(found, "module_signer")) == (
        "535.183.01",
        "DKMS module signing key",
    )


def test_nouveau_on_all_or_some_gpus() -> None:
    other = {**GPU, "bus_id": "0000:02:00.0", "kernel_driver": "nouveau"}
    assert value(facts(), "nouveau") is None
    assert value(facts(given={"hardware.gpus": [other]}), "nouveau") == "all"
    found = facts(given={"hardware.gpus": [GPU, other]})
    assert (value(found, "nouveau"), value(found, "nouveau_gpus")) == ("some", ["0000:02:00.0"])


# --- libraries ------------------------------------------------------------------------------------


def test_the_loaded_librarys_version_outweighs_what_else_lies_about() -> None:
    lib = "/usr/lib/x86_64-linux-gnu/"
    files = {lib + "libcuda.so.535.183.01": {"size": 1}, lib + "libnvidia-ml.so.550.54.14": {"size": 1}}
    init = {"event": "init", "code": 9, "path": lib + "libnvidia-ml.so.1", "error": None}
    found = facts(files, child={"nvml": child({**init, "real": lib + "libnvidia-ml.so.535.54.03"})})
    assert value(found, "library_version") == "535.54.03"
    assert value(facts(files), "library_version") == "550.54.14"
    assert [record["version"] for record in value(found, "libraries_all")] == ["535.183.01", "550.54.14"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, False),
        ({"/usr/lib64/libcuda.so.550.54.14": {"size": 1}}, True),
        ({f"/lib/modules/{KERNEL}/updates/dkms/nvidia.ko": {"size": 1}}, True),
        ({"/sys/module/nvidia/version": "550.54.14\n"}, True),
        ({"/usr/local/cuda/lib64/stubs/libcuda.so": {"size": 1}}, False),
    ],
)
def test_whether_a_driver_is_installed(files: dict[str, Any], expected: bool) -> None:
    assert value(facts(files), "installed") is expected


def test_a_toolkits_stub_is_no_driver() -> None:
    path = "/usr/local/cuda/lib64/stubs/libcuda.so.1"
    library = {"event": "library", "path": path, "real": path, "error": None}
    found = facts(child={"libcuda": child(library, {"event": "cuInit", "code": 34, "name": None})})
    assert (value(found, "libcuda_stub"), value(found, "installed")) == (True, False)


def test_a_driver_that_lies_in_a_folder_called_stubs_and_works_is_none() -> None:
    library = {
        "event": "library",
        "path": "/opt/stubs/libcuda.so.1",
        "real": "/opt/stubs/libcuda.so.1",
        "error": None,
    }
    found = facts(child={"libcuda": child(library, {"event": "cuInit", "code": 0, "name": None})})
    assert value(found, "libcuda_stub") is False


# --- device nodes ---------------------------------------------------------------------------------

LOADED = {"/sys/module/nvidia/version": "550.54.14\n"}


def test_nodes_that_are_there() -> None:
    found = facts({**LOADED, **NODES})
    assert (value(found, "nodes"), value(found, "missing_nodes"), value(found, "denied_nodes")) == (
        "ok",
        [],
        [],
    )


def test_nodes_that_are_missing_by_each_gpus_number() -> None:
    files = {**LOADED, **NODES, "/proc/driver/nvidia/gpus/0000:41:00.0/information": "Device Minor: \t 3\n"}
    assert value(facts(files), "missing_nodes") == ["/dev/nvidia3"]
    without = {path: node for path, node in NODES.items() if path != "/dev/nvidia-uvm"}
    assert value(facts({**LOADED, **without}), "missing_nodes") == ["/dev/nvidia-uvm"]


def test_in_a_container_one_gpu_is_enough() -> None:
    files = {**LOADED, **NODES}
    for minor in range(4):
        files[f"/proc/driver/nvidia/gpus/0000:0{minor}:00.0/information"] = f"Device Minor: {minor}\n"
    assert value(facts(files), "nodes") == "missing"
    assert value(facts(files, {"platform.container": "docker"}), "nodes") == "ok"


def test_nodes_that_are_denied_and_whose_they_are() -> None:
    files = {**LOADED, **NODES, "/dev/nvidiactl": {"device": [195, 255], "mode": 0o660, "access": ""}}
    group = {"stat -c %G /dev/nvidiactl": {"code": 0, "out": "vglusers\n", "err": ""}}
    found = facts(files, run=group)
    assert (value(found, "nodes"), value(found, "denied_nodes")) == ("denied", ["/dev/nvidiactl"])
    assert value(found, "node_group") == "vglusers"


@pytest.mark.parametrize("given", [{}, {"platform.wsl": 2}])
def test_without_the_module_no_node_is_missed(given: dict[str, Any]) -> None:
    files = LOADED if given else {}
    assert value(facts(files, given), "nodes") is None


# --- the kernel's log -----------------------------------------------------------------------------

REFUSED = {"code": 1, "out": "", "err": "dmesg: read kernel buffer failed: Operation not permitted"}
JOURNAL = "journalctl -k -b -q --no-pager -o cat"


def test_where_dmesg_is_denied_the_journal_is_asked() -> None:
    found = facts(
        run={"dmesg": REFUSED, JOURNAL: {"code": 0, "out": "NVRM: No NVIDIA GPU found.\n", "err": ""}}
    )
    assert value(found, "kernel_log") == ["NVRM: No NVIDIA GPU found."]


def test_a_log_that_nobody_lets_us_read_is_denied() -> None:
    found = facts(
        {"/var/log/kern.log": {"access": ""}},
        run={"dmesg": REFUSED, JOURNAL: {"code": 0, "out": "", "err": ""}},
    )
    fact = found["driver.kernel_log"]
    assert isinstance(fact, Unknown)
    assert fact.kind == "denied"
    assert isinstance(found["driver.xids"], Unknown)


def test_no_log_at_all_decides_nothing() -> None:
    fact = facts()["driver.kernel_log"]
    assert isinstance(fact, Unknown)
    assert fact.kind == "skipped"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("nvidia: Key was rejected by service", "module_rejected"),
        (
            "Lockdown: modprobe: unsigned module loading is restricted; see man kernel_lockdown.7",
            "module_rejected",
        ),
        ("NVRM: GPU 0000:98:00.0: RmInitAdapter failed! (0x62:0x65:1792)", "adapter_failed"),
        ("NVRM: Open nvidia.ko is only ready for use on Data Center GPUs.", "flavour_refused"),
    ],
)
def test_lines_that_say_why(line: str, name: str) -> None:
    found = facts(
        run={"dmesg": {"code": 0, "out": f"[    4.1] {line}\n[    4.2] usb 1-1: new device\n", "err": ""}}
    )
    assert value(found, name) == line
    others = {"module_rejected", "adapter_failed", "flavour_refused"} - {name}
    assert all(value(found, other) is None for other in others)


def test_the_branch_that_the_module_itself_names() -> None:
    text = (
        "NVRM: The NVIDIA GeForce GT 710 GPU installed in this system is\n"
        "NVRM:  supported through the NVIDIA 470.xx Legacy drivers. Please\n"
    )
    assert value(facts({"/var/log/kern.log": text}), "legacy_branch") == "470"


@pytest.mark.parametrize(
    ("files", "log", "expected"),
    [
        ({"/sys/power/suspend_stats/success": "2\n"}, "", True),
        ({"/sys/power/suspend_stats/success": "0\n"}, "", False),
        ({"/sys/power/suspend_stats/success": "0\n"}, "[ 9.1] PM: suspend exit\n", True),
        ({}, "[ 9.1] PM: hibernation: hibernation exit\n", True),
    ],
)
def test_whether_it_has_slept(files: dict[str, Any], log: str, expected: bool) -> None:
    out = log or "[ 1.0] Linux version 6.1\n[ 1.1] nvidia: loading out-of-tree module taints kernel.\n"
    assert value(facts(files, run={"dmesg": {"code": 0, "out": out, "err": ""}}), "suspended") is expected


# --- children that broke --------------------------------------------------------------------------


def test_a_child_that_hung_leaves_what_it_said() -> None:
    init = {"event": "init", "code": 0, "path": "/usr/lib/libnvidia-ml.so.1", "real": None, "error": None}
    system = {"event": "system", "driver": "550.54.14", "cuda": 12040, "count": 1, "codes": {}}
    gpu = {"event": "gpu", "index": 0, "code": 0, "bus_id": "0000:01:00.0", "name": "NVIDIA GPU"}
    found = facts(child={"nvml": child(init, system, gpu, kind="timeout", stage="gpu-0-state")})
    assert (value(found, "nvml_code"), value(found, "version"), value(found, "responding")) == (
        0,
        "550.54.14",
        False,
    )
    assert [record["name"] for record in value(found, "gpus")] == ["NVIDIA GPU"]
    assert value(found, "stuck_at") == "nvml, gpu-0-state: timeout"


def test_a_child_that_hung_at_once_makes_its_facts_unknown() -> None:
    found = facts(child={"nvml": child(kind="timeout", stage="init")})
    fact = found["driver.nvml_code"]
    assert isinstance(fact, Unknown)
    assert fact.kind == "failed"
    assert value(found, "installed") is True, "what hangs is there"


def test_a_lost_gpu_is_named_by_what_is_left_over() -> None:
    init = {"event": "init", "code": 0, "path": None, "real": None, "error": None}
    system = {"event": "system", "driver": "550.54.14", "cuda": 12040, "count": 2, "codes": {}}
    events = [
        init,
        system,
        {"event": "gpu", "index": 0, "code": 0, "bus_id": "0000:01:00.0"},
        {"event": "gpu", "index": 1, "code": 15},
    ]
    folders = {f"/proc/driver/nvidia/gpus/0000:0{n}:00.0": {"dir": True} for n in (1, 9)}
    found = facts(folders, child={"nvml": child(*events)})
    assert [(gpu["bus_id"], gpu["code"]) for gpu in value(found, "gpus")] == [
        ("0000:01:00.0", 0),
        ("0000:09:00.0", 15),
    ]


# --- the rest -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("compute", "expected"), [("3.5", "470"), ("6.1", "580"), ("7.0", "580"), ("8.9", None), (None, None)]
)
def test_the_last_branch_for_the_oldest_gpu(compute: str | None, expected: str | None) -> None:
    assert value(facts(given={"hardware.lowest_compute": compute}), "newest_branch") == expected


@pytest.mark.parametrize(
    ("state", "pgrep", "installed", "expected"),
    [
        ("active", 1, True, "running"),
        ("inactive", 0, True, "running"),
        ("failed", 1, True, "stopped"),
        ("inactive", 1, False, None),
    ],
)
def test_the_fabric_manager(state: str, pgrep: int, installed: bool, expected: str | None) -> None:
    run = {
        "systemctl is-active nvidia-fabricmanager": {"code": 3, "out": state + "\n", "err": ""},
        "pgrep -f /usr/bin/nv-fabricmanager": {"code": pgrep, "out": "", "err": ""},
    }
    files = {"/usr/bin/nv-fabricmanager": {"size": 1}} if installed else {}
    assert value(facts(files, {"hardware.nvswitches": 6}, run=run), "fabric_manager") == expected
    assert value(facts(files, run=run), "fabric_manager") is None, "nothing here needs it"


def test_wsl_and_its_libcuda() -> None:
    path = "/usr/lib/wsl/lib/libcuda.so.1"
    library = {"event": "library", "path": path, "real": path, "error": None}
    wsl = {"platform.wsl": 2}
    found = facts(
        {path: {"size": 1}},
        wsl,
        child={"libcuda": child(library, {"event": "cuInit", "code": 0, "name": None})},
    )
    assert (value(found, "wsl_libcuda"), value(found, "wsl_libcuda_on_path")) == (path, True)
    assert value(facts({path: {"size": 1}}, wsl), "wsl_libcuda_on_path") is False
    assert value(facts({path: {"size": 1}}), "wsl_libcuda") is None


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_other_systems_have_no_module_and_no_nodes(system: str) -> None:
    found = facts(identity={"": {"system": system, "release": "10", "machine": "x86_64"}})
    assert (value(found, "kernel_modules"), value(found, "module_on_disk"), value(found, "device_nodes")) == (
        [],
        None,
        None,
    )
    assert value(found, "nodes") is None
    assert value(found, "installed") is False


def test_the_healthy_machine_leaves_nothing_open() -> None:
    found = Collected(machines.host("linux-rtx4090-ready"), registry())
    unknown = [name for name in registry() if name.startswith("driver.") and isinstance(found[name], Unknown)]
    assert unknown == []


def test_facts_are_json() -> None:
    found = Collected(machines.host("linux-8xh100-ready"), registry())
    json.dumps({name: value(found, name.split(".")[1]) for name in registry() if name.startswith("driver.")})
