"""The state of an environment before a repair, kept so that all of it can be put back, without a network.

Beside the environment lies a folder with its packages as hard links, which take no room and no time: an
installer never writes into a file, it puts another in its place. What is small and what is written in
place (``*.pth``, metadata) is copied. Putting back exchanges the two folders of packages, each at one
stroke; a journal says how far things had come, so that after ``kill -9`` the next repair can end what was
begun. Where links cannot be made, copies are.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..host import running
from ..model import Value, Wrong
from ..words import mark, say
from .aside import exchange

#: In a kept folder of packages; where it is, the folder is the one from before.
MARK = ".envcheck-kept"
JOURNAL, STATE = "journal.json", "freeze.json"
MIB = 1024 * 1024
_SMALL = 64 * 1024


class Freeze:
    """What was kept of the environment in ``prefix``, in the folder ``aside``."""

    def __init__(self, prefix: Path, aside: Path) -> None:
        self.prefix, self.aside = prefix, aside

    @property
    def state_file(self) -> Path:
        """What was installed, for people and programs to read."""
        return self.aside / STATE

    # --- keeping

    def take(self, folders: list[Path], whole: bool, state: Value, room_mb: float | None = None) -> None:
        """Keep ``folders`` (of packages) and what else an installer may touch; ``whole``: all of the prefix.

        Raises :class:`Wrong` where there is no room or no right to do so.
        """
        folders = [folder.resolve() for folder in folders]
        try:
            self.aside.mkdir(parents=True)
            self._write({"stage": "keeping", "folders": [], "whole": whole})
            if not self._can_link(folders):
                _check_room(folders, self.aside, room_mb)
            for number, folder in enumerate(folders):
                _copy_tree(folder, self.aside / f"packages-{number}", in_packages=True)
                (self.aside / f"packages-{number}" / MARK).write_text("", "utf-8")
            for path in self._others(folders, whole):
                _keep(path, self.aside / "others" / path.relative_to(self.prefix), copy=_is_small(path))
            self.state_file.write_text(json.dumps(state, indent=1) + "\n", "utf-8")
            names = [str(folder.relative_to(self.prefix)) for folder in folders]
            self._write({"stage": "changing", "folders": names, "whole": whole})
        except OSError as error:
            self.discard()
            place = error.filename or self.aside
            raise Wrong(say("cannot write {path}: {error}", path=place, error=error.strerror)) from None

    def _can_link(self, folders: list[Path]) -> bool:
        try:
            one = next(path for folder in folders for path in folder.rglob("*") if path.is_file())
            os.link(one, self.aside / "link")
            (self.aside / "link").unlink()
        except (OSError, StopIteration):
            return False
        return True

    def _others(self, folders: list[Path], whole: bool) -> Iterator[Path]:
        """The files beside the packages: scripts, and in an environment of its own all there are."""
        roots = [self.prefix] if whole else [self.prefix / "bin", self.prefix / "Scripts"]
        for root in roots:
            yield from _files(root, skip={*folders, self.aside})

    # --- putting back

    def restore(self) -> None:
        """Put everything back as it was. May be broken off at any moment and begun again.

        Raises :class:`Wrong` where the system refuses; what is kept then stays for another attempt.
        """
        try:
            self._restore()
        except OSError as error:
            sentence = mark(
                "not everything could be put back ({error}): end the programs that use this environment, "
                "then start the repair again; what it was is kept in {path}"
            )
            raise Wrong(say(sentence, error=error.strerror or error, path=self.aside)) from None
        self.discard()

    def _restore(self) -> None:
        journal = self.journal() or {}
        if journal.get("stage") not in ("changing", "restoring"):
            return
        self._write({**journal, "stage": "restoring"})
        folders = [self.prefix / name for name in journal["folders"]]
        for number, folder in enumerate(folders):
            _put_back(self.aside / f"packages-{number}", folder)
        self._put_back_others(folders, journal["whole"])

    def _put_back_others(self, folders: list[Path], whole: bool) -> None:
        kept = self.aside / "others"
        names = {path.relative_to(kept) for path in _files(kept, set())}
        for name in sorted(names):
            if not _is_same(kept / name, self.prefix / name):
                _replace(kept / name, self.prefix / name)
        if whole:
            for path in list(_files(self.prefix, skip={*folders, self.aside})):
                if path.relative_to(self.prefix) not in names:
                    path.unlink()

    def discard(self) -> None:
        """Take what was kept away: the journal last, so that a half-removed folder is known as done."""
        if self.aside.is_dir():
            with suppress(OSError):
                self._write({"stage": "done"})
            for entry in self.aside.iterdir():
                if entry.name != JOURNAL:
                    shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink()
            shutil.rmtree(self.aside, ignore_errors=True)

    # --- the journal

    def journal(self) -> dict[str, Value] | None:
        """How far things had come; None where nothing was kept."""
        try:
            found = json.loads((self.aside / JOURNAL).read_text("utf-8"))
        except (OSError, ValueError):
            return {"stage": "keeping"} if self.aside.is_dir() else None
        return found if isinstance(found, dict) else {"stage": "keeping"}

    def is_open(self) -> bool:
        """Whether a repair was broken off after it had begun to change things."""
        return (self.journal() or {}).get("stage") in ("changing", "restoring")

    def is_busy(self) -> bool:
        """Whether the process that began it is another one, and at work."""
        journal = self.journal() or {}
        pid = journal.get("pid")
        return isinstance(pid, int) and pid != os.getpid() and running.is_same(pid, journal.get("begun"))

    def _write(self, journal: Value) -> None:
        pid = os.getpid()
        journal = {**journal, "pid": pid, "begun": running.begun(pid)}
        new = self.aside / (JOURNAL + ".new")
        with open(new, "w", encoding="utf-8") as file:
            json.dump(journal, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self.aside / JOURNAL)


def of(prefix: Path) -> Freeze:
    """The freeze of an environment: beside it, or within where nothing can be written beside it."""
    prefix = prefix.resolve()  # by whatever links it was come to
    name = f".envcheck-repair-{prefix.name.lstrip('.')}"
    beside, within = prefix.parent / name, prefix / name
    there = next((place for place in (beside, within) if place.is_dir()), None)
    if there is None:
        same_disk = os.access(prefix.parent, os.W_OK) and _device(prefix.parent) == _device(prefix)
        there = beside if same_disk else within
    return Freeze(prefix, there)


def _device(path: Path) -> int:
    return path.stat().st_dev


def _check_room(folders: list[Path], aside: Path, room_mb: float | None) -> None:
    """Raise :class:`Wrong` where copies, which are needed without links, find no room."""
    need = sum(path.lstat().st_size for folder in folders for path in _files(folder, set())) / MIB
    free = shutil.disk_usage(aside).free / MIB if room_mb is None else room_mb
    if need > free:
        sentence = mark("to keep a copy of the packages {need} MB are needed in {path}, {free} MB are free")
        raise Wrong(say(sentence, need=round(need), path=aside.parent, free=round(free)))


# --- files


def _files(folder: Path, skip: set[Path]) -> Iterator[Path]:
    """All files and links below ``folder``, not below those of ``skip``."""
    for place, folders, names in os.walk(folder):
        here = Path(place)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = [name for name in folders if name not in links and here / name not in skip]
        yield from (here / name for name in (*names, *links))


def _copy_tree(source: Path, target: Path, in_packages: bool) -> None:
    for place, folders, names in os.walk(source):
        here = Path(place)
        there = target / here.relative_to(source)
        there.mkdir(parents=True)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = [name for name in folders if name not in links]
        written = here == source or here.suffix in (".dist-info", ".egg-info")
        for name in (*names, *links):
            _keep(here / name, there / name, copy=in_packages and written and _is_small(here / name))
    shutil.copystat(source, target)


def _is_small(path: Path) -> bool:
    return path.lstat().st_size <= _SMALL


def _keep(source: Path, target: Path, copy: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        os.symlink(os.readlink(source), target)
        return
    if not copy:
        with suppress(OSError):
            os.link(source, target)
            return
    shutil.copy2(source, target)


def _put_back(kept: Path, place: Path) -> None:
    """Let the kept folder stand where it stood. Where it has no mark it stands there already."""
    if (kept / MARK).exists():
        if not place.exists():  # broken off between the two steps of a system without an exchange
            os.rename(kept, place)
        elif not exchange(kept, place):
            away = kept.with_name(kept.name + "-away")
            shutil.rmtree(away, ignore_errors=True)
            os.rename(place, away)
            os.rename(kept, place)
    with suppress(OSError):
        (place / MARK).unlink()


def _is_same(kept: Path, path: Path) -> bool:
    if kept.is_symlink() or path.is_symlink():
        return kept.is_symlink() and path.is_symlink() and os.readlink(kept) == os.readlink(path)
    if not path.is_file():
        return False
    one, other = kept.stat(), path.stat()
    if (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino):
        return True
    return one.st_size == other.st_size and kept.read_bytes() == path.read_bytes()


def _replace(kept: Path, path: Path) -> None:
    new = path.with_name(path.name + ".envcheck-new")
    with suppress(OSError):
        new.unlink()
    _keep(kept, new, copy=False)
    os.replace(new, path)
