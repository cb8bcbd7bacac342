"""Two reports → what changed between them; what explains the failure stands first.

A change explains it where the root cause rests on it: its fact stands among those that the finding names, or
what changed is spoken of there, in a value, a place that was read, or the fix. The rest goes bottom-up.
Reports may come from strangers: nothing in them is relied on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .model import LAYER_NAMES, Value, Verdict

#: What is compared, and what tells its parts apart: None for a value as a whole, "" for a table by its keys,
#: else the field that a record is called by. A part's other fields that count follow.
COMPARED: Mapping[str, tuple[str, ...] | None] = {
    **dict.fromkeys((
        "platform.system", "platform.distro", "platform.distro_version", "platform.release",
        "platform.windows_build", "platform.macos_version", "platform.architecture", "platform.rosetta",
        "platform.libc", "platform.glibc", "platform.libstdcxx", "platform.vc_runtime",
        "platform.secure_boot", "platform.wsl", "platform.windows_driver", "platform.hypervisor",
        "platform.container", "platform.container_runtime", "platform.memory_gb",
        "platform.memory_limited_by", "platform.shm_mb", "hardware.cpu", "hardware.cores",
        "hardware.cpu_flags",
    )),
    "hardware.gpus": ("bus_id", "name", "memory_gb"),
    "hardware.amd_gpus": ("bus_id", "name", "memory_gb"),
    **dict.fromkeys((
        "hardware.nvswitches", "hardware.gpus_off_bus", "hardware.gpus_lost",
        "driver.version", "driver.module_version", "driver.library_version", "driver.module_flavour",
        "driver.module_on_disk", "driver.module_signer", "driver.kernel_modules", "driver.nouveau",
        "driver.libcuda", "driver.libcuda_compat", "driver.cuda", "driver.nodes", "driver.node_group",
        "driver.mig_gpus", "driver.fabric_manager",)),
    "cuda.toolkits": ("path", "version"),
    "cuda.libraries": ("soname", "path", "version"),
    **dict.fromkeys((
        "cuda.runtime_version", "cuda.cudnn_version", "cuda.nvcc", "cuda.ptxas",
        "python.version", "python.implementation", "python.bits", "python.machine", "python.free_threaded",
        "python.environment", "python.prefix", "python.base_prefix", "python.python_path",
    )),
    "python.packages": ("",),
    "python.shadow_paths": None,
    "tensorflow.environment": ("",),
    **dict.fromkeys((
        "wanted.gpu", "wanted.python", "wanted.tensorflow", "wanted.gpu_model", "wanted.memory_gb",
        "wanted.compute", "wanted.driver", "wanted.ram_gb", "wanted.disk_gb", "wanted.data", "wanted.hosts",
        "wanted.samples_per_s", "wanted.step_ms",
    )),
    "wanted.packages": ("",),
    "wanted.variables": ("",),
    "training.devices": ("device", "step_ms"),
}  # fmt: skip
#: Under what other names a rule may speak of a fact.
SAME: Mapping[str, tuple[str, ...]] = {
    "python.version": ("python.minor",),
    "driver.version": ("driver.branch", "driver.installed"),
    "hardware.gpus": ("hardware.gpu_count", "hardware.lowest_compute", "hardware.highest_compute"),
}
#: What nobody changes by hand: what made it so stands before it, from whatever layer.
EFFECTS = {
    "driver.module_version", "driver.kernel_modules", "driver.libcuda", "driver.libcuda_compat",
    "driver.nodes", "driver.node_group", "cuda.libraries", "cuda.runtime_version", "cuda.cudnn_version",
    "training.devices",
}  # fmt: skip
#: How far a speed, and memory, must be from what it was to count as another.
FASTER, MEMORY = 0.25, 0.05
_LAYERS = (*LAYER_NAMES, "wanted")
_PLACES = {fact: place for place, fact in enumerate(COMPARED)}
_PLACEHOLDER = re.compile(r"<([a-z][a-z -]*)-\d+>")
#: A text shorter than this says too little to be looked for elsewhere.
_TELLING = 4


class Side(NamedTuple):
    """One of the two reports. ``cause``, ``title``, ``layer``: of the root cause, "" where nothing failed."""

    created: str
    verdict: Verdict
    python: str
    cause: str = ""
    title: str = ""
    layer: str = ""


class Change(NamedTuple):
    """``fact`` is another than it was; ``part``: the package, variable, GPU or library, "" for the whole.

    ``before`` or ``after`` is None where there was, or is, none. ``weight``: 3 the root cause rests on it,
    2 it is spoken of there, 1 it is itself a sign of the failure, 0 it has nothing to do with it.
    """

    fact: str
    part: str
    before: Value
    after: Value
    weight: int = 0

    @property
    def layer(self) -> str:
        """The layer it belongs to."""
        return self.fact.partition(".")[0]


class Changes(NamedTuple):
    """All that is otherwise, what explains the failure first."""

    old: Side
    new: Side
    changes: tuple[Change, ...]


def is_report(told: Value) -> bool:
    """Whether it is a check's report that can be compared."""
    return (
        isinstance(told, dict)
        and told.get("schema") == "envcheck-report/1"
        and told.get("explanation") is None
        and told.get("verdict") in ("ready", "degraded", "blocked", "undecided")
        and isinstance(told.get("facts"), dict)
        and isinstance(told.get("findings"), list)
    )


