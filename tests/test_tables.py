"""Look-ups in the compatibility tables: what they answer, and what they say of things they do not know."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from envcheck import tables
from envcheck.tables import fit

NEWEST_CODES = ["sm_60", "sm_70", "sm_80", "sm_89", "compute_90"]  # build_info of TensorFlow 2.18 to 2.21


def test_nothing_is_read_at_import() -> None:
    program = """
        import envcheck.tables as tables
        from envcheck.tables import files
        assert files.table.cache_info().misses == files.cuda_toml.cache_info().misses == 0
        tables.gpu("2684")
        assert files.table.cache_info().misses == 1 and files.cuda_toml.cache_info().misses == 0
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


# ---- platforms and releases ----


@pytest.mark.parametrize(
    ("system", "architecture", "expected"),
    [
        ("Linux", "x86_64", "linux-x86_64"),
        ("Linux", "aarch64", "linux-aarch64"),
        ("Windows", "AMD64", "win-amd64"),
        ("Darwin", "arm64", "macos-arm64"),
        ("Darwin", "x86_64", "macos-x86_64"),
        ("Linux", "ppc64le", None),
        ("Windows", "ARM64", None),
    ],
)
def test_platform(system: str, architecture: str, expected: str | None) -> None:
    assert tables.platform(system, architecture) == expected


def test_a_release_has_its_lists_split_and_none_for_what_the_wheel_does_not_say() -> None:
    row = tables.release("tensorflow", "2.20.0", "linux-x86_64")
    assert row is not None
    assert row["compute"] == NEWEST_CODES
    assert row["flags"] == []
    assert any(pin.startswith("nvidia-cudnn-cu12") for pin in row["extras"])
    cpu = tables.release("tensorflow-cpu", "2.20.0", "linux-x86_64")
    assert cpu is not None and cpu["cuda"] is None and cpu["compute"] == []


@pytest.mark.parametrize("written", ["2.21", "2.21.0", "2.21.0+nv25.9"])
def test_a_release_is_found_however_its_version_is_written(written: str) -> None:
    row = tables.release("tensorflow", written, "linux-x86_64")
    assert row is not None and row["version"] == "2.21.0"


def test_a_release_that_never_was() -> None:
    assert tables.release("tensorflow", "1.13", "linux-x86_64") is None
    assert tables.nearest("1.13", "linux-x86_64") == ["1.13.1", "1.13.2"]
    assert tables.nearest("2.20.7", "linux-x86_64") == ["2.20.0"]
    assert tables.nearest("99.0", "linux-x86_64") == [tables.newest_known()]
    assert tables.nearest("0.12", "linux-x86_64") == ["1.13.1"]


def test_releases_come_newest_first_and_without_previews() -> None:
    versions = [row["version"] for row in tables.releases("linux-x86_64")]
    assert versions.index("2.21.0") < versions.index("2.9.3") < versions.index("2.9.0")
    assert not any("rc" in version for version in versions)
    with_previews = tables.releases("linux-x86_64", final=False)
    assert len(with_previews) > len(versions)


def test_newer_than_the_table_is_not_unsupported() -> None:
    assert tables.is_newer_than_table("99.0.0")
    assert not tables.is_newer_than_table("2.20.0")
    assert not tables.is_newer_than_table("1.13")
    assert tables.dated() >= "2026-11-21"


def test_a_requirement_may_differ_between_pythons() -> None:
    row = tables.release("tensorflow", "2.16.1", "linux-x86_64")
    assert row is not None
    assert tables.requirement(row, "numpy", "3.11.7") == ">=1.23.5,<2.0.0"
    assert tables.requirement(row, "numpy", "3.12.1") == ">=1.26.0,<2.0.0"
    assert tables.requirement(row, "numpy") == ">=1.26.0,<2.0.0"
    assert tables.requirement({"keras": None}, "keras") is None


def test_a_release_broken_as_shipped() -> None:
    entry = tables.broken("2.21.0", "linux-x86_64")
    assert entry is not None and entry["needs"] == "gpu" and entry["why_zh"]
    assert tables.broken("2.16.1", "linux-x86_64") is not None
    assert tables.broken("2.16.2", "linux-x86_64") is None
    assert tables.broken("2.21.0", "win-amd64") is None
    assert tables.broken("2.20.0", "linux-x86_64") is None


# ---- CUDA, cuDNN, drivers ----


