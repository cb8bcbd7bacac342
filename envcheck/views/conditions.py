"""The conditions of a rule in words: a fact, what must hold of it, and what it is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..model import Block, Condition, Value
from ..operators import is_condition, is_reference
from ..words import mark, say
from .document import Line, joined, prose
from .patterns import readable

#: Operator → the sentence where it must hold, and where it must not.
SENTENCES: Mapping[str, tuple[str, str]] = {
    "is": (mark("{fact} is {value}"), mark("{fact} is not {value}")),
    "in": (mark("{fact} is one of {value}"), mark("{fact} is none of {value}")),
    "matches": (mark("{fact} matches {value}"), mark("{fact} does not match {value}")),
    "below": (mark("{fact} is below {value}"), mark("{fact} is not below {value}")),
    "at_least": (mark("{fact} is at least {value}"), mark("{fact} is not at least {value}")),
    "within": (mark("{fact} is within {value}"), mark("{fact} is not within {value}")),
    "has": (mark("{fact} contains {value}"), mark("{fact} does not contain {value}")),
}
ENTRY = (mark("{fact} has an entry for which {value}"), mark("{fact} has no entry for which {value}"))
PRESENT = (mark("there is {fact}"), mark("there is no {fact}"))
EMPTY = (mark("{fact} is empty"), mark("{fact} is not empty"))
FILLED = (mark("{fact} has an entry"), mark("{fact} has no entry"))
SAYS = (mark("the log says {texts}"), mark("the log says nowhere {texts}"))
#: Patterns of one line on text that are shown where not all are asked for.
SHORT = 8


def sentence(condition: Condition, whole: bool = False) -> Line:
    """One condition in the language in use. ``whole``: every pattern of a line on text."""
    if condition.fact == "log":
        return prose(_log(condition, whole))
    return prose(_test(condition.fact, condition.test, True))


def together(block: Block) -> Line:
    """A whole block as one Line: all of its conditions."""
    return prose(_all(_told(condition) for condition in block))


def any_of(blocks: Iterable[Block]) -> str:
    """Blocks of which one must hold, in one sentence."""
    ways = ("".join(span.text for span in together(block)) for block in blocks)
    return joined(ways, say(" or "))


def _told(condition: Condition) -> str:
    if condition.fact == "log":
        return _log(condition, False)
    return _test(condition.fact, condition.test, True)


def _all(sentences: Iterable[str]) -> str:
    return joined(sentences, say(" and "))


def _log(condition: Condition, whole: bool) -> str:
    texts = list(
        dict.fromkeys(text for pattern in condition.test for text in readable(pattern) or (pattern,))
    )
    shown = texts if whole or len(texts) <= SHORT + 1 else texts[:SHORT]
    told = say(SAYS[condition.absent], texts=joined(map(_code, shown), say(" or ")))
    left = len(texts) - len(shown)
    return told + (say(" or one of {number} more", number=left) if left else "")


def _test(fact: str, test: Value, positive: bool) -> str:
    """What must hold (``positive``) or must not hold of the fact, or of the field, ``fact``."""
    if not isinstance(test, dict) or is_reference(test):
        return _compared(fact, "is", test, positive)
    if positive or len(test) == 1:
        return _all(_operator(fact, name, operand, positive) for name, operand in test.items())
    return say("not at once: {conditions}", conditions=_test(fact, test, True))


def _operator(fact: str, name: str, operand: Value, positive: bool) -> str:
    if name == "not":
        return _test(fact, operand, not positive)
    if name == "present":
        return say(PRESENT[operand is not positive], fact=_code(fact))
    if name == "has" and operand == {"present": True}:
        return say(FILLED[not positive], fact=_code(fact))
    if name == "has" and isinstance(operand, dict) and not is_reference(operand):
        return say(ENTRY[not positive], fact=_code(fact), value=_entry(operand))
    return _compared(fact, name, operand, positive)


def _entry(operand: Mapping[str, Value]) -> str:
    if is_condition(operand):
        return _test(say("it"), operand, True)
    return _all(_test(field, test, True) for field, test in operand.items())


def _compared(fact: str, name: str, operand: Value, positive: bool) -> str:
    if operand == []:
        return say(EMPTY[not positive], fact=_code(fact))
    value = joined(readable(str(operand)), " | ") if name == "matches" else ""
    shown = _code(value) if value else _operand(operand)
    return say(SENTENCES[name][not positive], fact=_code(fact), value=shown)


def _operand(operand: Value) -> str:
    if is_reference(operand):
        return _code(operand["fact"])
    if isinstance(operand, list):
        return joined(map(_operand, operand), say(", "))
    if isinstance(operand, bool):
        return _code(say("yes") if operand else say("no"))
    return _code(f"{operand:g}" if isinstance(operand, float) else str(operand) or '""')


def _code(text: str) -> str:
    """Between back-ticks, which :func:`~.document.prose` reads."""
    return "`" + text.replace("`", "'") + "`"
