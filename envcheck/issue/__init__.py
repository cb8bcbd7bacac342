"""Report → Issue: what a tracker's form asks, filled in from what was found out.

The text is English whatever the language in use: that is what the people who read it share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..model import Report
from . import behaviour, machine, script
from .trackers import NAMES, Tracker, tracker

#: What a field of code may hold, in characters; the whole body of an issue may have 65,536
#: (https://github.com/orgs/community/discussions/27190).
MOST_LOG, MOST_CODE, MOST_BODY = 12_000, 16_000, 65_000


class Attached(NamedTuple):
    """What the user adds: the text of their script, and of their log."""

    script: str | None = None
    log: str | None = None


class Issue(NamedTuple):
    """An issue that could be opened: ``texts`` and ``picks`` by the id of the field.

    ``worth``: "bug" (it looks like one), "environment" (the cause is on this machine), "ready" (all is
    well here), "unclear" (too much could not be looked at).
    """

    tracker: Tracker
    worth: str
    title: str
    texts: Mapping[str, str]
    picks: Mapping[str, str]


def compose(report: Report, to: str = "auto", attached: Attached | None = None) -> Issue:
    """The issue that ``report`` would make. ``to``: "tensorflow", "keras" or "auto"."""
    added = attached or Attached()
    chosen = tracker(to if to in NAMES else _where(report, added))
    texts = {
        **machine.texts(report.facts),
        "versions": machine.table(report.facts),
        "what-happened": behaviour.happened(report, added.log),
        "code-to-reproduce": _shortened(added.script or script.standalone(report.facts), MOST_CODE),
        "logs": _shortened(added.log or behaviour.log(report), MOST_LOG),
    }
    wanted = {field.id for field in chosen.fields}
    return Issue(
        chosen,
        worth(report),
        behaviour.title(report, added.log),
        {name: text for name, text in texts.items() if name in wanted and text},
        {name: pick for name, pick in machine.picks(report, added.script).items() if name in wanted},
    )


def worth(report: Report) -> str:
    """Whether a tracker can help; see :class:`Issue`."""
    if report.verdict == "blocked":
        return "bug" if report.findings[0].rule.bug else "environment"
    if report.verdict == "undecided":
        return "bug" if behaviour.failed(report) else "unclear"
    return "ready"


def body(issue: Issue) -> str:
    """All of it as one text in Markdown, as a form makes it of its fields; within GitHub's limit."""
    return _shortened("\n\n".join(_parts(issue)) + "\n", MOST_BODY)


def _parts(issue: Issue) -> list[str]:
    parts = []
    for field in issue.tracker.fields:
        text = issue.picks.get(field.id) or issue.texts.get(field.id)
        if text:
            shown = _fenced(text, field.id) if field.form == "code" else text
            parts.append(f"### {field.title}\n\n{shown}")
    return parts


def _fenced(text: str, name: str) -> str:
    ticks = "```" if "```" not in text else "````"
    return f"{ticks}{'python' if name.startswith('code') else 'text'}\n{text}\n{ticks}"


def _where(report: Report, added: Attached) -> str:
    """Keras where TensorFlow's own operations worked and Keras's step did not, or its files are named."""
    said = "\n".join([added.log or "", *behaviour.errors(report)])
    in_keras = "/keras/src/" in said.replace("\\", "/") or behaviour.only_keras_failed(report)
    return "keras" if in_keras else "tensorflow"


def _shortened(text: str, most: int) -> str:
    """The beginning and the end, where the text is longer than ``most`` characters."""
    if len(text) <= most:
        return text
    half = most // 2 - 40
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters left out …]\n{text[-half:]}"
