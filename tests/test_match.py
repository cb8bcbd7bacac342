"""What each operator means, and what an answer rests on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envcheck import operators
from envcheck.conditions import block
from envcheck.match import Match, any_block, fixes, match
from envcheck.model import Fact, Fix, Known, Rule, Text, Unknown, Wrong
from envcheck.places import anywhere, fill_rule, whole

FAILED = Unknown("failed", "no answer within {seconds} s", values={"seconds": 10})

FACTS: dict[str, Fact] = {
    "driver.version": Known("535.154.05-1ubuntu1", ("nvml",)),
    "driver.module_version": Known(None),
    "driver.cuda": FAILED,
    "driver.gpus": Known(
        [{"bus_id": "01", "mig": False, "code": 0}, {"bus_id": "02", "mig": None, "code": 15}]
    ),
    "driver.missing_nodes": Known([]),
    "cuda.missing": Known(["libcudnn.so.9", "libcusolver.so.11"]),
    "cuda.loaded": Known("some"),
    "cuda.ptxas": Known({"path": "/usr/bin/ptxas", "version": "11.2"}),
    "hardware.cores": Known(8),
    "platform.memory_gb": Known(15.5),
    "platform.wsl": Known(True),
    "python.version": Known("3.13.0rc2"),
    "tensorflow.version": Known("2.21.0"),
    "tensorflow.min_driver": Known("525.60.13"),
    "tensorflow.cuda": Known("12.5.1"),
    "wanted.tensorflow": Known(">=2.16,<2.20"),
    "wanted.python": Known(None),
    "wanted.gpu": Known("two"),
}


def line(fact: str, test: Any) -> Match:
    layer, name = fact.split(".")
    return any_block([block({layer: {name: test}}, strict=True)], FACTS)


YES, NO, CANNOT_TELL = True, False, None
ROWS: list[tuple[str, Any, bool | None]] = [
    # is: equality of type and value; a bare value is the same
    ("cuda.loaded", "some", YES),
    ("cuda.loaded", {"is": "some"}, YES),
    ("cuda.loaded", {"is": "all"}, NO),
    ("hardware.cores", 8, YES),
    ("hardware.cores", "8", NO),
    ("hardware.cores", 8.0, YES),
    ("platform.wsl", True, YES),
    ("platform.wsl", 1, NO),
    ("driver.missing_nodes", [], YES),
    ("cuda.missing", ["libcudnn.so.9"], NO),
    ("driver.version", {"fact": "tensorflow.min_driver"}, NO),
    ("tensorflow.min_driver", {"is": {"fact": "tensorflow.min_driver"}}, YES),
    # in
    ("cuda.loaded", {"in": ["some", "none"]}, YES),
    ("cuda.loaded", {"in": ["all", "none"]}, NO),
    ("cuda.loaded", {"in": {"fact": "cuda.missing"}}, NO),
    ("cuda.loaded", {"in": ["all", {"fact": "driver.cuda"}]}, CANNOT_TELL),
    ("cuda.loaded", {"in": ["some", {"fact": "driver.cuda"}]}, YES),
    ("cuda.loaded", {"in": ["all", {"fact": "driver.module_version"}]}, NO),
    ("cuda.loaded", {"in": {"fact": "driver.cuda"}}, CANNOT_TELL),
    ("cuda.loaded", {"in": {"fact": "tensorflow.version"}}, NO),
    # matches: searched, not anchored
    ("driver.version", {"matches": "ubuntu"}, YES),
    ("driver.version", {"matches": "^535"}, YES),
    ("driver.version", {"matches": "^154"}, NO),
    ("hardware.cores", {"matches": "8"}, NO),
    # below, at_least: numbers as numbers, strings as versions
    ("hardware.cores", {"below": 10}, YES),
    ("platform.memory_gb", {"below": 15}, NO),
    ("platform.memory_gb", {"at_least": 15}, YES),
    ("driver.version", {"below": "535.154.6"}, YES),
    ("driver.version", {"below": "535.154.05"}, NO),
    ("driver.version", {"at_least": "535.154.5"}, YES),
    ("driver.version", {"at_least": {"fact": "tensorflow.min_driver"}}, YES),
    ("tensorflow.cuda", {"below": "12.10"}, YES),
    ("tensorflow.cuda", {"at_least": "12", "below": "13"}, YES),
    ("tensorflow.cuda", {"at_least": "13", "below": "14"}, NO),
    ("driver.version", {"below": 600}, CANNOT_TELL),
    ("cuda.loaded", {"below": "1.0"}, CANNOT_TELL),
    ("platform.wsl", {"below": 2}, CANNOT_TELL),
    ("cuda.missing", {"at_least": "1"}, CANNOT_TELL),
    ("hardware.cores", {"below": {"fact": "driver.cuda"}}, CANNOT_TELL),
    # within: PEP 440; pre-releases count
    ("tensorflow.version", {"within": ">=2.16"}, YES),
    ("tensorflow.version", {"within": {"fact": "wanted.tensorflow"}}, NO),
    ("python.version", {"within": ">=3.10"}, YES),
    ("python.version", {"within": ">=3.13"}, NO),
    ("driver.version", {"within": ">=1"}, CANNOT_TELL),
    ("cuda.loaded", {"within": ">=1"}, CANNOT_TELL),
    ("hardware.cores", {"within": ">=1"}, CANNOT_TELL),
    ("tensorflow.version", {"within": {"fact": "wanted.gpu"}}, CANNOT_TELL),
    # has: an element, or a record whose fields all hold
    ("cuda.missing", {"has": "libcudnn.so.9"}, YES),
    ("cuda.missing", {"has": "libcudnn.so.8"}, NO),
    ("cuda.missing", {"has": {"matches": "^libcusolver"}}, YES),
    ("cuda.missing", {"has": {"matches": "^libcublas"}}, NO),
    ("cuda.missing", {"has": {"fact": "driver.cuda"}}, CANNOT_TELL),
    ("cuda.missing", {"has": {"fact": "cuda.loaded"}}, NO),
    ("driver.gpus", {"has": {"code": 15}}, YES),
    ("driver.gpus", {"has": {"code": 15, "bus_id": "02"}}, YES),
    ("driver.gpus", {"has": {"code": 15, "bus_id": "01"}}, NO),
    ("driver.gpus", {"has": {"code": {"at_least": 1}}}, YES),
    ("driver.gpus", {"has": {"mig": {"present": False}}}, YES),
    ("driver.gpus", {"has": {"uuid": {"present": True}}}, NO),
    ("driver.gpus", {"has": {"code": {"below": "9"}}}, CANNOT_TELL),
    ("driver.gpus", {"has": {"bus_id": "02", "code": {"in": [{"fact": "driver.cuda"}]}}}, CANNOT_TELL),
    ("driver.gpus", {"not": {"has": {"code": 9}}}, YES),
    ("driver.missing_nodes", {"has": {"path": "x"}}, NO),
    ("cuda.ptxas", {"has": {"version": {"below": "11.8"}}}, YES),
    ("cuda.ptxas", {"has": "path"}, YES),
    ("cuda.loaded", {"has": "some"}, NO),
    # present, not
    ("cuda.loaded", {"present": True}, YES),
    ("cuda.loaded", {"present": False}, NO),
    ("driver.missing_nodes", {"present": True}, YES),
    ("cuda.loaded", {"not": "all"}, YES),
    ("cuda.loaded", {"not": {"in": ["some"]}}, NO),
    ("cuda.loaded", {"not": {"below": "1"}}, CANNOT_TELL),
    ("driver.version", {"not": {"fact": "tensorflow.min_driver"}}, YES),
    # None: absent is an answer
    ("driver.module_version", {"present": False}, YES),
    ("driver.module_version", {"present": True}, NO),
    ("driver.module_version", {"not": {"present": True}}, YES),
    ("driver.module_version", {"below": "1"}, NO),
    ("driver.module_version", {"at_least": "1"}, NO),
    ("driver.module_version", {"within": ">=1"}, NO),
    ("driver.module_version", {"matches": ""}, NO),
    ("driver.module_version", {"has": "x"}, NO),
    ("driver.module_version", {"in": ["x"]}, NO),
    ("driver.module_version", {"not": {"below": "1"}}, YES),
    ("driver.module_version", {"not": "1"}, YES),
    ("driver.module_version", {"is": {"fact": "driver.module_version"}}, NO),
    ("driver.module_version", {"not": {"fact": "driver.version"}}, YES),
    ("driver.version", {"not": {"fact": "driver.module_version"}}, YES),
    ("driver.version", {"below": {"fact": "driver.module_version"}}, NO),
    ("tensorflow.version", {"not": {"within": {"fact": "wanted.python"}}}, YES),
    # Unknown: cannot tell, whatever is asked; so is a fact that nobody gave
    ("driver.cuda", {"present": False}, CANNOT_TELL),
    ("driver.cuda", {"not": "12.4"}, CANNOT_TELL),
    ("driver.cuda", "12.4", CANNOT_TELL),
    ("driver.never_given", {"present": True}, CANNOT_TELL),
]


@pytest.mark.parametrize(("fact", "test", "expected"), ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS])
def test_operators(fact: str, test: Any, expected: bool | None) -> None:
    assert line(fact, test).outcome is expected


def test_every_operator_of_the_list_has_a_row_and_a_meaning() -> None:
    used = {name for _, test, _ in ROWS if isinstance(test, dict) for name in test} - {"fact"}
    assert used == set(operators.OPERATORS)
    assert set(operators.COMPARISONS) <= set(operators.OPERATORS)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("12.0a", (12, 0)),
        ("535.154.05-1ubuntu1", (535, 154, 5)),
        ("2.35-0ubuntu3.8", (2, 35)),
        ("2.21.0rc1", (2, 21, 0)),
        ("3.4.30", (3, 4, 30)),
        ("12.x.4", (12,)),
        ("580", (580,)),
        ("unknown", ()),
        ("", ()),
        ("1" * 5000, (int("1" * 18),)),
    ],
)
def test_dotted(text: str, numbers: tuple[int, ...]) -> None:
    assert operators.dotted(text) == numbers


def test_a_shorter_version_is_filled_up_with_zeros() -> None:
    assert operators.below("12", "12.0.0") is False
    assert operators.below("12", "12.0.1") is True


@given(st.text(), st.text())
def test_below_is_an_order_or_no_answer(left: str, right: str) -> None:
    less, more = operators.below(left, right), operators.below(right, left)
    assert (less is None) == (more is None)
    assert not (less and more)


# --- blocks -------------------------------------------------------------------------------------


def rule(*blocks: dict[str, Any], **more: Any) -> Rule:
    return Rule(
        cause=more.pop("cause", "a"),
        layer="driver",
        severity="blocking",
        needs="any",
        title=Text(more.pop("title", "t")),
        why=Text("w"),
        when=tuple(block(table, strict=True) for table in blocks),
        **more,
    )


TRUE: dict[str, Any] = {"hardware": {"cores": 8}}
FALSE: dict[str, Any] = {"cuda": {"loaded": "all"}}
PERHAPS: dict[str, Any] = {"driver": {"cuda": "12"}}


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([TRUE], True),
        ([FALSE], False),
        ([PERHAPS], None),
        ([{**TRUE, **PERHAPS}], None),
        ([{**TRUE, **FALSE, **PERHAPS}], False),
        ([FALSE, TRUE], True),
        ([PERHAPS, TRUE], True),
        ([FALSE, PERHAPS], None),
        ([FALSE, FALSE], False),
    ],
)
def test_lines_all_blocks_any(blocks: list[dict[str, Any]], expected: bool | None) -> None:
    assert match(rule(*blocks), FACTS).outcome is expected


LOG = "first\nW dso_loader: Could not load libcudnn.so.9\nCannot dlopen some GPU libraries\n"


@pytest.mark.parametrize(
    ("table", "log", "expected"),
    [
        ({"log": "Cannot dlopen"}, LOG, True),
        ({"log": ["nothing", r"libcudnn\.so\.\d"]}, LOG, True),
        ({"log": "^Cannot.*libraries$"}, LOG, True),
        ({"log": "Cannot dlopen all"}, LOG, False),
        ({"log": "first.W"}, LOG, False),
        ({"log": "Cannot dlopen"}, None, False),
        ({"log": "Cannot dlopen"}, "", False),
        ({"log": "Cannot dlopen", **TRUE}, LOG, True),
        ({"log": "Cannot dlopen", **FALSE}, LOG, False),
        ({"log": "Cannot dlopen", **PERHAPS}, LOG, None),
        ({"log": "another", **PERHAPS}, LOG, False),
        ({"log": "Cannot dlopen", "log_also": "^first$"}, LOG, True),
        ({"log": "Cannot dlopen", "log_also": ["second", "third"]}, LOG, False),
        ({"log": "Cannot dlopen", "log_also": "^first$", **PERHAPS}, LOG, None),
        ({"log": "Cannot dlopen", "log_without": "second"}, LOG, True),
        ({"log": "Cannot dlopen", "log_without": ["second", "first"]}, LOG, False),
        ({"log": "another", "log_without": "second"}, LOG, False),
        ({"log": "Cannot dlopen", "log_without": "second"}, None, False),
    ],
)
def test_log_lines(table: dict[str, Any], log: str | None, expected: bool | None) -> None:
    assert match(rule(table), FACTS, log).outcome is expected


def test_a_match_names_the_line_it_found() -> None:
    found = match(rule({"log": r"libcudnn\.so"}), FACTS, LOG)
    assert found.line == (2, "W dso_loader: Could not load libcudnn.so.9")
    assert found.because == {"log": Known("W dso_loader: Could not load libcudnn.so.9", ("line 2",))}
    both = match(rule({"log": "dlopen", "log_without": "third", "log_also": "first"}), FACTS, LOG)
    assert (both.outcome, both.line) == (True, (3, "Cannot dlopen some GPU libraries"))
    assert match(rule({"log": "Cannot dlopen"}), FACTS, LOG).line == (3, "Cannot dlopen some GPU libraries")
    assert match(rule({"log": "Cannot dlopen", **PERHAPS}), FACTS, LOG).line is not None
    assert match(rule(PERHAPS), FACTS, LOG).line is None


def test_a_match_names_the_facts_it_rests_on_also_those_compared_with() -> None:
    found = match(rule({"driver": {"version": {"at_least": {"fact": "tensorflow.min_driver"}}}}), FACTS)
    assert set(found.because) == {"driver.version", "tensorflow.min_driver"}
    assert found.because["driver.version"].source == ("nvml",)
    assert found.missing == {}


def test_only_blocks_of_the_same_outcome_are_named() -> None:
    assert set(match(rule(FALSE, TRUE, PERHAPS), FACTS).because) == {"hardware.cores"}
    assert match(rule(FALSE, {**TRUE, **PERHAPS}), FACTS).missing == {"driver.cuda": FAILED}


def test_what_cannot_be_compared_is_missing_with_the_reason() -> None:
    found = match(rule({"cuda": {"loaded": {"below": "12"}}}), FACTS)
    assert found.missing["cuda.loaded"].kind == "failed"
    assert found.missing["cuda.loaded"].reason == "some cannot be compared as the rule asks"


def test_a_bad_regular_expression_is_a_clear_error() -> None:
    bad = rule(TRUE)
    bad = Rule(**{**bad._asdict(), "when": (block({"log": "("}, strict=False),)})
    with pytest.raises(Wrong, match=r"bad regular expression '\('"):
        match(bad, FACTS, LOG)


# --- fixes and places ---------------------------------------------------------------------------


def fix(name: str, on: dict[str, Any] | None = None, **more: Any) -> Fix:
    return Fix(do=Text(name), on=(block(on, strict=True),) if on else (), **more)


def names(*all_fixes: Fix, facts: dict[str, Fact] | None = None) -> list[str]:
    return [
        found.do.en for found in fixes(rule(TRUE, fixes=all_fixes), FACTS if facts is None else facts, LOG)
    ]


def test_fixes_that_apply_in_their_order() -> None:
    assert names(fix("a", TRUE), fix("b", FALSE), fix("c"), fix("d", {"log": "dlopen"})) == ["a", "c", "d"]


def test_a_fix_that_perhaps_applies_is_for_want_of_a_better() -> None:
    assert names(fix("a", PERHAPS), fix("b", FALSE), fix("c", PERHAPS)) == ["a", "c"]
    assert names(fix("a", PERHAPS), fix("b")) == ["b"]


def test_a_fix_whose_fact_has_no_value_is_left_out() -> None:
    everywhere = [
        fix("{driver.cuda}"),
        fix("a", run=("x {driver.module_version}",)),
        fix("c", packages=("x=={driver.cuda}",)),
        fix("d {driver.missing_nodes}"),
        Fix(do=Text("e", "{driver.cuda}")),
    ]
    assert names(*everywhere, fix("f {driver.version}")) == ["f 535.154.05-1ubuntu1"]


def test_where_no_fix_can_be_filled_it_is_told_without_what_is_not_known() -> None:
    wanting = fix("a {driver.cuda}", run=("ls", "x {driver.module_version}"), scope="system")
    (told,) = fixes(rule(TRUE, fixes=(wanting,)), FACTS, LOG)
    assert (told.do.en, told.run, told.scope) == ("a …", (), "manual")
    assert names(fix("a {driver.cuda}", FALSE), fix("b {driver.cuda}", PERHAPS)) == ["b …"]
    assert names(fix("a", PERHAPS), fix("b {driver.cuda}")) == ["b …"]  # a sure one is better


def test_a_fix_that_perhaps_applies_keeps_the_conditions_that_tell() -> None:
    (sure,) = fixes(rule(TRUE, fixes=(fix("a", TRUE),)), FACTS, LOG)
    (perhaps,) = fixes(rule(TRUE, fixes=(fix("a", PERHAPS),)), FACTS, LOG)
    assert not sure.on and perhaps.on == fix("a", PERHAPS).on


def test_what_checks_a_fix_may_be_missing() -> None:
    wanting = fix("b", verify=("x {driver.never_given}", "nvidia-smi"))
    (left,) = fixes(rule(TRUE, fixes=(wanting,)), FACTS, LOG)
    assert left.verify == ("nvidia-smi",)


def test_a_makeshift_stands_only_where_no_fix_before_it_surely_applies() -> None:
    makeshift = fix("c", otherwise=True)
    assert names(fix("a", FALSE), makeshift) == names(fix("a", PERHAPS), makeshift) == ["c"]
    assert names(fix("b"), makeshift, fix("d")) == ["b", "d"]


@pytest.mark.parametrize(
    ("root", "scope", "run"),
    [
        (True, "system", ("modprobe nvidia", "echo x | tee y", "sudo -u x y")),
        (True, "manual", ("sudo modprobe nvidia", "echo x | sudo tee y", "sudo -u x y")),
        (False, "system", ("sudo modprobe nvidia", "echo x | sudo tee y", "sudo -u x y")),
    ],
)
def test_the_superuser_needs_no_sudo_on_this_machine(root: bool, scope: Any, run: tuple[str, ...]) -> None:
    written = fix("a", run=("sudo modprobe nvidia", "echo x | sudo tee y", "sudo -u x y"), scope=scope)
    (found,) = fixes(rule(TRUE, fixes=(written,)), {**FACTS, "platform.root": Known(root)}, LOG)
    assert found.run == run


def test_places_are_filled_in_both_languages() -> None:
    filled = fill_rule(
        Rule(**{**rule(TRUE)._asdict(), "title": Text("{cuda.loaded} {x}", "有 {cuda.missing}")}), FACTS
    )
    assert filled.title == Text("some {x}", "有 libcudnn.so.9, libcusolver.so.11")
    title = Text("{driver.cuda} {driver.module_version}", "{driver.cuda} {driver.module_version}")
    filled = fill_rule(Rule(**{**rule(TRUE)._asdict(), "title": title}), FACTS)
    assert filled.title == Text("unknown none", "未知 无")


def test_a_part_of_a_text_stands_only_where_its_facts_have_a_value() -> None:
    title = Text("CUDA[[ {driver.cuda}]] and[[ {cuda.loaded}]] cuDNN", "有[[：{driver.module_version}]]")
    filled = fill_rule(Rule(**{**rule(TRUE)._asdict(), "title": title}), FACTS)
    assert filled.title == Text("CUDA and some cuDNN", "有")
    assert names(fix("a[[ (at least {driver.cuda})]]", run=("ls",))) == ["a"]
    assert anywhere(title.en) == "CUDA and cuDNN"
    assert whole(title.en) == "CUDA {driver.cuda} and {cuda.loaded} cuDNN"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b", "a b"),
        (8, "8"),
        (8.0, "8"),
        (15.25, "15.25"),
        (True, "true"),
        ([{"name": "RTX 4090", "bus_id": "0000:01:00.0"}], "RTX 4090 (0000:01:00.0)"),
        ([{"bus_id": "0000:01:00.0"}, "x"], "0000:01:00.0, x"),
        ([{"package": "numpy", "needs": "<2"}], "numpy"),
        ({"code": 9, "ok": False}, "code 9, ok false"),
    ],
)
def test_how_values_are_shown(value: Any, text: str) -> None:
    facts: dict[str, Fact] = {"cuda.missing": Known(value)}
    assert names(fix("{cuda.missing}"), fix("other"), facts=facts)[0] == text


@pytest.mark.parametrize(
    ("system", "value", "command"),
    [
        ("Linux", "/home/u/my project/.venv", "rm '/home/u/my project/.venv'"),
        ("Linux", "/opt/a; reboot", "rm '/opt/a; reboot'"),
        ("Linux", ["libcudnn.so.9", "a b"], "rm libcudnn.so.9 'a b'"),
        ("Linux", [{"path": "/a b", "version": "1"}], "rm '/a b'"),
        ("Linux", [{"name": "RTX", "bus_id": "01"}], "rm RTX"),
        ("Windows", r"C:\Users\u\my project", r'rm "C:\Users\u\my project"'),
        ("Windows", r"C:\tf", r"rm C:\tf"),
        ("Windows", "a & b", 'rm "a & b"'),
    ],
)
def test_commands_are_quoted_for_the_users_shell(system: str, value: Any, command: str) -> None:
    facts: dict[str, Fact] = {"platform.system": Known(system), "python.prefix": Known(value)}
    (found,) = fixes(
        rule(TRUE, fixes=(fix("a", run=("rm {python.prefix}",), verify=("rm {python.prefix}",)),)), facts
    )
    assert found.run == found.verify == (command,)


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("export NCCL_DEBUG=INFO NCCL_P2P_DISABLE=1", ("set NCCL_DEBUG=INFO", "set NCCL_P2P_DISABLE=1")),
        ("unset KERAS_BACKEND", ("set KERAS_BACKEND=",)),
        ("export PATH=/opt/cuda/bin:$PATH", ()),
        ("export XLA_FLAGS=--xla_gpu_cuda_data_dir=/usr/local/cuda", ()),
        ("unset LD_LIBRARY_PATH", ()),
        ("sudo dmesg | grep -i xid", ()),
        ('grep -rnF --include="*.py" -e "lr=" -e ".lr" .', ('findstr /s /n /l /c:"lr=" /c:".lr" *.py',)),
        ('grep -rnwF --include="*.py" -e "acc" .', ('findstr /s /n /l /c:"acc" *.py',)),
        ("nvidia-smi -q -d ECC", ("nvidia-smi -q -d ECC",)),
        ("python -m pip cache purge", ("python -m pip cache purge",)),
    ],
)
def test_on_windows_only_what_windows_has_is_told_to_run(line: str, lines: tuple[str, ...]) -> None:
    written = rule(TRUE, fixes=(fix("a", run=(line,), verify=(line,)),))
    (found,) = fixes(written, {"platform.system": Known("Windows")})
    assert found.run == found.verify == lines
    (elsewhere,) = fixes(written, {"platform.system": Known("Linux")})
    assert elsewhere.run == (line,)


@pytest.mark.parametrize("value", ['a" & calc "', "%PATH%", "$(calc)", "a`b"])
def test_what_no_windows_shell_leaves_alone_gives_no_command(value: str) -> None:
    facts: dict[str, Fact] = {"platform.system": Known("Windows"), "python.prefix": Known(value)}
    (found,) = fixes(rule(TRUE, fixes=(fix("a", run=("rm {python.prefix}",)),)), facts)
    assert found == Fix(do=Text("a"))


def test_packages_are_filled_without_quotes() -> None:
    (found,) = fixes(rule(TRUE, fixes=(fix("a", packages=("tensorflow{wanted.tensorflow}",)),)), FACTS)
    assert found.packages == ("tensorflow>=2.16,<2.20",)
