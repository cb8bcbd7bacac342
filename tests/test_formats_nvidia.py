"""NVIDIA's texts: real ones, with the thread or page that each was taken from."""

from __future__ import annotations

import pytest

from envcheck.formats import nvidia

# https://github.com/NVIDIA/open-gpu-kernel-modules/issues/171, and .../nixGL/issues/186 and 121
PROPRIETARY = """NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.90.07  Fri May 31 09:35:42 UTC 2024
GCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04)
"""
OPEN = """NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  565.57.01  Release Build  (dvs-builder@U16)
GCC version:  gcc version 13.3.0 (Ubuntu 13.3.0-6ubuntu2~24.04)
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PROPRIETARY, {"version": "550.90.07", "flavour": "proprietary"}),
        (OPEN, {"version": "565.57.01", "flavour": "open"}),
        ("", None),
        ("GCC version:  gcc version 13.3.0\n", None),
    ],
)
def test_the_loaded_module(text: str, expected: dict[str, str] | None) -> None:
    assert nvidia.kernel_module(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("00000000:01:00.0", "0000:01:00.0"),  # NVML
        ("0000:C1:00.0", "0000:c1:00.0"),
        ("00010000:3B:00.0", "10000:3b:00.0"),  # a domain beyond 16 bits, as behind Intel VMD
        ("PCI:0000:44:00", "0000:44:00.0"),  # Xid lines
        ("01:00.0", "0000:01:00.0"),
        ("GPU-1234", None),
    ],
)
def test_bus_ids_have_one_form(text: str, expected: str | None) -> None:
    assert nvidia.bus_id(text) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/usr/lib/x86_64-linux-gnu/libcuda.so.550.54.14", "550.54.14"),
        ("/usr/lib64/libnvidia-ml.so.470.57.02", "470.57.02"),
        ("/usr/lib/x86_64-linux-gnu/libcuda.so.1", None),
        ("/usr/lib/wsl/lib/libcuda.so.1.1", None),
        ("/usr/lib/libcudart.so.12.4.127", None),
    ],
)
def test_versions_in_file_names(path: str, expected: str | None) -> None:
    assert nvidia.library_version(path) == expected


def test_modinfo_keeps_the_first_of_each_field() -> None:
    # https://github.com/Frogging-Family/nvidia-all/issues/394
    text = "filename: /lib/modules/7.0.12/nvidia.ko.zst\nalias: a\nalias: b\nversion:        595.80\n"
    fields = nvidia.modinfo(text)
    assert (fields["version"], fields["alias"]) == ("595.80", "a")


def test_codes_have_names_and_unknown_ones_a_number() -> None:
    assert nvidia.nvml_name(18) == "NVML_ERROR_LIB_RM_VERSION_MISMATCH"
    assert nvidia.cuda_name(803) == "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"
    assert nvidia.nvml_name(4242) == "NVML code 4242"
    assert nvidia.cuda_name(4242) == "CUDA error 4242"


def test_cuda_versions() -> None:
    assert [nvidia.cuda_version(n) for n in (12040, 11080, 13000)] == ["12.4", "11.8", "13.0"]


def test_throttle_reasons_leave_idleness_out() -> None:
    assert nvidia.throttle_reasons(0x1) == []
    assert nvidia.throttle_reasons(0x1 | 0x4 | 0x40) == ["power_cap", "thermal_hardware"]


# https://github.com/NixOS/nixos-hardware/issues/1880
LEGACY = """[Sun May 17 15:55:50 2026] nvidia-nvlink: Nvlink Core is being initialized
[Sun May 17 15:55:50 2026] NVRM: The NVIDIA NVIDIA GeForce GTX 1050 GPU installed in this system is
                           NVRM:  supported through the NVIDIA 580.xx Legacy drivers. Please
                           NVRM:  visit http://www.nvidia.com/object/unix.html for more
                           NVRM:  information.  The 595.71.05 NVIDIA driver will ignore
                           NVRM:  this GPU.  Continuing probe...
[Sun May 17 15:55:50 2026] NVRM: No NVIDIA GPU found.
"""
# https://github.com/NVIDIA/NVSentinel/issues/155
FALLEN = """[ 1843.308145] NVRM: The NVIDIA GPU 0000:b3:00.0
               NVRM: (PCI ID: 10de:26b5) installed in this system has
               NVRM: fallen off the bus and is not responding to commands.
[ 1843.439662] NVRM: The NVIDIA probe routine failed for 1 device(s).
"""
# https://github.com/stackhpc/ansible-slurm-appliance/issues/287 (rsyslog writes #012 for a line end)
SYSLOG = (
    "Jun 30 11:07:05 gpu-0 kernel: NVRM: API mismatch: the client has the version 535.54.03, but#012NVRM: "
    "this kernel module has the version 530.30.02.  Please#012NVRM: make sure that this kernel module and "
    "all NVIDIA driver#012NVRM: components have the same version.\n"
)


def test_messages_of_several_lines_become_one() -> None:
    assert nvidia.messages(LEGACY)[1:] == [
        "NVRM: The NVIDIA NVIDIA GeForce GTX 1050 GPU installed in this system is supported through the "
        "NVIDIA 580.xx Legacy drivers. Please visit http://www.nvidia.com/object/unix.html for more "
        "information.  The 595.71.05 NVIDIA driver will ignore this GPU.  Continuing probe...",
        "NVRM: No NVIDIA GPU found.",
    ]
    (line,) = nvidia.messages(SYSLOG)
    assert line.startswith("NVRM: API mismatch: the client has the version 535.54.03, but this kernel module")


def test_messages_leave_out_what_is_no_matter_here_and_former_boots() -> None:
    log = (
        "Nov 20 08:00:00 box kernel: NVRM: Xid (PCI:0000:01:00): 79, pid=1, GPU has fallen off the bus.\n"
        "Nov 21 08:00:00 box kernel: [    0.000000] Linux version 6.8.0-45-generic\n"
        "Nov 21 08:00:01 box kernel: [    1.000000] usb 1-1: new high-speed USB device\n"
        "Nov 21 08:00:02 box kernel: [    2.000000] nouveau 0000:01:00.0: NVIDIA GM204 (124020a1)\n"
    )
    assert nvidia.messages(log) == ["nouveau 0000:01:00.0: NVIDIA GM204 (124020a1)"]


def test_xids_by_number_and_gpu() -> None:
    log = (
        "[   12.1] NVRM: Xid (PCI:0000:44:00): 79, pid='<unknown>', GPU has fallen off the bus.\n"
        "[   12.2] NVRM: Xid (PCI:0000:44:00): 79, pid='<unknown>', GPU has fallen off the bus.\n"
        "[   13.0] NVRM: Xid (0000:01:00): 48, An uncorrectable double bit error (DBE) has been detected\n"
    )
    found = nvidia.xids(nvidia.messages(log))
    assert [(x["xid"], x["bus_id"]) for x in found] == [(79, "0000:44:00.0"), (48, "0000:01:00.0")]


def test_a_gpu_found_off_the_bus_counts_as_xid_79() -> None:
    assert [(x["xid"], x["bus_id"]) for x in nvidia.xids(nvidia.messages(FALLEN))] == [(79, "0000:b3:00.0")]
