"""What stands on the screen: order, one screen when all is well, plain terminals, live progress."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from envcheck import words
from envcheck.model import Known, Report, Unknown
from envcheck.render import plain, terminal, wrap
from envcheck.views import report as views
from envcheck.views import values
from envcheck.views.document import Code, Command, Document, Fold, Ladder, Span, Table, Text, line, prose

from . import machines, reports

ANSI = re.compile(r"\x1b\[")


class Screen(io.StringIO):
    """A stream with an encoding, which may be a terminal."""

    def __init__(self, encoding: str = "utf-8", tty: bool = False) -> None:
        super().__init__()
        self._encoding, self._tty = encoding, tty

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._tty


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    yield
    words.use("en")


def page(report: Report, whole: bool = False, screen: Screen | None = None) -> str:
    return terminal.render(views.view(report, whole), screen or Screen())


def in_order(text: str, *parts: str) -> None:
    at = 0
    for part in parts:
        assert part in text[at:], f"{part!r} does not follow in\n{text[at:]}"
        at = text.index(part, at) + len(part)


# --- all is well ---------------------------------------------------------------------------------


@pytest.mark.parametrize("report", [reports.ready, reports.eight_gpus], ids=["cpu", "eight gpus"])
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_all_is_well_on_one_screen(report: object, language: str) -> None:
    words.use(language)
    lines = page(report()).splitlines()  # type: ignore[operator]
    assert len(lines) <= 24
    assert max(map(cell_len, lines)) <= 80


def test_the_ladder_tells_what_was_seen_from_the_bottom_up() -> None:
    in_order(
        page(reports.ready()),
        reports.PYTHON, "Python 3.11.7, venv", "named by --python",
        "✓ platform    Debian 12, x86_64, glibc 2.36, 3.8 GB RAM, VM (kvm)",
        "✓ hardware    no NVIDIA GPU; Intel Xeon, 2 cores",
        "– driver      no NVIDIA driver",
        "– CUDA        not needed by a CPU build",
        "✓ Python      3.11.7 (venv), pip 23.2.1, 2 packages",
        "✓ TensorFlow  2.21.0, CPU build, import 2.91 s",
        "✓ training    CPU:0: a step takes 2.31 ms",
        "✓ Ready: TensorFlow 2.21.0 trains on the CPU (this machine has no NVIDIA GPU).",
        "CPU:0  2.31 ms  55,401 images/s, first step 0.841 s, loss 2.35 → 1.91",
    )  # fmt: skip


def test_gpus_are_counted_and_named() -> None:
    text = page(reports.eight_gpus())
    assert "8 × NVIDIA H100 80GB HBM3 (compute 9.0); 224 cores" in text
    assert "580.65.06, open module, CUDA 13.0" in text
    assert "CUDA 12.5.1, cuDNN 9.10.2, all 11 libraries load" in text
    assert "sees 8 GPUs" in text
    assert "8 GPUs: a step takes 1.07 to 1.07 ms" in text


def test_an_amd_gpu_is_no_nvidia_gpu() -> None:
    facts = {**reports.cpu_facts(), "hardware.amd_gpus": Known([{"name": "Radeon RX 7900 XTX"}])}
    assert "hardware    Radeon RX 7900 XTX, no NVIDIA GPU; Intel Xeon" in page(reports.ready(facts=facts))


def test_values_are_told_without_brackets_and_in_short_without_what_is_absent() -> None:
    records = [{"bus_id": "0000:01:00.0", "mig": None, "ok": True}, {"bus_id": "0000:02:00.0", "mig": 2}]
    assert values.shown(records) == "bus_id 0000:01:00.0, ok yes; bus_id 0000:02:00.0, mig 2"
    assert values.shown(records, whole=True).splitlines()[0] == "bus_id 0000:01:00.0, mig none, ok yes"
    assert [values.shown(v) for v in (None, [], ["a", "b"], 2.5, False)] == [
        "none",
        "none",
        "a, b",
        "2.5",
        "no",
    ]
    assert [values.number(n) for n in (0.84123, 2.3104, 55400.7)] == ["0.841", "2.31", "55,401"]


def test_without_a_training_step_ready_says_so() -> None:
    facts = dict(reports.cpu_facts())
    facts["training.succeeded"] = Unknown("skipped", "not run: {option}", values={"option": "--quick"})
    facts["training.devices"] = facts["training.succeeded"]
    text = page(reports.ready(facts=facts, training=()))
    assert "✓ Ready, as far as was looked: no training step was tried (not run: --quick)." in text


# --- something is wrong --------------------------------------------------------------------------


def test_the_root_cause_comes_first_with_its_evidence_and_its_fix() -> None:
    in_order(
        page(reports.blocked()),
        "✗ driver      library 470.57.02",
        "✗ Blocked in the driver layer: TensorFlow cannot use the GPU.",
        "✗ The NVIDIA driver is older than this TensorFlow build needs  driver-too-old",
        "certain driver version on; see nvidia-smi.",
        "driver.version         470.57.02  /source/of/driver__version",
        "tensorflow.min_driver  525.60.13",
        "Fix: Install the newest driver branch that this GPU still has (580).",
        "    sudo ubuntu-drivers install\n    sudo reboot\n",
        "Then check with:\n    nvidia-smi\n",
        "Or: Install a TensorFlow that this driver can run.",
        f"    {reports.PYTHON} -m pip install 'tensorflow[and-cuda]==2.11.1'\n",
        "Read more: https://docs.nvidia.com/deploy/cuda-compatibility/",
        "This explains, too:",
        "· Training ran on the CPU (gpu-not-used-by-training)\n",
        "Notices",
        "· Persistence mode is off (gpu-clock-slow)\n",
        "· Harmless lines in TensorFlow's log: 1  (-v)\n",
        "· Could be neither confirmed nor ruled out: 1  (-v)\n",
        "· All facts, and where they were read  (-v)\n",
    )


def test_in_short_the_rest_is_folded_and_with_v_it_is_open() -> None:
    short, whole = page(reports.blocked()), page(reports.blocked(), whole=True)
    for hidden in ("Secure Boot refuses the kernel module", "A harmless line about oneDNN", "platform.glibc"):
        assert hidden not in short
        assert hidden in whole
    assert "driver.secure_boot" in whole and "permission denied: /sys/firmware/efi" in whole
    assert "/source/of/platform__glibc" in whole


def test_an_undecided_verdict_shows_what_is_missing() -> None:
    text = page(reports.blocked()._replace(verdict="undecided", findings=()))
    in_order(text, "? Undecided:", "Secure Boot refuses", "driver.secure_boot: permission", "denied")


def test_what_was_left_out_on_purpose_is_no_doubt() -> None:
    (doubt,) = reports.blocked().undecided
    skipped = {"training.succeeded": Unknown("skipped", "not run: {option}", values={"option": "--quick"})}
    report = reports.ready(undecided=(doubt._replace(missing=skipped),))
    assert "neither confirmed" not in page(report)
    assert "neither confirmed" in page(report, whole=True)


def test_a_bug_of_our_own_is_told() -> None:
    facts = {
        **reports.cpu_facts(),
        "cuda.nvcc": Unknown("bug", "{traceback}", values={"traceback": "Traceback"}),
    }
    assert "A bug in envcheck kept these from being looked at: cuda.nvcc" in page(reports.ready(facts=facts))


def test_another_likely_interpreter_is_named_with_the_command() -> None:
    target = reports.TARGET._replace(others=("/usr/bin/python3",))
    assert "envcheck --python /usr/bin/python3" in page(reports.ready(target=target))


def test_a_failed_device_says_how() -> None:
    device = {"device": "/device:GPU:0", "bus_id": "0000:01:00.0", "kind": "GPU", "outcome": "exception"}
    device["error"] = "InternalError: {{node __wrapped__Conv2D}} no kernel image"
    facts = {**reports.cpu_facts(), "training.devices": Known([device]), "training.succeeded": Known(False)}
    text = page(reports.ready(facts=facts, verdict="undecided", training=()))
    assert "GPU:0 (0000:01:00.0) failed: InternalError: no kernel image" in text


# --- terminals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp936", "cp437", "shift_jis", "utf-8"])
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_encoding_can_carry_the_page(encoding: str, language: str) -> None:
    words.use(language)
    for report in (reports.ready(), reports.eight_gpus(), reports.blocked()):
        for whole in (False, True):
            page(report, whole, Screen(encoding)).encode(encoding)


def test_marks_are_ascii_where_the_encoding_is_not_utf_8() -> None:
    text = page(reports.blocked(), screen=Screen("cp936"))
    in_order(text, "+ platform", "x driver", "x Blocked", "* Training ran")
    assert not set("✓✗–") & set(text)
    assert "loss 2.35 -> 1.91" in page(reports.ready(), screen=Screen("ascii"))


def test_every_mark_is_told_apart_without_colour() -> None:
    for place in (0, 1):
        told = [marks[place] for mark, marks in terminal.MARKS.items() if mark not in ("running", "notice")]
        assert len(set(told)) == len(told)
    assert all(both[1].isascii() for both in terminal.MARKS.values())


def test_a_pipe_gets_no_colour_and_a_terminal_does() -> None:
    assert not ANSI.search(page(reports.blocked()))
    assert ANSI.search(page(reports.blocked(), screen=Screen(tty=True)))


def test_no_color_force_color_and_a_dumb_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    colour = re.compile(r"\x1b\[[0-9;]*3[1-7]")
    assert colour.search(page(reports.blocked(), screen=Screen(tty=True)))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colour.search(page(reports.blocked(), screen=Screen(tty=True)))
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert colour.search(page(reports.blocked()))
    monkeypatch.delenv("FORCE_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not ANSI.search(page(reports.blocked(), screen=Screen(tty=True)))
    assert not terminal.can_redraw(Screen(tty=True))


def test_a_file_gets_no_colour_whatever_is_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not ANSI.search(terminal.render(views.view(reports.blocked()), None))


@pytest.mark.parametrize("columns", [40, 60, 120])
def test_the_width_is_the_terminals_and_commands_stay_whole(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = page(reports.blocked())
    assert f"    {reports.PYTHON} -m pip install 'tensorflow[and-cuda]==2.11.1'\n" in text
    assert "https://docs.nvidia.com/deploy/cuda-compatibility/\n" in text
    prose_only = [row for row in text.splitlines() if "pip install" not in row and "https:" not in row]
    assert max(map(cell_len, prose_only)) <= columns


def test_what_a_log_says_cannot_move_the_cursor() -> None:
    evil = "\x1b[2J\x1b]0;owned\x07boom\x9b1mred\rback\u202egnp"
    facts = {**reports.cpu_facts(), "tensorflow.import_error": Known(evil, ("\x1b[31msource",))}
    text = page(reports.ready(facts=facts), whole=True)
    assert "boom" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_escape_leaves_plain_text_alone() -> None:
    assert plain.escape("a path/to (file)\nnext") == "a path/to (file)\nnext"
    assert plain.escape("8 × A100 → fine…", "ascii") == "8 x A100 -> fine..."
    assert plain.escape("/home/\udcff", "utf-8") == "/home/?"


# --- Chinese -------------------------------------------------------------------------------------


def test_chinese_columns_line_up() -> None:
    words.use("zh")
    ladder = [row for row in page(reports.ready()).splitlines() if row[:1] in ("✓", "–")][:7]
    summaries = ("Debian", "没有 NVIDIA GPU", "没有 NVIDIA 驱动", "CPU 版不需要", "3.11.7", "2.21.0", "CPU:0")
    assert {cell_len(row[: row.index(start)]) for row, start in zip(ladder, summaries)} == {14}


def test_chinese_wraps_between_characters_and_not_before_a_full_stop() -> None:
    text = "每个安装包都针对某一版本编译，而每个版本都要求驱动不低于某个版本。"
    for width in range(4, 70):
        places = [0, *wrap.breaks(text, width), len(text)]
        rows = [text[a:b] for a, b in zip(places, places[1:])]
        assert "".join(rows) == text
        assert all(0 < cell_len(row.rstrip()) <= width for row in rows)
        assert not any(row[0] in wrap.NOT_FIRST for row in rows) or width < 6


def test_words_and_paths_in_chinese_text_stay_whole() -> None:
    text = "见 nvidia-smi 和 /usr/lib/x86_64 中的库"
    places = [0, *wrap.breaks(text, 20), len(text)]
    rows = [text[a:b].strip() for a, b in zip(places, places[1:])]
    assert rows == ["见 nvidia-smi 和", "/usr/lib/x86_64 中的", "库"]


# --- blocks ---------------------------------------------------------------------------------------


def test_blocks_that_the_report_does_not_use() -> None:
    blocks = (
        Table((line("1", "")[:1], line("2")), columns=()),
        Code("  kept   as it is\nnext"),
        Fold("closed", (Text(line("inside")),)),
        Fold("open", (Text(prose("run `this`")), Command(("now",))), open=True),
    )
    text = terminal.render(
        Document("", (Table(((line("a"), line("b")),), ("one", "two")), *blocks[1:])), Screen()
    )
    in_order(
        text, "one  two", "a    b", "      kept   as it is\n    next", "· closed", "· open", "run this", "now"
    )
    assert "inside" not in text


def test_prose_tells_code_from_text() -> None:
    assert prose("run `nvidia-smi` now") == (Span("run "), Span("nvidia-smi", "code"), Span(" now"))


# --- progress ------------------------------------------------------------------------------------


def test_progress_marks_what_is_settled_what_runs_and_what_waits() -> None:
    pending = Unknown("pending", "not looked at yet")
    facts = {
        name: pending if name.split(".")[0] in ("tensorflow", "training") else fact
        for name, fact in reports.cpu_facts().items()
    }
    facts["tensorflow.version"] = Known("2.21.0")
    document = views.progress(reports.ready(facts=facts), "tensorflow")
    (ladder,) = (block for block in document.blocks if isinstance(block, Ladder))
    assert [rung.mark for rung in ladder.rungs] == [
        "ok", "ok", "skipped", "skipped", "ok", "running", "waiting",
    ]  # fmt: skip
    assert ladder.rungs[5].summary == "so far: 2.21.0; importing it and training a little"
    assert ladder.rungs[6].summary == ""


def test_trouble_that_is_certain_shows_before_the_layer_is_done() -> None:
    document = views.progress(reports.blocked(), "driver")
    (ladder,) = (block for block in document.blocks if isinstance(block, Ladder))
    assert [rung.mark for rung in ladder.rungs][2:4] == ["blocked", "waiting"]


def on_a_terminal(command: list[str], both: bool, **env: str) -> tuple[str, str, int]:
    """Run with standard error (and with ``both`` standard output, too) on a terminal of 80 × 24."""
    leader, follower = pty.openpty()
    variables = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLUMNS": "80",
        "LINES": "24",
        "LANG": "C.UTF-8",
        **env,
    }
    process = subprocess.Popen(
        command, stdout=follower if both else subprocess.PIPE, stderr=follower, stdin=subprocess.DEVNULL,
        env=variables, cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    os.close(follower)
    seen, until = b"", time.monotonic() + 60
    while time.monotonic() < until:
        if select.select([leader], [], [], 0.1)[0]:
            try:
                seen += os.read(leader, 65536)
            except OSError:  # the other end is closed: nothing more will come
                break
    out = process.stdout.read().decode() if process.stdout else ""
    os.close(leader)
    return seen.decode("utf-8", "replace"), out, process.wait(60)


@pytest.fixture
def snapshot(tmp_path: Path) -> str:
    import json

    path = tmp_path / "machine.json"
    path.write_text(json.dumps(machines.machine("linux-cpu-ready")), "utf-8")
    return str(path)


def command(snapshot: str, *more: str) -> list[str]:
    return [sys.executable, "-m", "envcheck", "--from", snapshot, "--lang", "en", *more]


def test_on_a_terminal_the_ladder_stands_while_facts_arrive(snapshot: str) -> None:
    screen, out, code = on_a_terminal(command(snapshot), both=False)
    assert code == 0
    in_order(out, "✓ platform", "✓ training", "✓ Ready")
    assert not ANSI.search(out)
    first = screen[: screen.index("\x1b[2K")]  # before anything is drawn over
    in_order(ANSI.sub("", first), "platform", "hardware", "training")
    assert "Ready" not in screen


def test_on_a_terminal_for_both_the_last_page_is_the_report(snapshot: str) -> None:
    screen, _, code = on_a_terminal(command(snapshot), both=True)
    assert code == 0
    last = screen[screen.rindex("envcheck 0.") :]
    in_order(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", last), "✓ platform", "✓ training", "✓ Ready")


def test_a_dumb_terminal_gets_one_line_of_progress_without_escapes(snapshot: str) -> None:
    screen, out, code = on_a_terminal(command(snapshot), both=False, TERM="dumb")
    assert code == 0 and "✓ Ready" in out
    assert "platform · hardware" in screen
    assert "\x1b" not in screen


def test_json_progress_is_one_line_on_standard_error(snapshot: str) -> None:
    screen, out, code = on_a_terminal(command(snapshot, "--format", "json"), both=False)
    assert code == 0 and out.startswith("{")
    assert "platform · hardware" in screen and "\x1b" not in screen
