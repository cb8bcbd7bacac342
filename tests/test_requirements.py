"""What the user wants becomes facts, each with the place that says so, and is compared with what is."""

from __future__ import annotations

import json
import re
import socket
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envcheck import requirements
from envcheck.host import Host
from envcheck.host.live import Live
from envcheck.model import Known, NoAnswer, Target, Value, Wrong
from envcheck.requirements import keys, lines, starter

from . import machines
from .command_line import invoke

ROOT = Path(__file__).parent.parent
DOCS = (ROOT / "docs" / "envcheck-toml.md").read_text("utf-8")
FILE = """# for the workshop
[gpu]
count = 2
memory_gb = 7.5

[python]
version = ">=3.10,<3.14"

[tensorflow]
version = "~=2.20.0"
"""


def values(config: str, file: str = "envcheck.toml") -> dict[str, Value]:
    return {name: fact.value for name, fact in requirements.given(config=config, file=file).items()}


# --- --require ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("require", "number"), [("gpu", 1), ("gpu=1", 1), ("gpu=8", 8), ("cpu", 0)])
def test_require(require: str, number: int) -> None:
    place = f"--require {require}"
    assert requirements.given(require) == {
        "wanted.gpu": Known(number, (place,)),
        "wanted.places": Known({"gpu.count": place}, (place,)),
    }


def test_auto_leaves_the_question_to_the_machine() -> None:
    assert requirements.given("auto") == {}
    found = requirements.gpu({"hardware.gpus": [{"bus_id": "0000:01:00.0"}, {"bus_id": "0000:02:00.0"}]})
    assert found == Known(1, ("auto: 0000:01:00.0 is an NVIDIA GPU",))
    assert requirements.gpu({"hardware.gpus": [{"bus_id": None, "name": "RTX 4090"}]}).source == (
        "auto: RTX 4090 is an NVIDIA GPU",
    )
    assert requirements.gpu({"hardware.gpus": []}) == Known(0, ("auto: there is no NVIDIA GPU",))


@pytest.mark.parametrize("require", ["gpu=0", "gpu=-1", "gpu=", "gpus", "", "gpu=2x", "GPU", "gpu=٣"])
def test_a_requirement_that_makes_no_sense(require: str) -> None:
    with pytest.raises(Wrong, match=r"--require .*: it is auto, cpu, gpu or gpu=N"):
        requirements.given(require)


def test_the_option_outweighs_the_file() -> None:
    facts = requirements.given("cpu", FILE)
    assert facts["wanted.gpu"] == Known(0, ("--require cpu",))
    assert facts["wanted.places"].value["gpu.count"] == "--require cpu"
    assert facts["wanted.places"].value["python.version"] == "envcheck.toml line 7"
    assert requirements.given("auto", FILE)["wanted.gpu"].value == 2


# --- the file -------------------------------------------------------------------------------------


def test_every_wanted_fact_has_a_probe_that_answers_where_the_user_does_not_say() -> None:
    names = {probe.__name__ for probe in requirements.GIVEN}
    assert names == {key.fact for key in [*keys.KEYS.values(), *keys.NAMED.values()]} | {"places"}
    assert all(probe.__doc__ and "How:" in probe.__doc__ for probe in requirements.FACTS)
    assert all(probe() is None for probe in requirements.GIVEN if probe is not requirements.gpu)


def test_a_file_names_the_line_of_each_fact() -> None:
    places = {
        "gpu.count": "envcheck.toml line 3", "gpu.memory_gb": "envcheck.toml line 4",
        "python.version": "envcheck.toml line 7", "tensorflow.version": "envcheck.toml line 10",
    }  # fmt: skip
    assert requirements.given(config=FILE) == {
        "wanted.gpu": Known(2, ("envcheck.toml line 3",)),
        "wanted.memory_gb": Known(7.5, ("envcheck.toml line 4",)),
        "wanted.python": Known(">=3.10,<3.14", ("envcheck.toml line 7",)),
        "wanted.tensorflow": Known("~=2.20.0", ("envcheck.toml line 10",)),
        "wanted.places": Known(places, ("envcheck.toml",)),
    }


def test_who_asks_for_a_kind_of_gpu_asks_for_a_gpu() -> None:
    for line in ("gpu.memory_gb = 8", 'gpu.model = "T4"', 'gpu.compute = "7.5"', 'driver.version = ">=535"'):
        assert requirements.given(config=f"\n{line}")["wanted.gpu"] == Known(1, ("envcheck.toml line 2",))
    assert values("gpu.memory_gb = 8\ngpu.count = 0")["wanted.gpu"] == 0
    assert "wanted.gpu" not in values('python.version = ">=3.10"')


