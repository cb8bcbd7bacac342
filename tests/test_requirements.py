"""What the user wants becomes facts, with the place that says so as their source."""

from __future__ import annotations

import pytest

from envcheck import requirements
from envcheck.model import Known, Wrong

FILE = """# for the workshop
[gpu]
count = 2
memory_gb = 7.5

[python]
version = ">=3.10,<3.14"

[tensorflow]
version = "~=2.20.0"
"""


@pytest.mark.parametrize(("require", "number"), [("gpu", 1), ("gpu=1", 1), ("gpu=8", 8), ("cpu", 0)])
def test_require(require: str, number: int) -> None:
    assert requirements.given(require) == {"wanted.gpu": Known(number, (f"--require {require}",))}


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


def test_every_wanted_fact_has_a_probe_that_answers_where_the_user_does_not_say() -> None:
    names = {f"wanted.{probe.__name__}" for probe in requirements.FACTS}
    assert names == {name for name, _ in requirements.KEYS.values()}
    assert all(probe.__doc__ and "How:" in probe.__doc__ for probe in requirements.FACTS)
    assert [probe() for probe in requirements.FACTS if probe is not requirements.gpu] == [None] * 3


def test_a_file_names_the_line_of_each_fact() -> None:
    assert requirements.given(config=FILE) == {
        "wanted.gpu": Known(2, ("envcheck.toml line 3",)),
        "wanted.memory_gb": Known(7.5, ("envcheck.toml line 4",)),
        "wanted.python": Known(">=3.10,<3.14", ("envcheck.toml line 7",)),
        "wanted.tensorflow": Known("~=2.20.0", ("envcheck.toml line 10",)),
    }


def test_the_option_outweighs_the_file() -> None:
    assert requirements.given("cpu", FILE)["wanted.gpu"] == Known(0, ("--require cpu",))
    assert requirements.given("auto", FILE)["wanted.gpu"].value == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "\n[gpus]\ncount = 1\n",
            "lab.toml line 2: gpus: unknown section; it is one of gpu, python, tensorflow",
        ),
        ("[gpu]\n\ncounts = 1\n", "lab.toml line 3: gpu.counts: unknown key; it is one of count, memory_gb"),
        ("[gpu]\ncount = -1\n", "lab.toml line 2: gpu.count: must be a whole number from 0 on"),
        ("[gpu]\ncount = true\n", "lab.toml line 2: gpu.count: must be a whole number from 0 on"),
        ("[gpu]\nmemory_gb = 0\n", "lab.toml line 2: gpu.memory_gb: must be a number above 0"),
        ("[python]\nversion = 3.11\n", "lab.toml line 2: python.version: must be a version specifier"),
        (
            'gpu.count = 1\npython.version = "new"\n',
            "lab.toml line 2: python.version: must be a version specifier",
        ),
        (
            "gpu = { count = 1, memory_gb = 'x' }\n",
            "lab.toml line 1: gpu.memory_gb: must be a number above 0",
        ),
        ("# gpu\ngpu = 1\n", "lab.toml line 2: gpu: must be a section: [gpu]"),
        ("[gpu\n", "lab.toml is not TOML: "),
    ],
)
def test_an_error_names_line_and_key(text: str, sentence: str) -> None:
    with pytest.raises(Wrong) as error:
        requirements.given("auto", text, "lab.toml")
    assert str(error.value).startswith(sentence)


def test_other_spellings_of_a_key_are_found() -> None:
    assert requirements.given(config='\n"gpu"."count" = 1')["wanted.gpu"].source == ("envcheck.toml line 2",)
    assert requirements.given(config="[gpu]\n'count' = 1")["wanted.gpu"].source == ("envcheck.toml line 2",)
    assert requirements.given(config="\ngpu = {count = 1}")["wanted.gpu"].source == ("envcheck.toml line 2",)