def test_cuda_has_the_toolkits_driver_and_the_floor() -> None:
    row = tables.cuda("12.5.1")
    assert row is not None
    assert (row["version"], row["min_driver"], row["floor"]) == ("12.5", "555.42.02", "525.60.13")
    assert (row["min_driver_windows"], row["floor_windows"]) == ("555.85", "528.33")


def test_cuda_10_has_no_minor_version_compatibility() -> None:
    row = tables.cuda("10.1")
    assert row is not None and row["floor"] == row["min_driver"] == "418.39"


def test_cuda_13_has_no_windows_number() -> None:
    row = tables.cuda("13.1")
    assert row is not None and row["min_driver_windows"] is None and row["floor"] == "580.65.06"


@pytest.mark.parametrize("unknown", ["99.0", "", "unknown"])
def test_an_unknown_cuda_is_none(unknown: str) -> None:
    assert tables.cuda(unknown) is None
    assert tables.min_driver(unknown) is None


def test_cuda_of_a_driver() -> None:
    assert tables.cuda_of_driver("550.54.14") == "12.4"
    assert tables.cuda_of_driver("470.57.02") == "11.4"
    assert tables.cuda_of_driver("340.108") is None
    assert tables.cuda_of_driver("528.33", windows=True) == "12.0"


@pytest.mark.parametrize(
    ("version", "lowest"),
    [("9.10.2.21", "5.0"), ("9.11.0.98", "7.5"), ("9.28.0.42", "7.5"), ("7.6.5", "3.0")],
)
def test_cudnn_codes(version: str, lowest: str) -> None:
    codes = tables.cudnn_codes(version)
    assert codes is not None and codes["compute_min"] == lowest


def test_the_first_cudnn_for_blackwell() -> None:
    before, after = tables.cudnn_codes("9.5.1.17"), tables.cudnn_codes("9.7.0.66")
    assert before is not None and before["compute_max"] == "9.0"
    assert after is not None and after["compute_max"] == "12.0"


def test_cudnn_ends_at() -> None:
    assert tables.cudnn_ends_at("3.7") == "8.8"
    assert tables.cudnn_ends_at("7.0") == tables.cudnn_ends_at("6.1") == "9.11"
    assert tables.cudnn_ends_at("7.5") is None


@pytest.mark.parametrize(
    ("compute", "branch"),
    [("2.1", "390"), ("3.5", "470"), ("5.2", "580"), ("7.0", "580"), ("7.5", None), ("12.0", None)],
)
def test_the_last_branch_of_a_generation(compute: str, branch: str | None) -> None:
    assert tables.branch_for(compute) == branch


def test_the_first_driver_for_a_gpu() -> None:
    assert tables.first_driver("12.0") == "570.26"
    assert tables.first_driver("8.6") == "455.23"
    assert tables.first_driver("99.0") is None


# ---- what TensorFlow opens ----


def test_libraries_of_the_newest_build() -> None:
    assert tables.libraries("12.5.1", "9", "2.21.0") == [
        "libcudart.so.12",
        "libcublas.so.12",
        "libcublasLt.so.12",
        "libcufft.so.11",
        "libcusolver.so.11",
        "libcusparse.so.12",
        "libcudnn.so.9",
    ]


def test_libraries_follow_cuda_and_cudnn() -> None:
    assert tables.libraries("12.3", "8", "2.16.1")[-1] == "libcudnn.so.8"
    assert "libcusolver.so.10" in tables.libraries("11.0", "8", "2.4.1")
    assert "libcusolver.so.11" in tables.libraries("11.2", "8", "2.8.0")
    assert tables.libraries("13.0", "9", "2.30.0") == []


def test_libraries_on_windows() -> None:
    opened = tables.libraries("11.2", "8", "2.10.1", windows=True)
    # build_info of 2.10.1 says cudart64_112.dll: a file that no CUDA release has
    assert opened[0] == "cudart64_110.dll" and opened[-1] == "cudnn64_8.dll"
    assert tables.libraries("12.5", "9", "2.18.0", windows=True) == []


def test_the_file_that_opens_them() -> None:
    assert tables.dlopen_caller("2.21.0") == "libtensorflow_framework.so.2"
    assert tables.dlopen_caller("1.15.0") == "libtensorflow_framework.so.1"
    assert tables.dlopen_caller("1.13.1") is None


# ---- GPUs ----


