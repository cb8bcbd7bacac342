"""The operating system: which, which version, on which architecture."""

from __future__ import annotations

from collections.abc import Mapping

from ...formats import os_release
from ...host import Host
from ...model import NoAnswer, Value

#: One name per architecture; what is not here is reported in lower case as the system says it.
#: Windows says AMD64 and ARM64, Linux x86_64 and aarch64, macOS x86_64 and arm64.
ARCHITECTURES = {"amd64": "x86_64", "x64": "x86_64", "i386": "i686", "i586": "i686", "armv8l": "armv7l"}

#: Variable → provider, the particular ones first. Sources: each provider's list of predefined variables.
CI = (
    ("GITHUB_ACTIONS", "github"),
    ("GITLAB_CI", "gitlab"),
    ("BUILDKITE", "buildkite"),
    ("CIRCLECI", "circleci"),
    ("JENKINS_URL", "jenkins"),
    ("TF_BUILD", "azure"),
    ("TEAMCITY_VERSION", "teamcity"),
    ("CODEBUILD_BUILD_ID", "codebuild"),
    ("BITBUCKET_BUILD_NUMBER", "bitbucket"),
    ("TRAVIS", "travis"),
    ("APPVEYOR", "appveyor"),
    ("CIRRUS_CI", "cirrus"),
    ("DRONE", "drone"),
)

#: Variable → the service whose notebook we run in: there a GPU is chosen for the notebook.
NOTEBOOKS = (
    ("COLAB_RELEASE_TAG", "colab"),
    ("COLAB_GPU", "colab"),
    ("KAGGLE_KERNEL_RUN_TYPE", "kaggle"),
)


def system(host: Host) -> Value:
    """The operating system: "Linux", "Windows" or "Darwin" (macOS).

    How: python -c "import platform; print(platform.system())"
    """
    return host.identity()["system"]


def distro(host: Host) -> Value:
    """The Linux distribution's id, "ubuntu"; None elsewhere, and where nothing says so.

    How: cat /etc/os-release
    """
    return _os_release(host).get("ID")


def distro_version(host: Host) -> Value:
    """The distribution's version, "22.04"; None on rolling distributions and other systems.

    How: cat /etc/os-release
    """
    return _os_release(host).get("VERSION_ID")


def distro_like(host: Host) -> Value:
    """The distributions this one is made from, nearest first: ["ubuntu", "debian"]; [] where none.

    How: grep ID_LIKE /etc/os-release
    """
    return _os_release(host).get("ID_LIKE", "").split()


def _os_release(host: Host) -> dict[str, str]:
    if host.system != "Linux":
        return {}
    text = host.read("/etc/os-release")
    if text is None:
        text = host.read("/usr/lib/os-release")
    return os_release.parse(text or "")


def release(host: Host) -> Value:
    """The kernel's release: "6.8.0-45-generic", "5.15.153.1-microsoft-standard-WSL2", "10" on Windows.

    How: uname -r
    """
    return _kernel_release(host)


def _kernel_release(host: Host) -> str:
    if host.system != "Linux":
        return str(host.identity()["release"])
    text = host.read("/proc/sys/kernel/osrelease")
    return (text or str(host.identity()["release"])).strip()


def windows_build(host: Host) -> Value:
    """The build number of Windows, 22631; None on other systems. Builds from 22000 on are Windows 11.

    How: cmd /c ver
    """
    if host.system != "Windows":
        return None
    build = str(host.identity()["version"]).rpartition(".")[2]
    return int(build) if build.isdigit() else None


def macos_version(host: Host) -> Value:
    """The version of macOS, "14.5"; None on other systems.

    How: sw_vers -productVersion
    """
    return _says(host, "sw_vers", "-productVersion") if host.system == "Darwin" else None


def architecture(host: Host) -> Value:
    """The machine's architecture: "x86_64", "aarch64" (Linux), "arm64" (macOS, Windows), "ppc64le", …

    How: python -c "import platform; print(platform.machine())"
    """
    machine = str(host.identity()["machine"]).lower()
    if host.system == "Darwin" and _is_apple_silicon(host):
        return "arm64"
    return ARCHITECTURES.get(machine, machine)


