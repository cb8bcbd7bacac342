"""Which Python a command runs under: ``python train.py``, an environment's script, ``uv run``, ``conda run``.

What the words of the command tell is read; a launcher that has an environment of its own is asked by
starting Python through it. Where nothing tells, None: then the usual choice counts.
"""

from __future__ import annotations

import ntpath
import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import NamedTuple

from . import interpreter, own_files, rule_file, rulebook
from .host import Host
from .model import NoAnswer, Target, Value, Wrong
from .words import mark

_PYTHON = re.compile(r"(?:python|pypy)w?(?:\d+(?:\.\d+)?t?)?(?:\.exe)?", re.IGNORECASE)
_SHEBANG = re.compile(r"#!\s*(\S+)([^\n]*)")
#: pip writes a path that is too long for a first line, or has blanks in it, as a line of the shell.
_EXEC = re.compile(r"""^'''exec'\s+(?:"([^"]+)"|(\S+))\s+"\$0\"""", re.MULTILINE)
#: What any Python says of itself.
_ASK = ("-c", "import sys; print(sys.executable)")
#: Seconds for a launcher to start Python: it may make its environment first.
LAUNCH = 60

NAMED = mark("named in the command")
SCRIPT = mark("named in the first line of the command's program")
BESIDE = mark("in the environment of the command's program")
LAUNCHED = mark("started by the command's launcher")


class Found(NamedTuple):
    """The interpreter (a path, or a name to look up on PATH), and how it was found: a constant sentence."""

    python: str
    how: str


class _Launcher(NamedTuple):
    """One ``[[launcher]]`` of rules/launchers.toml."""

    program: str
    command: str | None
    takes_value: tuple[str, ...]


def target(argv: Sequence[str], host: Host) -> Target:
    """The interpreter to examine after ``argv``, and why that; the usual one where nothing better is known.

    Raises :class:`Wrong` where there is no Python at all.
    """
    found = of(argv, host)
    if found:
        with suppress(Wrong):  # it cannot even be started: the log tells of that
            return interpreter.choose(found.python, host)._replace(chosen=found.how)
    return interpreter.choose(None, host)


def of(argv: Sequence[str], host: Host) -> Found | None:
    """The interpreter that ``argv`` runs under on this machine; None where its words do not tell."""
    rest: list[str] | None = list(argv)
    while rest:
        if _is_python(rest[0], host):
            return Found(rest[0], NAMED)
        launcher = _launcher(rest, host)
        if launcher:
            return _asked(rest, launcher, host)
        program, rest = rest[0], _inner(rest, host)
        if rest is None:
            return _of_script(program, host) or _first_named(argv, host)
    return None


def _first_named(argv: Sequence[str], host: Host) -> Found | None:
    """A Python among the words of a program that is not known here."""
    return next((Found(word, NAMED) for word in argv if _is_python(word, host)), None)


def _flavour(host: Host) -> ModuleType:
    return ntpath if host.system == "Windows" else posixpath


def _name(program: str, host: Host) -> str:
    """The name that a program goes by, without its folder and ``.exe``."""
    name = str(_flavour(host).basename(program))
    return re.sub(r"(?i)\.exe$", "", name) if host.system == "Windows" else name


def _is_python(program: str, host: Host) -> bool:
    return _PYTHON.fullmatch(_flavour(host).basename(program)) is not None


# --- programs that start another ------------------------------------------------------------------


def _inner(argv: Sequence[str], host: Host) -> list[str] | None:
    """The command that a program like ``nice`` or ``env`` starts, or that stands in ``sh -c``."""
    name = _name(argv[0], host)
    for wrapper in _table()["wrapper"]:
        if name in wrapper["programs"]:
            rest = _without_options(argv[1:], wrapper.get("takes_value", ()))
            return rest[wrapper.get("skip", 0) :] or None
    if name in _table()["shell"]["programs"]:
        return _in_shell(argv[1:], host)
    return None


def _without_options(words: Sequence[str], takes_value: Sequence[str]) -> list[str]:
    """The words from the first that is no option, no value of one, and no ``NAME=value``."""
    rest = list(words)
    while rest and (rest[0].startswith("-") or re.match(r"\w+=", rest[0])):
        word = rest.pop(0)
        if word == "--":
            break
        if word in takes_value and rest:
            rest.pop(0)
    return rest


