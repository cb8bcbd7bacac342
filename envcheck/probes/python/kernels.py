"""Jupyter kernels: which interpreter a notebook really runs in.

Where Jupyter looks: https://docs.jupyter.org/en/latest/use/jupyter-directories.html
"""

from __future__ import annotations

import json
import ntpath
import posixpath
from collections.abc import Iterator, Mapping
from types import ModuleType

from ...host import Host
from ...model import NoAnswer, Value
from .inventory import Record, topic


def kernels(host: Host) -> Value:
    """The Python kernels that Jupyter can find: a list of {name, python, exists, path}; ``python`` is None
    where the kernel runs in Jupyter's own interpreter. [] where there are none.

    How: jupyter kernelspec list
    """
    found: dict[str, Record] = {}
    for folder in _folders(host):
        for kernel in _kernels_in(folder, host):
            found.setdefault(kernel["name"], kernel)  # the first folder on Jupyter's path wins
    return list(found.values())


def _folders(host: Host) -> Iterator[str]:
    about, me = topic(host, "environment"), host.identity()
    own = host.env("JUPYTER_DATA_DIR")
    join = _flavour(host).join
    homes = {
        "Linux": join(host.env("XDG_DATA_HOME") or join(me["home"], ".local", "share"), "jupyter"),
        "Darwin": join(me["home"], "Library", "Jupyter"),
        "Windows": join(host.env("APPDATA") or join(me["home"], "AppData", "Roaming"), "jupyter"),
    }
    yield from about["jupyter_path"]
    yield own or homes.get(me["system"], homes["Linux"])
    yield join(about["prefix"], "share", "jupyter")
    if me["system"] == "Windows":
        yield join(host.env("PROGRAMDATA") or "C:\\ProgramData", "jupyter")
    else:
        yield from ("/usr/local/share/jupyter", "/usr/share/jupyter")


def _flavour(host: Host) -> ModuleType:
    return ntpath if host.system == "Windows" else posixpath


def _kernels_in(folder: str, host: Host) -> Iterator[Record]:
    join = _flavour(host).join
    try:
        names = host.list(join(folder, "kernels")) or []
    except NoAnswer:  # another user's folder: not for us, nor for this user's Jupyter
        return
    for name in names:
        path = join(folder, "kernels", name, "kernel.json")
        argv = _command(host.read(path))
        if argv:
            python = argv[0] if _flavour(host).isabs(argv[0]) else None
            exists = python is None or host.stat(python) is not None
            yield {"name": name, "python": python, "exists": exists, "path": path}


def _command(text: str | None) -> list[str]:
    """The command line of a kernel for Python; [] of another language or a broken file."""
    try:
        spec = json.loads(text or "")
        argv = spec["argv"]
        python = spec.get("language") == "python" or "ipykernel_launcher" in argv
        return [str(part) for part in argv] if python else []
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def foreign_kernels(host: Host, facts: Mapping[str, Value]) -> Value:
    """Those kernels that run in another interpreter than the one examined: a list like kernels; [] where
    there are none.

    How: jupyter kernelspec list
    """
    flavour = _flavour(host)
    home = {flavour.dirname(path) for path in (facts["python.executable"], host.target.python)}
    elsewhere = [kernel for kernel in facts["python.kernels"] if kernel["python"]]
    return [kernel for kernel in elsewhere if flavour.dirname(kernel["python"]) not in home]


FACTS = (kernels, foreign_kernels)
