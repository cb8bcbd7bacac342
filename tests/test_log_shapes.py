"""The shapes logs come in: a known message is found in each, under the number of its line."""

from __future__ import annotations

import html
import json
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from envcheck.formats.log import decode, prefixes, shapes
from envcheck.search import Text

MESSAGE = "failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected"
PATTERN = r"^failed call to cuInit: CUDA_ERROR_NO_DEVICE"
IMPORT = "ImportError: libcudnn.so.9: cannot open shared object file: No such file or directory"


def plain(text: str) -> list[str]:
    return Text.of(text).body.split("\n")


# --- prefixes -----------------------------------------------------------------------------------

PREFIXES = {
    "tensorflow 1": "2019-03-24 20:19:03.125607: E tensorflow/stream_executor/cuda/cuda_driver.cc:271] ",
    "tensorflow 1.0": "E tensorflow/stream_executor/cuda/cuda_driver.cc:405] ",
    "tensorflow on windows": r"2020-01-01 10:00:00.123456: E T:\src\tensorflow\stream\cuda_driver.cc:300] ",
    "bazel's path": r"E c:\tf_jenkins\home\workspace\rel-win\tensorflow\stream_executor\cuda_driver.cc:405] ",
    "xla": "2026-11-21 00:36:25.936663: E external/local_xla/xla/stream_executor/cuda/cuda_driver.cc:152] ",
    "absl": "E0000 00:00:1795219535.362444   11112 cuda_driver.cc:152] ",
    "absl with the date": "W1121 10:11:12.123456 11112 cuda_driver.cc:152] ",
    "absl of python": "E1121 10:11:12.123456 139871 cuda_driver.py:152] ",
    "github": "2026-01-02T03:04:05.1234567Z ",
    "github error": "2026-01-02T03:04:05.1234567Z ##[error]",
    "workflow command": "::error file=train.py,line=3::",
    "gitlab with times": "2026-01-02T03:04:05.123456Z 01E ",
    "gitlab continued": "2026-01-02T03:04:05.123456Z 00O+",
    "gitlab section": "section_start:1560896352:train_model[collapsed=true]\r\x1b[0K",
    "travis": "travis_fold:start:train\r\x1b[0K",
    "azure": "2026-01-02T03:04:05.1234567Z ##[debug]",
    "jenkins": "[2026-01-02T03:04:05.123Z] ",
    "jenkins with hours": "03:04:05  ",
    "teamcity": "[03:04:05]W: ",
    "compose 1": "web_1  | ",
    "compose 2": "trainer-1  | ",
    "compose with a name": "trainer  | 2026-01-02 03:04:05.123456: E x/cuda_driver.cc:1] ",
    "buildkit": "#12 34.56 ",
    "docker with times": "2026-01-02T03:04:05.123456789Z ",
    "cri": "2026-01-02T03:04:05.123456789Z stderr F ",
    "cri with a zone": "2026-01-02T03:04:05.123456789+01:00 stdout F ",
    "kubectl": "[pod/train-0/main] ",
    "journald": "Nov 21 10:00:00 gpu-box kernel: ",
    "syslog": "Nov  1 10:00:00 gpu-box ",
    "syslog of a program": "Nov  1 10:00:00 gpu-box python3[4711]: ",
    "dmesg": "[   12.345678] ",
    "dmesg -T": "[Sat Nov 21 10:00:00 2026] ",
    "python's logging": "ERROR:root:",
    "logging with a time": "2026-01-02 03:04:05,123 - train.model - ERROR - ",
    "loguru": "2026-01-02 03:04:05.123 | ERROR    | train:main:12 - ",
    "pytest": "E       ",
    "pytest's captured log": "ERROR    root:train.py:12 ",
    "notebook": "In [12]: ",
    "notebook's arrow": "----> 3 ",
    "jupyter's server": "[E 2026-01-02 03:04:05.123 ServerApp] ",
    "kaggle": "12.3s 4 ",
    "mpirun": "[1,0]<stderr>:",
    "horovod": "[0]<stderr>:",
    "torchrun": "[rank0]: ",
    "ray": "(pid=1234) ",
    "ray's actor": "(TrainWorker pid=1234, ip=10.0.0.1) ",
    "numbered": "   123\t",
    "github and compose": "2026-01-02T03:04:05.1234567Z web_1  | 2019-03-24 20:19:03.125607: E a/b.cc:271] ",
    "kubernetes and absl": "2026-01-02T03:04:05.1Z stderr F E0000 00:00:1795219535.362444   11112 b.cc:1] ",
}


