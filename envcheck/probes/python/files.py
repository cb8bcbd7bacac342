"""Installed files that are not as they were when they were installed."""

from __future__ import annotations

from collections.abc import Iterator

from ...formats import record
from ...host import Host
from ...model import Value
from .inventory import Record, topic


def damaged(host: Host) -> Value:
    """The shared libraries whose size is not what RECORD says, of TensorFlow, NVIDIA's wheels and the
    compiled packages under TensorFlow: a list of {package, file, expected, size}, sizes in bytes; [] where
    all are well.

    How: pip show -f tensorflow
    """
    return [
        {"package": item["package"], "file": entry.path, "expected": entry.size, "size": item["size"]}
        for item, entry in _suspects(host)
        if item["size"] is not None
    ]


def missing_files(host: Host) -> Value:
    """The shared libraries of the same packages that RECORD lists and that are not there: a list of
    {package, file}; [] where none is missing.

    How: pip show -f tensorflow
    """
    return [
        {"package": item["package"], "file": entry.path}
        for item, entry in _suspects(host)
        if item["size"] is None
    ]


def _suspects(host: Host) -> Iterator[tuple[Record, record.Entry]]:
    for item in topic(host, "libraries")["suspects"]:
        for entry in record.libraries(item["line"]):
            yield item, entry


def leftovers(host: Host) -> Value:
    """Folders "~ensorflow" that pip renamed while it replaced a package and could not remove: a list of
    paths.

    How: ls -d site-packages/~*
    """
    return topic(host, "leftovers")["found"]


FACTS = (damaged, missing_files, leftovers)
