"""What psutil tells is told without it: memory, and whether a process is still the one it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import psutil
import pytest

from envcheck.host import memory, running
from envcheck.model import NoAnswer

VM_STAT = """\
Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               13552.
Pages active:                            357521.
Pages inactive:                          355000.
Pages speculative:                         1208.
Pages throttled:                              0.
Pages wired down:                        141000.
"""


@pytest.fixture
def without_psutil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)


def test_memory_of_linux() -> None:
    text = "MemTotal:       16384000 kB\nMemFree: 1 kB\nMemAvailable:    8192000 kB\n"
    assert memory.of_meminfo(text) == (16000.0, 8000.0)
    for other in ("", "MemTotal: 1 kB\n", "MemTotal: x kB\nMemAvailable: 1 kB\n"):
        with pytest.raises((LookupError, ValueError)):
            memory.of_meminfo(other)


def test_memory_of_macos() -> None:
    assert memory.of_vm_stat(VM_STAT) == (13552 + 355000) * 16384 / 1024 / 1024
    with pytest.raises(ValueError):
        memory.of_vm_stat("vm_stat: not permitted")


def test_memory_without_psutil(monkeypatch: pytest.MonkeyPatch) -> None:
    said = psutil.virtual_memory().total / memory.MIB
    monkeypatch.setitem(sys.modules, "psutil", None)
    total, available = memory.total_and_available()
    assert 0 < available < total == pytest.approx(said, rel=0.01)


@pytest.mark.usefixtures("without_psutil")
def test_memory_of_a_system_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.sys, "platform", "plan9")
    with pytest.raises(NoAnswer, match="psutil is not installed"):
        memory._by_system()


def test_a_process_began_when_psutil_says(monkeypatch: pytest.MonkeyPatch) -> None:
    said = running.begun(os.getpid())
    monkeypatch.setitem(sys.modules, "psutil", None)
    alone = running.begun(os.getpid())
    assert said is not None and alone is not None
    assert abs(said - alone) < running.SAME


def test_ps_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    if not shutil.which("/bin/ps"):
        pytest.skip("there is no ps here")
    said = running.begun(os.getpid())
    assert said is not None and abs(running._of_ps(os.getpid()) - said) < running.SAME


@pytest.mark.parametrize("psutil_is_there", [True, False])
def test_whether_a_process_is_the_same(psutil_is_there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not psutil_is_there:
        monkeypatch.setitem(sys.modules, "psutil", None)
    own, since = os.getpid(), running.begun(os.getpid())
    assert since is not None
    assert running.is_same(own, since) and running.is_same(own, since + 1)
    assert running.is_same(own, None)
    assert not running.is_same(own, since - 60)  # the number is another process's by now
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not running.is_same(ended.pid, None) and not running.is_same(ended.pid, since)
    assert not running.is_same(0, None) and not running.is_same(-1, None)
    assert not running.is_same(2**62, since)
