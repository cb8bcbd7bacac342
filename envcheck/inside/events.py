"""What every child program starts with: its way to tell the parent, and nothing else.

The parent sends this file and the program itself as one source through standard input, with
two lines between them that set ``NONCE`` and ``ARGS``. Only modules that the interpreter's own
start-up has loaded are used: a ``json.py`` in the working directory must not end the child.
The source is plain ASCII and compiles on Python 2.7, so that an old interpreter can say so.
"""

import os
import sys
import time

try:
    import _signal
    import _thread  # both are part of the interpreter itself: no file can hide them
except ImportError:  # Python 2
    import signal as _signal

    import thread as _thread

NONCE = ""
ARGS = {}

_begin = time.time()
# Events leave through a copy of standard output; what the examined code prints goes to the log.
_events = os.dup(1)
os.dup2(2, 1)
_words = getattr(sys.stdin, "buffer", sys.stdin)


def _quoted(text):
    parts = ['"']
    for char in text:
        code = ord(char)
        if char in '"\\':
            parts.append("\\" + char)
        elif 32 <= code < 127:
            parts.append(char)
        elif code > 0xFFFF:
            code -= 0x10000
            parts.append("\\u%04x\\u%04x" % (0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF)))
        else:
            parts.append("\\u%04x" % code)
    parts.append('"')
    return "".join(parts)


def _json(value):
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return "%d" % value
    if isinstance(value, float):
        finite = value == value and value not in (float("inf"), float("-inf"))
        return repr(float(value)) if finite else _quoted(repr(float(value)))
    if isinstance(value, dict):
        return "{%s}" % ", ".join(_quoted(str(k)) + ": " + _json(v) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return "[%s]" % ", ".join(_json(v) for v in value)
    return _quoted(value if isinstance(value, type("")) else str(value))


def emit(event, **fields):
    """Send one event line: the nonce, then a JSON object; ``at`` is in seconds since the start."""
    fields["event"] = event
    fields["at"] = round(time.time() - _begin, 6)
    line = (NONCE + " " + _json(fields) + "\n").encode("ascii")
    while line:
        try:
            line = line[os.write(_events, line) :]
        except OSError:
            os._exit(3)  # nobody listens any more: the parent has gone


def stage(name):
    """Say what comes next; the parent's time limit for ``name`` begins now."""
    _no_longer_than_an_hour()
    emit("stage", stage=name)


def _no_longer_than_an_hour():
    """The kernel ends what nobody waits for any more, also where no thread of Python gets its turn."""
    if hasattr(_signal, "alarm"):
        _signal.alarm(3600)


def _end_with(parent):
    """Kill this program and what it started once its parent has gone: nobody else would."""
    while os.getppid() == parent:
        time.sleep(0.5)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), 9)
    os._exit(3)


def _watch_parent():
    """On Windows a program keeps the number of its parent, dead or not; there nothing is watched."""
    if hasattr(os, "killpg"):
        try:
            _thread.start_new_thread(_end_with, (os.getppid(),))
        except Exception:
            pass  # no thread to be had; what follows is more important


_watch_parent()


def wait_for_go():
    """Wait for the parent's word and return what it says, a dict. Ends the process at end of file."""
    emit("stage", stage="waiting")
    line = _words.readline()
    if not line:
        os._exit(3)
    return eval(line.decode("ascii"), {})  # a literal, written by the parent


def finish():
    """The program has come to its end. Leaves without the interpreter's (slow, risky) tear-down."""
    emit("end")
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except Exception:
        pass
    os._exit(0)
