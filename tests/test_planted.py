"""Planted secrets, of every kind at every place, never come through, in no format and no file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from envcheck.redact import Book, Who, counted, redact

from . import machines, planted
from .command_line import invoke

WHO = Who("alice", "lab42", "/home/alice", ("/data/secret-model",))
SEEDS = st.integers(0, 2**32)


def leaks(place: str, wrap: object, kinds: list[planted.Planted], who: Who | None) -> list[str]:
    """What of ``kinds`` is seen after redaction."""
    texts = [wrap(one.text) for one in kinds]  # type: ignore[operator]
    hidden = redact(texts, who)
    return [
        f"{place}: {one.kind}: {text!r} → {new!r} ({form})"
        for one, text, new in zip(kinds, texts, hidden)
        for secret in one.secrets
        for form in [planted.seen(secret, new)]
        if form
    ]


def test_there_are_enough_of_them() -> None:
    kinds = planted.all_kinds(0)
    assert len({one.kind for one in kinds}) == len(kinds) > 150
    assert len(kinds) * len(planted.PLACES) > 2000


@pytest.mark.parametrize("place", planted.PLACES)
@settings(max_examples=2, phases=[Phase.generate], deadline=None)
@given(SEEDS)
def test_every_kind_at_every_place(place: str, seed: int) -> None:
    kinds = planted.all_kinds(seed)
    assert leaks(place, planted.PLACES[place], kinds, WHO) == []
    assert leaks(place, planted.PLACES[place], [one for one in kinds if one.nowhere], None) == []


@pytest.mark.parametrize("place", planted.CUT)
@settings(max_examples=2, phases=[Phase.generate], deadline=None)
@given(SEEDS)
def test_every_token_cut_in_two_or_inside_something(place: str, seed: int) -> None:
    kinds = [one for one in planted.all_kinds(seed) if one.text == one.secrets[0] and one.nowhere]
    assert len(kinds) > 70
    assert leaks(place, planted.CUT[place], kinds, None) == []
    assert leaks(place, planted.CUT[place], kinds, WHO) == []


# --- through the real command ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def kinds() -> list[planted.Planted]:
    return planted.all_kinds(20)


def log_of(kinds: list[planted.Planted]) -> str:
    """A log that holds all of ``kinds``, and a cause that is known, with some of them in its lines."""
    lines = [planted.PLACES["log line"](one.text) if "\n" not in one.text else one.text for one in kinds]
    shown = [one for one in kinds if one.kind in ("home", "index", "bearer", "mail")]
    errors = [f"ImportError: libcudnn.so.9: cannot open shared object file: {one.text}" for one in shown]
    return "\n".join([*lines, *errors, "ModuleNotFoundError: No module named 'tensorflow'", ""])


def machine(kinds: list[planted.Planted], folder: Path) -> str:
    """A recorded machine whose answers hold all of ``kinds``: paths, variables, log, errors."""
    owner, project = "mirafelu", "dorakuvi"
    text = json.dumps(machines.machine("linux-cpu-package-shadowed"))
    text = text.replace("/home/ada/project", f"/home/{owner}/{project}").replace(
        "/home/ada", f"/home/{owner}"
    )
    whole = json.loads(text)
    identity, child = whole["answers"]["identity"][""], whole["answers"]["child"]
    identity.update(user=owner, node="lekafiru")
    joined = " ".join(one.text for one in kinds if "\n" not in one.text)
    whole["answers"]["env"].update(
        USER=owner,
        LD_LIBRARY_PATH=joined,
        XLA_FLAGS=f"--x={kinds[0].text}",
        CUDA_VISIBLE_DEVICES=kinds[1].text,
    )
    child["train"]["log"]["head"] += log_of(kinds)
    for event in child["train"]["events"]:
        for key in ("error", "message", "traceback"):
            if isinstance(event.get(key), str):
                event[key] += joined
    path = folder / "machine.json"
    path.write_text(json.dumps(whole), "utf-8")
    return str(path)


OWN = [planted.Planted(name, name, (name,), nowhere=False) for name in ("mirafelu", "dorakuvi", "lekafiru")]


def shown(kinds: list[planted.Planted], *texts: str) -> list[str]:
    """The kinds that are seen in one of ``texts``."""
    return [f"{one.kind}: {form}" for one in kinds for secret in one.secrets for text in texts
            for form in [planted.seen(secret, text)] if form]  # fmt: skip


COMMANDS = {
    "terminal": ["check", "-v"],
    "markdown": ["check", "--format", "markdown", "-v"],
    "html": ["check", "--format", "html", "-v"],
    "json": ["check", "--format", "json"],
    "junit": ["check", "--format", "junit"],
    "github": ["check", "--format", "github"],
    "file": ["check", "-v", "--output", "out.txt"],
    "issue": ["report", "--format", "markdown", "--log", "own.log", "--attach", "own.log"],
    "url": ["report", "--format", "json", "--url", "--log", "own.log"],
    "issue page": ["report", "--format", "html", "--log", "own.log", "--lang", "zh"],
    "record": ["check", "--record", "again.json", "--show-redactions", "--format", "json"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_format_and_no_file_shows_them(
    name: str, kinds: list[planted.Planted], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = machine(kinds, tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.log").write_text(log_of(kinds), "utf-8")
    result = invoke(*COMMANDS[name], "--from", snapshot)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert len(result.output) > 200 or (tmp_path / "out.txt").exists()
    written = [
        path.read_text("utf-8") for path in tmp_path.iterdir() if path.name not in ("machine.json", "own.log")
    ]
    looked = [*kinds, *OWN] if name != "terminal" else [one for one in kinds if one.nowhere]
    assert shown(looked, result.stdout, result.stderr, *written) == []


@pytest.mark.parametrize("format", ["terminal", "markdown", "html", "json"])
def test_no_explanation_shows_them(
    format: str, kinds: list[planted.Planted], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.log").write_text(log_of(kinds), "utf-8")
    result = invoke("explain", "own.log", "-v", "--format", format)
    assert len(result.stdout) > 200, result.stderr
    looked = kinds if format != "terminal" else [one for one in kinds if one.nowhere]
    assert shown(looked, result.stdout, result.stderr) == []


def test_how_much_was_hidden(kinds: list[planted.Planted], tmp_path: Path) -> None:
    snapshot = machine(kinds, tmp_path)
    told = invoke("check", "--from", snapshot, "--format", "json", "--show-redactions")
    assert "envcheck: hidden: " in told.stderr and " tokens" in told.stderr and "1 home folder" in told.stderr


def test_nothing_hidden_is_said_too() -> None:
    met = Book()
    assert redact("tensorflow 2.20.0", None, met) == "tensorflow 2.20.0"
    assert counted.sentence(met) == "nothing had to be hidden"
    redact(["PASSWORD=hunter2-Xy", "TOKEN=hunter3-Xy", "hunter2-Xy"], None, met)
    assert counted.sentence(met) == "hidden: 2 passwords or keys"


def test_one_search_through_all_texts_finds_what_each_alone_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most runs hold no secret: those texts are told apart at once, and must not hide one among them."""
    kinds = planted.all_kinds(7)
    texts = [
        text for each in kinds for text in ("a word or two", each.text, "/usr/lib/x.so", f"see {each.text}")
    ]
    together = redact(texts)
    monkeypatch.setattr("envcheck.redact.clean", lambda texts, steps: [])
    assert together == redact(texts)
    assert together != texts
