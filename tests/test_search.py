"""Searching logs of any size: what patterns need, what a scan keeps, and that both ways agree."""

from __future__ import annotations

import io
import random
import re
from collections import Counter
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from envcheck import blocks, excerpt, rulebook, search
from envcheck.literals import needs
from envcheck.model import Rule, Wrong
from envcheck.prefilter import may_be_in
from envcheck.search import Text
from envcheck.sieve import Wanted

from . import bench_logs

CUINIT = r"^failed call to cuInit: \w+"
XID = r"NVRM: Xid \(PCI:[0-9A-Fa-f:.]+\): 79\b"
DLOPEN = r"Could not (?:load dynamic|dlopen) library '(libcudart|libcublas)"
SPAN = r"import tensorflow[^\n]*(?:\n[^\n]*){0,12}?\nKilled\s*$"
ANY_CASE = r"(?i)driver/library version mismatch"
ABSENT = r"No matching distribution found for tensorflow"
PATTERNS = [CUINIT, XID, DLOPEN, SPAN, ANY_CASE, ABSENT]


# --- what patterns need -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("No module named", {"No module named"}),
        (r"libcudnn\.so\.9", {"libcudnn.so.9"}),
        ("(?:load dynamic|dlopen) library", {"load dynamic library", "dlopen library"}),
        ("one two|three", {"one two", "three"}),
        ("abc|x", set()),
        ("x.*abcd.*y", {"abcd"}),
        ("[Ss]cipy", {"Scipy", "scipy"}),
        ("tf[-_]gpu", {"tf-gpu", "tf_gpu"}),
        ("tf[a-c]gpu", {"gpu"}),
        ("tf[+--]gpu", {"gpu"}),
        ("colou?r", {"color", "colour"}),
        ("abcd*", {"abc"}),
        ("abcd+e", {"abcd"}),
        ("abcd{2}", {"abcd"}),
        ("abcd{0,3}", {"abc"}),
        ("(?:abcd)*efg", {"efg"}),
        ("(?:abcd)+", {"abcd"}),
        ("(?:ab.cd)?efg", {"efg"}),
        (r"(?!not this)but that", {"but that"}),
        (r"(?<=before )after", {"after"}),
        (r"\bword\b", {"word"}),
        (r"^line$", {"line"}),
        (r"a\dbcd\w", {"bcd"}),
        (r"\x41bcd", {"bcd"}),
        (r"[^|]*\|abc", {"|abc"}),
        (r"[]abc]+def", {"def"}),
        (r"(?P<name>abc)(?P=name)", {"abc"}),
        (r"(?i)ABC def", {"abc def"}),
        (r"(?i:ABC) def", {"abc def"}),
        (r"(?x) a b c d", set()),
        (r"\d+", set()),
        ("", set()),
        ("(", set()),
        ("[", set()),
        ("abc(", set()),
        ("a{b}cde", {"a{b}cde"}),
    ],
)
def test_what_a_pattern_needs(pattern: str, texts: set[str]) -> None:
    assert set(needs(pattern).texts) == texts


@pytest.mark.parametrize(
    ("pattern", "spans"),
    [
        ("a.b", False), (r"a\sb", True), ("a\nb", True), (r"a\nb", True), ("[^x]b", True),
        (r"[^x\n]b", False),
        (r"[^\s]b", False), (r"\Sb", False), (r"\Wb", True), (r"[\s.]b", True), ("(?s)a.b", True),
        ("(?<!\n)ab", False),
    ],
)  # fmt: skip
def test_which_patterns_reach_over_several_lines(pattern: str, spans: bool) -> None:
    assert needs(pattern + "cde").spans is spans


PIECES = st.sampled_from(
    ["abc", "xyz", "Q", r"\.", ".", r"\d", "[ab]", "[^ab]", "(?:abc|de)", "(?:f|gh)?", "(i.j)", "(?!abc)",
     "^", "$", r"\b", "+", "*", "?", "{2}", "{0,2}", "|", r"\s", " ", "(?:klm)*", "[Cc]",
     r"\x41", r"\u0042", r"\103"]
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=6).map("".join), st.text(alphabet="abcxyzQ.1defghijklm C\n", max_size=40))
@example("(?!abc){2}", "")
def test_a_text_without_what_a_pattern_needs_has_no_match(pattern: str, text: str) -> None:
    try:
        found = re.search(pattern, text, re.MULTILINE)
    except re.error:
        return
    if found:
        for part in needs(pattern).parts:
            assert any(one in found[0] for one in part), (pattern, text)
        assert may_be_in(pattern, found[0], found[0].lower)


def patterns_of(rules: tuple[Rule, ...]) -> list[str]:
    blocks = [block for rule in rules for block in (*rule.when, *(b for fix in rule.fixes for b in fix.on))]
    found = [pattern for block in blocks for one in block if one.fact == "log" for pattern in one.test]
    return list(dict.fromkeys(found))


