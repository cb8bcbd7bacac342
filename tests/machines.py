"""Whole machines from ``tests/machines/``: recorded, or built from what is known of such machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from envcheck.host import Host
from envcheck.snapshot import replay

FOLDER = Path(__file__).parent / "machines"


def names() -> list[str]:
    """Every machine there is."""
    return sorted(path.parent.name for path in FOLDER.glob("*/machine.json"))


def machine(name: str) -> dict[str, Any]:
    """A machine's snapshot; ``"like"`` is merged in: what stands in the machine itself wins.

    ``"words": {"GTX 970": "GTX 1080"}`` replaces text all over the machine it is like, before that.
    """
    own: dict[str, Any] = json.loads((FOLDER / name / "machine.json").read_text("utf-8"))
    like, words = own.pop("like", None), own.pop("words", {})
    return merged(worded(machine(like), words), own) if like else own


def worded(base: dict[str, Any], words: dict[str, str]) -> dict[str, Any]:
    """``base`` with pieces of its texts, keys included, replaced."""
    text = json.dumps(base)
    for old, new in words.items():
        text = text.replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1])
    whole: dict[str, Any] = json.loads(text)
    return whole


def merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """``own`` over ``base``, folder by folder. ``{"remove": true}`` takes a key away.

    A list is replaced as a whole, or edited: see ``edited``.
    """
    whole = dict(base)
    for key, value in own.items():
        if value == {"remove": True}:
            whole.pop(key, None)
        elif isinstance(value, dict) and isinstance(whole.get(key), list):
            whole[key] = edited(whole[key], value)
        elif isinstance(value, dict) and isinstance(whole.get(key), dict) and not value.get("instead"):
            whole[key] = merged(whole[key], value)
        elif isinstance(value, dict):
            whole[key] = {k: v for k, v in value.items() if k != "instead"}
        else:
            whole[key] = value
    return whole


def edited(base: list[Any], own: dict[str, Any]) -> list[Any]:
    """``{"drop": [like this, …], "change": [[like this, merge this], …], "add": […]}`` done to records.

    A record is like another that gives some of its fields.
    """
    kept = [item for item in base if not any(_is_like(item, one) for one in own.get("drop", []))]
    for one, more in own.get("change", []):
        kept = [merged(item, more) if _is_like(item, one) else item for item in kept]
    return [*kept, *own.get("add", [])]


def _is_like(item: Any, one: dict[str, Any]) -> bool:
    return isinstance(item, dict) and all(item.get(key) == value for key, value in one.items())


def expected(name: str) -> dict[str, Any]:
    """What must be said of the machine: ``verdict``, ``cause`` (or None), ``options``."""
    told: dict[str, Any] = json.loads((FOLDER / name / "expected.json").read_text("utf-8"))
    return told


def host(name: str) -> Host:
    """The machine as a Host."""
    return replay(machine(name), name)
