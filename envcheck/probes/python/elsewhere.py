"""TensorFlow in other interpreters than the one examined."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ...host import Host
from ...model import NoAnswer, Value
from ...patterns import Pattern

Record = dict[str, Value]

#: Folders that environments are usually kept in, below the home folder or the working directory.
CONDAS = ("miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", ".conda")
KEPT = (".virtualenvs", ".pyenv/versions", ".local/share/virtualenvs", ".venvs")
LOCAL = (".venv", "venv", "env")
#: Why an interpreter was chosen, where the user named it (interpreter.py).
NAMED = "--python"

#: Names of the distributions that bring TensorFlow as their metadata folders spell them.
_INFO = Pattern(
    r"(?P<folder>.*)[\\/](?P<name>tensorflow|tensorflow_(?:cpu|gpu|intel|macos|rocm)|tf_nightly(?:_\w+)?"
    r"|intel_tensorflow|nvidia_tensorflow)-(?P<version>[0-9][^-]*)\.dist-info$"
)
_LIBRARY = Pattern(
    r"(?P<prefix>.*?)[\\/](?:lib|Lib)(?:[\\/]python(?P<version>[0-9.]+))?[\\/](?:site|dist)-packages$"
)


def other_tensorflows(host: Host, facts: Mapping[str, Value]) -> Value:
    """TensorFlow in other likely interpreters of this machine: a list of {python, version}; [] where none
    is found.

    How: ls -d ~/*/lib/python3*/site-packages/tensorflow*.dist-info
    """
    own = facts["python.search_path"]
    found: dict[str, Record] = {}
    for info in (info for pattern in _patterns(host) for info in _glob(pattern, host)):
        parts = _INFO.match(info)
        python = _python_of(parts["folder"], host) if parts and parts["folder"] not in own else None
        if parts and python:
            found.setdefault(python, {"python": python, "version": parts["version"]})
    return list(found.values())


def _glob(pattern: str, host: Host) -> list[str]:
    try:
        return host.glob(pattern)
    except NoAnswer:  # a folder that this user may not read holds nothing for this user
        return []


def _patterns(host: Host) -> Iterator[str]:
    libraries = "Lib/site-packages" if host.system == "Windows" else "lib/python3*/site-packages"
    for prefix in dict.fromkeys(_prefixes(host)):
        for name in ("tensorflow*.dist-info", "tf_nightly*.dist-info"):
            yield f"{prefix}/{libraries}/{name}"
    if host.system == "Linux" and host.target.chosen != NAMED:
        yield "/usr/lib/python3*/dist-packages/tensorflow*.dist-info"
        yield "/usr/local/lib/python3*/dist-packages/tensorflow*.dist-info"


def _prefixes(host: Host) -> Iterator[str]:
    """Folders of environments; ``*`` stands for any name.

    Who names an interpreter means that one, unless it is not the environment that is active.
    """
    me = host.identity()
    home, cwd = str(me["home"]).rstrip("/"), me["cwd"]
    yield from (folder for folder in (host.env("VIRTUAL_ENV"), host.env("CONDA_PREFIX")) if folder)
    yield from (re.sub(r"[\\/](bin[\\/])?[^\\/]+$", "", other) for other in host.target.others)
    if host.target.chosen == NAMED:
        return
    yield from (f"{cwd}/{name}" for name in LOCAL if cwd)
    for conda in (*(f"{home}/{name}" for name in CONDAS), "/opt/conda"):
        yield from (conda, f"{conda}/envs/*")
    yield from (f"{home}/{name}/*" for name in KEPT)
    if host.system == "Windows":
        yield from (f"{home}/AppData/Local/Programs/Python/*", "C:/Python3*")
    else:
        yield from (f"{home}/.local", "/usr/local", "/usr")


def _python_of(folder: str, host: Host) -> str | None:
    """The interpreter that takes packages from ``folder``; None where it is gone."""
    parts = _LIBRARY.match(folder)
    if parts is None:
        return None
    names = ["bin/python"] if host.system != "Windows" else ["Scripts/python.exe", "python.exe"]
    names += [f"bin/python{parts['version']}", "bin/python3"] if parts["version"] else []
    there = [f"{parts['prefix']}/{name}" for name in names]
    there += ["/usr/bin/python3"] if folder.endswith("dist-packages") else []
    if folder.startswith(f"{host.identity()['home']}/.local/"):
        there = [f"/usr/bin/python{parts['version']}", f"/usr/local/bin/python{parts['version']}"]
    return next((path for path in there if host.stat(path)), None)


def other_python(facts: Mapping[str, Value]) -> Value:
    """The likeliest of the other interpreters that have TensorFlow; None where there is none.

    How: ls -d ~/*/lib/python3*/site-packages/tensorflow*.dist-info
    """
    others = facts["python.other_tensorflows"]
    return others[0]["python"] if others else None


FACTS = (other_tensorflows, other_python)
