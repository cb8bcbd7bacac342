"""The examined program: import TensorFlow, list devices, compute and train on each of them.

Runs under the examined interpreter behind ``events.py``. Until the import is over it uses only
modules that start-up has loaded. The last event names what the process was doing when it died:

    stage              what comes next; the parent's limit for it begins
    imported           seconds, version, file
    build              cuda, info (``tf.sysconfig.get_build_info()``)
    devices            devices: [{name, type, description, compute}]
    initialised        devices: names of the logical devices
    begin / done       device, operation (add, matmul, convolution, keras); done: ms, placed_on
    compared           device, operation, error_rel (against the CPU's numbers)
    first-step         device, seconds, loss
    trained            device, steps, step_ms, samples_per_s, first_step_s, loss, placed_on, keras
    failed             device, operation, exception, message, frames, cause
    training-skipped   reason; skipped: device, reason
"""

BATCH = 128
LEAST_STEPS, MOST_STEPS = 30, 200
STEPS_SECONDS = 0.4
# More than two devices take turns; what has not begun by then is left out.
TURNS_SECONDS = 8.0

_clock = getattr(time, "perf_counter", time.time)


def plain(text):
    """``text`` without ANSI colour escapes: TensorFlow colours tensor names in its errors."""
    parts = text.split("\x1b[")
    return parts[0] + "".join(part[part.find("m") + 1 :] for part in parts[1:])


def frames(error):
    """The last frames of an error's traceback as ``file:line in function``."""
    found, step = [], getattr(error, "__traceback__", None)
    while step is not None:
        code = step.tb_frame.f_code
        found.append("%s:%d in %s" % (code.co_filename, step.tb_lineno, code.co_name))
        step = step.tb_next
    return found[-8:]


def lines(error):
    """The last lines of an error's message that are not empty."""
    return [line for line in plain(str(error)).splitlines() if line.strip()][-12:]


def first_cause(error):
    """The error at the root of a chain, ``ImportError: No module named 'x'``; None without a chain."""
    root = error
    for _ in range(20):
        hidden = getattr(root, "__suppress_context__", True)
        before = getattr(root, "__cause__", None) or (None if hidden else root.__context__)
        if before is None:
            break
        root = before
    return None if root is error else "%s: %s" % (type(root).__name__, " ".join(lines(root)[-1:]))


def failed(operation, error, device=None):
    """Tell of an exception, as an event and, as Python would, in the log."""
    emit("failed", operation=operation, device=device, exception=type(error).__name__,
         message=lines(error), frames=frames(error), cause=first_cause(error))  # fmt: skip
    sys.excepthook(type(error), error, getattr(error, "__traceback__", None))


def leave(code):
    """End at once, without an interpreter's tear-down of a half-loaded library."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
    os._exit(code)


def show_python_frames_of_a_crash():
    """Let a fatal signal write the Python frames to the log. No file can hide a compiled-in module."""
    if "faulthandler" in sys.builtin_module_names:
        try:
            faulthandler = __import__("faulthandler")
            faulthandler.enable()
            if hasattr(faulthandler, "register"):  # the parent asks before it gives up
                faulthandler.register(_signal.SIGUSR1, all_threads=False)
        except Exception:
            pass  # no usable standard error


def import_tensorflow():
    """Import it as the user's program would."""
    stage("import")
    begin = _clock()
    try:
        import tensorflow

        version = tensorflow.__version__  # absent where a folder or a script of that name was found
    except BaseException as error:
        failed("import", error)
        leave(1)
    seconds = round(_clock() - begin, 4)
    emit("imported", seconds=seconds, version=str(version), file=getattr(tensorflow, "__file__", None))
    return tensorflow


def tell_build(tf):
    """What this TensorFlow says that it was compiled for."""
    stage("build")
    asked = getattr(getattr(tf, "sysconfig", None), "get_build_info", None)  # from 2.3 on
    emit("build", cuda=bool(tf.test.is_built_with_cuda()), info=dict(asked()) if asked else None)


def physical_devices(tf):
    """The devices that TensorFlow sees, or None where a release cannot say without taking their memory."""
    config = getattr(tf, "config", None)
    for place in (config, getattr(config, "experimental", None)):
        if hasattr(place, "list_physical_devices"):  # 2.1 on; experimental from 1.14 on
            return [d for d in place.list_physical_devices() if d.device_type in ("GPU", "CPU")]
    return None


