"""Which interpreter is examined, and why.

``--python``; else envcheck's own if it belongs to a project's environment; else the activated
environment; else ``./.venv``; else what the command line would start.
"""

from __future__ import annotations

import ntpath
import posixpath
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

from .host import Host
from .model import NoAnswer, Target, Wrong, fill
from .words import mark, say

OWN, ACTIVE, CONDA = "envcheck's own environment", "VIRTUAL_ENV", "CONDA_PREFIX"
LOCAL, OPTION = "./.venv", "--python"
#: What is tried on PATH, in this order; py is the launcher that comes with Python for Windows.
COMMANDS = ("python3", "python")
MOST_OTHERS = 3
NOWHERE = mark("no Python was found: give one with --python PATH")

_VERSION = re.compile(r"^Python (\d+\.\d+\S*)", re.MULTILINE)
#: Folders in which uv keeps the environments of ``uvx`` and ``uv run --with`` (uv's cache).
_UV_CACHE = ("archive-v0", "environments-v2", "builds-v0")


class Own(NamedTuple):
    """The interpreter that runs envcheck. ``archive``: envcheck was started from a .pyz file."""

    executable: str
    prefix: str
    base_prefix: str
    version: str
    archive: bool


def own() -> Own:
    """The interpreter that runs this program."""
    archive = type(__spec__.loader).__name__ == "zipimporter" if __spec__ else False
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Own(sys.executable, sys.prefix, getattr(sys, "real_prefix", sys.base_prefix), version, archive)


def choose(option: str | None, host: Host, running: Own | None = None) -> Target:
    """The interpreter to examine. ``option`` is ``--python``: a path, a command or an environment's folder.

    Raises :class:`Wrong` where ``option`` is no Python that can be started, or there is none at all.
    """
    if option is not None:
        return _asked_for(option, host)
    found = list(_environments(host, running or own())) or list(_on_command_line(host))[:1]
    if not found:
        raise Wrong(say(NOWHERE))
    others = dict.fromkeys(other.python for other in found[1:] if other.python != found[0].python)
    return found[0]._replace(others=tuple(others)[:MOST_OTHERS])


# --- --python


def _asked_for(option: str, host: Host) -> Target:
    path = _path_of(option, host)
    version = _version(path, option, host)
    return Target(path, OPTION, _kind(_prefix_of(path, host), host), version)


def _path_of(option: str, host: Host) -> str:
    """The interpreter that ``option`` means. Raises :class:`Wrong`."""
    flavour = _flavour(host)
    if not any(mark in option for mark in ("/", flavour.sep)):
        found = next(_on_path(option, host), None)
        if found is not None:
            return found
        if host.stat(option) is None:
            raise Wrong(
                say("--python {option}: there is no such file, and no such command on PATH", option=option)
            )
    path: str = flavour.normpath(flavour.join(str(host.identity()["cwd"] or ""), _home(option, host)))
    found_there = _stat(path, option, host)
    if found_there["type"] == "dir":
        path = _in_environment(path, option, host)
        found_there = _stat(path, option, host)
    if found_there["type"] != "file":
        raise Wrong(say("--python {option}: not a file", option=option))
    if host.system != "Windows" and not found_there["mode"] & 0o111:
        raise Wrong(say("--python {option}: the file is not executable", option=option))
    return path


def _home(path: str, host: Host) -> str:
    return str(host.identity()["home"]) + path[1:] if path[:2] in ("~/", "~\\") else path


def _stat(path: str, option: str, host: Host) -> dict[str, Any]:
    try:
        found = host.stat(path)
    except NoAnswer as no:
        raise Wrong(
            say("--python {option}: {error}", option=option, error=fill(no.sentence, no.values))
        ) from None
    if found is None:
        raise Wrong(say("--python {option}: there is no such file", option=option))
    if found["type"] == "dangling":
        sentence = mark("--python {option}: the link points to {target}, which is not there")
        raise Wrong(say(sentence, option=option, target=found["link"]))
    return found


def _in_environment(folder: str, option: str, host: Host) -> str:
    found = _python_in(folder, host)
    if found is None:
        raise Wrong(
            say("--python {option}: the folder has no Python, it is not an environment", option=option)
        )
    return found


def _version(path: str, option: str, host: Host) -> str | None:
    """What ``-V`` says; it ends before any start-up file is read, so that a broken Python answers too."""
    version = _said_version(path, host)
    if version is None:
        sentence = say("--python {option}: this is no Python that can be started", option=option)
        raise Wrong(sentence + _its_words(path, host))
    return version or None


def _its_words(path: str, host: Host) -> str:
    """What it said instead of a version, in brackets: a pyenv shim tells what is amiss."""
    try:
        answer = host.run([path, "-V"])
    except NoAnswer as no:
        return f" ({fill(no.sentence, no.values)})"
    said = answer["err"].strip().splitlines() if answer else []
    return f" ({said[0].strip()[:200]})" if said else ""


def _said_version(path: str, host: Host) -> str | None:
    """The version; "" where it starts and says nothing in time (a finding); None where it is no Python."""
    try:
        answer = host.run([path, "-V"])
    except NoAnswer as no:
        return "" if "seconds" in no.values else None
    found = _VERSION.search(answer["out"] + answer["err"]) if answer else None
    return found[1] if found else None


