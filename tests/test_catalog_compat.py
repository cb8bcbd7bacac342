"""How the tables are made: wheels read piece by piece, fat binaries, metadata, the index."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

httpx = pytest.importorskip("httpx")

from packaging.utils import parse_wheel_filename  # noqa: E402

from envcheck import tables  # noqa: E402
from envcheck.catalog.compat import (  # noqa: E402
    fatbinary,
    gpus,
    index,
    kernels,
    memory,
    metadata,
    releases,
    remote,
    wheels,
)

# ---- fat binaries ----


def entry(kind: int, architecture: int, payload: bytes = b"\0" * 8) -> bytes:
    header = (
        struct.pack("<HHIQ", kind, 0x101, 64, len(payload)) + b"\0" * 12 + struct.pack("<I", architecture)
    )
    return header.ljust(64, b"\0") + payload


def container(*entries: bytes) -> bytes:
    body = b"".join(entries)
    return struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(body)) + body


PTX = b"\xf0\n//\n.version 8.5\n.target sm_90"
PROGRAM = (
    b"\x7fELF junk "
    + container(entry(2, 80), entry(1, 90, PTX))
    + b"nvidia/cusolver/lib"
    + container(entry(2, 80), entry(2, 90), entry(1, 90, PTX))
)


@pytest.mark.parametrize("size", [1, 7, 64, 100, 10_000])
def test_codes_are_counted_however_the_file_is_cut(size: int) -> None:
    pieces = [PROGRAM[at : at + size] for at in range(0, len(PROGRAM), size)]
    codes = fatbinary.scan(pieces, (b"nvidia/cusolver/lib", b"absent"))
    assert codes.containers == {"compute_90:8.5 sm_80": 1, "compute_90:8.5 sm_80 sm_90": 1}
    assert codes.marks == ("nvidia/cusolver/lib",)


def test_a_chance_match_of_the_magic_number_is_passed_over() -> None:
    chance = struct.pack("<IHHQ", 0xBA55ED50, 7, 99, 1 << 60)
    assert fatbinary.scan([chance * 3 + container(entry(2, 60))]).containers == {"sm_60": 1}


def test_a_program_without_gpu_code() -> None:
    assert fatbinary.scan([b"nothing here" * 100]).containers == {}


def test_kernels_of_a_build() -> None:
    # as in TensorFlow 2.18: MLIR's kernels, nvcc's kernels, kernels for Hopper alone, one without PTX
    found = {
        "compute_90:8.3 sm_60 sm_80": 1149,
        "compute_90:8.3 sm_60 sm_80 sm_90": 278,
        "compute_90:8.4": 116,
        "sm_60 sm_80 sm_90": 1,
    }
    build = kernels.Kernels({"a.so": {"containers": found}, "b.so": {"containers": {}}})
    assert build.codes == ["sm_60", "sm_80", "sm_90", "compute_90"]
    assert (build.ptx, build.jit) == ("8.4", "1149/1428 8.3")


def test_kernels_with_machine_code_throughout() -> None:
    build = kernels.Kernels({"a.so": {"containers": {"compute_80:7.0 sm_70 sm_80": 459, "sm_70 sm_80": 9}}})
    assert (build.ptx, build.jit) == ("7.0", "0/468")
    assert kernels.Kernels({"a.so": {"containers": {"sm_70": 1}}}).jit == kernels.Kernels({}).jit == ""


# ---- a wheel at the other end ----


def wheel_bytes(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/"), text)
    return out.getvalue()


def server(content: bytes, log: list[str], failures: int = 0) -> httpx.Client:
    """A client whose every request is answered from ``content``; the first ``failures`` GETs break."""
    left = [failures]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "HEAD":
            return httpx.Response(200, headers={"content-length": str(len(content))})
        if left[0]:
            left[0] -= 1
            raise httpx.ReadError("broken")
        log.append(request.headers["range"])
        start, end = request.headers["range"].removeprefix("bytes=").split("-")
        return httpx.Response(206, content=content[int(start) : int(end) + 1])

    return httpx.Client(transport=httpx.MockTransport(answer))


def test_a_wheel_is_read_in_pieces() -> None:
    big = "kernel" * 200_000
    content = wheel_bytes(a__lib="x" * 300_000, x_dist_info="no", big=big) + b""
    log: list[str] = []
    found = remote.RemoteWheel(server(content, log), "https://example.org/x.whl")
    assert found.text("a/lib") == "x" * 300_000
    assert found.text("absent") is None
    member = next(m for m in found.members() if m.filename == "big")
    assert b"".join(found.stream(member)).decode() == big
    assert found.size == len(content)


def test_a_passing_failure_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote.time, "sleep", lambda seconds: None)
    log: list[str] = []
    assert remote.part(server(b"0123456789", log, failures=2), "https://example.org/x", 2, 5) == b"234"
    with pytest.raises(httpx.TransportError):
        remote.part(server(b"", log, failures=99), "https://example.org/x", 0, 1)


def test_an_index_without_range_requests_is_refused() -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, content=b"all")))
    with pytest.raises(OSError, match="Range"):
        remote.part(client, "https://example.org/x", 0, 1)


def test_what_was_read_once_is_not_asked_again(tmp_path: Path) -> None:
    content = wheel_bytes(**{"t-1.0.dist-info__METADATA": "Name: t\n"})
    log: list[str] = []
    (wheel,) = (
        index._wheel("t", "t-1.0-py3-none-any.whl", "https://example.org/t.whl#sha256=abc", "", False),
    )
    assert wheel is not None
    first = wheels.Reader(server(content, log), tmp_path).about(wheel)
    asked = len(log)
    assert wheels.Reader(server(content, log), tmp_path).about(wheel) == first
    assert len(log) == asked > 0
    assert first["metadata"] == "Name: t\n" and first["programs"] == 0


# ---- the index ----

PAGE = """<!DOCTYPE html><html><body>
<a href="../f/t-1.0-cp39-cp39-win_amd64.whl#sha256=aa" data-requires-python="&gt;=3.7">
t-1.0-cp39-cp39-win_amd64.whl</a>
<a href="t-1.1-py3-none-any.whl" data-yanked="broken">t-1.1-py3-none-any.whl</a>
<a href="t-1.1.tar.gz">t-1.1.tar.gz</a></body></html>"""


def listing(kind: str, content: object) -> list[index.Wheel]:
    def answer(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "https://example.org/simple/t-x/"
        return httpx.Response(
            200,
            headers={"content-type": kind},
            **{"json": content} if kind != "text/html" else {"text": content},
        )

    return index.wheels(
        httpx.Client(transport=httpx.MockTransport(answer)), "https://example.org/simple/", "T.x"
    )


def test_an_index_in_html() -> None:
    first, second = listing("text/html", PAGE)
    assert first.url == "https://example.org/simple/f/t-1.0-cp39-cp39-win_amd64.whl"
    assert (first.sha256, first.requires_python, first.yanked) == ("aa", ">=3.7", False)
    assert second.yanked


def test_an_index_in_json() -> None:
    file = {"filename": "t-1.0-py3-none-any.whl", "url": "t.whl", "hashes": {"sha256": "bb"}, "yanked": "why"}
    (wheel,) = listing("application/vnd.pypi.simple.v1+json", {"files": [file]})
    assert (wheel.sha256, wheel.yanked, wheel.requires_python) == ("bb", True, "")


def test_a_package_that_is_not_there() -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(404)))
    assert index.wheels(client, "https://example.org/simple", "t") == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("global.index-url='https://a/simple'\n", "https://a/simple"),
        ("global.index-url='https://a/simple'\n:env:.index-url='https://b/simple'\n", "https://b/simple"),
        ("global.timeout='5'\n", "https://default/simple"),
    ],
)
def test_the_index_is_pips(said: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **options: object) -> SimpleNamespace:
        return SimpleNamespace(stdout=said if "config" in command else "https://default/simple\n")

    monkeypatch.setattr(index.subprocess, "run", run)
    assert index.pip_index() == expected


# ---- what a wheel says of itself ----


def tags(name: str) -> list[object]:
    return list(parse_wheel_filename(name)[3])


@pytest.mark.parametrize(
    ("tag", "platform", "needs"),
    [
        ("cp37-cp37m-manylinux1_x86_64", "linux-x86_64", ("2.5", "8.1")),
        ("cp38-cp38-manylinux2010_x86_64", "linux-x86_64", ("2.12", "19.0")),
        ("cp39-cp39-manylinux_2_17_aarch64.manylinux2014_aarch64", "linux-aarch64", ("2.17", "19.3")),
        ("cp313-cp313-manylinux_2_27_x86_64", "linux-x86_64", ("2.27", "20.3")),
        ("cp310-cp310-win_amd64", "win-amd64", ("", "")),
        ("cp310-cp310-macosx_12_0_arm64", "macos-arm64", ("", "")),
        ("cp35-cp35m-macosx_10_11_x86_64", "macos-x86_64", ("", "")),
        ("py3-none-any", "any", ("", "")),
    ],
)
def test_tags(tag: str, platform: str, needs: tuple[str, str]) -> None:
    found = tags(f"t-1.0-{tag}.whl")
    assert {metadata.platform(one) for one in found} == {platform}  # type: ignore[arg-type]
    assert metadata.needs(found) == needs  # type: ignore[arg-type]


def test_a_platform_without_a_column() -> None:
    assert metadata.platform(tags("t-1.0-cp35-cp35m-macosx_10_6_intel.whl")[0]) is None  # type: ignore[arg-type]


BUILD_INFOS = [
    'is_cuda_build = True\ncuda_version_number = "10"\n',
    'build_info = {"is_cuda_build": True, "cuda_version_number": "10"}\n',
    "import collections\n"
    'build_info = collections.OrderedDict([("is_cuda_build", True), ("cuda_version_number", "10")])',
]


@pytest.mark.parametrize("source", BUILD_INFOS)
def test_build_info_in_each_of_its_forms(source: str) -> None:
    assert metadata.build_info(source) == {"is_cuda_build": True, "cuda_version_number": "10"}


def test_no_build_info() -> None:
    assert metadata.build_info(None) == {}
    assert metadata.build_info("x = compute()\n") in ({}, {"x": None})


METADATA = """Metadata-Version: 2.1
Name: t
Requires-Dist: numpy (<2.0.0,>=1.23.5) ; python_version <= "3.11"
Requires-Dist: numpy <2.0.0,>=1.26.0 ; python_version >= "3.12"
Requires-Dist: protobuf<5,>=3.20.3
Requires-Dist: tensorflow-intel==1.0; platform_system == "Windows"
Requires-Dist: nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "and-cuda"
Requires-Dist: nvidia-cublas-cu12==12.5.3.2; extra == "and-cuda"

