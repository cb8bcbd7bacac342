"""What happened, in the words of who was there: stages, diagnosis with evidence, the log without noise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..model import Finding, Report
from .machine import seen

#: The stages of the examination, and what each tries.
STAGES = {
    "import": "import tensorflow",
    "devices": "list the devices",
    "first-operation": "a matrix product",
    "convolution": "a convolution and its gradient",
    "steps": "training steps with Keras",
}
MOST_LINES, MOST_TITLE = 60, 120
#: Where a value is: addresses and the like make a title that nobody finds again.
_PARTICULAR = re.compile(r"0x[0-9a-f]+|/job:\S*|\{\{[^}]*\}\}\s*|(?<=\s)\S*[/\\]\S+")


def failed(report: Report) -> bool:
    """Whether TensorFlow was tried and failed, rather than not looked at."""
    imported = seen(report.facts, "tensorflow.import_outcome")
    return imported not in (None, "ok") or seen(report.facts, "training.succeeded") is False


def errors(report: Report) -> list[str]:
    """What TensorFlow said where it failed, the exception first."""
    facts = report.facts
    said = [seen(facts, "tensorflow.import_error"), seen(facts, "tensorflow.devices_error")]
    return [str(line) for line in (*said, *(seen(facts, "training.errors") or [])) if line]


def only_keras_failed(report: Report) -> bool:
    """Whether all of TensorFlow's own operations worked, and the training step of Keras did not."""
    devices = seen(report.facts, "training.devices") or []
    broken = [device for device in devices if device.get("outcome") != "ok"]
    return bool(broken) and all(
        device.get("stage") == "steps" and device.get("matmul_ok") and device.get("conv_ok")
        for device in broken
    )


def title(report: Report, log: str | None) -> str:
    """One line that another who has the same would search for."""
    version = seen(report.facts, "tensorflow.version")
    said = (_last_error(log) if log else None) or next(iter(errors(report)), None)
    if said is None and report.findings:
        said = report.findings[0].rule.title.en
    what = " ".join(_PARTICULAR.sub("", said or "TensorFlow does not work as expected").split())
    start = f"TF {version}: " if version else ""
    return (start + what)[:MOST_TITLE].rstrip(" :,;")


def _last_error(log: str) -> str | None:
    """The exception's line of a traceback, or the last line that names an error."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[\w.]*(?:Error|Exception|Interrupt)\b", line)]
    return next(reversed(named or [line for line in lines if "rror" in line]), None)


def happened(report: Report, log: str | None) -> str:
    """Markdown: what was seen, what was tried and how far it came, and the diagnosis with its evidence."""
    said = errors(report)
    first = [f"`{line}`" for line in said[:1]] if said and not log else []
    parts = [
        *first,
        "**What was tried** (each in a process of its own, by envcheck):\n\n" + "\n".join(_tried(report)),
        _diagnosis(report),
    ]
    return "\n\n".join(part for part in parts if part)


def _tried(report: Report) -> Iterator[str]:
    imported = seen(report.facts, "tensorflow.import_outcome")
    yield f"- import tensorflow: {_outcome(imported)}"
    if imported != "ok":
        return
    names = [device.get("name") for device in seen(report.facts, "tensorflow.devices") or []]
    listed = seen(report.facts, "tensorflow.devices_outcome")
    yield f"- list the devices: {_outcome(listed)}" + (f" ({', '.join(map(str, names))})" if names else "")
    for device in seen(report.facts, "training.devices") or []:
        yield f"- {device.get('device')}: {_reached(device)}"


def _outcome(outcome: Any) -> str:
    return {"ok": "works", None: "not tried"}.get(outcome, f"fails ({outcome})")


def _reached(device: dict[str, Any]) -> str:
    if device.get("outcome") == "ok":
        wrong = [
            name
            for name, key in (("matrix product", "matmul_ok"), ("convolution", "conv_ok"))
            if device.get(key) is False
        ]
        return f"numbers differ from the CPU's: {', '.join(wrong)}" if wrong else "computes and trains"
    stage = STAGES.get(str(device.get("stage")), str(device.get("stage")))
    error = f": `{device['error']}`" if device.get("error") else ""
    return f"fails at {stage}{error}"


def _diagnosis(report: Report) -> str:
    told = [finding for finding in report.findings if finding.severity != "notice"]
    if not told:
        return "**Diagnosis**: no known cause fits." if report.verdict == "undecided" else ""
    return "**Diagnosis**\n\n" + "\n".join(line for finding in told for line in _finding(finding))


def _finding(finding: Finding) -> Iterator[str]:
    yield f"- {finding.rule.title.en} (`{finding.rule.cause}`)"
    for name, fact in finding.because.items():
        value = getattr(fact, "value", None)
        if value not in (None, [], ""):
            yield f"  - {name} = `{value}` ({', '.join(fact.source[:1]) or 'derived'})"


def log(report: Report) -> str:
    """The telling lines of TensorFlow's own log, without the harmless ones."""
    harmless = [
        str(getattr(fact, "value", ""))
        for finding in report.findings
        if finding.rule.layer == "notice"
        for name, fact in finding.because.items()
        if name == "log"
    ]
    lines = [*errors(report), *map(str, seen(report.facts, "tensorflow.log") or [])]
    return "\n".join(line for line in dict.fromkeys(lines) if line not in harmless)[: MOST_LINES * 400]
