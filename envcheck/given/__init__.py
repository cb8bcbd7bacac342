"""What is told of a machine instead of being looked at: options, and what stands in a log.

``--given KEY=VALUE`` and the text itself become the same facts that the probes would give, as weak
as they are: what is not told stays unknown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from ..model import Known, Value, Wrong
from ..words import say
from . import answers, gpus, platforms, values
from .answers import Values
from .text import from_text
from .together import Facts, together

#: ``--given KEY``: the reader of its values. ``gpu`` is read apart, since it may be repeated.
KEYS: Mapping[str, Callable[[str], Values]] = {
    "python": values.python,
    "os": platforms.system,
    "tensorflow": values.tensorflow,
    "driver": values.driver,
    "cuda": values.cuda,
    "cudnn": values.cudnn,
    "gpu": lambda text: gpu_facts([text])[0],
    "numpy": values.package("python.numpy"),
    "keras": values.package("python.keras"),
    "protobuf": values.package("python.protobuf"),
    "pip": values.package("python.pip"),
    "arch": platforms.architecture,
    "glibc": values.package("platform.glibc"),
    "wsl": platforms.wsl,
    "container": platforms.container,
    "conda": values.conda,
}
#: Facts that a key stands for; the others are given by their own names.
_STANDS_FOR = {
    "hardware.gpus": "gpu",
    "hardware.amd_gpus": "gpu",
    "python.version": "python",
    "python.minor": "python",
    "python.numpy": "numpy",
    "python.keras": "keras",
    "python.protobuf": "protobuf",
    "python.pip": "pip",
    "platform.system": "os",
    "platform.distro": "os",
    "platform.architecture": "arch",
    "platform.glibc": "glibc",
    "platform.wsl": "wsl",
    "platform.container": "container",
    "driver.version": "driver",
    "cuda.toolkits": "cuda",
    "cuda.cudnn_version": "cudnn",
    "tensorflow.version": "tensorflow",
}
#: Keys whose words cannot be wrong: what is not understood of them is left out.
LENIENT = ("os", "gpu", "conda")


def options(pairs: Iterable[str], known: Iterable[str] = ()) -> tuple[Facts, list[str]]:
    """The facts of ``--given KEY=VALUE``, and the pairs that were not understood.

    ``known``: the names of all facts, which may be given as they are (``driver.version=460.32``).
    Raises :class:`Wrong` for a key that there is not, and for a version that is none.
    """
    facts: Facts = {}
    left: list[str] = []
    pairs = list(pairs)
    cards = [text for key, text in map(_pair, pairs) if key == "gpu"]
    for pair in pairs:
        key, text = _pair(pair)
        told = {} if key == "gpu" else _told(key, text, known)
        if not told and key != "gpu":
            left.append(pair)
        facts.update({name: Known(value, (f"--given {key}",)) for name, value in told.items()})
    for name in ("driver.version", "cuda.toolkits", "cuda.cudnn_version"):
        if name in facts and facts[name].value:  # who names CUDA or its driver wants a GPU
            facts["wanted.gpu"] = Known(1, facts[name].source)
    told, unread = gpu_facts(cards)
    if chip := next(filter(None, map(gpus.apple, cards)), None):
        told["hardware.cpu"] = chip
    facts.update({name: Known(value, ("--given gpu",)) for name, value in told.items()})
    return facts, left + [f"gpu={text}" for text in unread]


def key_of(fact: str) -> str:
    """What ``--given`` takes ``fact`` under: a key where there is one, else its own name."""
    return _STANDS_FOR.get(fact, fact)


def _pair(pair: str) -> tuple[str, str]:
    key, equals, text = pair.partition("=")
    if not equals or not text.strip():
        raise Wrong(say("--given {pair}: it is KEY=VALUE, as in --given python=3.11", pair=pair))
    return key.strip().lower(), text.strip()


def _told(key: str, text: str, known: Iterable[str]) -> Values:
    if "." in key:
        return _fact(key, text, known)
    if key not in KEYS:
        keys = ", ".join(KEYS)
        raise Wrong(
            say("--given {key}: unknown; it is one of {keys}, or the name of a fact", key=key, keys=keys)
        )
    try:
        return KEYS[key](text)
    except ValueError:
        if answers.is_vague(text) or key in LENIENT:
            return {}
        raise Wrong(say("--given {key}={value}: this is no version", key=key, value=text)) from None


def _fact(name: str, text: str, known: Iterable[str]) -> Values:
    if name not in known:
        raise Wrong(say("--given {name}: there is no such fact; docs/facts.md lists them all", name=name))
    try:
        return {name: json.loads(text) if text[:1] in '[{"tfn-' or text.isdigit() else text}
    except ValueError:
        return {name: text}


def gpu_facts(texts: list[str]) -> tuple[dict[str, Value], list[str]]:
    """``hardware.gpus`` and ``hardware.amd_gpus`` of GPUs by name, and the names that are unknown."""
    nvidia, amd, unread = gpus.read(texts)
    if not texts or (unread and not nvidia and not amd):
        return {}, unread
    cut: dict[str, Value] = {"driver.mig_gpus": state} if (state := gpus.mig(texts)) else {}
    return {"hardware.gpus": nvidia, "hardware.amd_gpus": amd, **cut}, unread


__all__ = ["KEYS", "Facts", "from_text", "gpu_facts", "key_of", "options", "together"]
