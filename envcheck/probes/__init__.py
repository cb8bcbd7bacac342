"""Facts: each is a function whose name is its address, worked out once and on demand.

A layer registers its functions in ``FACTS``; ``def version(host)`` in the layer ``driver`` is the
fact ``driver.version``. A function takes ``host`` (it looks), ``facts`` (it follows from others), or
both; it returns one JSON value or raises :class:`NoAnswer`. It never prints and never judges.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, cast

from ..host import Host
from ..model import LAYER_NAMES, Fact, Known, NoAnswer, Unknown, Value

Probe = Callable[..., Value]

#: Children that are started before the first fact is asked for, the slowest first.
EARLY = ("train", "inventory", "nvml", "libcuda")
#: Commands that every check on such a system asks, started as early.
EARLY_COMMANDS = {"Linux": (("getconf", "GNU_LIBC_VERSION"), ("dmesg",))}


def layers() -> dict[str, tuple[Probe, ...]]:
    """Each layer's probes, bottom-up."""
    return {name: import_module(f"{__name__}.{name}").FACTS for name in LAYER_NAMES}


def registry() -> dict[str, Probe]:
    """Every probe under its fact's name, ``wanted.*`` included."""
    from .. import requirements

    probes = {f"{layer}.{_name(probe)}": probe for layer, found in layers().items() for probe in found}
    probes.update({f"wanted.{_name(probe)}": probe for probe in requirements.FACTS})
    return probes


def _name(probe: Probe) -> str:
    return probe.__name__.rstrip("_")


class _Because(NoAnswer):
    """A fact could not be worked out since another, unknown one is needed."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.kind, unknown.sentence, **unknown.values)


class Collected(Mapping[str, Fact]):
    """The facts of one host. Each is worked out when it is first asked for."""

    def __init__(
        self, host: Host, probes: Mapping[str, Probe], given: Mapping[str, Fact] | None = None
    ) -> None:
        """``given`` facts (what the user wants, or says) are taken as they are."""
        self.host = host
        self._probes = probes
        self._facts: dict[str, Fact] = dict(given or {})
        self._pending: list[str] = []

    def __getitem__(self, name: str) -> Fact:
        if name not in self._facts:
            self._facts[name] = self._work_out(name)
        return self._facts[name]

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys([*self._probes, *self._facts])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def so_far(self) -> dict[str, Fact]:
        """The facts that are settled; the others are Unknown of the kind ``pending``."""
        return {name: self._facts.get(name, Unknown("pending", "not looked at yet")) for name in self}

    def _work_out(self, name: str) -> Fact:
        if name not in self._probes:
            raise KeyError(name)
        if name in self._pending:
            circle = " → ".join([*self._pending[self._pending.index(name) :], name])
            return Unknown("bug", "facts that need each other: {circle}", values={"circle": circle})
        self._pending.append(name)
        inherited = _Inherited(self)
        with self.host.noting() as notes:
            fact: Fact
            try:
                fact = self._call(self._probes[name], inherited, notes)
            except NoAnswer as no:
                fact = Unknown(no.kind, no.sentence, inherited.sources(notes), no.values)
            except Exception:  # one broken probe costs one fact, and its traceback stands in the report
                import traceback

                trace = traceback.format_exc()
                fact = Unknown("bug", "{traceback}", inherited.sources(notes), {"traceback": trace})
        self._pending.pop()
        return fact

    def _call(self, probe: Probe, inherited: _Inherited, notes: list[str]) -> Known:
        wanted = probe.__code__.co_varnames[: probe.__code__.co_argcount]
        offered: dict[str, Any] = {"host": self.host, "facts": inherited}
        value = probe(**{name: offered[name] for name in wanted})
        # What the user wants has a source of its own: an option, a line of a file, or "auto".
        return value if isinstance(value, Known) else Known(value, inherited.sources(notes))


class _Inherited:
    """What a probe sees as ``facts``: values; an Unknown passes through; sources are inherited."""

    def __init__(self, facts: Collected) -> None:
        self._facts = facts
        self._sources: list[str] = []

    def __getitem__(self, name: str) -> Value:
        fact = self._facts[name]
        self._sources.extend(fact.source)
        if isinstance(fact, Unknown):
            raise _Because(fact)
        return fact.value

    def get(self, name: str, default: Value = None) -> Value:
        """The value, or ``default`` where it is unknown."""
        try:
            return self[name]
        except _Because:
            return default

    def sources(self, notes: list[str]) -> tuple[str, ...]:
        """What the probe itself looked at, then what the facts it used rest on; once each."""
        return tuple(dict.fromkeys([*notes, *self._sources]))


def collect(facts: Collected) -> Iterator[tuple[str, float]]:
    """Work out all facts, bottom-up; yield each layer, once settled, with the seconds since the start.

    The children are started first. The training child may touch a device only after the driver's
    inventory is done: it must not report its own memory as another's.
    """
    begin = time.monotonic()
    _start_early(facts.host)
    for layer, probes in layers().items():
        if layer == "hardware":
            begin_libraries(facts)
        if layer == "cuda":
            _let_train(facts)
            _work_out_layer(facts, "python", layers()["python"])  # while the libraries are being opened
        _work_out_layer(facts, layer, probes)
        yield layer, round(time.monotonic() - begin, 3)
    for name in facts:
        facts[name]


def _start_early(host: Host) -> None:
    for name in EARLY:
        host.start(name)
    try:
        commands = EARLY_COMMANDS.get(host.system, ())
    except NoAnswer:
        return  # a recording that does not say whose it is
    for command in commands:
        host.start_run(command)


def _work_out_layer(facts: Collected, layer: str, probes: tuple[Probe, ...]) -> None:
    for probe in probes:
        facts[f"{layer}.{_name(probe)}"]


def begin_libraries(facts: Collected) -> None:
    """Start the child that opens the CUDA libraries: as soon as the inventory tells which."""
    from . import cuda

    try:
        cuda.begin(facts.host, cast("Mapping[str, Value]", _Inherited(facts)))
    except NoAnswer:
        pass  # the facts themselves will say why


def _let_train(facts: Collected) -> None:
    support = facts["tensorflow.gpus_run"]
    facts.host.release("train", slow=isinstance(support, Known) and support.value == "ptx-jit")


__all__ = ["EARLY", "Collected", "Probe", "begin_libraries", "collect", "layers", "registry"]
