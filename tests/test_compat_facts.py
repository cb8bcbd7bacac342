"""Facts that follow from the tables, on given facts and without a machine."""

from __future__ import annotations

from typing import Any

import pytest

from envcheck import rulebook, tables
from envcheck.host import Host
from envcheck.match import fixes, match
from envcheck.model import Fact, Known, Unknown, Value
from envcheck.probes import Collected, registry
from envcheck.snapshot import replay

PROBES = registry()
CODES = ["sm_60", "sm_70", "sm_80", "sm_89", "compute_90"]
#: A stock tensorflow[and-cuda] 2.20.0 beside one RTX 4090.
STOCK: dict[str, Value] = {
    "platform.system": "Linux", "platform.architecture": "x86_64", "platform.wsl": None,
    "platform.glibc": "2.35", "python.version": "3.11.7", "wanted.gpu": 1,
    "tensorflow.distribution": "tensorflow", "tensorflow.version": "2.20.0", "tensorflow.cuda_build": True,
    "tensorflow.build_cuda": "12.5.1", "tensorflow.build_cudnn": "9", "tensorflow.build_compute": CODES,
    "driver.version": "550.54.14", "driver.usable_gpus": ["0000:01:00.0"], "driver.libcuda_compat": None,
    "hardware.gpus": [{"bus_id": "0000:01:00.0", "compute": "8.9"}],
}  # fmt: skip
RULES = {rule.cause: rule for rule in rulebook.load()}


def facts(given: dict[str, Value] | None = None, **unknown: str) -> Collected:
    """The facts of ``STOCK``, changed by ``given``; ``layer__name="kind"`` is one that is not known."""
    known: dict[str, Fact] = {name: Known(value) for name, value in {**STOCK, **(given or {})}.items()}
    for name, kind in unknown.items():
        known[name.replace("__", ".")] = Unknown(kind, "not asked")  # type: ignore[arg-type]
    return Collected(nowhere(), PROBES, known)


def nowhere() -> Host:
    answers = {"identity": {"": {"system": "Linux"}}}
    target = {"python": "/usr/bin/python3", "chosen": "test"}
    return replay({"schema": "envcheck-machine/1", "target": target, "answers": answers, "files": {}})


def value(name: str, given: dict[str, Value] | None = None, **unknown: str) -> Value:
    fact = facts(given, **unknown)[name]
    assert isinstance(fact, Known), (name, fact)
    return fact.value


def gpus(*computes: str | None) -> dict[str, Value]:
    found = [{"bus_id": f"0000:0{n}:00.0", "compute": compute} for n, compute in enumerate(computes, 1)]
    return {"hardware.gpus": found, "driver.usable_gpus": [gpu["bus_id"] for gpu in found]}


# --- what the build is, and what it asks for ------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tensorflow.cuda", "12.5.1"),
        ("tensorflow.cudnn", "9"),
        ("tensorflow.compute", CODES),
        ("tensorflow.min_driver", "525.60.13"),
        ("tensorflow.driver_floor", "525.60.13"),
        ("tensorflow.requires_python", ">=3.9,<3.14"),
        ("tensorflow.requires_numpy", ">=1.26.0"),
        ("tensorflow.requires_protobuf", ">=5.28.0"),
        ("tensorflow.requires_keras", ">=3.10.0"),
        ("tensorflow.glibc", "2.17"),
        ("tensorflow.pip_needed", "19.3"),
        ("tensorflow.gpus_run", "native"),
        ("tensorflow.newest_for_python", "2.21.0"),
        ("tensorflow.newest_for_gpu", "2.20.0"),
        ("tensorflow.newest_for_driver", "2.20.0"),
        ("tensorflow.newest_fitting", "2.20.0"),  # 2.21.0 finds no GPU as it is released
        ("tensorflow.build_differs", []),
        ("driver.newest_branch", None),
        ("python.newest_supported", "3.13"),
        ("python.oldest_supported", "3.9"),
        ("python.pip_needed", "20.3"),
    ],
)
def test_a_stock_wheel(name: str, expected: Value) -> None:
    assert value(name, {"hardware.lowest_compute": "8.9"}) == expected


