"""Rule files become rules; whatever is wrong with one is named with file and key."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

import pytest

from envcheck import own_files, rule_file, rulebook
from envcheck.model import Block, Condition, Known, Text, Unknown, Wrong
from envcheck.operators import OPERATORS

GOOD = """
title    = "The driver is too old"
title_zh = "驱动太旧"
severity = "blocking"
why      = "Each CUDA release works only from a certain driver version on."
why_zh   = "…"
explains = ["gpu-not-used-by-training"]
symptom_of = ["hardware", "nouveau-in-use"]
links    = ["https://docs.nvidia.com/deploy/cuda-compatibility/"]

[[when]]
driver.version = { below = { fact = "tensorflow.min_driver" } }
driver.responding = true

[[when]]
log = 'driver version is insufficient'

[[fix]]
on    = { platform.distro = "ubuntu" }
do    = "Install {driver.newest_branch}."
do_zh = "安装 {driver.newest_branch}。"
run   = ["sudo ubuntu-drivers install"]
packages = ["numpy<2"]
scope = "system"
verify = ["nvidia-smi"]

[[fix]]
do = "Ask your administrator."
"""

EXAMPLES = """
[[example]]
fires = true
driver.version = "470.57.02"
driver.libcuda = { absent = true }
tensorflow.min_driver = "525.60.13"

[[example]]
fires = "cannot tell"
driver.version = { unknown = "no answer" }
log = "a line"

