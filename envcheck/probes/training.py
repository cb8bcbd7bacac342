"""The layer training: real operations and a real training step on each device that TensorFlow sees."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..formats import children, tf_log
from ..host import Host
from ..model import NoAnswer, Value
from .tensorflow.importing import telling_line

Record = dict[str, Value]

#: Relative error (Frobenius norm) above which a GPU's numbers are wrong. float32 without TensorFloat-32
#: stays below 1e-5 for these sizes; Winograd convolutions lose a digit or two; a broken GPU is off by far.
TOLERANCE = 1e-3
#: What DESIGN.md calls the stages, of an operation.
_STAGES = {"add": "first-operation", "matmul": "first-operation", "convolution": "convolution"}
#: What is no message in the messages of exceptions.
_DROPPED = ("Traceback", "  File ")


def devices(host: Host, facts: Mapping[str, Value]) -> Value:
    """Each device that was tried, in turn, and how far it came; [] where listing them failed.

    A list of {device "/device:GPU:0", bus_id, kind GPU | CPU, stage reached, outcome ok | exception |
    signal | timeout | …, error, matmul_ok, matmul_error_rel, conv_ok, conv_error_rel (against the CPU's
    numbers; None where it did not come to it), first_step_s, step_ms, samples_per_s, loss (a list, from
    first to last), placed_on, steps (all None where it was not trained)}.

    How: envcheck -v
    """
    child = _tried(host, facts)
    names = list(dict.fromkeys(str(event["device"]) for event in children.events(child, "begin")))
    buses = {d["name"]: d["bus_id"] for d in facts.get("tensorflow.devices") or []}
    return [_device(child, name, buses.get(name), is_last=name == _at_work(child)) for name in names]


def _tried(host: Host, facts: Mapping[str, Value]) -> children.Child:
    """The training child's dict, if it was to train."""
    if facts["tensorflow.import_outcome"] != "ok":
        raise NoAnswer("skipped", "no step was tried: TensorFlow cannot be imported")
    child = host.child("train")
    skipped = children.first(child, "training-skipped")
    if skipped:
        raise NoAnswer("skipped", "no step was tried: {reason}", reason=skipped["reason"])
    if children.death(child) == children.STOPPED:
        raise NoAnswer("failed", "the time for the whole run was over")
    return child


def _at_work(child: children.Child) -> Value:
    begun = children.last(child, "begin")
    return begun["device"] if begun else None


def _device(child: children.Child, name: str, bus_id: str | None, is_last: bool) -> Record:
    death = children.death(child) if is_last else None
    failure = children.first(child, "failed", device=name)
    trained = children.first(child, "trained", device=name) or {}
    return {
        "device": name,
        "bus_id": bus_id,
        "kind": name.split(":")[1],
        "stage": _stage(child, name, failure),
        "outcome": death or ("exception" if failure else "ok"),
        "error": _error(child, failure, death),
        **_operation(child, name, "matmul", "matmul"),
        **_operation(child, name, "convolution", "conv"),
        "first_step_s": (children.first(child, "first-step", device=name) or {}).get("seconds"),
        **{key: trained.get(key) for key in ("step_ms", "samples_per_s", "loss", "placed_on", "steps")},
    }


def _stage(child: children.Child, name: str, failure: children.Event | None) -> str:
    """The stage of the first failure, else the last that was begun."""
    event = failure or children.last(child, "begin", device=name) or {}
    return _STAGES.get(str(event.get("operation")), "steps")


def _error(child: children.Child, failure: children.Event | None, death: str | None) -> str | None:
    if failure:
        return telling_line(failure)
    if death is None:
        return None
    return children.last_words(tf_log.plain(children.log(child)))


def _operation(child: children.Child, device: str, operation: str, prefix: str) -> Record:
    """Whether an operation worked and, on a GPU, gave the CPU's numbers."""
    begun = children.first(child, "begin", device=device, operation=operation)
    done = children.first(child, "done", device=device, operation=operation)
    compared = children.first(child, "compared", device=device, operation=operation)
    error = _finite(compared["error_rel"]) if compared else None
    wrong = compared is not None and not (error is not None and error <= TOLERANCE)
    worked = None if begun is None else done is not None and not wrong
    return {f"{prefix}_ok": worked, f"{prefix}_error_rel": error}


def _finite(number: Value) -> float | None:
    """A number, or None for NaN and infinity, which the child sends as text."""
    return float(number) if isinstance(number, (int, float)) and math.isfinite(number) else None


def trains(device: Record) -> bool:
    """Whether a device passed everything: numbers right, placed there, loss finite and falling."""
    loss = [_finite(value) for value in device["loss"] or [None, None]]
    falls = loss[0] is not None and loss[-1] is not None and loss[-1] < loss[0]
    return computes(device) and falls and device["placed_on"] == device["device"]


def computes(device: Record) -> bool:
    """Whether the matrix product and the convolution worked there and gave the right numbers."""
    return bool(device["matmul_ok"] and device["conv_ok"])