@pytest.mark.parametrize(
    "name",
    ["cuda", "cudnn", "compute", "min_driver", "driver_floor", "build_differs"],
)
def test_a_cpu_build_has_none_of_it(name: str) -> None:
    cpu = {
        "tensorflow.distribution": "tensorflow-cpu", "tensorflow.cuda_build": False,
        "tensorflow.build_cuda": None, "tensorflow.build_cudnn": None, "tensorflow.build_compute": None,
    }  # fmt: skip
    assert value(f"tensorflow.{name}", cpu) is None
    assert value("tensorflow.gpu_support", cpu) == []


@pytest.mark.parametrize(("version", "full"), [("1.15.0", "10.0"), ("2.2.0", "10.1")])
def test_a_build_that_names_half_of_its_cuda_version(version: str, full: str) -> None:
    said = {"tensorflow.version": version, "tensorflow.build_cuda": "10", "tensorflow.build_compute": None}
    assert value("tensorflow.cuda", {**said, "tensorflow.build_cudnn": None}) == full
    assert value("tensorflow.build_differs", {**said, "tensorflow.build_cudnn": None}) == []


def test_where_build_and_table_differ_the_build_counts_and_the_difference_is_told() -> None:
    nvidia: dict[str, Value] = {
        "tensorflow.version": "2.17.0+nv25.2", "tensorflow.build_cuda": "12.8",
        "tensorflow.build_compute": ["sm_80", "sm_90", "sm_100", "compute_120"], **gpus("9.0"),
    }  # fmt: skip
    assert value("tensorflow.cuda", nvidia) == "12.8"
    differs = {entry["what"]: entry for entry in value("tensorflow.build_differs", nvidia)}
    assert differs["cuda"] == {"what": "cuda", "build": "12.8", "table": "12.3"}
    assert set(differs) == {"cuda", "cudnn", "compute"}
    # The released wheel's count of kernels is not this one's.
    (support,) = value("tensorflow.gpu_support", nvidia)
    assert (support["runs"], support["reason"], support["share"]) == ("native", None, None)
    assert value("tensorflow.min_driver", nvidia) == "525.60.13"


def test_there_is_nothing_to_compare_where_the_build_is_silent() -> None:
    silent: dict[str, Value] = {f"tensorflow.build_{name}": None for name in ("cuda", "cudnn", "compute")}
    assert value("tensorflow.build_differs", silent) is None
    assert value("tensorflow.cuda", silent) == "12.5.1" and value("tensorflow.compute", silent) == CODES


@pytest.mark.parametrize("version", ["2.30.0", "3.0.0", "2.22.0"])
def test_what_came_later_is_newer_than_the_table_and_never_unsupported(version: str) -> None:
    later: dict[str, Value] = {"tensorflow.version": version, **gpus("9.0")}
    for name in ("requires_python", "requires_numpy", "glibc", "pip_needed"):
        fact = facts(later)[f"tensorflow.{name}"]
        assert isinstance(fact, Unknown) and fact.kind == "skipped"
        assert "newer than" in fact.reason and tables.dated() in fact.reason
    # What the build says of itself still counts.
    assert value("tensorflow.gpus_run", later) == "native"
    assert value("tensorflow.min_driver", later) == "525.60.13"
    assert value("tensorflow.newest_for_python", later) == "2.21.0"


def test_a_release_that_never_was_is_not_called_newer() -> None:
    fact = facts({"tensorflow.version": "2.20.7"})["tensorflow.glibc"]
    assert isinstance(fact, Unknown) and "newer" not in fact.reason


def test_a_cuda_that_the_table_does_not_know_needs_no_guessed_driver() -> None:
    fact = facts({"tensorflow.version": "2.30.0", "tensorflow.build_cuda": "19.2"})["tensorflow.min_driver"]
    assert isinstance(fact, Unknown) and fact.kind == "skipped" and "19.2" in fact.reason


