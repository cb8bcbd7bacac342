"""What the examined interpreter has: itself, its environment, its packages, what hides them.

Runs on Python 3.6 and later; older ones only give their version. Needs nothing but what start-up
has loaded, so that no file in the working directory can reach it: metadata is read as files.
Each topic is one event, so that what comes before a crash is kept.
"""

import os
import sys
import time


def search_folders(path):
    """The folders of the saved search path that may hold packages: not the working directory,
    unless PYTHONPATH names it."""
    kept = []
    for folder in path + ([] if site_module() else folders_without_site()):
        own = folder and (not same(folder, ".") or any(same(folder, entry) for entry in python_path()))
        if own and os.path.isdir(folder) and not any(same(folder, other) for other in kept):
            kept.append(folder)
    return kept


def installed_folders(folders):
    """Those of them that installers write to."""
    local = python_path()
    return [f for f in folders if not same(f, standard_library()) and not any(same(f, o) for o in local)]


def take_stock():
    """All topics, the surest first."""
    begin = time.time()
    path = list(sys.path)
    tell_interpreter()
    tell_environment(path)
    folders = search_folders(path)
    installed = installed_folders(folders)
    tell_start(installed)
    everything = tell_distributions(folders)
    tell_tensorflow(folders)
    tell_shadows(path, installed)
    tell_libraries(everything)
    tell_leftovers(installed)
    if os.path.isdir(os.path.join(sys.prefix, "conda-meta")):
        tell_conda()
    emit("taken", seconds=round(time.time() - begin, 4))


if sys.version_info < (3, 6):
    emit("interpreter", version=list(sys.version_info), executable=sys.executable, too_old=True)
else:
    take_stock()
