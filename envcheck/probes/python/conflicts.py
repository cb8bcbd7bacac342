"""Requirements that the installed packages do not meet, as ``pip check`` finds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...formats import metadata
from ...host import Host
from ...model import Value
from .inventory import Record, topic, topics


def conflicts(host: Host, facts: Mapping[str, Value]) -> Value:
    """The requirements that are not met: a list of {package, version, needs, requires, installed, side,
    of_tensorflow}; ``side`` is "missing", "below", "above" or "excluded", ``of_tensorflow``: TensorFlow or
    one of the packages that it requires asks for it. [] where all are met.

    How: pip check
    """
    found = _first(host)
    where = _markers(host)
    installed = {name: item["version"] for name, item in found.items()}
    unmet = [(name, item, need) for name, item in found.items() for need in _unmet(item, installed, where)]
    if not unmet:
        return []
    tree = _required([item["name"] for item in facts["tensorflow.distributions"]], found, where)
    return [
        {
            "package": name,
            "version": item["version"],
            "needs": need.needs,
            "requires": need.requires,
            "installed": need.installed,
            "side": need.side,
            "of_tensorflow": name in tree,
        }
        for name, item, need in unmet
    ]


def _unmet(item: Record, installed: dict[str, Value], where: metadata.Markers) -> Iterator[metadata.Need]:
    return metadata.unmet(_requirements(item), installed, where)


def _requirements(item: Record) -> list[str]:
    text = item.get("requires_txt")
    return item["requires"] or list(metadata.egg_requirements(text or ""))


def _first(host: Host) -> dict[str, Record]:
    """The distributions that count, by canonical name, in the order of their names."""
    found: dict[str, Record] = {}
    for folder in topics(host, "distributions"):
        for item in folder["found"]:
            found.setdefault(metadata.canonical(item["name"]), item)
    return dict(sorted(found.items()))


def _markers(host: Host) -> metadata.Markers:
    about = topic(host, "interpreter")
    return metadata.markers(about["version"], {**about, "sys_platform": about["platform"]})


def _required(roots: list[str], found: dict[str, Record], where: metadata.Markers) -> set[str]:
    """``roots`` and all that they require, directly or not."""
    seen: set[str] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name not in seen and name in found:
            seen.add(name)
            todo.extend(metadata.names(_requirements(found[name]), where))
    return seen


def unmet(facts: Mapping[str, Value]) -> Value:
    """The unmet requirements of TensorFlow and of the packages that it requires, as sentences: ["tensorflow
    2.15.1 needs numpy<2, installed is 2.0.2"]; [] where all are met.

    How: pip check
    """
    return [_sentence(item) for item in facts["python.conflicts"] if item["of_tensorflow"]]


def _sentence(item: Record) -> str:
    have = f"installed is {item['installed']}" if item["installed"] else "not installed"
    return f"{item['package']} {item['version']} needs {item['needs']}, {have}"


FACTS = (conflicts, unmet)
