"""The runs of this machine: each check is kept in the state folder, so that ``envcheck diff`` can look back.

One file per run, written beside and renamed; runs at the same time do not meet. What cannot be kept is not
kept, without a word: no run fares worse for it. A file's name says when, which interpreter, and the verdict.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from .changes import COMPARED, is_report
from .model import Fact, Known, Report, Value

#: Runs that are kept; the last ready run of each interpreter is kept beyond them, up to ``MOST``.
RUNS, MOST = 50, 200
#: Bytes that one may have: most have a hundredth of that. All together have some megabytes at most.
SIZE = 400_000
#: Seconds after which a file that was never renamed belongs to a run that is no more.
LEFT_BEHIND = 3600
#: Bytes that a kept run may unfold to: a report of a large machine has a tenth of that.
LARGEST = 16 * 1024 * 1024
OFF = "ENVCHECK_NO_HISTORY"
_NAME = re.compile(r"(\d{8}T\d{6})\.\d{6}Z-([0-9a-f]{12})-(ready|degraded|blocked|undecided)-\w+\.json\.gz")
#: Texts that tell nothing about anybody, and so cost nothing to keep.
_SIMPLE = re.compile(r"[\w-]{0,14}|\d+(?:\.\d+){0,2}", re.ASCII)


class Run(NamedTuple):
    """A kept run. ``who``: the examined interpreter; ``when``: ``2026-11-21T13:24:31Z``."""

    path: str
    when: str
    who: str
    verdict: str


def is_off(environ: Mapping[str, str]) -> bool:
    """Whether the user wants no history, by the variable."""
    return environ.get(OFF, "") not in ("", "0")


def folder(environ: Mapping[str, str] | None = None, system: str = sys.platform) -> str | None:
    """The state folder; None where there is no home to put it in.

    XDG base directory specification: a relative path in XDG_STATE_HOME is to be ignored.
    """
    told = os.environ if environ is None else environ
    home = os.path.expanduser("~") if environ is None else told.get("HOME", "")
    if system == "win32":
        base = told.get("LOCALAPPDATA", "")
    elif system == "darwin":
        base = os.path.join(home, "Library", "Application Support")
    else:
        state = told.get("XDG_STATE_HOME", "")
        base = state if os.path.isabs(state) else os.path.join(home, ".local", "state")
    return os.path.join(base, "envcheck") if os.path.isabs(base) else None


def who(python: str) -> str:
    """The interpreter as the history names it: a hash, since its path may name the user.

    Of an environment its folder counts: its interpreter is a link to one that many environments share.
    """
    above = os.path.realpath(os.path.dirname(python))
    is_venv = os.path.exists(os.path.join(os.path.dirname(above), "pyvenv.cfg"))
    path = above if is_venv else os.path.realpath(python)
    told = os.path.normcase(path).encode("utf-8", "surrogateescape")
    # Nobody has a reason to forge one, and hashlib takes 3 ms to load.
    return f"{zlib.crc32(told):08x}{zlib.adler32(told) & 0xFFFF:04x}"


def runs(where: str | None = None) -> list[Run]:
    """What is kept, the oldest first; [] where nothing is, or nothing can be read."""
    where = where or folder() or ""
    try:
        return _among(where, os.listdir(where))
    except OSError:
        return []


def _among(where: str, names: Iterable[str]) -> list[Run]:
    told = ((name, _NAME.fullmatch(name)) for name in sorted(names))
    return [
        Run(os.path.join(where, name), _when(found[1]), found[2], found[3]) for name, found in told if found
    ]


def _when(at: str) -> str:
    """``20261121T132431`` as reports write it."""
    return f"{at[:4]}-{at[4:6]}-{at[6:11]}:{at[11:13]}:{at[13:]}Z"


def was_ready(python: str) -> Run | None:
    """The last kept run of this interpreter that was ready."""
    mine = who(python)
    return next((run for run in reversed(runs()) if run.who == mine and run.verdict == "ready"), None)


def readable() -> Iterator[tuple[Run, Value]]:
    """The kept runs with their reports, the newest first; what is broken or gone is passed over."""
    for run in reversed(runs()):
        report = _read(run)
        if is_report(report):
            yield run, report


def to_compare(newest: Run, earlier: Iterable[tuple[Run, Value]]) -> Value:
    """The last report of the same interpreter that was ready, else the one before; None: there is none."""
    before: Value = None
    for run, report in earlier:
        if run.who == newest.who:
            if run.verdict == "ready":
                return report
            before = before or report
    return before


def _read(run: Run) -> Value:
    try:
        with open(run.path, "rb") as file:
            return loaded(file.read(LARGEST + 1))
    except (OSError, ValueError):
        return None


def loaded(content: bytes) -> Value:
    """JSON, packed or not. Raises ValueError for what is none, or is too large to be a report."""
    if content[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
                content = packed.read(LARGEST + 1)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(str(error)) from None
    if len(content) > LARGEST:
        raise ValueError("too large")
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None


# --- keeping one ---------------------------------------------------------------------------------


def worth_keeping(report: Report) -> Report:
    """``report`` with what a later one is compared with: it must cost next to nothing to keep.

    Long texts that are not compared, and where a fact was read, are left out.
    """
    facts = {name: fact._replace(source=()) for name, fact in report.facts.items() if _counts(name, fact)}
    found = tuple(each for each in report.findings if each.severity != "notice")[:1]
    rest: dict[str, Any] = dict.fromkeys(("undecided", "consequences", "training", "skipped", "notes"), ())
    return report._replace(facts=facts, findings=found, **rest)


def redacted(report: Report, redact: Callable[[Report], Report]) -> Report:
    """``redact(report)``; facts without any text, of which there are many, are not bothered with."""
    bare = {name: fact for name, fact in report.facts.items() if not _has_text(fact)}
    told = {name: fact for name, fact in report.facts.items() if name not in bare}
    hidden = redact(report._replace(facts=told))
    return hidden._replace(facts={**bare, **hidden.facts})


def _has_text(fact: Fact) -> bool:
    value = fact.value if isinstance(fact, Known) else ""
    return not (value is None or isinstance(value, (int, float)) or value in ([], {}, ()))


def _counts(name: str, fact: Fact) -> bool:
    return isinstance(fact, Known) and (name in COMPARED or _is_simple(fact.value))


def _is_simple(value: Value) -> bool:
    if isinstance(value, str):
        return _SIMPLE.fullmatch(value) is not None
    if isinstance(value, (list, tuple)):
        return len(value) < 10 and all(not isinstance(v, (list, dict)) and _is_simple(v) for v in value)
    return not isinstance(value, dict) or not value


def keep(told: Value, python: str, where: str | None = None) -> bool:
    """Keep ``told``, the redacted report as JSON. Whether it is kept; nothing is raised."""
    where = where or folder()
    if where is None:
        return False
    try:
        if _is_anothers(where):
            return False
        os.makedirs(where, mode=0o700, exist_ok=True)
        _write(where, f"{_now()}-{who(python)}-{told['verdict']}-{os.urandom(4).hex()}.json.gz", told)
        _tidy(where)
    except (OSError, ValueError):
        return False
    return True


def _is_anothers(where: str) -> bool:
    """Whether root is at work in somebody's home (``sudo -E``): what it made would keep its owner out."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    while not os.path.lexists(where):
        where = os.path.dirname(where)
    return os.stat(where).st_uid != 0


