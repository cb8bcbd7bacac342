"""Addresses, UUIDs, serial numbers and ids: what is known by its form, or by the word before it."""

from __future__ import annotations

import ipaddress
import re

from ..patterns import Pattern
from .step import Book, Step

#: Units of systemd look like addresses: user@1000.service.
_NO_MAIL = Pattern(r"(?i)^git@|\.(?:service|slice|socket|timer|mount|target|scope|device)$")
#: A version in four parts, as NVIDIA's libraries have, stands behind a name or a comparison.
_BEFORE_VERSION = Pattern(
    r"(?i)(?:[=<>~!]=|\.so\.?|[-_]|\bv|\b(?:nvidia|cu|lib|tensorrt|trt|nccl|npp|version|release|driver"
    r"|build)[\w.\[\]-]*)"
    r"[\s:=(,'\"]*$"
)
_BEFORE_ADDRESS = Pattern(
    r"(?i)(?:://|@|\b(?:ip(?:v4)?|inet|addr(?:ess)?|host(?:name)?|peer|from|to|server|gateway|proxy|dns"
    r"|nameserver"
    r"|via|ping|route|client|connect(?:ed|ing)?|listen(?:ing)?|bind|node|remote|bcast|broadcast|on"
    r"|at)\b)[\s:=(,'\"]*$"
)
#: The vendor of the variables that the UEFI specification itself defines, such as SecureBoot.
_EFI = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
_HEX = "[0-9A-Fa-f]"


def _no_mail(found: re.Match[str]) -> bool:
    return bool(_NO_MAIL.search(found["x"]))


def _no_ipv4(found: re.Match[str]) -> bool:
    """Whether it is a version or an address that everyone has."""
    try:
        address = ipaddress.IPv4Address(found["x"])
    except ValueError:
        return True
    if address.is_loopback or address.is_unspecified or address == ipaddress.IPv4Address("255.255.255.255"):
        return True
    before, after = (
        found.string[max(0, found.start("x") - 60) : found.start("x")],
        found.string[found.end("x") : found.end("x") + 8],
    )
    if _BEFORE_ADDRESS.search(before) or re.match(r":\d{2,5}\b|/\d{1,2}\b", after):
        return False
    if _BEFORE_VERSION.search(before):
        return True
    # NVIDIA's version numbers begin below 20 (cuDNN 9.10.2.21, cuRAND 10.3.5.147), most addresses above.
    return int(found["x"].split(".")[0]) < 20 and (not before.strip() or not address.is_private)


def _no_ipv6(found: re.Match[str]) -> bool:
    try:
        address = ipaddress.IPv6Address(found["x"])
    except ValueError:
        return True
    spelled_out = found["x"].count(":") == 7
    return (
        address.is_loopback
        or address.is_unspecified
        or not (spelled_out or address.is_link_local or address.is_private or _is_global(address))
    )


def _is_global(address: ipaddress.IPv6Address) -> bool:
    return address in ipaddress.IPv6Network("2000::/3")


EMAIL = Step(
    "email",
    r"(?<![A-Za-z0-9_.+-])(?P<x>[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,})(?![A-Za-z0-9_-])",
    ("@",),
    _no_mail,
)
_LICENSE = (
    r"(?i)\b(?:(?:licen[cs]e|entitlement|fulfil?lment|activation|product|registration)[ _-]?"
    r"(?:id|no|number|code|ref(?:erence)?(?: id)?|server"
    r"|token))\s*[:=]\s*[\"']?(?P<x>(?=[^\s\"',;]*\d)[^\s\"',;]{4,})"
)
STEPS = [
    Step("mac", rf"(?<![\w:-])(?P<x>{_HEX}{{2}}(?:([:-]){_HEX}{{2}})(?:\2{_HEX}{{2}}){{4}})(?![\w:-])"),
    Step("mac", rf"(?<![\w.])(?P<x>{_HEX}{{4}}\.{_HEX}{{4}}\.{_HEX}{{4}})(?![\w.])", (".",)),
    Step("ip", r"(?<![\w.])(?P<x>\d{1,3}(?:\.\d{1,3}){3})(?!\.?\w)", (".",), _no_ipv4),
    Step("ip", rf"(?<![\w:.])(?P<x>(?:{_HEX}{{0,4}}:){{2,7}}{_HEX}{{0,4}})(?![\w:])", (":",), _no_ipv6),
    Step(
        "uuid",
        rf"(?:(?<=pod)|(?<!{_HEX}))(?P<x>{_HEX}{{8}}(?:([-_]){_HEX}{{4}})"
        rf"(?:\2{_HEX}{{4}}){{2}}\2{_HEX}{{12}})(?!{_HEX})",
        ("-", "_"),
        lambda found: found["x"].lower() == _EFI,
    ),
    Step(
        "serial",
        r"(?i)\b(?:serial(?:[ _-]?(?:number|num|no))?|(?:asset|service)[ _-]?tag|board id"
        r"|machine[ _-]?id|boot[ _-]?id)"
        r"\s*[\"']?\s*[:=]\s*[\"']?(?P<x>(?=[\w-]*\d)[\w-]{4,})",
        ("serial", "tag", "board", "machine", "boot"),
    ),
    Step("serial", r"/dev/disk/by-id/(?P<x>[^\s/:\"']+)", ("by-id",)),
    Step(
        "ssid",
        r"(?i)\b(?:E?SSID|wifi[ -]network|wireless network)\s*[:=]\s*(?P<x>[^\s<][^\r\n,;]*)",
        ("ssid", "network"),
    ),
    Step("ssh-key", r"\b(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d+) (?P<x>AAAA[\w+/=]{20,})", ("aaaa",)),
    Step("ssh-key", r"\bSHA256:(?P<x>[\w+/]{43})(?![\w+/=])", ("sha256:",)),
    Step("license", _LICENSE, ("licen", "entitlement", "lment", "activation", "product", "registration")),
]


def containers(book: Book) -> Step:
    """Ids of 64 digits in paths. Their placeholders are such ids: by them an engine's paths are known."""

    def numbered(found: str) -> str:
        return book.given.get(("container", found)) or book.keep(
            "container", found, f"{book.next('container'):064x}"
        )

    return Step(
        "container",
        r"(?<=[/-])(?<!sha256[/-])(?P<x>(?!0{56})[0-9a-f]{64})(?![0-9A-Za-z])",
        ("/", "-"),
        instead=numbered,
    )
