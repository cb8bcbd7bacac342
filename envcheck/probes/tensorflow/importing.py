"""``import tensorflow`` in the training child: how it ended, and what it said."""

from __future__ import annotations

import re

from ...formats import children, tf_log
from ...host import Host
from ...model import NoAnswer, Value
from ...patterns import Pattern

#: The frame of TensorFlow's own wrapper around any error of its native part; the error stands above.
_WRAPPED = "Failed to load the native TensorFlow runtime."
_ERROR_LINE = Pattern(r"^[\w.]*(Error|Exception)\b.*", re.MULTILINE)
#: Lines worth keeping: errors, warnings and what could not be loaded.
_TELLING = ("E", "W", "F")
MOST_LINES = 60


def _child(host: Host) -> children.Child:
    child = host.child("train")
    if children.stage(child) == "start" and not child["events"]:
        raise NoAnswer("failed", "the examined Python did not start: {how}", how=children.death(child))
    if children.death(child) == children.STOPPED and not children.first(child, "imported"):
        raise NoAnswer("failed", "the time for the whole run was over")
    return child


def import_outcome(host: Host) -> Value:
    """How ``import tensorflow`` ended: "ok", "exception", "signal", "timeout", "exit" or "flood".

    signal: it was killed; exit: the process ended itself; flood: it wrote without end.

    How: python -c "import tensorflow"
    """
    child = _child(host)
    if children.first(child, "imported"):
        return "ok"
    return "exception" if _failure(child) else children.death(child)


def _failure(child: children.Child) -> children.Event | None:
    return children.first(child, "failed", operation="import")


def import_error(host: Host) -> Value:
    """What ``import tensorflow`` said last, one line; None where it worked or said nothing.

    The telling line of the exception, or the last line of output before it died.

    How: python -c "import tensorflow" 2>&1 | tail
    """
    child = _child(host)
    if children.first(child, "imported"):
        return None
    failure = _failure(child)
    return telling_line(failure) if failure else children.last_words(tf_log.plain(children.log(child)))


def telling_line(failure: children.Event) -> str:
    """``ImportError: libx.so: cannot open …`` of a failure event, from under TensorFlow's own wrapping."""
    lines = [str(line).strip() for line in failure["message"]]
    if _WRAPPED in lines:
        errors = [line for line in lines if _ERROR_LINE.match(line)]
        if errors:
            return errors[-1]
    return f"{failure['exception']}: {lines[-1]}" if lines else str(failure["exception"])


def import_exception(host: Host) -> Value:
    """The class of the exception that ended ``import tensorflow``, "ImportError"; None where none did.

    How: python -c "import tensorflow"
    """
    failure = _failure(_child(host))
    return failure and failure["exception"]


def import_frames(host: Host) -> Value:
    """Where ``import tensorflow`` ended: the last frames, "file:line in function"; None where it worked.

    The innermost stands last.

    How: python -X faulthandler -c "import tensorflow"
    """
    child = _child(host)
    if children.first(child, "imported"):
        return None
    failure = _failure(child)
    return failure["frames"] if failure else children.crash_frames(children.log(child))


def import_signal(host: Host) -> Value:
    """The signal that killed the process during ``import tensorflow``, "SIGILL"; None where none did.

    How: python -c "import tensorflow"; echo $?
    """
    child = _child(host)
    return None if children.first(child, "imported") else children.signal(child)


def import_seconds(host: Host) -> Value:
    """How long ``import tensorflow`` took, in seconds; None where it did not work.

    How: time python -c "import tensorflow"
    """
    event = children.first(_child(host), "imported")
    return event and event["seconds"]


def import_stage(host: Host) -> Value:
    """Where the process that imports TensorFlow came to its end, "import"; None where the import worked.

    How: python -c "import tensorflow"
    """
    child = _child(host)
    return None if children.first(child, "imported") else children.stage(child)


def imported_version(host: Host) -> Value:
    """The version that the imported TensorFlow gives itself, "2.20.0"; None where the import failed.

    How: python -c "import tensorflow as tf; print(tf.__version__)"
    """
    event = children.first(_child(host), "imported")
    return event and event["version"]


def imported_file(host: Host) -> Value:
    """The file that ``import tensorflow`` took; None where the import failed.

    How: python -c "import tensorflow as tf; print(tf.__file__)"
    """
    event = children.first(_child(host), "imported")
    return event and event["file"]


def log(host: Host) -> Value:
    """TensorFlow's warnings and errors, and what it could not load: a list of lines without prefixes.

    How: TF_CPP_VMODULE=dso_loader=1 python -c "import tensorflow as t; t.config.list_physical_devices()"
    """
    found = [
        line.text
        for line in tf_log.lines(children.log(_child(host)))
        if line.severity in _TELLING or "Could not load dynamic library" in line.text
    ]
    return list(dict.fromkeys(found))[-MOST_LINES:]


FACTS = (
    import_outcome,
    import_error,
    import_exception,
    import_frames,
    import_signal,
    import_seconds,
    import_stage,
    imported_version,
    imported_file,
    log,
)
