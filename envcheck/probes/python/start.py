"""Whether the examined interpreter starts, and what keeps it from it."""

from __future__ import annotations

import re

from ...formats import children
from ...host import Host
from ...model import Value
from ...patterns import Pattern
from .inventory import Record, event, topic

#: How a start is called by the way it was made.
STARTS = {"normal": "ok", "isolated": "needs-isolation", "no-site": "needs-no-site"}

_FILE = Pattern(r'File "([^"]+)", line \d+')
_PTH = Pattern(r"Error processing line \d+ of (.+\.pth):")


def start(host: Host) -> Value:
    """How the interpreter starts: "ok", "needs-isolation" (only with -I), "needs-no-site" (only with -I -S)
    or "dead".

    How: python -c "print(1)"; python -I -c "print(1)"; python -I -S -c "print(1)"
    """
    if event(host, "interpreter") is None:
        return "dead"
    return STARTS[host.child("inventory")["how"]]


def start_error(host: Host) -> Value:
    """What the start that failed said or did, "killed by SIGSEGV"; None where it starts.

    How: python -c "print(1)"
    """
    failed = _failed(host)
    return failed and _said(failed)


def _failed(host: Host) -> Record | None:
    """The user's own start, if it failed: its end and its log."""
    child = host.child("inventory")
    if child["attempts"]:
        return dict(child["attempts"][0])
    if event(host, "interpreter") is None:
        return {"ended": child["ended"], "log": children.log(child)}
    return None


def _said(failed: Record) -> str:
    ended, lines = failed["ended"], [line for line in failed["log"].splitlines() if line.strip()]
    if ended["kind"] == "timeout":
        return f"no answer within {ended['seconds']:.0f} s"
    if ended["kind"] == "signal":
        return f"killed by {ended['signal']}"
    if lines:
        return str(lines[-1].strip())
    return f"it ends at once with exit status {ended['code']}, without a word"


def start_culprit(host: Host) -> Value:
    """The file or variable that keeps the interpreter from starting, as far as it can be told; None: not
    known, or it starts.

    How: python -v -c "print(1)"
    """
    failed = _failed(host)
    if failed is None:
        return None
    gone = _base_is_gone(host, failed)
    if gone or event(host, "customize") is None:
        return gone or _named(failed["log"])
    return _named(failed["log"]) or _left_out(host)


def _base_is_gone(host: Host, failed: Record) -> str | None:
    """An environment is a link to an interpreter that may have been removed or upgraded away."""
    found = host.stat(host.target.python) if failed["ended"]["kind"] == "unstartable" else None
    return str(found["link"]) if found and found["type"] == "dangling" else None


def _named(log: str) -> str | None:
    """The file that the log blames: the last one of a traceback that is no part of Python itself."""
    files = [path for path in _FILE.findall(log) if not path.startswith("<")]
    own = [path for path in files if re.search(r"(site|user)customize\.py$|\.pth$", path)]
    blamed = own or _PTH.findall(log)
    return str(blamed[-1]) if blamed else None


def _left_out(host: Host) -> str | None:
    """What the start that lived leaves out and the user's does not, if it is one thing."""
    custom, settings = topic(host, "customize"), topic(host, "environment")
    if start(host) == "needs-no-site":
        files = [*custom["sitecustomize"], *custom["pth"]]
        return str(files[0]) if len(files) == 1 or custom["sitecustomize"] else None
    if "PYTHONHOME" in settings["variables"]:
        return "PYTHONHOME"
    files = [*custom["usercustomize"], *custom["sitecustomize"]]
    return str(files[0]) if files else None


FACTS = (start, start_error, start_culprit)
