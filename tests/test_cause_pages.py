"""The page of a cause: for a person at the terminal, on this machine, and in docs/causes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from envcheck import cause_page, examine, rule_file, rulebook, words
from envcheck.catalog import causes
from envcheck.cli import cli, of_cause
from envcheck.cli.out import Out
from envcheck.conditions import block
from envcheck.diagnose import diagnose
from envcheck.model import Condition, Fact, Known, Rule, Target, Unknown, Wrong
from envcheck.render import cause_data, data, terminal
from envcheck.views import cause as views
from envcheck.views import conditions, patterns
from envcheck.views.document import Command, Document, Fold, Table, Text

from .command_line import invoke
from .machines import machine, names


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    words.use("en")
    yield
    words.use("en")


@cache
def rules() -> dict[str, Rule]:
    return {rule.cause: rule for rule in rulebook.load(examples=True)}


SHY = """
title    = "The driver is too shy: {driver.version}"
title_zh = "驱动太害羞：{driver.version}"
severity = "blocking"
explains = ["gpu-out-of-sight"]
why      = "It says less than {tensorflow.min_driver}."
why_zh   = "它比 {tensorflow.min_driver} 说得少。"
links    = ["https://www.tensorflow.org/install/pip"]

[[when]]
driver.version = { below = { fact = "tensorflow.min_driver" } }
driver.libcuda_compat = { present = false }

[[when]]
log = ['the driver (?:is|was) too shy', 'shy driver version [\\d.]+']

[[fix]]
on    = { platform.distro = "ubuntu" }
do    = "Encourage it; {tensorflow.min_driver} is the least."
do_zh = "鼓励它，至少 {tensorflow.min_driver}。"
run   = ["sudo encourage driver"]
packages = ["tensorflow[and-cuda]"]
scope = "system"
verify = ["nvidia-smi"]

[[fix]]
otherwise = true
do    = "Wait."
do_zh = "等待。"

[[example]]
fires = true
log = "E tensorflow/driver.cc:1] sorry: the driver is too shy, version 3"

[[example]]
fires = false
driver.version = "550.54.14"
tensorflow.min_driver = "525.60.13"
"""
HIDDEN = """
title    = "The GPU is out of sight"
title_zh = "看不见 GPU"
severity = "blocking"
needs    = "any"
why      = "Nobody sees it."
why_zh   = "没有人看得见它。"

[[when]]
log = 'where is the GPU'

