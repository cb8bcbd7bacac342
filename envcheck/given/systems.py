"""What of a log tells on which system it was written."""

from __future__ import annotations

import re

from . import platforms
from .answers import Values
from .reading import FIELD, HINT, SHOWN, STATED, Reader, reader

_ARCH = {
    "amd64": "x86_64",
    "AMD64": "x86_64",
    "x86_64": "x86_64",
    "aarch64": "aarch64",
    "arm64": "arm64",
    "ppc64le": "ppc64le",
    "i686": "i686",
    "armv7l": "armv7l",
}


def _uname(found: re.Match[str]) -> Values:
    told: Values = {"platform.system": found["system"], "platform.release": found["release"]}
    machine = re.search(r"\b(x86_64|aarch64|arm64|ppc64le|i686|armv7l)\b", found["rest"])
    if machine:
        told["platform.architecture"] = machine[1]
    if found["system"] == "Darwin":
        told.pop("platform.release")
        return {**told, "hardware.gpus": [], "platform.libc": None}
    if "microsoft" in found["release"].lower():
        told["platform.wsl"] = 2 if "standard" in found["release"].lower() else 1
    distro = re.search(r"-(Ubuntu)\b", found["rest"])
    return {**told, "platform.distro": "ubuntu"} if distro else told


def _platform(found: re.Match[str]) -> Values:
    """``Linux-5.15.90.1-microsoft-standard-WSL2-x86_64-with-glibc2.31``, ``Windows-10-10.0.19041-SP0``."""
    text = found[0]
    if text.startswith("Windows"):
        told = platforms.system("Windows " + text.split("-")[1])
        build = re.search(r"10\.0\.(\d{5})", text)
        return {**told, "platform.windows_build": int(build[1])} if build else told
    if text.startswith(("macOS", "Darwin")):
        told = {"platform.system": "Darwin", "hardware.gpus": [], "platform.libc": None}
        version = re.match(r"macOS-([\d.]+)", text)
        machine = re.search(r"-(arm64|x86_64)", text)
        told.update({"platform.macos_version": version[1]} if version else {})
        return {**told, **({"platform.architecture": machine[1]} if machine else {})}
    told = {
        "platform.system": "Linux",
        "platform.release": re.split(r"-(?:x86_64|aarch64|ppc64le)", text)[0][6:],
    }
    machine = re.search(r"-(x86_64|aarch64|ppc64le)", text)
    glibc = re.search(r"glibc(2\.\d+)$", text)
    told.update({"platform.architecture": machine[1]} if machine else {})
    told.update({"platform.glibc": glibc[1], "platform.libc": "glibc"} if glibc else {})
    if "microsoft" in text.lower():
        told["platform.wsl"] = 2 if "standard" in text.lower() else 1
    return told


def _is(name: str, **more: object) -> Values:
    told: Values = {
        "platform.system": name,
        **{key.replace("_", ".", 1): value for key, value in more.items()},
    }
    return {**told, "hardware.gpus": [], "platform.libc": None} if name == "Darwin" else told


def _banner(found: re.Match[str]) -> Values:
    systems = {"win32": "Windows", "linux": "Linux", "linux2": "Linux", "darwin": "Darwin"}
    return _is(systems[found[1]])


def _wheel(found: re.Match[str]) -> Values:
    """The platform tag of a wheel that pip took: it is this machine's."""
    tag = found["tag"]
    if tag.startswith("win"):
        return {"platform.system": "Windows", "python.bits": 32 if tag == "win32" else 64}
    if tag.startswith("macosx"):
        return _is("Darwin")
    machine = re.search(r"(x86_64|aarch64|i686|ppc64le|armv7l)$", tag)
    return {"platform.system": "Linux", **({"platform.architecture": machine[1]} if machine else {})}


def _channel(found: re.Match[str]) -> Values:
    """conda asks its channels for this machine's system: ``osx-64``, ``linux-aarch64``."""
    told = _is({"osx": "Darwin", "win": "Windows", "linux": "Linux"}[found["system"]])
    machine = _ARCH.get(found["machine"])
    return {**told, "platform.architecture": machine} if machine else told


