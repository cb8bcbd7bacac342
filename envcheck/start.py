"""How envcheck starts: its own modules first, whatever lies in the working directory or on PYTHONPATH."""

import gc
import os
import sys


def main() -> None:
    """The command ``envcheck``, and ``python -m envcheck``."""
    own_modules_first()
    gc.disable()  # we end before there is anything worth collecting
    _end_at_once_on_ctrl_c()
    from .cli import main as run

    try:
        run()
    except SystemExit as end:
        if isinstance(end.code, int):
            _leave(end.code)
        raise


def _leave(code: int) -> None:
    """End at once: everything is written, the children are gone, and tidying up memory takes time."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # closed, or nobody reads: what there was to say of it has been said
    os._exit(code)


def _end_at_once_on_ctrl_c() -> None:
    """While our own modules are loaded nothing has been started that would need an end of its own."""
    import signal  # not before our own modules come first

    signal.signal(signal.SIGINT, lambda *_: os._exit(130))


def own_modules_first() -> None:
    """Let the standard library and the installed packages be found before anything of the user's.

    A ``random.py`` of theirs must not end the one who is to find it. What is moved to the end is
    still found there: a bare clone is its own working directory.
    """
    theirs = {os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path}
    theirs.add(_working_directory())
    last = [path for path in sys.path if os.path.abspath(path or ".") in theirs]
    sys.path[:] = [path for path in sys.path if path not in last] + last


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return ""
