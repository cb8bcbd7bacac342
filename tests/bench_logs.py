"""``make bench``: ``envcheck explain`` on logs as continuous integration writes them, beside grep."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from envcheck import rulebook
from envcheck.literals import needs

from .turns import Commands

#: Lines as continuous integration writes them: nothing in them is a cause.
CI_LINES = """
##[group]Run actions/checkout@v4
Get:{n} http://archive.ubuntu.com/ubuntu jammy-updates/main amd64 libssl-dev 3.0.2-0ubuntu1.{m} [2376 kB]
Selecting previously unselected package libpython3.11-dev:amd64.
Preparing to unpack .../{n}-libpython3.11-dev_3.11.{m}_amd64.deb ...
Setting up libgcc-s1:amd64 (12.3.0-1ubuntu1~22.04.{m}) ...
Collecting numpy<2.2.0,>=1.26.0 (from -r requirements.txt (line {m}))
  Downloading numpy-2.1.{m}-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl (16.{m} MB)
Requirement already satisfied: packaging>=23 in /opt/hostedtoolcache/Python/3.11.9/x64/lib/python3.11
[{n}/1875] Building CXX object src/core/CMakeFiles/core.dir/module_{m}.cc.o
gcc -pthread -Wall -O3 -fPIC -I/usr/include/python3.11 -c src/module_{m}.c -o build/temp/src/module_{m}.o
src/module_{m}.c:{n}:12: warning: unused variable 'error' [-Wunused-variable]
INFO: From Compiling tensorflow/core/kernels/module_{m}.cc [for tool]:
\x1b[32mtests/test_module_{m}.py::test_case_{n} PASSED\x1b[0m                               [ {m}%]
tests/test_gpu_{m}.py::test_device_{n} SKIPPED (no GPU device is available)              [ {m}%]
{n}/1875 [===========>..................] - ETA: {m}s - loss: 0.{n} - accuracy: 0.{m}
npm WARN deprecated left-pad@1.{m}.0: use String.prototype.padStart()
2026-01-02 03:04:05.{n}: I tensorflow/core/util/port.cc:153] oneDNN custom operations are on.
  File "/opt/hostedtoolcache/Python/3.11.9/x64/lib/python3.11/site-packages/pkg/mod{m}.py", line {n}, in call
  test that a failing import is reported ... ok (error expected: could not open file {n})
""".strip().split("\n")
CAUSE = (
    "E0000 00:00:1795219535.362444 11112 cuda_driver.cc:152] failed call to cuInit: CUDA_ERROR_NO_DEVICE: x"
)


def ci_log(path: Path, megabytes: int) -> None:
    """A log as GitHub writes it; the cause stands in the last line."""
    with path.open("w", encoding="utf-8") as file:
        written = number = 0
        while written < megabytes * 1_000_000:
            lines = []
            for _ in range(1000):
                number += 1
                line = CI_LINES[number * 7919 % len(CI_LINES)].format(n=number % 1875, m=number % 97)
                minutes, seconds = divmod(number // 10 % 3600, 60)
                lines.append(f"2026-01-02T03:{minutes:02}:{seconds:02}.{number % 10}123456Z {line}\n")
            written += file.write("".join(lines))
        file.write(f"2026-01-02T04:00:00.1234567Z {CAUSE}\n")


def rule_patterns() -> list[str]:
    """All patterns of the rules."""
    blocks = [
        b for rule in rulebook.load() for b in (*rule.when, *(on for fix in rule.fixes for on in fix.on))
    ]
    return list(dict.fromkeys(p for block in blocks for one in block if one.fact == "log" for p in one.test))


def for_grep(pattern: str) -> str:
    """The pattern for ``grep -E``; where grep cannot read it, the texts that it needs."""
    changed = re.sub(r"\(\?[aimsux]+\)", "", pattern).replace("(?:", "(").replace(r"\d", "[0-9]")
    changed = re.sub(r"\[([^\]]*)\]", lambda c: "[" + re.sub(r"\\([wsSd])", "", c[1]) + "]", changed)
    odd = re.search(r"\(\?|\\n|\n|\\Z|\\[1-9]|\{\d*,?\d{3,}|\?\?|\*\?|\+\?|\[\^?\]", changed)
    if (
        not odd
        and subprocess.run(["grep", "-E", "-e", changed], input=b"", capture_output=True).returncode == 1
    ):
        return changed
    return "|".join(re.sub(r"([\\.^$|()\[\]{}?*+])", r"\\\1", text) for text in needs(pattern).texts)


def _other(pattern: str) -> str:
    """A pattern of the same shape with other words."""
    return re.sub(r"(?<![\\a-z<=])[a-z]{4}", lambda word: word[0][::-1], pattern)


SCAN = """
import sys
from pathlib import Path
from envcheck import search
patterns = Path(sys.argv[2]).read_text("utf-8").split("\\0")
with open(sys.argv[1], "rb") as log:
    search.scan(log, patterns)
"""


@contextmanager
def explained() -> Iterator[list[tuple[Commands, int]]]:
    """The tables of ``envcheck explain``, and how often each is run: small and huge logs; the huge one beside
    grep; fewer patterns and more. The logs are gone afterwards."""
    own = str(Path(sys.executable).parent / "envcheck")
    with tempfile.TemporaryDirectory() as folder:
        small, half, huge, joined = (Path(folder) / name for name in ("small", "half", "huge", "joined"))
        small.write_text("\n".join([*CI_LINES[:8], CAUSE])[-1024:], "utf-8")
        ci_log(half, 100)
        ci_log(huge, 200)
        patterns = rule_patterns()
        joined.write_text("\n".join(map(for_grep, patterns)), "utf-8")
        counts: Commands = {}
        for name, some in {
            "all patterns": patterns,
            "half of them": patterns[::2],
            "twice as many": [*patterns, *(_other(p) for p in patterns)],
        }.items():
            list_of_them = Path(folder) / name
            list_of_them.write_text("\0".join(some), "utf-8")
            counts[f"{name} ({len(some)})"] = [sys.executable, "-c", SCAN, str(half), str(list_of_them)]
        grep = ["env", "LC_ALL=C", "grep", "-E", "-c", "-f", str(joined), str(huge)]
        yield [
            (
                {
                    "envcheck explain (1 KB)": [own, "explain", str(small)],
                    "envcheck explain (100 MB)": [own, "explain", str(half)],
                    "envcheck explain (200 MB)": [own, "explain", str(huge)],
                },
                3,
            ),
            (
                {
                    "envcheck explain (200 MB)": [own, "explain", str(huge)],
                    "LC_ALL=C grep -E -c": grep,
                },
                3,
            ),
            (counts, 3),
        ]