@pytest.mark.parametrize("prefix", [pytest.param(value, id=name) for name, value in PREFIXES.items()])
def test_a_message_is_found_behind_its_prefix_under_its_number(prefix: str) -> None:
    found = Text.of(f"first line\n{prefix}{MESSAGE}\nlast line").first(PATTERN)
    assert found == (2, MESSAGE)


@pytest.mark.parametrize(
    "line",
    [
        "ERROR: Could not find a version that satisfies the requirement tensorflow (from versions: none)",
        "ERROR: No matching distribution found for tensorflow",
        "E: Unable to locate package nvidia-driver-550",
        "W: GPG error: https://example.com ./ InRelease",
        "NVRM: Xid (PCI:0000:01:00): 79, pid=1234, GPU has fallen off the bus.",
        "WARNING:tensorflow:AutoGraph could not transform <function f at 0x7f> and will run it as-is.",
        "WARNING: The NVIDIA Driver was not detected.  GPU functionality will not be available.",
        ">>> import tensorflow as tf",
        "[PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')]",
        "nvidia-smi: command not found",
        "bash: nvidia-smi: command not found",
        '  File "<stdin>", line 1, in <module>',
        "|   0  NVIDIA GeForce RTX 3090        Off  | 00000000:01:00.0  On |                  N/A |",
        "+ CategoryInfo          : NotSpecified: (:) [], RemoteException",
        "tensorflow 2.15.0 depends on tensorboard<2.16 and >=2.15",
        "The user requested (constraint) tensorboard==2.16.2",
        "OSError: [WinError 1455] The paging file is too small for this operation to complete.",
        "[Errno 28] No space left on device",
        "nvidia-gridd[123]: Failed to acquire license",
        "Using cached tensorflow-2.15.0-cp311-cp311-win_amd64.whl (2.1 kB)",
        "1 Physical GPUs, 1 Logical GPUs",
        "Python 3.6.8 |Anaconda, Inc.| (default, Dec 30 2018, 01:22:34)",
        "[libprotobuf FATAL google/protobuf/stubs/common.cc:83] It was compiled against version 3.9.2",
        "a <b and c> d",
        "    [[{{node conv2d/Conv2D}}]]",
        r"E:\Python\Lib\site-packages\tensorflow\python\_pywrap_tensorflow_internal.pyd",
        "I/O error: disk full",
        "/lib64/libc.so.6: version `GLIBC_2.14' not found (required by _pywrap_tensorflow.so)",
    ],
)
def test_what_a_rule_reads_is_no_prefix(line: str) -> None:
    assert plain(f"first\n{line}") == ["first", line]
    assert plain(f"2026-01-02T03:04:05.1234567Z {line}")[0].strip() == line.strip()


def test_a_process_keeps_its_name_where_the_kernel_loses_it() -> None:
    assert plain(
        "Nov 21 10:00:00 host nvidia-gridd[1]: Failed\nNov 21 10:00:00 host kernel: [ 12.345678] NVRM: x"
    ) == [
        "nvidia-gridd[1]: Failed",
        "NVRM: x",
    ]


# --- terminals ----------------------------------------------------------------------------------

