"""What pip and uv draw on a terminal becomes lines and shares: recorded ones, and a real pip's."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from envcheck.install import arrivals, running, screen

ROOT = Path(__file__).parent.parent
NAME = "made_up_of_noise"
#: A wheel of so many bytes, sent in so many pieces with a pause after each.
SIZE, PIECES, PAUSE = 3_000_000, 30, 0.04

needs_terminals = pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminal")


def drawn(*pieces: bytes) -> tuple[list[str], list[float], str]:
    lines: list[str] = []
    shares: list[float] = []
    reader = screen.Drawn(lines.append, shares.append)
    log = b"".join([*map(reader.add, pieces), reader.end()])
    return lines, shares, log.decode()


# --- recorded ------------------------------------------------------------------------------------

#: pip 21.2.4 tells what it has and draws how much of the whole that is.
PIP_21 = (
    "Collecting numpy\n  Downloading numpy-1.26.4.whl (3.0 MB)\n\x1b[?25l"
    "\r\x1b[K     |                                | 10 kB 41.8 MB/s eta 0:00:01"
    "\r\x1b[K     |████████                        | 757 kB 3.1 MB/s eta 0:00:01"
    "\r\x1b[K     |███████████████████▌            | 1.8 MB 3.1 MB/s eta 0:00:01"
    "\r\x1b[K     |████████████████████████████████| 3.0 MB 3.1 MB/s \n"
    "\x1b[?25hInstalling collected packages: numpy\n"
)
PIP_21_ASCII = PIP_21.replace("█▌", "##").replace("█", "#")
#: pip 23.0.1
PIP_23 = (
    "Collecting numpy\n  Downloading numpy-1.26.4.whl (3.0 MB)\n\x1b[?25l"
    "     \x1b[90m━━━━━━━━━━\x1b[0m \x1b[32m0.0/3.0 MB\x1b[0m \x1b[31m?\x1b[0m eta \x1b[36m-:--:--\x1b[0m"
    "\r\x1b[2K     \x1b[91m━━\x1b[0m\x1b[91m╸\x1b[0m\x1b[90m━━━━━━━\x1b[0m \x1b[32m0.75/3.0 MB\x1b[0m"
    " \x1b[31m6.0 MB/s\x1b[0m eta \x1b[36m0:00:01\x1b[0m"
    "\r\x1b[2K     \x1b[91m━━━━━━\x1b[0m\x1b[90m╺\x1b[0m\x1b[90m━━━\x1b[0m \x1b[32m1.8/3.0 MB\x1b[0m"
    " \x1b[31m3.1 MB/s\x1b[0m eta \x1b[36m0:00:01\x1b[0m"
    "\r\x1b[2K     \x1b[90m━━━━━━━━━━\x1b[0m \x1b[32m3.0/3.0 MB\x1b[0m \x1b[31m2.9 MB/s\x1b[0m"
    " eta \x1b[36m0:00:00\x1b[0m\n\x1b[?25hInstalling collected packages: numpy\n"
)
#: The same with NO_COLOR: what is not there yet is not drawn.
PIP_23_BARE = (
    "Collecting numpy\n  Downloading numpy-1.26.4.whl (3.0 MB)\n\x1b[?25l"
    "                0.0/3.0 MB ? eta -:--:--\r\x1b[2K     ━━        0.75/3.0 MB 6.0 MB/s eta 0:00:01"
    "\r\x1b[2K     ------    1.8/3.0 MB 6.0 MB/s eta 0:00:01"
    "\r\x1b[2K     ━━━━━━━━━━ 3.0/3.0 MB 2.9 MB/s eta 0:00:00\n"
    "\x1b[?25hInstalling collected packages: numpy\n"
)


@pytest.mark.parametrize(
    ("text", "second"), [(PIP_21, 0.25), (PIP_21_ASCII, 0.25), (PIP_23, 0.25), (PIP_23_BARE, 0.25)]
)
def test_a_bar_of_pip_is_read(text: str, second: float) -> None:
    lines, shares, log = drawn(text.encode())
    assert lines == [
        "Collecting numpy",
        "Downloading numpy-1.26.4.whl (3.0 MB)",
        "Installing collected packages: numpy",
    ]
    assert shares == pytest.approx([0, second, 0.6, 1], abs=0.03)
    assert log.splitlines() == [lines[0], "  " + lines[1], lines[2]], "no bars, no colours"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("text", [PIP_21, PIP_23])
def test_the_pieces_may_end_anywhere(text: str, size: int) -> None:
    data = text.encode()
    assert drawn(*(data[at : at + size] for at in range(0, len(data), size))) == drawn(data)


PADDED = " " * 120
#: uv 0.13, which fills each row up to its end, and uv 0.2 to 0.4, which end it.
UV = [
    "\x1b[37m⠙\x1b[0m \x1b[2mPreparing packages...\x1b[0m (0/2)" + end +
    "\x1b[2mnumpy     \x1b[0m \x1b[32m-----\x1b[2m-------------------------\x1b[0m\x1b[0m " + one + end +
    "\x1b[2mscipy     \x1b[0m \x1b[32m-----\x1b[2m-------------------------\x1b[0m\x1b[0m " + two + PADDED +
    "\x1b[2A\r\x1b[2K\x1b[1B\r\x1b[2K\x1b[1B\r\x1b[2K\x1b[2A"
    for end in (PADDED, "\n")
    for one, two in (("    0 B/1.00 MiB", "    0 B/3.00 MiB"), ("512.00 KiB/1.00 MiB", "1.50 MiB/3.00 MiB"))
]  # fmt: skip
UV_SAYS = "\r\x1b[2K\x1b[2mPrepared \x1b[1m2 packages\x1b[0m \x1b[2min 1.02s\x1b[0m\x1b[0m\n"
UV_LINKS = "██████████░░░░░░░░░░ [1/2] \x1b[2mnumpy==2.0\x1b[0m\r\x1b[2KInstalled 2 packages\n"


def test_the_bars_of_uv_are_summed_up() -> None:
    for first, second in (UV[:2], UV[2:]):
        lines, shares, log = drawn((first + second + UV_SAYS + UV_LINKS).encode())
        assert lines == log.splitlines() == ["Prepared 2 packages in 1.02s", "Installed 2 packages"]
        assert shares[0] == 0 and shares[-1] == pytest.approx(0.5)


def test_a_wheel_that_turns_leaves_its_last_word() -> None:
    text = "  Building wheel for x (setup.py) ... \x1b[?25l-\b \b\\\b \b|\b \b\x1b[?25hdone\n"
    assert drawn(text.encode())[2] == "  Building wheel for x (setup.py) ... done\n"


def test_what_is_no_bar_is_a_line() -> None:
    text = "a\r\nb\x1b[K\n1.5/3 of it\n|---|---|\nno end"
    assert drawn(text.encode())[:2] == (["a", "b", "1.5/3 of it", "|---|---|", "no end"], [])
    assert drawn(b"\xff\xfe\n" + b"x" * 10**6)[1] == []


@pytest.mark.parametrize("sign", [" ", "-", "━", "|", "1", "\x1b", "\x1b[", "\r", "\b"])
def test_no_row_takes_long(sign: str) -> None:
    begin = time.monotonic()
    drawn(*[(sign * 5000).encode()] * 20)
    assert time.monotonic() - begin < 5


def test_who_sees_no_bar_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert screen.is_watched()
    monkeypatch.setenv("TERM", "dumb")
    assert not screen.is_watched()
    monkeypatch.setenv("TERM", "xterm")
    for other in (io.StringIO(), None):
        monkeypatch.setattr(sys, "stderr", other)
        assert not screen.is_watched()


# --- one command ---------------------------------------------------------------------------------


@needs_terminals
@pytest.mark.parametrize("stream", [1, 2])
def test_one_stream_is_a_terminal(stream: int) -> None:
    told: list[tuple[str, float | None]] = []
    code = (
        "import os, sys; os.write(1, b'%a\\n' % [os.isatty(n) for n in (0, 1, 2)]); "
        f"os.write(2, b'%d\\n' % os.get_terminal_size({stream}).columns); sys.exit(3)"
    )
    ran = running.run([sys.executable, "-c", code], lambda *news: told.append(news), draws_on=stream)
    assert ran.code == 3
    assert sorted(ran.log.split("\n")) == sorted(["", str([False, stream == 1, stream == 2]), "200"])
    assert sorted(told) == sorted((line, None) for line in ran.log.splitlines())


def test_where_there_is_no_terminal_the_lines_come_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise OSError(28, "out of pty devices")

    monkeypatch.setattr(os, "openpty", none, raising=False)
    told: list[str] = []
    code = "import sys; print(sys.stdout.isatty()); print('\\b' * 3)"
    ran = running.run([sys.executable, "-c", code], lambda line, _: told.append(line), draws_on=1)
    assert ran.code == 0 and told[0] == "False"


@needs_terminals
def test_a_bar_that_stands_still_is_silence() -> None:
    """rich draws it anew all the time, whether or not there is anything new."""
    code = (
        "import time\nwhile True:\n"
        "    print('\\r\\x1b[2K   ━━━━ 1.0/3.0 MB ? eta 0:00:01', end='', flush=True); time.sleep(0.05)"
    )
    told: list[float | None] = []
    argv = [sys.executable, "-c", code]
    ran = running.run(argv, lambda _, share: told.append(share), silent_seconds=2, draws_on=1)
    assert ran.code is None and told == [pytest.approx(1 / 3)]


@needs_terminals
def test_no_descriptor_and_no_thread_stays() -> None:
    def run() -> None:
        running.run([sys.executable, "-c", "print(1)"], lambda *_: None, draws_on=1)

    run()
    before = len(psutil.Process().open_files()), psutil.Process().num_fds(), threading.active_count()
    for _ in range(3):
        run()
    after = len(psutil.Process().open_files()), psutil.Process().num_fds(), threading.active_count()
    assert after == before


@pytest.mark.skipif(sys.platform != "linux", reason="the bond between parent and child is Linux's")
def test_what_draws_dies_with_us(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    child = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    program = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}]; from envcheck.install import running; "
        f"running.run([sys.executable, '-c', {child!r}], print, draws_on=1)"
    )
    run = subprocess.Popen([sys.executable, "-c", program])
    until = time.monotonic() + 60
    while not (note.exists() and note.read_text()) and time.monotonic() < until:
        time.sleep(0.02)
    pid = int(note.read_text())
    run.kill()
    run.wait()
    with suppress(psutil.NoSuchProcess):
        one = psutil.Process(pid)
        while one.is_running() and one.status() != psutil.STATUS_ZOMBIE and time.monotonic() < until:
            time.sleep(0.02)
        assert not one.is_running() or one.status() == psutil.STATUS_ZOMBIE


# --- a pip for real, and an index that takes its time ---------------------------------------------


def wheel() -> bytes:
    """Noise, so that it stays as large as it is."""
    info = f"{NAME}-1.0.dist-info"
    files = {
        f"{NAME}/noise.bin": os.urandom(SIZE),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    sums = {name: base64.urlsafe_b64encode(hashlib.sha256(data).digest()) for name, data in files.items()}
    record = [f"{name},sha256={sums[name].decode().rstrip('=')},{len(files[name])}\n" for name in files]
    files[f"{info}/RECORD"] = "".join([*record, f"{info}/RECORD,,\n"]).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


@pytest.fixture(scope="module")
def slow_index() -> Iterator[str]:
    """The address of an index with one wheel, which it sends piece by piece."""
    file = f"{NAME}-1.0-py3-none-any.whl"
    content = {
        f"/simple/{NAME.replace('_', '-')}/": (
            "text/html",
            f'<!DOCTYPE html><html><body><a href="/{file}">{file}</a></body></html>'.encode(),
        ),
        f"/{file}": ("application/octet-stream", wheel()),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path not in content:
                self.send_error(404)
                return
            kind, data = content[self.path]
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            step = len(data) // PIECES + 1
            for at in range(0, len(data), step):
                self.wfile.write(data[at : at + step])
                time.sleep(PAUSE if len(data) > SIZE else 0)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/simple"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of a new environment, with the pip that this Python brings, which may be old."""
    folder = tmp_path_factory.mktemp("fresh") / "env"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
    return str(folder / ("Scripts" if sys.platform == "win32" else "bin") / "python")


