"""Every rule file: complete, in both languages, right on its own examples, quiet on all others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from envcheck import rule_file, rulebook
from envcheck.conditions import asked
from envcheck.diagnose import explained
from envcheck.match import any_block, fixes, match
from envcheck.model import LAYER_NAMES, RULE_LAYERS, Block, Rule, Text, Wrong
from envcheck.places import PLACE, bare

FOLDER = Path(__file__).parent.parent / "rules"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def files() -> list[Path]:
    return sorted(path for path in FOLDER.glob("*/*.toml") if path.parent.name in RULE_LAYERS)


def read(path: Path) -> Rule:
    return rule_file.parse(path.read_text("utf-8"), path.parent.name, path.stem, examples=True)


@cache
def rules() -> dict[str, Rule]:
    """All rules with their examples; a broken one is the business of one test alone."""
    found = {}
    for path in files():
        with suppress(Wrong):
            found[path.stem] = read(path)
    return found


def each() -> list[Any]:
    return [pytest.param(rule, id=f"{rule.layer}/{cause}") for cause, rule in rules().items()]


def texts(rule: Rule) -> Iterator[tuple[str, Text]]:
    yield "title", rule.title
    yield "why", rule.why
    for number, fix in enumerate(rule.fixes, 1):
        yield f"fix[{number}].do", fix.do


def commands(rule: Rule) -> list[str]:
    return [line for fix in rule.fixes for line in (*fix.packages, *fix.run, *fix.verify)]


@pytest.mark.parametrize("path", files(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_rule_file_can_be_read(path: Path) -> None:
    assert read(path).cause == path.stem


def test_the_product_reads_all_rule_files_and_the_same_rules_without_examples() -> None:
    read_by_product = {rule.cause: rule._asdict() for rule in rulebook.load()}
    assert read_by_product == {cause: {**rule._asdict(), "examples": ()} for cause, rule in rules().items()}
    assert len(read_by_product) == len(files())


@pytest.mark.parametrize("rule", each())
def test_texts_stand_in_both_languages(rule: Rule) -> None:
    for key, text in texts(rule):
        assert text.zh, f"{key}_zh is missing"
        assert CHINESE.search(text.zh), f"{key}_zh is not Chinese"
        assert not CHINESE.search(text.en), f"{key} is not English"
        assert set(PLACE.findall(text.en)) == set(PLACE.findall(text.zh)), f"{key}: other facts in Chinese"


@pytest.mark.parametrize("rule", each())
def test_a_rule_says_what_to_do(rule: Rule) -> None:
    assert rule.fixes or rule.layer == "notice"


@pytest.mark.parametrize("rule", each())
def test_a_log_alone_gets_a_fix(rule: Rule) -> None:
    found = fixes(rule, {})
    assert 1 <= len(found) <= 6  # without any fact: where machines differ, one for each
    assert all(fix.on for fix in found) or not any(fix.on for fix in found)


@pytest.mark.parametrize("rule", each())
def test_each_fix_has_commands_and_can_be_checked_afterwards(rule: Rule) -> None:
    for fix in () if rule.layer == "notice" else rule.fixes:
        assert fix.run or fix.packages, fix.do.en
        assert fix.verify, fix.do.en


@pytest.mark.parametrize("rule", each())
def test_links_are_safe_to_follow(rule: Rule) -> None:
    assert all(re.fullmatch(r"https://[^\s]+\.[^\s]+", link) for link in rule.links)


@pytest.mark.parametrize("rule", each())
def test_parts_that_may_be_missing_name_a_fact_and_leave_a_whole_sentence(rule: Rule) -> None:
    texts = (rule.title, rule.why, *(fix.do for fix in rule.fixes))
    for text in (text for both in texts for text in both if text and "[[" in text):
        least = bare(text)
        assert not re.search(r"\[\[[^\[]*\{[a-z]+\.", least)
        odd = re.search(r" [.,;:](?!\w)|  |[;；，,：:]$|\(\)|（）|。；|，。", least)
        assert least == text or not odd


@pytest.mark.parametrize("rule", each())
def test_a_rule_has_examples_of_both_kinds(rule: Rule) -> None:
    outcomes = [example.fires for example in rule.examples]
    assert outcomes.count(True) >= 2, "fewer than two examples fire"
    assert len(outcomes) - outcomes.count(True) >= 2, "fewer than two examples are silent"
    assert False in outcomes, "no example is exactly false"


@pytest.mark.parametrize("rule", each())
def test_a_rule_that_reads_logs_has_real_ones_among_its_examples(rule: Rule) -> None:
    """Two that fire and two that do not, with the lines beside the telling one that real logs have."""
    reads = [block for block in rule.when if any(condition.fact == "log" for condition in block)]
    real = [example.fires for example in rule.examples if beside(reads, example.log or "") >= 2]
    assert not reads or real.count(True) >= 2, "fewer than two logs that fire"
    assert not reads or len(real) - real.count(True) >= 2, "fewer than two logs that are silent"


def beside(blocks: list[Block], log: str) -> int:
    """How many lines no pattern finds by itself; 0 where there are fewer than three lines."""
    patterns = [tuple(line for line in block if line.fact == "log") for block in blocks]
    lines = [line for line in log.splitlines() if line.strip()]
    found = [line for line in lines if any_block(patterns, {}, line).outcome]
    return len(lines) - len(found) if len(lines) >= 3 else 0


@pytest.mark.parametrize("rule", each())
def test_examples_come_out_as_they_say(rule: Rule) -> None:
    for number, example in enumerate(rule.examples, 1):
        found = match(rule, example.facts, example.log)
        assert found.outcome is example.fires, f"example {number}: {found}"


@pytest.mark.parametrize("rule", each())
def test_every_block_is_reached_by_an_example(rule: Rule) -> None:
    """Else a typing error in a block that is never yes would go unnoticed."""
    firing = [example for example in rule.examples if example.fires]
    for number, block in enumerate(rule.when, 1):
        alone = Rule(**{**rule._asdict(), "when": (block,)})
        reached = any(match(alone, example.facts, example.log).outcome for example in firing)
        assert reached, f"no firing example for when[{number}]"


@pytest.mark.parametrize("rule", each())
def test_no_other_rule_fires_on_its_examples(rule: Rule) -> None:
    """Unless one explains the other: then there is still one root. Real logs have harmless lines, too."""
    for number, example in enumerate(rule.examples, 1):
        others = rules().values() if example.fires else ()
        fired = {other.cause for other in others if match(other, example.facts, example.log).outcome}
        harmless = {other for other in fired if rules()[other].layer == "notice" != rule.layer}
        for other in fired - harmless - {rule.cause}:
            assert related(rule.cause, other), f"{other} fires on example {number}"


def related(one: str, other: str) -> bool:
    weights = {cause: rule.severity for cause, rule in rules().items()}
    pair = {one, other}
    return other in explained(one, rules(), weights, pair) or one in explained(other, rules(), weights, pair)


#: Causes whose rules are still to be written, and which others may already explain.
TO_COME: set[str] = set()


@pytest.mark.parametrize("rule", each())
def test_causes_that_a_rule_names_exist(rule: Rule) -> None:
    """A name with a typing error would explain nothing, in silence."""
    named = {*rule.explains, *rule.symptom_of} - {*rules(), *TO_COME} - ({*LAYER_NAMES} & {*rule.symptom_of})
    assert not named, f"explains or symptom_of: there is no rule {sorted(named)}"


def test_what_is_still_to_come_has_not_come() -> None:
    assert not TO_COME & set(rules()), "these rules are written now: take them out of TO_COME"


@cache
def registered() -> frozenset[str]:
    """The names of all facts; none while a layer of probes is still to be written."""
    try:
        from envcheck import probes

        return frozenset(probes.registry())
    except (ImportError, AttributeError):
        return frozenset()


@pytest.mark.parametrize("rule", each())
def test_facts_that_a_rule_names_exist(rule: Rule) -> None:
    if not registered():
        pytest.skip("not every layer has its probes yet")
    named = {*asked(rule.when), *asked(block for fix in rule.fixes for block in fix.on)}
    named |= {name for example in rule.examples for name in example.facts}
    for text in [*commands(rule), *(text.en for _, text in texts(rule))]:
        named |= set(PLACE.findall(text))
    assert named <= registered(), f"no such facts: {sorted(named - registered())}"
