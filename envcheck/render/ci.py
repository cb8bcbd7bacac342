"""Report → what CI systems read: JUnit's XML, and the commands of GitHub Actions.

Sources: the schema that GitLab (docs.gitlab.com, "Unit test reports") and Jenkins' junit plugin read;
docs.github.com, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

from .. import install
from ..model import Finding, LayerResult, Report, Severity
from ..views import report as views
from ..words import pick, say
from . import plain

#: GitHub shows ten annotations of a kind for a step; more would hide the worst in the crowd.
MOST_ANNOTATIONS = 10
#: A step summary may have 1 MiB; more is refused as a whole.
MOST_SUMMARY = 1024 * 1024 - 1024
LEVELS: Mapping[Severity, str] = {"blocking": "error", "degraded": "warning", "notice": "notice"}


# --- JUnit ---------------------------------------------------------------------------------------


def junit(report: Report) -> str:
    """A test case per layer, one more per finding beyond a layer's first, and one per skipped cause."""
    suite = ElementTree.Element("testsuite", name="envcheck", timestamp=report.created.rstrip("Z"))
    before = 0.0
    for result in report.layers:
        taken = max(0.0, (result.seconds or before) - before)
        before = result.seconds or before
        _layer(suite, result, report, taken)
    for each in report.skipped:
        case = _case(suite, f"{each.rule.layer}: {each.rule.cause}")
        ElementTree.SubElement(case, "skipped", message=_text(": ".join(views.skipped(each))))
    cases = list(suite)
    for name, tag in (("tests", None), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        number = sum(tag is None or case.find(tag) is not None for case in cases)
        suite.set(name, str(number))
    suite.set("time", f"{before:.3f}")
    suites = ElementTree.Element("testsuites", {k: v for k, v in suite.attrib.items() if k != "timestamp"})
    suites.append(suite)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"
    )


def _layer(suite: ElementTree.Element, result: LayerResult, report: Report, seconds: float) -> None:
    case = _case(suite, result.layer, f"{seconds:.3f}")
    told = [found for found in report.findings if found.rule.layer == result.layer]
    wrong = [found for found in told if _fails(found, report)]
    for place, found in enumerate(wrong):
        if place:
            case = _case(suite, f"{result.layer}: {found.rule.cause}")
        failure = ElementTree.SubElement(
            case, "failure", message=_text(f"{found.rule.cause}: {pick(found.rule.title)}"), type=result.layer
        )
        failure.text = _text("\n".join(_explained(found, report)))
    if not wrong:
        _unless_wrong(case, result, report, [found for found in told if found.severity == "degraded"])


def _case(suite: ElementTree.Element, name: str, time: str = "0") -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname="envcheck", name=name, time=time)


def _fails(found: Finding, report: Report) -> bool:
    return found.severity == "blocking" or (report.strict and found.severity == "degraded")


def _unless_wrong(
    case: ElementTree.Element, result: LayerResult, report: Report, worse: list[Finding]
) -> None:
    if result.status == "unknown":
        ElementTree.SubElement(case, "error", message=_text(say("could not be decided")), type=result.layer)
    elif result.status == "skipped":
        ElementTree.SubElement(case, "skipped", message=_text(say("not looked at")))
    elif result.status == "blocked" and report.findings:
        why = say("explained by {cause}", cause=report.findings[0].rule.cause)
        ElementTree.SubElement(case, "skipped", message=_text(why))
    elif worse:
        ElementTree.SubElement(case, "system-out").text = _text(
            "\n".join(line for found in worse for line in _explained(found, report))
        )


def _explained(found: Finding, report: Report) -> Iterator[str]:
    yield pick(found.rule.title)
    yield pick(found.rule.why)
    for fix in found.fixes[:1]:
        yield say("Fix: ") + pick(fix.do)
        yield from install.commands(fix.packages, report.facts, report.target)
        yield from fix.run


def _text(text: str) -> str:
    """Text that XML 1.0 can hold: it has no word for most control characters, nor for U+FFFE and U+FFFF."""
    kept = plain.escape(text).replace("\ufffe", "?").replace("\uffff", "?")
    return "".join("?" if "\ud800" <= char <= "\udfff" else char for char in kept)


# --- GitHub Actions ------------------------------------------------------------------------------


def github(report: Report, verdict: str) -> str:
    """Annotations, worst first; ``verdict`` is the sentence for a run that no finding explains."""
    told = [_annotation(found, report) for found in report.findings if found.rule.layer != "notice"]
    if report.verdict == "undecided":
        told.insert(0, f"::error title=envcheck::{_data(verdict)}")
    shown = told[:MOST_ANNOTATIONS]
    return "".join(line + "\n" for line in shown) or f"::notice title=envcheck::{_data(verdict)}\n"


def _annotation(found: Finding, report: Report) -> str:
    title = f"{found.rule.cause}: {pick(found.rule.title)}"
    text = "\n".join(list(_explained(found, report))[1:])
    return f"::{LEVELS[found.severity]} title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    """One line, whatever it holds: so nothing in it can begin a command of its own."""
    return plain.escape(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def outputs(report: Report, verdict: str) -> str:
    """The lines for ``$GITHUB_OUTPUT``: verdict, cause, exit-code, summary (one sentence)."""
    cause = report.findings[0].rule.cause if report.findings and report.verdict != "ready" else ""
    values = {
        "verdict": report.verdict,
        "cause": cause,
        "exit-code": str(report.exit_code),
        "summary": verdict,
    }
    return "".join(_output(name, value) for name, value in values.items())


def _output(name: str, value: str) -> str:
    """Between marks that nobody can guess, so that no value can name another output."""
    mark = f"envcheck-{secrets.token_hex(8)}"
    return f"{name}<<{mark}\n{plain.escape(value)}\n{mark}\n"


def summary(page: str) -> str:
    """``page`` (Markdown) as a step summary: cut where GitHub would refuse it."""
    data = page.encode()
    if len(data) <= MOST_SUMMARY:
        return page
    return data[:MOST_SUMMARY].decode("utf-8", "ignore").rpartition("\n")[0] + "\n"
