"""A rule as it stands in ``envcheck.pyz``: of its examples only the lines that a user is shown."""

from __future__ import annotations

import json
from collections.abc import Iterable

from .. import rule_file
from ..cause_page import seen
from ..model import RULE_LAYERS


def slim(name: str, text: str) -> str:
    """The file ``name``, ``cuda/cudnn-missing.toml``; what is no rule is returned as it is.

    The examples prove a rule to those who write it. A page about a cause shows the lines of their logs
    that tell it: these stay.
    """
    layer, _, file = name.partition("/")
    if layer not in RULE_LAYERS or not file.endswith(".toml"):
        return text
    cause, head = file[: -len(".toml")], rule_file.without_examples(text).rstrip() + "\n"
    whole = rule_file.parse(text, layer, cause, examples=True)
    shown = list(seen(whole))
    short = head + _examples(shown)
    if list(seen(rule_file.parse(short, layer, cause, examples=True))) == shown:
        return short
    # A pattern that spans lines needs all of them.
    logs = [example.log for example in whole.examples if example.log and example.fires is not False]
    return head + _examples(logs)


def _examples(logs: Iterable[str]) -> str:
    """Examples that hold a log and nothing else."""
    return "".join(f"\n[[example]]\nfires = true\nlog = {_string(log)}\n" for log in logs)


def _string(text: str) -> str:
    """A JSON string is a TOML string, too, but for one character that TOML wants written otherwise."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
