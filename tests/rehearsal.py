"""A workshop's evening before, rehearsed: thirty made-up participants run the real check, one file each.

``python -m tests.rehearsal DIR`` writes what they hand in. Their machines are those of tests/machines,
some with other words in them; docs/workshop.md shows the table that comes of it, which is kept in
tests/rehearsal.txt (``make update`` writes it anew).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from . import machines
from .command_line import invoke

CONFIG = Path(__file__).parent / "rehearsal.toml"
GOLDEN = Path(__file__).parent / "rehearsal.txt"


class Participant(NamedTuple):
    """Somebody's alias, machine, and what differs in it; ``step``: times the recorded step."""

    alias: str
    machine: str
    words: dict[str, str] = {}  # noqa: RUF012  (a default that nobody changes)
    step: float = 1.0


LAB = "linux-rtx4090-ready"
PARTICIPANTS = (
    *(Participant(f"lab-{n:02}", LAB, step=1 + 0.01 * (n * 7 % 5)) for n in range(1, 13)),
    Participant("lab-13", LAB, {"550.54.14": "550.90.07"}, step=1.02),
    Participant("lab-14", LAB, step=4.8),
    Participant("lab-15", "linux-rtx4090-driver-library-mismatch"),
    Participant("lab-16", "linux-rtx4090-driver-library-mismatch"),
    Participant("lab-17", "linux-rtx4090-memory-held-by-other-process"),
    Participant("otter-4411", "wsl2-rtx4090-ready"),
    Participant("heron-2087", "docker-rtx4090-ready"),
    Participant("panda-9310", "docker-t4-colab-ready"),
    Participant("lemur-5526", "linux-laptop-rtx3060-suspended-ready"),
    Participant("koala-7043", "linux-rtx3080-driver-too-old"),
    Participant("bison-1198", "wsl2-rtx3080-driver-too-old"),
    Participant("crane-6672", "linux-rtx4090-cpu-only-build"),
    Participant("tapir-3305", "linux-rtx4090-cpu-only-build"),
    Participant("zebra-8859", "windows11-rtx4070-native-gpu-unsupported"),
    Participant("mole-2716", "linux-cpu-python-too-new"),
    Participant("swan-4920", "fedora-rtx3060-secure-boot-blocks-driver"),
    Participant("newt-6138", "linux-cpu-package-shadowed"),
    Participant("robin-7501", "macos-m1-ready"),
)


def hand_in(one: Participant, folder: Path, snapshot: Path) -> None:
    """What ``one`` does: run the check with the workshop's file, and put what it writes into ``folder``."""
    machine = machines.worded(machines.machine(one.machine), one.words)
    snapshot.write_text(json.dumps(_slower(machine, one.step)), "utf-8")
    before = Path.cwd()
    os.chdir(folder)
    try:
        result = invoke("--from", str(snapshot), "--config", str(CONFIG), "--hand-in", one.alias)
    finally:
        os.chdir(before)
    assert result.exit_code in (0, 1, 3), (one.alias, result.stderr)
    assert f"envcheck-{one.alias}.json" in result.stdout


def _slower(machine: Any, times: float) -> Any:
    """The machine with training steps that take so many times as long."""
    if isinstance(machine, list):
        return [_slower(item, times) for item in machine]
    if not isinstance(machine, dict):
        return machine
    new = {key: _slower(item, times) for key, item in machine.items()}
    if isinstance(new.get("step_ms"), float):
        new["step_ms"] = round(new["step_ms"] * times, 3)
    return new


def rehearse(folder: Path) -> None:
    """All that is handed in, in ``folder``; with two files that are none, as there always are."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as beside:
        for one in PARTICIPANTS:
            hand_in(one, folder, Path(beside) / "machine.json")
    (folder / "screenshot.png").write_bytes(b"\x89PNG\r\n")
    (folder / "envcheck-lost.json").write_text('{"schema": "envcheck-report/1", "verd', "utf-8")


def main() -> None:
    """Write the reports into the folder that is named."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    rehearse(asked.parse_args().folder)


if __name__ == "__main__":
    main()
