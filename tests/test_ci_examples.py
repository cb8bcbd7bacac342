"""docs/ci and action.yml: files that fit their schemas, and scripts that are run."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .machines import machine

ROOT = Path(__file__).parent.parent
CI = ROOT / "docs" / "ci"


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        ("docs/ci/github.yml", "vendor.github-workflows"),
        ("action.yml", "vendor.github-actions"),
        ("docs/ci/gitlab.yml", "vendor.gitlab-ci"),
    ],
)
def test_the_examples_fit_their_schemas(file: str, schema: str) -> None:
    pytest.importorskip("check_jsonschema")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(ROOT / file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def pods() -> list[dict[str, Any]]:
    """The objects of the example: a Pod and a Job."""
    yaml = pytest.importorskip("ruamel.yaml")
    return list(yaml.YAML(typ="safe", pure=True).load_all((CI / "kubernetes.yml").read_text("utf-8")))


def kubernetes_says(described: dict[str, Any]) -> str:
    """What Kubernetes' own schema of its newest release has against an object; unknown keys count."""
    kubernetes = pytest.importorskip("kubernetes_validate")
    try:
        kubernetes.validate(described, kubernetes.latest_version(), strict=True)
    except kubernetes.ValidationError as error:
        return str(error.message)
    return ""


@pytest.mark.parametrize("kind", ["Pod", "Job"])
def test_kubernetes_takes_the_example(kind: str) -> None:
    (described,) = (one for one in pods() if one["kind"] == kind)
    assert kubernetes_says(described) == ""


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("imagePull", "Always", "'imagePull' was unexpected"), ("args", "envcheck", "is not of type 'array'")],
)
def test_kubernetes_does_not_take_what_is_wrong(key: str, value: str, said: str) -> None:
    pod, job = pods()
    pod["spec"]["initContainers"][0][key] = value
    job["spec"]["template"]["spec"]["containers"][0][key] = value
    assert said in kubernetes_says(pod) and said in kubernetes_says(job)


def test_each_pod_asks_for_a_gpu_and_ends_by_itself() -> None:
    """What no schema can tell: where the GPU is wanted, and that a Job's pod is not begun anew."""
    pod, job = pods()
    inside = job["spec"]["template"]["spec"]
    assert inside["restartPolicy"] == "Never"
    for container in [*pod["spec"]["initContainers"], *pod["spec"]["containers"], *inside["containers"]]:
        assert container["resources"]["limits"] == {"nvidia.com/gpu": 1}


def commands() -> list[str]:
    """Every call of envcheck in the examples, without the name itself."""
    found = []
    for path in sorted(CI.iterdir()):
        text = path.read_text("utf-8")
        for program in ('"${ENVCHECK:-envcheck}"', '"$envcheck"'):
            text = text.replace(program, "envcheck")
        found += re.findall(r"(?<![\w/.-])envcheck (--[^'\n|]+?)(?=\s*(?:'|\n|\|\|))", text)
    return found


def test_every_example_calls_envcheck() -> None:
    assert len(commands()) >= 7


@pytest.fixture
def recorded(tmp_path: Path) -> dict[str, Path]:
    """A healthy and a broken machine, recorded."""
    paths = {}
    for name in ("linux-rtx4090-ready", "linux-rtx4090-driver-library-mismatch"):
        paths[name] = tmp_path / f"{name}.json"
        paths[name].write_text(json.dumps(machine(name)), "utf-8")
    return paths


@pytest.mark.parametrize("command", commands())
def test_the_commands_of_the_examples_are_understood(
    command: str, recorded: dict[str, Path], tmp_path: Path
) -> None:
    """Run on recorded machines; files go to a folder of the test's own."""
    moved = re.sub(r"/dev/termination-log|/var/log/", str(tmp_path) + "/log-", command)
    arguments = shlex.split(moved.replace("${SLURM_JOB_ID:-0}", "1"))
    for name, code in (("linux-rtx4090-ready", 0), ("linux-rtx4090-driver-library-mismatch", 1)):
        whole = [sys.executable, "-m", "envcheck", "--from", str(recorded[name]), *arguments]
        done = subprocess.run(
            whole, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment()
        )
        assert done.returncode == code, done.stderr


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


@pytest.fixture
def stand_in(recorded: dict[str, Path], tmp_path: Path) -> dict[str, str]:
    """Programs called like envcheck that examine the recorded machine instead of this one."""
    programs = {}
    for name, path in recorded.items():
        program = tmp_path / f"envcheck-{name}"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m envcheck --from "{path}" "$@"\n')
        program.chmod(0o755)
        programs[name] = str(program)
    return programs


def test_the_runners_hook_stops_a_job_on_a_broken_machine(stand_in: dict[str, str]) -> None:
    for name, code in (("linux-rtx4090-ready", 0), ("linux-rtx4090-driver-library-mismatch", 1)):
        env = environment(ENVCHECK=stand_in[name])
        done = subprocess.run(
            [str(CI / "job-started.sh")], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert done.stdout.startswith("::notice " if code == 0 else "::error title=driver-library-mismatch")


def test_the_prolog_drains_a_broken_node_and_lets_others_be(stand_in: dict[str, str], tmp_path: Path) -> None:
    script = tmp_path / "prolog.sh"
    script.write_text((CI / "prolog.sh").read_text("utf-8").replace("/var/log", str(tmp_path)), "utf-8")
    for name, gpus, code in (
        ("linux-rtx4090-ready", "0", 0),
        ("linux-rtx4090-driver-library-mismatch", "0", 1),
        ("linux-rtx4090-driver-library-mismatch", "", 0),
    ):
        env = environment(ENVCHECK=stand_in[name], SLURM_JOB_GPUS=gpus, SLURM_JOB_ID="7")
        done = subprocess.run(["bash", str(script)], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr


def test_the_shell_scripts_are_sound() -> None:
    for script in CI.glob("*.sh"):
        subprocess.run(["bash", "-n", str(script)], check=True)
        assert os.access(script, os.X_OK)


def test_inputs_of_the_action_never_stand_in_its_script() -> None:
    """An input that is put into the script's text could be a command."""
    text = (ROOT / "action.yml").read_text("utf-8")
    script = text[text.index("run: |") :]
    assert "${{" not in script
