"""The HTML page in a real Chromium: it renders, is accessible, copies a command, prints, and needs nothing.

Skipped where there is no Chromium; CI installs Debian's.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from envcheck.render import html
from envcheck.views.document import Code, Command, Document, Heading, Span, Table, Text, line

from .command_line import invoke
from .machines import machine

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
           "--disable-background-networking", "--disable-component-update"]  # fmt: skip
MACHINES = ("linux-rtx4090-ready", "linux-rtx3080-driver-too-old", "linux-cpu-package-shadowed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield chromium
        chromium.close()


def page_of(name: str, folder: Path, lang: str = "en") -> str:
    recorded, page = folder / f"{name}.json", folder / f"{name}.html"
    recorded.write_text(json.dumps(machine(name)), "utf-8")
    invoke("--from", str(recorded), "--format", "html", "--lang", lang, "--output", str(page))
    return page.as_uri()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", MACHINES)
def test_the_page_is_whole_and_accessible(
    browser: Any, tmp_path: Path, name: str, lang: str, dark: bool
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = browser.new_page(color_scheme="dark" if dark else "light")
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: troubles.append(request.url) if "file:" not in request.url else None)
    page.goto(page_of(name, tmp_path, lang))
    for details in page.query_selector_all("details"):
        details.evaluate("one => one.open = true")
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert troubles == []
    assert page.query_selector("html").get_attribute("lang") == {"en": "en", "zh": "zh-CN"}[lang]
    page.close()


def test_nothing_runs_over_the_edge_of_a_phone(browser: Any, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 700})
    page.goto(page_of("linux-rtx3080-driver-too-old", tmp_path))
    for details in page.query_selector_all("details"):
        details.evaluate("one => one.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()


def test_a_command_is_copied(browser: Any, tmp_path: Path) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(page_of("linux-rtx3080-driver-too-old", tmp_path))
    button = page.query_selector(".copy")
    button.click()
    page.wait_for_selector(".copy:text-is('Copied')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.query_selector(".command pre").text_content() and "sudo apt" in copied
    context.close()


def test_the_page_says_all_without_its_script(browser: Any, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_of("linux-rtx3080-driver-too-old", tmp_path))
    assert page.query_selector(".breaks .name").text_content() == "driver"
    assert "driver-too-old" in page.text_content("main")
    assert not page.query_selector(".copy").is_visible()
    context.close()


def test_what_is_folded_away_is_printed(browser: Any, tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(page_of("linux-rtx4090-ready", tmp_path))
    page.emulate_media(media="print")
    assert page.query_selector("details table").is_visible()
    page.close()


TEXT = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("<>&\"'/")), max_size=40)


class Tags(HTMLParser):
    """The tags of a page and their attributes' names."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))


def tags(text: str) -> list[tuple[str, list[str]]]:
    blocks = (
        Heading(text, 1, "ok", text),
        Text(line("x", text, Span(text, "code"), Span(text, "link"))),
        Table(((line("x", text),),)),
        Command((text,)),
        Code(text),
    )
    parser = Tags()
    parser.feed(html.render(Document("t", blocks)))
    return parser.found


@given(TEXT)
@example("</pre><script>alert(1)</script>")
@example('" onclick="alert(1)')
def test_no_text_becomes_a_tag(text: str) -> None:
    assert tags("x" + text) == tags("x")


def test_only_addresses_of_pages_become_links() -> None:
    page = html.render(
        Document("", (Text(line(Span("javascript:alert(1)", "link"), Span("https://x.org ", "link"))),))
    )
    assert 'href="javascript' not in page and 'href="https://x.org"' in page
