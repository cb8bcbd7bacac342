"""The examined interpreter and the environment that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping

from ...host import Host
from ...model import Value
from .inventory import Record, event, topic


def executable(host: Host) -> Value:
    """The path of the examined interpreter.

    How: python -c "import sys; print(sys.executable)"
    """
    found = event(host, "interpreter") or {}
    return found.get("executable") or host.target.python


def version(host: Host) -> Value:
    """The version of the examined interpreter, "3.11.7", "3.15.0a1".

    How: python -V
    """
    major, minor, micro, level, serial = topic(host, "interpreter")["version"]
    marks = {"alpha": "a", "beta": "b", "candidate": "rc"}
    return f"{major}.{minor}.{micro}" + (f"{marks[level]}{serial}" if level in marks else "")


def minor(facts: Mapping[str, Value]) -> Value:
    """The minor version of the examined interpreter, "3.11": wheels are made for one each.

    How: python -V
    """
    return ".".join(facts["python.version"].split(".")[:2])


def bits(host: Host) -> Value:
    """64 or 32: the width of the interpreter, not of the machine.

    How: python -c "import struct; print(8 * struct.calcsize('P'))"
    """
    return _full(host)["bits"]


def implementation(host: Host) -> Value:
    """ "cpython", "pypy", "graalpy".

    How: python -c "import sys; print(sys.implementation.name)"
    """
    return _full(host)["implementation"]


def machine(host: Host) -> Value:
    """The architecture that the interpreter was built for, as the system calls it: "x86_64", "arm64",
    "AMD64".

    How: python -c "import platform; print(platform.machine())"
    """
    return _full(host)["machine"][3]


def free_threaded(host: Host) -> Value:
    """Whether the interpreter runs without the global lock (python3.13t): it needs wheels of its own.

    How: python -c "import sys; print(not sys._is_gil_enabled())"
    """
    return _full(host)["free_threaded"] or "t" in _full(host)["abi"]


def _full(host: Host) -> Record:
    """The event of an interpreter that is not too old to be examined."""
    topic(host, "environment")
    return topic(host, "interpreter")


def environment(host: Host) -> Value:
    """What kind of environment it is: "venv", "virtualenv", "uv", "conda", "pipx", "uv tool" or "system".

    How: python -c "import sys; print(sys.prefix, sys.base_prefix)"; cat "$VIRTUAL_ENV/pyvenv.cfg"
    """
    interpreter, about = _full(host), topic(host, "environment")
    if about["tool"] or about["conda"]:
        return about["tool"] or "conda"
    configured = {line.partition("=")[0].strip() for line in (about["pyvenv"] or "").splitlines()}
    if "uv" in configured or "virtualenv" in configured:
        return "uv" if "uv" in configured else "virtualenv"
    if interpreter["old_virtualenv"]:
        return "virtualenv"
    own = about["pyvenv"] is not None or interpreter["prefix"] != interpreter["base_prefix"]
    return "venv" if own else "system"


def prefix(host: Host) -> Value:
    """The folder of the environment.

    How: python -c "import sys; print(sys.prefix)"
    """
    return topic(host, "environment")["prefix"]


def base_prefix(host: Host) -> Value:
    """The folder of the Python that the environment was made from; the same as prefix where it is none.

    How: python -c "import sys; print(sys.base_prefix)"
    """
    return _full(host)["base_prefix"]


def externally_managed(host: Host, facts: Mapping[str, Value]) -> Value:
    """Whether pip refuses to install here since the system's package manager owns this Python (PEP 668).

    How: ls "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')/EXTERNALLY-MANAGED"
    """
    return topic(host, "environment")["externally_managed"] and facts["python.environment"] == "system"


def search_path(host: Host) -> Value:
    """Where imports look, in order; "" is the working directory.

    How: python -c "import sys; print(sys.path)"
    """
    return topic(host, "environment")["path"]


def python_path(host: Host) -> Value:
    """The folders that PYTHONPATH adds; [] where it adds none.

    How: printenv PYTHONPATH
    """
    return topic(host, "environment")["python_path"]


def working_directory(host: Host) -> Value:
    """The folder in which the interpreter was started; it is searched for modules first.

    How: pwd
    """
    return topic(host, "environment")["working_directory"]


FACTS = (
    executable,
    version,
    minor,
    bits,
    implementation,
    machine,
    free_threaded,
    environment,
    prefix,
    base_prefix,
    externally_managed,
    search_path,
    python_path,
    working_directory,
)
