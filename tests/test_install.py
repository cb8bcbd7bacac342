"""The commands that install packages into the environment under examination."""

from __future__ import annotations

import pytest

from envcheck.install import commands
from envcheck.model import Known, Target

TARGET = Target("/home/u/my venv/bin/python", "test")


@pytest.mark.parametrize(
    ("facts", "packages", "lines"),
    [
        ({}, [], []),
        (
            {"python.pip": "24.0"},
            ["tensorflow[and-cuda]!=2.21.0"],
            ["'/home/u/my venv/bin/python' -m pip install 'tensorflow[and-cuda]!=2.21.0'"],
        ),
        (
            {"python.pip": "24.0"},
            ["-pynvml", "numpy<2"],
            [
                "'/home/u/my venv/bin/python' -m pip uninstall -y pynvml",
                "'/home/u/my venv/bin/python' -m pip install 'numpy<2'",
            ],
        ),
        (
            {"python.environment": "uv", "python.pip": None},
            ["numpy<2"],
            ["uv pip install --python '/home/u/my venv/bin/python' 'numpy<2'"],
        ),
        (
            {"python.externally_managed": True, "python.pip": "24.0"},
            ["tensorflow-cpu"],
            [
                "'/home/u/my venv/bin/python' -m venv .venv",
                ".venv/bin/python -m pip install tensorflow-cpu",
            ],
        ),
    ],
)
def test_commands(facts: dict, packages: list[str], lines: list[str]) -> None:
    known = {name: Known(value) for name, value in facts.items()}
    assert list(commands(packages, known, TARGET)) == lines


def test_windows_quotes_with_double_quotes() -> None:
    target = Target(r"C:\Users\u\venv\Scripts\python.exe", "test")
    facts = {"platform.system": Known("Windows"), "python.pip": Known("24.0")}
    assert commands(["tensorflow<2.11"], facts, target) == (
        r'C:\Users\u\venv\Scripts\python.exe -m pip install "tensorflow<2.11"',
    )


def test_the_home_folder_stays_a_tilde() -> None:
    facts = {"python.pip": Known("24.0")}
    assert commands(["keras"], facts, Target("~/venv/bin/python", "test")) == (
        "~/venv/bin/python -m pip install keras",
    )