def changes(old: Value, new: Value) -> Changes:
    """What changed from ``old`` to ``new``, two reports as JSON (``is_report``)."""
    before, after = _facts(old), _facts(new)
    root = _root(new) or _root(old)
    clue = _Clue(root, {name for name in _because(root) if _differ(before, after, name)})
    found = (*_compared(before, after), *_signs(before, after, root))
    weighed = sorted((change._replace(weight=clue.weight(change)) for change in found), key=_order)
    return Changes(_side(old), _side(new), tuple(weighed))


def _order(change: Change) -> tuple[int, bool, int, int, int, str]:
    """What explains it first, then its signs, then the rest; each bottom-up."""
    layer = _LAYERS.index(change.layer) if change.layer in _LAYERS else len(_LAYERS)
    effect = change.weight > 1 and change.fact in EFFECTS
    return -min(change.weight, 2), effect, layer, -change.weight, _PLACES.get(change.fact, 0), change.part


def _side(told: Mapping[str, Any]) -> Side:
    root = _root(told) or {}
    target = told.get("target")
    python = target.get("python") if isinstance(target, dict) else ""
    cause, title, layer = (_text(root.get(key)) for key in ("cause", "title", "layer"))
    return Side(_text(told.get("created")), told["verdict"], _text(python), cause, title, layer)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _root(told: Mapping[str, Any]) -> dict[str, Any] | None:
    """The root cause of what failed; None where nothing did."""
    if told["verdict"] not in ("blocked", "degraded"):
        return None
    found = told["findings"][0] if told["findings"] else None
    return found if isinstance(found, dict) and found.get("severity") != "notice" else None


def _because(root: Mapping[str, Any] | None) -> dict[str, Any]:
    told = (root or {}).get("because")
    facts = told if isinstance(told, dict) else {}
    return {name: fact for name, fact in facts.items() if isinstance(fact, dict) and "value" in fact}


def _facts(told: Mapping[str, Any]) -> dict[str, Value]:
    """The values that are known, those that the root cause rests on included."""
    facts = {**told["facts"], **_because(_root(told))}
    return {name: fact["value"] for name, fact in facts.items() if isinstance(fact, dict) and "value" in fact}


