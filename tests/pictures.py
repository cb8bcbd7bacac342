"""``python -m tests.pictures``: the screenshots in docs/pictures, of recorded machines, in a real browser."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from .test_page import CHROMIUM, OPTIONS, page_of

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
#: File → machine, language, colours, width and height in pixels.
WANTED: dict[str, tuple[str, str, str, int, int]] = {
    "report.png": ("linux-rtx3080-driver-too-old", "en", "light", 1000, 1130),
    "report-ready.png": ("linux-rtx4090-ready", "en", "light", 1000, 700),
    "report-phone-zh.png": ("linux-rtx3080-driver-too-old", "zh", "dark", 400, 1250),
}


def main() -> None:
    """Take every picture."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running, tempfile.TemporaryDirectory() as folder:
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        for name, wanted in WANTED.items():
            _take(chromium, PICTURES / name, Path(folder), *wanted)
        chromium.close()


def _take(
    chromium: Any, file: Path, folder: Path, machine: str, lang: str, colours: str, width: int, height: int
) -> None:
    page = chromium.new_page(color_scheme=colours, viewport={"width": width, "height": height})
    page.goto(page_of(machine, folder, lang))
    page.screenshot(path=str(file))
    page.close()


if __name__ == "__main__":
    main()
