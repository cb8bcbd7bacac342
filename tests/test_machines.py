"""Whole machines: the right cause, the right verdict, and the report as it was last read by eye.

``make update`` writes the golden ``report.txt`` files anew; the diff is the review.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from envcheck.cli import cli

from . import machines

UPDATE = bool(os.environ.get("ENVCHECK_UPDATE"))
#: At most one of a family is the cause on any machine: their conditions make them disjoint.
CUDA_FAMILY = {
    "cuda-libraries-missing",
    "cuda-toolkit-partial",
    "cudnn-missing",
    "cuda-installed-not-on-loader-path",
    "wheel-runpath-incomplete",
    "cuda-library-conflict",
    "cuda-version-mismatch",
}
CODES = {"ready": 0, "degraded": 0, "blocked": 1, "undecided": 3}


@contextmanager
def beside(name: str) -> Iterator[list[str]]:
    """In the machine's folder, where its envcheck.toml is; its own options, as ``--require gpu``."""
    before = Path.cwd()
    os.chdir(machines.FOLDER / name)
    try:
        yield machines.expected(name).get("options", [])
    finally:
        os.chdir(before)


def run(name: str, tmp_path: Path, *options: str) -> Any:
    """``envcheck --from`` the machine, with its own options (as ``--require gpu``) and ``options``."""
    snapshot = tmp_path / "machine.json"
    snapshot.write_text(json.dumps(machines.machine(name)), "utf-8")
    env = {"COLUMNS": "80", "LANG": "en_US.UTF-8", "NO_COLOR": "1"}
    with beside(name) as own:
        return CliRunner().invoke(
            cli, ["check", "--from", str(snapshot), "--lang", "en", *own, *options], env=env
        )


def report(name: str, tmp_path: Path, *options: str) -> dict[str, Any]:
    result = run(name, tmp_path, "--format", "json", *options)
    assert result.stdout, (result.exception, result.stderr)
    told: dict[str, Any] = json.loads(result.stdout)
    return told


@pytest.mark.parametrize("name", machines.names())
def test_the_cause_and_the_verdict(name: str, tmp_path: Path) -> None:
    """Recorded (and so redacted) and replayed, a machine has the same findings."""
    again = tmp_path / "again.json"
    told = report(name, tmp_path, "--record", str(again))
    expected = machines.expected(name)
    causes = [f["cause"] for f in told["findings"] if f["severity"] != "notice"]
    assert (told["verdict"], causes[0] if causes else None) == (expected["verdict"], expected["cause"])
    assert told["exit_code"] == CODES[expected["verdict"]]
    bugs = {n: f["unknown"] for n, f in told["facts"].items() if f.get("kind") == "bug"}
    assert not bugs
    assert len(set(named(told)) & CUDA_FAMILY) <= 1
    with beside(name) as own:
        replayed = CliRunner().invoke(cli, ["check", "--from", str(again), "--format", "json", *own])
    assert named(json.loads(replayed.stdout)) == named(told)


def named(told: dict[str, Any]) -> list[str]:
    """Every cause that a report names, findings and what they explain."""
    return [f["cause"] for f in [*told["findings"], *told["consequences"]]]


@pytest.mark.parametrize("name", machines.names())
def test_the_report_reads_as_it_did(name: str, tmp_path: Path) -> None:
    golden = machines.FOLDER / name / "report.txt"
    text = run(name, tmp_path).stdout.replace(str(tmp_path), "")
    if UPDATE:
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


def test_built_machines_say_so_with_their_sources() -> None:
    for name in machines.names():
        own = json.loads((machines.FOLDER / name / "machine.json").read_text("utf-8"))
        assert own.get("built") is None or own.get("sources") or own.get("like"), name
