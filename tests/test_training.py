"""The layer training: what the child's events mean."""

from __future__ import annotations

from typing import Any

import pytest

from envcheck.model import NoAnswer
from envcheck.probes import training

GPU, CPU = "/device:GPU:0", "/device:CPU:0"


def begin(device: str, operation: str) -> dict[str, Any]:
    return {"event": "begin", "device": device, "operation": operation}


def done(device: str, operation: str) -> dict[str, Any]:
    return {"event": "done", "device": device, "operation": operation, "ms": 1.0, "placed_on": device}


def failed(device: str | None, operation: str, *message: str) -> dict[str, Any]:
    fields = {"exception": "InternalError", "message": list(message), "frames": []}
    return {"event": "failed", "device": device, "operation": operation, **fields}


def compared(operation: str, error: Any, device: str = GPU) -> dict[str, Any]:
    return {"event": "compared", "device": device, "operation": operation, "error_rel": error}


def operations(device: str) -> list[dict[str, Any]]:
    names = ("add", "matmul", "convolution")
    return [event for name in names for event in (begin(device, name), done(device, name))]


def trained(device: str, loss: Any = (2.9, 0.1), placed_on: str | None = None) -> list[dict[str, Any]]:
    figures = {"steps": 100, "step_ms": 2.0, "samples_per_s": 64000, "first_step_s": 0.5}
    return [
        begin(device, "keras"),
        done(device, "keras"),
        begin(device, "steps"),
        {"event": "first-step", "device": device, "seconds": 0.5, "loss": loss[0]},
        {
            "event": "trained",
            "device": device,
            "loss": list(loss),
            "placed_on": placed_on or device,
            **figures,
        },
    ]


RIGHT = [compared("matmul", 3e-7), compared("convolution", 4e-7)]
LISTED = [{"event": "imported"}, {"event": "devices"}]
END = {"event": "end"}


class Machine:
    """A host whose training child told ``events``."""

    def __init__(self, *events: dict[str, Any], log: str = "", **ended: Any) -> None:
        kind = {"kind": "exited", "code": 0, "signal": None, "stage": "steps", "seconds": 5.0, **ended}
        text = {"head": log, "tail": "", "bytes": len(log)}
        self._child = {"events": [*LISTED, *events], "log": text, "ended": kind}

    def child(self, name: str) -> Any:
        assert name == "train"
        return self._child


FACTS: dict[str, Any] = {
    "tensorflow.import_outcome": "ok",
    "tensorflow.devices_outcome": "ok",
    "tensorflow.devices_error": None,
    "tensorflow.devices": [{"name": GPU, "bus_id": "0000:01:00.0"}, {"name": CPU, "bus_id": None}],
}


def facts(host: Machine, gpu: int = 1, **given: Any) -> dict[str, Any]:
    """The facts that training's facts follow from, worked out in order."""
    known = {**FACTS, "wanted.gpu": gpu, **given}
    known["training.devices"] = training.devices(host, known)  # type: ignore[arg-type]
    known["training.succeeded"] = training.succeeded(known)
    return known


HEALTHY = [*operations(GPU), *operations(CPU), *RIGHT, *trained(GPU), *trained(CPU), END]


def test_a_healthy_gpu() -> None:
    host = Machine(*HEALTHY)
    known = facts(host)
    first, second = known["training.devices"]
    assert (first["device"], first["bus_id"], first["kind"]) == (GPU, "0000:01:00.0", "GPU")
    assert (first["outcome"], first["stage"], first["error"]) == ("ok", "steps", None)
    assert (first["matmul_ok"], first["conv_ok"]) == (True, True)
    assert first["matmul_error_rel"] == 3e-7 and first["conv_error_rel"] == 4e-7
    assert (second["kind"], second["matmul_ok"], second["matmul_error_rel"]) == ("CPU", True, None)
    assert known["training.succeeded"] is True
    assert training.outcome(host, known) == "ok" and training.stage(host, known) == "steps"
    assert training.placed_on(known) == GPU and training.differs(known) is None
    assert training.first_step_s(known) == 0.5 and training.step_ms(known) == 2.0
    assert training.errors(host, known) == [] and training.error(host, known) is None


def test_a_healthy_cpu() -> None:
    host = Machine(*operations(CPU), *trained(CPU), END)
    known = facts(host, gpu=0)
    assert known["training.succeeded"] is True
    assert facts(host, gpu=1)["training.succeeded"] is False


@pytest.mark.parametrize(
    ("events", "works"),
    [
        (trained(GPU, loss=(2.0, 2.0)), False),
        (trained(GPU, loss=(2.0, 2.5)), False),
        (trained(GPU, loss=(2.0, "nan")), False),
        (trained(GPU, loss=("inf", 1.0)), False),
        (trained(GPU, placed_on=CPU), False),
        (trained(GPU)[:-1], False),
        (trained(GPU), True),
    ],
)
def test_what_counts_as_success(events: list[dict[str, Any]], works: bool) -> None:
    host = Machine(*operations(GPU), *operations(CPU), *RIGHT, *events, END)
    assert facts(host)["training.succeeded"] is works


def test_without_its_convolution_a_gpu_has_not_succeeded() -> None:
    events = [*operations(GPU)[:-1], failed(GPU, "convolution", "DNN library is not found.")]
    host = Machine(*events, *operations(CPU), compared("matmul", 1e-7), *trained(GPU), END)
    known = facts(host)
    assert known["training.succeeded"] is False
    assert training.outcome(host, known) == "exception"
    assert training.stage(host, known) == "convolution"
    assert training.error(host, known) == "InternalError: DNN library is not found."


