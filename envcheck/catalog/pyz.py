"""``envcheck.pyz``: envcheck and the packages it needs in one file that any Python from 3.9 on runs.

Nothing is installed and nothing unpacked: Python imports from the archive as it stands. So only what is
pure Python goes in; psutil and py-cpuinfo stay out, and what they would tell is read otherwise.
"""

from __future__ import annotations

import argparse
import stat
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatch
from importlib import resources
from pathlib import Path

from ..model import Wrong
from ..rulebook import rules_folder
from . import pyz_archive, pyz_packages
from .pyz_modules import bare
from .pyz_rules import slim
from .pyz_start import ARCHIVE, SHEBANG, start

#: Parts of envcheck that only those who work on it use, and texts that are compiled already.
NOT_OURS = ("envcheck/catalog/*", "*.po")
#: What envcheck reads through ``importlib.resources``; the rest it imports.
TEXTS = ("envcheck/inside/*", "envcheck/render/page/*", "envcheck/rules/*", "envcheck/schema/*.json")
#: What stands in the archive by itself: what Python finds there before our own reader is at work, what tells
#: by its loader that this is an archive, what children import who have no reader, and what is no text.
ALONE = (
    *(f"envcheck/{name}" for name in ("__init__.py", "start.py", "interpreter.py", "LICENSE")),
    *("pynvml.py", "*.dist-info/*", "*.mo"),
)
#: Whose docstrings are read: each probe's says how a person sees the fact.
DOCUMENTED = ("envcheck/probes/*",)
#: A member's time: the same input makes the same file, byte for byte.
WHEN = (2020, 1, 1, 0, 0, 0)


def main(arguments: Sequence[str]) -> None:
    """``pyz [--output FILE] [--fetch]``: build the file and say how large it is."""
    parser = argparse.ArgumentParser(prog="python -m envcheck.catalog pyz")
    parser.add_argument("--output", default="envcheck.pyz", metavar="FILE")
    parser.add_argument("--fetch", action="store_true", help="packages from the index, for Python 3.9")
    options = parser.parse_args(list(arguments))
    output = Path(options.output)
    least = build(output, options.fetch)
    print(f"{output}: {output.stat().st_size:,} bytes, for Python {'.'.join(map(str, least))} and later")


def build(output: Path, fetch: bool = False) -> tuple[int, ...]:
    """Write the file at ``output``; returns the oldest Python that runs it, ``(3, 9)``.

    With ``fetch`` pip downloads the packages; without it they are those of the environment that this
    runs in, whose versions may want a newer Python. Raises :class:`Wrong` where one is missing.
    """
    with tempfile.TemporaryDirectory() as folder:
        if fetch:
            pyz_packages.download(Path(folder))
        packages = pyz_packages.packages(Path(folder) if fetch else None)
        least = max(package.least for package in packages)
        members = _members(packages)
    _write(output, {"__main__.py": start(least), **members})
    return least


def _members(packages: Iterable[pyz_packages.Package]) -> dict[str, bytes]:
    """All members by their names: what stands alone, and the rest packed together."""
    files = {name: data for package in packages for name, data in package.files.items()}
    files.update((name, data) for name, data in _ours().items() if not _is(name, NOT_OURS))
    files = {name: _slim(name, data) for name, data in files.items()}
    texts = {name: data for name, data in files.items() if _is(name, TEXTS)}
    members = {name: data for name, data in files.items() if _is(name, ALONE)}
    modules = {name: data for name, data in files.items() if not (name in texts or name in members)}
    members[f"envcheck/{pyz_archive.TEXTS}"] = pyz_archive.packed(texts)
    members[f"envcheck/{pyz_archive.MODULES}"] = pyz_archive.packed(modules)
    members[f"{ARCHIVE}.py"] = Path(pyz_archive.__file__).read_bytes()
    return members


def _slim(name: str, data: bytes) -> bytes:
    """What stands alone is whole: its licence may stand in a comment. What children run is a text."""
    if not name.endswith(".py") or _is(name, (*ALONE, *TEXTS)):
        return data
    return bare(data, docstrings=_is(name, DOCUMENTED))


def _ours() -> dict[str, bytes]:
    """envcheck's own files, where the rules are a folder like any other."""
    files = {f"envcheck/{name}": data for name, data in _tree(Path(str(resources.files("envcheck"))))}
    files.update(_licence())
    for name, data in _tree(Path(str(rules_folder()))):
        files[f"envcheck/rules/{name}"] = slim(name, data.decode("utf-8")).encode("utf-8")
    return files


def _licence() -> dict[str, bytes]:
    """envcheck's own, which lies beside the package in a checkout."""
    path = Path(str(resources.files("envcheck"))).parent / "LICENSE"
    return {"envcheck/LICENSE": path.read_bytes()} if path.is_file() else {}


def _is(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _tree(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _write(output: Path, members: Mapping[str, bytes]) -> None:
    try:
        with open(output, "wb") as file:
            file.write(SHEBANG)
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
                for name in _in_order(members):
                    archive.writestr(_member(name), members[name], zipfile.ZIP_DEFLATED, 9)
        output.chmod(output.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    except OSError as error:
        raise Wrong(f"cannot write {output}: {error.strerror or error}") from None


def _in_order(names: Iterable[str]) -> list[str]:
    """``__main__.py`` first, then by name."""
    return sorted(names, key=lambda name: (name != "__main__.py", name))


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, WHEN)
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info


if __name__ == "__main__":
    main(sys.argv[1:])