@pytest.mark.parametrize("device", ["2684", "0x2684"])
def test_gpu_by_device(device: str) -> None:
    row = tables.gpu(device)
    assert row is not None
    assert (row["name"], row["chip"], row["compute"], row["memory_gb"]) == (
        "GeForce RTX 4090",
        "AD102",
        "8.9",
        24.0,
    )


def test_a_device_that_is_no_gpu() -> None:
    assert tables.gpu("22ba") is None  # AD102's audio function
    assert tables.gpu("ffff") is None


@pytest.mark.parametrize(
    ("name", "compute", "memory"),
    [
        ("NVIDIA GeForce RTX 4090", "8.9", 24.0),
        ("rtx 5090", "12.0", 32.0),
        ("NVIDIA A100-SXM4-80GB", "8.0", 80.0),
        ("NVIDIA A100-SXM4-40GB", "8.0", 40.0),
        ("NVIDIA H100 80GB HBM3", "9.0", 80.0),
        ("Tesla T4", "7.5", 16.0),
        ("Tesla K80", "3.7", 12.0),
        ("NVIDIA L40S", "8.9", 48.0),
        ("NVIDIA GB10", "12.1", 128.0),
        ("NVIDIA RTX 6000 Ada Generation", "8.9", 48.0),
        ("Quadro RTX 6000", "7.5", 24.0),
        ("NVIDIA GeForce RTX 4080 Laptop GPU", "8.9", 12.0),
        ("NVIDIA GeForce RTX 4080", "8.9", 16.0),
        ("B200", "10.0", None),
    ],
)
def test_gpu_by_name(name: str, compute: str, memory: float | None) -> None:
    row = tables.gpu_by_name(name)
    assert row is not None
    assert (row["compute"], row["memory_gb"]) == (compute, memory)


def test_a_name_of_two_chips_says_nothing_of_the_chip() -> None:
    row = tables.gpu_by_name("GeForce GTX 860M")  # made with GK104 and with GM107
    assert row is not None and row["compute"] is None


@pytest.mark.parametrize("name", ["", "NVIDIA", "Radeon RX 7900", "RTX 9999"])
def test_a_name_that_is_unknown(name: str) -> None:
    assert tables.gpu_by_name(name) is None


def test_jetson_by_its_system_chip() -> None:
    row = tables.gpu("tegra234")
    assert row is not None and row["compute"] == "8.7"


# ---- what runs on what ----


@pytest.mark.parametrize(
    ("compute", "runs"),
    [
        ("3.5", "no"),
        ("5.2", "no"),
        ("6.0", "native"),
        ("6.1", "native"),
        ("7.0", "native"),
        ("7.5", "native"),
        ("8.0", "native"),
        ("8.6", "native"),
        ("8.9", "native"),
        ("9.0", "native"),
        ("10.0", "ptx-jit"),
        ("12.0", "ptx-jit"),
        ("12.1", "ptx-jit"),
    ],
)
def test_gpu_support_of_the_newest_build(compute: str, runs: str) -> None:
    assert tables.gpu_support(NEWEST_CODES, compute).runs == runs


def test_machine_code_runs_on_a_later_minor_and_not_on_an_earlier() -> None:
    assert tables.gpu_support(["sm_86"], "8.0").runs == "no"
    assert tables.gpu_support(["sm_86"], "8.9").runs == "native"
    assert tables.gpu_support(["sm_50"], "6.0").runs == "no"


def test_variants_run_on_their_own_only() -> None:
    assert tables.gpu_support(["sm_90a"], "9.0").runs == "native"
    assert tables.gpu_support(["sm_100a"], "10.3").runs == "no"
    assert tables.gpu_support(["sm_100f"], "10.3").runs == "native"
    assert tables.gpu_support(["compute_90a"], "12.0").runs == "no"


def test_a_gap_in_the_list_is_filled_by_older_ptx() -> None:
    # 2.3: machine code for 3.5, 3.7, 5.2 and PTX only for 7.0: a 5.0 GPU has nothing
    codes = ["sm_35", "sm_37", "sm_52", "sm_60", "sm_61", "compute_70"]
    assert tables.gpu_support(codes, "5.0").runs == "no"
    assert tables.gpu_support(["compute_35", *codes], "5.0").runs == "ptx-jit"


def test_no_codes_is_no_gpu_code() -> None:
    assert tables.gpu_support([], "8.6").runs == "no"
    assert tables.gpu_support(["nonsense"], "8.6").runs == "no"


