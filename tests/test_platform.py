"""The layer platform, on small built machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from envcheck.model import Known, Unknown, Value
from envcheck.probes import Collected, platform
from envcheck.snapshot import replay

IDENTITY = {
    "system": "Linux", "release": "6.1.0-25-amd64", "version": "#1 SMP", "machine": "x86_64", "cpus": 8,
    "uid": 1000, "gids": [1000], "user": "u", "node": "box", "home": "/home/u", "encoding": "UTF-8",
    "tmp": "/tmp", "cwd": "/home/u",
}  # fmt: skip
HOSTS = "/var/lib/docker/containers/" + "3f" * 32
ROOT = "1 0 254:1 / / rw,relatime - ext4 /dev/vda1 rw\n"


def collected(
    files: Mapping[str, Any] | None = None,
    identity: Mapping[str, Any] | None = None,
    given: Mapping[str, Value] | None = None,
    **answers: Mapping[str, Any],
) -> Collected:
    """The facts of a machine that has these files and answers, and nothing else."""
    machine = {
        "schema": "envcheck-machine/1", "complete": True, "files": files or {},
        "target": {"python": "/home/u/.venv/bin/python"},
        "answers": {
            "identity": {"": {**IDENTITY, **(identity or {})}},
            "memory": {"": {"total_mb": 16384, "available_mb": 8192}},
            **answers,
        },
    }  # fmt: skip
    probes = {f"platform.{probe.__name__}": probe for probe in platform.FACTS}
    known = {"python.prefix": "/home/u/.venv", "python.machine": None, **(given or {})}
    return Collected(replay(machine), probes, {name: Known(value) for name, value in known.items()})


def child(*events: Mapping[str, Value]) -> dict[str, Any]:
    """A child that sent these events and came to its end."""
    return {"events": list(events), "log": {"head": "", "tail": "", "bytes": 0}, "ended": {"kind": "exited"}}


def value(name: str, facts: Collected) -> Value:
    fact = facts[f"platform.{name}"]
    assert isinstance(fact, Known), fact
    return fact.value


def test_every_fact_has_a_value_on_an_empty_machine() -> None:
    """A machine that has none of the files makes no probe fail."""
    facts = collected(disk={path: {"total_mb": 10, "free_mb": 10} for path in ("/tmp", "/home/u")})
    unknown = {name: fact for name, fact in facts.items() if isinstance(fact, Unknown)}
    assert not unknown


# --- container ----------------------------------------------------------------------------------


def test_a_left_over_dockerenv_is_no_container() -> None:
    """As in a virtual machine whose disk was made from an image: an own root disk, process 1 no init."""
    files = {
        "/.dockerenv": "",
        "/proc/1/comm": "agent\n",
        "/proc/self/mountinfo": ROOT,
        "/proc/self/cgroup": "4:memory:/agent/eaf4\n0::/\n",
    }
    assert value("container", collected(files)) is None
    assert value("container_runtime", collected(files)) is None


def test_an_overlay_as_root_is_no_proof_either() -> None:
    overlay = "1 0 0:50 / / rw - overlay overlay rw,lowerdir=/,upperdir=/tmp/up,workdir=/tmp/work\n"
    assert value("container", collected({"/.dockerenv": "", "/proc/self/mountinfo": overlay})) is None


SELF, ONE, MOUNTINFO = "/proc/self/cgroup", "/proc/1/cgroup", "/proc/self/mountinfo"
ID = "3f" * 32
BIND = "rw - ext4 /dev/vda1 rw"
OVERLAY = "1 0 0:5 / / rw - overlay overlay rw,lowerdir="


@pytest.mark.parametrize(
    ("kind", "path", "text"),
    [
        ("docker", MOUNTINFO, f"9 1 254:1 {HOSTS}/hosts /etc/hosts {BIND}"),
        ("docker", MOUNTINFO, OVERLAY + "/var/lib/docker/overlay2/l/A:/var/lib/docker/overlay2/l/B"),
        ("docker", SELF, f"12:pids:/docker/{ID}\n0::/"),
        ("docker", SELF, f"0::/system.slice/docker-{ID}.scope"),
        ("docker", ONE, f"0::/docker/{ID}"),
        ("podman", MOUNTINFO, OVERLAY + "/home/u/.local/share/containers/storage/overlay/l/A"),
        ("podman", "/run/.containerenv", 'engine="podman-4.9.3"'),
        ("kubernetes", SELF, "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-ab.scope"),
        ("kubernetes", MOUNTINFO, f"9 1 254:1 /var/lib/kubelet/pods/1b/etc-hosts /etc/hosts {BIND}"),
        ("lxc", MOUNTINFO, "9 1 0:44 /proc/cpuinfo /proc/cpuinfo rw - fuse.lxcfs lxcfs rw"),
        ("lxc", "/run/systemd/container", "lxc"),
        ("lxc", ONE, "0::/lxc.payload.box/init.scope"),
    ],
)
def test_kinds_of_container_by_what_engines_leave(kind: str, path: str, text: str) -> None:
    assert value("container", collected({path: text + "\n"})) == kind


@pytest.mark.parametrize(
    ("kind", "variable", "text"),
    [
        ("podman", "container", "podman"),
        ("docker", "container", "oci"),
        ("kubernetes", "KUBERNETES_SERVICE_HOST", "10.0.0.1"),
        ("singularity", "APPTAINER_CONTAINER", "/images/tf.sif"),
    ],
)
def test_kinds_of_container_by_variables(kind: str, variable: str, text: str) -> None:
    assert value("container", collected(env={variable: text})) == kind


def test_a_machine_with_docker_is_not_inside_it() -> None:
    files = {
        MOUNTINFO: ROOT + "70 1 0:60 / /var/lib/docker/overlay2/9d/merged rw - overlay overlay rw,"
        "lowerdir=/var/lib/docker/overlay2/l/A\n",
        SELF: "0::/user.slice/user-1000.slice/session-2.scope\n",
        ONE: "0::/init.scope\n",
    }
    assert value("container", collected(files)) is None


DRIVER = "/usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15"


@pytest.mark.parametrize(
    "mount",
    [
        f"90 1 254:1 {DRIVER} {DRIVER} ro - ext4 /dev/vda1 rw",
        "90 1 0:77 / /proc/driver/nvidia rw - tmpfs tmpfs rw,mode=555",
        "90 1 254:1 /home/kubernetes/bin/nvidia /usr/local/nvidia ro - ext4 /dev/sda1 rw",
    ],
)
def test_the_nvidia_runtime_leaves_mounts(mount: str) -> None:
    docker = f"9 1 254:1 {HOSTS}/hosts /etc/hosts rw - ext4 /dev/vda1 rw\n"
    assert value("container_runtime", collected({"/proc/self/mountinfo": docker})) is False
    assert value("container_runtime", collected({"/proc/self/mountinfo": docker + mount + "\n"})) is True


@pytest.mark.parametrize(
    ("engine", "folder", "release"),
    [
        (None, "/var/lib/docker", "6.8.0-45-generic"),
        ("snap-docker", "/var/snap/docker/common/var-lib-docker", "6.8.0-45-generic"),
        ("rootless-docker", "/home/u/.local/share/docker", "6.8.0-45-generic"),
        ("docker-desktop", "/var/lib/docker", "6.6.26-linuxkit"),
    ],
)
def test_how_docker_is_installed(engine: str | None, folder: str, release: str) -> None:
    files = {
        MOUNTINFO: f"9 1 254:1 {folder}/containers/{ID}/hosts /etc/hosts {BIND}\n",
        "/proc/sys/kernel/osrelease": release,
        "/proc/self/uid_map": "         0          0 4294967295\n",
    }
    assert value("container_engine", collected(files)) == engine


# --- WSL and hypervisors ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "version"),
    [
        ("4.4.0-19041-Microsoft", 1),
        ("5.15.153.1-microsoft-standard-WSL2", 2),
        ("4.19.104-microsoft-standard", 2),
        ("6.8.0-45-generic", None),
        ("6.5.0-1025-azure", None),
    ],
)
def test_wsl(release: str, version: int | None) -> None:
    assert value("wsl", collected({"/proc/sys/kernel/osrelease": release + "\n"})) == version


def test_wsl_2_with_an_own_kernel() -> None:
    files = {
        "/proc/sys/kernel/osrelease": "6.9.3-mine",
        "/dev/dxg": {"device": [10, 127]},
        "/run/WSL": {"dir": True},
    }
    assert value("wsl", collected(files)) == 2


def test_the_driver_models_are_asked_of_windows_only_without_a_gpu() -> None:
    files = {
        "/proc/sys/kernel/osrelease": "5.15.153.1-microsoft-standard-WSL2",
        "/mnt/c/Windows/System32/nvcuda.dll": {"size": 3},
    }
    ask = "/mnt/c/Windows/System32/nvidia-smi.exe --query-gpu=driver_model.current --format=csv,noheader"
    run = {ask: {"code": 0, "out": "TCC\r\n", "err": ""}}
    without: dict[str, Any] = {"nvml": child({"event": "init", "code": 17})}
    with_one: dict[str, Any] = {"nvml": child({"event": "gpu", "index": 0, "code": 0})}
    assert value("windows_driver_models", collected(files, run=run, child=without)) == ["TCC"]
    assert value("windows_driver_models", collected(files, run=run, child=with_one)) is None


@pytest.mark.parametrize(
    ("vendor", "product", "flag", "name"),
    [
        ("QEMU", "Standard PC (Q35 + ICH9, 2009)", True, "kvm"),
        ("VMware, Inc.", "VMware7,1", True, "vmware"),
        ("Microsoft Corporation", "Virtual Machine", True, "hyper-v"),
        ("innotek GmbH", "VirtualBox", True, "virtualbox"),
        ("Amazon EC2", "g5.xlarge", True, "kvm"),
        ("Amazon EC2", "g4dn.metal", False, None),
        ("Microsoft Corporation", "Surface Book 3", False, None),
        ("Dell Inc.", "PowerEdge R750", False, None),
        ("", "", True, "other"),
    ],
)
def test_hypervisors(vendor: str, product: str, flag: bool, name: str | None) -> None:
    files = {
        "/sys/class/dmi/id/sys_vendor": vendor + "\n",
        "/sys/class/dmi/id/product_name": product + "\n",
        "/proc/cpuinfo": "flags : fpu sse2 " + ("hypervisor " if flag else "") + "avx\n",
    }
    assert value("hypervisor", collected(files)) == name


def test_firecracker_has_no_dmi_and_an_oem_id_of_its_own() -> None:
    files = {
        "/proc/cpuinfo": "flags : fpu hypervisor\n",
        "/sys/firmware/acpi/tables/DSDT": "DSDTS\x0f\x00\x00\x02wFIRECKFCVMDSDT",
    }
    assert value("hypervisor", collected(files)) == "firecracker"
    files["/sys/firmware/acpi/tables/DSDT"] = {"access": ""}  # type: ignore[assignment]
    assert value("hypervisor", collected(files)) == "other"


# --- Secure Boot --------------------------------------------------------------------------------

EFI = "/sys/firmware/efi/efivars/"
SECURE = EFI + "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


@pytest.mark.parametrize(
    ("files", "state"),
    [
        ({}, None),
        ({SECURE: "\x06\x00\x00\x00\x01"}, True),
        ({SECURE: "\x06\x00\x00\x00\x00"}, False),
        ({EFI + "BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c": "\x07\x00\x00\x00"}, False),
    ],
)
def test_secure_boot(files: dict[str, str], state: bool | None) -> None:
    assert value("secure_boot", collected(files)) is state


def test_secure_boot_is_not_known_where_the_variables_are_hidden() -> None:
    fact = collected({"/sys/firmware/efi": {"dir": True}})["platform.secure_boot"]
    assert isinstance(fact, Unknown)
    assert fact.kind == "skipped"


# --- memory and disks ---------------------------------------------------------------------------

V2 = "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
V1 = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"


def test_the_tightest_limit_on_the_way_up_counts() -> None:
    files = {
        "/proc/self/mountinfo": V2,
        "/proc/self/cgroup": "0::/slurm/job_7/step_0\n",
        "/sys/fs/cgroup/slurm/job_7/step_0/memory.max": "max\n",
        "/sys/fs/cgroup/slurm/job_7/memory.max": "2147483648\n",
        "/sys/fs/cgroup/slurm/job_7/memory.current": "1610612736\n",
        "/sys/fs/cgroup/slurm/job_7/memory.stat": "anon 5\ninactive_file 536870912\n",
        "/sys/fs/cgroup/slurm/memory.max": "8589934592\n",
    }
    facts = collected(files)
    assert value("memory_gb", facts) == 2.0
    assert value("memory_available_gb", facts) == 1.0  # half a GiB of what is used is cache
    assert value("memory_limited_by", facts) == "cgroup"


def test_version_1_without_a_limit() -> None:
    files = {
        "/proc/self/mountinfo": V1,
        "/proc/self/cgroup": "4:memory:/user/1000\n",
        "/sys/fs/cgroup/memory/user/1000/memory.limit_in_bytes": "9223372036854771712\n",
    }
    facts = collected(files)
    assert (value("memory_gb", facts), value("memory_limited_by", facts)) == (16.0, None)


def test_a_limit_above_the_machines_memory_limits_nothing() -> None:
    files = {
        "/proc/self/mountinfo": V2,
        "/proc/self/cgroup": "0::/\n",
        "/sys/fs/cgroup/memory.max": str(2**40),
    }
    facts = collected(files)
    assert (value("memory_gb", facts), value("memory_limited_by", facts)) == (16.0, None)


def test_disks_by_role_and_the_fullest() -> None:
    mounts = ROOT + "5 1 7:3 / /home/u/.venv ro - squashfs /dev/loop3 ro\n"
    disk = {
        "/home/u/.venv": {"total_mb": 900, "free_mb": 0},
        "/tmp": {"total_mb": 1024, "free_mb": 512},
        "/home/u": {"total_mb": 10240, "free_mb": 2048},
    }
    facts = collected({"/proc/self/mountinfo": mounts}, disk=disk)
    assert value("disks", facts) == [
        {"role": "packages", "path": "/home/u/.venv", "free_gb": 0.0, "read_only": True},
        {"role": "temporary", "path": "/tmp", "free_gb": 0.5, "read_only": False},
        {"role": "home", "path": "/home/u", "free_gb": 2.0, "read_only": False},
    ]
    assert value("fullest_disk", facts) == "/tmp: 0.5 GiB free"


@pytest.mark.parametrize(
    ("system", "python", "folder"),
    [
        ("Linux", "/home/u/.venv/bin/python", "/home/u/.venv"),
        ("Windows", r"C:\Users\u\.venv\Scripts\python.exe", r"C:\Users\u\.venv"),
        ("Windows", r"C:\Python312\python.exe", r"C:\Python312"),
    ],
)
def test_where_packages_live_without_an_inventory(system: str, python: str, folder: str) -> None:
    facts = collected(
        identity={"system": system, "tmp": None, "home": None}, disk={folder: {"free_mb": 1024}}
    )
    facts.host.target = facts.host.target.__class__(python, "given")
    facts._facts["python.prefix"] = Unknown("failed", "it did not start")
    assert [disk["path"] for disk in value("disks", facts)] == [folder]


# --- system and libraries -----------------------------------------------------------------------


def test_ci_providers_and_what_only_says_ci() -> None:
    assert value("ci", collected(env={"GITHUB_ACTIONS": "true", "CI": "true"})) == "github"
    assert value("ci", collected(env={"CI": "true"})) == "other"
    assert value("ci", collected(env={"CI": "false"})) is None


def test_the_service_whose_notebook_it_is() -> None:
    assert value("notebook", collected(env={"COLAB_RELEASE_TAG": "release-colab_20260101"})) == "colab"
    assert value("notebook", collected(env={"KAGGLE_KERNEL_RUN_TYPE": "Interactive"})) == "kaggle"
    assert value("notebook", collected(env={})) is None


@pytest.mark.parametrize(
    ("run", "files", "libc", "glibc"),
    [
        ({"getconf GNU_LIBC_VERSION": "glibc 2.36\n"}, {}, "glibc", "2.36"),
        ({"ldd --version": "ldd (GNU libc) 2.17\n"}, {}, "glibc", "2.17"),
        ({}, {"/lib/ld-musl-x86_64.so.1": {"size": 1}}, "musl", None),
        ({}, {}, None, None),
    ],
)
def test_c_library(run: dict[str, str], files: dict[str, Any], libc: str | None, glibc: str | None) -> None:
    facts = collected(files, run={line: {"code": 0, "out": out, "err": ""} for line, out in run.items()})
    assert (value("libc", facts), value("glibc", facts)) == (libc, glibc)


def test_libstdcxx_is_the_one_behind_the_link() -> None:
    folder = "/usr/lib/x86_64-linux-gnu"
    files = {
        f"{folder}/libstdc++.so.6": {"link": "libstdc++.so.6.0.30"},
        f"{folder}/libstdc++.so.6.0.30": {"size": 1},
    }
    assert value("libstdcxx", collected(files)) == "3.4.30"


def test_windows() -> None:
    identity = {
        "system": "Windows",
        "machine": "AMD64",
        "release": "10",
        "version": "10.0.22631",
        "uid": None,
    }
    registry = {
        r"HKLM\SYSTEM\CurrentControlSet\Control\FileSystem|LongPathsEnabled": 0,
        r"HKLM\SOFTWARE\Microsoft\VisualStudio\14.0\VC\Runtimes\X64|Version": "v14.38.33135.00",
        r"HKLM\SYSTEM\CurrentControlSet\Control\SecureBoot\State|UEFISecureBootEnabled": 1,
        r"HKLM\HARDWARE\DESCRIPTION\System\BIOS|SystemManufacturer": "Dell Inc.",
    }
    facts = collected(identity=identity, registry=registry)
    expected = {
        "system": "Windows", "architecture": "x86_64", "windows_build": 22631, "long_paths": False,
        "vc_runtime": "14.38.33135", "secure_boot": True, "hypervisor": None, "distro": None, "libc": None,
        "container": None, "wsl": None, "shm_mb": None, "root": None, "macos_version": None, "rosetta": False,
    }  # fmt: skip
    assert {name: value(name, facts) for name in expected} == expected


@pytest.mark.parametrize(
    ("machine", "arm64", "python", "architecture", "rosetta"),
    [
        ("arm64", "1", "arm64", "arm64", False),
        ("x86_64", "1", None, "arm64", True),
        ("arm64", "1", "x86_64", "arm64", True),
        ("x86_64", None, "x86_64", "x86_64", False),
    ],
)
def test_macs(machine: str, arm64: str | None, python: str | None, architecture: str, rosetta: bool) -> None:
    run = {"sw_vers -productVersion": {"code": 0, "out": "14.5\n", "err": ""}}
    if arm64:
        run["sysctl -n hw.optional.arm64"] = {"code": 0, "out": f"{arm64}\n", "err": ""}
    identity = {"system": "Darwin", "machine": machine, "release": "23.5.0"}
    facts = collected(identity=identity, run=run, given={"python.machine": python})
    assert value("macos_version", facts) == "14.5"
    assert (value("architecture", facts), value("rosetta", facts)) == (architecture, rosetta)
