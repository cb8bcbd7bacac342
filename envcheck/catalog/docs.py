"""``make docs``: what stands in the docs and is made from the product itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from . import facts

ROOT = Path(__file__).parents[2]
#: A picture of the screen: what envcheck says of one of the machines in tests/machines.
PICTURE = re.compile(r"(<!-- picture: (\S+) -->\n```text\n).*?(```)", re.DOTALL)


def readme() -> str:
    """The README with its pictures as the golden reports have them."""
    return PICTURE.sub(_picture, (ROOT / "README.md").read_text("utf-8"))


def _picture(place: re.Match[str]) -> str:
    golden = ROOT / "tests" / "machines" / place[2] / "report.txt"
    return place[1] + golden.read_text("utf-8") + place[3]


#: Page → what makes it. A test fails when a page is not what its maker makes.
PAGES: Mapping[str, Callable[[], str]] = {"README.md": readme, "docs/facts.md": facts.page}


def main(arguments: Sequence[str]) -> None:
    """Write every page that is made, wholly or in part."""
    for name, page in PAGES.items():
        (ROOT / name).write_text(page(), "utf-8")
