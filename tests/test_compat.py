"""The tables in rules/compat: their shape, what must hold of every row, and rows checked by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from envcheck import rulebook, tables
from envcheck.match import match
from envcheck.model import Known
from envcheck.operators import dotted
from envcheck.tables import files, ranges

COMPAT = Path(__file__).parent.parent / "rules" / "compat"
PLATFORMS = ("linux-x86_64", "linux-aarch64", "win-amd64", "macos-arm64", "macos-x86_64", "any")
PYTHONS = ["2.7", *(f"3.{minor}" for minor in range(3, 17))]


def rows(name: str) -> list[dict[str, str]]:
    columns, lines = files.table(name)
    assert all(len(line) == len(columns) for line in lines)
    return [dict(zip(columns, line)) for line in lines]


RELEASES = rows("tensorflow.csv")
CUDA_BUILDS = [row for row in RELEASES if row["cuda"]]
CUDA = files.cuda_toml()


def named(row: Mapping[str, str]) -> str:
    return f"{row['package']}-{row['version']}-{row['platform']}"


def admitted(specifier: str) -> list[str]:
    return [minor for minor in PYTHONS if SpecifierSet(specifier).contains(minor)]


# ---- tensorflow.csv ----


def test_there_is_one_row_per_release_and_platform_oldest_first() -> None:
    keys = [(row["package"], row["version"], row["platform"]) for row in RELEASES]
    assert len(set(keys)) == len(keys) > 700
    packages = list(dict.fromkeys(key[0] for key in keys))
    ordered = sorted(keys, key=lambda key: (packages.index(key[0]), Version(key[1]), key[2]))
    assert keys == ordered
    assert {row["platform"] for row in RELEASES} == set(PLATFORMS)


def test_every_row_names_the_wheel_it_is_from() -> None:
    for row in RELEASES:
        name, version, *_ = row["source"].split("-")
        assert row["source"].endswith(".whl")
        assert name.lower().replace("_", "-") == row["package"], named(row)
        assert Version(version) == Version(row["version"]), named(row)


def test_every_row_admits_exactly_pythons_that_the_wheel_lets_in() -> None:
    for row in RELEASES:
        minors = admitted(row["python"])
        assert minors, named(row)
        assert set(minors) <= set(admitted(row["requires_python"])), named(row)
        tag = re.search(r"-cp(\d)(\d+)-", row["source"])
        if tag:
            assert minors[-1] == f"{tag[1]}.{tag[2]}", named(row)
            assert "<" in row["python"], named(row)


def test_the_quick_reading_of_pythons_is_that_of_pep_440() -> None:
    for specifier in {row["python"] for row in RELEASES}:
        assert [minor for minor in PYTHONS if tables.admits(specifier, minor)] == admitted(specifier)


def test_ranges_of_releases_are_read_as_pep_440_reads_them() -> None:
    finals = {row["version"] for row in RELEASES if not Version(row["version"]).is_prerelease}
    for table in ("libraries", "dlopen", "broken"):
        for block in CUDA[table]:
            for version in finals:
                expected = SpecifierSet(block["tf"]).contains(version)
                assert ranges.covers(block["tf"], version) is expected, (block["tf"], version)


def test_every_specifier_can_be_read() -> None:
    for row in RELEASES:
        for name in ("numpy", "protobuf", "keras"):
            for choice in row[name].split(" | "):
                SpecifierSet(choice.partition(";python ")[0])


def test_every_pin_of_the_extra_can_be_read() -> None:
    from packaging.requirements import Requirement

    for row in RELEASES:
        for pin in row["extras"].split():
            assert Requirement(pin).specifier, f"{named(row)}: {pin}"


def test_a_gpu_build_has_all_that_is_asked_of_it() -> None:
    for row in CUDA_BUILDS:
        assert row["compute"] and row["min_driver"], named(row)
        assert row["cudnn"] or row["version"] in ("1.13.1", "1.13.2", "1.14.0"), named(row)  # do not say it
        assert all(re.fullmatch(r"(sm|compute)_\d+[af]?", code) for code in row["compute"].split()), named(
            row
        )
        windows = row["platform"] == "win-amd64"
        assert row["min_driver"] == tables.min_driver(row["cuda"], windows), named(row)
        assert "stub" not in row["flags"]


def test_a_cpu_build_says_nothing_of_gpus() -> None:
    for row in RELEASES:
        if not row["cuda"]:
            said = [name for name in ("cudnn", "compute", "ptx", "jit", "min_driver") if row[name]]
            assert not said, f"{named(row)}: {said}"


def test_only_linux_wheels_ask_for_a_glibc() -> None:
    for row in RELEASES:
        assert bool(row["glibc"]) == bool(row["pip"]), named(row)
        assert row["platform"].startswith("linux") or not row["glibc"], named(row)


def test_flags_are_known() -> None:
    for row in RELEASES:
        assert set(row["flags"].split()) <= {"stub", "yanked", "prerelease", "nightly"}, named(row)
        assert Version(row["version"]).is_prerelease == ("prerelease" in row["flags"].split()), named(row)


@pytest.mark.parametrize("column", ["cuda", "min_driver", "glibc", "pip", "ptx"])
def test_what_a_linux_build_needs_only_grows(column: str) -> None:
    values = [row[column] for row in reversed(tables.releases("linux-x86_64")) if row["cuda"] and row[column]]
    assert values == sorted(values, key=dotted)


#: Read by hand from the wheels' METADATA, build_info.py and names (pip download; unzip -p; the index page).
SPOT = [
    (
        "tensorflow-gpu",
        "1.13.1",
        "linux-x86_64",
        {"python": ">=2.7,!=3.0.*,!=3.1.*,!=3.2.*,<3.8", "cuda": "10.0"},
    ),
    ("tensorflow", "1.13.1", "linux-x86_64", {"cuda": "", "numpy": ">=1.13.3", "glibc": "2.5"}),
    ("tensorflow", "1.15.0", "linux-x86_64", {"cuda": "10.0", "cudnn": "7", "min_driver": "410.48"}),
    ("tensorflow", "1.15.2", "linux-x86_64", {"cuda": ""}),
    ("tensorflow", "2.0.0", "linux-x86_64", {"cuda": ""}),
    ("tensorflow-gpu", "2.0.0", "linux-x86_64", {"cuda": "10.0", "cudnn": "7"}),
    ("tensorflow", "2.2.0", "linux-x86_64", {"cuda": "10.1", "min_driver": "418.39", "python": ">=3.5,<3.9"}),
    ("tensorflow", "2.2.0", "win-amd64", {"cuda": "10.1", "min_driver": "418.96"}),
    ("tensorflow", "2.2.2", "linux-x86_64", {"python": ">=3.6,<3.9"}),
    ("tensorflow", "2.3.0", "linux-x86_64", {"compute": "sm_35 sm_37 sm_52 sm_60 sm_61 compute_70"}),
    ("tensorflow", "2.4.0", "linux-x86_64", {"cuda": "11.0", "cudnn": "8", "numpy": "~=1.19.2"}),
    ("tensorflow", "2.5.2", "linux-x86_64", {"python": ">=3.6,<3.10"}),
    ("tensorflow", "2.5.3", "linux-x86_64", {"python": ">=3.7,<3.10"}),
    ("tensorflow", "2.6.3", "linux-x86_64", {"python": ">=3.7,<3.10", "keras": ">=2.6.0,<2.7"}),
    (
        "tensorflow",
        "2.10.1",
        "win-amd64",
        {"cuda": "11.2", "cudnn": "8", "min_driver": "452.39", "flags": ""},
    ),
    ("tensorflow", "2.11.0", "win-amd64", {"cuda": "", "flags": "stub"}),
    ("tensorflow", "2.18.0", "win-amd64", {"flags": "stub"}),
    ("tensorflow", "2.18.1", "win-amd64", {"flags": "", "cuda": ""}),
    ("tensorflow-intel", "2.18.0", "win-amd64", {"flags": "", "cuda": ""}),
    ("tensorflow", "2.11.1", "linux-x86_64", {"python": ">=3.8,<3.11"}),
    ("tensorflow", "2.12.1", "linux-x86_64", {"cuda": "11.8", "numpy": ">=1.22,<=1.24.3", "glibc": "2.17"}),
    ("tensorflow", "2.15.1", "linux-aarch64", {"flags": "stub"}),
    ("tensorflow-cpu-aws", "2.15.1", "linux-aarch64", {"flags": ""}),
    ("tensorflow", "2.16.1", "linux-aarch64", {"flags": "", "cuda": ""}),
    ("tensorflow", "2.15.0", "macos-arm64", {"flags": "stub"}),
    ("tensorflow", "2.15.1", "macos-arm64", {"flags": ""}),
    ("tensorflow", "2.16.2", "macos-x86_64", {"python": ">=3.9,<3.13"}),
    (
        "tensorflow",
        "2.15.1",
        "linux-x86_64",
        {"cuda": "12.2", "compute": "sm_50 sm_60 sm_70 sm_75 compute_80"},
    ),
    ("tensorflow", "2.19.1", "linux-x86_64", {"cuda": "12.5.1", "cudnn": "9", "numpy": ">=1.26.0,<2.2.0"}),
    (
        "tensorflow",
        "2.20.0",
        "linux-x86_64",
        {"python": ">=3.9,<3.14", "protobuf": ">=5.28.0", "glibc": "2.17"},
    ),
    ("tensorflow", "2.21.0", "linux-x86_64", {"python": ">=3.10,<3.14", "glibc": "2.27", "pip": "20.3"}),
    ("tensorflow", "2.21.0", "linux-x86_64", {"ptx": "8.5", "jit": "1149/1478 8.5"}),
    ("tensorflow", "2.21.0", "win-amd64", {"cuda": "", "glibc": ""}),
    ("tensorflow-metal", "1.2.0", "macos-arm64", {"python": ">=3.9,<3.13"}),
    ("tf-keras", "2.20.1", "any", {"requires_python": ">=3.9"}),
]


@pytest.mark.parametrize(("package", "version", "platform", "expected"), SPOT)
def test_rows_checked_by_hand(package: str, version: str, platform: str, expected: dict[str, str]) -> None:
    found = [
        r for r in RELEASES if (r["package"], r["version"], r["platform"]) == (package, version, platform)
    ]
    assert {name: found[0][name] for name in expected} == expected


def test_the_extra_pins_cudnn() -> None:
    row = tables.release("tensorflow", "2.19.1", "linux-x86_64")
    assert row is not None and "nvidia-cudnn-cu12==9.3.0.75" in row["extras"]


@pytest.mark.parametrize(
    ("package", "version", "platform"),
    [
        ("tensorflow", "1.13.0", "linux-x86_64"),
        ("tensorflow-gpu", "2.12.0", "linux-x86_64"),  # a source archive that fails on purpose
        ("tensorflow", "2.17.0", "macos-x86_64"),
        ("tensorflow-intel", "2.18.1", "win-amd64"),
    ],
)
def test_what_was_never_released_is_not_there(package: str, version: str, platform: str) -> None:
    assert tables.release(package, version, platform) is None


def test_the_rule_for_what_was_never_released_knows_every_gap_up_to_2_17() -> None:
    """A log says of nothing else than a version; the rule has the gaps between releases as a pattern."""
    rule = next(rule for rule in rulebook.load() if rule.cause == "version-not-on-index")
    for minor in [f"1.{number}" for number in range(13, 19)] + [f"2.{number}" for number in range(18)]:
        for version in [minor, *(f"{minor}.{patch}" for patch in range(13))]:
            line = f"ERROR: No matching distribution found for tensorflow=={version}\n"
            released = tables.release("tensorflow", version, "linux-x86_64") is not None
            assert (match(rule, {"tensorflow.nearest": Known(None)}, line).outcome is True) != released, (
                version
            )


def test_the_newest_preview_and_nightly_are_there_and_marked() -> None:
    nightly = [
        row for row in RELEASES if row["package"] == "tf-nightly" and row["platform"] == "linux-x86_64"
    ]
    assert len(nightly) == 1 and set(nightly[0]["flags"].split()) == {"prerelease", "nightly"}
    ahead = [row for row in RELEASES if row["package"] == "tensorflow" and "prerelease" in row["flags"]]
    assert len({row["version"] for row in ahead}) <= 1


# ---- what fits, over the whole table ----

COMPUTES = st.lists(st.sampled_from(["3.5", "5.2", "6.1", "7.0", "7.5", "8.6", "9.0", "12.0"]), max_size=2)
DRIVERS = st.sampled_from(
    ["410.48", "450.80.02", "470.57.02", "525.60.13", "535.54.03", "555.42.02", "595.45.04"]
)
GLIBCS = st.sampled_from(["2.5", "2.12", "2.17", "2.26", "2.27", "2.35"])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PLATFORMS[:-1]), st.sampled_from(PYTHONS), COMPUTES, DRIVERS, GLIBCS)
def test_the_newest_fitting_release_fits_and_no_newer_one_does(
    platform: str, python: str, compute: list[str], driver: str, glibc: str
) -> None:
    wanted: dict[str, Any] = {"python": python, "compute": compute, "driver": driver, "glibc": glibc}
    newest = tables.newest_for(platform, **wanted)
    for row in tables.releases(platform):
        if row["version"] == newest:
            assert tables.misfit(row, **wanted) is None
            assert SpecifierSet(row["python"]).contains(python)
            break
        assert tables.misfit(row, **wanted) is not None


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(PYTHONS), COMPUTES, DRIVERS, DRIVERS)
def test_a_newer_driver_never_fits_less(python: str, compute: list[str], one: str, other: str) -> None:
    old, new = sorted((one, other), key=dotted)
    with_old = tables.newest_for("linux-x86_64", python, compute, old)
    with_new = tables.newest_for("linux-x86_64", python, compute, new)
    assert with_old is None or (with_new is not None and Version(with_old) <= Version(with_new))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(PLATFORMS[:-1]), st.sampled_from(PYTHONS), COMPUTES, COMPUTES, DRIVERS)
def test_more_gpus_never_fit_better(
    platform: str, python: str, some: list[str], more: list[str], driver: str
) -> None:
    for row in tables.releases(platform):
        if tables.misfit(row, python, some, driver) is not None:
            assert not some or tables.misfit(row, python, some + more, driver) is not None, row["version"]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(PYTHONS), COMPUTES, GLIBCS, GLIBCS)
def test_a_newer_glibc_never_fits_less(python: str, compute: list[str], one: str, other: str) -> None:
    old, new = sorted((one, other), key=dotted)
    for row in tables.releases("linux-x86_64"):
        if tables.misfit(row, python, compute, glibc=old) is None:
            assert tables.misfit(row, python, compute, glibc=new) is None, row["version"]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(PLATFORMS[:-1]), st.sampled_from(PYTHONS), COMPUTES, DRIVERS, GLIBCS)
def test_what_is_left_open_never_stands_in_the_way(
    platform: str, python: str, compute: list[str], driver: str, glibc: str
) -> None:
    wanted: dict[str, Any] = {"python": python, "compute": compute, "driver": driver, "glibc": glibc}
    for row in tables.releases(platform):
        if tables.misfit(row, **wanted) is None:
            for name in wanted:
                fewer = {key: value for key, value in wanted.items() if key != name}
                assert tables.misfit(row, **fewer) is None, (row["version"], name)


EACH_COMPUTE = [compute for compute in CUDA["chips"] if compute != "source"]


@pytest.mark.parametrize("windows", [False, True])
def test_what_a_driver_must_be_follows_the_gpus(windows: bool) -> None:
    """The floor is no higher than what all kernels need; more GPUs need no less, and serve no worse."""
    for values in CUDA_BUILDS:
        row = tables.release(values["package"], values["version"], values["platform"])
        assert row is not None
        alone = {compute: tables.driver_for(row, [compute], windows) for compute in EACH_COMPUTE}
        floors = {compute: tables.driver_floor(row, [compute], windows) for compute in EACH_COMPUTE}
        for compute, needed in alone.items():
            floor = floors[compute]
            assert needed and floor and dotted(floor) <= dotted(needed), (named(values), compute)
            found = tables.support(row, compute)
            assert (floor == needed) or found.reason == "partly-ptx", (named(values), compute)
        everything = tables.driver_for(row, EACH_COMPUTE, windows)
        assert everything == max(filter(None, alone.values()), key=dotted)
        assert tables.driver_floor(row, EACH_COMPUTE, windows) == min(
            filter(None, floors.values()), key=dotted
        )


def test_a_reason_goes_with_what_runs() -> None:
    allowed: dict[str, set[str | None]] = {
        "native": {None, "partly-ptx"},
        "ptx-jit": {"too-new", "no-code"},
        "no": {"too-old", "too-new", "no-code"},
    }
    for values in CUDA_BUILDS:
        row = tables.release(values["package"], values["version"], values["platform"])
        assert row is not None
        for compute in EACH_COMPUTE:
            found = tables.support(row, compute)
            assert found.reason in allowed[found.runs], (named(values), compute)
            assert (found.share is not None) == (found.reason == "partly-ptx")
            assert (found.code is not None) == (found.runs != "no")


# ---- cuda.toml ----


def blocks() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, value in CUDA.items():
        if isinstance(value, list):
            yield from ((f"{name} {number + 1}", block) for number, block in enumerate(value))
        elif isinstance(value, dict) and name != "sources":
            yield name, value


@pytest.mark.parametrize(("name", "block"), list(blocks()))
def test_every_block_has_its_source(name: str, block: Mapping[str, Any]) -> None:
    assert block["source"]
    assert set(block["source"]) <= set(CUDA["sources"])


def test_every_source_is_used_and_can_be_looked_up() -> None:
    used = {source for _, block in blocks() for source in block["source"]}
    assert used == set(CUDA["sources"])
    assert all("https://" in text or text.startswith("measured: ") for text in CUDA["sources"].values())


@pytest.mark.parametrize(
    "column", ["version", "min_driver", "min_driver_windows", "compute_min", "compute_max", "ptx"]
)
def test_cuda_only_grows(column: str) -> None:
    values = [dotted(row[column]) for row in CUDA["cuda"] if column in row]
    assert values == sorted(values)


def test_cuda_goes_from_10_to_13() -> None:
    majors = {dotted(row["version"])[0] for row in CUDA["cuda"]}
    assert majors == {10, 11, 12, 13}
    assert {row["major"] for row in CUDA["floor"]} == {11, 12, 13}


def test_the_floor_is_no_newer_than_the_majors_second_release() -> None:
    for row in CUDA["floor"]:
        second = [cuda for cuda in CUDA["cuda"] if dotted(cuda["version"])[0] == row["major"]][1]
        assert dotted(row["linux"]) < dotted(second["min_driver"])


def test_cudnn_only_drops_and_gains() -> None:
    for column in ("from", "compute_min", "compute_max"):
        values = [dotted(row[column]) for row in CUDA["cudnn"]]
        assert values == sorted(values), column


def test_every_gpu_build_has_libraries_to_open() -> None:
    for row in CUDA_BUILDS:
        if "prerelease" not in row["flags"] and row["platform"].startswith("linux"):
            opened = tables.libraries(row["cuda"], row["cudnn"], row["version"])
            assert opened and opened[-1] == f"libcudnn.so.{row['cudnn'] or 7}", named(row)


# ---- gpus.csv ----


def test_gpus_are_in_order_and_each_has_its_source_and_its_chips_compute_capability() -> None:
    table = rows("gpus.csv")
    chips = tables.chips()
    on_pci = [row["device"] for row in table if not row["device"].startswith("tegra")]
    assert on_pci == sorted(set(on_pci)) and len(on_pci) > 800
    for row in table:
        assert row["source"].startswith("pci.ids 20") or row["source"] == "jetson-modules"
        assert row["compute"] == chips[row["chip"]], row
        assert row["name"] and (not row["memory_gb"] or 0 < float(row["memory_gb"]) < 1000), row


def test_every_generation_since_kepler_is_there() -> None:
    found = {row["compute"] for row in rows("gpus.csv")}
    assert found == {compute for compute in CUDA["chips"] if compute != "source"}


def test_the_notice_of_the_pci_id_list_is_kept() -> None:
    notice = (COMPAT / "NOTICE").read_text(encoding="utf-8")
    assert "Martin Mares" in notice and "Redistributions in binary form must reproduce" in notice
