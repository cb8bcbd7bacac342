"""What runs at every start: ``.pth`` files with code, sitecustomize, usercustomize."""

import os
import sys


def runs_code(path):
    """Whether a .pth file has lines that are executed."""
    lines = (text_of(path) or "").splitlines()
    return any(line.startswith(("import ", "import\t")) for line in lines)


def tell_start(folders):
    """The sitecustomize, usercustomize and .pth files that run code at every start.

    Those of PYTHONPATH and the user's own folder are told even where this start ignores them.
    """
    ignored = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    user = user_site()[0]
    places = [standard_library()] + ignored + folders + ([user] if user else [])
    found = {"sitecustomize": [], "usercustomize": [], "pth": []}
    for folder in unlike(places):
        for name in names_in(folder):
            path = os.path.join(folder, name)
            if name in ("sitecustomize.py", "usercustomize.py"):
                found[name[:-3]].append(path)
            elif name.endswith(".pth") and folder not in ignored and runs_code(path):
                found["pth"].append(path)
    emit("customize", **found)


def unlike(folders):
    """The folders without those that name the same place again."""
    kept = []
    for folder in folders:
        if not any(same(folder, other) for other in kept):
            kept.append(folder)
    return kept


def environment_prefix():
    """The environment's folder. Without ``site`` (``-S``) older interpreters do not look for it."""
    prefix = os.path.dirname(os.path.dirname(sys.executable or ""))
    if site_module() is None and os.path.exists(os.path.join(prefix, "pyvenv.cfg")):
        return prefix
    return sys.prefix


def folders_without_site():
    """Where packages lie, when ``site`` was not there to put it on the search path."""
    prefix = environment_prefix()
    if os.name == "nt":
        return [os.path.join(prefix, "Lib", "site-packages")]
    version = "python%d.%d" % tuple(sys.version_info[:2])
    names = [version + "/site-packages", version + "/dist-packages", "python3/dist-packages"]
    return [os.path.join(prefix, "lib", *name.split("/")) for name in names]
