"""Facts: on demand, once, with sources; a broken probe costs one fact."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from envcheck.host import Host
from envcheck.model import Known, NoAnswer, Target, Unknown, Wrong
from envcheck.probes import Collected
from envcheck.snapshot import record, replay

MACHINE: dict[str, Any] = {
    "schema": "envcheck-machine/1",
    "target": {"python": "/usr/bin/python3", "chosen": "test"},
    "answers": {"identity": {"": {"system": "Linux"}}, "env": {"HOME": "/home/u"}},
    "files": {
        "/etc/os-release": "ID=debian\n",
        "/sys/module/nvidia/version": "580.65.06\n",
        "/secret": {"access": ""},
        "/usr/lib/libcuda.so.1": {"link": "libcuda.so.580.65.06"},
        "/usr/lib/libcuda.so.580.65.06": {"size": 9},
        "/usr/lib/gone.so": {"link": "nowhere.so"},
        "/dev/nvidia0": {"device": [195, 0], "mode": 0o666},
    },
}


def host(**changes: Any) -> Host:
    return replay({**MACHINE, **changes})


def test_a_fact_is_worked_out_once_and_notes_its_sources() -> None:
    calls = []

    def version(host: Host) -> str:
        calls.append(1)
        return (host.read("/sys/module/nvidia/version") or "").strip()

    def branch(facts: Any) -> str:
        return facts["driver.version"].split(".")[0]

    def both(host: Host, facts: Any) -> str:
        return facts["driver.branch"] + str(host.env("HOME"))

    facts = Collected(host(), {"driver.version": version, "driver.branch": branch, "driver.both": both})
    assert facts["driver.both"] == Known("580/home/u", ("$HOME", "/sys/module/nvidia/version"))
    assert facts["driver.branch"] == Known("580", ("/sys/module/nvidia/version",))
    assert len(calls) == 1


def test_an_unknown_passes_through_with_its_sources() -> None:
    def secret(host: Host) -> Any:
        return host.read("/secret")

    def follows(facts: Any) -> Any:
        return facts["a.secret"]

    def copes(facts: Any) -> Any:
        return facts.get("a.secret", "none")

    facts = Collected(host(), {"a.secret": secret, "a.follows": follows, "a.copes": copes})
    fact = facts["a.follows"]
    assert isinstance(fact, Unknown)
    assert (fact.kind, fact.source) == ("denied", ("/secret",))
    assert fact.reason == "permission denied: /secret"
    assert facts["a.copes"] == Known("none", ("/secret",))


def test_a_broken_probe_costs_one_fact() -> None:
    def broken(host: Host) -> Any:
        raise ValueError("oops")

    facts = Collected(host(), {"a.broken": broken, "a.fine": lambda host: 1})
    fact = facts["a.broken"]
    assert isinstance(fact, Unknown) and fact.kind == "bug" and "oops" in fact.reason
    assert facts["a.fine"] == Known(1)


def test_a_circle_is_a_bug_that_names_it() -> None:
    probes = {"a.x": lambda facts: facts["a.y"], "a.y": lambda facts: facts["a.x"]}
    fact = Collected(host(), probes)["a.x"]
    assert isinstance(fact, Unknown) and fact.kind == "bug" and "a.x → a.y → a.x" in fact.reason


def test_given_facts_are_taken_as_they_are() -> None:
    facts = Collected(host(), {"a.x": lambda host: 1}, {"a.x": Known(2), "wanted.gpu": Known(1)})
    assert facts["a.x"] == Known(2)
    assert set(facts) == {"a.x", "wanted.gpu"}


def test_facts_not_yet_looked_at_are_pending() -> None:
    facts = Collected(host(), {"a.x": lambda host: 1, "a.y": lambda host: 2})
    assert facts["a.x"] == Known(1)
    later = facts.so_far()["a.y"]
    assert isinstance(later, Unknown) and later.kind == "pending"


def test_the_tree_of_files_answers_as_a_machine_would() -> None:
    h = host()
    assert h.read("/etc/os-release") == "ID=debian\n"
    assert h.list("/sys/module") == ["nvidia"]
    assert h.glob("/usr/lib/libcuda.so*") == ["/usr/lib/libcuda.so.1", "/usr/lib/libcuda.so.580.65.06"]
    assert h.glob("/sys/**/version") == ["/sys/module/nvidia/version"]
    link = h.stat("/usr/lib/libcuda.so.1")
    assert link and (link["type"], link["real"]) == ("file", "/usr/lib/libcuda.so.580.65.06")
    assert h.stat("/usr/lib/gone.so") == {"type": "dangling", "link": "nowhere.so"}
    node = h.stat("/dev/nvidia0")
    assert node and (node["type"], node["major"], node["mode"]) == ("char", 195, 0o666)


def test_what_a_recording_does_not_hold_is_not_recorded_and_in_a_complete_one_absent() -> None:
    with pytest.raises(NoAnswer) as no:
        host().read("/etc/hosts")
    assert no.value.kind == "not-recorded"
    complete = host(complete=True)
    assert complete.read("/etc/hosts") is None
    assert complete.env("CUDA_HOME") is None
    assert complete.run(["nvidia-smi"]) is None
    assert complete.glob("/nowhere/*") == []
    with pytest.raises(NoAnswer):
        complete.child("train")


def test_windows_paths_are_compared_without_case() -> None:
    answers = {"identity": {"": {"system": "Windows"}}}
    files = {"C:\\Windows\\System32\\nvcuda.dll": {"size": 1}}
    h = host(answers=answers, files=files)
    assert h.stat("c:\\windows\\system32\\NVCUDA.DLL") is not None


def test_a_recording_of_a_replay_is_the_same_recording() -> None:
    first = host()
    first.read("/etc/os-release")
    first.env("HOME")
    with pytest.raises(NoAnswer):
        first.read("/secret")
    recorded = record(first, "2026-11-21T10:00:00Z")
    second = replay(recorded)
    assert second.read("/etc/os-release") == "ID=debian\n"
    with pytest.raises(NoAnswer) as no:
        second.read("/secret")
    assert no.value.kind == "denied"
    assert second.target == Target("/usr/bin/python3", "test")


def test_second_arguments_of_a_child_have_a_name_of_their_own() -> None:
    child = {"events": [], "ended": {"kind": "exited"}, "log": {"head": "", "tail": "", "bytes": 0}}
    h = host(answers={"child": {"libraries": {**child, "n": 1}, "libraries 2": {**child, "n": 2}}})
    assert h.child("libraries", skip=[])["n"] == 1
    assert h.child("libraries", skip=["libcudnn.so.9"])["n"] == 2
    assert h.child("libraries", skip=[])["n"] == 1


def test_this_file_runs_under_the_oldest_python_we_support() -> None:
    assert sys.version_info >= (3, 9)


@pytest.mark.parametrize(
    "broken",
    [
        [],
        "text",
        {"schema": "other/1"},
        {"schema": "envcheck-machine/99"},
        {**MACHINE, "target": None},
        {**MACHINE, "target": {"python": 3}},
        {**MACHINE, "target": {"python": "/usr/bin/python3", "others": 7}},
        {**MACHINE, "answers": []},
        {**MACHINE, "answers": {"read": ["/etc/os-release"]}},
        {**MACHINE, "answers": {"identity": {"": "Linux"}}},
        {**MACHINE, "answers": {"child": {"nvml": 5}}},
        {**MACHINE, "answers": {"child": {"nvml": {"events": [1], "log": {}, "ended": {}}}}},
        {**MACHINE, "files": ["/etc/os-release"]},
    ],
)
def test_a_broken_or_foreign_snapshot_is_one_clear_sentence(broken: Any) -> None:
    with pytest.raises(Wrong) as wrong:
        replay(broken, "machine.json")
    assert str(wrong.value).startswith("machine.json ")