def _windows_version(found: re.Match[str]) -> Values:
    build = int(found[1])
    # https://learn.microsoft.com/windows/release-health/windows11-release-information
    return _is("Windows", platform_windows_build=build, platform_release="11" if build >= 22000 else "10")


def _described(found: re.Match[str]) -> Values:
    return {key: value for key, value in platforms.system(found[1]).items() if key != "platform.container"}


READERS: tuple[Reader, ...] = (
    reader(
        STATED,
        r"^\W{0,4}(?P<system>Linux|Darwin) \S+ (?P<release>\d+\.\d+\.\d+\S*) (?P<rest>#?.*)$",
        _uname,
        flags=re.ASCII,
    ),
    reader(
        STATED,
        r"\b(?:Linux-\d+\.\d+\.\d+[\w.+-]*-(?:x86_64|aarch64|ppc64le)[\w.+-]*|Windows-\d+-10\.0\.\d+\S*"
        r"|macOS-\d+[\d.]*-\S+|Darwin-\d+\.\d+\.\d+-\S+)",
        _platform,
    ),
    reader(
        SHOWN,
        r"(?:^[ \t]*(?:- )?https?://\S{1,80}/| in current )(?P<system>osx|win|linux)"
        r"-(?P<machine>64|32|arm64|aarch64|ppc64le)(?: channels|[ \t]*$)",
        _channel,
    ),
    reader(STATED, r"Microsoft Windows \[[^\]\d]*10\.0\.(\d{5})", _windows_version),
    reader(
        STATED,
        r'^(?:PRETTY_NAME|DISTRIB_DESCRIPTION|Description):?=?\s*"?((?:Ubuntu|Debian|Fedora'
        r"|CentOS|Red Hat|Linux Mint|Pop|Rocky|Alma"
        r'|Amazon|Alpine|Arch|Manjaro|openSUSE)[^"\n]*)',
        _described,
    ),
    reader(STATED, r"\bon (win32|linux2?|darwin)\s*$", _banner),
    reader(
        STATED,
        r"^ldd \([^)]*\) (2\.\d+)\s*$",
        lambda found: {"platform.glibc": found[1], "platform.libc": "glibc"},
    ),
    reader(
        SHOWN + 5,
        r"/usr/lib/wsl/|microsoft-standard-WSL2|WSL_DISTRO_NAME|wsl\.localhost",
        lambda _: _is("Linux", platform_wsl=2),
    ),
    reader(
        STATED,
        r"\b(?:uname -[mpi]|arch)[ \t]*\n[ \t]*(x86_64|aarch64|arm64|ppc64le|i686|armv7l)[ \t]*$",
        lambda found: {"platform.architecture": _ARCH[found[1]]},
    ),
    reader(
        STATED,
        r"\bplatform\.machine\(\)\)?[\"']?[ \t]*\n[ \t]*(?:Out\[\d+\]: *)?'?(x86_64|aarch64|arm64)'?[ \t]*$",
        lambda found: {"platform.architecture": _ARCH[found[1]]},
    ),
    reader(  # lscpu
        STATED,
        r"^Architecture:[ \t]+(x86_64|aarch64|ppc64le|i686|armv7l)[ \t]*$",
        lambda found: {"platform.architecture": _ARCH[found[1]]},
    ),
    reader(SHOWN, r'^NAME="?Alpine Linux', lambda _: platforms.system("Alpine Linux")),
    # WSL 1 says that it is Linux 4.4 of such a build of Windows.
    reader(SHOWN + 5, r"\b4\.4\.0-\d{5}-Microsoft\b", lambda _: _is("Linux", platform_wsl=1)),
    reader(SHOWN, r"(?:\w+64_\d+|nvcuda|cudnn\w*|zlibwapi)\.dll\b", lambda _: _is("Windows")),
    reader(SHOWN, r"^(?:\([\w .-]+\) ?)?(?:PS )?[A-Z]:\\[^>\n]*>", lambda _: _is("Windows")),
    reader(
        SHOWN,
        r"(?:Downloading|Using cached|Saved|Processing) \S*?-(?P<tag>win_amd64|win32|macosx_\w+|"
        r"(?:many|musl)?linux\w*_(?:x86_64|aarch64"
        r"|i686|ppc64le|armv7l))(?:\.(?:many|musl)linux\w+)*\.whl",
        _wheel,
    ),
    reader(
        SHOWN,
        r"\bMetal device set to: Apple M\d|\bgrpc\+?darwin",
        lambda _: {**_is("Darwin"), "platform.architecture": "arm64"},
    ),
    # Docker names a container by twelve hexadecimal digits; TensorFlow's images have a prompt of their own.
    reader(
        SHOWN,
        r"^(?:\([\w .-]+\) ?)?\[?(?:root|jovyan|user|app|ubuntu|I have no name!)@(?=[0-9a-f]*\d)[0-9a-f]{12}"
        r"(?::\S*[#$]| [^\]\n]{1,60}\][#$])|^tf-docker \S+ >",
        lambda _: _is("Linux", platform_container="docker"),
    ),
    reader(
        SHOWN,
        r"LD_LIBRARY_PATH\S*[^\n]*/\.singularity\.d/libs|/\.singularity\.d/\S|^(?:Singularity|Apptainer)> ",
        lambda _: _is("Linux", platform_container="singularity"),
    ),
    reader(
        SHOWN,
        r"KUBERNETES_SERVICE_HOST|/var/run/secrets/kubernetes\.io|^kubectl exec |^\W{0,3}kubectl exec "
        r"|^(?:root|jovyan)@[\w-]+-[0-9a-f]{8,10}-[0-9a-z]{5}:\S*[#$]",
        lambda _: _is("Linux", platform_container="kubernetes"),
    ),
    # what Ubuntu's installer calls a virtual machine
    reader(
        SHOWN,
        r"@[\w-]+-(?P<kind>VirtualBox|VMware-Virtual-Platform):\S*[#$]"
        r"|on this host \([\w-]+-(?P<host>VirtualBox|VMware-Virtual-Platform)\)",
        lambda found: platforms.hypervisor(found["kind"] or found["host"]),
    ),
    reader(
        SHOWN,
        r"NVIDIA Release \d\d\.\d\d.*\(build",
        lambda _: _is("Linux", platform_container="docker"),
    ),
    reader(
        SHOWN,
        r"google\.colab|colab\.research|/content/drive\b|/(kaggle)/(?:working|input)\b",
        lambda found: _is("Linux", platform_notebook=found[1] or "colab"),
    ),
    reader(
        SHOWN,
        r"google\.colab|colab\.research|/content/\w|/usr/local/lib/python3\.\d+/dist-packages",
        lambda _: _is("Linux"),
    ),
    reader(
        50,
        r"(?<![\w/])[A-Za-z]:\\{1,2}(?:Users|Program|Python|Anaconda|Windows|ProgramData|Miniconda)",
        lambda _: _is("Windows"),
    ),
    reader(
        50,
        r"(?<![\w:/\\.])/Users/\w|/opt/homebrew/|/Library/Frameworks/|\.dylib\b|/usr/local/Cellar/",
        lambda _: _is("Darwin"),
    ),
    reader(50, r"/opt/homebrew/", lambda _: {"platform.architecture": "arm64"}),
    reader(
        HINT,
        r"(?<![\w/])(?:/home/\w|/root/|/usr/lib/python3?/|/mnt/\w|/usr/lib64/|/lib64/)"
        r"|\blib\w+\.so\.\d|\.so:|linux-gnu",
        lambda _: _is("Linux"),
    ),
    reader(
        HINT,
        r"\b(x86_64|aarch64|ppc64le)-linux-gnu",
        lambda found: {"platform.architecture": _ARCH[found[1]]},
    ),
    reader(HINT, r"/home/runner/\w+/|^##\[(?:group|error)\]", lambda _: {"platform.ci": "github"}),
    reader(
        FIELD,
        r"== check os platform =+\n(?:os: Linux\n)?(?:.*\n){0,12}?os platform version: .*\n"
        r"(?:.*\n){0,3}?linux distribution: \('(.*?)'\)?",
        _described,
    ),
)
