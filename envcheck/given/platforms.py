"""The system as people write it: ``"WSL2 Ubuntu 22.04"``, ``"macOS 13.4 (Apple M1)"``, ``"Docker (…)"``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..patterns import Pattern
from .answers import Values, is_none

#: A distribution's id in os-release, and how people call it.
_DISTROS: Mapping[str, str] = {
    "linuxmint": r"(?:linux )?mint",
    "pop": r"pop!?[_ ]?os",
    "ubuntu": r"[kx]?ubuntu",
    "debian": r"debian",
    "raspbian": r"raspbian|raspberry pi os",
    "fedora": r"fedora",
    "centos": r"centos",
    "rhel": r"rhel|red ?hat",
    "rocky": r"rocky",
    "almalinux": r"alma",
    "ol": r"oracle linux",
    "amzn": r"amazon linux",
    "arch": r"arch(?: ?linux| btw)|\barch$",
    "manjaro": r"manjaro",
    "opensuse": r"opensuse|suse",
    "alpine": r"alpine",
    "gentoo": r"gentoo",
    "kali": r"kali",
    "nixos": r"nix ?os",
    "elementary": r"elementary os",
    "scientific": r"scientific linux",
}
_LINUX = Pattern(
    r"linux|colab|kaggle|sagemaker|databricks|docker|dev ?container|podman|kubernetes|singularity"
    r"|apptainer|\blx[cd]\b|jetson|raspberry|gnu/|\bnvcr\.io|--gpus\b|-slim\b"
    r"|\b(?:aws|ec2|gce|gcp|google compute engine|paperspace)\b",
    re.I,
)
_WINDOWS = Pattern(
    r"\bwin(?:dows)?[ _-]?(?:server[ _-]?)?(xp|vista|7|8\.1|8|10|11|20\d\d)?\b|\bmsys|\bmingw", re.I
)
_WSL = Pattern(
    r"\bWSL[ _-]?(?:v|version)?[ _-]?([12])?|windows subsystem for linux[ _-]?([12])?|microsoft-standard",
    re.I,
)
_MAC = Pattern(r"\bmac(?:os|book|\s*os|\s*mini|\s*studio)?\b|os ?x\b|\bosx\b|darwin", re.I)
_BUILD = Pattern(r"(?:build\s*|\b10\.0\.)(\d{5})\b", re.I)
_CONTAINERS = (
    ("kubernetes", r"kubernetes|\bk8s\b|\bpods?\b"),
    ("podman", r"podman"),
    ("docker", r"docker|nvcr\.io|\b(?:dev ?)?container\b|--gpus\b|\bpython:\S*-slim\b"),
    ("singularity", r"singularity|apptainer"),
    ("lxc", r"\blx[cd]\b"),
)
#: Hypervisors, by what people call the machine; a cloud's machine has what was booked, and is none of these.
_HYPERVISORS = (
    ("virtualbox", r"virtual ?box|\bvbox\b"),
    ("vmware", r"vmware"),
    ("parallels", r"\bparallels\b"),
    ("hyper-v", r"hyper-?v\b"),
    ("kvm", r"proxmox|\bqemu\b|\bkvm\b|libvirt"),
    ("other", r"\bvirtual machine\b|\bVM\b|虚拟机"),
)
#: Whose machines are all virtual ones; and texts in which another machine is meant.
_CLOUD = Pattern(r"azure|\baws\b|\bec2\b|\bgce\b|\bgcp\b|google|cloud|colab|kaggle|hypervisor", re.I)
#: A machine that slept; a part of the driver may not have come back with it.
_SLEPT = Pattern(
    r"\b(?:after|since|following|upon|from|on)\b[^,;()]{0,30}\b(?:suspend|resum|hibernat|sleep|wak|woke)",
    re.I,
)
_MACHINES = (
    ("aarch64", r"aarch64|jetson|\bgrace\b|\bgh200\b|graviton"),
    ("arm64", r"\barm64\b"),
    ("armv7l", r"armv7l?\b|armhf|\b32[ -]?bit arm\b|\barm(?:,? | \()32[ -]?bit"),
    ("ppc64le", r"ppc64le|power ?[89]\b|\b[AI]C922\b|\bS822LC\b"),
    ("x86_64", r"x86[_-]64|amd64|\bintel(?! integrated| graphics| hd| uhd| iris)\b"),
)
_APPLE = Pattern(r"\bM[1-9]\b|apple (?:silicon|m\d)|\barm64\b|\baarch64\b|\barm\b", re.I)
_MAC_VERSION = Pattern(
    r"(?:mac ?os|os ?x)?\D*?(?<![\d.])((?:1[0-9]|2[6-9])(?:\.\d+){1,2})(?![\d.])"
    r"|(?:mac ?os|os ?x)\D{0,12}?\b(1[1-9]|2[6-9])\b",
    re.I,
)
_KERNEL = Pattern(r"(?:kernel\s*(?:version)?[: ]\s*|\blinux[ -])v?(\d+\.\d+\.\d+[\w.+-]*)", re.I)


def system(text: str) -> Values:
    """``"Windows 10"``, ``"WSL2 Ubuntu 22.04"``, ``"macOS 13.4 (Apple M1)"``, ``"Docker (…ubuntu18.04)"``."""
    if _WSL.search(text):
        return _linux(text)
    slept: Values = {"driver.suspended": True} if _SLEPT.search(text) else {}
    return {**_of_machine(text), **hypervisor(text), **slept}


def hypervisor(text: str) -> Values:
    """``"Ubuntu 18.04 in VirtualBox"``."""
    kinds = (name for name, words in _HYPERVISORS if re.search(words, text, re.I))
    kind = next(kinds, None)
    if kind is None or (kind == "other" and _CLOUD.search(text)):
        return {}
    return {"platform.hypervisor": kind}


def _of_machine(text: str) -> Values:
    contained = any(re.search(words, text, re.I) for _, words in _CONTAINERS)
    if _MAC.search(text) and contained:
        return {**_linux(text), "hardware.gpus": []}  # Docker's containers are Linux on every host
    if _MAC.search(text) and not _distro(text):
        return _mac(text)
    linux = _LINUX.search(text) or _distro(text)
    if _WINDOWS.search(text) and not linux:
        return _windows(text)
    return _linux(text) if linux else {}


#: What Linux alone has.
_NO_LINUX: Values = dict.fromkeys(
    ("platform.wsl", "platform.container", "platform.distro", "platform.libc", "platform.glibc")
)


def _windows(text: str) -> Values:
    found: Values = {"platform.system": "Windows", "platform.macos_version": None, **_NO_LINUX}
    named = _WINDOWS.search(text)
    if named and named[1]:
        found["platform.release"] = named[1].lower()
    build = _BUILD.search(text)
    if build:
        found["platform.windows_build"] = int(build[1])
    if re.search(r"\bARM\b|\bsnapdragon\b", text, re.I):
        return {**found, "platform.architecture": "arm64"}
    return {**found, **_machine(text)}


def _mac(text: str) -> Values:
    # The last macOS with an NVIDIA driver was 10.13.
    found: Values = {"platform.system": "Darwin", **_NO_LINUX, "hardware.gpus": []}
    apple = _APPLE.search(text)
    version = _MAC_VERSION.search(text)
    if version and not re.search(r"darwin", text, re.I):
        found["platform.macos_version"] = version[1] or version[2]
        # Apple silicon came with macOS 11: https://support.apple.com/102861
        if (version[1] or "").startswith("10.") and not apple:
            found["platform.architecture"] = "x86_64"
    if apple:
        found["platform.architecture"] = "arm64"
        if re.search(r"\brosetta\b", text, re.I):
            found["platform.rosetta"] = True
    elif re.search(r"intel|x86_64|\bi[3579]\b|core 2", text, re.I):
        found["platform.architecture"] = "x86_64"
    return found


def _linux(text: str) -> Values:
    found: Values = {"platform.system": "Linux", "platform.macos_version": None}
    found.update(_distro(text))
    notebook = re.search(r"\b(colab|kaggle)", text, re.I)
    if notebook:
        found["platform.notebook"] = notebook[1].lower()
    wsl = _WSL.search(text)
    if wsl:
        found["platform.wsl"] = int(wsl[1] or wsl[2] or 2)  # where none is named, today's is meant
    for name, words in _CONTAINERS:
        if re.search(words, text, re.I):
            found["platform.container"] = name
            break
    kernel = _KERNEL.search(text)
    if kernel:
        found["platform.release"] = kernel[1]
    return {**found, **_machine(text)}


def _distro(text: str) -> Values:
    """The distribution that is named first, and the number behind its name."""
    places = [(found, name) for name, words in _DISTROS.items() if (found := re.search(words, text, re.I))]
    if not places:
        return {}
    found, name = min(places, key=lambda place: place[0].start())
    values: Values = {"platform.distro": name}
    rest = re.match(
        r"\W{0,3}(?:(?:linux|lts|release|server|desktop|version|leap|stream)\W{0,2}){0,2}v?(\d+(?:\.\d+)*)"
        r"(?![\d.]*[ -]?bits?\b)",
        text[found.end() :],
        re.I,
    )
    if rest:
        values["platform.distro_version"] = ".".join(rest[1].split(".")[:2])
    if name == "alpine":
        values.update({"platform.libc": "musl", "platform.glibc": None})
    return values


def _machine(text: str) -> Values:
    if re.search(r"\bi[36]86\b", text, re.I):
        return {"platform.architecture": "i686", "python.bits": 32}
    named = next((name for name, words in _MACHINES if re.search(words, text, re.I)), None)
    if re.search(r"\b32[ -]?bit", text, re.I) and named != "armv7l":
        return {"python.bits": 32}  # what is installed; the processor is mostly a newer one
    return {"platform.architecture": named} if named else {}


def architecture(text: str) -> Values:
    """``"x86_64"``, ``"AMD64"``, ``"arm64"``: names as the probes give them."""
    word = text.strip().lower()
    known = {"amd64": "x86_64", "x64": "x86_64", "x86-64": "x86_64", "i386": "i686", "x86": "i686"}
    if not re.fullmatch(r"[a-z0-9_-]{3,10}", word):
        raise ValueError(text)
    return {"platform.architecture": known.get(word, word)}


def wsl(text: str) -> Values:
    """1 or 2; "no" for none."""
    number = re.search(r"[12]", text)
    if number is None and not is_none(text):
        raise ValueError(text)
    return {"platform.system": "Linux", "platform.wsl": int(number[0])} if number else {"platform.wsl": None}


def container(text: str) -> Values:
    """``"docker"``, ``"podman"``, ``"none"``."""
    if is_none(text):
        return {"platform.container": None}
    for name, words in _CONTAINERS:
        if re.search(words, text, re.I):
            return {"platform.system": "Linux", "platform.container": name}
    raise ValueError(text)