def test_a_share_of_the_expected_speed_is_a_speed() -> None:
    share = "[training]\nexpected_samples_per_s = 66000\nof_expected = 0.5\n"
    assert requirements.given(config=share)["wanted.samples_per_s"] == Known(
        33000.0, ("envcheck.toml line 3", "envcheck.toml line 2")
    )
    assert values(share + "samples_per_s = 40000")["wanted.samples_per_s"] == 40000
    assert values(share + "samples_per_s = 10000")["wanted.samples_per_s"] == 33000


GOOD: list[tuple[str, str, Value]] = [
    ("python.version = '>=3.10,<3.14'", "wanted.python", ">=3.10,<3.14"),
    ("tensorflow.version = '~=2.20.0'", "wanted.tensorflow", "~=2.20.0"),
    (
        "packages.NumPy = '>=1.26'\npackages.ml_dtypes = '*'",
        "wanted.packages",
        {"numpy": ">=1.26", "ml-dtypes": "*"},
    ),
    ("gpu.count = 0", "wanted.gpu", 0),
    ("gpu.model = 'RTX 4090'", "wanted.gpu_model", "RTX 4090"),
    ("gpu.model = ['T4', 'A100']", "wanted.gpu_model", ["T4", "A100"]),
    ("gpu.memory_gb = 16", "wanted.memory_gb", 16),
    ("gpu.compute = '12.0'", "wanted.compute", "12.0"),
    ("driver.version = '>=535,<580'", "wanted.driver", ">=535,<580"),
    ("machine.ram_gb = 15.5", "wanted.ram_gb", 15.5),
    ("machine.disk_gb = 20", "wanted.disk_gb", 20),
    ("environment = { A = true, B = false, C = '' }", "wanted.variables", {"A": True, "B": False, "C": ""}),
    ("environment.D = { matches = '^/data' }", "wanted.variables", {"D": {"matches": "^/data"}}),
    ("data.mnist = '~/mnist'", "wanted.data", {"mnist": "~/mnist"}),
    (
        "[data.imagenet]\npath = '/d'\nmin_gb = 1.5\nmin_files = 3",
        "wanted.data",
        {"imagenet": {"path": "/d", "min_gb": 1.5, "min_files": 3}},
    ),
    ("network.hosts = ['a.example:443', '[::1]:22']", "wanted.hosts", ["a.example:443", "[::1]:22"]),
    ("network.timeout_s = 0.5", "wanted.timeout_s", 0.5),
    ("training.samples_per_s = 1000", "wanted.samples_per_s", 1000),
    ("training.step_ms = 2.5", "wanted.step_ms", 2.5),
    ("training.expected_samples_per_s = 10", "wanted.expected_samples_per_s", 10),
    ("training = { expected_samples_per_s = 10, of_expected = 1 }", "wanted.of_expected", 1),
    ("check.max_seconds = 60", "wanted.max_seconds", 60),
    ("workshop.name = 'Week 1'", "wanted.workshop", "Week 1"),
    ("workshop.contact = 'lab@example.org'", "wanted.contact", "lab@example.org"),
    ("workshop.hand_in = 'upload it'", "wanted.hand_in", "upload it"),
    ("skip.driver-too-old = 'it works'", "wanted.skip", {"driver-too-old": "it works"}),
]


@pytest.mark.parametrize(("text", "fact", "value"), GOOD)
def test_every_key_becomes_its_fact(text: str, fact: str, value: Value) -> None:
    assert values(text)[fact] == value


def test_every_key_has_a_good_example_here() -> None:
    facts = {fact.partition(".")[2] for _, fact, _ in GOOD}
    assert facts == {key.fact for key in [*keys.KEYS.values(), *keys.NAMED.values()]}