def rosetta(host: Host, facts: Mapping[str, Value]) -> Value:
    """Whether the examined Python is an Intel one that Rosetta translates on Apple silicon.

    How: sysctl hw.optional.arm64; python3 -c "import platform; print(platform.machine())"
    """
    if host.system != "Darwin" or not _is_apple_silicon(host):
        return False
    machine = facts.get("python.machine") or host.identity()["machine"]
    return machine == "x86_64"


def _is_apple_silicon(host: Host) -> bool:
    # The key exists on Apple silicon alone, and says so to translated processes too:
    # https://developer.apple.com/documentation/apple-silicon/about-the-rosetta-translation-environment
    return _says(host, "sysctl", "-n", "hw.optional.arm64") == "1"


def _says(host: Host, *command: str) -> str | None:
    answer = host.run(list(command))
    if answer is None or answer["code"] != 0:
        return None
    return str(answer["out"]).strip() or None


def encoding(host: Host) -> Value:
    """The encoding of standard output, lower case: "utf-8", "cp936", "ascii".

    How: python3 -c "import sys; print(sys.stdout.encoding)"
    """
    found = host.identity()["encoding"]
    return str(found).lower() if found else None


def root(host: Host) -> Value:
    """Whether we run as the superuser; None on Windows.

    How: id -u
    """
    uid = host.identity()["uid"]
    return None if uid is None else uid == 0


def init(host: Host) -> Value:
    """The name of process 1, "systemd"; in a container its first program. None on other systems.

    How: cat /proc/1/comm
    """
    if host.system != "Linux":
        return None
    return (host.read("/proc/1/comm") or "").strip() or None


def ci(host: Host) -> Value:
    """The continuous-integration provider we run under: "github", "gitlab", …, "other"; else None.

    How: env | grep -E '^(CI|GITHUB_ACTIONS|GITLAB_CI|BUILDKITE|CIRCLECI|JENKINS_URL|TF_BUILD)='
    """
    for variable, provider in CI:
        if host.env(variable):
            return provider
    return "other" if (host.env("CI") or "").lower() in ("1", "true") else None


def notebook(host: Host) -> Value:
    """The service whose notebook we run in, "colab" or "kaggle"; else None.

    How: env | grep -E '^(COLAB_|KAGGLE_)'
    """
    return next((service for variable, service in NOTEBOOKS if host.env(variable)), None)


def long_paths(host: Host) -> Value:
    """Whether Windows allows paths of more than 260 characters; None on other systems.

    How: reg query HKLM\\SYSTEM\\CurrentControlSet\\Control\\FileSystem /v LongPathsEnabled
    """
    if host.system != "Windows":
        return None
    # https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation
    return host.registry(r"HKLM\SYSTEM\CurrentControlSet\Control\FileSystem", "LongPathsEnabled") == 1


def secure_boot(host: Host) -> Value:
    """Whether Secure Boot is on; None where the machine has no EFI.

    How: mokutil --sb-state
    """
    if host.system == "Windows":
        key = r"HKLM\SYSTEM\CurrentControlSet\Control\SecureBoot\State"
        state = host.registry(key, "UEFISecureBootEnabled")
        return None if state is None else state == 1
    if host.system != "Linux" or host.list("/sys/firmware/efi") is None:
        return None
    return _secure_boot_variable(host)


def _secure_boot_variable(host: Host) -> bool:
    # Four bytes of attributes, then the value: UEFI specification, section 3.3 "Globally Defined
    # Variables", and https://docs.kernel.org/filesystems/efivarfs.html
    name = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
    value = host.read(name, binary=True)
    if value is not None:
        return len(value) > 4 and value[4] == "\x01"
    if not host.list("/sys/firmware/efi/efivars"):
        raise NoAnswer("skipped", "the EFI variables cannot be seen from here")
    return False


FACTS = (
    system, distro, distro_version, distro_like, release, windows_build, macos_version, architecture,
    rosetta, encoding, root, init, ci, notebook, long_paths, secure_boot,
)  # fmt: skip
