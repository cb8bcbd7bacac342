"""Names of users, machines and domains, where they stand as such: never inside words."""

from __future__ import annotations

import re

from .anybody import is_anybody
from .paths import ENDS, spelled
from .step import Step

#: Keys of JSON objects whose values are identity.
FIELDS = [
    Step("user", r"(?i)^(?:user_?name|user|login|logname)$|_USER(?:NAME)?$", ("user", "log")),
    Step(
        "host", r"(?i)^(?:node|node_?name|host_?name|computer_?name|logonserver)$", ("name", "node", "server")
    ),
    Step("domain", r"(?i)^user(?:dns)?domain(?:_roamingprofile)?$", ("domain",)),
    Step("serial", r"(?i)serial(?!iz)|^(?:machine[_-]?id|asset_?tag|board_?id)$", ("serial", "id", "tag")),
    Step("ip", r"(?i)^ip(?:v[46])?(?:_?addr(?:ess)?)?$", ("ip",)),
    Step("ssid", r"(?i)^ssid$", ("ssid",)),
    Step("license", r"(?i)^(?:licen[cs]e|entitlement|product)_?(?:id|no|number)$", ("id", "no", "number")),
]

_IS = r"[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
#: A name as a whole word; one that is no ASCII stands between blanks or marks.
_WORD = r"""(?P<x>[A-Za-z_][\w.-]*[\w$]|[A-Za-z]|[^\x00-\x7f\s"',;:<>()]+)"""
_HOST = r"(?P<x>[A-Za-z0-9](?:[\w.-]*\w)?)(?![\w:])"
_TIME = r"\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
#: A shell's prompt after ``user@host``: its folder, and its mark.
_PROMPT = (
    r"(?::[~/][^\n]{0,200}?[$#%>](?:\s|$)|:[~/][\w./-]*| [~/\w][^\s\]]*\][$#%]"
    r"| [~/][^\s]* ?[$#%>](?:\s|$)| MINGW)"
)
_SSH = r"\b(?:ssh|scp|sftp|rsync|ssh-copy-id|mosh)\b[^\n|;]{0,80}?\s"


def _nobody(found: re.Match[str]) -> bool:
    name = found["x"]
    return is_anybody("user", name) or name.startswith("<") or name.startswith("__")


def _no_host(found: re.Match[str]) -> bool:
    name = found["x"]
    return (
        is_anybody("host", name.split(".")[0]) or bool(re.fullmatch(r"[\d.:]+", name)) or name.startswith("<")
    )


#: First parts of ``A\\b`` that are no domain: roots of the registry, programs' folders, words before ``\n``.
_NO_DOMAIN = frozenset(
    [
        *(
            "HKLM",
            "HKCU",
            "HKCR",
            "HKU",
            "HKCC",
            "BUILTIN",
            "AUTHORITY",
            "SOFTWARE",
            "SYSTEM",
            "HARDWARE",
            "SAM",
        ),
        *(
            "ERROR",
            "WARNING",
            "WARN",
            "INFO",
            "DEBUG",
            "FATAL",
            "CUDA",
            "CUDNN",
            "NVIDIA",
            "DLLS",
            "LIB",
            "BIN",
        ),
        *(
            "DRIVERS",
            "WINDOWS",
            "SYSTEM32",
            "GPU",
            "CPU",
            "NULL",
            "SERVICE",
            "USERS",
            "PCI",
            "USB",
            "ACPI",
            "ROOT",
            "HID",
            "SWD",
            "DISPLAY",
            "LIBS",
            "OK",
            "FAILED",
            "PATH",
        ),
    ]
)


def _no_domain(found: re.Match[str]) -> bool:
    domain, _, name = found["x"].partition("\\")
    name = name.lstrip("\\")
    return (
        domain.upper() in _NO_DOMAIN
        or is_anybody("user", name)
        or bool(re.match(r"(?:v?\d|[ntrbfax0][A-Z0-9\W_]|[ntr]$|system\b|administrators?\b)", name))
        or bool(re.search(r"\.(?:exe|dll|py|lib|txt|sys|h|cpp|json|log|inf)$", name, re.I))
    )


