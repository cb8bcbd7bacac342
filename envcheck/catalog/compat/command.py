"""``python -m envcheck.catalog compat`` and ``gpus``: the tables, made anew."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from ... import tables
from . import gpus, index, releases
from .remote import client
from .wheels import Reader

COMPAT = Path(__file__).parents[3] / "rules" / "compat"


def compat(arguments: Sequence[str]) -> None:
    """Write ``tensorflow.csv`` from the package index that pip is configured for."""
    parser = argparse.ArgumentParser("python -m envcheck.catalog compat", description=compat.__doc__)
    parser.add_argument("packages", nargs="*", help="only these packages; the other rows stay as they are")
    parser.add_argument("--cache", type=Path, default=_default_cache(), help="where what was read is kept")
    parser.add_argument("--connections", type=int, default=6, help="requests at once (default: 6)")
    chosen = parser.parse_args(arguments)
    with client(chosen.connections) as http:
        reader, url = Reader(http, chosen.cache), index.pip_index()
        kept = [row for row in _rows() if chosen.packages and row["package"] not in chosen.packages]
        for package in releases.PACKAGES:
            if package in (chosen.packages or releases.PACKAGES):
                found = releases.chosen(package, index.wheels(http, url, package))
                print(f"{package}: {len(found)} rows", file=sys.stderr, flush=True)
                kept += releases.table(found, reader, chosen.connections)
    kept.sort(key=lambda row: releases.PACKAGES.index(row["package"]))
    _write("tensorflow.csv", releases.text(kept))


def gpu_list(arguments: Sequence[str]) -> None:
    """Write ``gpus.csv`` from a PCI ID list (Debian: the file of the package pci.ids)."""
    parser = argparse.ArgumentParser("python -m envcheck.catalog gpus", description=gpu_list.__doc__)
    parser.add_argument("list", type=Path, nargs="?", default=Path("/usr/share/misc/pci.ids"))
    chosen = parser.parse_args(arguments)
    found = gpus.rows(chosen.list.read_text(encoding="utf-8"), tables.chips())
    _write("gpus.csv", gpus.text(found))


def codes(arguments: Sequence[str]) -> None:
    """Print the GPU code in any wheel of the index, as JSON: ``nvidia-cudnn-cu12==9.11.0.98``."""
    parser = argparse.ArgumentParser("python -m envcheck.catalog codes", description=codes.__doc__)
    parser.add_argument("wheel", nargs="+", help="NAME==VERSION; the x86_64 Linux wheel is read")
    parser.add_argument("--cache", type=Path, default=_default_cache(), help="where what was read is kept")
    chosen = parser.parse_args(arguments)
    with client(1) as http:
        reader, url = Reader(http, chosen.cache), index.pip_index()
        for wanted in chosen.wheel:
            name, _, version = wanted.partition("==")
            found = releases.chosen(name, index.wheels(http, url, name), every=True)
            for release in found:
                if (str(release.version), release.platform) == (version, "linux-x86_64"):
                    print(wanted, json.dumps(reader.codes(release.newest), indent=1), flush=True)


def _default_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "envcheck-compat"


def _rows() -> list[dict[str, str]]:
    columns, rows = tables.files.table("tensorflow.csv")
    return [dict(zip(columns, values)) for values in rows]


def _write(name: str, text: str) -> None:
    """Write the table; where it changed, the date of the tables is today's."""
    file = COMPAT / name
    if file.exists() and file.read_text(encoding="utf-8") == text:
        print(f"{name}: unchanged", file=sys.stderr)
        return
    file.write_text(text, encoding="utf-8")
    dates = COMPAT / "cuda.toml"
    today = f'dated = "{date.today().isoformat()}"'
    toml = re.sub(r'^dated = ".*"$', today, dates.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE)
    dates.write_text(toml, encoding="utf-8")
    print(f"{name}: written", file=sys.stderr)