SHAPES: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "windows": lambda text: text.replace("\n", "\r\n"),
    "coloured": lambda text: "\n".join(f"\x1b[1;31m{line}\x1b[0m" for line in text.split("\n")),
    "coloured within words": lambda text: text.replace("cuInit", "cu\x1b[01;31m\x1b[KIn\x1b[m\x1b[Kit"),
    "colours of cat -v": lambda text: text.replace("failed", "^[[31mfailed^[[0m"),
    "colours without their escape": lambda text: text.replace("failed", "[31mfailed[0m"),
    "hyperlinks": lambda text: text.replace("failed", "\x1b]8;;https://example.com\x07failed\x1b]8;;\x07"),
    "a title": lambda text: "\x1b]0;user@host: ~\x07" + text,
    "buildkite": lambda text: "\n".join(f"\x1b_bk;t=1700000000000\x07{line}" for line in text.split("\n")),
    "conpty": lambda text: text.replace("call to", "call\x1b[1Cto"),
    "erased": lambda text: text.replace("\n", "\x1b[K\n"),
    "behind a bar": lambda text: text.replace("failed", "10% |#   | 1/10\r20% |##  | 2/10\rfailed"),
    "before a bar": lambda text: text.replace("is detected", "is detected\r10% |#   | 1/10\r20% |##  | 2/10"),
    "behind a bar of backspaces": lambda text: text.replace(
        "failed", "1/9 [>.....]" + "\x08" * 12 + "failed"
    ),
    "typed wrong": lambda text: text.replace("failed", "fauk\x08\x08iled"),
    "quoted": lambda text: "\n".join(f"> {line}" for line in text.split("\n")),
    "quoted twice": lambda text: "\n".join(f"> > {line}" for line in text.split("\n")),
    "in one fence": lambda text: f"```{text}```",
    "escaped for the web": lambda text: html.escape(text),
    "escaped twice": lambda text: html.escape(html.escape(text)),
    "with tags": lambda text: "<pre><code>" + html.escape(text) + "</code></pre>",
    "with spans": lambda text: text.replace("cuInit", '<span class="k">cuInit</span>'),
    "with hard blanks": lambda text: text.replace(" ", "\u00a0"),
    "with blanks of no width": lambda text: text.replace("cuInit", "cu\u200bInit"),
    "with a mark": lambda text: "\ufeff" + text,
    "with junk": lambda text: text.replace("failed", "\x00\x01failed"),
    "indented": lambda text: "\n".join(f"    {line}" for line in text.split("\n")),
    "with blanks at the end": lambda text: "\n".join(f"{line}   " for line in text.split("\n")),
    "underscores escaped": lambda text: text.replace("_ERROR_", r"\_ERROR\_"),
    "a container's records": lambda text: "\n".join(
        json.dumps({"log": line + "\n", "stream": "stderr", "time": "2026-01-02T03:04:05Z"})
        for line in text.split("\n")
    ),
    "a notebook's file": lambda text: "\n".join(
        "      " + json.dumps(line + "\n") + "," for line in text.split("\n")
    ),
}
LOG = f"Epoch 1/5\nstarting\n2026-11-21 00:36:25.936663: E x/cuda_driver.cc:1] {MESSAGE}\n{IMPORT}\nend"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_message_is_found_in_every_shape_under_its_number(shape: str) -> None:
    text = Text.of(SHAPES[shape](LOG))
    found = text.first("failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected")
    assert found and found[0] == 3
    assert text.first(r"ImportError: libcudnn\.so\.9: cannot open shared object file") == (4, IMPORT)


@given(st.lists(st.sampled_from(sorted(SHAPES)), max_size=3), st.sampled_from(sorted(PREFIXES)))
@example(["with tags"], "pytest")
def test_shapes_and_prefixes_together_change_nothing(names: list[str], prefix: str) -> None:
    once = dict.fromkeys(name for name in names if name not in ("a container's records", "a notebook's file"))
    text = "\n".join(PREFIXES[prefix] + line for line in ("starting", MESSAGE, IMPORT))
    for name in once:
        text = SHAPES[name](text)
    found = Text.of(text).first("failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable")
    assert found and found[0] == 2
    assert Text.of(text).first("NVRM: Xid|Killed|No module named") is None


