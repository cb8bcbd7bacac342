"""The layer hardware, on small built machines: what is there, whether or not a driver says so."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from envcheck.formats import cpuinfo, windows
from envcheck.host import Host
from envcheck.host.live import Live
from envcheck.model import Known, Target, Unknown, Value
from envcheck.probes import Collected, hardware
from envcheck.snapshot import replay
from envcheck.tables import gpu_support

PCI = "/sys/bus/pci/devices"
LOG = {"head": "", "tail": "", "bytes": 0}
PROBES = {f"hardware.{probe.__name__}": probe for probe in hardware.FACTS}


def device(name: str, vendor: str, number: str, kind: str = "0x030000", **more: Any) -> dict[str, Any]:
    """The files of a PCI device."""
    attributes = {"vendor": vendor, "device": number, "class": kind}
    files: dict[str, Any] = {f"{PCI}/{name}/{key}": text + "\n" for key, text in attributes.items()}
    files.update({f"{PCI}/{name}/{key}": node for key, node in more.items()})
    return files


def collected(
    files: Mapping[str, Any] | None = None,
    system: str = "Linux",
    wsl: int | None = None,
    nvml: list[dict[str, Any]] | None = None,
    sent: Mapping[str, list[dict[str, Any]]] | None = None,
    **answers: Mapping[str, Any],
) -> Collected:
    """The facts of a machine that has these files and answers, and nothing else."""
    children = {"nvml": nvml or [], **(sent or {})}
    child = {
        name: {"events": events, "log": LOG, "ended": {"kind": "exited"}} for name, events in children.items()
    }
    identity = {"": {"system": system, "machine": "x86_64", "cpus": 8}}
    machine = {
        "schema": "envcheck-machine/1", "complete": True, "files": files or {},
        "target": {"python": "/home/u/.venv/bin/python"},
        "answers": {"identity": identity, "child": child, **answers},
    }  # fmt: skip
    return Collected(replay(machine), PROBES, {"platform.wsl": Known(wsl)})


def value(name: str, facts: Collected) -> Value:
    fact = facts[f"hardware.{name}"]
    assert isinstance(fact, Known), fact
    return fact.value


# --- the processor ------------------------------------------------------------------------------


def test_the_processor_of_linux() -> None:
    facts = collected({"/proc/cpuinfo": "model name : AMD EPYC 7763\nflags : fpu sse4_2 avx avx2 fma\n"})
    assert value("cpu", facts) == "AMD EPYC 7763"
    assert value("cpu_flags", facts) == ["sse4_2", "avx", "avx2", "fma"]
    assert value("cores", facts) == 8


def test_the_processor_of_an_intel_mac() -> None:
    said = {
        "machdep.cpu.brand_string": "Intel(R) Core(TM) i7-8700B CPU @ 3.20GHz",
        "machdep.cpu.features": "FPU SSE4.2 FMA AVX1.0",
        "machdep.cpu.leaf7_features": "AVX2 BMI2",
    }
    run = {f"sysctl -n {name}": {"code": 0, "out": text + "\n", "err": ""} for name, text in said.items()}
    facts = collected(system="Darwin", run=run)
    assert value("cpu", facts) == said["machdep.cpu.brand_string"]
    assert value("cpu_flags", facts) == ["sse4_2", "avx", "avx2", "fma"]


def test_where_nothing_cheaper_tells_a_child_is_asked() -> None:
    key = r"HKLM\HARDWARE\DESCRIPTION\System\CentralProcessor\0|ProcessorNameString"
    event = {"event": "cpu", "model": "A", "flags": ["avx", "avx2", "sse4_2"]}
    facts = collected(system="Windows", registry={key: "Intel(R) Core(TM) i9 "}, sent={"cpuinfo": [event]})
    assert value("cpu", facts) == "Intel(R) Core(TM) i9"
    assert value("cpu_flags", facts) == ["sse4_2", "avx", "avx2"]


def test_a_child_without_an_answer_is_no_processor_without_avx() -> None:
    fact = collected(system="Windows", sent={"cpuinfo": []})["hardware.cpu_flags"]
    assert isinstance(fact, Unknown)


# --- GPUs ---------------------------------------------------------------------------------------


def test_gpus_without_any_driver() -> None:
    files = {
        **device("0000:41:00.0", "0x10de", "0x20b2", "0x030200", **{"power/runtime_status": "active\n"}),
        **device("0000:01:00.0", "0x10de", "0x2684", driver={"link": "../../../../bus/pci/drivers/nouveau"}),
        **device("0000:01:00.1", "0x10de", "0x22ba", "0x040300"),  # the card's sound
        **device("0000:c1:00.0", "0x10de", "0x1af1", "0x068000"),  # an NVSwitch
        **device("0000:00:02.0", "0x8086", "0x5912"),
    }
    facts = collected(files)
    first, second = value("gpus", facts)
    assert (first["bus_id"], first["chip"], first["compute"]) == ("0000:01:00.0", "AD102", "8.9")
    assert (first["kernel_driver"], first["device"]) == ("nouveau", "2684")
    assert (second["bus_id"], second["compute"], second["power"]) == ("0000:41:00.0", "8.0", "on")
    assert second["kernel_driver"] is None
    assert value("nvswitches", facts) == 1
    assert value("gpu_count", facts) == 2
    assert (value("lowest_compute", facts), value("highest_compute", facts)) == ("8.0", "8.9")


def test_no_gpu() -> None:
    facts = collected(device("0000:00:02.0", "0x8086", "0x5912"))
    assert value("gpus", facts) == []
    assert value("lowest_compute", facts) is None
    assert value("gpus_off_bus", facts) == []


def test_compute_capabilities_are_compared_as_numbers() -> None:
    files = {**device("0000:01:00.0", "0x10de", "0x2684"), **device("0000:02:00.0", "0x10de", "0x2901")}
    facts = collected(files, nvml=[listed("00000000:02:00.0", compute="10.0")])
    assert (value("lowest_compute", facts), value("highest_compute", facts)) == ("8.9", "10.0")


def listed(bus_id: str, name: str = "NVIDIA GeForce RTX 4090", **more: Value) -> dict[str, Value]:
    """An event of the NVML child."""
    known = {"compute": "8.9", "memory_mb": 24564, "index": 0, "code": 0}
    return {"event": "gpu", "bus_id": bus_id, "name": name, **known, **more}


def test_a_gpu_that_only_the_library_lists() -> None:
    (gpu,) = value("gpus", collected(wsl=2, nvml=[listed("00000000:01:00.0")]))
    assert (gpu["bus_id"], gpu["compute"], gpu["memory_gb"]) == ("0000:01:00.0", "8.9", 24)


def test_a_card_newer_than_the_table_is_described_by_the_library() -> None:
    files = device("0000:01:00.0", "0x10de", "0xfffe")
    alone = value("gpus", collected(files))
    assert alone[0]["compute"] is None
    (gpu,) = value(
        "gpus", collected(files, nvml=[listed("00000000:01:00.0", "NVIDIA RTX 9999", compute="14.0")])
    )
    assert (gpu["device"], gpu["name"], gpu["compute"]) == ("fffe", "NVIDIA RTX 9999", "14.0")


@pytest.mark.parametrize(
    ("files", "count"),
    [
        ({}, 0),
        ({"/dev/dxg": {"device": [10, 127]}}, 0),  # a Windows host without NVIDIA's driver
        ({"/dev/dxg": {"device": [10, 127]}, "/usr/lib/wsl/lib/libcuda.so.1": {"size": 1}}, 1),
    ],
)
def test_a_gpu_behind_wsls_door(files: dict[str, Any], count: int) -> None:
    assert len(value("gpus", collected(files, wsl=2))) == count


def adapters(*found: tuple[str, str]) -> dict[str, Any]:
    made = [{"Name": name, "PNPDeviceID": path, "ConfigManagerErrorCode": 0} for name, path in found]
    return {shlex.join(windows.ADAPTERS): {"code": 0, "out": json.dumps(made), "err": ""}}


NVIDIA = r"PCI\VEN_10DE&DEV_2786&SUBSYS_88861043&REV_A1\4&1E7C8A26&0&0008"
RADEON = r"PCI\VEN_1002&DEV_164E&SUBSYS_88771043&REV_C7\4&2F4A"


def test_the_display_adapters_of_windows() -> None:
    place = "@System32\\drivers\\pci.sys,#65536;PCI bus %1, device %2, function %3;(1,0,0)"
    registry = {rf"HKLM\SYSTEM\CurrentControlSet\Enum\{NVIDIA}|LocationInformation": place}
    run = adapters(("NVIDIA GeForce RTX 4070", NVIDIA), ("AMD Radeon(TM) Graphics", RADEON))
    facts = collected(system="Windows", run=run, registry=registry)
    (gpu,) = value("gpus", facts)
    assert (gpu["bus_id"], gpu["name"], gpu["compute"]) == ("0000:01:00.0", "NVIDIA GeForce RTX 4070", "8.9")
    (amd,) = value("amd_gpus", facts)
    assert (amd["device"], amd["name"]) == ("164e", "AMD Radeon(TM) Graphics")


def test_windows_that_does_not_answer_is_not_a_machine_without_gpu() -> None:
    fact = collected(system="Windows")["hardware.gpus"]
    assert isinstance(fact, Unknown)
    assert fact.kind == "failed"


def test_the_library_lists_gpus_where_windows_does_not_answer() -> None:
    (gpu,) = value("gpus", collected(system="Windows", nvml=[listed("00000000:01:00.0")]))
    assert gpu["name"] == "NVIDIA GeForce RTX 4090"


def test_lost_gpus_and_failing_memory_by_bus_address() -> None:
    files = {
        **device("0000:01:00.0", "0x10de", "0x2684", config="\xff" * 64),
        **device("0000:02:00.0", "0x10de", "0x2684"),
    }
    facts = collected(files)
    facts._facts["driver.gpus"] = Known(
        [
            {"bus_id": "0000:01:00.0", "code": 15},
            {"bus_id": "0000:02:00.0", "code": 0, "ecc_uncorrected": 0, "remap_pending": True},
            {"bus_id": None, "code": 15},
            {"bus_id": "0000:04:00.0", "code": 0, "ecc_uncorrected": None, "remap_pending": None},
        ]
    )
    assert value("gpus_lost", facts) == ["0000:01:00.0", "GPU 2"]
    assert value("gpus_with_memory_errors", facts) == ["0000:02:00.0"]


def test_what_is_off_the_bus_is_known_without_the_library() -> None:
    facts = collected(device("0000:01:00.0", "0x10de", "0x2684", config="\xff" * 64))
    facts._facts["driver.gpus"] = Unknown("failed", "no answer")
    assert value("gpus_lost", facts) == ["0000:01:00.0"]
    assert isinstance(facts["hardware.gpus_with_memory_errors"], Unknown)


def test_a_gpu_off_the_bus_reads_as_ones() -> None:
    files = {
        **device("0000:01:00.0", "0x10de", "0x2684", config="\xff" * 64),
        **device("0000:02:00.0", "0x10de", "0x2684", config="\xde\x10\x84\x26" + "\x00" * 60),
        **device(
            "0000:03:00.0", "0x10de", "0x2684", config="\xff" * 64, **{"power/runtime_status": "suspended\n"}
        ),
    }
    assert value("gpus_off_bus", collected(files)) == ["0000:01:00.0"]


def test_amd_gpus_with_their_memory() -> None:
    files = device("0000:03:00.0", "0x1002", "0x744c", mem_info_vram_total="25753026560\n")
    facts = collected({**files, **device("0000:00:14.0", "0x1002", "0x1480", "0x060000")})
    assert value("amd_gpus", facts) == [
        {"bus_id": "0000:03:00.0", "device": "744c", "name": "AMD GPU [1002:744c]", "memory_gb": 24}
    ]
    assert value("gpus", facts) == []


# --- what the rules rest on ---------------------------------------------------------------------


def test_the_tables_give_the_reasons_that_the_rules_look_for() -> None:
    """gpu-too-old-for-build and gpu-too-new-for-build tell the reasons apart by these."""
    codes = ["sm_60", "sm_70", "sm_80", "sm_89", "compute_90"]
    old, new, newest = gpu_support(codes, "5.2"), gpu_support(["sm_60"], "8.9"), gpu_support(codes, "12.0")
    assert [(each.runs, each.reason) for each in (old, new, newest)] == [
        ("no", "too-old"),
        ("no", "too-new"),
        ("ptx-jit", "too-new"),
    ]


def test_the_child_names_the_processor_that_proc_names() -> None:
    """py-cpuinfo's way and our own agree, on a machine that has both."""
    target = Target(sys.executable, "tests")
    host = Host(Live(target), target)
    if host.read("/proc/cpuinfo") is None:
        pytest.skip("this system has no /proc/cpuinfo")
    (event,) = [event for event in host.child("cpuinfo")["events"] if event["event"] == "cpu"]
    host.close()
    assert cpuinfo.interesting(event["flags"]) == value("cpu_flags", Collected(host, PROBES))
