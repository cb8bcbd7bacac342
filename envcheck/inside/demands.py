"""What only some users ask for: variables, data sets, hosts that answer. Nothing is looked at unasked.

Runs under envcheck's own interpreter. A variable's value stays here: only whether it is as asked is told.
Each answer carries the ``key`` of its question, a number: a recording holds neither paths nor addresses.
"""

import os
import re
import socket

#: Seconds that one data set may take; what is larger by then counts as far as it was seen.
LONGEST = 15


def variable(key, name, asked):
    """``met``; ``state``: set, absent, or other where it is set to something else than was asked for."""
    value = os.environ.get(name)
    if asked is True or asked is False:
        met = (value is not None) is asked
    elif isinstance(asked, dict):
        met = value is not None and re.search(asked["matches"], value) is not None
    else:
        met = value == asked
    state = "absent" if value is None else "set" if met or asked is False else "other"
    emit("answer", key=key, met=met, state=state)


def data_set(key, path, least_bytes, least_files):
    """``kind`` file, dir or None; its size, files in it, and whether all of it was counted."""
    path = os.path.expandvars(os.path.expanduser(path))
    try:
        if os.path.isfile(path):
            emit("answer", key=key, kind="file", bytes=os.path.getsize(path), files=1, whole=True)
        elif os.path.isdir(path):
            size, files, whole = counted(path, least_bytes, least_files)
            emit("answer", key=key, kind="dir", bytes=size, files=files, whole=whole)
        else:
            os.stat(path)
            emit("answer", key=key, kind="other", bytes=0, files=0, whole=True)
    except (IOError, OSError, ValueError) as error:
        denied = getattr(error, "errno", None) in (1, 13)
        emit("answer", key=key, kind=None, bytes=0, files=0, whole=not denied)


def counted(folder, least_bytes, least_files):
    """Bytes and files in a folder and below it, links to folders not followed; no further than asked."""
    until, size, files, whole = time.time() + LONGEST, 0, 0, True
    for top, _, names in os.walk(folder, onerror=lambda error: None):
        for name in names:
            files += 1
            if least_bytes:
                try:
                    size += os.stat(os.path.join(top, name)).st_size
                except OSError:
                    whole = False  # it is not known how large this one is
            if size >= least_bytes and files >= max(1, least_files):
                return size, files, False
            if time.time() > until:
                return size, files, False
    return size, files, whole


def host(key, address, seconds):
    """Whether something accepts a connection there; nothing is sent."""
    name, _, port = address.rpartition(":")
    try:
        socket.create_connection((name.strip("[]"), int(port)), seconds).close()
        emit("answer", key=key, answers=True, error=None)
    except (OSError, ValueError) as error:
        emit("answer", key=key, answers=False, error=getattr(error, "strerror", None) or str(error))


def main():
    for each in ARGS.get("variables", ()):
        stage("variable")
        variable(each["key"], each["name"], each["asked"])
    for each in ARGS.get("data", ()):
        stage("data")
        data_set(each["key"], each["path"], each["least_bytes"], each["least_files"])
    for each in ARGS.get("hosts", ()):
        stage("host")
        host(each["key"], each["name"], min(15, ARGS.get("timeout_s") or 3))


main()