@pytest.fixture(scope="module")
def rules() -> tuple[Rule, ...]:
    return rulebook.load(examples=True)


def test_every_pattern_of_the_rules_needs_a_text(rules: tuple[Rule, ...]) -> None:
    """Else each line of each log is tried with it."""
    assert [pattern for pattern in patterns_of(rules) if not needs(pattern).texts] == []


def test_what_the_rules_patterns_need_stands_in_what_they_match(rules: tuple[Rule, ...]) -> None:
    logs = [example.log for rule in rules for example in rule.examples if example.log]
    texts = [Text.of(log).body for log in logs]
    for pattern in patterns_of(rules):
        compiled = re.compile(pattern, re.MULTILINE)
        for body in texts:
            found = compiled.search(body)
            if found:
                whole = found[0].lower() if needs(pattern).any_case else found[0]
                assert all(any(one in whole for one in part) for part in needs(pattern).parts), pattern
                assert may_be_in(pattern, found[0], found[0].lower), pattern


# --- a text -------------------------------------------------------------------------------------


def test_the_first_match_and_all_matches() -> None:
    text = Text.of("a 1\nb 2\na 3\na 4\n")
    assert text.first(r"a \d") == (1, "a 1")
    assert [(number, found[1]) for number, found in text.all(r"a (\d)", 2)] == [(1, "1"), (3, "3")]
    assert text.all("c") == [] and text.first("c") is None
    assert text.number(text.body.index("a 4")) == 4


def test_a_pattern_that_cannot_be_read_is_named() -> None:
    with pytest.raises(Wrong, match=r"bad regular expression '\(abc'"):
        Text.of("abc").first("(abc")


def test_a_match_of_several_lines_is_named_by_its_first() -> None:
    assert Text.of("x\nimport tensorflow as tf\n...\nKilled\n").first(SPAN) == (2, "import tensorflow as tf")


# --- huge logs ----------------------------------------------------------------------------------

NOISE = [
    "2026-01-02T03:04:05.1234567Z Collecting numpy>=1.23",
    "2026-01-02T03:04:05.1234567Z \x1b[32mtests/test_model.py::test_fit PASSED\x1b[0m [ 42%]",
    "10/10 [====] - ETA: 0s\r10/10 [====] - 1s 3ms/step - loss: 0.3",
    '  File "/usr/lib/python3.11/site-packages/keras/src/layers.py", line 12, in call',
    "-- Could not find library for this; call failed, driver version library mismatch, tensorflow import",
    "größer \u00a0 \u2018quoted\u2019 &lt;module&gt;",
    "",
]
HITS = {
    CUINIT: ["2026-01-02T03:04:05.12Z E0000 00:00:1795219535.3 1 a.cc:1] failed call to cuInit: CUDA"],
    XID: ["[  123.456789] NVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus."],
    DLOPEN: ["2026-01-02 03:04:05.1: W a.cc:6] Could not load dynamic library \u2018libcudart.so.11\u2019"],
    SPAN: [">>> import tensorflow as tf", "2026-01-02 03:04:05.1: I tf/cpu_guard.cc:1] oneDNN", "Killed"],
    ANY_CASE: ["NVML: \x1b[1mDRIVER\x1b[0m/Library ver\x1b[01;31msion\x1b[m mismatch"],
}  # fmt: skip


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is huge, and read in small blocks."""
    monkeypatch.setattr(search, "SMALL", 100)
    monkeypatch.setattr(blocks, "BLOCK", 300)
    monkeypatch.setattr(excerpt, "END", 200)


def made(seed: int, size: int = 400) -> str:
    choose = random.Random(seed)
    lines = [choose.choice(NOISE) for _ in range(size)]
    for pattern in choose.sample(sorted(HITS), 3):
        at = choose.randrange(size)
        lines[at:at] = HITS[pattern]
    return "\n".join(lines)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("seed", range(25))
def test_a_scan_finds_what_the_whole_text_has(seed: int) -> None:
    log = made(seed)
    whole, scanned = Text.of(log), search.scan(io.BytesIO(log.encode()), PATTERNS)
    assert sum(whole.first(pattern) is not None for pattern in PATTERNS) == 3
    assert {p: scanned.first(p) for p in PATTERNS} == {p: whole.first(p) for p in PATTERNS}


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("pattern", HITS)
def test_borders_of_blocks_hide_nothing(pattern: str) -> None:
    message = "\n".join(HITS[pattern])
    for before in range(2000, 2320):
        log = ("x" * 79 + "\n") * (before // 80) + "y" * (before % 80) + "\n" + message + "\n" + "z 1\n" * 600
        found = search.scan(io.BytesIO(log.encode()), PATTERNS).first(pattern)
        assert found == Text.of(log).first(pattern) and found is not None, before


class Slow(io.RawIOBase):
    """A pipe that gives a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self.data = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self.data.read(min(7, size) if size >= 0 else 7)


