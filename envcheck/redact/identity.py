"""Identity: user, host, home, projects, addresses, UUIDs, serials. Hidden in all that is passed on.

A user or host name is replaced only as a part of a path, in ``user@host`` and in known fields, never
inside words.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from .step import Book, Step
from .who import Who

#: Names that images, clouds and installers give: they say nothing of a person or a machine, and
#: replacing ``lib`` or ``ubuntu`` in paths would only break them.
ANYBODY = frozenset(
    [
        *("root", "user", "users", "admin", "administrator", "nobody", "app", "default", "public", "shared"),
        *("ubuntu", "debian", "fedora", "centos", "docker", "vagrant", "runner", "runneradmin", "jovyan"),
        *("vscode", "codespace", "gitpod", "colab", "kaggle", "ec2-user", "azureuser", "sagemaker-user"),
        *("linuxbrew", "conda", "build", "builder", "ci", "test", "localhost", "desktop", "server"),
        *("home", "lib", "lib64", "bin", "usr", "opt", "etc", "var", "tmp", "dev", "proc", "sys", "local"),
        *("share", "python", "python3", "site-packages", "dist-packages", "nvidia", "tensorflow"),
    ]
)

#: Keys of JSON objects whose values are identity.
FIELDS = [
    ("user", re.compile(r"(?i)^(?:user_?name|user|login|logname)$")),
    ("host", re.compile(r"(?i)^(?:node|node_?name|host_?name|computer_?name)$")),
    ("serial", re.compile(r"(?i)serial(?!iz)")),
    ("ip", re.compile(r"(?i)^ip(?:v[46])?(?:_?addr(?:ess)?)?$")),
    ("ssid", re.compile(r"(?i)^ssid$")),
]

_SEP = r"(?:[\\/]+|%2[Ff]|%5[Cc])"
_ENDS = r"(?![\w-]|\.\w)"
_BEGINS = r"(?<![\w.~>\\/-])"


def is_anybody(kind: str, name: str) -> bool:
    """Whether a user or host name says nothing of a person or a machine."""
    return kind in ("user", "host") and name.lower() in ANYBODY


def _anybody(found: re.Match[str]) -> bool:
    return is_anybody("user", found["x"]) or found["x"].startswith("<")


def reserve(who: Who, book: Book) -> None:
    """The user and the host of the machine have the number 1 in every file."""
    for kind, name in (("user", who.user), ("host", who.host)):
        if name and not is_anybody(kind, name):
            book.placeholder(kind, name)


def steps(who: Who) -> list[Step]:
    """All steps, those for the names and folders of ``who`` among them."""
    return [*_ADDRESSES, *_folders(who), *_OTHER_HOMES, *_user(who.user), *_host(who.host), *_NUMBERS]


# --- folders --------------------------------------------------------------------------------------


def _folders(who: Who) -> Iterator[Step]:
    """Projects first, the longest before those it lies in: they mostly lie in the home."""
    home = _parts(who.home)
    projects = {tuple(_parts(folder)) for folder in who.projects}
    for project in sorted(projects, key=lambda parts: (-len(parts), parts)):
        if project and home[: len(project)] != list(project):
            yield Step("project", _path(list(project)))
    if home:
        yield Step("home", _path(home), instead=lambda _: "~")


def _parts(path: str | None) -> list[str]:
    """The names in ``path``; none for a root or for what is no whole path, which is nobody's."""
    parts = re.split(r"[\\/]+", (path or "").rstrip("\\/"))
    rooted = parts[0] == "" or re.fullmatch(r"[A-Za-z]:", parts[0])
    return parts if rooted and len(parts) > 1 else []


def _path(parts: list[str]) -> re.Pattern[str]:
    """A folder with any separators, also doubled, or encoded as in a URL; never part of a longer name."""
    root = parts[0]
    begins = rf"(?<!\w){re.escape(root)}{_SEP}" if root else rf"(?:{_BEGINS}[\\/]+|%2[Ff])"
    names = _SEP.join(re.escape(part) for part in parts[1:])
    return re.compile(rf"(?P<x>{begins}{names}){_ENDS}", re.IGNORECASE if root else 0)


_HOME = rf"(?:{_BEGINS}[\\/]+|%2[Ff])home{_SEP}"
_USERS = rf"(?:(?<!\w)[A-Za-z]:|{_BEGINS}(?:[\\/]+mnt[\\/]+[a-z](?=[\\/]))?){_SEP}Users{_SEP}"
_OTHER_HOMES = [
    Step("user", re.compile(rf"""{_HOME}(?P<x>[^\\/\s:;,'"<>|*?%()\[\]{{}}]+)"""), _anybody),
    # Windows allows spaces in the name, where a separator shows its end.
    Step(
        "user",
        re.compile(rf"""{_USERS}(?P<x>[^\\/:;,'"<>|*?%\r\n]{{1,64}}(?=[\\/])|[^\\/\s:;,'"<>|*?%]+)"""),
        _anybody,
    ),
]