# --- without it


def _environments(host: Host, running: Own) -> Iterator[Target]:
    """The environments that are likely, the likeliest first."""
    kind = _kind(running.prefix, host)
    if not running.archive and _is_projects(running, kind, host):
        yield Target(running.executable, OWN, kind, running.version)
    for name in (ACTIVE, CONDA):
        folder = host.env(name)
        base = name == CONDA and host.env("CONDA_DEFAULT_ENV") == "base" and host.env(ACTIVE)
        if folder and not base:
            yield from _environment(folder, name, host)
    cwd = host.identity()["cwd"]
    if cwd:
        yield from _environment(_flavour(host).join(str(cwd), ".venv"), LOCAL, host)


def _is_projects(running: Own, kind: str, host: Host) -> bool:
    """Whether envcheck's own environment is one that TensorFlow may live in, not a tool's."""
    tools = ("pipx", "uv tool")
    parts = re.split(r"[\\/]", running.prefix)
    cached = any(name in parts for name in _UV_CACHE)
    isolated = running.prefix != running.base_prefix or kind == "conda"
    return bool(running.executable) and isolated and kind not in tools and not cached


def _environment(folder: str, why: str, host: Host) -> Iterator[Target]:
    """The environment in ``folder``, also where its interpreter has gone: that is a finding."""
    path = _python_in(folder, host)
    if path is not None:
        yield Target(path, why, _kind(folder, host), _configured(folder, host).get("version_info"))


def _on_command_line(host: Host) -> Iterator[Target]:
    """What the command line starts. A pyenv shim for a version that is not there says no version."""
    for command in COMMANDS:
        for path in _on_path(command, host):
            version = _said_version(path, host)
            if version is not None:
                yield Target(path, f"{command} on PATH", _kind(_prefix_of(path, host), host), version or None)
    if host.system == "Windows":
        yield from _by_launcher(host)


def _by_launcher(host: Host) -> Iterator[Target]:
    try:
        answer = host.run(["py", "-3", "-c", "import sys; print(sys.executable)"])
    except NoAnswer:
        return
    path = answer["out"].strip() if answer and answer["code"] == 0 else ""
    if path:
        yield Target(path, "py -3", _kind(_prefix_of(path, host), host), None)


def _on_path(command: str, host: Host) -> Iterator[str]:
    """The files that the command line may start for ``command``, in order."""
    flavour = _flavour(host)
    windows = host.system == "Windows"
    name = command + ".exe" if windows and not command.lower().endswith(".exe") else command
    for folder in (host.env("PATH") or "").split(";" if windows else ":"):
        path = flavour.join(folder, name)
        found = _looked_up(path, host) if flavour.isabs(folder) else None
        # The zero-byte python.exe in WindowsApps only opens the Microsoft Store.
        if found and found["type"] == "file" and (found["size"] if windows else found["mode"] & 0o111):
            yield path


def _looked_up(path: str, host: Host) -> dict[str, Any] | None:
    try:
        return host.stat(path)
    except NoAnswer:
        return None


# --- environments


def _flavour(host: Host) -> ModuleType:
    return ntpath if host.system == "Windows" else posixpath


def _python_in(folder: str, host: Host) -> str | None:
    """The interpreter of the environment in ``folder``; conda on Windows keeps it at the top."""
    windows = host.system == "Windows"
    names = (r"Scripts\python.exe", "python.exe") if windows else ("bin/python", "bin/python3")
    paths: list[str] = [_flavour(host).join(folder, name) for name in names]
    return next((path for path in paths if _looked_up(path, host) is not None), None)


def _prefix_of(path: str, host: Host) -> str:
    """The environment's folder: the one that holds ``bin`` or ``Scripts``, or on Windows the file itself."""
    flavour = _flavour(host)
    folder = flavour.dirname(path)
    inside = flavour.basename(folder).lower() in ("bin", "scripts")
    return str(flavour.dirname(folder) if inside else folder)


def _configured(prefix: str, host: Host) -> dict[str, str]:
    """pyvenv.cfg as a table; empty where there is none to read."""
    try:
        text = host.read(_flavour(host).join(prefix, "pyvenv.cfg"))
    except NoAnswer:
        return {}
    lines = [line.partition("=") for line in (text or "").splitlines() if "=" in line]
    table = {name.strip().lower(): value.strip() for name, _, value in lines}
    if "version" in table:  # venv writes version, virtualenv and uv version_info
        table.setdefault("version_info", table["version"])
    return table


def _kind(prefix: str, host: Host) -> str:
    """``conda``, ``pipx``, ``uv tool``, ``uv``, ``virtualenv``, ``venv`` or ``system``."""
    join = _flavour(host).join
    marks = (("conda-meta", "conda"), ("pipx_metadata.json", "pipx"), ("uv-receipt.toml", "uv tool"))
    for name, kind in marks:
        if _looked_up(join(prefix, name), host):
            return kind
    return kind_of_venv(_configured(prefix, host))


def kind_of_venv(configured: dict[str, str]) -> str:
    """Which tool made an environment, by its pyvenv.cfg; ``system`` where there is none."""
    tool = next((tool for tool in ("uv", "virtualenv") if tool in configured), "venv")
    return tool if configured else "system"