Body
"""


def test_requirements_by_python_and_platform() -> None:
    needs = metadata.requirements(METADATA)
    assert metadata.specifier(needs, "numpy", "linux-x86_64", ["3.10", "3.11"]) == ">=1.23.5,<2.0.0"
    both = metadata.specifier(needs, "numpy", "linux-x86_64", ["3.11", "3.12"])
    assert both == ">=1.23.5,<2.0.0;python 3.11 | >=1.26.0,<2.0.0;python 3.12"
    assert metadata.specifier(needs, "protobuf", "win-amd64", ["3.12"]) == ">=3.20.3,<5"
    assert metadata.specifier(needs, "tensorflow-intel", "win-amd64", ["3.12"]) == "==1.0"
    assert metadata.specifier(needs, "tensorflow-intel", "macos-arm64", ["3.12"]) == ""
    assert (
        metadata.extra(needs, "and-cuda") == "nvidia-cublas-cu12==12.5.3.2 nvidia-cudnn-cu12>=9.3.0.75,<10.0"
    )


# ---- rows ----


@pytest.mark.parametrize(
    ("minors", "specifier"),
    [
        (["3.10", "3.11"], ">=3.10,<3.12"),
        (["2.7", "3.3"], ">=2.7,!=3.0.*,!=3.1.*,!=3.2.*,<3.4"),
        (["3.8", "3.10"], ">=3.8,!=3.9.*,<3.11"),
        (["2.7"], ">=2.7,<3"),
    ],
)
def test_python_specifier(minors: list[str], specifier: str) -> None:
    assert releases.python_specifier(minors) == specifier


class Shelf:
    """A reader whose wheels all say the same."""

    def __init__(
        self, build: dict[str, object], codes: dict[str, object] | None = None, programs: int = 1
    ) -> None:
        self.build, self.found, self.programs = build, codes or {}, programs

    def about(self, wheel: index.Wheel) -> dict[str, object]:
        return {"metadata": METADATA, "build_info": self.build, "programs": self.programs, "size": 1}

    def codes(self, wheel: index.Wheel) -> dict[str, object]:
        return self.found


def chosen(*names: str, package: str = "tensorflow", requires: str = "") -> list[releases.Release]:
    found = [index._wheel(package, name, f"https://example.org/{name}", requires, False) for name in names]
    return releases.chosen(package, [wheel for wheel in found if wheel])


def row(release: releases.Release, shelf: Shelf) -> dict[str, str]:
    return releases.row(release, shelf)  # type: ignore[arg-type]


def test_a_row_of_a_gpu_build() -> None:
    (release,) = chosen(
        "tensorflow-2.21.0-cp310-cp310-manylinux_2_27_x86_64.whl",
        "tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl",
    )
    build = {"is_cuda_build": True, "cuda_version": "12.5.1", "cudnn_version": "9"}
    build["cuda_compute_capabilities"] = ["sm_80", "compute_90"]
    code = {"containers": {"sm_80 sm_90 compute_90:8.3": 3, "sm_80 compute_90:8.5": 7}}
    made = row(release, Shelf(build, {"tensorflow/lib.so": code}))
    assert made["python"] == ">=3.10,<3.12"
    assert (made["cuda"], made["cudnn"], made["compute"]) == ("12.5.1", "9", "sm_80 compute_90")
    assert (made["ptx"], made["jit"], made["min_driver"]) == ("8.5", "7/10 8.5", "525.60.13")
    assert made["source"] == "tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl"


def test_a_build_that_does_not_say_is_told_by_its_binaries() -> None:
    (release,) = chosen("tensorflow-2.2.0-cp38-cp38-manylinux2010_x86_64.whl")
    code = {"containers": {"sm_35 sm_70 compute_35:6.4": 2}}
    made = row(release, Shelf({"is_cuda_build": True, "cuda_version_number": "10"}, {"lib.so": code}))
    assert (made["cuda"], made["compute"], made["min_driver"]) == ("10.1", "sm_35 sm_70 compute_35", "418.39")


def test_windows_writes_its_cuda_version_in_another_way() -> None:
    (release,) = chosen("tensorflow-2.10.1-cp310-cp310-win_amd64.whl")
    build = {"is_cuda_build": True, "cuda_version": "64_112", "cudnn_version": "64_8"}
    build["cuda_compute_capabilities"] = ["sm_35", "compute_80"]
    made = row(release, Shelf(build))
    assert (made["cuda"], made["cudnn"], made["min_driver"]) == ("11.2", "8", "452.39")


def test_a_wheel_without_programs_is_a_stub() -> None:
    (release,) = chosen("tensorflow-2.11.0-cp310-cp310-win_amd64.whl")
    assert row(release, Shelf({}, programs=0))["flags"] == "stub"
    (pure,) = chosen("keras-3.0.0-py3-none-any.whl", package="keras", requires=">=3.9")
    made = row(pure, Shelf({}, programs=0))
    assert (made["flags"], made["python"], made["platform"]) == ("", ">=3.9", "any")


def test_a_python_that_the_wheel_shuts_out_is_not_admitted() -> None:
    (release,) = chosen(
        "tensorflow-2.21.0-cp39-cp39-win_amd64.whl",
        "tensorflow-2.21.0-cp310-cp310-win_amd64.whl",
        "tensorflow-2.21.0-cp313-cp313t-win_amd64.whl",
        requires=">=3.10",
    )
    assert row(release, Shelf({}))["python"] == ">=3.10,<3.11"


def test_which_releases_get_a_row() -> None:
    def versions(package: str, *wanted: str) -> list[str]:
        names = [f"{package.replace('-', '_')}-{version}-cp310-cp310-win_amd64.whl" for version in wanted]
        return [str(release.version) for release in chosen(*names, package=package)]

    assert versions("tensorflow", "1.12.0", "2.20.0", "2.21.0rc0", "2.21.0", "2.22.0rc0", "1.13.1") == [
        "1.13.1",
        "2.20.0",
        "2.21.0",
        "2.22.0rc0",
    ]
    assert versions("keras", "2.9.0", "2.9.1", "3.0.0", "3.0.5", "3.1.0") == [
        "2.9.0",
        "2.9.1",
        "3.0.0",
        "3.0.5",
        "3.1.0",
    ]
    assert versions("keras", "3.0.0", "3.1.0", "3.1.1") == ["3.0.0", "3.1.1"]
    assert versions("tf-nightly", "2.23.0.dev20261025", "2.23.0.dev20261026") == ["2.23.0.dev20261026"]


def test_the_committed_table_is_written_as_the_generator_writes_it() -> None:
    """Nobody edits it by hand: the same rows are the same bytes, so that ``make compat`` leaves no diff."""
    columns, lines = tables.files.table("tensorflow.csv")
    rows = [dict(zip(columns, line)) for line in lines]
    rows.sort(key=lambda row: releases.PACKAGES.index(row["package"]))
    assert releases.text(rows) == tables.files.text("tensorflow.csv")


# ---- gpus.csv ----

PCI_IDS = """#\tVersion: 2026.10.24
10de  NVIDIA Corporation
\t102d  GK210GL [Tesla K80]
\t\t10de 106c  Tesla K80
\t22ba  AD102 High Definition Audio Controller
\t22a3  GH100 [H100 NVSwitch]
\t2684  AD102 [GeForce RTX 4090]
\t2717  AD103M / GN21-X11 [GeForce RTX 4090 Laptop GPU]
\t1286  GK208B [Geforce GT 720]
\t9999  ZZ999 [GeForce of the future]
1102  Creative Labs
\t2685  AD102 [not NVIDIA's]
"""


def test_gpus_from_the_pci_id_list() -> None:
    chips = {"GK210": "3.7", "AD102": "8.9", "AD103": "8.9", "GK208": "3.5", "GK208B": "3.5", "GH100": "9.0"}
    chips.update({chip: "1.0" for _, chip in gpus.JETSON.values()})
    found = {row["device"]: row for row in gpus.rows(PCI_IDS, chips)}
    assert {device for device in found if not device.startswith("tegra")} == {"102d", "1286", "2684", "2717"}
    assert found["2684"] == {
        "device": "2684",
        "name": "GeForce RTX 4090",
        "chip": "AD102",
        "compute": "8.9",
        "memory_gb": "24",
        "source": "pci.ids 2026.10.24",
    }
    assert (found["1286"]["chip"], found["1286"]["name"]) == ("GK208B", "GeForce GT 720")
    assert found["2717"]["memory_gb"] == "16"


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("A100 SXM4 80GB", "80"),
        ("GeForce RTX 3080 Mobile / Max-Q 8GB/16GB", ""),
        ("GeForce RTX 4090", "24"),
        ("H200 SXM 141GB", "141"),
        ("GeForce of the future", ""),
    ],
)
def test_memory_by_name(name: str, size: str) -> None:
    assert memory.memory_gb(name) == size