[[example]]
fires = false
driver.version = { unknown = "not looked at", kind = "skipped" }
"""

LAST = "\n[[when]]\ndriver.version = "


def test_every_key_of_a_rule_arrives() -> None:
    rule = rule_file.parse(GOOD, "driver", "driver-too-old")
    assert (rule.cause, rule.layer, rule.severity) == ("driver-too-old", "driver", "blocking")
    assert rule.title == Text("The driver is too old", "驱动太旧")
    assert rule.explains == ("gpu-not-used-by-training",)
    assert rule.symptom_of == ("hardware", "nouveau-in-use")
    assert rule.links == ("https://docs.nvidia.com/deploy/cuda-compatibility/",)
    ours: Block = (
        Condition("driver.version", {"below": {"fact": "tensorflow.min_driver"}}),
        Condition("driver.responding", True),
    )
    assert rule.when == (ours, (Condition("log", ("driver version is insufficient",)),))


def test_every_key_of_a_fix_arrives() -> None:
    first, second = rule_file.parse(GOOD, "driver", "driver-too-old").fixes
    assert first.on == ((Condition("platform.distro", "ubuntu"),),)
    assert first.do == Text("Install {driver.newest_branch}.", "安装 {driver.newest_branch}。")
    assert (first.packages, first.run) == (("numpy<2",), ("sudo ubuntu-drivers install",))
    assert (first.scope, first.verify) == ("system", ("nvidia-smi",))
    assert (second.on, second.scope, second.run) == ((), "manual", ())


def test_on_may_be_several_blocks() -> None:
    on = 'on = [{ platform.distro = "ubuntu" }, { platform.distro = "debian" }]'
    fix = rule_file.parse(GOOD + f'\n[[fix]]\ndo = "x"\n{on}\n', "driver", "a").fixes[-1]
    assert [block[0].test for block in fix.on] == ["ubuntu", "debian"]


def test_examples_are_read_on_request_only() -> None:
    assert rule_file.parse(GOOD + EXAMPLES, "driver", "driver-too-old").examples == ()
    fires, perhaps, no = rule_file.parse(GOOD + EXAMPLES, "driver", "driver-too-old", examples=True).examples
    assert (fires.fires, perhaps.fires, no.fires) == (True, None, False)
    assert fires.facts["driver.libcuda"] == Known(None)
    assert fires.facts["tensorflow.min_driver"] == Known("525.60.13")
    assert perhaps.facts["driver.version"] == Unknown("failed", "no answer")
    assert no.facts["driver.version"] == Unknown("skipped", "not looked at")
    assert (perhaps.log, no.log) == ("a line", None)


def test_what_stands_in_the_examples_costs_nothing() -> None:
    """The product reads the head alone, so not even broken TOML behind it is seen."""
    rule_file.parse(GOOD + "\n[[example]]\n= broken", "driver", "driver-too-old")
    with pytest.raises(Wrong, match="not TOML"):
        rule_file.parse(GOOD + "\n[[example]]\n= broken", "driver", "driver-too-old", examples=True)


@pytest.mark.parametrize(
    ("layer", "needs"), [("hardware", "gpu"), ("driver", "gpu"), ("cuda", "gpu"), ("python", "any")]
)
def test_needs_depends_on_the_layer_unless_said(layer: str, needs: str) -> None:
    assert rule_file.parse(GOOD, layer, "a").needs == needs
    assert rule_file.parse('needs = "gpu"\n' + GOOD, layer, "a").needs == "gpu"


WRONG = [
    ("", "titel = 'x'\n" + GOOD, "titel: unknown key"),
    ("", GOOD.replace("title    =", "#"), "title: is missing"),
    ("", GOOD.replace("why      =", "#"), "why: is missing"),
    ("", GOOD.replace('"驱动太旧"', "1"), "title_zh: must be a text"),
    ("", GOOD.replace('"blocking"', '"fatal"'), "severity: unknown severity 'fatal'"),
    ("", GOOD.replace("severity = ", "#"), "severity: is missing"),
    ("", 'needs = "cpu"\n' + GOOD, "needs: unknown needs 'cpu'"),
    ("", GOOD.replace('"system"', '"root"'), "fix[1].scope: unknown scope 'root'"),
    ("", GOOD.replace('do = "Ask', 'does = "Ask'), "fix[2].does: unknown key"),
    ("", GOOD.replace('do = "Ask your administrator."', ""), "fix[2].do: is missing"),
    ("", GOOD.split("[[when]]")[0], "when: is missing"),
    ("", GOOD.split("[[when]]")[0] + "[[when]]\n", "when[1]: is empty"),
    ("", GOOD + "\n[[when]]\nlog = []\n", "when[3].log: must be a regular expression"),
    ("", GOOD + "\n[[when]]\ndriver = 1\n", "when[3].driver: a fact's name has two parts"),
    ("", GOOD + "\n[[when]]\n'driver.version' = 1\n", "when[3].driver.version: a fact's name has two parts"),
    ("", GOOD + "\n[[when]]\ndrivr.version = 1\n", "when[3].drivr: unknown layer 'drivr'"),
    ("", GOOD + "\n[[when]]\ndriver.a.b = 1\n", "when[3].driver.a.b: unknown operator"),
    ("", GOOD + LAST + "{ above = '1' }", "when[3].driver.version.above: unknown operator"),
    ("", GOOD + LAST + "{ not = { above = '1' } }", "when[3].driver.version.not.above: unknown operator"),
    ("", GOOD + LAST + "{}", "when[3].driver.version: is empty"),
    ("", GOOD + LAST + "{ present = 'yes' }", "driver.version.present: must be true or false"),
    ("", GOOD + LAST + "{ in = 'a' }", "driver.version.in: must be a list"),
    ("", GOOD + LAST + "{ below = ['a'] }", "driver.version.below: must be a version or a number"),
    ("", GOOD + LAST + "{ below = { fact = 'version' } }", "'version' is no fact"),
    ("", GOOD + LAST + "{ below = { fact = 'drivr.x' } }", "unknown layer 'drivr'"),
    ("", GOOD + LAST + "{ below = { fakt = 'driver.x' } }", "must be a value or { fact"),
    (
        "",
        GOOD + LAST + "{ has = { code = { above = 1 } } }",
        "driver.version.has.code.above: unknown operator",
    ),
    ("", GOOD + LAST + "{ has = { code = 1, is = 2 } }", "driver.version.has.is: is an operator among"),
    ("", GOOD + LAST + "2026-01-01", "driver.version: must be a text, a number"),
    ("", GOOD + LAST + "{ matches = 1 }", "driver.version.matches: must be a regular expression"),
    ("strict", GOOD + LAST + "{ matches = '(' }", "driver.version.matches: bad regular expression '('"),
    ("strict", GOOD + "\n[[when]]\nlog = ['a', '(']\n", "when[3].log: bad regular expression '('"),
    ("strict", GOOD + LAST + "{ within = 'new' }", "driver.version.within: "),
    ("strict", GOOD + "[[example]]\ndriver.version = 1", "example[1].fires: must be true, false"),
    ("strict", GOOD + "[[example]]\nfires = 1", "example[1].fires: must be true, false"),
    ("strict", GOOD + "[[example]]\nfires = true\ndrivr.x = 1", "example[1].drivr: unknown layer"),
    ("strict", GOOD + EXAMPLES + LAST + "1", "example: the [[example]] tables must stand last"),
    ("strict", GOOD + LAST + "1", "fix: the [[fix]] tables must stand last"),
    ("", "title = ", "not TOML"),
]


@pytest.mark.parametrize(("how", "text", "sentence"), WRONG, ids=[row[2][:60] for row in WRONG])
def test_an_error_names_file_and_key(how: str, text: str, sentence: str) -> None:
    with pytest.raises(Wrong) as error:
        rule_file.parse(text, "driver", "driver-too-old", examples=how == "strict")
    assert str(error.value).startswith("rules/driver/driver-too-old.toml: ")
    assert sentence in str(error.value)


def test_a_regular_expression_is_not_compiled_to_load_a_rule() -> None:
    rule_file.parse(GOOD + LAST + "{ matches = '(' }", "driver", "a")


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_may_be_used(operator: str) -> None:
    operand = {"in": "['a']", "present": "true", "within": "'>=1'"}.get(operator, "'1'")
    block = LAST + "{ " + operator + " = " + operand + " }\n\n[[fix]]"
    rule = rule_file.parse(GOOD.replace("\n[[fix]]", block, 1), "driver", "a", examples=True)
    assert list(rule.when[-1][0].test) == [operator]


def test_unknown_layer_and_file_name() -> None:
    with pytest.raises(Wrong, match="unknown layer 'gpu'"):
        rule_file.parse(GOOD, "gpu", "a")
    with pytest.raises(Wrong, match="'Driver_Old' is no cause"):
        rule_file.parse(GOOD, "driver", "Driver_Old")


# --- folders ------------------------------------------------------------------------------------


def book(root: Path, *files: str) -> Path:
    for file in files:
        path = root / f"{file}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(GOOD + EXAMPLES, "utf-8")
    return root


def test_rules_come_bottom_up_and_by_name(tmp_path: Path) -> None:
    folder = book(tmp_path, "training/a", "driver/b", "driver/a-1", "platform/z", "notice/n")
    (tmp_path / "driver" / "README.md").write_text("no rule")
    (tmp_path / "compat").mkdir()
    assert [rule.cause for rule in rulebook.load(folder)] == ["z", "a-1", "b", "a", "n"]
    assert all(len(rule.examples) == 3 for rule in rulebook.load(folder, examples=True))


def test_fixes_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    folder = book(tmp_path, "driver/a", "driver/b")
    (folder / "driver" / "b.toml").write_text(GOOD + "\n[[fix]]\ndoes = 'x'\n" + EXAMPLES, "utf-8")
    text = (folder / "driver" / "a.toml").read_text("utf-8")
    sound, broken = rulebook.load(folder)
    assert sound.fixes == rule_file.parse(text, "driver", "a").fixes
    assert [fix.scope for fix in sound.fixes] == ["system", "manual"]
    with pytest.raises(Wrong, match=r"rules/driver/b.toml: fix\[3\].does: unknown key"):
        len(broken.fixes)


def test_a_cause_has_one_file(tmp_path: Path) -> None:
    with pytest.raises(Wrong, match=r"rules/driver/a.toml: the cause is also in rules/platform"):
        rulebook.load(book(tmp_path, "platform/a", "driver/a"))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Wrong, match="cannot be read: there is no such folder"):
        rulebook.load(tmp_path / "none")
    with pytest.raises(Wrong, match="there are no rules in"):
        rulebook.load(tmp_path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    folder = book(tmp_path, "driver/a")
    (folder / "driver" / "a.toml").write_bytes(b"title = '\xff'")
    with pytest.raises(Wrong, match=r"rules/driver/a.toml cannot be read"):
        rulebook.load(folder)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    folder = book(tmp_path, "driver/a")
    (folder / "driver").chmod(0)
    try:
        with pytest.raises(Wrong, match="cannot be read: Permission denied"):
            rulebook.load(folder)
    finally:
        (folder / "driver").chmod(0o700)


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = book(tmp_path, "driver/a")

    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(tmp_path), "iterdir", refuse)
    with pytest.raises(Wrong, match="cannot be read: Permission denied"):
        rulebook.load(folder)


def test_a_bare_clone_reads_the_folder_beside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book(tmp_path / "rules", "driver/a")
    monkeypatch.setattr(own_files, "_PACKAGE", str(tmp_path / "envcheck"))
    assert [rule.cause for rule in rulebook.load()] == ["a"]
    book(tmp_path / "envcheck" / "rules", "driver/b")  # as it is installed
    assert [rule.cause for rule in rulebook.load()] == ["b"]


def test_in_an_archive_there_are_no_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book(tmp_path, "driver/a")
    monkeypatch.setattr(own_files, "_PACKAGE", str(tmp_path / "envcheck.pyz" / "envcheck"))
    monkeypatch.setattr(resources, "files", lambda name: {"envcheck.rules": tmp_path}[name])
    assert [rule.cause for rule in rulebook.load()] == ["a"]
