"""The wheel, the sdist and the editable install carry the rules; nothing is read from the checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COUNT = "from envcheck import rulebook; print(len(rulebook.load()), rulebook.__file__)"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git tracks: a build leaves nothing in the checkout."""
    copy = tmp_path_factory.mktemp("source")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("build")
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return out


def environment(folder: Path) -> Path:
    """A fresh environment that sees our dependencies, but not our own checkout."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def installed(python: Path, *what: str) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index"]
    command = [*pip, "--no-build-isolation", "--disable-pip-version-check", *what]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def rules_seen(python: Path) -> int:
    done = subprocess.run([str(python), "-c", COUNT], cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    number, file = done.stdout.split()
    assert str(ROOT) not in file
    return int(number)


def here() -> int:
    return len([p for p in (ROOT / "rules").glob("*/*.toml") if p.parent.name not in ("compat", "trackers")])


@pytest.mark.parametrize("form", ["*.whl", "*.tar.gz"])
def test_a_built_distribution_carries_the_rules(form: str, built: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "env")
    (file,) = built.glob(form)
    installed(python, str(file))
    assert rules_seen(python) == here()
    command = [str(python.with_name("envcheck")), "--version"]
    assert subprocess.run(command, cwd="/", capture_output=True, check=False).returncode == 0


def test_an_editable_install_carries_the_rules(source: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "env")
    installed(python, "-e", str(source))
    assert rules_seen(python) == here()


def test_a_bare_clone_runs(source: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "env")
    command = [str(python), "-c", COUNT]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.stdout.split()[0] == str(here()), done.stderr[-2000:]
    version = [str(python), "-m", "envcheck", "--version"]
    assert subprocess.run(version, cwd=source, capture_output=True, check=False).returncode == 0


def test_the_wheel_carries_the_children_the_schema_and_the_tables(built: Path) -> None:
    import zipfile

    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "envcheck/inside/train.py",
        "envcheck/schema/report.json",
        "envcheck/rules/compat/tensorflow.csv",
        "envcheck/rules/compat/gpus.csv",
    ):
        assert needed in names
    assert any(name.endswith("licenses/LICENSE") or name.endswith("/LICENSE") for name in names)
    assert not any(name.startswith("tests/") for name in names)


def test_envcheck_of_an_environment_examines_that_environment(built: Path, tmp_path: Path) -> None:
    """``.venv/bin/envcheck`` without activation: the header names the environment, and why."""
    python = environment(tmp_path / "env")
    (wheel,) = built.glob("*.whl")
    installed(python, str(wheel))
    command = [str(python.with_name("envcheck")), "--quick", "--lang", "en"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "ENVCHECK_NO_HISTORY": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    version = ".".join(map(str, sys.version_info[:3]))
    assert done.stdout.startswith("envcheck "), done.stderr
    assert str(python) in done.stdout.replace("\n", "")
    assert f"Python {version}, venv; chosen: envcheck's own environment" in done.stdout