# --- drivers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "computes", "least", "floor"),
    [
        ("2.20.0", ["8.9"], "525.60.13", "525.60.13"),
        ("2.20.0", ["9.0"], "555.42.02", "525.60.13"),  # some kernels are PTX 8.5 alone
        ("2.18.0", ["9.0"], "545.23.06", "525.60.13"),  # PTX 8.3
        ("2.16.2", ["9.0"], "525.60.13", "525.60.13"),  # PTX 8.0
        ("2.20.0", ["12.0"], "555.42.02", "555.42.02"),  # nothing but PTX
        ("2.20.0", ["8.9", "12.0"], "555.42.02", "525.60.13"),
        ("2.20.0", [None], "525.60.13", "525.60.13"),
        ("2.20.0", [], "525.60.13", "525.60.13"),
        ("2.15.1", ["9.0"], "530.30.02", "530.30.02"),
    ],
)
def test_the_driver_that_is_needed(version: str, computes: list[str | None], least: str, floor: str) -> None:
    row = tables.release("tensorflow", version, "linux-x86_64")
    assert row is not None
    given = {
        "tensorflow.version": version, "tensorflow.build_cuda": row["cuda"],
        "tensorflow.build_compute": row["compute"], **gpus(*computes),
    }  # fmt: skip
    assert value("tensorflow.min_driver", given) == least
    assert value("tensorflow.driver_floor", given) == floor


def test_only_gpus_that_are_used_need_a_driver() -> None:
    given = {**gpus("8.9", "12.0"), "driver.usable_gpus": ["0000:01:00.0"]}
    assert value("tensorflow.min_driver", given) == "525.60.13"
    hidden = {**gpus("8.9", "12.0"), "driver.usable_gpus": []}
    assert value("tensorflow.min_driver", hidden) == "555.42.02"
    assert value("tensorflow.min_driver", gpus("12.0"), driver__usable_gpus="failed") == "555.42.02"


def test_the_floor_stands_where_the_gpus_are_not_known() -> None:
    assert value("tensorflow.min_driver", hardware__gpus="skipped") == "525.60.13"
    unnamed = facts(tensorflow__distribution="skipped", hardware__gpus="skipped")
    assert unnamed["tensorflow.min_driver"] == Known("525.60.13", unnamed["tensorflow.min_driver"].source)


def test_wsl_counts_drivers_of_windows() -> None:
    wsl = {"platform.wsl": 2, **gpus("9.0"), "driver.version": "551.61"}
    assert value("tensorflow.min_driver", wsl) == "555.85"
    assert value("tensorflow.driver_floor", wsl) == "528.33"
    assert value("tensorflow.newest_fitting", wsl) == "2.18.1"
    assert value("tensorflow.newest_fitting", {**wsl, "driver.version": "560.94"}) == "2.20.0"


def outcome(cause: str, given: dict[str, Value], **unknown: str) -> bool | None:
    return match(RULES[cause], facts(given, **unknown)).outcome


HOPPER = gpus("9.0")
FAILED = "InternalError: 'cuLaunchKernel(function, …)' failed with 'CUDA_ERROR_INVALID_HANDLE' [Op:Cast]"


@pytest.mark.parametrize(
    ("driver", "error", "expected"),
    [
        ("550.54.14", None, False),  # it trains: there is nothing to say
        ("550.54.14", FAILED, True),
        ("550.54.14", "InternalError: cuDNN launch failure", False),
        ("555.42.02", FAILED, False),
        ("470.57.02", None, True),
    ],
)
def test_a_driver_between_floor_and_ptx_is_to_blame_for_such_a_failure_alone(
    driver: str, error: str | None, expected: bool
) -> None:
    given = {**HOPPER, "driver.version": driver, "training.error": error}
    assert outcome("driver-too-old", given) is expected


def test_without_a_try_a_driver_between_floor_and_ptx_is_a_doubt() -> None:
    between = {**HOPPER, "driver.version": "550.54.14"}
    assert outcome("driver-too-old", between, training__error="skipped") is None
    for driver, computes in [("555.42.02", "9.0"), ("550.54.14", "8.9"), ("550.54.14", "8.0")]:
        given = {**gpus(computes), "driver.version": driver}
        assert outcome("driver-too-old", given, training__error="skipped") is False
    assert outcome("driver-too-old", {**between, "driver.version": "470.57.02"}, training__error="skipped")


def test_the_fix_names_the_driver_that_all_kernels_need() -> None:
    here: dict[str, Value] = {
        "platform.distro": "gentoo",
        "platform.distro_like": [],
        "platform.container": None,
    }
    given = {**HOPPER, **here, "driver.version": "550.54.14", "training.error": FAILED}
    found = fixes(RULES["driver-too-old"], facts({**given, "driver.newest_branch": None}))
    assert "555.42.02" in found[0].do.en and "555.42.02" in str(found[0].do.zh)


