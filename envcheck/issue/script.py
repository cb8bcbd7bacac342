"""The step that failed, as a script that anybody can run: it needs TensorFlow alone."""

from __future__ import annotations

from ..model import Facts
from .machine import seen

_HEAD = """import tensorflow as tf

print(tf.__version__, tf.sysconfig.get_build_info())"""
_DEVICES = """print(tf.config.list_physical_devices())"""
_MATMUL = """with tf.device("{device}"):
    x = tf.random.stateless_normal([1024, 1024], seed=[1, 2])
    print(float(tf.reduce_sum(tf.matmul(x, x))))"""
_CONVOLUTION = """with tf.device("{device}"):
    images = tf.random.stateless_normal([8, 32, 32, 16], seed=[1, 2])
    kernel = tf.Variable(tf.random.stateless_normal([3, 3, 16, 16], seed=[3, 4]))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.nn.conv2d(images, kernel, strides=1, padding="SAME"))
    print(float(total), float(tf.reduce_sum(tape.gradient(total, kernel))))"""
_STEPS = """with tf.device("{device}"):
    model = tf.keras.Sequential(
        [
            tf.keras.layers.Dense(512, activation="relu"),
            tf.keras.layers.Dense(10),
        ]
    )
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=tf.keras.optimizers.RMSprop(learning_rate=0.001), loss=loss)
    x = tf.random.stateless_uniform([1280, 784], seed=[1, 2])
    y = tf.random.stateless_uniform([1280], seed=[3, 4], maxval=10, dtype=tf.int32)
    model.fit(x, y, batch_size=128, epochs=5)"""

#: What each stage adds, in their order.
_PARTS = {
    "devices": _DEVICES,
    "first-operation": _MATMUL,
    "convolution": _CONVOLUTION,
    "steps": _STEPS,
}


def standalone(facts: Facts) -> str:
    """Python code up to the stage that failed here; all stages where none did."""
    if seen(facts, "tensorflow.import_outcome") not in (None, "ok"):
        return "import tensorflow as tf\n\nprint(tf.__version__)"
    stages = list(_PARTS)
    stage = _failed_at(facts)
    last = stages.index(stage) if stage in stages else len(stages) - 1
    device = _device(facts)
    parts = [_HEAD, *(_PARTS[name].replace("{device}", device) for name in stages[: last + 1])]
    return "\n\n".join(parts)


def _failed_at(facts: Facts) -> str | None:
    """The stage that failed; "devices" where a GPU is wanted and none is listed."""
    if seen(facts, "wanted.gpu") and seen(facts, "tensorflow.gpu_count") == 0:
        return "devices"
    return str(seen(facts, "training.stage")) if seen(facts, "training.succeeded") is False else None


def _device(facts: Facts) -> str:
    """The device that failed, else the one that was wanted."""
    tried = seen(facts, "training.devices") or []
    broken = [row for row in tried if row.get("outcome") != "ok"]
    named = str((broken or tried or [{}])[0].get("device") or "")
    if named:
        return named
    return "/device:GPU:0" if seen(facts, "wanted.gpu") else "/device:CPU:0"