@pytest.fixture
def install(slow_index: str, fresh: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    options = ["--no-cache-dir", "--no-deps", "--force-reinstall", "--index-url", slow_index]
    return [fresh, "-m", "pip", "install", *options, NAME.replace("_", "-")]


def rises(shares: list[float]) -> bool:
    """From little to all, with something between: how often it is drawn is pip's affair."""
    return shares == sorted(shares) and shares[0] < 0.5 and shares[-1] == 1 and len(set(shares)) > 2


@needs_terminals
def test_the_bar_of_a_real_pip_is_read(install: list[str]) -> None:
    lines: list[str] = []
    shares: list[float] = []

    def tell(line: str, share: float | None) -> None:
        lines.append(line) if share is None else shares.append(share)

    ran = running.run(install, tell, draws_on=1)
    assert ran.code == 0, ran.log
    assert rises(shares), shares
    assert any(line.startswith("Downloading") for line in lines)
    assert not set(ran.log) & set("━╸╺█\x1b\r\b"), ran.log


def test_the_bar_is_drawn_over_itself_and_lines_over_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    from envcheck.cli import install

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, term, bars in (
        (Terminal(), "xterm", 1),
        (Terminal(), "dumb", 0),
        (io.StringIO(), "xterm", 0),
    ):
        monkeypatch.setenv("TERM", term)
        monkeypatch.setattr(sys, "stderr", stream)
        install._tell("Downloading numpy")
        install._tell("", 0.25)
        install._tell("Installing")
        assert stream.getvalue().count("#" * 10 + "-" * 30 + "  25%") == bars
        assert stream.getvalue().endswith("Installing\n")
        assert (stream.getvalue() == "Downloading numpy\nInstalling\n") is (bars == 0)


@pytest.mark.parametrize("watched", [True, False])
def test_shares_are_told_only_where_somebody_watches(
    install: list[str], watched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "is_watched", lambda: watched)
    shares: list[float] = []
    ran = running.run_watched(install, lambda _, share: None if share is None else shares.append(share))
    assert ran.code == 0 and "Successfully installed" in ran.log, ran.log
    if watched and hasattr(os, "openpty"):
        assert rises(shares), shares
    else:
        assert watched or not shares


def no_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "is_watched", lambda: True)
    monkeypatch.setattr(screen, "can_be_had", lambda: False)


