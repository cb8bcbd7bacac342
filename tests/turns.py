"""Whole commands, timed in turns: a change of the machine's speed meets them all."""

from __future__ import annotations

import statistics
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: What a row is called → its command.
Commands = dict[str, list[str]]

HEAD = ["| command | median s | least | most | envcheck ÷ this |", "| --- | --- | --- | --- | --- |"]


def seconds(command: list[str]) -> float:
    """Wall-clock seconds of one whole process; it must not fail to start."""
    begin = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, cwd=ROOT)
    spent = time.perf_counter() - begin
    assert done.returncode in (0, 1, 3), (command, done.stderr.decode()[-500:])
    return spent


def in_turns(commands: dict[str, list[str]], turns: int) -> dict[str, list[float]]:
    """Each command's seconds, turn by turn, after a first turn that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(turns + 1):
        for name, command in commands.items():
            spent = seconds(command)
            if turn:
                times[name].append(spent)
    return times


def rows(times: dict[str, list[float]]) -> list[str]:
    """A table row for each command: median, least, most, and envcheck's time as a share of its own."""
    own = next(iter(times.values()))
    made = []
    for name, spent in times.items():
        ratio = statistics.median(a / b for a, b in zip(own, spent))
        cells = (name, f"{statistics.median(spent):.2f}", f"{min(spent):.2f}", f"{max(spent):.2f}")
        made.append("| " + " | ".join([*cells, f"{ratio:.2f}"]) + " |")
    return made


def table(commands: Commands, turns: int) -> list[str]:
    """A table in Markdown: the first command is envcheck's own, the last column its share of each."""
    return [*HEAD, *rows(in_turns(commands, turns)), ""]