BAD: list[tuple[str, str]] = [
    (
        "\n[gpus]\ncount = 1\n",
        "line 2: gpus: unknown section; it is one of check, data, driver, environment, gpu",
    ),
    (
        "[gpu]\n\ncounts = 1\n",
        "line 3: gpu.counts: unknown key; it is one of count, model, memory_gb, compute",
    ),
    ("[gpu]\ncount = -1\n", "line 2: gpu.count: must be a whole number from 0 on"),
    ("[gpu]\ncount = true\n", "line 2: gpu.count: must be a whole number from 0 on"),
    ("[gpu]\nmemory_gb = 0\n", "line 2: gpu.memory_gb: must be a number above 0"),
    ("[gpu]\nmemory_gb = inf\n", "line 2: gpu.memory_gb: must be a number above 0"),
    ("[gpu]\nmodel = ''\n", "line 2: gpu.model: must be a part of the GPU's name"),
    ("[gpu]\nmodel = [1]\n", "line 2: gpu.model: must be a part of the GPU's name"),
    ("[gpu]\ncompute = 7.5\n", "line 2: gpu.compute: must be a compute capability in quotes"),
    ("[python]\nversion = 3.11\n", "line 2: python.version: must be a version specifier"),
    ("[tensorflow]\nversion = ''\n", "line 2: tensorflow.version: must be a version specifier"),
    ("gpu.count = 1\npython.version = 'new'\n", "line 2: python.version: must be a version specifier"),
    ("gpu = { count = 1, memory_gb = 'x' }\n", "line 1: gpu.memory_gb: must be a number above 0"),
    ("# gpu\ngpu = 1\n", "line 2: gpu: must be a section: [gpu]"),
    ("[[gpu]]\ncount = 1\n", "line 1: gpu: must be a section: [gpu]"),
    ("[packages]\nnumpy = '1.26'\n", "line 2: packages.numpy: must be a version specifier"),
    ("[packages]\n'num py' = '*'\n", "line 2: packages.num py: is no name that can be looked for"),
    ("[driver]\nversion = 535\n", "line 2: driver.version: must be a version specifier"),
    ("[machine]\nram_gb = '16'\n", "line 2: machine.ram_gb: must be a number above 0"),
    ("[machine]\ndisk_gb = nan\n", "line 2: machine.disk_gb: must be a number above 0"),
    ("[environment]\nA = 1\n", "line 2: environment.A: must be true (it is set), false"),
    ("[environment]\nA = { matches = '(' }\n", "line 2: environment.A: must be a regular expression"),
    ("[environment]\n'A=B' = true\n", "line 2: environment.A=B: is no name that can be looked for"),
    ("[data]\nx = { min_gb = 1 }\n", "line 2: data.x: must be a path, or { path"),
    ("[data.x]\npath = '/d'\nmin_files = 0\n", "line 1: data.x: must be a path, or { path"),
    ("[network]\nhosts = 'example.org:443'\n", "line 2: network.hosts: must be a list"),
    ("[network]\nhosts = ['example.org']\n", "line 2: network.hosts: must be a list"),
    ("[network]\nhosts = ['example.org:99999']\n", "line 2: network.hosts: must be a list"),
    ("[network]\ntimeout_s = 0\n", "line 2: network.timeout_s: must be a number above 0"),
    ("[training]\nsamples_per_s = -1\n", "line 2: training.samples_per_s: must be a number above 0"),
    ("[training]\nstep_ms = []\n", "line 2: training.step_ms: must be a number above 0"),
    ("[training]\nof_expected = 2\n", "line 2: training.of_expected: must be a number above 0, up to 1"),
    (
        "[training]\nof_expected = 0.5\n",
        "line 2: training.of_expected: needs training.expected_samples_per_s",
    ),
    ("[training]\nexpected_samples_per_s = 'x'\n", "line 2: training.expected_samples_per_s: must be"),
    ("[check]\nmax_seconds = false\n", "line 2: check.max_seconds: must be a number above 0"),
    ("[workshop]\nname = 1\n", "line 2: workshop.name: must be a text on one line"),
    ("[workshop]\ncontact = ''\n", "line 2: workshop.contact: must be a text on one line"),
    ("[workshop]\nhand_in = []\n", "line 2: workshop.hand_in: must be a text on one line"),
    ("[skip]\ndriver-too-old = true\n", "line 2: skip.driver-too-old: must be the reason, in words"),
    ("[skip]\ndriver-too-old = ' '\n", "line 2: skip.driver-too-old: must be the reason, in words"),
]


@pytest.mark.parametrize(("text", "sentence"), BAD)
def test_an_error_names_line_and_key(text: str, sentence: str) -> None:
    with pytest.raises(Wrong) as error:
        requirements.given("auto", text, "lab.toml")
    assert str(error.value).startswith(f"lab.toml {sentence}")
    assert "\n" not in str(error.value)


def test_every_key_has_a_bad_example_here() -> None:
    named = {match[1] for _, sentence in BAD if (match := re.search(r": ([\w.]+)", sentence))}
    assert named >= {f"{section}.{key}" for section, key in keys.KEYS}
    assert {name.split(".")[0] for name in named} >= set(keys.NAMED)


def test_what_is_not_toml_says_where() -> None:
    for text in ("[gpu\n", "gpu.count = 1\ngpu.count = 2", "a = " + "[" * 10_000, "x = " + "9" * 6000):
        with pytest.raises(Wrong, match=r"^lab.toml is not TOML: |^lab.toml line 1: x: unknown"):
            requirements.given("auto", text, "lab.toml")


