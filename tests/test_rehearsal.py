"""A workshop rehearsed: thirty participants hand in, and the organiser's table is the one in the docs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from envcheck import words
from envcheck.fleet import files

from . import rehearsal
from .command_line import invoke

UPDATE = bool(os.environ.get("ENVCHECK_UPDATE"))
PLAIN = {"COLUMNS": "80", "LANG": "en_US.UTF-8", "NO_COLOR": "1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    words.use("en")
    handed_in = tmp_path_factory.mktemp("workshop") / "handed-in"
    rehearsal.rehearse(handed_in)
    yield handed_in
    words.use("en")


@pytest.fixture
def table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(folder.parent)
    result = invoke("merge", folder.name, env=PLAIN)
    assert result.exit_code == 0
    return result.stdout


def test_the_organisers_table(table: str) -> None:
    if UPDATE:
        rehearsal.GOLDEN.write_text(table, "utf-8")
    assert table == rehearsal.GOLDEN.read_text("utf-8"), "make update"


def test_thirty_participants_and_each_has_the_cause_of_their_machine(folder: Path) -> None:
    assert len(rehearsal.PARTICIPANTS) == 30
    told = json.loads(invoke("merge", str(folder), "--format", "json").stdout)
    of = {member["alias"]: member for member in told["members"]}
    assert set(of) == {one.alias for one in rehearsal.PARTICIPANTS}
    for one in rehearsal.PARTICIPANTS:
        expected = json.loads((rehearsal.machines.FOLDER / one.machine / "expected.json").read_text("utf-8"))
        assert (of[one.alias]["verdict"], of[one.alias]["cause"]) == (
            expected["verdict"],
            expected.get("cause"),
        ), one.alias


def test_the_outliers_are_the_three_that_were_made(folder: Path) -> None:
    told = json.loads(invoke("merge", str(folder), "--format", "json").stdout)
    found = {(one["fact"], one["alias"]) for one in told["outliers"]}
    assert {("driver.version", "lab-13"), ("training.step_ms", "lab-14")} <= found
    assert not {alias for _, alias in found} & {f"lab-{n:02}" for n in range(1, 13)}


def test_nothing_that_is_handed_in_names_anybody(folder: Path) -> None:
    for path in folder.glob("envcheck-*.json"):
        text = path.read_text("utf-8")
        assert "/home/ada" not in text and files.HANDED_IN.fullmatch(path.name)


def test_every_format_says_the_same_number(folder: Path) -> None:
    for form, part in (("markdown", "19 of 30"), ("html", "19 of 30"), ("csv", "lab-14,ready")):
        assert part in invoke("merge", str(folder), "--format", form).stdout
    assert "30" in invoke("merge", str(folder), "--lang", "zh").stdout
