"""The child that opens libraries as TensorFlow's loader would, against small libraries made here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from envcheck.formats import elf, loader
from envcheck.host import Host
from envcheck.host.live import Live
from envcheck.model import Target

from . import interpreters, stubs

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the search is that of Linux's loader"),
    pytest.mark.skipif(stubs.compiler() is None, reason="needs a C compiler"),
]

ONE = "int one(void) { return 1; }"


def compiled(path: Path, source: str = ONE, *options: str) -> Path:
    """A shared library at ``path`` whose soname is its file name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    code = path.parent / (path.name + ".c")
    code.write_text(source)
    argv = [str(stubs.compiler()), "-shared", "-fPIC", f"-Wl,-soname,{path.name}", "-o", str(path), str(code)]
    subprocess.run([*argv, *options], check=True, capture_output=True)
    return path


class World:
    """A site-packages folder with a caller whose RUNPATH names two of the wheels' three folders."""

    def __init__(self, root: Path) -> None:
        self.site = root / "site"
        paths = ":".join(f"$ORIGIN/../nvidia/{name}/lib" for name in ("cudart", "cudnn"))
        self.caller = compiled(
            self.site / "tensorflow" / "libtensorflow_framework.so.2",
            ONE,
            f"-Wl,--enable-new-dtags,-rpath,{paths}",
        )

    def add(self, wheel: str, name: str, source: str = ONE, *options: str) -> Path:
        return compiled(self.site / "nvidia" / wheel / "lib" / name, source, *options)

    def run(self, *sonames: str, python: str = sys.executable, **args: Any) -> dict[str, Any]:
        target = Target(python, "test")
        given = {"caller": str(self.caller), "sonames": list(sonames), **args}
        return Host(Live(target), target).child("libraries", **given)

    def opened(self, *sonames: str, **args: Any) -> dict[str, Any]:
        """The events ``opened`` by soname; the child must have come to its end."""
        result = self.run(*sonames, **args)
        assert result["ended"]["code"] == 0, result
        return loader.last([result], "opened")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    return World(tmp_path)


def test_the_callers_runpath_is_where_a_library_is_found(world: World) -> None:
    path = world.add("cudart", "libmycudart.so.12")
    event = world.opened("libmycudart.so.12")["libmycudart.so.12"]
    assert (event["path"], event["how"], event["error"]) == (str(path), "runpath", None)


def test_a_wheel_outside_the_runpath_is_not_found(world: World) -> None:
    world.add("cusolver", "libmysolver.so.11")
    event = world.opened("libmysolver.so.11")["libmysolver.so.11"]
    assert event["path"] is None
    assert loader.innermost(event["error"]) == "libmysolver.so.11"


def test_library_path_goes_before_the_runpath(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add("cudnn", "libmycudnn.so.9")
    other = compiled(world.site.parent / "old" / "libmycudnn.so.9")
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/does/not/exist:{other.parent}")
    event = world.opened("libmycudnn.so.9")["libmycudnn.so.9"]
    assert (event["path"], event["how"]) == (str(other), "ld_library_path")


def test_an_rpath_goes_before_library_path(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """DT_RPATH, as old linkers write it, comes first: ld.so(8)."""
    path = world.add("cudart", "libmyrpath.so.1")
    world.caller = compiled(
        world.site / "tensorflow" / "libold.so.1",
        ONE,
        "-Wl,--disable-new-dtags,-rpath,$ORIGIN/../nvidia/cudart/lib",
    )
    other = compiled(world.site.parent / "other" / "libmyrpath.so.1")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(other.parent))
    event = world.opened("libmyrpath.so.1")["libmyrpath.so.1"]
    assert (event["path"], event["how"]) == (str(path), "rpath")


def test_a_library_that_another_brought_along_is_open_already(world: World) -> None:
    behind = world.add("cusolver", "libbehind.so.1")
    options = ["-Wl,--no-as-needed", str(behind), "-Wl,--enable-new-dtags,-rpath,$ORIGIN/../../cusolver/lib"]
    world.add("cudart", "libfront.so.1", ONE, *options)
    events = world.opened("libfront.so.1", "libbehind.so.1")
    assert events["libbehind.so.1"]["how"] == "already"
    assert events["libbehind.so.1"]["real"] == str(behind)


def test_the_systems_own_libraries_come_from_the_loaders_cache(world: World) -> None:
    event = world.opened("libm.so.6")["libm.so.6"]
    assert event["error"] is None
    assert event["how"] in ("already", "cache", "default", "name")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "file too short"),
        (b"half a download", "file too short"),
        (
            b"version https://git-lfs.github.com/spec/v1 and more of it, sixty-four bytes and over\n",
            "invalid ELF",
        ),
    ],
)
def test_a_file_that_is_no_library_stops_the_search_and_is_damaged(
    world: World, content: bytes, words: str
) -> None:
    path = world.site / "nvidia" / "cudart" / "lib" / "libbad.so.1"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    world.add("cudnn", "libbad.so.1")  # the good one comes later in the RUNPATH: the loader stops before it
    event = world.opened("libbad.so.1")["libbad.so.1"]
    assert words in event["error"]
    assert loader.failure(event["error"]) == "damaged"
    assert event["path"] == str(path)