def succeeded(facts: Mapping[str, Value]) -> Value:
    """Whether training worked on the wanted device: placed there, loss falling, all numbers right.

    Of several wanted GPUs one is trained, and all compute a matrix product and a convolution.

    How: envcheck
    """
    found = facts["training.devices"]
    gpus = [device for device in found if device["kind"] == "GPU"]
    wanted = facts["wanted.gpu"]
    if not wanted:
        return any(trains(device) for device in found)
    return any(trains(device) for device in gpus) and sum(computes(device) for device in gpus) >= wanted


def _judged(facts: Mapping[str, Value]) -> Record | None:
    """The device that counts: of the wanted kind, the first that failed, else the one that was trained."""
    found: list[Record] = facts["training.devices"]
    wanted = [device for device in found if device["kind"] == "GPU" or not facts["wanted.gpu"]]
    if facts["training.succeeded"]:
        return next(device for device in wanted if trains(device))
    broken = [device for device in wanted if device["outcome"] != "ok" or not computes(device)]
    return next(iter(broken or wanted or found), None)


def outcome(host: Host, facts: Mapping[str, Value]) -> Value:
    """How training ended on the wanted device: "ok", "exception", "signal", "timeout", "exit" or "flood".

    Where it did not begin, how listing the devices ended; ok: it came to its end, on whatever device.

    How: envcheck
    """
    listing = facts["tensorflow.devices_outcome"]
    return listing if listing != "ok" else _of_device(host, facts, "outcome")


def _of_device(host: Host, facts: Mapping[str, Value], field: str) -> Value:
    device = _judged(facts)
    return (device or _without_device(_tried(host, facts)))[field]


def _without_device(child: children.Child) -> Record:
    """The same fields where TensorFlow's runtime did not even start on the devices that it had listed."""
    failures = (children.first(child, "failed", operation=name) for name in ("initialise", "use"))
    failure = next((event for event in failures if event), None)
    death = None if failure else children.death(child)
    return {
        "outcome": "exception" if failure else death,
        "error": _error(child, failure, death),
        "stage": "first-operation",
    }


def error(host: Host, facts: Mapping[str, Value]) -> Value:
    """What was said where training failed on the wanted device; None where it did not fail.

    How: envcheck
    """
    return facts["tensorflow.devices_error"] or _of_device(host, facts, "error")


def errors(host: Host, facts: Mapping[str, Value]) -> Value:
    """What was said where training failed: the exceptions' lines and TensorFlow's errors; [] where it worked.

    How: envcheck -v
    """
    child = _tried(host, facts)
    if not children.first(child, "failed") and children.death(child) is None:
        return []
    said = [str(line) for event in children.events(child, "failed") for line in _words(event)]
    logged = [line.text for line in tf_log.lines(children.log(child)) if line.severity in ("E", "F")]
    return [line for line in dict.fromkeys([*said, *logged]) if not line.startswith(_DROPPED)][-40:]


def _words(failure: children.Event) -> list[Value]:
    cause = failure.get("cause")
    return [*failure["message"], *([cause] if cause else [])]


def signal(host: Host, facts: Mapping[str, Value]) -> Value:
    """The signal that killed the process while it computed or trained, "SIGABRT"; None where none did.

    How: envcheck
    """
    child = _tried(host, facts)
    return children.signal(child) if children.first(child, "devices") else None


def stage(host: Host, facts: Mapping[str, Value]) -> Value:
    """The stage reached on the wanted device: "devices", "first-operation", "convolution", "steps".

    How: envcheck
    """
    return "devices" if facts["tensorflow.devices_outcome"] != "ok" else _of_device(host, facts, "stage")


def placed_on(facts: Mapping[str, Value]) -> Value:
    """The device on which the training step really ran, "/device:GPU:0"; None where no step was finished.

    How: envcheck
    """
    found = facts["training.devices"]
    return next((device["placed_on"] for device in found if device["placed_on"]), None)


def differs(facts: Mapping[str, Value]) -> Value:
    """The GPUs whose numbers differ from the CPU's by more than rounding: a list of {device, bus_id,
    matmul_error_rel, conv_error_rel}; None where there are none.

    How: envcheck -v
    """
    fields = ("device", "bus_id", "matmul_error_rel", "conv_error_rel")
    found = [device for device in facts["training.devices"] if device["outcome"] == "ok" and _wrong(device)]
    return [{field: device[field] for field in fields} for device in found] or None


def _wrong(device: Record) -> bool:
    return device["kind"] == "GPU" and False in (device["matmul_ok"], device["conv_ok"])


def first_step_s(facts: Mapping[str, Value]) -> Value:
    """How long the first training step took on the wanted device, in seconds; None where it was not finished.

    How: envcheck
    """
    device = _judged(facts)
    return device and device["first_step_s"]


def step_ms(facts: Mapping[str, Value]) -> Value:
    """How long a steady training step takes on the wanted device, in milliseconds; None: none was finished.

    How: envcheck
    """
    device = _judged(facts)
    return device and device["step_ms"]


def samples_per_s(facts: Mapping[str, Value]) -> Value:
    """Images per second in steady training on the wanted device; None where no step was finished.

    How: envcheck
    """
    device = _judged(facts)
    return device and device["samples_per_s"]


FACTS = (
    devices,
    succeeded,
    outcome,
    error,
    errors,
    signal,
    stage,
    placed_on,
    differs,
    first_step_s,
    step_ms,
    samples_per_s,
)