@pytest.mark.usefixtures("tiny")
def test_a_slow_pipe_is_read_to_its_end() -> None:
    log = made(3)
    scanned = search.scan(Slow(log.encode()), PATTERNS)
    assert {p: scanned.first(p) for p in PATTERNS} == {p: Text.of(log).first(p) for p in PATTERNS}


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "cp1252"])
def test_huge_logs_come_in_all_encodings(encoding: str) -> None:
    log = "grün\n" * 300 + "failed call to cuInit: X\n" + "grün\n" * 300
    text = search.scan(io.BytesIO(log.encode(encoding)), PATTERNS)
    assert text.first(CUINIT) == (301, "failed call to cuInit: X")


@pytest.mark.usefixtures("tiny")
def test_a_line_without_end_is_searched_in_parts() -> None:
    log = "x" * 50_000 + " NVRM: Xid (PCI:0000:01:00): 79 " + "y" * 50_000
    text = search.scan(io.BytesIO(log.encode()), PATTERNS)
    found = text.first(XID)
    assert found and found[0] == 1 and "Xid" in found[1] and len(found[1]) < 2000
    assert len(text.body) < len(log) / 2, "the end of a log without lines is no longer than that of others"


@pytest.mark.usefixtures("tiny")
def test_the_ends_of_a_log_are_kept_and_gaps_are_no_neighbours() -> None:
    log = "first\n" + "filler\n" * 1000 + "import tensorflow as tf\n" + "filler\n" * 3000 + "Killed\nlast"
    text = search.scan(io.BytesIO(log.encode()), [SPAN, "import tensorflow as tf"])
    assert text.lines[0] == (1, "first") and text.lines[-1] == (4004, "last")
    assert text.first(SPAN) is None
    assert text.first("import tensorflow") == (1002, "import tensorflow as tf")
    assert len(text.body) < len(log) / 2


@pytest.mark.usefixtures("tiny")
def test_of_some_patterns_many_matches_are_kept() -> None:
    log = "\n".join(f"driver version {n}" if n % 300 == 0 else "filler of a line" for n in range(6000))
    text = search.scan(io.BytesIO(log.encode()), [], [r"driver version \d+"], 5)
    kept = [int(found[0].split()[-1]) for _, found in text.all(r"driver version \d+")]
    assert kept[:5] == [0, 300, 600, 900, 1200] and len(kept) < 12


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("pattern", [r"\d\d-xy", "(?x) c u I n i t"])
def test_a_pattern_that_needs_nothing_known_is_tried_everywhere(pattern: str) -> None:
    log = "filler\n" * 500 + "22-xy cuInit\n" + "filler\n" * 500
    assert search.scan(io.BytesIO(log.encode()), [pattern]).first(pattern) == (501, "22-xy cuInit")


@pytest.mark.usefixtures("tiny")
@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=300, max_size=2000))
def test_junk_of_any_size_is_no_trouble(data: bytes) -> None:
    search.scan(io.BytesIO(data), PATTERNS).first(CUINIT)


@pytest.mark.usefixtures("tiny")
def test_the_rules_find_in_a_huge_log_what_they_find_in_a_small_one(rules: tuple[Rule, ...]) -> None:
    patterns = patterns_of(rules)
    logs = [example.log for rule in rules for example in rule.examples if example.log and example.fires]
    for log in map(dedent, random.Random(1).sample(logs, 40)):  # a margin is a margin only without the filler
        whole = Text.of(log)
        huge = "filler of a line\n" * 300 + log + "\n" + "filler of a line\n" * 300
        scanned = search.scan(io.BytesIO(huge.encode()), patterns)
        for pattern in patterns:
            here, there = whole.first(pattern), scanned.first(pattern)
            if here and r"\Z" not in pattern:
                assert there and there[0] - 300 <= here[0], (pattern, here, there)


def tried(patterns: list[str], log: Path, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each pattern was compared with a line of ``log``."""
    tries: Counter[str] = Counter()
    holds = excerpt._Excerpt._holds

    def counted(self: excerpt._Excerpt, wanted: Wanted, *where: Any) -> bool:
        tries[wanted.pattern] += 1
        return holds(self, wanted, *where)

    monkeypatch.setattr(excerpt._Excerpt, "_holds", counted)
    with log.open("rb") as stream:
        search.scan(stream, patterns)
    return tries


def test_no_pattern_of_a_rule_is_tried_on_line_after_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What so many lines have, as ``python3.11``, is no text to look for: a huge log takes long."""
    log, bad = tmp_path / "ci.log", r"[\\/][Pp]ython3\.?1[2-9][\\/]"
    bench_logs.ci_log(log, 2)
    tries = tried([*bench_logs.rule_patterns(), bad], log, monkeypatch)
    assert [pattern for pattern, number in tries.items() if number > 20] == [bad]