def test_a_notebook_in_one_line_is_read() -> None:
    said = {"output_type": "stream", "name": "stderr", "text": [f"{line}\n" for line in LOG.split("\n")]}
    failed = {
        "output_type": "error",
        "ename": "ImportError",
        "traceback": ["\x1b[31mTraceback\x1b[0m", IMPORT],
    }
    cells = [{"cell_type": "code", "source": ["import keras\n", "keras.x"], "outputs": [said, failed]}]
    text = Text.of(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
    assert text.first(PATTERN) == (1, MESSAGE)
    assert text.first("^Traceback\nImportError: libcudnn") and text.first("^import keras\nkeras.x$")


@pytest.mark.parametrize("depth", [300, 930, 5000])
def test_a_notebook_of_lists_in_lists_is_no_trouble(depth: int) -> None:
    text = Text.of('{"cells": ' + "[" * depth + '[1, "x"]' + "]" * depth + "}\n" + IMPORT)
    assert text.first("^ImportError: libcudnn") == (2, IMPORT)


@pytest.mark.parametrize("indent", ["  ", "    ", "\t", "        "])
def test_what_was_indented_as_a_whole_is_also_read_without(indent: str) -> None:
    text = Text.of("\n".join(indent + line for line in f"{IMPORT}\n  it\n\nKilled".split("\n")))
    assert text.first("^ImportError: libcudnn") == (1, IMPORT)
    assert text.first("^  it$") == (2, "it") and text.first("^Killed$") == (4, "Killed")
    assert text.first(f"^{indent}Killed") == (4, "Killed")


def test_a_block_of_code_among_prose_is_also_read_without_its_indent() -> None:
    text = Text.of(f"I see\n\n    {IMPORT}\n      it\n\nwhat now?\n  two\n\n  three")
    assert text.first("^ImportError: libcudnn") == (3, IMPORT) and text.first("^  it$")
    assert text.first("^two") is None and text.first("^three") is None


def test_only_the_last_state_of_a_bar_is_left() -> None:
    bar = "\r".join(f"{n}%|{'#' * n}| {n}/9 [00:0{n}<00:09, 1.0it/s]" for n in range(10))
    assert plain(f"a\n{bar}\nb") == ["a", "9%|#########| 9/9 [00:09<00:09, 1.0it/s]", "b"]


def test_what_is_no_state_of_a_bar_stays_with_its_number() -> None:
    text = Text.of("a\n1/9 [>...]\r2/9 [=>..]\rW could not\r3/9 [==>.]\r\nb")
    assert text.lines == [(1, "a"), (2, "2/9 [=>..]"), (2, "W could not"), (2, "3/9 [==>.]"), (3, "b")]


def test_fences_leave_empty_lines() -> None:
    assert plain("```bash\n$ nvidia-smi\n```\n~~~\nx\n~~~") == ["", "$ nvidia-smi", "", "", "x", ""]


def test_names_in_angle_brackets_are_no_tags() -> None:
    line = "File \"<stdin>\", line 1, in <module>; <frozen importlib._bootstrap>; <class 'int'>"
    assert plain(line) == plain(html.escape(line)) == [line]


def test_breaks_of_a_web_page_end_lines() -> None:
    assert Text.of("a<br>b<br/>c\nd").lines == [(1, "a"), (1, "b"), (1, "c"), (2, "d")]


def test_typographic_signs_are_those_that_were_printed() -> None:
    assert plain("No module named \u2018tensorflow\u2019 \u201cx\u201d \u2013 \u2026") == [
        "No module named 'tensorflow' \"x\" - ..."
    ]


def test_a_very_long_line_is_cut_and_nothing_is_lost() -> None:
    line = "x" * (3 * shapes.LONGEST)
    for at in (0, shapes.LONGEST - 40, shapes.LONGEST, 2 * shapes.LONGEST + 7):
        found = Text.of(f"a\n{line[:at]}{MESSAGE}{line[at:]}").first(MESSAGE)
        assert found and found[0] == 2 and MESSAGE in found[1] and len(found[1]) < 2000


# --- wrapped pastes -----------------------------------------------------------------------------

LONG = (
    "2021-04-10 14:16:46.522294: W tensorflow/stream_executor/platform/default/dso_loader.cc:64] Could not "
    "load dynamic library 'libcudart.so.11.0'; dlerror: libcudart.so.11.0: cannot open shared object file: "
    "No such file or directory"
)


def in_columns(text: str, width: int) -> str:
    return "\n".join(
        line[at : at + width].rstrip()
        for line in text.split("\n")
        for at in range(0, max(1, len(line)), width)
    )


@pytest.mark.parametrize("width", [*range(60, 132), 160])
def test_a_terminals_columns_are_joined(width: int) -> None:
    text = Text.of(in_columns(f"$ python train.py\n{LONG}\nNum GPUs Available: 0", width))
    pattern = r"Could not load dynamic library 'libcudart\.so\.11\.0'; dlerror: libcudart\.so\.11\.0: cannot"
    found = text.first(pattern)
    assert found and found[0] == 2 + LONG.index("Could") // width


def words(text: str, width: int) -> str:
    import textwrap

    return "\n".join(
        "\n".join(textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False))
        for line in text.split("\n")
    )


