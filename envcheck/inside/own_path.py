"""For children under envcheck's own interpreter: the parent's search path, without what may hide modules."""

import os
import sys


def _safe_path():
    """The parent's search path without the working directory, which may hold a ``ctypes.py``."""
    try:
        here = os.getcwd()
    except OSError:
        here = None
    return [p for p in ARGS.get("sys_path", sys.path) if p and os.path.abspath(p) != here]


sys.path[:] = _safe_path()
