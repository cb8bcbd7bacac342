"""The interpreter itself, and the environment it belongs to."""

import os
import sys


def machine():
    """System, release, version and machine, as ``os.uname`` gives them or Windows says."""
    if hasattr(os, "uname"):
        found = os.uname()
        return [found[0], found[2], found[3], found[4]]
    version = sys.getwindowsversion()
    arch = os.environ.get("PROCESSOR_ARCHITEW6432") or os.environ.get("PROCESSOR_ARCHITECTURE", "")
    number = "%d.%d.%d" % (version[0], version[1], version[2])
    return ["Windows", "10" if version[0] == 10 else "%d" % version[0], number, arch]


def tell_interpreter():
    """Version, place and build of the interpreter."""
    implementation = sys.implementation
    gil = getattr(sys, "_is_gil_enabled", None)
    emit(
        "interpreter",
        version=list(sys.version_info),
        version_text=sys.version,
        executable=sys.executable,
        base_executable=getattr(sys, "_base_executable", None),
        prefix=sys.prefix,
        base_prefix=getattr(sys, "real_prefix", None) or sys.base_prefix,
        old_virtualenv=hasattr(sys, "real_prefix"),
        bits=64 if sys.maxsize > 2**32 else 32,
        implementation=implementation.name,
        implementation_version=".".join(str(part) for part in implementation.version[:3]),
        cache_tag=implementation.cache_tag,
        abi=getattr(sys, "abiflags", ""),
        free_threaded=gil is not None and not gil(),
        platform=sys.platform,
        os_name=os.name,
        machine=machine(),
    )


def site_module():
    """The ``site`` module of this start, or None (``-S``)."""
    return sys.modules.get("site")


def user_site():
    """The folder of ``pip install --user`` and whether it counts."""
    site = site_module()
    return getattr(site, "USER_SITE", None), bool(getattr(site, "ENABLE_USER_SITE", False))


def python_path():
    """The entries of PYTHONPATH, unless this start ignores it."""
    if sys.flags.ignore_environment:
        return []
    return [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]


def standard_library():
    """The folder of the standard library."""
    return os.path.dirname(os.__file__)


def tool_of(prefix):
    """Which tool keeps this environment for one program of its own: ``pipx`` or ``uv tool``."""
    if os.path.exists(os.path.join(prefix, "pipx_metadata.json")):
        return "pipx"
    if os.path.exists(os.path.join(prefix, "uv-receipt.toml")) or "archive-v0" in prefix.split(os.sep):
        return "uv tool"
    return None


def tell_environment(path):
    """Where packages come from, and what of the user's settings bears on it."""
    user, enabled = user_site()
    prefix = environment_prefix()
    emit(
        "environment",
        prefix=prefix,
        pyvenv=text_of(os.path.join(prefix, "pyvenv.cfg")),
        conda=os.path.isdir(os.path.join(prefix, "conda-meta")),
        tool=tool_of(prefix),
        externally_managed=os.path.exists(os.path.join(standard_library(), "EXTERNALLY-MANAGED")),
        standard_library=standard_library(),
        isolated=bool(sys.flags.isolated),
        safe_path=bool(getattr(sys.flags, "safe_path", False)),
        variables={name: value for name, value in sorted(os.environ.items()) if name.startswith("PYTHON")},
        working_directory=here(),
        path=path,
        python_path=python_path(),
        user_site=user,
        user_site_enabled=enabled,
        jupyter_path=[p for p in os.environ.get("JUPYTER_PATH", "").split(os.pathsep) if p],
    )