def test_without_a_terminal_a_pip_s_file_is_watched(
    install: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows; a pip that tells its progress by itself is asked to, there as here."""
    no_terminals(monkeypatch)
    lines: list[str] = []
    shares: list[float] = []
    ran = running.run_watched(
        install, lambda line, share: lines.append(line) if share is None else shares.append(share)
    )
    assert ran.code == 0 and lines[-1].startswith("Successfully installed"), ran.log
    assert shares == sorted(shares) and len(set(shares)) > 2 and shares[0] < 0.5 < shares[-1], shares


def test_without_a_terminal_uv_s_cache_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that says and writes what uv does: its wheels' files, unpacked, then moved into place."""
    no_terminals(monkeypatch)
    cache = tmp_path / "cache"
    (cache / ".tmpLEFT").mkdir(parents=True)
    (cache / ".tmpLEFT" / "left.bin").write_bytes(bytes(9_000_000))
    played = tmp_path / "uv"
    played.write_text(
        f"""#!{sys.executable}
import os, sys, time
if sys.argv[1:] == ["cache", "dir"]:
    sys.exit(print({str(cache)!r}))
assert not sys.stderr.isatty()
say = lambda line: print(line, file=sys.stderr, flush=True)
say("Resolved 2 packages in 252ms")
say("Downloading small (1.0MiB)")
say("Downloading large (3.0MiB)")
for name, pieces in ("small", 4), ("large", 12):
    folder = os.path.join({str(cache)!r}, ".tmp" + name, name)
    os.makedirs(folder)
    for piece in range(pieces):
        with open(os.path.join(folder, f"{{piece}}.py"), "wb") as file:
            file.write(bytes(2 ** 20))
        time.sleep(0.15)
    os.rename(os.path.dirname(folder), os.path.join({str(cache)!r}, name))
    time.sleep(0.5)
    say(" Downloaded " + name)
say("Prepared 2 packages in 1.02s")
""",
        "utf-8",
    )
    played.chmod(0o755)
    told: list[tuple[str, float | None]] = []
    ran = running.run_watched([str(played), "pip", "install", "x"], lambda *news: told.append(news))
    assert ran.code == 0, ran.log
    shares = [share for _, share in told if share is not None]
    assert shares == sorted(shares) and len(set(shares)) > 2 and shares[0] < 0.5, shares
    assert 0.5 < shares[-1] < 1, shares
    assert ("Prepared 2 packages in 1.02s", None) in told


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Downloading numpy-2.0.2-cp39-cp39-win_amd64.whl (2.0 MB)", "numpy-2.0.2-cp39-cp39-win_amd64.whl"),
        ("Downloading https://mirror.example/a/torch-1.0%2Bcpu.whl#sha256=0 (2,000 kB)", "torch-1.0+cpu.whl"),
        ("Downloading six-1.16.0.tar.gz (2000000 bytes)", "six-1.16.0.tar.gz"),
    ],
)  # fmt: skip
def test_pip_s_words_for_what_it_downloads(tmp_path: Path, line: str, name: str) -> None:
    of_pip = arrivals.OfPip(str(tmp_path))
    assert of_pip.look() is None
    (tmp_path / "pip-unpack-old").mkdir()
    left = tmp_path / "pip-unpack-old" / name
    left.write_bytes(bytes(1_900_000))
    os.utime(left, (1, 1))
    (tmp_path / "pip-unpack-new").mkdir()
    (tmp_path / "pip-unpack-new" / name).write_bytes(bytes(500_000))
    of_pip = arrivals.OfPip(str(tmp_path))
    of_pip.line(line)
    assert of_pip.look() == pytest.approx(0.25)
    assert of_pip.look() is None, "too early to look again"
    of_pip = arrivals.OfPip(str(tmp_path))
    of_pip.line(line)
    of_pip.line("Installing collected packages: x")
    assert of_pip.look() is None


