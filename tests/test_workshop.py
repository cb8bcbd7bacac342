"""What participants do: --config from an https address, the last lines of the page, the file to hand in."""

from __future__ import annotations

import json
import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from envcheck import config, hand_in, words
from envcheck.model import Wrong

from . import machines
from .command_line import invoke
from .test_json import VALIDATOR as REPORT

WORKSHOP = """
[workshop]
name = "Deep learning in one day"
contact = "Grace, grace@example.org"
hand_in = "Until Friday."
"""
OPENSSL = shutil.which("openssl")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    words.use("en")
    yield
    words.use("en")


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(machines.machine("linux-cpu-ready")), "utf-8")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return str(path)


@pytest.fixture
def workshop(tmp_path: Path) -> str:
    path = tmp_path / "lab.toml"
    path.write_text(WORKSHOP, "utf-8")
    return str(path)


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


# --- the page -------------------------------------------------------------------------------------


def test_the_page_ends_with_what_to_hand_in_and_to_whom(snapshot: str, workshop: str) -> None:
    text = flat(invoke("--from", snapshot, "--config", workshop).stdout)
    assert "Workshop: Deep learning in one day Until Friday. " in text
    assert text.endswith("envcheck --hand-in It goes to: Grace, grace@example.org ")
    assert list(Path().iterdir()) == []


def test_without_a_workshop_the_page_ends_as_ever(snapshot: str) -> None:
    assert "hand" not in invoke("--from", snapshot).stdout.lower()


def test_the_page_of_a_workshop_speaks_the_participants_language(snapshot: str, workshop: str) -> None:
    text = invoke("--from", snapshot, "--config", workshop, "--lang", "zh").stdout
    assert "Deep learning in one day" in text and "✓ 就绪" in text


@pytest.mark.parametrize("key", ["name", "contact", "hand_in"])
@pytest.mark.parametrize("value", ["3", '""', '"a\\nb"', '["x"]', '"' + "x" * 501 + '"'])
def test_what_is_no_line_of_text_is_refused(snapshot: str, tmp_path: Path, key: str, value: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f"[workshop]\n{key} = {value}\n", "utf-8")
    result = invoke("--from", snapshot, "--config", str(path))
    assert (result.exit_code, result.stdout) == (2, "") and f"line 2: workshop.{key}" in result.stderr


# --- the file -------------------------------------------------------------------------------------


def test_the_file_is_written_named_and_redacted(snapshot: str, workshop: str) -> None:
    result = invoke("--from", snapshot, "--config", workshop, "--hand-in", "ada_l-1")
    assert result.exit_code == 0
    assert "Hand in to Grace, grace@example.org: envcheck-ada_l-1.json" in flat(result.stdout)
    assert "--hand-in ada_l-1" in flat(result.stdout)
    text = Path("envcheck-ada_l-1.json").read_text("utf-8")
    REPORT.validate(json.loads(text))
    assert "/home/ada" not in text and "grace@" not in text


def test_without_an_alias_one_is_drawn_that_names_nobody(snapshot: str) -> None:
    drawn = set()
    for _ in range(2):
        assert invoke("--from", snapshot, "--hand-in", "--lang", "zh").exit_code == 0
    for path in Path().iterdir():
        found = re.fullmatch(r"envcheck-([a-z]+-[1-9]\d{3})\.json", path.name)
        assert found
        drawn.add(found[1])
        assert json.loads(path.read_text("utf-8"))["verdict"] == "ready"
    assert len(drawn) == 2


def test_the_file_is_english_whatever_the_page_speaks(snapshot: str) -> None:
    page = invoke("--from", snapshot, "--hand-in", "x", "--lang", "zh").stdout
    assert "就绪" in page
    told = json.loads(Path("envcheck-x.json").read_text("utf-8"))
    assert all(found["title"].isascii() for found in told["findings"])


@pytest.mark.parametrize("alias", ["../x", "a/b", "a b", "é", ".x", "x" * 41, "a\n", "a.json", "CON:"])
def test_a_bad_alias_is_one_sentence_and_writes_nothing(snapshot: str, alias: str) -> None:
    result = invoke("--from", snapshot, f"--hand-in={alias}")
    assert result.exit_code == 2 and result.stdout == "" and "--hand-in" in result.stderr
    assert list(Path().iterdir()) == []
    with pytest.raises(Wrong):
        hand_in.file(alias)


def test_json_on_the_screen_stays_json_and_the_file_is_named_beside_it(snapshot: str) -> None:
    result = invoke("--from", snapshot, "--format", "json", "--hand-in", "x")
    assert json.loads(result.stdout)["verdict"] == "ready"
    assert "envcheck-x.json" in result.stderr


def test_a_folder_in_the_way_is_said_before_anything_is_examined(snapshot: str) -> None:
    Path("envcheck-x.json").mkdir()
    result = invoke("--from", snapshot, "--hand-in", "x")
    assert (result.exit_code, result.stdout) == (2, "") and "envcheck-x.json" in result.stderr


def test_what_is_handed_in_can_be_merged(snapshot: str, workshop: str) -> None:
    invoke("--from", snapshot, "--config", workshop, "--hand-in", "ada")
    assert "All can train: 1 of 1." in invoke("merge", ".").stdout


# --- the docs -------------------------------------------------------------------------------------

DOCS = Path(__file__).parent.parent / "docs" / "workshop.md"