def description(tf, device):
    """Name and compute capability of a GPU, as far as this release tells (from 2.4 on)."""
    asked = getattr(tf.config.experimental, "get_device_details", None)
    try:
        details = asked(device) if asked and device.device_type == "GPU" else {}
    except Exception:
        details = {}
    compute = details.get("compute_capability")
    return {
        "name": "/device:" + device.name.split(":", 1)[1],
        "type": device.device_type,
        "description": details.get("device_name"),
        "compute": ".".join(str(part) for part in compute) if compute else None,
    }


def cap(tf, gpu):
    """Let TensorFlow take no more of ``gpu`` than we were allowed.

    A limit and memory growth exclude each other in this interface; growth comes from
    TF_FORCE_GPU_ALLOW_GROWTH, which the allocator obeys under a limit too.
    """
    megabytes = ARGS.get("gpu_memory_mb") or 1024
    new, old = tf.config, tf.config.experimental
    try:
        if hasattr(new, "set_logical_device_configuration"):  # from 2.4 on
            limit = new.LogicalDeviceConfiguration(memory_limit=megabytes)
            new.set_logical_device_configuration(gpu, [limit])
        else:
            limit = old.VirtualDeviceConfiguration(memory_limit=megabytes)
            old.set_virtual_device_configuration(gpu, [limit])
    except Exception as error:  # a plug-in device (Metal) has no such limit
        emit("uncapped", device=gpu.name, message=lines(error))


def initialise(tf, found):
    """Start TensorFlow's runtime on all devices."""
    for gpu in found:
        if gpu.device_type == "GPU":
            cap(tf, gpu)
    listing = getattr(tf.config, "list_logical_devices", None) or tf.config.experimental.list_logical_devices
    names = [d.name for d in listing() if d.device_type in ("GPU", "CPU")]
    emit("initialised", devices=names)
    return [name for name in names if "GPU" in name] + ["/device:CPU:0"]


def place(name):
    """The last part of a full device name: ``/device:GPU:0``."""
    return "/device:" + name.split("/device:")[-1]


def add(tf, numpy):
    """One kernel, no library: context, memory and kernel image work."""
    result = tf.constant([1.0, 2.0]) + tf.constant([3.0, 4.0])
    return [result]


def matmul(tf, numpy):
    """A matrix product: cuBLAS on a GPU."""
    draw = numpy.random.RandomState(0)
    left, right = (draw.rand(512, 512).astype("float32") - 0.5 for _ in range(2))
    return [tf.matmul(tf.constant(left), tf.constant(right))]


def convolution(tf, numpy):
    """A 3x3 convolution and its gradients: cuDNN on a GPU."""
    draw = numpy.random.RandomState(1)
    image = tf.constant(draw.rand(8, 32, 32, 8).astype("float32") - 0.5)
    kernel = tf.constant(draw.rand(3, 3, 8, 16).astype("float32") - 0.5)
    with tf.GradientTape() as tape:
        tape.watch([image, kernel])
        result = tf.nn.conv2d(image, kernel, strides=1, padding="SAME")
        target = tf.reduce_sum(result * result)
    tensors = list(tape.gradient(target, [image, kernel]))
    tensors.append(result)
    return tensors


OPERATIONS = (
    ("first-operation", "add", add),
    ("first-operation", "matmul", matmul),
    ("convolution", "convolution", convolution),
)


def operate(tf, numpy, device):
    """All operations, forced onto one device. Returns ``{operation: [arrays]}`` of those that worked."""
    results = {}
    for step, operation, work in OPERATIONS:
        stage(step)
        emit("begin", device=place(device), operation=operation)
        begin = _clock()
        try:
            with tf.device(device):
                tensors = work(tf, numpy)
            results[operation] = [tensor.numpy() for tensor in tensors]
        except Exception as error:
            failed(operation, error, place(device))
            if operation == "add":
                break  # not even a context: the rest would say the same, or hang
            continue
        ms = round((_clock() - begin) * 1000, 3)
        emit("done", device=place(device), operation=operation, ms=ms, placed_on=place(tensors[0].device))
    return results


def compare(numpy, device, results, reference):
    """Tell the largest relative error (of Frobenius norms) of each operation."""
    for operation in ("matmul", "convolution"):
        if operation in results and operation in reference:
            pairs = zip(results[operation], reference[operation])
            errors = [float(numpy.linalg.norm(a - b) / numpy.linalg.norm(b)) for a, b in pairs]
            worst = max(errors) if all(e == e for e in errors) else float("nan")
            emit("compared", device=place(device), operation=operation, error_rel=worst)


def perceptron(tf):
    """The MNIST multilayer perceptron, compiled as Keras does by default."""
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            tf.keras.Input(shape=(784,)),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10),
        ]
    )
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=tf.keras.optimizers.RMSprop(learning_rate=0.001), loss=loss)
    return model