def test_a_library_for_another_processor_is_passed_by(world: World) -> None:
    good = world.add("cudnn", "libother.so.1")
    foreign = bytearray(good.read_bytes())
    foreign[18:20] = (0xF3).to_bytes(2, "little")  # RISC-V
    path = world.site / "nvidia" / "cudart" / "lib" / "libother.so.1"
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(foreign))
    assert world.opened("libother.so.1")["libother.so.1"]["path"] == str(good)


def test_a_missing_dependency_is_named_not_what_needs_it(world: World) -> None:
    behind = compiled(world.site.parent / "gone" / "libnvMine.so.12")
    world.add("cudart", "libneeds.so.1", ONE, "-Wl,--no-as-needed", str(behind))
    behind.unlink()
    event = world.opened("libneeds.so.1")["libneeds.so.1"]
    assert loader.innermost(event["error"]) == "libnvMine.so.12"


def test_a_symbol_of_another_version_names_who_should_have_given_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As cuSPARSE 12.5 does that gets nvJitLink 12.1 through LD_LIBRARY_PATH."""
    version = world.site.parent / "versions"
    version.write_text("libjit_2 { global: jit_2; };")
    right = world.add(
        "cudart", "libjit.so.12", "int jit_2(void) { return 2; }", f"-Wl,--version-script={version}"
    )
    world.add(
        "cudnn", "libsparse.so.12", "int jit_2(void); int s(void) { return jit_2(); }", str(right),
        "-Wl,--enable-new-dtags,-rpath,$ORIGIN/../../cudart/lib", "-Wl,-z,now",
    )  # fmt: skip
    old = world.site.parent / "old" / "libjit.so.12"
    version.write_text("libjit_2 { global: jit_1; };")
    compiled(old, "int jit_1(void) { return 1; }", f"-Wl,--version-script={version}")
    assert world.opened("libsparse.so.12")["libsparse.so.12"]["error"] is None
    monkeypatch.setenv("LD_LIBRARY_PATH", str(old.parent))
    event = world.opened("libsparse.so.12")["libsparse.so.12"]
    assert loader.failure(event["error"]) == "symbols"


@pytest.mark.parametrize(
    ("body", "signal"), [("abort()", "SIGABRT"), ("raise(SIGSEGV)", "SIGSEGV"), ("_exit(7)", "exit code 7")]
)
def test_a_library_that_kills_the_process_is_named(world: World, body: str, signal: str) -> None:
    source = (
        "#include <stdlib.h>\n#include <signal.h>\n#include <unistd.h>\n"
        f"__attribute__((constructor)) static void begin(void) {{ {body}; }}"
    )
    bad = world.add("cudart", "libkills.so.1", source)
    world.add("cudnn", "libfine.so.1")
    killed = loader.killer(world.run("libkills.so.1", "libfine.so.1"))
    assert killed == {"soname": "libkills.so.1", "path": str(bad), "doing": "open", "signal": signal}
    assert loader.skipped(killed) == "libkills.so.1"
    events = world.opened("libkills.so.1", "libfine.so.1", skip=["libkills.so.1"])
    assert list(events) == ["libfine.so.1"]


def test_a_truncated_library_is_named_however_it_fails(world: World) -> None:
    """Cut in its data segment: SIGBUS on most systems, a refusal on others."""
    path = world.add(
        "cudart", "libcut.so.1", "char big[8000000] = {1}; int one(void) { return big[7999999]; }"
    )
    path.write_bytes(path.read_bytes()[:20000])
    result = world.run("libcut.so.1")
    killed = loader.killer(result)
    error = loader.last([result], "opened").get("libcut.so.1", {}).get("error")
    assert (killed and killed["soname"] == "libcut.so.1") or loader.failure(error) == "damaged"


def test_a_file_that_ends_too_early_is_seen_before_it_is_opened(world: World) -> None:
    whole = world.add("cudart", "libcudart.so.12")
    path = world.add("cudart", "libcudart.so.11", "char big[8000000] = {1};")
    path.write_bytes(path.read_bytes()[:20000])
    event = loader.last([world.run(stems=["libcudart"], sites=[str(world.site)])], "copies")[""]
    cut = {copy["path"]: copy["cut"] for copy in event["copies"]}
    assert (cut[str(path)], cut[str(whole)]) == (True, False)


def test_libraries_say_their_own_versions(world: World) -> None:
    world.add("cudnn", "libcudnn.so.9", "unsigned long cudnnGetVersion(void) { return 91002; }")
    world.add("cudnn", "libcudnn.so.8", "unsigned long cudnnGetVersion(void) { return 8907; }")
    runtime = "int cudaRuntimeGetVersion(int *v) { *v = 12090; return 0; }"
    world.add("cudart", "libcudart.so.12", runtime)
    parts = "int cufftGetProperty(int kind, int *v) { *v = 11 - kind; return 0; }"
    world.add("cudart", "libcufft.so.11", parts)
    result = world.run("libcudnn.so.9", "libcudnn.so.8", "libcudart.so.12", "libcufft.so.11")
    versions = {name: e["version"] for name, e in loader.last([result], "version").items()}
    assert versions == {
        "libcudnn.so.9": "9.10.2", "libcudnn.so.8": "8.9.7", "libcudart.so.12": "12.9",
        "libcufft.so.11": "11.10.9",
    }  # fmt: skip


def test_one_that_dies_when_asked_its_version_is_still_opened(world: World) -> None:
    """libcudnn.so.9 without libcudnn_graph.so.9 aborts when any of its functions is called."""
    source = "#include <stdlib.h>\nunsigned long cudnnGetVersion(void) { abort(); }"
    world.add("cudnn", "libcudnn.so.9", source)
    parts = {"libcudnn.so.9": ["libcudnn_graph.so.9"]}
    result = world.run("libcudnn.so.9", parts=parts)
    killed = loader.killer(result)
    assert killed and (killed["doing"], killed["signal"]) == ("ask", "SIGABRT")
    assert loader.skipped(killed) == "libcudnn.so.9()"
    assert loader.last([result], "opened")["libcudnn.so.9"]["error"] is None
    assert loader.last([result], "parts")["libcudnn.so.9"]["missing"] == ["libcudnn_graph.so.9"]
    assert world.run("libcudnn.so.9", skip=["libcudnn.so.9()"])["ended"]["code"] == 0


def test_parts_that_lie_beside_the_library_are_found(world: World) -> None:
    world.add("cudnn", "libcudnn.so.9")
    world.add("cudnn", "libcudnn_graph.so.9")
    wanted = {"libcudnn.so.9": ["libcudnn_graph.so.9", "libcudnn_ops.so.9"]}
    event = loader.last([world.run("libcudnn.so.9", parts=wanted)], "parts")["libcudnn.so.9"]
    assert event["missing"] == ["libcudnn_ops.so.9"]


def test_every_copy_is_listed_once_with_where_it_lies(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = world.add("cudart", "libcudart.so.12")
    toolkit = world.site.parent / "cuda-11.2" / "lib64"
    monkeypatch.setenv("CUDA_HOME", str(toolkit.parent))
    compiled(toolkit / "libcudart.so.11.2.152")
    (toolkit / "libcudart.so.11.0").symlink_to("libcudart.so.11.2.152")
    (toolkit / "libcudart.so").symlink_to("libcudart.so.11.0")
    named = compiled(world.site.parent / "named" / "libcudart.so.12")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(named.parent))
    result = world.run(stems=["libcudart"], sites=[str(world.site)])
    copies = loader.last([result], "copies")[""]["copies"]
    found = {(c["path"], c["how"]) for c in copies if str(world.site.parent) in c["path"]}
    assert found == {
        (str(wheel), "place"), (str(toolkit / "libcudart.so.11.0"), "place"), (str(named), "ld_library_path"),
    }  # fmt: skip


def test_a_local_ctypes_or_struct_does_not_reach_the_child(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("cudart", "libmycudart.so.12")
    for name in ("ctypes.py", "struct.py"):
        (tmp_path / name).write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert world.opened("libmycudart.so.12")["libmycudart.so.12"]["error"] is None


def test_the_child_reads_headers_as_the_parser_does(world: World) -> None:
    event = loader.last([world.run()], "caller")[""]
    found = elf.dynamic(world.caller.read_bytes())
    assert event["runpath"] == list(elf.search_path(found, str(world.caller.parent)))
    assert event["rpath"] == list(found.rpath)


def test_origin_is_where_the_caller_was_found_not_where_a_link_leads(world: World) -> None:
    """Where an installer links files out of its cache, the loader looks beside the link."""
    world.add("cudart", "libmycudart.so.12")
    real = world.site.parent / "cache" / "framework.so"
    real.parent.mkdir()
    world.caller.rename(real)
    world.caller.symlink_to(real)
    assert world.opened("libmycudart.so.12")["libmycudart.so.12"]["error"] is None


def test_a_caller_that_cannot_be_read_is_no_crash(world: World) -> None:
    world.caller.write_bytes(world.caller.read_bytes()[:300])
    assert world.opened("libmycudart.so.12")["libmycudart.so.12"]["path"] is None
    world.caller.unlink()
    assert world.opened("libmycudart.so.12")["libmycudart.so.12"]["path"] is None


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"])
def test_the_child_runs_under(world: World, version: str) -> None:
    python = interpreters.python(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    path = world.add(
        "cudart", "libcudart.so.12", "int cudaRuntimeGetVersion(int *v) { *v = 12090; return 0; }"
    )
    result = world.run("libcudart.so.12", python=python, stems=["libcudart"], sites=[str(world.site)])
    assert loader.last([result], "opened")["libcudart.so.12"]["real"] == str(path)
    assert loader.last([result], "version")["libcudart.so.12"]["version"] == "12.9"
    assert result["events"][-1]["event"] == "end"