# --- GPUs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "computes", "runs", "reasons", "summed"),
    [
        (CODES, ["8.9", "7.5"], ["native", "native"], [None, None], "native"),
        (CODES, ["9.0"], ["native"], ["partly-ptx"], "native"),
        (CODES, ["8.9", "12.0"], ["native", "ptx-jit"], [None, "too-new"], "ptx-jit"),
        (CODES, ["8.9", "5.2"], ["native", "no"], [None, "too-old"], "some-no"),
        (CODES, ["5.2"], ["no"], ["too-old"], "no"),
        (["sm_60"], ["8.9"], ["no"], ["too-new"], "no"),
        (["sm_35", "sm_52"], ["5.0"], ["no"], ["no-code"], "no"),
    ],
)
def test_support_has_a_word_for_its_reason(
    codes: list[str], computes: list[str], runs: list[str], reasons: list[Value], summed: str
) -> None:
    given = {**gpus(*computes), "tensorflow.build_compute": codes}
    found = value("tensorflow.gpu_support", given)
    assert [entry["runs"] for entry in found] == runs
    assert [entry["reason"] for entry in found] == reasons
    assert value("tensorflow.gpus_run", given) == summed


@pytest.mark.parametrize(
    ("codes", "compute", "too_old", "too_new"),
    [
        (CODES, "5.2", True, False),
        (CODES, "8.9", False, False),
        (CODES, "9.0", False, False),
        (CODES, "12.0", False, False),  # PTX: training tells
        (["sm_60"], "8.9", False, True),
        (["sm_35", "sm_52"], "5.0", True, False),
    ],
)
def test_the_rules_follow_the_reason(codes: list[str], compute: str, too_old: bool, too_new: bool) -> None:
    given = {
        **gpus(compute), "tensorflow.build_compute": codes, "driver.version": "580.65.06",
        "hardware.highest_compute": compute, "training.error": None,
    }  # fmt: skip
    assert outcome("gpu-too-old-for-build", given) is too_old
    assert outcome("gpu-too-new-for-build", given) is too_new


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("newest_for_gpu", gpus("5.2"), "2.16.2"),
        ("newest_for_gpu", gpus("3.5"), "2.14.1"),
        ("newest_for_gpu", gpus("8.9", "3.7"), "2.14.1"),
        ("newest_for_gpu", gpus("2.1"), None),
        ("newest_for_gpu", gpus(), None),
        ("newest_for_gpu", {"platform.architecture": "aarch64"}, None),
        ("newest_for_driver", {"driver.version": "470.57.02"}, "2.14.1"),
        ("newest_for_driver", {"driver.version": "450.51.05"}, "2.3.4"),
        ("newest_for_driver", {"driver.version": None}, None),
        ("newest_for_driver", {**gpus("9.0")}, "2.18.1"),
        ("newest_for_python", {"python.version": "3.8.18"}, "2.13.1"),
        ("newest_for_python", {"python.version": "3.14.0"}, None),
        ("newest_fitting", {"python.version": "3.12.1", **gpus("5.2")}, "2.16.2"),
        ("newest_fitting", {"python.version": "3.13.0", **gpus("5.2")}, None),
        ("newest_fitting", gpus(None), "2.20.0"),
        ("newest_fitting", {"wanted.gpu": 0}, "2.21.0"),
        ("newest_fitting", {"wanted.gpu": 0, "platform.glibc": "2.17"}, "2.20.0"),
        ("newest_fitting", {"platform.system": "Windows", "python.version": "3.10.13"}, "2.10.1"),
    ],
)
def test_the_newest_release_for_what_is_there(
    name: str, given: dict[str, Value], expected: str | None
) -> None:
    assert value(f"tensorflow.{name}", given) == expected


def test_a_gpu_that_is_not_known_leaves_open_which_release_has_code_for_it() -> None:
    fact: Any = facts(gpus("8.9", None))["tensorflow.newest_for_gpu"]
    assert isinstance(fact, Unknown) and fact.kind == "skipped"


@pytest.mark.parametrize(
    ("compute", "branch"), [("3.5", "470"), ("5.2", "580"), ("7.0", "580"), ("7.5", None), ("12.0", None)]
)
def test_the_last_branch_of_a_generation(compute: str, branch: str | None) -> None:
    assert value("driver.newest_branch", {"hardware.lowest_compute": compute}) == branch


