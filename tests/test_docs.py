"""What stands in the docs is true: generated pages are fresh, pictures are what the machines say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from envcheck.catalog import causes
from envcheck.catalog.docs import pages
from envcheck.model import Wrong

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_page_that_is_made_is_fresh(name: str) -> None:
    assert (ROOT / name).is_file(), "missing: make docs"
    assert (ROOT / name).read_text("utf-8") == pages()[name](), "stale: make docs"


def test_no_page_outlives_its_cause(tmp_path: Path) -> None:
    assert causes.stale(ROOT) == [], "make docs"
    (tmp_path / causes.FOLDER).mkdir(parents=True)
    (tmp_path / causes.FOLDER / "driver-too-shy.md").write_text("# gone")
    (tmp_path / causes.FOLDER / "driver-too-old.md").write_text("# still there")
    assert causes.stale(tmp_path) == [f"{causes.FOLDER}/driver-too-shy.md"]


def test_the_readme_has_pictures_of_what_envcheck_prints() -> None:
    pictures = re.findall(r"```text\nenvcheck [^`]*?```", (ROOT / "README.md").read_text("utf-8"))
    assert len(pictures) == 2


def test_links_within_the_docs_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_options_in_the_readme_exist() -> None:
    from envcheck.cli import cli

    known = {name for option in cli.commands["check"].params for name in option.opts}
    for option in re.findall(r"`envcheck (--[a-z-]+)", (ROOT / "README.md").read_text("utf-8")):
        assert option in known | {"--version"}


def test_a_new_rule_starts_from_a_skeleton_that_is_toml(tmp_path: Path) -> None:
    from envcheck.catalog.skeleton import write
    from envcheck.rule_file import read_toml

    path = write("driver/driver-lost-its-way", tmp_path)
    assert path == tmp_path / "driver" / "driver-lost-its-way.toml"
    assert "when" in read_toml(path.read_text("utf-8"))
    for bad in ("", "driver", "nowhere/x", "driver/../x", "driver/driver-lost-its-way"):
        with pytest.raises(Wrong):
            write(bad, tmp_path)