def _compared(before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterator[Change]:
    for fact, keys in COMPARED.items():
        if fact not in before or fact not in after:
            continue  # not looked at: nobody knows whether it changed
        if keys is None:
            if not _same(before[fact], after[fact], MEMORY if fact == "platform.memory_gb" else 0):
                yield Change(fact, "", before[fact], after[fact])
        else:
            yield from _parts(fact, _by_name(before[fact], keys), _by_name(after[fact], keys))


def _parts(fact: str, before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterator[Change]:
    speed = fact == "training.devices"
    for part in sorted({*before, *after}):
        old, new = before.get(part), after.get(part)
        if not (_same(old, new, FASTER if speed else 0) or (speed and None in (old, new))):
            yield Change(fact, part, old, new)


def _by_name(value: Value, keys: tuple[str, ...]) -> dict[str, Value]:
    """The parts of a table or a list of records; a record with one value that counts is that value."""
    if isinstance(value, dict) and not keys[0]:
        return {str(name): item for name, item in value.items()}
    named: dict[str, Value] = {}
    for record in value if isinstance(value, list) else ():
        if isinstance(record, dict):
            told = {key: record.get(key) for key in keys[1:] if record.get(key) is not None}
            if told or keys[0] == "path":
                named[str(record.get(keys[0]))] = told.get(keys[1]) if len(keys) == 2 else told
    return named


def _signs(
    before: Mapping[str, Value], after: Mapping[str, Value], root: Mapping[str, Any] | None
) -> Iterator[Change]:
    """The facts that the root cause rests on and that are not compared otherwise."""
    for name in _because(root):
        if name not in COMPARED and name != "log" and _differ(before, after, name):
            yield Change(name, "", before[name], after[name])


def _differ(before: Mapping[str, Value], after: Mapping[str, Value], name: str) -> bool:
    return name in before and name in after and not _same(before[name], after[name])


def _same(old: Value, new: Value, apart: float = 0) -> bool:
    """Whether two values say the same: order is chance, and so are the numbers of placeholders."""
    if apart and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in (old, new)):
        return bool(abs(new - old) <= apart * max(abs(old), 1e-9))
    return _plain(old) == _plain(new)


def _plain(value: Value) -> str:
    if isinstance(value, dict):
        return repr(sorted((key, _plain(item)) for key, item in value.items()))
    if isinstance(value, list):
        return repr(sorted(_plain(item) for item in value))
    return _PLACEHOLDER.sub(r"<\1>", value) if isinstance(value, str) else repr(value)


class _Clue:
    """What the root cause rests on. ``moved``: those of its facts that are otherwise now."""

    def __init__(self, root: Mapping[str, Any] | None, moved: set[str]) -> None:
        because = _because(root)
        self._because, self._moved = set(because), moved
        self._title = _text((root or {}).get("title")).lower()
        own = [because[name] for name in moved] or list(because.values())
        self._spoken = " ".join(texts(own)).lower()
        self._told = " ".join(texts([(root or {}).get(key) for key in ("title", "fixes")])).lower()
        self._sources = {source for fact in because.values() for source in texts(fact.get("source"))}

    def weight(self, change: Change) -> int:
        """See :class:`Change`."""
        if change.fact not in COMPARED:
            return 1
        if not change.part and self._because & {change.fact, *SAME.get(change.fact, ())}:
            return 3
        names = _names(change)
        if change.part and ({f"{change.layer}.{name}" for name in names} & self._moved):
            return 3
        if any(f"${name}" in self._sources for name in names):
            return 3
        return 2 if self._is_spoken_of(change, names) or self._brings_cuda(change) else 0

    def _brings_cuda(self, change: Change) -> bool:
        """Whether a library, or a package that brings one, is otherwise, and it is libraries that fail."""
        brings = change.fact == "cuda.libraries" or change.part.startswith("nvidia-")
        return brings and any(name.startswith("cuda.") for name in self._moved)

    def _is_spoken_of(self, change: Change, names: list[str]) -> bool:
        if any(name.startswith(("tensorflow", "tf_nightly")) for name in names):
            # Every cause speaks of TensorFlow: it counts where what follows from its version is otherwise.
            return any(name.startswith("tensorflow.") for name in self._moved)
        tail = change.fact.partition(".")[2].replace("_", " ")
        if not change.part and " " in tail and tail in self._title:
            return True
        looked_for = names if change.part else [*texts(change.before), *texts(change.after)]
        return any(
            _stands_in(text.lower(), where)
            for text in looked_for
            if len(text) >= _TELLING
            for where in (self._spoken, self._told)
        )


def _names(change: Change) -> list[str]:
    """What the part may be called: facts spell nvidia-cudnn-cu12 with underscores."""
    part = change.part
    return [part, part.lower().replace("-", "_")] if part else []


def _stands_in(text: str, where: str) -> bool:
    """As a word of its own: "keras" is not in "tf-keras", 6.8.0-4 not in 6.8.0-45."""
    return re.search(rf"(?<![\w-]){re.escape(text)}(?![\w-]|\.\d)", where) is not None


def texts(value: Value) -> Iterator[str]:
    """Every text in a JSON value, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)
