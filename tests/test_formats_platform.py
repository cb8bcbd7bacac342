"""The parsers behind the layers platform and hardware, on text as systems write it."""

from __future__ import annotations

import doctest
import json

import pytest

from envcheck.formats import cgroup, cpuinfo, libc, mountinfo, os_release, pci, windows


@pytest.mark.parametrize("module", [cgroup, cpuinfo, libc, mountinfo, os_release, pci, windows])
def test_the_examples_in_the_documentation(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


# --- os-release ---------------------------------------------------------------------------------

ALMALINUX = """\
NAME="AlmaLinux"
VERSION="9.4 (Seafoam Ocelot)"
ID="almalinux"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
PRETTY_NAME='AlmaLinux 9.4 (Seafoam Ocelot)'

# a comment
BROKEN="no end
"""


def test_os_release() -> None:
    found = os_release.parse(ALMALINUX)
    assert found["ID"] == "almalinux"
    assert found["ID_LIKE"] == "rhel centos fedora"
    assert found["PRETTY_NAME"] == "AlmaLinux 9.4 (Seafoam Ocelot)"
    assert found["BROKEN"] == "no end"
    assert "# a comment" not in found


# --- /proc/cpuinfo ------------------------------------------------------------------------------

GRACE = """\
processor       : 0
BogoMIPS        : 2000.00
Features        : fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics sve sve2
CPU implementer : 0x41
CPU architecture: 8
CPU variant     : 0x0
CPU part        : 0xd4f
"""
POWER = "processor : 0\ncpu : POWER9 (raw), altivec supported\nclock : 2300MHz\n"


def test_cpuinfo_of_arm_and_power() -> None:
    assert cpuinfo.model(GRACE) == "ARM Neoverse V2"
    assert cpuinfo.interesting(cpuinfo.flags(GRACE) or []) == ["asimd", "sve"]
    assert cpuinfo.model(POWER) == "POWER9 (raw), altivec supported"
    assert cpuinfo.flags(POWER) is None
    assert cpuinfo.model("") is None


def test_avx_is_a_word_not_a_part_of_one() -> None:
    assert "avx" not in cpuinfo.interesting(["fpu", "sse4_2", "avx512_bf16"])


# --- mountinfo and cgroups ----------------------------------------------------------------------

MOUNTS = r"""
1 0 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A
2 1 0:51 / /proc rw,nosuid shared:12 master:1 - proc proc rw
3 1 254:1 /var/lib/docker/containers/ab/hosts /etc/hosts rw - ext4 /dev/vda1 rw
4 1 0:60 / /mnt/my\040disk ro,noatime - ext4 /dev/sdb1 rw
5 1 0:61 / /opt/image rw - squashfs /dev/loop3 ro
not a mount
"""


def test_mountinfo() -> None:
    mounts = mountinfo.parse(MOUNTS)
    assert [mount.point for mount in mounts] == ["/", "/proc", "/etc/hosts", "/mnt/my disk", "/opt/image"]
    assert [mount.read_only for mount in mounts] == [False, False, False, True, True]
    assert mounts[1].type == "proc"


@pytest.mark.parametrize(
    ("path", "point"),
    [("/opt/image/lib", "/opt/image"), ("/opt/imagefactory", "/"), ("/etc/hosts", "/etc/hosts"), ("/", "/")],
)
def test_the_mount_that_holds_a_path(path: str, point: str) -> None:
    found = mountinfo.holding(path, mountinfo.parse(MOUNTS))
    assert found and found.point == point


def test_memory_places_of_version_2() -> None:
    mounts = mountinfo.parse("31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw")
    (place,) = cgroup.memory_places(cgroup.parse("0::/user.slice/job_1"), mounts)
    top = "/sys/fs/cgroup"
    assert place.folders == (f"{top}/user.slice/job_1", f"{top}/user.slice", top)
    assert place.limit == "memory.max"


def test_memory_places_in_a_container_of_version_1() -> None:
    """The mount shows the container's own group at its point, the process's path begins with its root."""
    mounts = mountinfo.parse("40 31 0:35 /docker/ab /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory")
    (place,) = cgroup.memory_places(cgroup.parse("4:memory:/docker/ab\n3:cpu:/docker/ab"), mounts)
    assert place.folders == ("/sys/fs/cgroup/memory",)
    assert place.limit == "memory.limit_in_bytes"


@pytest.mark.parametrize(
    ("text", "limit"),
    [("max\n", None), ("9223372036854771712\n", None), ("2147483648\n", 2**31), ("", None), (None, None)],
)
def test_limits(text: str | None, limit: int | None) -> None:
    assert cgroup.limit(text) == limit


# --- C libraries --------------------------------------------------------------------------------


def test_glibc_of_ldd() -> None:
    debian = "ldd (Debian GLIBC 2.36-9+deb12u7) 2.36\nCopyright (C) 2022 Free Software Foundation, Inc."
    assert libc.glibc(debian) == "2.36"
    assert libc.glibc("ldd (GNU libc) 2.17\n") == "2.17"
    assert libc.glibc("undefined\n") is None


def test_the_newest_of_several_libstdcxx_counts_as_a_number() -> None:
    assert libc.glibcxx(["/usr/lib64/libstdc++.so.6.0.9", "/usr/lib64/libstdc++.so.6.0.29"]) == "3.4.29"
    assert libc.glibcxx(["/usr/lib64/libstdc++.so.6"]) is None


# --- PCI and Windows ----------------------------------------------------------------------------


def test_a_configuration_space_of_ones_is_off_the_bus() -> None:
    assert pci.is_off_bus("\xff" * 64)
    assert not pci.is_off_bus("\xde\x10" + "\xff" * 62)
    assert not pci.is_off_bus("")
    assert not pci.is_off_bus(None)


ADAPTER = {
    "Name": "NVIDIA GeForce RTX 4070",
    "PNPDeviceID": r"PCI\VEN_10DE&DEV_2786&SUBSYS_88861043&REV_A1\4&1E7C8A26&0&0008",
    "DriverVersion": "32.0.15.6094",
    "ConfigManagerErrorCode": 0,
}


def test_display_adapters_one_several_none() -> None:
    remote = {"Name": "Microsoft Remote Display Adapter", "PNPDeviceID": r"SWD\REMOTEDISPLAYENUM\1"}
    (one,) = windows.adapters(json.dumps(ADAPTER))
    assert (one.vendor, one.device, one.problem) == ("0x10de", "2786", 0)
    assert windows.adapters(json.dumps([ADAPTER, remote])) == [one]
    assert windows.adapters("") == []


@pytest.mark.parametrize("text", ["PCI bus 1, device 0, function 0", "", None])
def test_no_address_without_numbers_in_brackets(text: str | None) -> None:
    assert pci.windows_address(text) is None
