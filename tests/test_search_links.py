"""Ready searches: the constant part of a message, redacted, as an address that can be followed."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envcheck import search_links, words
from envcheck.redact import Who
from envcheck.search_links import Link, constant, links, telling_line
from envcheck.views import search


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        (
            "ImportError: libcudnn.so.9: cannot open shared object file: No such file or directory",
            ("ImportError: libcudnn.so", "cannot open shared object file: No such file or directory"),
        ),
        (
            "2023-05-01 10:11:12.123456: W tensorflow/stream_executor/platform/default/dso_loader.cc:64]"
            " Could not load dynamic library 'libcudart.so.11.0'; dlerror: libcudart.so.11.0: cannot open"
            " shared object file: No such file or directory; LD_LIBRARY_PATH: /home/bob/x:/usr/lib",
            (
                "Could not load dynamic library libcudart.so",
                "cannot open shared object file: No such file or directory",
            ),
        ),
        (
            "AttributeError: module 'tensorflow' has no attribute 'placeholder'",
            ("AttributeError: module 'tensorflow' has no attribute 'placeholder'",),
        ),
        (
            "ValueError: Shapes (None, 10) and (None, 5) are incompatible",
            ("ValueError: Shapes", "are incompatible"),
        ),
        (
            'ValueError: Input 0 of layer "dense_1" is incompatible with the layer: expected axis -1 of input'
            " shape to have value 784, but received input with shape (None, 28, 28)",
            ("is incompatible with the layer: expected axis", "but received input with shape"),
        ),
        (
            "E   tensorflow.python.framework.errors_impl.ResourceExhaustedError: Graph execution error: OOM"
            " when allocating tensor with shape[32,112,112,64] and type float on /job:localhost/device:GPU:0",
            ("ResourceExhaustedError: Graph execution error: OOM when allocating tensor with shape",),
        ),
        (
            "ERROR: No matching distribution found for tensorflow==1.15",
            ("No matching distribution found for tensorflow",),
        ),
        (
            "ImportError: /lib64/libc.so.6: version `GLIBC_2.14' not found (required by /home/eve/x.so)",
            ("version `GLIBC_2.14' not found (required by",),
        ),
        (
            "OSError: [WinError 126] The specified module could not be found. Error loading"
            ' "C:\\Users\\Bob Lee\\x.dll"',
            ("The specified module could not be found. Error loading",),
        ),
        (
            "NVRM: Xid (PCI:0000:65:00): 79, pid=1234, GPU has fallen off the bus.",
            ("GPU has fallen off the bus",),
        ),
        ("failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected",
         ("failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected",)),
    ],
)  # fmt: skip
def test_what_varies_is_cut_out(line: str, pieces: tuple[str, ...]) -> None:
    assert constant(line) == pieces


@pytest.mark.parametrize(
    "line",
    ["", "Killed", "KeyError: 'val_acc'", "[Errno 2] No such file or directory: '/x'", "0x7f3a 12", "|---|"],
)  # fmt: skip
def test_nothing_is_searched_for_by_what_everything_says(line: str) -> None:
    assert constant(line) == ()
    assert links(line, "zh") == ()


def test_one_tracker_and_the_places_of_the_language() -> None:
    line = "AttributeError: module 'tensorflow' has no attribute 'Session'"
    (only,) = links(line, "en")
    assert only.place == "GitHub, tensorflow/tensorflow"
    address = urlsplit(only.url)
    assert (address.netloc, address.path) == ("github.com", "/tensorflow/tensorflow/issues")
    assert parse_qs(address.query) == {"q": [f'is:issue "{line}"']}
    chinese = links(line, "zh")
    assert chinese[0] == only
    assert {"CSDN", "知乎"} <= {link.place for link in chinese}
    assert 3 <= len(chinese) <= 4


def test_keras_has_a_tracker_of_its_own() -> None:
    line = "ImportError: cannot import name 'ImageDataGenerator' from 'keras.preprocessing.image'"
    assert links(line, "en")[0].url.startswith("https://github.com/keras-team/keras/issues?q=is%3Aissue%20")


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_who_the_user_is_goes_nowhere(language: str) -> None:
    who = Who(user="alice", host="babbage", home="/home/alice", projects=("/data/secret-project",))
    token = "ghp_" + "a1B2" * 9
    line = (
        f"RuntimeError: login to alice@babbage failed with token {token} for alice@example.com at 10.20.30.40"
        " while reading /data/secret-project/model.py and C:\\Users\\alice\\x"
    )
    found = links(line, language, who)
    assert found
    for link in found:
        for secret in ("alice", "babbage", token, "example.com", "10.20.30.40", "secret-project"):
            assert secret not in link.url


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=600), st.sampled_from(words.LANGUAGES))
def test_every_address_is_one(line: str, language: str) -> None:
    for link in links(line + " cannot be found on this machine", language):
        assert link.url.isascii() and " " not in link.url and '"' not in link.url
        query = parse_qs(urlsplit(link.url).query, strict_parsing=True)
        assert all(len(values) == 1 and len(values[0]) <= 256 for values in query.values())


def test_a_long_message_is_cut_at_a_word() -> None:
    line = "RuntimeError: " + "the operation could not be carried out because " * 20
    (piece,) = constant(line)
    assert len(piece) <= search_links.MOST
    assert line.startswith(piece) and line[len(piece)] == " "


def test_a_line_without_end_is_looked_at_in_part() -> None:
    line = "RuntimeError: it cannot be found " + "a.b-c/" * 300_000
    assert constant(line) == ("RuntimeError: it cannot be found",)
    assert telling_line([line, "x"]) == line


def test_the_line_to_search_for_is_the_last_exception() -> None:
    log = [
        "W tensorflow/core: something", "Traceback (most recent call last):", "ValueError: first", "",
        "During handling of the above exception:", "tensorflow.errors.InternalError: second",
        "make: *** Error 1",
    ]  # fmt: skip
    assert telling_line(log) == "tensorflow.errors.InternalError: second"
    assert telling_line(["a", "ERROR: no such thing", "b"]) == "ERROR: no such thing"
    assert telling_line(["a", " b ", ""]) == "b"
    assert telling_line([]) is None


def test_the_links_stand_on_lines_of_their_own() -> None:
    blocks = list(
        search.blocks([Link("GitHub", "https://github.com/x?q=y"), Link("CSDN", "https://so.csdn.net")])
    )
    assert len(blocks) == 3
    assert list(search.blocks([])) == []
