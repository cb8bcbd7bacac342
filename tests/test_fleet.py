"""Many reports → one table: what counts, what is unlike, what is skipped; no stranger's file is obeyed."""

from __future__ import annotations

import csv as reader
import io
import json
import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from envcheck import fleet as fleets
from envcheck import rulebook, words
from envcheck.fleet import files, member, rule_texts
from envcheck.model import Text
from envcheck.render import csv, data, fleet_data, html, markdown, plain, terminal
from envcheck.views import fleet as views

from . import machines
from .command_line import invoke

SCHEMA = json.loads(resources.files("envcheck.schema").joinpath("fleet.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
RULES = rulebook.load()
OLD_DRIVER = {
    "cause": "driver-too-old", "severity": "blocking", "layer": "driver",
    "title": "The NVIDIA driver is older than this TensorFlow build needs",
    "fixes": [{"do": "Install driver 550. Then restart.", "run": ["sudo reboot"]}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    words.use("en")
    yield
    words.use("en")


def report(verdict: str = "ready", *findings: dict[str, Any], ms: Any = 1.9, **facts: Any) -> dict[str, Any]:
    """A report as strangers hand it in, with one GPU; ``facts`` as ``driver__version="550"``."""
    gpu = {"bus_id": "0000:01:00.0", "name": "GeForce RTX 4090"}
    device = {
        "device": "/device:GPU:0",
        "bus_id": "0000:01:00.0",
        "kind": "GPU",
        "outcome": "ok",
        "step_ms": ms,
    }
    values = {
        "platform__system": "Linux", "driver__version": "550.54.14", "python__version": "3.11.7",
        "python__minor": "3.11", "tensorflow__version": "2.20.0", "hardware__gpus": [gpu],
        "training__devices": [device], **facts,
    }  # fmt: skip
    told = {name.replace("__", "."): {"value": value, "source": []} for name, value in values.items()}
    created = "2026-03-01T10:00:00Z"
    return {"schema": "envcheck-report/1", "created": created, "verdict": verdict, "findings": [*findings],
            "facts": told, "training": [], "explanation": None}  # fmt: skip


def of(*reports: dict[str, Any]) -> fleets.Fleet:
    """The fleet of these reports, called a0, a1, …"""
    return fleets.fleet(
        (member.member(one, f"a{i}", f"envcheck-a{i}.json") for i, one in enumerate(reports)), RULES
    )


def put(folder: Path, name: str, told: Any) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(told if isinstance(told, str) else json.dumps(told), "utf-8")
    return path


def skipped(folder: Path) -> dict[str, str]:
    """File name → why it does not count."""
    found = fleets.fleet(files.read_all([str(folder)]), RULES)
    return {Path(one.file).name: words.say(one.sentence, **one.values) for one in found.skipped}


def everything(found: fleets.Fleet) -> dict[str, str]:
    """What is written in each format."""
    page = views.view(found, whole=True)
    return {
        "terminal": terminal.render(page, None),
        "markdown": markdown.render(page),
        "html": html.render(page),
        "json": data.text(fleet_data.record(found)),
        "csv": csv.text(fleet_data.COLUMNS, fleet_data.rows(found)),
    }


# --- the table ------------------------------------------------------------------------------------


def test_each_machine_counts_under_its_root_cause_and_the_worst_come_first() -> None:
    slow = {"cause": "gpu-slower-than-expected", "severity": "degraded", "layer": "training"}
    notice = {"cause": "notice-onednn", "severity": "notice", "layer": "notice"}
    found = of(
        report("ready", notice),
        report("degraded", slow),
        report("blocked", OLD_DRIVER, slow),
        report("undecided"),
        report("blocked", OLD_DRIVER),
    )
    assert [m.alias for m in found.members] == ["a2", "a4", "a3", "a1", "a0"]
    assert [(c.cause, c.who) for c in found.causes] == [
        ("driver-too-old", ("a2", "a4")),
        ("gpu-slower-than-expected", ("a1",)),
    ]
    assert found.verdicts == {"blocked": 2, "undecided": 1, "degraded": 1, "ready": 1}
    assert found.members[0].also == ("gpu-slower-than-expected",)
    text = everything(found)["terminal"]
    assert "2 of 5 can train." in text and "driver-too-old" in text and "Install driver 550." in text


def test_different_fixes_of_one_cause_are_counted() -> None:
    other = {**OLD_DRIVER, "fixes": [{"do": "Install driver 580.", "run": []}]}
    found = of(*[report("blocked", one) for one in (OLD_DRIVER, other, OLD_DRIVER)])
    assert (found.causes[0].ways, found.causes[0].do) == (2, Text("Install driver 550. Then restart."))
    assert "another way: 2 in all" in re.sub(r"\s+", " ", everything(found)["markdown"])


def test_all_ready_and_none_at_all() -> None:
    assert "All can train: 2 of 2." in everything(of(report(), report()))["terminal"]
    none = of()
    assert none.exit_code == 2 and "No report could be read." in everything(none)["terminal"]


@pytest.mark.parametrize("reports", [(), (report(),), (report("blocked", OLD_DRIVER), report(ms=9.0))])
def test_the_json_fits_its_schema(reports: tuple[dict[str, Any], ...]) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(json.loads(everything(of(*reports))["json"]))


def test_texts_of_the_reports_are_told_in_the_organisers_language() -> None:
    chinese = {**OLD_DRIVER, "title": "NVIDIA 驱动低于此 TensorFlow 所需的版本"}
    found = of(report("blocked", OLD_DRIVER), report("blocked", chinese))
    assert "The NVIDIA driver is older" in everything(found)["markdown"]
    words.use("zh")
    assert "NVIDIA 驱动低于此 TensorFlow 所需的版本" in everything(found)["markdown"]
    assert "The NVIDIA driver is older" not in everything(found)["markdown"]


def test_a_text_is_read_back_into_the_places_of_its_template() -> None:
    template = "Install {driver.newest_branch}, at least {tensorflow.min_driver}."
    assert rule_texts._values(template, "Install 580, at least 525.60.") == {
        "driver.newest_branch": "580",
        "tensorflow.min_driver": "525.60",
    }
    for other in ("Remove 580, at least 525.", "Install 580", "Install 580, at least 5", ""):
        assert rule_texts._values(template, other) is None
    assert rule_texts._values("no place", "no place") == {}
    assert rule_texts._values("no place", "no place at all") is None


@pytest.mark.parametrize(
    ("said", "chinese"),
    [
        ("TensorFlow 2.18 needs CUDA", "TensorFlow 2.18 需要 CUDA"),
        ("TensorFlow needs CUDA, 12.5", "TensorFlow 需要 CUDA：12.5"),
        ("TensorFlow 2.18 needs CUDA, 12.5", "TensorFlow 2.18 需要 CUDA：12.5"),
        ("TensorFlow needs CUDA", "TensorFlow 需要 CUDA"),
    ],
)
def test_a_text_is_read_back_whatever_parts_of_its_template_it_has(said: str, chinese: str) -> None:
    template = Text(
        "TensorFlow[[ {tensorflow.version}]] needs CUDA[[, {tensorflow.cuda}]]",
        "TensorFlow[[ {tensorflow.version}]] 需要 CUDA[[：{tensorflow.cuda}]]",
    )
    assert rule_texts._told(said, (template,)) == Text(said, chinese)


# --- unlike the others ----------------------------------------------------------------------------


def test_one_machine_with_another_version_is_unlike() -> None:
    found = of(*[report() for _ in range(9)], report(driver__version="535.1"))
    assert [(o.fact, o.alias, o.value, o.usual, o.agree, o.of) for o in found.outliers] == [
        ("driver.version", "a9", "535.1", "550.54.14", 9, 10)
    ]
    assert "550.54.14 on 9 of 10" in everything(found)["terminal"]


@pytest.mark.parametrize(
    "versions",
    [["1", "1"], ["1", "2", "3"], ["1"] * 6 + ["2"] * 4, ["1"] * 20 + ["2"] * 6, ["1", "2"], []],
    ids=["two", "all different", "two kinds", "many others", "one each", "none"],
)
def test_where_there_is_no_usual_value_nothing_is_unlike(versions: list[str]) -> None:
    assert of(*[report(tensorflow__version=version) for version in versions]).outliers == ()


def test_a_driver_is_compared_among_machines_with_the_same_gpu() -> None:
    """Where everybody has another machine, a driver that nobody else has says nothing."""
    laptops = [
        report(driver__version=f"53{n}.0", hardware__gpus=[{"bus_id": "0", "name": f"RTX 30{n}0"}])
        for n in range(4)
    ]
    under_wsl = report(driver__version="551.61", platform__wsl=2)
    room = [report() for _ in range(8)]
    assert of(*laptops, *room, under_wsl).outliers == ()
    (one,) = of(*laptops, *room, under_wsl, report(driver__version="535.1")).outliers
    assert (one.value, one.agree, one.of, one.model) == ("535.1", 8, 9, "GeForce RTX 4090")


def test_a_model_has_one_name_whoever_names_it() -> None:
    told = report(hardware__gpus=[{"bus_id": "0000:01:00.0", "name": "NVIDIA GeForce RTX 4090"}])
    one = member.member(told, "a", "f")
    assert one.gpus == ("GeForce RTX 4090",) == tuple(step.model for step in one.steps)


def test_a_slow_machine_is_unlike_its_model_with_the_figures() -> None:
    steps = [1.9, 1.95, 2.0, 2.05, 2.1]
    found = of(*[report(ms=ms) for ms in steps], report(ms=9.8))
    (slow,) = found.outliers
    assert (slow.alias, slow.value, slow.model, slow.of) == ("a5", "9.8", "GeForce RTX 4090", 6)
    assert slow.usual == "2.025" and slow.spread == pytest.approx(0.075)
    assert "median 2.025 ms of 6" in re.sub(r"\s+", " ", everything(found)["markdown"])


def test_another_model_and_small_differences_are_not_unlike() -> None:
    other = [{"bus_id": "0000:01:00.0", "name": "T4"}]
    found = of(*[report(ms=ms) for ms in (2.0, 2.0, 2.0, 2.6)], report(ms=20.0, hardware__gpus=other))
    assert found.outliers == ()


@pytest.mark.parametrize("ms", [float("nan"), float("inf"), -1, 0, 10**400, "1.9", None, True, [1]])
def test_what_is_no_time_is_not_measured(ms: Any) -> None:
    assert member.member(report(ms=ms), "a", "f").steps == ()


# --- files ----------------------------------------------------------------------------------------


def test_what_does_not_count_is_named_with_the_reason(tmp_path: Path) -> None:
    put(tmp_path, "envcheck-ok.json", report())
    put(tmp_path, "broken.json", '{"schema": "envcheck-rep')
    put(tmp_path, "empty.json", "")
    put(tmp_path, "foreign.json", {"name": "package", "version": "1"})
    put(tmp_path, "list.json", [1, 2])
    put(tmp_path, "machine.json", machines.machine("linux-cpu-ready"))
    put(tmp_path, "newer.json", {**report(), "schema": "envcheck-report/2"})
    put(tmp_path, "log.json", {**report(), "explanation": {}})
    put(tmp_path, "verdict.json", {**report(), "verdict": "fine"})
    put(tmp_path, "causeless.json", report("blocked"))
    put(tmp_path, "readme.txt", "hello")
    put(tmp_path, "deep.json", "[" * 200_000 + "]" * 200_000)
    put(tmp_path, "deeper.json", '{"a":' * 100_000)
    put(tmp_path, "digits.json", "1" * 1_000_000)
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\xfa\x00")
    with (tmp_path / "big.json").open("wb") as file:
        file.truncate(files.LARGEST + 1)
    assert skipped(tmp_path) == {
        "broken.json": "it is not JSON",
        "empty.json": "it is not JSON",
        "bytes.json": "it is not JSON",
        "foreign.json": "it is no report of envcheck's",
        "list.json": "it is no report of envcheck's",
        "digits.json": "it is no report of envcheck's",
        "machine.json": "it is no report but envcheck-machine/1",
        "newer.json": "its schema envcheck-report/2 is newer than this envcheck: update envcheck",
        "log.json": "it explains a log, and is no check of a machine",
        "verdict.json": "it is broken: verdict, findings or facts are missing",
        "causeless.json": "it is broken: it names no cause for its verdict",
        "readme.txt": "its name does not end in .json",
        "deep.json": "it is nested too deeply",
        "deeper.json": "it is nested too deeply",
        "big.json": "it is larger than 16 MB",
    }


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")
def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", put(tmp_path, "out/envcheck-x.json", report())
    put(inside, "envcheck-ok.json", report())
    (inside / "envcheck-link.json").symlink_to(outside)
    (inside / "folder").symlink_to(outside.parent)
    os.mkfifo(inside / "envcheck-pipe.json")
    assert skipped(inside) == {
        "envcheck-link.json": "it is a link",
        "folder": "it is a link",
        "envcheck-pipe.json": "it is no file",
    }


def test_folders_within_folders_are_read_and_hidden_ones_are_not(tmp_path: Path) -> None:
    put(tmp_path, "one/two/envcheck-ada.json", report())
    put(tmp_path, "one/report.json", report())
    put(tmp_path, "three/report.json", report())
    put(tmp_path, ".git/envcheck-no.json", report())
    put(tmp_path, ".DS_Store", "x")
    found = fleets.fleet(files.read_all([str(tmp_path)]), RULES)
    assert [m.alias for m in found.members] == ["ada", "one/report", "three/report"]
    assert found.skipped == ()


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder as deep as no recursion reaches; taken down again, which is too deep for pytest as well."""
    here, depth = os.getcwd(), 1200
    os.chdir(tmp_path)
    for _ in range(depth):
        os.mkdir("d")
        os.chdir("d")
    Path("envcheck-deep.json").write_text(json.dumps(report()), "utf-8")
    os.chdir(here)
    yield tmp_path
    for depth_left in range(depth, 0, -1):
        folder = os.path.join(tmp_path, *["d"] * depth_left)
        if depth_left == depth:
            os.unlink(os.path.join(folder, "envcheck-deep.json"))
        os.rmdir(folder)


@pytest.mark.skipif(os.name == "nt", reason="paths are shorter there")
def test_very_deep_folders(deep: Path) -> None:
    put(deep, "envcheck-a.json", report())
    found = fleets.fleet(files.read_all([str(deep)]), RULES)
    assert [m.alias for m in found.members] == ["a", "deep"]


def test_the_newest_of_one_alias_counts_and_that_is_said(tmp_path: Path) -> None:
    put(tmp_path, "1/envcheck-ada.json", {**report("blocked", OLD_DRIVER), "created": "2026-03-01T10:00:00Z"})
    put(tmp_path, "2/envcheck-ada (1).json", {**report(), "created": "2026-03-02T10:00:00Z"})
    put(tmp_path, "3/envcheck-ada.json", {**report("undecided"), "created": "2026-02-02T10:00:00Z"})
    found = fleets.fleet(files.read_all([str(tmp_path)]), RULES)
    assert [(m.alias, m.verdict) for m in found.members] == [("ada", "ready")]
    assert [Path(one.file).parent.name for one in found.skipped] == ["1", "3"]
    reason = words.say(found.skipped[0].sentence, **found.skipped[0].values)
    assert reason.startswith("the alias ada comes twice: ") and "ada (1).json counts" in reason


def test_a_file_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    path = put(tmp_path, "envcheck-ada.json", report())
    found = fleets.fleet(files.read_all([str(path), str(tmp_path)]), RULES)
    assert (len(found.members), found.skipped) == (1, ())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_what_powershell_writes_is_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "envcheck-ada.json").write_bytes(json.dumps(report()).encode(encoding))
    assert len(fleets.fleet(files.read_all([str(tmp_path)]), RULES).members) == 1


# --- strangers ------------------------------------------------------------------------------------

#: Texts that try to be something else in one of the formats.
EVIL = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=HYPERLINK(\"http://x\",\"y\")", "+1+1",
    "-2+3", "@SUM(A1)", "\t=1+1", "＝1+1", "\x1b]0;owned\x07\x1b[31mred", "a\r\n=b,c", "../../etc/passwd",
    "](javascript:alert(1))", "| a | b |", "`code`", "\u202egnp.exe", "\x9b31m", "\ud800", "[red]x[/red]",
    "{cause}", "%s", "</style>", "&amp;", "\0", "x" * 100_000, ":smile:", "![x](https://x.example/p.png)",
)  # fmt: skip


class Tags(HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(name for name, _ in attrs)))


def tags(page: str) -> set[tuple[str, tuple[str, ...]]]:
    parser = Tags()
    parser.feed(page)
    return set(parser.seen)


def evil_report(text: str) -> dict[str, Any]:
    finding = {**OLD_DRIVER, "title": text, "layer": text, "fixes": [{"do": text, "run": [text, text]}]}
    gpus = [{"bus_id": text, "name": text}]
    device = [{"device": text, "bus_id": text, "kind": "GPU", "outcome": "ok", "step_ms": 2.0}]
    told = report(
        "blocked", finding, driver__version=text, python__version=text, python__minor=text,
        tensorflow__version=text, platform__system=text, hardware__gpus=gpus, training__devices=device,
    )  # fmt: skip
    return {**told, "created": text}


def is_harmless(written: dict[str, str]) -> None:
    """Nothing of a stranger's acts in any format."""
    honest = everything(of(report("blocked", OLD_DRIVER), report(), report(), report(ms=9.0)))
    for text in written.values():
        assert not plain.CONTROL.search(text.replace("\r\n", "\n")) and "\x1b" not in text
        text.encode("utf-8")
    known = {tag for tag, _ in tags(honest["html"])} | {"td", "tr", "p", "span", "code", "strong", "pre"}
    assert {tag for tag, _ in tags(written["html"])} <= known
    assert not any(name.startswith("on") or name in ("href", "src") for _, names in tags(written["html"])
                   for name in names)  # fmt: skip
    rows = list(reader.reader(io.StringIO(written["csv"], newline=""), strict=True))
    assert {len(row) for row in rows} == {len(fleet_data.COLUMNS)}
    assert not [cell for row in rows for cell in row if re.match(r"\s*[=+\-@]", cell)]
    VALIDATOR.validate(json.loads(written["json"]))


@pytest.mark.parametrize("text", EVIL, ids=range(len(EVIL)))
def test_no_text_of_a_stranger_is_obeyed(text: str) -> None:
    one = member.member(evil_report(text), files.shown(text), files.shown(f"dir/{text}.json"))
    is_harmless(everything(fleets.fleet([one, member.Skipped(files.shown(text), "it is a link")], RULES)))


def test_markdown_of_a_stranger_stays_text() -> None:
    one = member.member(evil_report("![x](https://x.example/p.png) | <b>"), "a", "f.json")
    page = everything(fleets.fleet([one], RULES))["markdown"]
    assert "![" not in page.replace("!\\[", "") and "<b>" not in page


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(EVIL[:22]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FACT = st.sampled_from(
    [*(place for places in member.SHOWN.values() for place in places), "hardware.gpus", "training.devices"]
)


@settings(max_examples=80, deadline=None)
@given(
    facts=st.dictionaries(FACT, JSON | st.fixed_dictionaries({"value": JSON}), max_size=8),
    findings=st.lists(
        JSON | st.fixed_dictionaries({
            "cause": st.sampled_from(["driver-too-old", "no-such-cause", "A b", "../x"]) | JSON,
            "severity": st.sampled_from(["blocking", "degraded", "notice"]) | JSON,
            "title": JSON, "layer": JSON,
            "fixes": JSON | st.lists(st.fixed_dictionaries({"do": JSON, "run": JSON}), max_size=2),
        }), max_size=3,
    ),
    verdict=st.sampled_from([*member.VERDICTS]),
    created=JSON,
)  # fmt: skip
def test_no_report_of_the_right_schema_breaks_the_table(
    facts: Any, findings: Any, verdict: str, created: Any
) -> None:
    told = {"schema": "envcheck-report/1", "verdict": verdict, "findings": findings, "facts": facts,
            "created": created, "explanation": None}  # fmt: skip
    try:
        one = member.member(told, "a", "f.json")
    except member.NotOne:
        return
    is_harmless(everything(fleets.fleet([one] * 3, RULES)))


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_file_ends_the_run(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "envcheck-any.json"
    path.write_bytes(content)
    (one,) = files.read_all([str(path)])
    assert isinstance(one, member.Skipped) and one.sentence


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(1e-3, 1e8), min_size=1, max_size=12))
def test_speeds_of_any_size_are_compared(steps: list[float]) -> None:
    found = of(*[report(ms=ms) for ms in steps]).outliers
    assert all(0 <= one.agree <= one.of == len(steps) for one in found)
    assert len(found) <= len(steps) / 2


# --- csv ------------------------------------------------------------------------------------------


def test_csv_is_as_rfc_4180_has_it() -> None:
    text = csv.text(("a", "b"), [('say "hi"', "x,y"), ("=1", "two\nlines")])
    assert text == 'a,b\r\n"say ""hi""","x,y"\r\n\'=1,two lines\r\n'


def test_a_file_in_other_letters_is_marked_for_excel() -> None:
    assert csv.text(("a",), [("受阻",)], for_file=True).startswith("\ufeff")
    assert not csv.text(("a",), [("受阻",)]).startswith("\ufeff")
    assert not csv.text(("a",), [("ready",)], for_file=True).startswith("\ufeff")


# --- from the command line ------------------------------------------------------------------------


def test_merge_from_the_command_line(tmp_path: Path) -> None:
    put(tmp_path, "envcheck-ada.json", report("blocked", OLD_DRIVER))
    put(tmp_path, "envcheck-bob.json", report())
    put(tmp_path, "x.json", "{")
    result = invoke("merge", str(tmp_path))
    assert (
        result.exit_code == 0 and "1 of 2 can train." in result.stdout and "it is not JSON" in result.stdout
    )
    told = json.loads(invoke("merge", str(tmp_path), "--format", "json").stdout)
    VALIDATOR.validate(told)
    assert [m["alias"] for m in told["members"]] == ["ada", "bob"]
    out = tmp_path / "table.csv"
    assert invoke("merge", str(tmp_path), "--format", "csv", "--output", str(out)).stdout == ""
    rows = list(reader.DictReader(io.StringIO(out.read_bytes().decode(), newline="")))
    assert [(row["alias"], row["verdict"]) for row in rows] == [("ada", "blocked"), ("bob", "ready")]
    assert "驱动" in invoke("merge", str(tmp_path), "--lang", "zh").stdout


def test_merge_without_a_report_exits_with_2(tmp_path: Path) -> None:
    put(tmp_path, "x.json", "{")
    assert invoke("merge", str(tmp_path)).exit_code == 2
    for wrong in (["merge"], ["merge", str(tmp_path / "nowhere")]):
        result = invoke(*wrong)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)


def test_long_tables_are_folded_unless_asked_for(tmp_path: Path) -> None:
    for number in range(views.MACHINES + 1):
        put(tmp_path, f"envcheck-m{number}.json", report())
    assert "m7 " not in invoke("merge", str(tmp_path)).stdout
    assert "m7 " in invoke("merge", "-v", str(tmp_path)).stdout
