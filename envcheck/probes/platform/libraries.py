"""The C and C++ run-time libraries of the system."""

from __future__ import annotations

from ...formats import libc as formats
from ...host import Host
from ...model import Value

#: Where distributions keep libstdc++: Debian's multiarch folders, Red Hat's lib64, Arch's and Alpine's lib.
STDCXX = (
    "/usr/lib/*-linux-gnu*/libstdc++.so.6",
    "/usr/lib64/libstdc++.so.6",
    "/usr/lib/libstdc++.so.6",
)

#: https://learn.microsoft.com/cpp/windows/redistributing-visual-cpp-files#detecting-installed-versions
VC_KEYS = (
    r"HKLM\SOFTWARE\Microsoft\VisualStudio\14.0\VC\Runtimes\{}",
    r"HKLM\SOFTWARE\WOW6432Node\Microsoft\VisualStudio\14.0\VC\Runtimes\{}",
)


def libc(host: Host) -> Value:
    """The kind of the C library: "glibc" or "musl"; None on other systems.

    How: ldd --version
    """
    if host.system != "Linux":
        return None
    if _glibc(host):
        return "glibc"
    return "musl" if host.glob("/lib/ld-musl-*.so.1") or _ldd_is_musl(host) else None


def glibc(host: Host) -> Value:
    """The system's glibc, "2.36"; None where there is none (musl, other systems).

    How: getconf GNU_LIBC_VERSION
    """
    return _glibc(host) if host.system == "Linux" else None


def _glibc(host: Host) -> str | None:
    for command in (["getconf", "GNU_LIBC_VERSION"], ["ldd", "--version"]):
        answer = host.run(command)
        found = formats.glibc(str(answer["out"])) if answer else None
        if found:
            return found
    return None


def _ldd_is_musl(host: Host) -> bool:
    answer = host.run(["ldd", "--version"])
    return bool(answer) and formats.is_musl(str((answer or {})["err"]))


def libstdcxx(host: Host) -> Value:
    """The newest GLIBCXX version of the system's libstdc++, "3.4.30"; None where there is none.

    How: ls -l /usr/lib*/*/libstdc++.so.6 /usr/lib*/libstdc++.so.6
    """
    if host.system != "Linux":
        return None
    links = [path for pattern in STDCXX for path in host.glob(pattern)]
    found = [host.stat(path) for path in links]
    return formats.glibcxx(str(file["real"]) for file in found if file and "real" in file)


def vc_runtime(host: Host) -> Value:
    """The installed Microsoft Visual C++ 2015-2022 runtime, "14.38.33135"; None: none, or not Windows.

    How: reg query HKLM\\SOFTWARE\\Microsoft\\VisualStudio\\14.0\\VC\\Runtimes\\X64 /v Version
    """
    if host.system != "Windows":
        return None
    kind = "ARM64" if str(host.identity()["machine"]).lower() == "arm64" else "X64"
    for key in VC_KEYS:
        version = host.registry(key.format(kind), "Version")
        if version:
            return ".".join(str(version).lstrip("v").split(".")[:3])
    return None


FACTS = (libc, glibc, libstdcxx, vc_runtime)
