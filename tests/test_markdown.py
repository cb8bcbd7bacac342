"""Markdown: what stands on the page is what was meant, whatever the text holds."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from envcheck.render import markdown, plain
from envcheck.views.document import (
    Bar,
    Chart,
    Code,
    Command,
    Document,
    Fold,
    Heading,
    Ladder,
    Rung,
    Span,
    Table,
    Text,
    line,
)

from .command_line import invoke
from .machines import machine

TEXT = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("`*_[]<>|~@#&-+=1.)! \\\n$(")),
    max_size=30,
)
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shown(text: str) -> str:
    """The text of a page, without tags; blanks put together as a browser does."""
    page = PARSER.render(text)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def meant(text: str) -> str:
    return " ".join(plain.escape(text).split())


def tight(text: str) -> str:
    """Without blanks: tags of their own may part what stood together."""
    return "".join(text.split())


@given(TEXT)
@example("# no heading")
@example("1. no list")
@example("a_b __init__ _x_")
@example("| cell | cell |")
@example("<script>alert(1)</script> &lt; @someone #123 ![x](http://y)")
@example("- - -")
def test_a_paragraph_shows_the_text_itself(text: str) -> None:
    page = markdown.render(Document("", (Text(line("A ", text)),)))
    assert tight(shown(page)) == tight(meant("A " + text))
    alone = markdown.render(Document("", (Text(line(text)),)))
    assert tight(shown(alone)) == tight(meant(text))


@given(TEXT, TEXT)
@example("a`b``c", "|")
@example("``", "` `")
def test_code_and_cells_show_the_text_itself(one: str, other: str) -> None:
    table = Table(((line(Span(one, "code")), line(other)),), ("x", "y"))
    page = markdown.render(Document("", (table,)))
    assert tight(shown(page)) == tight("xy" + meant(one) + meant(other))


@given(TEXT)
@example("```\n## out\n````")
def test_nothing_gets_out_of_a_block_of_code(text: str) -> None:
    page = markdown.render(Document("", (Code(text), Command((text or "x",)))))
    assert PARSER.render(page).count("<pre>") == 2
    assert "<h" not in PARSER.render(page).replace("<hr", "")


def test_every_block_has_its_form() -> None:
    blocks = (
        Heading("Blocked", 1, "blocked"),
        Heading("A cause", 2, "degraded", "driver-too-old"),
        Heading("In short", 3),
        Ladder((Rung("driver", "ok", "550.54", 0.21), Rung("cuda", "waiting"))),
        Chart("a step", "ms", (Bar("GPU:0", 1.912, "fast"),)),
        Fold("All", (Text(line(Span("bold ", "strong"), Span("https://x.org ", "link"))),), False, "-v"),
        Fold("Nothing", ()),
    )
    page = markdown.render(Document("", blocks))
    assert "## ❌ Blocked\n" in page
    assert "### ⚠️ A cause `driver-too-old`\n" in page
    assert "\n**In short**\n" in page
    assert "| ✅ | **driver** | 550.54 (0.2 s) |" in page
    assert "| GPU:0 | 1.91 ms | fast |" in page
    assert "<details>\n<summary>All</summary>\n\n**bold** <https://x.org>" in page
    assert page.endswith("\n\nNothing\n")


def test_the_report_of_a_machine_as_markdown(tmp_path: Path) -> None:
    recorded = tmp_path / "machine.json"
    recorded.write_text(json.dumps(machine("linux-rtx3080-driver-too-old")), "utf-8")
    result = invoke("--from", str(recorded), "--format", "markdown", "--lang", "en")
    assert result.exit_code == 1
    assert "`driver-too-old`" in result.stdout
    assert "```shell\n" in result.stdout
    assert "❌" in result.stdout