def _in_shell(words: Sequence[str], host: Host) -> list[str] | None:
    """The last command with a Python in it of what a shell is told to do: what fails is mostly that."""
    script = next(
        (words[place + 1] for place, word in enumerate(words[:-1]) if re.fullmatch(r"-\w*c", word)), None
    )
    if script is None:
        return None
    found = None
    for command in re.split(r"&&|\|\||[;|&\n]", script):
        parts = _words(command)
        if any(_is_python(part, host) or _launcher(parts[place:], host) for place, part in enumerate(parts)):
            found = parts
    return found and _without_options(found, ())


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()


# --- launchers with an environment of their own ---------------------------------------------------


def _launcher(argv: Sequence[str], host: Host) -> _Launcher | None:
    name = _name(argv[0], host)
    for launcher in _launchers():
        if launcher.program == name and (launcher.command is None or launcher.command in argv[1:]):
            return launcher
    return None


def _asked(argv: Sequence[str], launcher: _Launcher, host: Host) -> Found | None:
    """Start Python through the launcher, with the options that the command gives it, and let it say."""
    begin = 1 if launcher.command is None else list(argv).index(launcher.command) + 1
    end = len(argv) - len(_without_options(argv[begin:], launcher.takes_value))
    options = [word for word in argv[begin:end] if word not in ("-m", "--module", "--")]
    question = [*argv[:begin], *options, *(() if launcher.command is None else ("python",)), *_ASK]
    try:
        answer = host.run(question, timeout=LAUNCH)
    except NoAnswer:
        return None
    lines = answer["out"].split("\n") if answer and answer["code"] == 0 else []
    path = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return Found(path, LAUNCHED) if _flavour(host).isabs(path) else None


# --- scripts --------------------------------------------------------------------------------------


def _of_script(program: str, host: Host) -> Found | None:
    """What a script's first line names, or on Windows the Python beside it."""
    path = next(_files(program, host), None)
    if path is None:
        return None
    if host.system == "Windows":
        return _beside(path, host)
    try:
        text = (host.read(path) or "")[:4096]
    except NoAnswer:
        return None
    named = _first_line(text, host)
    return Found(named, SCRIPT) if named else None


def _first_line(text: str, host: Host) -> str | None:
    found = _SHEBANG.match(text)
    if not found:
        return None
    if _is_python(found[1], host):
        return found[1]
    if _name(found[1], host) == "env":
        words = _without_options(found[2].split(), ())
        return words[0] if words and _is_python(words[0], host) else None
    long = _EXEC.search(text)
    path = (long[1] or long[2]) if long else ""
    return path if _is_python(path, host) and "$" not in path else None


def _beside(path: str, host: Host) -> Found | None:
    """``Scripts\\torchrun.exe`` belongs to the environment whose ``python.exe`` stands there, or above."""
    folder = ntpath.dirname(path)
    for python in (ntpath.join(folder, "python.exe"), ntpath.join(ntpath.dirname(folder), "python.exe")):
        if ntpath.basename(folder).lower() == "scripts" and _is_file(python, host):
            return Found(python, BESIDE)
    return None


def _files(program: str, host: Host) -> Iterator[str]:
    """The files that the command line may start for ``program``."""
    flavour, windows = _flavour(host), host.system == "Windows"
    endings = ("", ".exe") if windows else ("",)
    folders = [""] if flavour.dirname(program) else (host.env("PATH") or "").split(";" if windows else ":")
    for folder in folders:
        for ending in endings:
            path = flavour.join(folder, program + ending)
            if _is_file(path, host):
                yield path


def _is_file(path: str, host: Host) -> bool:
    try:
        found = host.stat(path)
    except NoAnswer:
        return False
    return found is not None and found["type"] == "file"


# --- the table ------------------------------------------------------------------------------------


@cache
def _table() -> dict[str, Value]:
    text = own_files.text(rulebook.rules_folder(), "launchers.toml")
    return dict(rule_file.read_toml(text))


@cache
def _launchers() -> tuple[_Launcher, ...]:
    return tuple(
        _Launcher(program, one.get("command"), tuple(one.get("takes_value", ())))
        for one in _table()["launcher"]
        for program in one["programs"]
    )
