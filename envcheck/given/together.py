"""All that is told of a machine, and what a log tells in the light of what else is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..model import Known
from ..search import Text
from . import outcome
from .text import from_text

Facts = dict[str, Known]

#: pip names the wheel that it refuses; made for this very Python and for Windows, it minds the 32 bits.
_REFUSED = r"-cp(\d)(\d{1,2})-cp\w+-win_amd64\.whl is not a supported wheel"


def together(log: Text, given: Mapping[str, Known], here: Mapping[str, Known] | None = None) -> Facts:
    """All that is told: options over the log over this machine; and what the log tells in their light."""
    shown = from_text(log)
    facts = {**(here or {}), **shown, **given}
    for name, read in _IN_THAT_LIGHT.items():
        if name not in facts and (fact := read(facts, shown, log)):
            facts[name] = fact
    return facts


def _bits(facts: Facts, _: Facts, log: Text) -> Known | None:
    system, version = facts.get("platform.system"), facts.get("python.version")
    if not version or (system and system.value != "Windows"):
        return None
    for number, found in log.all(_REFUSED):
        if f"{version.value}.".startswith(f"{found[1]}.{found[2]}."):
            return Known(32, (f"line {number}", *version.source))
    return None


def _import_outcome(facts: Facts, _: Facts, log: Text) -> Known | None:
    """Where packages overwrite each other's files, an import that ends in the middle failed."""
    both = facts.get("tensorflow.overlapping")
    cut = both and both.value and outcome.is_cut_import(log.body)
    return Known("exception", both.source) if both and cut else None


def _rosetta(facts: Facts, shown: Facts, _: Text) -> Known | None:
    """A Python for Intel's processors in the log, and Apple's own processor told of."""
    system, seen = facts.get("platform.system"), shown.get("platform.architecture")
    if not system or system.value != "Darwin" or not seen or seen.value != "x86_64":
        return None
    chip, machine = facts.get("hardware.cpu"), facts.get("platform.architecture")
    if chip and str(chip.value).startswith("Apple M"):
        return Known(True, chip.source)
    return Known(True, machine.source) if machine and machine.value == "arm64" else None


#: Each fact is read where nobody told it, from all that is told, from what the log shows, and from the log.
_IN_THAT_LIGHT: Mapping[str, Callable[[Facts, Facts, Text], Known | None]] = {
    "python.bits": _bits,
    "tensorflow.import_outcome": _import_outcome,
    "platform.rosetta": _rosetta,
}
