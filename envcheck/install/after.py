"""The machine as it will be once a release is installed, so that the rules can say what will be wrong.

pip takes the newest of everything that a wheel's own requirements admit. What the rules find in such an
environment is what the plan has to pin, or what has to be done before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ..diagnose import judge
from ..given.follow import follow
from ..match import match
from ..model import Facts, Finding, Known, Rule, Text, Value
from ..operators import within
from ..tables import requirement
from ..tables.files import Row
from .machine import Machine, minor, value

#: Facts of the machine and of the shell that stay as they are, by layer or by name.
_STAY = ("platform.", "hardware.", "driver.", "wanted.")
_STAY_TOO = ("tensorflow.environment", "tensorflow.cuda_visible_devices", "tensorflow.hidden_by")
#: What is true of the examined Python, and of an environment that is made from it.
_OWN = (
    "executable",
    "bits",
    "implementation",
    "machine",
    "free_threaded",
    "start",
    "start_error",
    "start_culprit",
)
#: What a Python that is newly fetched is.
_NEW: Mapping[str, Value] = {"bits": 64, "implementation": "cpython", "free_threaded": False, "start": "ok"}
_NUMPY, _CUDNN = ("numpy", "protobuf", "keras"), "nvidia-cudnn-"
_NOTHING = {"tensorflow.installed": False, "tensorflow.version": None, "tensorflow.distribution": None}
#: The rules on a Python that is the wrong build for its machine.
_UNFIT = ("rosetta-x86-python", "python-32-bit")
#: Layers in which a cause lies before anything is installed.
_BELOW = ("platform", "hardware")
#: Stands for a version newer than all there are.
NEWEST = "9999"
_INVENTED = re.compile(rf" ?(\d+\.)*{NEWEST}(?!\d)")
_UPPER = re.compile(r"(~=|==|<=|<)\s*([\w.]+)")


def told(facts: Facts, machine: Machine) -> dict[str, Known]:
    """What is known of the machine without anything installed."""
    names = [name for name in facts if name.startswith(_STAY) or name in _STAY_TOO]
    names += [f"python.{name}" for name in _OWN] if machine.own else []
    kept = {name: fact for name in names if isinstance(fact := facts.get(name), Known)}
    new = {} if machine.own else {f"python.{name}": each for name, each in _NEW.items()}
    new.update({"python.version": machine.python, "python.minor": minor(machine.python)})
    kept.update({name: Known(each) for name, each in new.items() if each is not None})
    if not machine.compute:
        kept["wanted.gpu"] = Known(0, ("--cpu",))
    return kept


def before(facts: Facts, machine: Machine, row: Row) -> Facts:
    """An environment without TensorFlow, for which ``row`` was chosen."""
    return follow(
        {**told(facts, machine), **_known({**_NOTHING, "tensorflow.newest_fitting": row["version"]})}
    )


def wrong_python(facts: Facts, machine: Machine, rules: Iterable[Rule]) -> Finding | None:
    """Why the examined Python can take no wheel at all, whatever the release: a rule of ``_UNFIT``."""
    if not machine.own:
        return None
    empty = follow({**told(facts, machine), **_known(_NOTHING)})
    return next(iter(findings([rule for rule in rules if rule.cause in _UNFIT], empty)), None)


def after(
    facts: Facts, machine: Machine, row: Row, distribution: str = "tensorflow", **outcome: Value
) -> Facts:
    """An environment in which pip has installed the release, with the newest of all that it asks for.

    ``outcome``: how its import ends, where that is supposed: ``import_outcome="signal"``.
    """
    installed: dict[str, Value] = {
        **{f"tensorflow.{name}": each for name, each in outcome.items()},
        "tensorflow.installed": True,
        "tensorflow.distribution": distribution,
        "tensorflow.version": row["version"],
        "python.prefix": value(facts, "python.prefix") or "",  # there is one, wherever it will be
        "cuda.loaded": "all",
        "cuda.unusable": [],
        "cuda.conflicts": [],
    }
    for package in _NUMPY:
        newest = newest_admitted(requirement(row, package, machine.python))
        installed[f"python.{package}"] = newest
    cudnn = next((each for each in row["extras"] if each.startswith(_CUDNN)), "")
    name = re.split(r"[<>=!~]", cudnn)[0]
    installed["cuda.cudnn_package"] = name or None
    installed["cuda.cudnn_version"] = newest_admitted(cudnn[len(name) :]) if name else None
    installed.update(_libraries(facts, row))
    return follow({**told(facts, machine), **_known(installed)})


def _libraries(facts: Facts, row: Row) -> dict[str, Value]:
    """A release without the extra and-cuda finds no CUDA library, unless the same release does so already."""
    bundled = any(each.startswith("nvidia-") for each in row["extras"])
    there = value(facts, "tensorflow.version") == row["version"] and value(facts, "cuda.absence") == "nothing"
    if bundled or there or not row["cuda"]:
        return {}
    return {"cuda.loaded": "none", "cuda.absence": "all", "cuda.other_cuda": None}


def _known(values: Mapping[str, Value]) -> dict[str, Known]:
    return {name: Known(each) for name, each in values.items()}


def newest_admitted(specifier: str | None) -> str | None:
    """The newest version that a specifier admits, as far as its bounds tell: ``"<2.0.0"`` → ``"1.9999"``."""
    if specifier is None:
        return None
    bounds = [(relation, version) for relation, version in _UPPER.findall(specifier)]
    found = [_highest(relation, version) for relation, version in bounds]
    fitting = [version for version in found if within(version, specifier)]
    return fitting[0] if fitting else NEWEST


def without_newest(text: Text) -> Text:
    """A rule's sentence without the versions that only stand for the newest."""
    return Text(_INVENTED.sub("", text.en), text.zh and _INVENTED.sub("", text.zh))


def _highest(relation: str, version: str) -> str:
    if relation == "~=":
        return f"{version.rpartition('.')[0]}.{NEWEST}"
    return _just_below(version) if relation == "<" else version


def _just_below(version: str) -> str:
    """``"13.0"`` → ``"12.9999"``, ``"2.2.0"`` → ``"2.1.9999"``."""
    numbers = [int(part) for part in re.findall(r"\d+", version)]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return ".".join(map(str, [*numbers[:-1], numbers[-1] - 1, NEWEST])) if numbers else NEWEST


def findings(rules: Iterable[Rule], facts: Facts) -> tuple[Finding, ...]:
    """What the rules say of such an environment, the root causes only, worst first."""
    by_cause = {rule.cause: rule for rule in rules}
    matches = {cause: match(rule, facts) for cause, rule in by_cause.items()}
    return judge(matches, facts, by_cause, None).findings


def to_blame(rules: Iterable[Rule], crashed: Facts) -> tuple[Finding, ...]:
    """What of the machine itself would be to blame for a crash: a processor without AVX."""
    return findings([rule for rule in rules if rule.layer in _BELOW], crashed)