def batches(numpy):
    """Ten batches of made-up images (mean 0, deviation 1) whose class is a fixed projection: learnable."""
    draw = numpy.random.RandomState(2)
    images = draw.randn(10, BATCH, 784).astype("float32")
    classes = numpy.argmax(images.dot(draw.randn(784, 10)), axis=-1)
    return list(zip(images, classes.astype("int64")))


def variable_device(model):
    """Where the weights live. A Keras 3 variable wraps TensorFlow's."""
    weight = model.trainable_weights[0]
    value = getattr(weight, "value", None)
    return place(str((weight if callable(value) or value is None else value).device))


def one_step(model, data):
    """One training step; its loss and seconds. Reading the loss waits for the device."""
    begin = _clock()
    loss = float(model.train_on_batch(*data))
    return loss, _clock() - begin


def steps(model, data, device):
    """Train until the step time is steady. Tells the figures."""
    first_loss, first_s = one_step(model, data[0])
    emit("first-step", device=device, seconds=round(first_s, 4), loss=first_loss)
    stage("steps")
    losses, times = [], []
    while len(times) < LEAST_STEPS or (sum(times) < STEPS_SECONDS and len(times) < MOST_STEPS):
        loss, seconds = one_step(model, data[(len(times) + 1) % len(data)])
        losses.append(loss)
        times.append(seconds)
    median = sorted(times[5:])[len(times[5:]) // 2]
    return {
        "steps": len(times) + 1,
        "first_step_s": round(first_s, 4),
        "step_ms": round(median * 1000, 3),
        "samples_per_s": round(BATCH / median),
        "loss": course(first_loss, losses),
        "placed_on": variable_device(model),
    }


def course(first, losses):
    """The loss of the first step, the means of up to 20 stretches of equal length, that of the last five."""
    length = max(1, -(-len(losses) // 20))
    parts = [losses[at : at + length] for at in range(0, len(losses) - 5, length)]
    return [first] + [sum(part) / len(part) for part in parts] + [sum(losses[-5:]) / 5]


def train(tf, numpy, device):
    """The perceptron on one device; True if it worked. Soft placement is on: ``placed_on`` tells."""
    stage("first-operation")  # the first step compiles: kernels from PTX on a new GPU, the graph by XLA
    name = place(device)
    emit("begin", device=name, operation="keras")
    try:
        with tf.device(device):
            model, data = perceptron(tf), batches(numpy)
            emit("done", device=name, operation="keras", version=getattr(tf.keras, "__version__", None))
            emit("begin", device=name, operation="steps")
            emit("trained", device=name, **steps(model, data, name))
        return True
    except Exception as error:
        failed("steps", error, name)
        return False


def exact_float32(tf, wanted):
    """Switch TensorFloat-32 (10 bits of mantissa on Ampere and later) off for the comparison."""
    switch = getattr(tf.config.experimental, "enable_tensor_float_32_execution", None)  # from 2.4 on
    if switch:
        switch(not wanted)


def use(tf, names):
    """Operations on every device, the GPUs' numbers against the CPU's, then training."""
    import numpy

    begin = _clock()
    tf.config.set_soft_device_placement(False)
    exact_float32(tf, True)
    results = {}
    for device in names:
        if _clock() - begin > TURNS_SECONDS and len(names) > 2 and device != names[-1]:
            emit("skipped", device=place(device), reason="time")
            continue
        results[device] = operate(tf, numpy, device)
    for device in names[:-1]:
        compare(numpy, device, results.get(device, {}), results[names[-1]])
    exact_float32(tf, False)
    tf.config.set_soft_device_placement(True)
    trained = False
    for device in names:
        first, only_other = device == names[0], len(names) <= 2 or (device == names[-1] and not trained)
        if "matmul" in results.get(device, ()) and (first or only_other):
            trained = train(tf, numpy, device) or trained


def main():
    """The whole way."""
    show_python_frames_of_a_crash()
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    tf = import_tensorflow()
    operation = "build"
    try:
        tell_build(tf)
        wait_for_go()
        operation = "devices"
        stage("devices")
        found = physical_devices(tf)
        emit("devices", devices=None if found is None else [description(tf, device) for device in found])
        if int(tf.__version__.split(".")[0]) < 2:
            emit("training-skipped", reason="TensorFlow 1 is imported and not trained with")
        elif not ARGS.get("steps", True):
            emit("training-skipped", reason="--no-train")
        else:
            operation = "initialise"
            names = initialise(tf, found)
            operation = "use"
            use(tf, names)
    except Exception as error:
        failed(operation, error)


main()