def _now() -> str:
    now = time.time()
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06d}Z"


def _write(where: str, name: str, told: Value) -> None:
    content = gzip.compress(json.dumps(told, allow_nan=False).encode("ascii"), 1)
    if len(content) > SIZE:
        raise ValueError("too large")
    beside = os.path.join(where, f".{name}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "wb") as file:
            file.write(content)
        os.replace(beside, os.path.join(where, name))
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _tidy(where: str) -> None:
    """Remove the oldest runs beyond the bounds, and what runs that were killed left behind."""
    names = os.listdir(where)
    gone = surplus(_among(where, names))
    for name in (name for name in names if name[0] == "." and _NAME.fullmatch(name[1:])):
        path = os.path.join(where, name)
        with suppress(OSError):  # another run may have been faster
            gone += [path] if os.stat(path).st_mtime < time.time() - LEFT_BEHIND else []
    for path in gone:
        with suppress(OSError):
            os.unlink(path)


def surplus(kept: Iterable[Run]) -> list[str]:
    """The files to be removed of ``kept``, which are the oldest first."""
    newest = sorted(kept, reverse=True)
    last_ready: dict[str, Run] = {}
    for run in newest:
        if run.verdict == "ready":
            last_ready.setdefault(run.who, run)
    older = enumerate(newest[RUNS:], RUNS)
    return [run.path for place, run in older if last_ready.get(run.who) is not run or place >= MOST]