def test_other_spellings_of_a_key_are_found() -> None:
    assert lines.of('\n"gpu"."count" = 1', ("gpu", "count")) == 2
    assert lines.of("[gpu]\n'count' = 1", ("gpu", "count")) == 2
    assert lines.of("\ngpu = {count = 1}", ("gpu", "count")) == 2
    assert lines.of("[a]\ncount = 1\n[ gpu ] # here\n\ncount = 1", ("gpu", "count")) == 5
    assert lines.of("[data.x]\npath = 1", ("data", "x")) == 1
    assert lines.of("", ("gpu", "count")) == 1


def test_a_pyproject_has_it_under_tool() -> None:
    text = "[project]\nname = 'x'\n\n[tool.envcheck.gpu]\ncount = 2\n\n[tool.other]\ncount = 3\n"
    for name in ("pyproject.toml", "/home/ada/x/pyproject.toml", r"C:\x\pyproject.toml"):
        assert requirements.given(config=text, file=name)["wanted.gpu"] == Known(2, (f"{name} line 5",))
    with pytest.raises(Wrong, match=r"^pyproject\.toml line 5: gpu\.count: must be a whole number"):
        requirements.given(config=text.replace("2", "'2'"), file="pyproject.toml")
    for without in ("[project]\nname = 'x'", "tool = 1", "[tool]\nenvcheck = 1"):
        with pytest.raises(Wrong, match=r"^pyproject\.toml has no section \[tool\.envcheck\]$"):
            requirements.given(config=without, file="pyproject.toml")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_NAMES = st.sampled_from([*keys.sections(), "version", "count", "hosts", "path", "matches"]) | st.text(
    max_size=5
)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{starter._quoted(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool) or value is None:
        return str(bool(value)).lower()
    return starter._quoted(value) if isinstance(value, str) else str(value)


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=80) | st.dictionaries(_NAMES, st.dictionaries(_NAMES, _VALUES, max_size=3), max_size=3)
)
def test_nonsense_is_one_sentence_or_facts(what: Any) -> None:
    text = (
        what
        if isinstance(what, str)
        else "\n".join(f"{starter._quoted(k)} = {_toml(v)}" for k, v in what.items())
    )
    for name in ("envcheck.toml", "pyproject.toml"):
        try:
            facts = requirements.given(config=text, file=name)
        except Wrong as wrong:
            assert str(wrong).startswith(name)
        else:
            json.dumps({key: fact.value for key, fact in facts.items()}, allow_nan=False)


# --- what they do on a machine --------------------------------------------------------------------


def saved(tmp_path: Path, name: str = "linux-rtx4090-ready") -> str:
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(machines.machine(name)), "utf-8")
    return str(path)


def told(tmp_path: Path, config: str, name: str = "linux-rtx4090-ready", *options: str) -> dict[str, Any]:
    """The report on a recorded machine, checked with ``config``."""
    file = tmp_path / "envcheck.toml"
    file.write_text(config, "utf-8")
    result = invoke(
        "check", "--from", saved(tmp_path, name), "--config", str(file), "--format", "json", *options
    )
    assert result.stdout, (result.exception, result.stderr)
    report: dict[str, Any] = json.loads(result.stdout)
    assert not [f for f in report["facts"].values() if f.get("kind") == "bug"]
    return report


def unmet(report: dict[str, Any]) -> list[str]:
    return [re.sub(r" \(.*/", " (", line) for line in report["facts"]["wanted.unmet"]["value"]]


