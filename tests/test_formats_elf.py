"""The ELF parser: files made by the machine's own linker, damaged ones, and what readelf says."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from envcheck.formats import elf

from . import stubs

needs_compiler = pytest.mark.skipif(stubs.compiler() is None, reason="needs a C compiler")
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs ELF files")


def library(path: Path, *options: str, source: str = "int one(void) { return 1; }") -> Path:
    code = path.with_suffix(".c")
    code.write_text(source)
    argv = [str(stubs.compiler()), "-shared", "-fPIC", "-o", str(path), str(code), *options]
    subprocess.run(argv, check=True, capture_output=True)
    return path


@needs_compiler
@linux
def test_what_the_linker_wrote_is_read_back(tmp_path: Path) -> None:
    other = library(tmp_path / "libother.so", "-Wl,-soname,libother.so.3")
    options = ["-Wl,-soname,libmine.so.7", "-Wl,--enable-new-dtags,-rpath,$ORIGIN/../lib:/opt/lib:$ORIGIN"]
    path = library(tmp_path / "libmine.so", *options, "-Wl,--no-as-needed", str(other))
    found = elf.dynamic(path.read_bytes())
    assert found.soname == "libmine.so.7"
    assert found.runpath == ("$ORIGIN/../lib", "/opt/lib", "$ORIGIN")
    assert found.rpath == ()
    assert "libother.so.3" in found.needed and "libc.so.6" in found.needed
    assert found.bits == 64


@needs_compiler
@linux
def test_an_old_rpath_is_told_from_a_runpath(tmp_path: Path) -> None:
    path = library(tmp_path / "libold.so", "-Wl,--disable-new-dtags,-rpath,/opt/old")
    found = elf.dynamic(path.read_bytes())
    assert (found.rpath, found.runpath) == (("/opt/old",), ())
    assert elf.search_path(found, "/x") == ("/opt/old",)


@needs_compiler
@linux
def test_a_file_can_be_read_in_pieces(tmp_path: Path) -> None:
    path = library(tmp_path / "libpieces.so", "-Wl,-soname,libpieces.so.1", "-Wl,-rpath,/opt/lib")
    with path.open("rb") as file:

        def read(offset: int, size: int) -> bytes:
            file.seek(offset)
            return file.read(size)

        assert elf.dynamic(read) == elf.dynamic(path.read_bytes())


@needs_compiler
@linux
@pytest.mark.skipif(shutil.which("readelf") is None, reason="needs readelf")
@pytest.mark.parametrize("name", ["libc.so.6", "libstdc++.so.6", "libm.so.6"])
def test_the_systems_own_libraries_read_as_readelf_reads_them(name: str) -> None:
    found = next(
        (p for p in map(Path, ("/lib/x86_64-linux-gnu", "/lib64", "/usr/lib")) if (p / name).exists()), None
    )
    if found is None:
        pytest.skip(f"no {name} in the usual folders")
    told = subprocess.run(
        ["readelf", "-d", str(found / name)], capture_output=True, text=True, check=True
    ).stdout
    mine = elf.dynamic((found / name).read_bytes())
    assert list(mine.needed) == re.findall(r"\(NEEDED\).*\[(.*)\]", told)
    assert [mine.soname] == re.findall(r"\(SONAME\).*\[(.*)\]", told)


def test_origin_is_filled_in_and_each_folder_named_once() -> None:
    found = elf.Dynamic(
        "x86_64", 64, runpath=("$ORIGIN/a", "${ORIGIN}/a", "/b", "$ORIGIN/a"), rpath=("/never",)
    )
    assert elf.search_path(found, "/site/tensorflow") == ("/site/tensorflow/a", "/b")


def test_a_32_bit_big_endian_file_is_read_too() -> None:
    """Built by hand: one PT_LOAD over the whole file, one PT_DYNAMIC with a soname and a runpath."""
    texts = b"\0libbig.so.1\0/opt/big\0"
    table, names = 52 + 2 * 32, 52 + 2 * 32 + 5 * 8
    whole = names + len(texts)
    head = b"\x7fELF\x01\x02\x01" + bytes(9) + struct.pack(">HHIIIIIHHH", 3, 20, 1, 0, 52, 0, 0, 52, 32, 2)
    load = struct.pack(">8I", 1, 0, 0x1000, 0x1000, whole, whole, 5, 0x1000)
    dynamic = struct.pack(">8I", 2, table, 0x1000 + table, 0, 40, 40, 6, 4)
    entries = [(14, 1), (29, 13), (5, 0x1000 + names), (10, len(texts)), (0, 0)]
    data = head.ljust(52, b"\0") + load + dynamic + b"".join(struct.pack(">iI", *e) for e in entries) + texts
    found = elf.dynamic(data)
    assert (found.bits, found.machine, found.soname, found.runpath) == (
        32,
        None,
        "libbig.so.1",
        ("/opt/big",),
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "file too short"),
        (b"\x7fELF\x02\x01\x01", "file too short"),
        (b"version https://git-lfs.github.com/spec/v1\n", "invalid ELF header"),
        (b"\x7fELF\x09\x01\x01" + bytes(60), "invalid ELF header"),
        (b"\x7fELF\x02\x01\x01" + bytes(60), "phentsize"),
    ],
)
def test_what_is_no_elf_file_is_refused_in_the_loaders_words(data: bytes, words: str) -> None:
    with pytest.raises(elf.NotElf, match=words):
        elf.dynamic(data)


@needs_compiler
@linux
def test_a_file_cut_anywhere_is_read_or_refused_and_never_breaks_the_parser(tmp_path: Path) -> None:
    path = library(tmp_path / "libcut.so", "-Wl,-soname,libcut.so.1", "-Wl,-rpath,/opt/lib")
    whole = path.read_bytes()
    for size in range(0, len(whole), 97):
        try:
            elf.dynamic(whole[:size])
        except elf.NotElf:
            pass


@needs_compiler
@linux
def test_garbage_in_the_tables_is_refused_and_never_breaks_the_parser(tmp_path: Path) -> None:
    whole = library(tmp_path / "libbad.so", "-Wl,-soname,libbad.so.1").read_bytes()
    for at in range(24, 700, 7):
        try:
            elf.dynamic(whole[:at] + b"\xff" * 8 + whole[at + 8 :])
        except elf.NotElf:
            pass