@pytest.mark.parametrize("error", [0.2, "nan", "inf", 0.0011])
def test_numbers_that_differ(error: Any) -> None:
    wrong = [compared("matmul", error), compared("convolution", 4e-7)]
    host = Machine(*operations(GPU), *operations(CPU), *wrong, *trained(GPU), END)
    known = facts(host)
    (found,) = training.differs(known) or []
    assert (found["device"], found["bus_id"]) == (GPU, "0000:01:00.0")
    assert found["matmul_error_rel"] == (error if isinstance(error, float) else None)
    assert known["training.succeeded"] is False


def test_an_operation_that_failed_is_no_difference() -> None:
    events = [*operations(GPU)[:3], failed(GPU, "matmul", "No blas support for stream")]
    known = facts(Machine(*events, *operations(CPU), END))
    assert training.differs(known) is None
    assert known["training.devices"][0]["matmul_ok"] is False


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [({"kind": "signal", "signal": "SIGABRT"}, "signal"), ({"kind": "timeout"}, "timeout"), ({}, "exit")],
)
def test_a_device_that_takes_the_process_along(ended: dict[str, Any], outcome: str) -> None:
    log = "F0000 00:00:1.5   11 a.cc:1] Check failed: no kernel image\nFatal Python error: Aborted\n"
    host = Machine(*operations(GPU)[:5], log=log, **{"stage": "convolution", **ended})
    known = facts(host)
    (device,) = known["training.devices"]
    assert (device["outcome"], device["stage"]) == (outcome, "convolution")
    assert (device["matmul_ok"], device["conv_ok"]) == (True, False)
    assert training.error(host, known) == "Check failed: no kernel image"
    assert training.errors(host, known) == ["Check failed: no kernel image"]
    assert training.signal(host, known) == ended.get("signal")


def test_a_runtime_that_does_not_start() -> None:
    host = Machine(failed(None, "initialise", "cudaGetDevice() failed."), END)
    known = facts(host)
    assert known["training.devices"] == [] and known["training.succeeded"] is False
    assert training.outcome(host, known) == "exception"
    assert training.stage(host, known) == "first-operation"
    assert training.error(host, known) == "InternalError: cudaGetDevice() failed."
    host = Machine(kind="timeout", stage="devices")
    known = facts(host)
    assert training.outcome(host, known) == "timeout" and training.error(host, known) is None


def test_a_list_that_fails_is_the_outcome() -> None:
    host = Machine()
    known = {**facts(host), "tensorflow.devices_outcome": "signal", "tensorflow.devices_error": "x"}
    assert training.outcome(host, known) == "signal"
    assert (training.stage(host, known), training.error(host, known)) == ("devices", "x")


def test_of_several_wanted_gpus_all_compute_and_one_is_trained() -> None:
    other = "/device:GPU:1"
    both = [*operations(GPU), *operations(other), *operations(CPU), *RIGHT, *trained(GPU), END]
    assert facts(Machine(*both), gpu=2)["training.succeeded"] is True
    assert facts(Machine(*both), gpu=3)["training.succeeded"] is False
    one = [*operations(GPU), *operations(other)[:3], failed(other, "matmul", "x"), *operations(CPU)]
    host = Machine(*one, *RIGHT, *trained(GPU), END)
    assert facts(host, gpu=1)["training.succeeded"] is True
    known = facts(host, gpu=2)
    assert known["training.succeeded"] is False
    assert training.error(host, known) == "InternalError: x"


def test_a_cpu_that_is_wanted_may_be_outdone_by_a_gpu() -> None:
    """With several GPUs the CPU is not trained: where no GPU is wanted any device will do."""
    events = [*operations(GPU), *operations(CPU), *RIGHT, *trained(GPU), END]
    assert facts(Machine(*events), gpu=0)["training.succeeded"] is True


def test_training_on_the_wrong_device_is_told() -> None:
    host = Machine(*operations(GPU), *operations(CPU), *RIGHT, *trained(GPU, placed_on=CPU), END)
    known = facts(host)
    assert training.placed_on(known) == CPU
    assert training.outcome(host, known) == "ok"


def test_a_tensor_core_wide_difference_is_rounding() -> None:
    right = [compared("matmul", 9e-4), compared("convolution", 9e-4)]
    host = Machine(*operations(GPU), *operations(CPU), *right, *trained(GPU), END)
    assert facts(host)["training.succeeded"] is True


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"event": "training-skipped", "reason": "TensorFlow 1"}, "TensorFlow 1"),
        ({"event": "training-skipped", "reason": "--no-train"}, "--no-train"),
    ],
)
def test_training_that_was_not_to_be(event: dict[str, Any], reason: str) -> None:
    with pytest.raises(NoAnswer) as no:
        training.devices(Machine(event, END), FACTS)  # type: ignore[arg-type]
    assert no.value.kind == "skipped" and no.value.values["reason"] == reason


def test_without_an_import_there_is_no_training() -> None:
    with pytest.raises(NoAnswer) as no:
        training.devices(Machine(), {**FACTS, "tensorflow.import_outcome": "signal"})  # type: ignore[arg-type]
    assert no.value.kind == "skipped"


def test_errors_are_lines_each_once_without_tracebacks() -> None:
    log = (
        "E0000 00:00:1.5   11 cuda_blas.cc:196] failed to create cublas handle: not initialized\n"
        "E0000 00:00:1.6   11 cuda_blas.cc:196] failed to create cublas handle: not initialized\n"
        "I0000 00:00:1.7   11 port.cc:153] oneDNN\n"
    )
    message = ["Traceback (most recent call last):", '  File "x.py", line 1', "No BLAS for stream."]
    host = Machine(begin(GPU, "matmul"), failed(GPU, "matmul", *message), END, log=log)
    assert training.errors(host, facts(host)) == [  # type: ignore[arg-type]
        "No BLAS for stream.",
        "failed to create cublas handle: not initialized",
    ]