@pytest.mark.parametrize("width", [72, 80, 100, 120])
def test_lines_broken_between_words_are_joined(width: int) -> None:
    text = Text.of(words(f"$ python train.py\n{LONG}\nNum GPUs Available: 0", width))
    assert text.first(r"Could not load dynamic library 'libcudart\.so\.11\.0'; dlerror: libcudart")
    assert text.first(r"cannot open shared object file: No such file or directory$")


def test_real_ends_of_lines_stay_ends() -> None:
    lines = [
        "2021-04-10 14:16:46.522294: W tensorflow/core/dso_loader.cc:64] Could not load dynamic library",
        "2021-04-10 14:16:46.522295: I tensorflow/core/dso_loader.cc:49] Successfully opened libcuda.so.1",
        "Traceback (most recent call last):",
    ]
    text = Text.of("\n".join(lines))
    assert text.first("library.*Successfully") is None
    assert text.first("libcuda.so.1.*Traceback") is None
    assert Text.of("a short line\nand another").first("line and") is None


def test_the_lines_as_they_stand_come_before_joined_ones() -> None:
    wide = "x" * 70
    text = Text.of(f"{wide} No space\nleft on device\n\nNo space left on device")
    assert text.first("No space left on device") == (4, "No space left on device")


# --- bytes --------------------------------------------------------------------------------------

CODED = f"Epoch 1/5\nnicht verfügbar\n{MESSAGE}\n"


@pytest.mark.parametrize(
    "data",
    [
        CODED.encode(),
        CODED.encode("utf-8-sig"),
        CODED.encode("utf-16"),
        CODED.encode("utf-16-le"),
        CODED.encode("utf-16-be"),
        b"\xfe\xff" + CODED.encode("utf-16-be"),
        CODED.encode("utf-32"),
        CODED.encode("cp1252"),
        CODED.encode("utf-8") + b"\xff\xfe\x00binary\x80\x81",
        CODED.replace("\n", "\r\n").encode("utf-16"),
        b"\x7fELF\x02\x01\x01" + bytes(range(256)).replace(b"\n", b"") + CODED.encode(),
    ],
)
def test_every_encoding_is_read(data: bytes) -> None:
    text = Text.of_bytes(data)
    assert text.first(PATTERN) == (3, MESSAGE)
    assert "verf" in text.body


def test_umlauts_and_chinese_are_read_from_code_pages() -> None:
    assert decode.text_of("Größe für Zugriff".encode("cp1252")) == "Größe für Zugriff"
    chinese = "'nvidia-smi' 不是内部或外部命令，也不是可运行的程序"
    assert decode.text_of(chinese.encode("cp936")) == chinese
    assert decode.text_of(chinese.encode()) == chinese


def test_lines_in_several_encodings_are_read_each_in_its_own() -> None:
    data = "找不到指定的模块。\n".encode("cp936") + "找不到指定的模块。\n".encode() + "für\n".encode("cp1252")
    assert decode.text_of(data) == "找不到指定的模块。\n找不到指定的模块。\nfür\n"


def test_a_text_cut_in_the_middle_of_a_letter_is_read() -> None:
    assert decode.text_of("找不到指定的模块".encode()[1:-1])[2:].startswith("不到指定的模")


@given(st.binary(max_size=400))
def test_no_bytes_are_too_bad(data: bytes) -> None:
    text = Text.of_bytes(data)
    text.first("x.*y")
    assert len(text.lines) >= 1


@given(st.text(max_size=200))
def test_no_text_is_too_bad(text: str) -> None:
    numbers = [number for number, _ in Text.of(text).lines]
    assert numbers == sorted(numbers) and numbers[-1] == text.count("\n") + 1


@given(st.text(alphabet=" E:[]0123456789-TZ.|>_)(pid=kernel/c]", max_size=60))
def test_prefixes_are_taken_off_in_bounded_time(line: str) -> None:
    assert line.endswith(prefixes.stripped(line))