def test_every_command_in_the_docs_runs(snapshot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = DOCS.read_text("utf-8")
    lab = next(block for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "[workshop]" in block)
    Path("lab.toml").write_text(lab, "utf-8")
    Path("handed-in").mkdir()
    monkeypatch.setattr(config, "_fetched", lambda address, opener: lab.encode())
    assert invoke("--from", snapshot, "--hand-in", "ada").exit_code == 0
    Path("envcheck-ada.json").rename("handed-in/envcheck-ada.json")
    commands = [
        line.split()[1:] for block in re.findall(r"```shell\n(.*?)```", page, re.DOTALL)
        for line in block.splitlines()
    ]  # fmt: skip
    assert len(commands) >= 6
    for command in commands:
        merging = command[0] == "merge"
        result = invoke(*command) if merging else invoke("--from", snapshot, *command)
        assert result.exit_code in ((0,) if merging else (0, 1)), (command, result.stderr)
    assert Path("table.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    assert Path("table.csv").read_text("utf-8").startswith("alias,verdict,")


def test_the_texts_of_the_docs_are_those_of_the_rehearsal() -> None:
    rehearsed = (Path(__file__).parent / "rehearsal.toml").read_text("utf-8").splitlines()
    page = DOCS.read_text("utf-8")
    assert all(line in page for line in rehearsed if "=" in line)


# --- the address ----------------------------------------------------------------------------------


class Server(BaseHTTPRequestHandler):
    """Answers each path in its own way."""

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path == "/moved" or path == "/downgraded":
            self.send_response(302)
            self.send_header("Location", "/lab.toml" if path == "/moved" else "http://127.0.0.1:9/lab.toml")
            self.end_headers()
            return
        bodies = {
            "/lab.toml": WORKSHOP.encode(), "/bom.toml": WORKSHOP.encode("utf-8-sig"), "/bytes": b"\xff\xfe",
            "/large": b"#" * (config.LARGEST + 1), "/page": b"<!DOCTYPE html><html></html>",
        }  # fmt: skip
        self.send_response(200 if path in bodies else 404)
        self.end_headers()
        self.wfile.write(bodies.get(path, b"no"))

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a server on this machine, and the certificate that vouches for it."""
    if OPENSSL is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = str(folder / "key.pem"), str(folder / "certificate.pem")
    made = subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("this openssl makes no such certificate")
    http = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    http.socket = context.wrap_socket(http.socket, server_side=True)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{http.server_port}", certificate
    http.shutdown()


@pytest.fixture
def trusted(server: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", server[1])
    return server[0]


@pytest.mark.parametrize("path", ["lab.toml", "bom.toml", "moved"])
def test_the_file_is_read_from_its_address(trusted: str, snapshot: str, path: str) -> None:
    result = invoke("--from", snapshot, "--config", f"{trusted}/{path}?token=secret123")
    assert result.exit_code == 0, result.stderr
    assert "Workshop: Deep learning in one day" in result.stdout


def test_a_demand_names_the_address_and_no_secret_in_it(trusted: str, snapshot: str) -> None:
    told = json.loads(
        invoke("--from", snapshot, "--config", f"{trusted}/lab.toml?token=s3cr3t", "--format", "json").stdout
    )
    (source,) = told["facts"]["wanted.workshop"]["source"]
    assert source.endswith("/lab.toml line 3") and "s3cr3t" not in json.dumps(told)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nowhere.toml", "404"),
        ("bytes", "no text in UTF-8"),
        ("large", "larger than 1 MB"),
        ("page", "is not TOML"),
        ("downgraded", "https://"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(trusted: str, snapshot: str, path: str, reason: str) -> None:
    result = invoke("--from", snapshot, "--config", f"{trusted}/{path}")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.stderr
    assert reason in result.stderr


def test_who_nobody_vouches_for_is_not_believed(server: tuple[str, str], snapshot: str) -> None:
    result = invoke("--from", snapshot, "--config", f"{server[0]}/lab.toml")
    assert (result.exit_code, result.stdout) == (2, "") and "certificate" in result.stderr.lower()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/x", "file:///etc/passwd", "ftp://x/y", "data://x"])
def test_only_https_is_fetched(snapshot: str, address: str) -> None:
    result = invoke("--from", snapshot, "--config", address)
    assert (result.exit_code, result.stdout) == (2, "") and "https://" in result.stderr


@pytest.mark.parametrize(
    "address", ["https://", "https://[", "https://127.0.0.1:x/", "https://127.0.0.1:9/ x"]
)
def test_an_address_that_leads_nowhere_is_one_sentence(snapshot: str, address: str) -> None:
    result = invoke("--from", snapshot, "--config", address)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.stderr


class Slow:
    """A server that sends a byte now and then, for ever."""

    def __init__(self, clock: list[float]) -> None:
        self.clock = clock

    def open(self, request: Any, timeout: float) -> Slow:
        return self

    def __enter__(self) -> Slow:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def read1(self, _: int) -> bytes:
        self.clock[0] += 9
        return b"#"


def test_a_server_that_drips_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(config.time, "monotonic", lambda: clock[0])
    with pytest.raises(Wrong, match="no answer within 30 s"):
        config.read("https://example.org/lab.toml", Slow(clock))  # type: ignore[arg-type]
    assert clock[0] < 60


def test_a_drive_letter_is_no_address() -> None:
    assert not config.is_address(r"C:\lab.toml") and not config.is_address("c:/lab.toml")
    assert config.is_address("HTTPS://example.org/x")
    assert config.name("https://user:pw@example.org/x?token=1#y") == "https://example.org/x"
