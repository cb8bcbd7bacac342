"""``make bench``: how long envcheck takes, beside what it is measured against, in one run.

The commands of a row take turns, so that a change of the machine's speed meets them all; quoted are
medians of whole processes and the median of the ratios turn by turn. Figures go into
docs/performance.md. The peers get an environment of their own (``.venv-bench``).
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

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
    head = ["| command | median s | least | most | envcheck ÷ this |", "| --- | --- | --- | --- | --- |"]
    text = [
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}; {turns} turns after one that is not counted.",
        "",
        *head,
        *rows(in_turns(quick, turns)),
        "",
        *head,
        *rows(in_turns(whole, max(5, turns // 2))),
    ]
    print("\n".join(text))
    page = PAGE.read_text("utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(before + BEGIN + "\n" + "\n".join(text) + "\n" + END + after, "utf-8")


if __name__ == "__main__":
    main()
