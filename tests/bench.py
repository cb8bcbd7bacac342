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
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .bench_logs import explained
from .rehearsal import rehearse
from .turns import ROOT, Commands, table

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


def peers() -> Path:
    """The scripts folder of the environment that holds the tools we are compared with."""
    scripts = PEERS / "bin"
    if not (PEERS / ".made").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(PEERS)], check=True)
        pip = [str(scripts / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "numba", "huggingface_hub"], check=True)
        (PEERS / ".made").touch()
    return scripts


def one_file(folder: Path) -> tuple[Commands, str]:
    """``envcheck.pyz`` beside the installed envcheck, and a sentence on its size."""
    archive = folder / "envcheck.pyz"
    subprocess.run(
        [sys.executable, "-m", "envcheck.catalog", "pyz", "--fetch", "--output", str(archive)],
        check=True, cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    own, pyz = str(Path(sys.executable).parent / "envcheck"), [sys.executable, str(archive)]
    commands = {
        "envcheck.pyz --version": [*pyz, "--version"],
        "envcheck --version": [own, "--version"],
        "envcheck.pyz --quick": [*pyz, "--quick"],
        "envcheck --quick": [own, "--quick"],
    }
    return commands, f"`envcheck.pyz` has {archive.stat().st_size / 1e6:.2f} MB."


def merged(folder: Path) -> Commands:
    """``envcheck merge`` of 10,000 reports: the rehearsal's, again and again, each of another second."""
    thirty, many = folder / "thirty", folder / "many"
    thirty.mkdir()
    many.mkdir()
    rehearse(thirty)
    reports = [path.read_text("utf-8") for path in sorted(thirty.glob("envcheck-*.json"))]
    for number in range(10_000):
        clock = f"T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
        text = re.sub(r'("created": "[\d-]+)T[\d:]+Z', rf"\1{clock}", reports[number % len(reports)], count=1)
        (many / f"envcheck-{number:05}.json").write_text(text, "utf-8")
    own = str(Path(sys.executable).parent / "envcheck")
    return {"envcheck merge (10,000 reports)": [own, "merge", str(many)]}


def measured(turns: int) -> Iterator[str]:
    """The page's lines."""
    own, scripts = str(Path(sys.executable).parent / "envcheck"), peers()
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    python = f"Python {platform.python_version()}"
    yield f"{system}, {python}; {turns} turns after one that is not counted, fewer of what takes seconds."
    yield ""
    quick = {"hf env": [str(scripts / "hf"), "env"], "numba -s": [str(scripts / "numba"), "-s"]}
    yield from table({"envcheck --quick": [own, "--quick"], **quick}, turns)
    bare = {"the same work as a bare script": [sys.executable, "-c", BARE]}
    yield from table({"envcheck": [own], **bare}, max(5, turns // 2))
    with explained() as tables:
        for commands, few in tables:
            yield from table(commands, few)
    with tempfile.TemporaryDirectory() as folder:
        commands, size = one_file(Path(folder))
        yield from (size, "")
        yield from table(commands, max(5, turns // 2))
        yield from table(merged(Path(folder)), 3)


def main() -> None:
    """Measure, print, and put the figures into the page."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--turns", type=int, default=10)
    text = "\n".join(measured(asked.parse_args().turns)).rstrip("\n")
    print(text)
    page = PAGE.read_text("utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(before + BEGIN + "\n" + text + "\n" + END + after, "utf-8")


if __name__ == "__main__":
    main()