def test_a_partly_native_build_says_how_much() -> None:
    found = tables.gpu_support(NEWEST_CODES, "9.0", jit="1149/1398 8.5")
    assert (found.runs, found.share) == ("native", "249/1398")
    assert tables.gpu_support(NEWEST_CODES, "8.6", jit="1149/1398 8.5").share is None
    assert tables.gpu_support(NEWEST_CODES, "9.0", jit="0/468").share is None


def test_where_ptx_is_needed_the_floor_is_not_enough() -> None:
    row = tables.release("tensorflow", "2.20.0", "linux-x86_64")
    assert row is not None
    assert tables.driver_for(row, ["8.6"]) == "525.60.13"
    assert tables.driver_for(row, ["12.0"]) == tables.driver_for(row, ["8.6", "12.0"]) == "555.42.02"
    # 1149 kernels have no machine code for Hopper: their PTX is of CUDA 12.5 in 2.20, of 12.0 in 2.16
    assert tables.driver_for(row, ["9.0"]) == "555.42.02"
    older = tables.release("tensorflow", "2.16.1", "linux-x86_64")
    assert older is not None and tables.driver_for(older, ["9.0"]) == "525.60.13"
    cpu = tables.release("tensorflow-cpu", "2.20.0", "linux-x86_64")
    assert cpu is not None and tables.driver_for(cpu, ["9.0"]) is None


def test_a_part_of_the_kernels_is_enough_for_the_floor() -> None:
    row = tables.release("tensorflow", "2.20.0", "linux-x86_64")
    assert row is not None
    assert tables.driver_floor(row, ["9.0"]) == tables.driver_floor(row, ["8.6"]) == "525.60.13"
    assert tables.driver_floor(row, ["12.0"]) == "555.42.02"  # nothing but PTX
    assert tables.driver_floor(row, ["12.0", "8.6"]) == "525.60.13"  # one of them works
    assert tables.driver_floor(row) == tables.driver_for(row) == tables.driver_for(row, [None]) == "525.60.13"
    cpu = tables.release("tensorflow-cpu", "2.20.0", "linux-x86_64")
    assert cpu is not None and tables.driver_floor(cpu, ["9.0"]) is None


def test_under_wsl_a_linux_wheel_needs_a_windows_driver() -> None:
    row = tables.release("tensorflow", "2.20.0", "linux-x86_64")
    assert row is not None
    assert tables.driver_for(row, ["8.9"], windows=True) == "528.33"
    assert tables.driver_for(row, ["9.0"], windows=True) == "555.85"
    assert tables.misfit(row, compute=["8.9"], driver="526.98", windows=True) is not None
    assert tables.misfit(row, compute=["8.9"], driver="526.98", windows=False) is None


def test_a_preview_with_machine_code_in_some_kernels_is_no_better() -> None:
    """2.22.0rc0 says nothing of itself: what was read from its binaries names sm_90 beside compute_90."""
    row = tables.release("tensorflow", "2.22.0rc0", "linux-x86_64")
    assert row is not None and {"sm_90", "compute_90"} <= set(row["compute"])
    found = tables.support(row, "9.0")
    assert (found.runs, found.reason, found.share) == ("native", "partly-ptx", "335/1484")


@pytest.mark.parametrize(
    ("codes", "compute", "runs", "reason"),
    [
        (NEWEST_CODES, "8.9", "native", None),
        (NEWEST_CODES, "5.2", "no", "too-old"),
        (NEWEST_CODES, "12.0", "ptx-jit", "too-new"),
        (["sm_60", "sm_70"], "8.9", "no", "too-new"),
        (["sm_35", "sm_52", "compute_70"], "5.0", "no", "no-code"),
        (["sm_35", "sm_52", "compute_35"], "5.0", "ptx-jit", "no-code"),
        ([], "8.9", "no", "no-code"),
    ],
)
def test_the_reason_is_a_word_of_a_list(
    codes: list[str], compute: str, runs: str, reason: str | None
) -> None:
    found = tables.gpu_support(codes, compute)
    assert (found.runs, found.reason) == (runs, reason)


def test_a_gpu_of_which_nothing_is_known_still_wants_a_gpu_build() -> None:
    assert tables.newest_for("linux-x86_64", compute=[None]) == "2.20.0"
    assert tables.newest_for("linux-aarch64", compute=[None]) is None


# ---- ranges ----