ANYONE = [
    # what a directory service calls somebody
    Step(
        "principal",
        r"(?<![\w.+/-])(?P<x>(?:[\w.$+-]+/)?[\w.$+-]+@[A-Z][A-Z0-9-]*(?:\.[A-Z0-9-]+)+)(?![\w.-]*[a-z@])",
        ("@",),
    ),
    Step("principal", r"(?i)\bprincipal(?: name)?\s*[:=]?\s+[\"']?(?P<x>[\w.$/-]+@[\w.-]+)", ("principal",)),
    Step(
        "principal",
        r"(?i)(?:\b(?:user(?:name)?|account(?: name)?|owner|logged in as|login|for|by|as"
        r"|id)[\"']?\s{0,3}[:=]?\s{0,3}[\"']?"
        r"|(?:-u|/user:|--user)[ =]?[\"']?)(?P<x>[A-Z][A-Z0-9-]{1,14}\\{1,8}[A-Za-z][\w.-]*\$?)(?!\w"
        r"|\\+(?![nrt]\b)\w)",
        ("\\",),
        _no_domain,
    ),
    Step(
        "principal",
        r"(?m)(?<![\w\\/:.%~$-])(?P<x>[A-Z][A-Z0-9-]{1,14}\\{1,8}[A-Za-z][\w.-]*\$?)(?![\w&]"
        r"|\\+(?![nrt]\b)\w)",
        ("\\",),
        _no_domain,
    ),
    Step("principal", r"(?im)\bwhoami\s*\r?\n\s*(?P<x>[\w.-]+\\[\w.$-]+)", ("whoami",)),
    Step(
        "user",
        r"\b(?:whoami|id -un|logname)[ \t]*(?:\r?\n|\\+n)[ \t>|]*(?P<x>[A-Za-z_][\w.-]*)(?![\w:(])",
        ("whoami", "id -un", "logname"),
        _nobody,
    ),
    Step(
        "host",
        r"(?m)(?:(?:^|[$#%>] ?)hostname(?: -\w)?|\buname -n)\s*\r?\n[ \t>|]*(?P<x>[A-Za-z][\w.-]*)[ \t]*\r?$",
        ("hostname", "uname -n"),
        _no_host,
    ),
    Step("domain", rf"\bUSER(?:DNS)?DOMAIN(?:_ROAMINGPROFILE)?{_IS}(?P<x>[\w.-]+)", ("domain",)),
    # variables
    Step(
        "user", r"(?m)(?<![\w])USERNAME=(?P<x>[^\s\"',;<][^\r\n\"',;<]*?)[ \t]*\r?$", ("username",), _nobody
    ),
    Step(
        "user",
        rf"(?<![A-Za-z0-9])(?:[A-Z0-9]+_)*(?:USER|USERNAME|LOGNAME)[\"']?\s?[=:]\s?[\"']?{_WORD}",
        ("user", "logname"),
        _nobody,
    ),
    Step(
        "user",
        rf"(?i)\b(?:user_?name|user name|login name|logged in as|account name|run as user){_IS}{_WORD}",
        ("user", "login", "logged", "account"),
        _nobody,
    ),
    Step("user", rf"(?<![\w-])user=[\"']?{_WORD}", ("user=",), _nobody),
    Step(
        "host",
        rf"(?<![A-Za-z0-9])(?:[A-Z0-9]+_)*(?:HOST|HOSTNAME|COMPUTERNAME|NODENAME|NODELIST)=[\"']?{_HOST}",
        ("host=", "name=", "nodelist="),
        _no_host,
    ),
    Step("host", r"\bLOGONSERVER=\\*(?P<x>[\w-]+)", ("logonserver",)),
    # programs' own words
    Step(
        "host",
        rf"(?i)\b(?:host ?name|for host|on host|computer_?name|computer name|node_?name|machine name"
        rf"|fqdn)[\"']?(?:\s{{0,3}}[:=]\s{{0,3}}|(?<=on host)\s)[\"']?{_HOST}",
        ("host", "computer", "node", "machine", "fqdn"),
        _no_host,
    ),
    Step("host", rf"\bnode=[\"']{_HOST}", ("node=",), _no_host),
    Step("host", r"(?<![\w.-])(?P<x>[\w.-]+)(?=:\d+:\d+ \[\d+\] NCCL)", ("nccl",)),
    Step("host", r"\b(?:JOB|STEP) [\d.]+ ON (?P<x>[\w.-]+)", (" on ",)),
    Step(
        "host",
        r"\b(?:Linux|Darwin|FreeBSD) (?P<x>[A-Za-z0-9][\w.-]*) \d+\.\d+\.[\w.+-]+ [#D]",
        ("linux", "darwin", "freebsd"),
        _no_host,
    ),
    Step(
        "host",
        rf"(?m)(?:\b[A-Z][a-z]{{2}} [ \d]\d |^[ \t>"
        rf"|]*\d{{4}}-\d\d-\d\dT){_TIME} (?P<x>[\w.-]+)(?= [\w./()-]+(?:\[\d+\])?: )",
        (":",),
        _no_host,
    ),
    Step(
        "host",
        r"\b(?P<x>(?:DESKTOP|LAPTOP|WIN)-(?=[A-Z0-9]*\d)[A-Z0-9]{7,11})\b",
        ("desktop-", "laptop-", "win-"),
    ),
    Step(
        "host",
        r"(?<![\w.-])(?P<x>[\w-]+-(?:MacBook|iMac|Mac-mini|Mac-Studio)[\w-]*(?:\.local)?)\b",
        ("macbook", "imac", "mac-mini", "mac-studio"),
    ),
    Step("host", r"(?<![\w.-])(?P<x>ip-\d{1,3}(?:-\d{1,3}){3}(?:\.[\w.-]*\w)?)", ("ip-",)),
    Step(
        "host",
        r"(?<=[/@])(?P<x>(?!host\.docker\.)[A-Za-z0-9][\w-]*(?:\.[\w-]+)*\.(?:internal|corp|lan|intra"
        r"|intranet|local|home\.arpa))(?=[:/\s\"']|$)",
        (".",),
    ),
    # prompts and addresses
    Step("user", rf"(?<![\w.@/-])(?P<x>[A-Za-z_][\w.-]*)(?=@[\w.<>-]+{_PROMPT})", ("@",), _nobody),
    Step("host", rf"(?:(?<=\w)|(?<=>))@(?P<x>[A-Za-z0-9][\w.-]*)(?={_PROMPT})", ("@",), _no_host),
    Step("user", rf"{_SSH}(?P<x>[A-Za-z_][\w.-]*)(?=@)", ("ssh", "scp", "sftp", "rsync", "mosh"), _nobody),
    Step(
        "host", rf"{_SSH}[\w.<>-]+@(?P<x>[A-Za-z][\w.-]*)", ("ssh", "scp", "sftp", "rsync", "mosh"), _no_host
    ),
    # lists of files and processes
    Step(
        "user",
        r"(?<![\w-])[-dlcbps][rwxsStT-]{9}[.+@]?\s+\d+\s+(?P<x>[A-Za-z_][\w.-]*)",
        ("rw", "r-"),
        _nobody,
    ),
    Step(
        "user",
        r"(?<![\w-])[-dlcbps][rwxsStT-]{9}[.+@]?\s+\d+\s+\S+\s+(?P<x>[A-Za-z_][\w.-]*)(?=\s+[\d.]+)",
        ("rw", "r-"),
        _nobody,
    ),
    Step("user", r"\b[ug]id=\d+\((?P<x>[^()\s]+)\)", ("id=",), _nobody),
]