def test_what_cannot_be_looked_into_gives_no_share(tmp_path: Path) -> None:
    of_uv = arrivals.OfUv(str(tmp_path / "nowhere"))
    of_uv.line("Downloading numpy (1.2.3MiB)")
    assert of_uv.look() is None
    of_uv = arrivals.OfUv("")
    of_uv.line("Downloading numpy (15.1MiB)")
    assert of_uv.look() == 0
    of_pip = arrivals.OfPip(str(tmp_path / "nowhere"))
    of_pip.line("Downloading x.whl (1 XB)")
    assert of_pip.look() is None


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell's")
def test_uv_draws_on_standard_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played = tmp_path / "uv"
    frames = (UV[0] + UV[1] + UV_SAYS).replace("\x1b", "\\033").replace("\r", "\\r").replace("\n", "\\n")
    played.write_text(f"#!/bin/sh\n[ -t 1 ] && exit 9\n[ -t 2 ] || exit 8\nprintf '{frames}' >&2\n", "utf-8")
    played.chmod(0o755)
    monkeypatch.setattr(screen, "is_watched", lambda: True)
    told: list[tuple[str, float | None]] = []
    ran = running.run_watched([str(played), "pip", "install", "x"], lambda *news: told.append(news))
    assert ran.code == 0 and ran.log == "Prepared 2 packages in 1.02s\n"
    assert [share for _, share in told] == [0, pytest.approx(0.5), None]
