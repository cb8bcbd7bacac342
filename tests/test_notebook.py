"""``envcheck.check()``: the running interpreter is examined, and the answer shows itself."""

from __future__ import annotations

import html
import json
import sys
from pathlib import Path

import pytest

import envcheck
from envcheck.model import Wrong

from .machines import machine


def test_a_recorded_machine_shows_itself(tmp_path: Path) -> None:
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(machine("linux-rtx3080-driver-too-old")), "utf-8")
    found = envcheck.check(from_=str(path))
    assert (found.verdict, found.exit_code) == ("blocked", 1)
    assert found.report.findings[0].rule.cause == "driver-too-old"
    assert "driver-too-old" in repr(found) and "\x1b" not in repr(found)
    frame = found._repr_html_()
    assert frame.startswith("<iframe srcdoc=") and frame.count("<") == 2
    page = html.unescape(frame.partition('srcdoc="')[2].partition('" style=')[0])
    assert page.startswith("<!DOCTYPE html>") and "driver-too-old" in page


def test_the_running_interpreter_is_examined_and_keeps_its_modules() -> None:
    before = "tensorflow" in sys.modules
    found = envcheck.check(quick=True)
    assert found.report.target.python == sys.executable
    assert ("tensorflow" in sys.modules) == before


def test_what_cannot_be_done_is_one_sentence() -> None:
    with pytest.raises(Wrong):
        envcheck.check(python="/nowhere/python")
