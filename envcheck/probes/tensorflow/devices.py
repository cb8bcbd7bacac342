"""What TensorFlow lists: not yet a sign of health, only a first operation is."""

from __future__ import annotations

from collections.abc import Mapping

from ...formats import children, tf_log
from ...host import Host
from ...model import NoAnswer, Value
from .importing import telling_line


def _child(host: Host, facts: Mapping[str, Value]) -> children.Child:
    if facts["tensorflow.import_outcome"] != "ok":
        raise NoAnswer("skipped", "TensorFlow cannot be imported")
    return host.child("train")


def devices(host: Host, facts: Mapping[str, Value]) -> Value:
    """The devices TensorFlow lists: a list of {name "/device:GPU:0", type, bus_id, description, compute}.

    None where it could not list them. Of a device that it did not open, the bus id is that of the GPU at
    this place of CUDA's order.

    How: python -c "import tensorflow as tf; print(tf.config.list_physical_devices())"
    """
    event = children.first(_child(host, facts), "devices")
    if not event or event["devices"] is None:
        return None
    gpus = [device["name"] for device in event["devices"] if device["type"] == "GPU"]
    guesses = dict(zip(gpus, facts.get("driver.usable_gpus") or [])) if gpus else {}
    opened = tf_log.created_devices(children.log(host.child("train")))
    return [
        _device(device, opened.get(device["name"], {}), guesses.get(device["name"]))
        for device in event["devices"]
    ]


def _device(device: dict[str, Value], opened: Mapping[str, str], guess: str | None) -> Value:
    return {
        "name": device["name"],
        "type": device["type"],
        "bus_id": opened.get("bus_id", guess),
        "description": device["description"] or opened.get("name"),
        "compute": device["compute"] or opened.get("compute"),
    }


def gpu_count(facts: Mapping[str, Value]) -> Value:
    """How many GPUs TensorFlow lists.

    How: python -c "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"
    """
    found = facts["tensorflow.devices"]
    if found is None:
        raise NoAnswer("skipped", "TensorFlow did not list its devices")
    return sum(device["type"] == "GPU" for device in found)


def devices_outcome(host: Host, facts: Mapping[str, Value]) -> Value:
    """How listing the devices ended: "ok", "exception", "signal", "timeout", "exit" or "flood".

    That a device is listed does not say that it works.

    How: python -c "import tensorflow as tf; tf.config.list_physical_devices()"
    """
    child = _child(host, facts)
    if children.first(child, "devices"):
        return "ok"
    if children.death(child) == children.STOPPED:
        raise NoAnswer("failed", "the time for the whole run was over")
    return "exception" if _failure(child) else children.death(child)


def _failure(child: children.Child) -> children.Event | None:
    found = (children.first(child, "failed", operation=name) for name in ("build", "devices"))
    return next((event for event in found if event), None)


def devices_error(host: Host, facts: Mapping[str, Value]) -> Value:
    """What TensorFlow said where listing its devices failed; None where it worked.

    How: python -c "import tensorflow as tf; tf.config.list_physical_devices()"
    """
    child = _child(host, facts)
    failure = _failure(child)
    if failure:
        return telling_line(failure)
    if facts["tensorflow.devices_outcome"] == "ok":
        return None
    return children.last_words(tf_log.plain(children.log(child)))


def devices_signal(host: Host, facts: Mapping[str, Value]) -> Value:
    """The signal that killed the process while TensorFlow listed its devices, "SIGABRT"; None where none did.

    How: python -c "import tensorflow as tf; tf.config.list_physical_devices()"; echo $?
    """
    child = _child(host, facts)
    return children.signal(child) if facts["tensorflow.devices_outcome"] == "signal" else None


FACTS = (devices, gpu_count, devices_outcome, devices_error, devices_signal)