#: A demand that the machine (an RTX 4090, driver 550.54.14, Python 3.11.7, TensorFlow 2.20.0) meets, one
#: that it does not, and what is said then.
DEMANDS = [
    ("gpu.count = 1", "gpu.count = 2", "gpu.count: 2 → 1"),
    ("gpu.model = ['A100', 'rtx  4090']", "gpu.model = 'A100'", "gpu.model: A100 → GeForce RTX 4090"),
    ("gpu.memory_gb = 24", "gpu.memory_gb = 40", "gpu.memory_gb: 40 → 24"),
    ("gpu.compute = '8.9'", "gpu.compute = '9.0'", "gpu.compute: 9.0 → 8.9"),
    ("driver.version = '>=535'", "driver.version = '>=560'", "driver.version: >=560 → 550.54.14"),
    ("machine.ram_gb = 62", "machine.ram_gb = 64", "machine.ram_gb: 64 → 62.56"),
    ("machine.disk_gb = 400", "machine.disk_gb = 500", "machine.disk_gb: 500 → 402.34"),
    ("python.version = '>=3.10'", "python.version = '>=3.12'", "python.version: >=3.12 → 3.11.7"),
    ("tensorflow.version = '~=2.20.0'", "tensorflow.version = '<2.20'", "tensorflow.version: <2.20 → 2.20.0"),
    ("packages.NumPy = '>=1.26'", "packages.numpy = '<2'", "packages.numpy: <2 → 2.4.6"),
    ("packages.numpy = '*'", "packages.pandas = '*'", "packages.pandas: * → -"),
    (
        "training.samples_per_s = 60000",
        "training.samples_per_s = 70000",
        "training.samples_per_s: 70000 → 66946",
    ),
    ("training.step_ms = 2", "training.step_ms = 1.5", "training.step_ms: 1.5 → 1.912"),
    (
        "training = { expected_samples_per_s = 70000, of_expected = 0.9 }",
        "training = { expected_samples_per_s = 140000, of_expected = 0.5 }",
        "training.of_expected: 70000 → 66946",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("met", "missed", "said"), DEMANDS)
def test_each_demand_decides(met: str, missed: str, said: str, tmp_path: Path) -> None:
    report = told(tmp_path, met)
    assert (report["verdict"], unmet(report)) == ("ready", [])
    report = told(tmp_path, "\n" + missed)
    root = report["findings"][0]
    cause = "training-slower-than-asked" if missed.startswith("training") else "requirement-not-met"
    assert (report["verdict"], report["exit_code"], root["cause"]) == ("blocked", 1, cause)
    assert unmet(report) == [f"{said} (envcheck.toml line 2)"]
    assert said in root["why"]
    assert "line 2" in root["why"]
    assert root["fixes"][0]["do"] != "Use a machine that has what is asked for, or change the demand."


def test_several_are_told_together_and_the_first_gets_the_fix(tmp_path: Path) -> None:
    report = told(tmp_path, "python.version = '>=3.12'\nmachine.ram_gb = 128\npackages.numpy = '<2'")
    assert [line.split(":")[0] for line in unmet(report)] == [
        "machine.ram_gb",
        "python.version",
        "packages.numpy",
    ]
    assert "RAM" in report["findings"][0]["fixes"][0]["do"]
    assert len(report["findings"][0]["fixes"]) == 1


def test_missing_packages_are_installed_together(tmp_path: Path) -> None:
    report = told(tmp_path, "[packages]\nnumpy = '==1.26.*'\npandas = '*'")
    (run,) = report["findings"][0]["fixes"][0]["run"]
    assert "'numpy==1.26.*' pandas" in run


def test_some_gpus_fall_short(tmp_path: Path) -> None:
    """Of two GPUs one fits: enough where one is asked for, too few where two are."""
    name = "linux-rtx4090-gtx970-degraded"
    assert told(tmp_path, "gpu.memory_gb = 20", name)["facts"]["wanted.gpus_fitting"]["value"] == 1
    assert unmet(told(tmp_path, "gpu.memory_gb = 20\ngpu.count = 1", name)) == []
    assert unmet(told(tmp_path, "gpu.memory_gb = 20\ngpu.count = 2", name)) == [
        "gpu.memory_gb: 20 → 4 (envcheck.toml line 1)"
    ]


def test_what_is_not_there_at_all_has_a_cause_of_its_own(tmp_path: Path) -> None:
    wanted = "[gpu]\nmemory_gb = 8\n[driver]\nversion = '>=535'\n[tensorflow]\nversion = '>=2.19'"
    assert told(tmp_path, wanted, "linux-cpu-ready")["findings"][0]["cause"] == "no-nvidia-gpu"
    report = told(tmp_path, wanted, "linux-rtx4090-driver-not-installed")
    assert report["findings"][0]["cause"] == "driver-not-installed"
    report = told(tmp_path, "tensorflow.version = '~=2.19.0'", "linux-cpu-tensorflow-not-installed")
    root = report["findings"][0]
    assert root["cause"] == "tensorflow-not-installed"
    assert any("2.19." in line for line in root["fixes"][0]["run"])


def test_a_driver_that_tensorflow_cannot_work_with_comes_first(tmp_path: Path) -> None:
    report = told(tmp_path, "driver.version = '>=560'", "linux-rtx3080-driver-too-old")
    assert report["findings"][0]["cause"] == "driver-too-old"
    assert unmet(report)
    assert "requirement-not-met" not in [found["cause"] for found in report["findings"]]


def test_a_version_that_never_was_is_named_so(tmp_path: Path) -> None:
    report = told(tmp_path, "tensorflow.version = '==2.20.7'")
    assert report["findings"][0]["cause"] == "version-not-on-index"


@pytest.mark.parametrize(
    ("version", "cause", "python"),
    [("<2.10", "python-too-new", "3.10"), (">=99", "requirement-not-met", None)],
)
def test_a_tensorflow_without_a_wheel_for_this_python(
    version: str, cause: str, python: str | None, tmp_path: Path
) -> None:
    report = told(tmp_path, f"tensorflow.version = '{version}'")
    assert report["findings"][0]["cause"] == cause
    assert report["facts"]["tensorflow.wanted_needs_python"]["value"] == python
    if python:
        assert f"uv venv --python {python} tf-env" in report["findings"][0]["fixes"][0]["run"]


def test_a_python_that_is_not_wanted_where_none_has_tensorflow(tmp_path: Path) -> None:
    report = told(tmp_path, "python.version = '>=3.10'", "linux-cpu-python-too-old")
    assert report["findings"][0]["cause"] == "python-too-old"
    assert "requirement-not-met" not in [found["cause"] for found in report["findings"]]


def test_require_works_without_a_file(tmp_path: Path) -> None:
    result = invoke("check", "--from", saved(tmp_path), "--require", "gpu=2", "--format", "json")
    assert json.loads(result.stdout)["facts"]["wanted.unmet"]["value"] == [
        "gpu.count: 2 → 1 (--require gpu=2)"
    ]


def test_a_speed_cannot_be_told_without_training(tmp_path: Path) -> None:
    report = told(tmp_path, "training.step_ms = 1", "linux-rtx4090-ready", "--quick")
    assert report["facts"]["wanted.unmet"]["kind"] == "skipped"
    assert report["verdict"] == "ready"
    assert "training-slower-than-asked" in [doubt["cause"] for doubt in report["undecided"]]


# --- what is looked at only where it is asked for -------------------------------------------------


def live(tmp_path: Path, config: str, *options: str) -> dict[str, Any]:
    file = tmp_path / "envcheck.toml"
    file.write_text(config, "utf-8")
    result = invoke("check", "--quick", "--config", str(file), "--format", "json", *options)
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def test_variables_and_data_sets_and_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked at on this machine, and the same again from its recording, which holds no value and no path."""
    monkeypatch.setenv("WORKSHOP_KEY", "x9-very-secret")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.bin").write_bytes(b"x" * 2048)
    config = f"""
[environment]
WORKSHOP_KEY = true
WORKSHOP_NOT = "1"
[data]
there = {{ path = "{(tmp_path / "set").as_posix()}", min_files = 1, min_gb = 0.000001 }}
small = {{ path = "{(tmp_path / "set").as_posix()}", min_files = 2 }}
gone = "{(tmp_path / "gone").as_posix()}"
[network]
hosts = ["127.0.0.1:1"]
[skip]
tensorflow-not-installed = "not needed for this"
"""
    record = tmp_path / "machine.json"
    report = live(tmp_path, config, "--record", str(record))
    names = ["environment.WORKSHOP_NOT", "data.small", "data.gone", "network.hosts"]
    assert [line.split(":")[0] for line in unmet(report)] == names
    assert "x9-very-secret" not in json.dumps(report) + record.read_text("utf-8")
    assert report["facts"]["wanted.data_found"]["value"][1] == {
        "name": "small", "kind": "dir", "files": 1, "whole": True, "gb": 0,
    }  # fmt: skip
    file = str(tmp_path / "envcheck.toml")
    again = json.loads(
        invoke("check", "--quick", "--from", str(record), "--config", file, "--format", "json").stdout
    )
    assert [line.split(":")[0] for line in unmet(again)] == names


def test_a_value_that_is_not_as_asked_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSHOP_A", "hidden-1")
    monkeypatch.setenv("WORKSHOP_B", "hidden-2")
    monkeypatch.delenv("WORKSHOP_C", raising=False)
    config = "[environment]\nWORKSHOP_A = 'b'\nWORKSHOP_B = false\nWORKSHOP_C = { matches = '^x' }"
    report = live(tmp_path, config)
    assert [line.rpartition(" (")[0] for line in unmet(report)] == [
        'environment.WORKSHOP_A: "b" → ≠',
        "environment.WORKSHOP_B: - → set",
        "environment.WORKSHOP_C: /^x/ → -",
    ]
    assert "hidden-" not in json.dumps(report)


def test_a_host_that_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        report = live(tmp_path, f"network.hosts = ['127.0.0.1:{server.getsockname()[1]}']")
    (found,) = report["facts"]["wanted.hosts_found"]["value"]
    assert (found["answers"], found["error"]) == (True, None)
    assert unmet(report) == []


def test_a_recording_connects_to_nothing_and_knows_only_what_it_was_asked(tmp_path: Path) -> None:
    report = told(tmp_path, "network.hosts = ['127.0.0.1:1']\ndata.x = '/data'")
    assert report["facts"]["wanted.hosts_found"]["kind"] == "not-recorded"
    assert report["facts"]["wanted.data_found"]["kind"] == "not-recorded"
    assert report["verdict"] == "ready"


def test_nothing_is_looked_at_that_nobody_asks_for(tmp_path: Path) -> None:
    record = tmp_path / "machine.json"
    invoke("check", "--quick", "--record", str(record), "--format", "json")
    assert "demands" not in json.loads(record.read_text("utf-8"))["answers"]["child"]


# --- skipped, limits, the note --------------------------------------------------------------------


def test_a_skipped_cause_never_blocks_and_is_listed_with_its_reason(tmp_path: Path) -> None:
    name = "linux-rtx4090-requirement-not-met"
    config = (machines.FOLDER / name / "envcheck.toml").read_text("utf-8")
    skip = "\n[skip]\nrequirement-not-met = 'the old lab'\nglibc-too-old = 'our image'\n"
    assert told(tmp_path, config, name)["verdict"] == "blocked"
    report = told(tmp_path, config + skip, name)
    assert (report["verdict"], report["findings"]) == (
        "ready",
        [f for f in report["findings"] if f["severity"] == "notice"],
    )
    held = {each["cause"]: (each["holds"], each["reason"]) for each in report["skipped"]}
    assert held == {"requirement-not-met": (True, "the old lab"), "glibc-too-old": (False, "our image")}
    assert report["skipped"][0]["place"].endswith("envcheck.toml line 9")
    text = invoke(
        "check", "--from", saved(tmp_path, name), "--config", str(tmp_path / "envcheck.toml")
    ).stdout
    assert "(requirement-not-met): the old lab" in " ".join(text.split())
    assert "glibc-too-old (not found here): our image" in " ".join(text.split())


def test_where_training_fails_because_of_it_the_verdict_is_degraded(tmp_path: Path) -> None:
    skip = "skip.tensorflow-cpu-only-build = 'the GPU is for others'"
    report = told(tmp_path, skip, "linux-rtx4090-cpu-only-build")
    causes = [found["cause"] for found in report["findings"] if found["severity"] == "blocking"]
    assert (report["verdict"], causes) in (("degraded", []), ("blocked", ["gpu-not-used-by-training"]))
    both = "skip = { tensorflow-cpu-only-build = 'x', gpu-not-used-by-training = 'y' }"
    report = told(tmp_path, both, "linux-rtx4090-cpu-only-build")
    assert (report["verdict"], report["exit_code"]) == ("degraded", 0)
    assert told(tmp_path, both, "linux-rtx4090-cpu-only-build", "--strict")["exit_code"] == 1


def test_a_cause_that_is_not_there_cannot_be_skipped(tmp_path: Path) -> None:
    (tmp_path / "envcheck.toml").write_text("\n[skip]\nno-such-cause = 'x'\n", "utf-8")
    result = invoke("check", "--from", saved(tmp_path), "--config", str(tmp_path / "envcheck.toml"))
    assert result.exit_code == 2
    assert "envcheck.toml line 3: skip.no-such-cause: there is no such cause" in result.stderr


def test_the_time_of_the_whole_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[float] = []
    monkeypatch.setattr(Host, "within", lambda self, seconds: seen.append(seconds))
    told(tmp_path, "check.max_seconds = 60")
    told(tmp_path, "check.max_seconds = 60", "linux-rtx4090-ready", "--max-seconds", "5")
    told(tmp_path, "")
    assert seen == [60]


def test_what_takes_longer_than_the_whole_run_may_has_no_answer() -> None:
    target = Target(sys.executable, "")
    with closing(Host(Live(target), target)) as host:
        host.within(0.2)
        with pytest.raises(NoAnswer, match="the time for the whole run was over"):
            host.run([sys.executable, "-c", "import time; time.sleep(30)"], timeout=25)


def test_a_file_that_was_not_named_gets_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = saved(tmp_path)
    (tmp_path / "envcheck.toml").write_text("gpu.count = 9", "utf-8")
    monkeypatch.chdir(tmp_path)
    result = invoke("check", "--from", machine)
    assert result.exit_code == 0
    assert result.stderr == "envcheck: envcheck.toml is here and was not used: --config envcheck.toml does\n"
    assert invoke("check", "--from", machine, "--format", "json").stderr == ""
    assert invoke("check", "--from", machine, "--config", "envcheck.toml").stderr == ""


# --- envcheck init --------------------------------------------------------------------------------


READY = [name for name in machines.names() if machines.expected(name)["verdict"] in ("ready", "degraded")]


@pytest.mark.parametrize("name", READY)
def test_what_init_writes_is_met_by_the_machine_it_was_made_from(name: str, tmp_path: Path) -> None:
    machine, file = saved(tmp_path, name), tmp_path / "envcheck.toml"
    result = invoke("init", "--from", machine, "--output", str(file), "--lang", "en")
    assert (result.exit_code, result.stderr) == (0, "")
    before = json.loads(invoke("check", "--from", machine, "--format", "json").stdout)
    report = told(tmp_path, file.read_text("utf-8"), name)
    assert unmet(report) == []
    assert report["verdict"] == before["verdict"] == machines.expected(name)["verdict"]


def test_init_asks_for_what_the_machine_has(tmp_path: Path) -> None:
    file = tmp_path / "new.toml"
    assert invoke("init", "--from", saved(tmp_path), "--output", str(file)).exit_code == 0
    found = values(file.read_text("utf-8"))
    places = found.pop("wanted.places")
    assert set(places) >= {"gpu.count", "machine.ram_gb"}
    assert found == {
        "wanted.python": ">=3.11", "wanted.tensorflow": ">=2.20", "wanted.gpu": 1, "wanted.memory_gb": 24,
        "wanted.compute": "8.9", "wanted.driver": ">=550.54", "wanted.ram_gb": 62,
        "wanted.expected_samples_per_s": 66946, "wanted.of_expected": 0.5, "wanted.samples_per_s": 33473.0,
    }  # fmt: skip


def test_the_hints_in_it_may_be_taken(tmp_path: Path) -> None:
    """With its comments taken away, what init suggests is understood."""
    for text in (starter.of_machine({}), starter.of_answers(starter.Answers())):
        hints = re.sub(r"^# (?=\[|\w[\w-]* = )", "", text, flags=re.MULTILINE)
        assert set(values(hints)) >= {"wanted.hosts", "wanted.skip", "wanted.max_seconds", "wanted.variables"}


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    machine, file = saved(tmp_path), tmp_path / "envcheck.toml"
    file.write_text("mine", "utf-8")
    result = invoke("init", "--from", machine, "--output", str(file))
    assert (result.exit_code, file.read_text("utf-8")) == (2, "mine")
    assert "exists already" in result.stderr
    assert invoke("init", "--from", machine, "--output", str(file), "--force").exit_code == 0
    assert "[python]" in file.read_text("utf-8")


def ask(tmp_path: Path, answers: str, name: str = "linux-rtx4090-ready") -> tuple[Any, Path]:
    from click.testing import CliRunner

    from envcheck.cli import cli

    file = tmp_path / "asked.toml"
    command = [
        "init",
        "--interactive",
        "--from",
        saved(tmp_path, name),
        "--output",
        str(file),
        "--lang",
        "en",
    ]
    return CliRunner().invoke(cli, command, input=answers), file


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        ("2.19\nn\nnumpy>=1.26,<3, pandas\n~/data\n", {
            "wanted.tensorflow": "==2.19.*", "wanted.gpu": 0, "wanted.data": {"data": "~/data"},
            "wanted.packages": {"numpy": ">=1.26,<3", "pandas": "*"},
        }),
        (">=2.16\nyes\n\n\n", {"wanted.tensorflow": ">=2.16", "wanted.gpu": 1}),
        ("none\n", {"wanted.gpu": 1}),
        ("", {"wanted.tensorflow": "==2.20.*", "wanted.gpu": 1}),
        ("2.20.0\nn\nnone\n/a \"b\" \\ c\n", {
            "wanted.tensorflow": "==2.20.0", "wanted.gpu": 0, "wanted.data": {"data": '/a "b" \\ c'},
        }),
    ],
)  # fmt: skip
def test_interactive(answers: str, wanted: dict[str, Value], tmp_path: Path) -> None:
    result, file = ask(tmp_path, answers)
    assert result.exit_code == 0, result.output
    found = values(file.read_text("utf-8"))
    found.pop("wanted.places")
    assert found == wanted
    assert "TensorFlow version [2.20]: " in result.output


@pytest.mark.parametrize("answers", ["new\n", "2.20\nmaybe\n", "2.20\ny\nnum py!\n", "2.20\ny\n==3\n"])
def test_an_answer_that_makes_no_sense(answers: str, tmp_path: Path) -> None:
    result, file = ask(tmp_path, answers)
    assert (result.exit_code, file.exists()) == (2, False)
    assert "Traceback" not in result.output


# --- the page -------------------------------------------------------------------------------------


def test_the_page_has_an_example_of_every_key_and_is_understood() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)
    found = requirements.given(config=example)
    assert {name.partition(".")[2] for name in found} == {probe.__name__ for probe in requirements.GIVEN}
    from envcheck import rulebook

    requirements.check_skipped(found, {rule.cause for rule in rulebook.load()})
