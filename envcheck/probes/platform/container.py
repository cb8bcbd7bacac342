"""Whether we run in a container, in which kind, and whether NVIDIA's runtime has put the driver in.

No proof rests on ``/.dockerenv``: it stays behind where an image is unpacked to become a virtual
machine's disk (seen on a Firecracker machine, where systemd-detect-virt says "docker" for it).
"""

from __future__ import annotations

from collections.abc import Mapping

from ...formats import cgroup, mountinfo
from ...host import Host
from ...model import NoAnswer, Value
from ...patterns import Pattern

#: Variables that mean one thing wherever they are set, and it.
VARIABLES = (
    ("KUBERNETES_SERVICE_HOST", "kubernetes"),
    ("APPTAINER_CONTAINER", "singularity"),
    ("SINGULARITY_CONTAINER", "singularity"),
    ("ECS_CONTAINER_METADATA_URI_V4", "docker"),
)

#: Values of ``container`` (https://systemd.io/CONTAINER_INTERFACE/) that have another name here.
SAID = {"oci": "docker", "lxc-libvirt": "lxc", "apptainer": "singularity"}

#: The path of a control group → the engine that made it. Of processes in it, not of ones beside it.
CGROUPS = (
    (Pattern(r"/kubepods|/kubelet"), "kubernetes"),
    (Pattern(r"/libpod|/podman"), "podman"),
    (Pattern(r"/docker/[0-9a-f]{12}|/docker-[0-9a-f]{12}|/docker/buildkit|/ecs/"), "docker"),
    (Pattern(r"/lxc/|/lxc\.payload"), "lxc"),
    (Pattern(r"/machine-[^/]+\.nspawn|/machine\.slice/systemd-nspawn"), "systemd-nspawn"),
    (Pattern(r"/containerd|/cri-containerd|/garden/"), "containerd"),
)

#: "root point type options" of a mount → the engine that made it. Engines bind their own hosts,
#: hostname and resolv.conf over the image's, and keep the layers of / in folders of their own.
MOUNTS = (
    (Pattern(r"/kubelet/pods/\S+ /(etc/hosts|dev/termination-log) "), "kubernetes"),
    (Pattern(r"\S*/(overlay|vfs|btrfs)-containers/[0-9a-f]{64}/\S+ /(etc|run)/"), "podman"),
    (Pattern(r"\S*/containers/[0-9a-f]{64}/\S+ /etc/(hosts|hostname|resolv\.conf) "), "docker"),
    (Pattern(r"\S+ / overlay \S*/containers/storage/overlay"), "podman"),
    (Pattern(r"\S+ / overlay \S*/docker/(overlay2|rootfs|buildkit|image)"), "docker"),
    (Pattern(r"\S+ / overlay \S*/io\.containerd\.snapshotter"), "containerd"),
    (Pattern(r"\S+ /proc/(cpuinfo|meminfo|uptime) fuse\.lxcfs "), "lxc"),
)

#: Mount points that NVIDIA's container runtime makes (libraries and programs of the host's driver, one
#: by one), and Google's device plugin (/usr/local/nvidia):
#: https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/arch-overview.html
NVIDIA_MOUNT = Pattern(
    r"/lib(cuda|nvidia-ml|nvidia-ptxjitcompiler)\.so|^/proc/driver/nvidia|^/dev/nvidia"
    r"|/nvidia-smi$|/nvidia-persistenced/|^/usr/local/nvidia|^/run/nvidia-container"
)


def container(host: Host) -> Value:
    """The kind of container we are in: "docker", "podman", "kubernetes", "lxc", …; None: in none.

    How: cat /proc/self/cgroup /proc/1/cgroup /proc/self/mountinfo; env | grep -i container
    """
    if host.system != "Linux":
        return None
    return _kind(host)


def _kind(host: Host) -> str | None:
    for look in (_by_variable, _by_file, _by_mounts, _by_cgroup):
        found = look(host)
        if found:
            return found
    return None


def _by_variable(host: Host) -> str | None:
    for variable, kind in VARIABLES:
        if host.env(variable):
            return kind
    said = host.env("container")
    return SAID.get(said, said) if said else None


def _by_file(host: Host) -> str | None:
    if host.stat("/run/.containerenv"):
        return "podman"
    if host.stat("/.singularity.d"):
        return "singularity"
    said = (host.read("/run/systemd/container") or "").strip()
    return SAID.get(said, said) or None


def _by_mounts(host: Host) -> str | None:
    lines = [_line(mount) for mount in _mounts(host)]
    return next((kind for pattern, kind in MOUNTS if any(map(pattern.search, lines))), None)


def _line(mount: mountinfo.Mount) -> str:
    return f"{mount.root} {mount.point} {mount.type} {','.join(mount.super_options)} "


def _by_cgroup(host: Host) -> str | None:
    texts = [host.read(f"/proc/{process}/cgroup") or "" for process in ("self", "1")]
    paths = [group.path for text in texts for group in cgroup.parse(text)]
    return next((kind for pattern, kind in CGROUPS if any(map(pattern.search, paths))), None)


def _mounts(host: Host) -> list[mountinfo.Mount]:
    return mountinfo.parse(host.read("/proc/self/mountinfo") or "")


def container_runtime(host: Host, facts: Mapping[str, Value]) -> Value:
    """Whether NVIDIA's runtime has put the host's driver into this container; None outside containers.

    How: grep -E 'nvidia|libcuda' /proc/self/mountinfo
    """
    if facts["platform.container"] is None:
        return None
    return any(NVIDIA_MOUNT.search(mount.point) for mount in _mounts(host))


def container_engine(host: Host, facts: Mapping[str, Value]) -> Value:
    """How Docker is installed where that matters to GPUs: "snap-docker", "rootless-docker", "docker-desktop".

    None outside Docker's containers, and where it is installed the usual way. A best effort.

    How: grep -o '/[^ ]*/containers/' /proc/self/mountinfo; uname -r
    """
    if facts["platform.container"] not in ("docker", "kubernetes"):
        return None
    lines = [_line(mount) for mount in _mounts(host)]
    if any("/snap/docker/" in line for line in lines):
        return "snap-docker"
    # Docker Desktop's own virtual machine runs a LinuxKit kernel; under WSL2 it is Microsoft's.
    if "linuxkit" in str(facts["platform.release"]):
        return "docker-desktop"
    return "rootless-docker" if _is_rootless(host, lines) else None


def _is_rootless(host: Host, lines: list[str]) -> bool:
    if any("/.local/share/docker/" in line for line in lines):
        return True
    try:
        mapped = (host.read("/proc/self/uid_map") or "").split()
    except NoAnswer:
        return False  # best effort
    return bool(mapped) and mapped[:2] != ["0", "0"]


FACTS = (container, container_runtime, container_engine)
