"""``make docs``: what stands in the docs and is made from the product itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from . import causes, facts, man

ROOT = Path(__file__).parents[2]
#: A picture of the screen: what envcheck says of one of the machines in tests/machines, or tests/NAME.txt.
PICTURE = re.compile(r"(<!-- picture: (\S+) -->\n```text\n).*?(```)", re.DOTALL)


#: Pages that hold such pictures.
PICTURED = ("README.md", "docs/workshop.md")


def pictured(page: str) -> str:
    """The page with its pictures as the golden reports have them."""
    return PICTURE.sub(_picture, (ROOT / page).read_text("utf-8"))


def _picture(place: re.Match[str]) -> str:
    tests = ROOT / "tests"
    golden = tests / "machines" / place[2] / "report.txt"
    golden = golden if golden.is_file() else tests / f"{place[2]}.txt"
    return place[1] + golden.read_text("utf-8") + place[3]


def pages() -> Mapping[str, Callable[[], str]]:
    """Page → what makes it. A test fails when a page is not what its maker makes."""
    made = {name: partial(causes.page, name) for name in causes.names()}
    made.update({name: partial(pictured, name) for name in PICTURED})
    return {"docs/facts.md": facts.page, man.PAGE: man.page, **made}


def main(arguments: Sequence[str]) -> None:
    """Write every page that is made, wholly or in part, and take away those of causes that are gone."""
    (ROOT / causes.FOLDER).mkdir(exist_ok=True)
    for name, page in pages().items():
        (ROOT / name).write_text(page(), "utf-8")
    for name in causes.stale(ROOT):
        (ROOT / name).unlink()
