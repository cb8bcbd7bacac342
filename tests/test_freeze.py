"""What is kept of an environment before a repair, and how it is put back: at any moment, again and again."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from envcheck.install import freeze
from envcheck.interrupts import Interrupted
from envcheck.model import Wrong

from .broken import picture, small, spoil
from .environments import Environment


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return small(tmp_path / "env")


def kept(made: Environment) -> freeze.Freeze:
    found = freeze.of(made.folder)
    found.take([made.packages], whole=True, state=[{"name": "alpha"}])
    return found


def test_everything_is_put_back(environment: Environment) -> None:
    before = picture(environment.folder)
    frozen = kept(environment)
    assert frozen.is_open()
    assert '"alpha"' in frozen.state_file.read_text("utf-8")
    spoil(environment)
    frozen.restore()
    assert picture(environment.folder) == before
    assert not frozen.aside.exists()


def test_outside_a_virtual_environment_only_what_was_there_is_put_back(environment: Environment) -> None:
    """Who knows whose the other files are: /usr/local/bin has many owners."""
    before = picture(environment.folder)
    frozen = freeze.of(environment.folder)
    frozen.take([environment.packages], whole=False, state=[])
    spoil(environment)
    frozen.restore()
    assert picture(environment.folder) == {**before, "bin/gamma": b"new"}


def test_by_whatever_link_one_comes(environment: Environment, tmp_path: Path) -> None:
    before = picture(environment.folder)
    (tmp_path / "link").symlink_to(environment.folder)
    kept(environment)
    spoil(environment)
    freeze.of(tmp_path / "link").restore()
    assert picture(environment.folder) == before


def test_keeping_takes_no_room(environment: Environment) -> None:
    frozen = kept(environment)
    inside = frozen.aside / "packages-0" / "alpha" / "lib.so"
    assert inside.stat().st_ino == (environment.packages / "alpha" / "lib.so").stat().st_ino
    assert (frozen.aside / "packages-0" / "some.pth").stat().st_nlink == 1, "written in place: a copy"


def test_without_links_copies_are_kept(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Any) -> None:
        raise OSError("not supported")

    monkeypatch.setattr(os, "link", refuses)
    monkeypatch.setattr(freeze, "exchange", lambda *_: False)
    before = picture(environment.folder)
    frozen = kept(environment)
    spoil(environment)
    frozen.restore()
    assert picture(environment.folder) == before


def test_without_room_for_copies_nothing_is_begun(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: Any) -> None:
        raise OSError("not supported")

    monkeypatch.setattr(os, "link", refuses)
    frozen = freeze.of(environment.folder)
    with pytest.raises(Wrong, match="MB"):
        frozen.take([environment.packages], True, [], room_mb=0)
    assert not frozen.is_open()


@pytest.mark.parametrize("steps", range(1, 30))
def test_putting_back_may_be_broken_off_anywhere(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Each call that changes something is where ``kill -9`` may strike; the second attempt ends it."""
    before = picture(environment.folder)
    frozen = kept(environment)
    spoil(environment)
    left = [steps]

    def dying(real: Any) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Interrupted
            return real(*args, **more)

        return call

    with monkeypatch.context() as patch:
        for name in ("rename", "replace", "unlink", "link"):
            patch.setattr(os, name, dying(getattr(os, name)))
        patch.setattr(freeze, "exchange", dying(freeze.exchange))
        try:
            frozen.restore()
        except Interrupted:
            pass
    again = freeze.of(environment.folder)
    if again.is_open():
        again.restore()
    again.discard()
    assert picture(environment.folder) == before


def test_where_the_system_refuses_another_attempt_ends_it(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Windows does where a program has a library open."""
    before = picture(environment.folder)
    frozen = kept(environment)
    spoil(environment)

    def refuses(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(freeze, "exchange", refuses)
        with pytest.raises(Wrong, match="kept in"):
            frozen.restore()
    assert frozen.is_open()
    frozen.restore()
    assert picture(environment.folder) == before


@pytest.mark.parametrize("stage", ["keeping", "done"])
def test_what_had_not_begun_or_is_done_is_only_cleared_away(environment: Environment, stage: str) -> None:
    before = picture(environment.folder)
    frozen = kept(environment)
    (frozen.aside / freeze.JOURNAL).write_text(f'{{"stage": "{stage}"}}', "utf-8")
    assert not frozen.is_open()
    (environment.packages / "later.py").write_text("kept", "utf-8")
    frozen.restore()
    assert picture(environment.folder) == {
        **before,
        **{"lib/" + k: v for k, v in _later(environment).items()},
    }
    assert not frozen.aside.exists()


def _later(made: Environment) -> dict[str, bytes]:
    path = made.packages / "later.py"
    return {str(path.relative_to(made.folder / "lib")): b"kept"}


def test_another_repair_that_is_at_work_is_left_alone(environment: Environment) -> None:
    frozen = kept(environment)
    assert not frozen.is_busy(), "our own"
    journal = json.loads((frozen.aside / freeze.JOURNAL).read_text("utf-8"))
    for pid, begun, busy in (
        (os.getppid(), None, True),
        (os.getppid(), 1.0, False),
        (2**22 + 1, None, False),
    ):
        journal.update(pid=pid, begun=begun)
        (frozen.aside / freeze.JOURNAL).write_text(json.dumps(journal), "utf-8")
        assert frozen.is_busy() is busy
