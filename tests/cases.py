"""``make cases``: the rules' own examples and files of cases, each explained; what is confused is listed.

    python -m tests.cases [CASE.json …]

A case is one JSON file: ``log``, what the reporter said of the machine (``os python tensorflow driver cuda
cudnn gpu``, null where not said), the true ``cause`` (``none``: nothing is wrong) and ``also_ok``, others
that an expert would accept first.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from envcheck import given, rulebook
from envcheck.explain import Explanation, explain
from envcheck.model import Known, Rule
from envcheck.search import Text

KEYS = ("os", "python", "tensorflow", "driver", "cuda", "cudnn", "gpu")


class Outcome(NamedTuple):
    """One text: what it is called, what it should be called by (the true cause first), what it was."""

    name: str
    expected: tuple[str, ...]
    named: str
    right: bool
    answer: Explanation


def first(answer: Explanation) -> str:
    """The cause that is named first; "undecided" where there is none."""
    serious = [found for found in answer.report.findings if found.severity != "notice"]
    for found in serious:
        return found.rule.cause
    for candidate in answer.candidates:
        return candidate.rule.cause
    for found in answer.report.findings:
        return found.rule.cause
    return "undecided"


def of_case(path: Path, rules: list[Rule]) -> Outcome:
    """One case file, explained as ``envcheck explain LOG --given …`` does."""
    case = json.loads(path.read_text("utf-8"))
    pairs = [f"{key}={case[key]}" for key in KEYS if case.get(key)]
    log = Text.of(case["log"])
    told, _ = given.options(pairs)
    answer = explain(log, given.together(log, told), rules)
    expected = (case["cause"], *case.get("also_ok", []))
    named = first(answer)
    return Outcome(path.stem, expected, named, _right(answer, expected, named), answer)


def _right(answer: Explanation, expected: tuple[str, ...], named: str) -> bool:
    if named in expected:
        return True
    severe = any(found.severity == "blocking" for found in answer.report.findings)
    return "none" in expected and not severe and not answer.candidates


def of_examples(rules: list[Rule]) -> Iterator[Outcome]:
    """Every firing example of a rule that has text."""
    for rule in rules:
        for number, example in enumerate(rule.examples, 1):
            if example.fires and example.log:
                told = {name: fact for name, fact in example.facts.items() if isinstance(fact, Known)}
                answer = explain(Text.of(example.log), told, rules)
                named = first(answer)
                yield Outcome(
                    f"{rule.cause} example {number}", (rule.cause,), named, named == rule.cause, answer
                )


def main(arguments: list[str]) -> int:
    """Print the matrix; 1 where something is confused."""
    paths = [Path(name) for name in arguments if not name.startswith("-")]
    rules = list(rulebook.load(examples=True))
    outcomes = [of_case(path, rules) for path in paths]
    if "--no-examples" not in arguments:
        outcomes += of_examples(rules)
    _print(outcomes, verbose="-v" in arguments)
    return 0 if all(outcome.right for outcome in outcomes) else 1


def _print(outcomes: list[Outcome], verbose: bool) -> None:
    confused = Counter((outcome.expected[0], outcome.named) for outcome in outcomes if not outcome.right)
    for (expected, named), number in sorted(confused.items()):
        print(f"{expected:36} named {named:36} {number}")
    for outcome in outcomes:
        if verbose or not outcome.right:
            print(_line(outcome))
    right = sum(outcome.right for outcome in outcomes)
    print(f"{right} of {len(outcomes)} right ({100 * right / max(1, len(outcomes)):.1f} %)")


def _line(outcome: Outcome) -> str:
    answer = outcome.answer
    found = [finding.rule.cause for finding in answer.report.findings]
    candidates = [candidate.rule.cause for candidate in answer.candidates]
    mark = "ok   " if outcome.right else "WRONG"
    wanted = "|".join(outcome.expected)
    return f"{mark} {outcome.name}: wanted {wanted}; findings {found}; candidates {candidates}"


if __name__ == "__main__":
    sys.exit(main([*sys.argv[1:]]))