[[example]]
fires = true
log = "where is the GPU?"
"""


@cache
def own() -> tuple[Rule, ...]:
    """Two rules of these tests: the real ones change."""
    shy = rule_file.parse(SHY, "driver", "driver-too-shy", examples=True)
    return shy, rule_file.parse(HIDDEN, "training", "gpu-out-of-sight", examples=True)


def page(cause: str) -> cause_page.Page:
    known = {**rules(), **{rule.cause: rule for rule in own()}}
    rule = known[cause]
    among = own() if rule in own() else tuple(rules().values())
    return cause_page.Page(rule, among, tuple(cause_page.seen(rule)), cause_page.how(rule))


def text(document: Document) -> str:
    return " ".join(terminal.render(document, None).split())


def told(line: Any) -> str:
    return "".join(span.text for span in line)


def rows(document: Document) -> list[tuple[str, ...]]:
    tables = [one for one in document.blocks if isinstance(one, Table)]
    return [tuple(map(told, row)) for table in tables for row in table.rows]


# --- conditions in words --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"driver": {"version": "470"}}, "driver.version is 470"),
        ({"driver": {"version": {"below": {"fact": "tensorflow.glibc"}}}},
         "driver.version is below tensorflow.glibc"),
        ({"driver": {"version": {"present": False}}}, "there is no driver.version"),
        ({"driver": {"version": {"not": {"present": False}}}}, "there is driver.version"),
        ({"driver": {"version": {"not": {"is": 5}}}}, "driver.version is not 5"),
        ({"driver": {"version": {"not": 5}}}, "driver.version is not 5"),
        ({"driver": {"version": {"not": {"not": 5}}}}, "driver.version is 5"),
        ({"driver": {"version": {"not": {"at_least": 3, "below": 5}}}},
         "not at once: driver.version is at least 3 and driver.version is below 5"),
        ({"platform": {"wsl": {"in": [1, 2]}}}, "platform.wsl is one of 1, 2"),
        ({"platform": {"wsl": {"not": {"in": [1, ""]}}}}, 'platform.wsl is none of 1, ""'),
        ({"hardware": {"gpus": {"has": {"present": True}}}}, "hardware.gpus has an entry"),
        ({"hardware": {"gpus": {"not": {"has": {"kind": "x", "n": {"at_least": 2}}}}}},
         "hardware.gpus has no entry for which kind is x and n is at least 2"),
        ({"hardware": {"gpus": {"not": {"has": "avx"}}}}, "hardware.gpus does not contain avx"),
        ({"hardware": {"gpus": []}}, "hardware.gpus is empty"),
        ({"platform": {"rosetta": True}}, "platform.rosetta is yes"),
        ({"training": {"error": {"matches": "OOM when|out of (?:GPU )?memory"}}},
         "training.error matches OOM when | out of memory"),
        ({"log": ["API mismatch", r"version [\d.]+ does not"]},
         "the log says API mismatch or version … does not"),
    ],
)  # fmt: skip
def test_a_condition_is_said_in_words(table: Any, sentence: str) -> None:
    (condition,) = block(table, strict=True)
    assert told(conditions.sentence(condition)) == sentence


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_condition_of_every_rule_can_be_said(language: str) -> None:
    words.use(language)
    for rule in rules().values():
        blocks = [*rule.when, *(on for fix in rule.fixes for on in fix.on)]
        for condition in (condition for one in blocks for condition in one):
            said = told(conditions.sentence(condition, whole=True))
            assert said and not re.search(r"\{(?:fact|value|texts|number|conditions)\}", said), rule.cause


def test_many_patterns_are_counted_where_not_all_are_asked_for() -> None:
    condition = Condition("log", tuple(f"number {chr(97 + i)}{chr(97 + i)}" for i in range(20)))
    assert told(conditions.sentence(condition)).endswith("or one of 12 more")
    assert told(conditions.sentence(condition, whole=True)).count("number") == 20


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("plain words", ("plain words",)),
        (r"^kernel version [\d.]+ differs|API mis-?match$", ("kernel version … differs", "API mismatch")),
        (r"\(required by .*\)", ("(required by …)",)),
        (r"(?i)no such (?:file|folder)", ("no such (file|folder)",)),
        (r"(?P<x>abc)+(?=def)(?!ghi)", ("abc",)),
        (r"module ['\"]?tensorflow['\"]? has", ("module tensorflow has",)),
        (r"[Ee]rror[\s\S]{0,40}'str'", ("Error…'str'",)),
        (r"x{2,}y{0,3}z?w*", ("x",)),
        (r"\d+", ()),
        (r"x[]a]b", ("x…b",)),
        (r"(", ()),
    ],
)  # fmt: skip
def test_a_pattern_is_shown_without_its_signs(pattern: str, texts: tuple[str, ...]) -> None:
    assert patterns.readable(pattern) == texts


# --- the page -------------------------------------------------------------------------------------


def test_what_stands_on_the_page_of_a_cause() -> None:
    document = views.view(page("driver-too-shy"))
    shown = text(document)
    assert document.title == "The driver is too shy: <driver.version>", "a place stands as its fact's name"
    assert "What you see sorry: the driver is too shy, version 3 Why It says less" in shown
    assert "Where platform.distro is ubuntu Encourage it; <tensorflow.min_driver> is the least." in shown
    assert "(changes the system)" in shown
    assert "Otherwise Wait." in shown
    commands = [line for one in document.blocks if isinstance(one, Command) for line in one.lines]
    assert commands == ["python -m pip install 'tensorflow[and-cuda]'", "sudo encourage driver", "nvidia-smi"]
    assert rows(document)[:3] == [
        ("1", "driver.version is below tensorflow.min_driver"),
        ("", "there is no driver.libcuda_compat"),
        ("2", "the log says the driver (is|was) too shy or shy driver version"),
    ]
    assert "Examples: 2" in shown and "https://www.tensorflow.org/install/pip" in shown


def test_both_sides_of_a_relation_are_told() -> None:
    assert ("gpu-out-of-sight", "The GPU is out of sight") in rows(views.view(page("driver-too-shy")))
    document = views.view(page("gpu-out-of-sight"))
    assert ("driver-too-shy", "The driver is too shy: …") in rows(document)
    assert "It may be a symptom of:" in text(document)


def test_the_commands_that_show_the_facts() -> None:
    shown = rows(views.view(page("driver-too-old")))
    assert [row[0] for row in shown].count("driver.version") == 1
    assert all(len(row) == 2 and row[1] for row in shown if row[0] == "driver.version")


def test_the_page_in_chinese_has_no_english_prose() -> None:
    words.use("zh")
    shown = text(views.view(page("driver-too-shy")))
    assert "驱动太害羞" in shown and "它比" in shown and "鼓励它" in shown
    for rule in own():
        assert rule.why.en not in shown


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("whole", [False, True])
def test_every_cause_has_a_page(language: str, whole: bool) -> None:
    words.use(language)
    for cause in rules():
        document = views.view(page(cause), whole)
        assert terminal.render(document, None).strip()
        assert any(isinstance(one, Fold) and one.blocks for one in document.blocks)


def test_the_product_reads_the_examples_of_the_one_cause() -> None:
    told = cause_page.page("driver-too-old")
    assert told.rule == rules()["driver-too-old"]
    assert told.seen and told.how["driver.version"]
    assert not any(rule.examples for rule in told.rules)


def test_a_cause_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(Wrong, match=r"there is no file and no cause driver-to-old; .*driver-too-old"):
        cause_page.find("driver-to-old", rules().values())
    with pytest.raises(Wrong, match="envcheck rules lists all"):
        cause_page.find("zzz", rules().values())


# --- on a machine ---------------------------------------------------------------------------------

OLD: dict[str, Fact] = {
    "driver.version": Known("470.57.02", ("/proc",)),
    "tensorflow.min_driver": Known("525.60.13"),
    "driver.libcuda_compat": Known(None),
    "platform.distro": Known("arch"),
}
BEGINS = ("1", "2", "")


def here(cause: str, facts: dict[str, Fact], log: str | None = None) -> cause_page.Page:
    told = page(cause)
    report = diagnose(facts, told.rules, log, target=Target("python", "test"))
    return told._replace(report=report, judged=cause_page.judged(told.rule, report, log))


def conditions_of(told: cause_page.Page) -> list[tuple[str, ...]]:
    return [row for row in rows(views.view(told)) if row[0] in BEGINS and len(row) == 4]


def test_a_cause_that_is_named_says_so_with_its_values() -> None:
    told = here("driver-too-shy", OLD)
    assert told.judged and told.judged.standing == "first"
    assert [cause_page.outcome(one) for one in told.judged.blocks] == [True, False]
    shown = text(views.view(told))
    assert "It is the cause that is named first here." in shown
    assert "It says less than 525.60.13." in shown
    assert "Wait." in shown and "Encourage" not in shown, "the fixes are this machine's"
    assert conditions_of(told) == [
        ("1", "yes", "driver.version is below tensorflow.min_driver",
         "driver.version: 470.57.02; tensorflow.min_driver: 525.60.13"),
        ("", "yes", "there is no driver.libcuda_compat", "driver.libcuda_compat: none"),
        ("2", "no", "the log says the driver (is|was) too shy or shy driver version", "no such line"),
    ]  # fmt: skip


def test_a_cause_that_is_not_named_says_which_condition_fails() -> None:
    told = here("driver-too-shy", {**OLD, "driver.version": Known("550.54.14")})
    assert told.judged and told.judged.standing == "no"
    assert "It is not named here" in text(views.view(told))
    assert [row[1] for row in conditions_of(told)] == ["no", "yes", "no"]


def test_a_cause_that_cannot_be_told_says_what_is_missing() -> None:
    denied = Unknown("denied", "permission denied: {path}", (), {"path": "/proc/driver"})
    told = here("driver-too-shy", {**OLD, "driver.version": denied})
    assert told.judged and told.judged.standing == "cannot tell"
    assert conditions_of(told)[0][1] == "cannot tell"
    assert conditions_of(told)[0][3].endswith("driver.version: permission denied: /proc/driver")


def test_a_cause_that_another_explains_names_it() -> None:
    told = here("gpu-out-of-sight", OLD, "where is the GPU now?")
    assert told.judged and (told.judged.standing, told.judged.by) == ("explained", "driver-too-shy")
    assert "driver-too-shy explains it" in text(views.view(told))
    assert conditions_of(told) == [
        ("1", "yes", "the log says where is the GPU", "log: where is the GPU now?")
    ]


def test_a_cause_after_another_says_after_which() -> None:
    report = here("driver-too-shy", OLD).report
    assert report
    second = report.findings[0]._replace(rule=own()[1])
    both = report._replace(findings=(*report.findings, second))
    judged = cause_page.judged(own()[1], both, None)
    assert (judged.standing, judged.by) == ("named", "driver-too-shy")


def test_the_page_as_json_has_what_the_page_has() -> None:
    told = cause_data.record(here("driver-too-shy", OLD))
    assert json.loads(data.text(told)) == told
    assert (told["schema"], told["title"]) == ("envcheck-cause/1", "The driver is too shy: 470.57.02")
    assert [one["holds"] for block in told["here"]["when"] for one in block] == [True, True, False]
    assert told["when"][1] == [{"fact": "log", "test": list(own()[0].when[1][0].test)}]
    alone = cause_data.record(page("driver-too-shy"))
    assert alone["here"] is None and "{driver.version}" in alone["title"]


# --- the command ----------------------------------------------------------------------------------


def test_the_command_shows_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert of_cause.of_cause("driver-too-old", Out("terminal", None, None), None) == 0
    assert rules()["driver-too-old"].cause in capsys.readouterr().out


def test_why_not_on_a_recorded_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "machine.json").write_text(json.dumps(machine(names()[0])))
    asked = examine.Asked(from_=str(tmp_path / "machine.json"))
    of_cause.of_cause("driver-too-old", Out("json", None, None), asked)
    told = json.loads(capsys.readouterr().out)
    assert told["here"]["standing"] in ("first", "named", "explained", "no", "cannot tell")
    assert len(told["here"]["when"]) == len(told["when"])


def test_what_is_given_decides_without_a_machine(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["os=Windows 10", "tensorflow=2.15.0", "gpu=RTX 3090"]
    of_cause.of_cause("windows-native-gpu-unsupported", Out("json", None, None), None, given)
    told = json.loads(capsys.readouterr().out)
    (first, *_) = (one for block in told["here"]["when"] for one in block if one["fact"] == "platform.system")
    assert first["holds"] is True and first["because"]["platform.system"]["value"] == "Windows"


def offered(option: str) -> bool:
    command = cli.commands.get("explain")
    return command is not None and any(option in param.opts for param in command.params)


whole = pytest.mark.skipif(not offered("--why-not"), reason="the command line does not show causes yet")


@whole
def test_a_word_that_is_no_file_is_a_cause(tmp_path: Path) -> None:
    shown = invoke("explain", "driver-too-old", "--lang", "en")
    assert shown.exit_code == 0 and "How envcheck knows" in shown.stdout
    wrong = invoke("explain", "driver-to-old", "--lang", "en")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert wrong.stderr.count("\n") == 1 and "driver-too-old" in wrong.stderr


@whole
def test_why_not_asks_the_machine(tmp_path: Path) -> None:
    (tmp_path / "machine.json").write_text(json.dumps(machine(names()[0])))
    words_ = (
        "explain",
        "no-nvidia-gpu",
        "--why-not",
        "--from",
        str(tmp_path / "machine.json"),
        "--lang",
        "zh",
    )
    shown = invoke(*words_)
    assert shown.exit_code == 0 and rules()["no-nvidia-gpu"].title.zh
    assert "hardware.gpus" in shown.stdout and "wanted.gpu" in shown.stdout


# --- docs/causes ----------------------------------------------------------------------------------


@cache
def made(name: str) -> str:
    return causes.page(name)


def test_every_cause_has_its_page_in_the_docs_and_a_line_in_the_list() -> None:
    index = made(causes.INDEX)
    for cause, rule in rules().items():
        assert f"[`{cause}`]({cause}.md)" in index
        assert made(f"{causes.FOLDER}/{cause}.md").startswith(
            f"<!-- Made by `make docs` from rules/{rule.layer}/{cause}.toml"
        )


@pytest.mark.parametrize("part", ["What to do", "Why", "How envcheck knows"])
def test_a_page_of_the_docs_has_its_parts(part: str) -> None:
    lines = [line.strip("# ") for line in made(f"{causes.FOLDER}/driver-too-old.md").splitlines()]
    assert part in lines


def test_a_page_of_the_docs_is_in_both_languages_and_leaves_the_language_as_it_was() -> None:
    words.use("zh")
    rule, found = rules()["gpu-out-of-memory"], causes.page(f"{causes.FOLDER}/gpu-out-of-memory.md")
    assert words.language() == "zh"
    assert rule.title.en in found and rule.title.zh and rule.title.zh in found


#: Elements that a page may have: whatever else stands in a text is shown, and obeyed by nobody.
ELEMENTS = re.compile(
    r"</?(?:p|h\d|a|code|pre|table|thead|tbody|tr|t[hd]|strong|em|details|summary|br|ul|ol|li|hr)\b"
)


def test_the_docs_are_markdown_that_shows_texts_as_they_stand() -> None:
    parser = MarkdownIt("gfm-like", {"linkify": False})
    for name in causes.names():
        html = re.sub(r"<!--.*?-->", "", parser.render(made(name)))
        unknown = [tag for tag in re.findall(r"</?[a-zA-Z][^>]*>", html) if not ELEMENTS.match(tag)]
        assert not unknown, (name, unknown)


def test_the_table_of_conditions_has_a_row_for_each() -> None:
    for rule in rules().values():
        table = next(one for one in views.view(page(rule.cause)).blocks if isinstance(one, Table))
        assert len(table.rows) == sum(map(len, rule.when))
        assert [told(row[0]) for row in table.rows if row[0]] == [f"{n + 1}" for n in range(len(rule.when))]


def test_a_single_way_needs_no_word_on_several() -> None:
    blocks = views.view(page("gpu-out-of-sight")).blocks
    assert not any(isinstance(one, Text) and "Any of these" in told(one.line) for one in blocks)