def test_what_fits_fits() -> None:
    """newest_fitting over systems of all kinds is a release that the table lets through, and not broken."""
    for python in ("3.8.18", "3.9.18", "3.11.7", "3.13.0"):
        for compute in ("5.2", "7.0", "8.9", "9.0", "12.0"):
            for driver in ("470.57.02", "525.60.13", "550.54.14", "580.65.06"):
                given = {**gpus(compute), "python.version": python, "driver.version": driver}
                found = value("tensorflow.newest_fitting", given)
                row = tables.release("tensorflow", found, "linux-x86_64") if found else None
                if row:
                    assert tables.misfit(row, python, [compute], driver, "2.35") is None
                    assert not tables.broken(found, "linux-x86_64")
                    assert tables.support(row, compute).runs != "no"


# --- numbers that stand in rules ------------------------------------------------------------------


def text(cause: str) -> str:
    rule = RULES[cause]
    fixes_ = [f"{fix.do.en} {' '.join(fix.packages)}" for fix in rule.fixes]
    return " ".join([rule.title.en, rule.why.en, *fixes_])


def test_the_rules_name_the_releases_that_the_table_has() -> None:
    last_mac = tables.releases("macos-x86_64")[0]
    assert str(last_mac["version"]) in text("macos-intel-wheels-ended")
    assert last_mac["python"] == ">=3.9,<3.13"  # "for Python 3.9 to 3.12"
    last_windows = tables.newest_for("win-amd64", compute=[None])
    assert last_windows and last_windows in text("windows-native-gpu-unsupported")
    assert last_windows.startswith("2.10.")  # the rule begins with 2.11
    assert tables.newest_for("linux-aarch64", compute=[None]) is None  # "none of them has CUDA code"
    for compute in ("5.0", "5.2", "3.5", "3.7"):
        last = tables.newest_for("linux-x86_64", compute=[compute])
        assert last and last in text("gpu-too-old-for-build"), compute
    assert tables.ptx()["cache_recommended"] in " ".join(
        line for fix in RULES["ptx-jit-slow-start"].fixes for line in fix.run
    )


def test_the_release_for_an_old_glibc_is_the_newest_that_runs_there() -> None:
    newest = tables.newest_for("linux-x86_64", glibc="2.17")
    assert f"=={newest}" in text("glibc-too-old")
    row = tables.release("tensorflow", str(newest), "linux-x86_64")
    assert row is not None and row["python"] == ">=3.9,<3.14"  # the fix's condition


def test_no_release_has_machine_code_for_blackwell_as_the_rule_says() -> None:
    for row in tables.releases("linux-x86_64", final=False):
        if row["cuda"]:
            assert tables.support(row, "10.0").runs != "native" != tables.support(row, "12.0").runs


@pytest.mark.parametrize(
    ("wanted", "system", "expected"),
    [
        ("==1.13", "Linux", ["1.13.1", "1.13.2"]),
        ("== 2.16", "Linux", ["2.16.1", "2.16.2"]),
        ("==2.16.0", "Windows", ["2.16.1", "2.16.2"]),
        ("===1.15.1", "Linux", ["1.15.0", "1.15.2", "1.15.3", "1.15.4", "1.15.5"]),
        ("==1.18", "Linux", ["1.15.5", "2.0.0"]),
        ("==2.21", "Linux", []),
        ("==2.15.0.post1", "Darwin", []),  # for Linux alone: released all the same
        ("==2.16.*", "Linux", None),
        (">=2.15", "Linux", None),
        (None, "Linux", None),
    ],
)
def test_the_nearest_of_what_was_never_released(
    wanted: str | None, system: str, expected: list[str] | None
) -> None:
    given = {"wanted.tensorflow": wanted, "platform.system": system}
    assert value("tensorflow.nearest", given) == expected
    if expected is not None:
        assert outcome("version-not-on-index", {**given, "tensorflow.nearest": expected}) is bool(expected)


def test_a_version_after_the_table_may_have_been_released() -> None:
    fact: Any = facts({"wanted.tensorflow": "==99.0"})["tensorflow.nearest"]
    assert fact.kind == "skipped" and tables.dated() in fact.values["dated"]
