"""``make bench``: how long envcheck takes, beside what it is measured against, in one run.

The commands of a row take turns, so that a change of the machine's speed meets them all; quoted are
medians of whole processes and the median of the ratios turn by turn. Figures go into
docs/performance.md. The peers get an environment of their own (``.venv-bench``).
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from envcheck import rulebook
from envcheck.literals import needs

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
PEERS = ROOT / ".venv-bench"

#: What the whole check is measured against: the same work without envcheck around it.
BARE = """
import os, time
os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
import tensorflow as tf
import numpy
print(tf.sysconfig.get_build_info())
print(tf.config.list_physical_devices())
devices = [d.name for d in tf.config.list_logical_devices("GPU")] + ["/device:CPU:0"]

def operate(device):
    with tf.device(device):
        print(tf.constant([1.0, 2.0]) + tf.constant([3.0, 4.0]))
        draw = numpy.random.RandomState(0)
        left, right = (tf.constant(draw.rand(512, 512).astype("float32") - 0.5) for _ in range(2))
        product = tf.matmul(left, right).numpy()
        image = tf.constant(draw.rand(8, 32, 32, 8).astype("float32") - 0.5)
        kernel = tf.constant(draw.rand(3, 3, 8, 16).astype("float32") - 0.5)
        with tf.GradientTape() as tape:
            tape.watch([image, kernel])
            result = tf.nn.conv2d(image, kernel, strides=1, padding="SAME")
            target = tf.reduce_sum(result * result)
        return product, result.numpy(), [g.numpy() for g in tape.gradient(target, [image, kernel])]

def train(device):
    with tf.device(device):
        layers = tf.keras.layers
        model = tf.keras.Sequential([
            tf.keras.Input(shape=(784,)), layers.Dense(512, activation="relu"),
            layers.Dropout(0.2), layers.Dense(10),
        ])
        model.compile(optimizer=tf.keras.optimizers.RMSprop(learning_rate=0.001),
                      loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        draw = numpy.random.RandomState(2)
        images = draw.randn(10, 128, 784).astype("float32")
        classes = numpy.argmax(images.dot(draw.randn(784, 10)), axis=-1)
        float(model.train_on_batch(images[0], classes[0]))
        times = []
        while len(times) < 30 or (sum(times) < 0.4 and len(times) < 200):
            begin = time.perf_counter()
            i = (len(times) + 1) % 10
            loss = float(model.train_on_batch(images[i], classes[i]))
            times.append(time.perf_counter() - begin)
        print(device, loss, sorted(times)[len(times) // 2])

for device in devices:
    operate(device)
for device in devices:
    train(device)
"""


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
        cells = (f"`{name}`", f"{statistics.median(spent):.2f}", f"{min(spent):.2f}", f"{max(spent):.2f}")
        made.append("| " + " | ".join([*cells, f"{ratio:.2f}"]) + " |")
    return made


def peers() -> Path:
    """The scripts folder of the environment that holds the tools we are compared with."""
    scripts = PEERS / "bin"
    if not (PEERS / ".made").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(PEERS)], check=True)
        pip = [str(scripts / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "numba", "huggingface_hub"], check=True)
        (PEERS / ".made").touch()
    return scripts


# --- explain ------------------------------------------------------------------------------------

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


def explained(turns: int) -> list[str]:
    """The tables of ``envcheck explain``: a small log, a huge one beside grep, fewer rules and more."""
    own = str(Path(sys.executable).parent / "envcheck")
    with tempfile.TemporaryDirectory() as folder:
        small, half, huge, joined = (Path(folder) / name for name in ("small", "half", "huge", "joined"))
        small.write_text("\n".join([*CI_LINES[:8], CAUSE])[-1024:], "utf-8")
        ci_log(half, 100)
        ci_log(huge, 200)
        patterns = rule_patterns()
        joined.write_text("\n".join(map(for_grep, patterns)), "utf-8")
        logs = {
            "envcheck explain (1 KB)": [own, "explain", str(small)],
            "envcheck explain (100 MB)": [own, "explain", str(half)],
            "envcheck explain (200 MB)": [own, "explain", str(huge)],
        }
        beside = {
            "envcheck explain (200 MB)": [own, "explain", str(huge)],
            "LC_ALL=C grep -E -c": ["env", "LC_ALL=C", "grep", "-E", "-c", "-f", str(joined), str(huge)],
        }
        counts = {}
        for name, some in {
            "all patterns": patterns,
            "half of them": patterns[::2],
            "twice as many": [*patterns, *(_other(p) for p in patterns)],
        }.items():
            (Path(folder) / name).write_text("\0".join(some), "utf-8")
            counts[f"{name} ({len(some)})"] = [
                sys.executable,
                "-c",
                SCAN,
                str(half),
                str(Path(folder) / name),
            ]
        few = max(3, turns // 3)
        return [
            *HEAD,
            *rows(in_turns(logs, few)),
            "",
            *HEAD,
            *rows(in_turns(beside, few)),
            "",
            *HEAD,
            *rows(in_turns(counts, few)),
        ]


HEAD = ["| command | median s | least | most | envcheck ÷ this |", "| --- | --- | --- | --- | --- |"]


def main() -> None:
    """Measure, print, and put the figures into the page."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--turns", type=int, default=10)
    turns = asked.parse_args().turns
    own = Path(sys.executable).parent / "envcheck"
    scripts = peers()
    quick = {
        "envcheck --quick": [str(own), "--quick"],
        "hf env": [str(scripts / "hf"), "env"],
        "numba -s": [str(scripts / "numba"), "-s"],
    }
    whole = {
        "envcheck": [str(own)],
        "the same work as a bare script": [sys.executable, "-c", BARE],
    }
    text = [
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}; {turns} turns after one that is not counted.",
        "",
        *HEAD,
        *rows(in_turns(quick, turns)),
        "",
        *HEAD,
        *rows(in_turns(whole, max(5, turns // 2))),
        "",
        *explained(turns),
    ]
    print("\n".join(text))
    page = PAGE.read_text("utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(before + BEGIN + "\n" + "\n".join(text) + "\n" + END + after, "utf-8")


if __name__ == "__main__":
    main()
