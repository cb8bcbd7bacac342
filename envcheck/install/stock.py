"""What an environment holds: read for the requirement graph and for a freeze."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..formats import metadata, record
from ..host import Host
from ..model import NoAnswer, Value
from ..probes.python.inventory import event, topic, topics
from .graph import Graph, Installed


def graph(host: Host) -> Graph:
    """The requirement graph of the examined environment. Raises ``NoAnswer`` where Python does not start."""
    about = topic(host, "interpreter")
    where = metadata.markers(about["version"], {**about, "sys_platform": about["platform"]})
    return Graph(installed(host), where)


def installed(host: Host) -> Iterator[Installed]:
    """All distributions, in the order of the search path."""
    for folder in topics(host, "distributions"):
        for item in folder["found"]:
            origin, editable = _origin(item.get("direct_url"))
            requires = item["requires"] or list(metadata.egg_requirements(item.get("requires_txt") or ""))
            yield Installed(
                item["name"], item["version"], tuple(requires), folder["location"], folder["kind"],
                item["installer"], origin, editable, item["info"],
            )  # fmt: skip


def _origin(text: str | None) -> tuple[str | None, bool]:
    """Where PEP 610's direct_url.json says it came from, as pip takes it, and whether it is editable."""
    try:
        said: Mapping[str, Any] = json.loads(text or "{}")
    except ValueError:
        return None, False
    url = said.get("url")
    editable = bool(said.get("dir_info", {}).get("editable"))
    version = said.get("vcs_info")
    if url and version:
        return f"{version.get('vcs', 'git')}+{url}@{version.get('commit_id', '')}".rstrip("@"), editable
    return url, editable


def prefix(host: Host) -> str:
    """The folder of the environment."""
    return str((event(host, "environment") or topic(host, "interpreter"))["prefix"])


def is_venv(host: Host) -> bool:
    """Whether it is a virtual environment, whose own packages count before the user's."""
    return bool((event(host, "environment") or {}).get("pyvenv"))


def package_folders(host: Host) -> list[Path]:
    """The environment's own folders of packages, those below its prefix."""
    root = Path(prefix(host))
    places = [
        Path(folder["location"]) for folder in topics(host, "distributions") if folder["kind"] == "site"
    ]
    own = {place.resolve(): place for place in reversed(places) if root in place.parents}  # lib64 is lib
    return list(own.values())


def damaged(host: Host, found: Graph, tree: set[str]) -> dict[str, list[str]]:
    """By package the files that are missing or cut off: libraries as the inventory compared them, and of
    TensorFlow and what it requires all files that RECORD lists.

    A file whose size differs otherwise may have been changed on purpose.
    """
    result: dict[str, list[str]] = {}
    try:
        suspects = topic(host, "libraries")["suspects"]
    except NoAnswer:
        suspects = []
    for item in suspects:
        paths = [entry.path for entry in record.libraries(item["line"])]
        result.setdefault(item["package"], []).extend(paths)
    for name in sorted(tree):
        item = found.found[name]
        if not item.editable and item.info.endswith(".dist-info"):
            result.setdefault(name, []).extend(_gone(Path(item.location), item.info))
    return {name: list(dict.fromkeys(paths)) for name, paths in result.items() if paths}


def _gone(folder: Path, info: str) -> Iterator[str]:
    try:
        text = (folder / info / "RECORD").read_text("utf-8", "replace")
    except OSError:
        return
    for entry in record.entries(text):
        # Scripts and bytecode may be taken away without harm.
        if entry.path.startswith("..") or entry.path.endswith(".pyc"):
            continue
        try:
            size = (folder / entry.path).stat().st_size
        except OSError:
            yield entry.path
            continue
        if size == 0 and entry.size:
            yield entry.path


def as_json(found: Graph, damage: Mapping[str, list[str]]) -> Value:
    """The exact state, for the freeze: what is there, in which version, where it came from."""
    return [
        {
            "name": item.name,
            "version": item.version,
            "location": item.location,
            "of": item.kind,
            "installer": item.installer,
            "from": item.origin or "index",
            "editable": item.editable,
            "damaged": damage.get(metadata.canonical(item.name), []),
        }
        for item in found.all
    ]
