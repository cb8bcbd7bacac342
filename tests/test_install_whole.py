"""The installer for real: from an empty folder to a TensorFlow that trains, and back to health.

These ask the package index and take minutes; ``make test-install`` runs them, and CI does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from envcheck.install import aside

ROOT = Path(__file__).parent.parent


def envcheck(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **more}
    command = [sys.executable, "-m", "envcheck", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.repair
def test_from_an_empty_folder_to_a_training_step(tmp_path: Path) -> None:
    done = envcheck(tmp_path, "install", "--yes", "--cpu", "--lang", "en")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".venv-tensorflow"]
    made = json.loads((tmp_path / ".venv-tensorflow" / aside.MADE).read_text("utf-8"))
    assert made["release"]
    python = tmp_path / ".venv-tensorflow" / "bin" / "python"
    report = envcheck(tmp_path, "--python", str(python), "--require", "cpu", "--format", "json")
    told = json.loads(report.stdout)
    assert (told["verdict"], report.returncode) == ("ready", 0), report.stderr
    assert told["facts"]["tensorflow.version"]["value"] == made["release"]
    pip = subprocess.run([str(python.parent / "pip"), "check"], capture_output=True, text=True, check=False)
    assert pip.returncode == 0, pip.stdout


@pytest.mark.repair
def test_an_index_that_cannot_be_reached_leaves_nothing_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = "http://127.0.0.1:9/simple"
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)  # another place that pip is told to look in would do
    alone = {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1"}
    done = envcheck(tmp_path, "install", "--yes", "--cpu", "--mirror", mirror, "--lang", "en", **alone)
    assert done.returncode == 1, done.stderr[-2000:]
    assert list(tmp_path.iterdir()) == []
    assert "pip-network-blocked" in done.stdout + done.stderr