@pytest.mark.parametrize(
    ("specifier", "python", "expected"),
    [
        (">=3.10,<3.14", "3.13.0", True),
        (">=3.10,<3.14", "3.9.18", False),
        (">=3.10,<3.14", "3.14.0rc1", False),  # its wheels' tag is cp314
        (">=3.10,<3.15", "3.14.0rc1", True),
        (">=2.7,!=3.0.*,!=3.1.*,<3.8", "3.1.4", False),
        (">=2.7,!=3.0.*,!=3.1.*,<3.8", "3.11", False),
        (">=2.7,!=3.0.*,!=3.1.*,<3.8", "2.7.18", True),
    ],
)
def test_which_pythons_are_admitted(specifier: str, python: str, expected: bool) -> None:
    assert tables.admits(specifier, python) is expected


def test_a_range_of_another_form_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="no range"):
        tables.admits("~=3.10", "3.11")


def test_a_broken_release_is_that_release_alone() -> None:
    for other in ("2.21.0rc1", "2.21.0+nv25.9", "2.21.0.post1", "2.21.1"):
        assert tables.broken(other, "linux-x86_64") is None, other


def test_a_build_whose_binaries_were_not_read_needs_the_toolkits_driver_for_ptx() -> None:
    row = {"compute": ["compute_90"], "jit": None, "ptx": None, "cuda": "12.3", "min_driver": "525.60.13"}
    assert tables.driver_for({**row, "platform": "linux-x86_64"}, ["12.0"]) == "545.23.06"
    assert tables.driver_for({**row, "platform": "linux-x86_64"}, ["9.0"]) == "525.60.13"


def test_code_names() -> None:
    assert fit.parsed("compute_120") == fit.Code("compute", (12, 0), "")
    assert str(fit.parsed("sm_90a")) == "sm_90a"
    assert fit.parsed("gfx90a") is None


# ---- which release fits ----


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, "2.21.0"),
        ({"python": "3.9.18"}, "2.20.0"),
        ({"python": "3.8"}, "2.13.1"),
        ({"python": "2.7"}, "2.1.0"),
        ({"python": "3.14"}, None),
        ({"glibc": "2.17"}, "2.20.0"),
        ({"compute": ["8.9"]}, "2.20.0"),  # 2.21.0 finds no GPU as shipped
        ({"compute": ["3.5"]}, "2.14.1"),
        ({"compute": ["5.2"]}, "2.16.2"),
        ({"compute": ["8.6", "3.7"]}, "2.14.1"),
        ({"compute": ["8.6"], "driver": "470.57.02", "python": "3.8"}, "2.13.1"),
        ({"compute": ["12.0"], "driver": "570.26"}, "2.20.0"),
        ({"compute": ["2.0"]}, None),
    ],
)
def test_newest_for(wanted: dict[str, object], expected: str | None) -> None:
    assert tables.newest_for("linux-x86_64", **wanted) == expected  # type: ignore[arg-type]


def test_native_windows_ends_with_2_10() -> None:
    assert tables.newest_for("win-amd64", python="3.10", compute=["8.6"]) == "2.10.1"
    assert tables.newest_for("win-amd64", python="3.11", compute=["8.6"]) is None


def test_no_gpu_wheel_for_arm() -> None:
    assert tables.newest_for("linux-aarch64", compute=["9.0"]) is None
    assert tables.newest_for("linux-aarch64") == "2.21.0"


def test_the_reason_is_named() -> None:
    row = tables.release("tensorflow", "2.21.0", "linux-x86_64")
    assert row is not None

    def reason(**wanted: object) -> str | None:
        found = tables.misfit(row, **wanted)  # type: ignore[arg-type]
        return found.what if found else None

    assert reason() is None
    assert reason(python="3.9") == "python"
    assert reason(glibc="2.26") == "glibc"
    assert reason(compute=["8.6"]) == "broken"
    older = tables.release("tensorflow", "2.20.0", "linux-x86_64")
    assert older is not None
    too_old = tables.misfit(older, compute=["3.5"])
    assert too_old is not None and too_old.what == "gpu" and "6.0" in too_old.why
    old_driver = tables.misfit(older, compute=["8.6"], driver="470.1")
    assert old_driver is not None and old_driver.what == "driver" and "525.60.13" in old_driver.why
    cpu = tables.release("tensorflow-cpu", "2.20.0", "linux-x86_64")
    assert cpu is not None
    found = tables.misfit(cpu, compute=["8.6"])
    assert found is not None and found.what == "cpu-build"