# --- names ----------------------------------------------------------------------------------------


def _user(name: str | None) -> list[Step]:
    if not name or is_anybody("user", name):
        return []
    user = re.escape(name)
    places = [
        rf"(?:[\\/]|%2[Ff]|%5[Cc])(?P<x>{user}){_ENDS}",
        rf"(?<![\w.-])(?P<x>{user})(?=@)",
        rf"(?i:\b(?:user(?:name)?|login|logname))[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"']?(?P<x>{user}){_ENDS}",
    ]
    return [Step("user", re.compile(place)) for place in places]


def _host(name: str | None) -> list[Step]:
    """The full name and its first part. A full name has dots, so it is no word and goes everywhere."""
    if not name or is_anybody("host", name.split(".")[0]):
        return []
    whole = (
        [Step("host", re.compile(rf"(?<![\w.-])(?P<x>{re.escape(name)})(?![\w-])"))] if "." in name else []
    )
    host = re.escape(name.split(".")[0])
    places = [
        rf"@(?P<x>{host})(?![\w-])",
        rf"[\\/](?P<x>{host}){_ENDS}",
        rf"(?i:\b(?:host(?:name)?|node|machine|computer))[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"']?(?P<x>{host})(?![\w-])",
        rf"\d\d:\d\d:\d\d(?:[.,]\d+)?(?:[+-]\d\d:?\d\d)? (?P<x>{host})(?= )",  # as syslog writes it
    ]
    return whole + [Step("host", re.compile(place)) for place in places]


# --- addresses and numbers ------------------------------------------------------------------------

#: Units of systemd look like addresses: user@1000.service.
_NO_MAIL = re.compile(r"(?i)^git@|\.(?:service|slice|socket|timer|mount|target|scope|device)$")
#: A version in four parts, as NVIDIA's libraries have, stands behind a name or a comparison.
_BEFORE_VERSION = re.compile(
    r"(?i)(?:[=<>~!]=|\.so\.?|[-_]|\bv|\b(?:nvidia|cu|lib|tensorrt|trt|nccl|npp|version|release|driver|build)[\w.\[\]-]*)"
    r"[\s:=(,'\"]*$"
)
_BEFORE_ADDRESS = re.compile(
    r"(?i)(?:://|@|\b(?:ip(?:v4)?|inet|addr(?:ess)?|host(?:name)?|peer|from|to|server|gateway|proxy|dns|nameserver"
    r"|via|ping|route|client|connect(?:ed|ing)?|listen(?:ing)?|bind|node|remote|bcast|broadcast|on|at)\b)[\s:=(,'\"]*$"
)


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
        found.string[found.end("x") :],
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


_ADDRESSES = [
    Step(
        "email",
        re.compile(r"(?<![\w.+-])(?P<x>[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,})(?![\w-])"),
        _no_mail,
    ),
]
_HEX = "[0-9A-Fa-f]"
_NUMBERS = [
    Step(
        "mac",
        re.compile(rf"(?<![\w:-])(?P<x>{_HEX}{{2}}(?:([:-]){_HEX}{{2}})(?:\2{_HEX}{{2}}){{4}})(?![\w:-])"),
    ),
    Step("ip", re.compile(r"(?<![\w.])(?P<x>\d{1,3}(?:\.\d{1,3}){3})(?!\.?\w)"), _no_ipv4),
    Step("ip", re.compile(rf"(?<![\w:.])(?P<x>(?:{_HEX}{{0,4}}:){{2,7}}{_HEX}{{0,4}})(?![\w:])"), _no_ipv6),
    Step(
        "uuid", re.compile(rf"(?<![0-9A-Fa-f])(?P<x>{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}})(?!{_HEX})")
    ),
    Step(
        "serial",
        re.compile(r"(?i)\bserial(?:[ _-]?(?:number|no))?\s*[:=]\s*[\"']?(?P<x>(?=[\w-]*\d)[\w-]{4,})"),
    ),
    Step("ssid", re.compile(r"(?i)\bSSID\s*[:=]\s*(?P<x>[^\s<][^\r\n,;]*)")),
    Step("ssh-key", re.compile(r"\bssh-(?:rsa|dss|ed25519) (?P<x>AAAA[\w+/=]{20,})")),
]
