"""The next command on the screen can be typed as it stands, however this one was called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from envcheck import called
from envcheck.cli import cli
from envcheck.views.document import Command, Document, Fold, Heading, Span, Text

ROOT = Path(__file__).parent.parent


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with one python3 and one envcheck."""
    for name in ("python3", "envcheck"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="files are executable there by their names")
def test_how_it_was_called(found: Path) -> None:
    python, own = str(found / "python3"), str(found / "envcheck")
    assert called.program([own], [python, own]) == "envcheck"
    assert called.program(["/v/bin/envcheck"], [python]) == "/v/bin/envcheck"
    assert called.program(["/a b/envcheck"], [python]) == "'/a b/envcheck'"
    assert called.program(["envcheck.pyz"], ["python3", "envcheck.pyz"]) == "python3 envcheck.pyz"
    assert called.program(["./envcheck.pyz"], ["/v/bin/python", "x"]) == "/v/bin/python ./envcheck.pyz"
    assert called.program(["/s/envcheck/__main__.py"], [python, "-m", "envcheck"]) == "python3 -m envcheck"
    assert called.program(["/s/pytest/__main__.py"], [python]) == "envcheck"


def test_commands_are_named_so_and_the_product_is_not() -> None:
    lines = (
        Span("envcheck needs a Python. `envcheck diff` says more; "),
        Span("./envcheck --quick, envcheck.toml, envcheck --quick"),
    )
    page = Document(
        "envcheck 0.1.0",
        (
            Heading("envcheck 0.1.0"),
            Fold("t", (Text(lines), Command(("envcheck", "envcheck install --yes"))), hint="-v"),
        ),
    )
    shown = called.as_called(page, "python3 envcheck.pyz")
    assert isinstance(shown, Document) and isinstance(shown.blocks[0], Heading)
    fold = shown.blocks[1]
    assert shown.title == shown.blocks[0].text == "envcheck 0.1.0"
    assert isinstance(fold, Fold) and fold.hint == "-v"
    assert fold.blocks[1] == Command(("python3 envcheck.pyz", "python3 envcheck.pyz install --yes"))
    assert fold.blocks[0] == Text(
        (
            Span("envcheck needs a Python. `python3 envcheck.pyz diff` says more; "),
            Span("./envcheck --quick, envcheck.toml, python3 envcheck.pyz --quick"),
        )
    )


def test_every_sub_command_is_known() -> None:
    for name in cli.commands:
        assert called.as_called(f"see envcheck {name}.", "X") == f"see X {name}."


def test_the_screen_and_nothing_else_says_so(tmp_path: Path) -> None:
    def run(*options: str) -> str:
        argv = [sys.executable, "-m", "envcheck", "rules", *options]
        return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    page = tmp_path / "page.md"
    assert "-m envcheck explain CAUSE" in run()
    run("--format", "markdown", "--output", str(page))
    assert "-m envcheck" not in page.read_text("utf-8") and "envcheck explain CAUSE" in page.read_text(
        "utf-8"
    )