def user(name: str | None) -> list[Step]:
    """``name`` as a part of a path, before ``@``, where it is said whose something is."""
    if not name or is_anybody("user", name):
        return []
    hint, either = (_ascii(name),), spelled(name)
    places = [
        rf"(?:[\\/]|%2[Ff]|%5[Cc])(?P<x>{either}){ENDS}",
        rf"(?<![\w.-])(?P<x>{either})(?=@)",
        rf"(?i:\b(?:user(?:name)?|login|logname|owner|author)){_IS}(?P<x>{either}){ENDS}",
        rf"(?m)^[ \t>|]*(?P<x>{either})(?=\s+\d+\s)",  # as ps lists processes
        rf"(?<![\w.-])~(?P<x>{either})(?=[/\s]|$)",
        rf"\((?P<x>{either})\)",
    ]
    whole = rf"(?i)(?<![\w\\/:.-])(?P<x>[A-Z][A-Z0-9-]{{1,14}}\\{{1,2}}{either})(?![\w\\-]|\.\w)"
    return [Step("principal", whole, hint), *(Step("user", place, hint) for place in places)]


def host(name: str | None) -> list[Step]:
    """The full name and its first part. A full name has dots, so it is no word and goes everywhere."""
    if not name or is_anybody("host", name.split(".")[0]):
        return []
    hint = (_ascii(name.split(".")[0]),)
    whole = [rf"(?<![\w.-])(?P<x>{re.escape(name)})(?![\w-])"] if "." in name else []
    short = re.escape(name.split(".")[0])
    places = [
        rf"@(?P<x>{short})(?![\w-])",
        rf"[\\/](?P<x>{short}){ENDS}",
        rf"(?i:\b(?:host(?:name)?|node|machine|computer)){_IS}(?P<x>{short})(?![\w-])",
        rf"\d\d:\d\d:\d\d(?:[.,]\d+)?(?:[+-]\d\d:?\d\d)? (?P<x>{short})(?= )",  # as syslog writes it
        rf"(?m)^[ \t>|]*(?P<x>{short})(?=: )",  # as MPI and Slurm write it
    ]
    return [Step("host", place, hint) for place in [*whole, *places]]


def domain(name: str) -> list[Step]:
    """``CORP`` before a name."""
    return [Step("domain", rf"(?i)(?<![\w.-])(?P<x>{re.escape(name)})(?=\\)", (name.lower(),))]


def _ascii(name: str) -> str:
    """The longest piece of a name that is spelled in one way only."""
    return max(re.findall(r"[a-z0-9_.-]+", name.lower()), key=len, default="")
