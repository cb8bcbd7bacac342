"""``envcheck rules compat``: what fits, by the tables, and what is said of what it cannot know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envcheck import compat, examine, tables, words
from envcheck.model import Wrong

from .command_line import invoke

COMPUTES = [
    row["compute"] for row in map(tables.gpu, ("102d", "1b80", "1db4", "2684", "2330", "2b85")) if row
]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    yield
    words.use("en")


def answer(*args: str) -> Any:
    result = invoke("rules", "compat", *args, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def release(told: Any, version: str) -> Any:
    return next(each for each in told["releases"] if each["version"] == version)


# --- the answer -----------------------------------------------------------------------------------


def test_every_final_release_stands_there_once_newest_first() -> None:
    told = answer()
    versions = [each["version"] for each in told["releases"]]
    assert versions == [row["version"] for row in tables.releases("linux-x86_64")]
    assert told["newest"] == versions[0] and all(each["fits"] for each in told["releases"])
    assert (told["schema"], told["dated"]) == ("envcheck-compat/1", tables.dated())


def test_the_first_reason_is_named() -> None:
    told = answer("--python", "3.12", "--gpu", "RTX 5090", "--driver", "550.54", "--os", "linux")
    reasons = {each["version"]: (each["reason"] or {}).get("what") for each in told["releases"]}
    assert (reasons["2.21.0"], reasons["2.20.0"], reasons["2.15.1"]) == ("broken", "driver", "python")
    assert "3.12" in release(told, "2.15.1")["reason"]["why"]
    assert "550.54" in release(told, "2.20.0")["reason"]["why"]


def test_a_gpu_is_a_name_a_pci_id_or_a_compute_capability() -> None:
    asked = [answer("--gpu", gpu)["asked"]["gpus"] for gpu in ("rtx 4090", "2684", "0x2684", "10DE:2684")]
    assert asked[0] == [{"name": "GeForce RTX 4090", "compute": "8.9"}]
    assert all(each == asked[0] for each in asked)
    assert answer("--gpu", "8.9")["asked"]["gpus"] == [{"name": None, "compute": "8.9"}]


def test_several_gpus_are_as_good_as_the_worst() -> None:
    both = answer("--gpu", "RTX 4090", "--gpu", "K80")
    assert both["newest"] == answer("--gpu", "K80")["newest"] == "2.14.1"
    mixed = release(answer("--gpu", "RTX 4090", "--gpu", "RTX 5090"), "2.20.0")
    assert (mixed["runs"], mixed["driver"]) == ("ptx-jit", "555.42.02")
    assert release(answer("--gpu", "T4", "--gpu", "H100"), "2.20.0")["share"] is not None


def test_who_names_a_driver_wants_a_gpu() -> None:
    assert answer("--driver", "580.65.06")["newest"] == "2.20.0"  # 2.21.0 finds no GPU as released
    assert answer("--driver", "470.57.02")["newest"] == "2.14.1"
    assert answer("--driver", "390.157")["newest"] is None


@pytest.mark.parametrize(
    ("args", "platform", "newest"),
    [
        (["--os", "windows"], "win-amd64", "2.21.0"),
        (["--os", "windows", "--gpu", "8.6"], "win-amd64", "2.10.1"),
        (["--os", "macos"], "macos-arm64", "2.21.0"),
        (["--os", "macos", "--arch", "x86_64"], "macos-x86_64", "2.16.2"),
        (["--arch", "arm64"], "linux-aarch64", "2.21.0"),
        (["--arch", "aarch64", "--gpu", "GB10"], "linux-aarch64", None),
        (["--glibc", "2.17"], "linux-x86_64", "2.20.0"),
        (["--os", "wsl", "--gpu", "8.6", "--driver", "528.33"], "linux-x86_64", "2.20.0"),
        (["--os", "wsl", "--gpu", "8.6", "--driver", "527.41"], "linux-x86_64", "2.14.1"),
    ],
)
def test_systems(args: list[str], platform: str, newest: str | None) -> None:
    told = answer(*args)
    assert (told["asked"]["platform"], told["newest"]) == (platform, newest)


def test_a_gpu_build_of_another_package_is_named() -> None:
    assert "tensorflow-gpu" in release(answer("--gpu", "T4"), "2.0.4")["reason"]["why"]
    assert (
        "tensorflow-gpu"
        not in release(answer("--gpu", "T4", "--os", "macos", "--arch", "x86_64"), "2.0.0")["reason"]["why"]
    )


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(sorted(compat.SYSTEMS)),
    st.sampled_from([None, "2.7", "3.7", "3.9", "3.12.1", "3.14"]),
    st.lists(st.sampled_from(COMPUTES), max_size=2),
    st.sampled_from([None, "418.39", "470.57.02", "525.60.13", "580.65.06"]),
)
def test_it_says_what_the_diagnosis_says(
    system: str, python: str | None, computes: list[str], driver: str | None
) -> None:
    """``tensorflow.newest_fitting`` and the table of releases come from one place."""
    asked = compat.question(system, None, python, computes, driver, None)
    told = compat.answer(asked)
    compute = computes or ([None] if driver else [])
    expected = tables.newest_for(
        asked.platform, python, compute, driver, windows=system in ("windows", "wsl")
    )
    assert (told.newest and told.newest.row["version"]) == expected
    for each in told.releases:
        assert each.misfit is None or compat.why(each.misfit)
        assert each.misfit is not None or not each.support or each.support.runs != "no"


# --- as people read it ----------------------------------------------------------------------------


def test_the_table_says_what_was_left_open_and_what_fits() -> None:
    text = invoke("rules", "compat", "--gpu", "RTX 5090").stdout
    assert "GeForce RTX 5090 (compute 12.0)" in text
    assert "left open (--driver)" in text and "left open (--python)" in text
    assert "✓ The newest release that fits: 2.20.0" in text
    assert "compute_90 is compiled at" in text
    assert tables.dated() in text


def test_without_a_gpu_it_says_so() -> None:
    text = invoke("rules", "compat").stdout
    assert "left open (--gpu)" in text and "no GPU was asked for" in text
    assert "✗ No release fits" in invoke("rules", "compat", "--python", "3.99").stdout


def test_reasons_are_told_in_chinese() -> None:
    args = ["--python", "3.12", "--gpu", "K80", "--lang", "zh"]
    text = invoke("rules", "compat", *args).stdout
    assert "没有合适的版本" in text and "不适用于 3.12" in text and "nvidia/cusolver/lib" in text
    assert " it " not in text and " no " not in text
    spoken = json.loads(invoke("rules", "compat", *args, "--format", "json").stdout)
    assert "不适用于" in release(spoken, "2.10.0")["reason"]["why"]
    assert "它" not in release(answer("--gpu", "K80"), "2.20.0")["reason"]["why"]


def test_the_answer_goes_into_a_file(tmp_path: Path) -> None:
    file = tmp_path / "answer.txt"
    assert invoke("rules", "compat", "--output", str(file)).stdout == ""
    assert "2.20.0" in file.read_text("utf-8")


def test_no_machine_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: Any) -> Any:
        raise AssertionError("a machine was asked")

    monkeypatch.setattr(examine, "open_machine", asked)
    assert invoke("rules", "compat").exit_code == 0


# --- the list of rules stays the default ----------------------------------------------------------


def test_the_list_of_causes_needs_no_name() -> None:
    named, unnamed = invoke("rules", "list", "--layer", "driver"), invoke("rules", "--layer", "driver")
    assert named.stdout == unnamed.stdout and "driver-too-old" in named.stdout
    assert "compat" in invoke("rules", "--help").stdout


@pytest.mark.parametrize(
    ("args", "parts"),
    [
        (["--gpu", "RTX 5095"], ["RTX 5095", "GeForce RTX 5090", "--gpu 8.9"]),
        (["--gpu", "5090"], ["GeForce RTX 5090"]),
        (["--gpu", "Radeon RX 7900"], ["Radeon RX 7900", "no NVIDIA GPU"]),
        (["--gpu", "10de:ffff"], ["10de:ffff"]),
        (["--gpu", ""], ["--gpu"]),
        (["--gpu", "GTX 860M"], ["different chips", "--gpu 8.9"]),
        (["--os", "beos"], ["--os beos", "linux, wsl, windows, macos"]),
        (["--os", "windows", "--arch", "arm64"], ["--os windows --arch arm64"]),
        (["--python", "python3"], ["--python python3", "3.12"]),
        (["--python", "3"], ["--python 3:"]),
        (["--driver", "newest"], ["--driver newest", "550.54.14"]),
        (["--glibc", "2"], ["--glibc 2:"]),
        (["--grup", "x"], ["--grup"]),
        (["now"], ["now"]),
    ],
)
def test_wrong_usage_is_one_sentence(args: list[str], parts: list[str]) -> None:
    result = invoke("rules", "compat", *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("envcheck: ") and result.stderr.count("\n") == 1
    for part in parts:
        assert part in result.stderr


def test_an_unknown_list_of_the_rules() -> None:
    result = invoke("rules", "compt")
    assert (result.exit_code, result.stdout) == (2, "") and "list, compat" in result.stderr


def test_every_option_has_a_help_text() -> None:
    from envcheck.cli.rules import command as rules

    for command in (rules, *rules.commands.values()):
        assert command.help
        assert all(getattr(param, "help", None) for param in command.params)


def test_every_gpu_of_the_table_is_understood_by_its_name_or_said_to_be_ambiguous() -> None:
    for name in {values[1] for values in tables.files.table("gpus.csv")[1]}:
        try:
            found = compat.gpu(name)
        except Wrong as wrong:
            assert "different chips" in str(wrong), name
        else:
            assert found.compute
