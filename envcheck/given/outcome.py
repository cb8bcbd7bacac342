"""What of a log tells how far the program came: whether ``import tensorflow`` failed, whether it trained."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..patterns import Pattern
from .answers import Values
from .reading import SHOWN, STATED, Told

_TRACEBACK = Pattern(r"^[ \t]*Traceback \(most recent call last\):[^\n]*\n", re.MULTILINE)
#: A notebook's: the exception stands in front, and the mark at the line where it is has been taken off,
#: while the lines around it have their numbers.
_NOTEBOOK = Pattern(r"^\w+(?:Error|Exception)\s+Traceback \(most recent call last\)[^\n]*\n", re.MULTILINE)
_NOTEBOOK_IMPORT = Pattern(r"^(?:from|import) (?:tensorflow|keras)\b", re.MULTILINE)
_NOTEBOOK_FRAME = Pattern(r"(?:^File |^~?[/\w.]\S*)[^\n]*? in (?P<function>[\w<>]+)", re.MULTILINE)
_FRAME = Pattern(
    r'^[ \t]*File ["\']?(?P<file>[^"\'\n]+)["\']?, line (?P<line>\d+), in (?P<function>[^\n]+)\n?'
    r"(?P<code>[ \t]+[^\n]*)?",
    re.MULTILINE,
)
_ERROR = Pattern(
    r"^[ \t]*(?P<name>(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt))(?:: (?P<said>[^\n]*))?[ \t]*$",
    re.MULTILINE,
)
_IMPORTS = Pattern(r"\s*(?:>>> )?(?:from|import) (?:tensorflow|keras|tf_keras)\b")
#: Frames that an import goes through besides the modules' own.
_IMPORTING = Pattern(
    r"<module>|import_module|_call_with_frames_removed|_load_\w+|_find_and_load\w*"
    r"|_handle_fromlist|_gcd_import|load_dynamic"
    r"|load_module|exec_module|swig_import_helper|preload_check|create_module|__getattr__|_load"
    r"|module_from_spec|<frozen"
    r"|_init_module|new_import|import_hook|_?import_?\w*|__init__|load_library|load_op_library"
    r"|LoadLibrary\w*|do_import|_try_import\w*"
    r"|preload_\w+|autolog|_load_unlocked|initialize\w*"
)
_NATIVE_MODULE = "pywrap_tensorflow_internal"
_NATIVE = Pattern(
    r"Failed to load the native TensorFlow runtime|cannot import name '?pywrap_tensorflow"
    rf"|{_NATIVE_MODULE}"
)
_KILLED = Pattern(
    r"(?P<SIGILL>Illegal instruction|SIGILL|0xC000001D|-1073741795|exit code 132)|"
    r"(?P<SIGSEGV>Segmentation fault|SIGSEGV|exit code 139|0xC0000005)"
    r"|(?P<SIGABRT>^Aborted|SIGABRT|exit code 134)|(?P<SIGKILL>^Killed$|SIGKILL|exit code 137)|"
    r"(?P<SIGBUS>Bus error|SIGBUS)",
    re.MULTILINE,
)
_IMPORT_COMMAND = Pattern(r"import tensorflow|from tensorflow|import keras")
_RAN = Pattern(
    r"^\s*Epoch \d+/\d+|\bloss: \d|Created (?:TensorFlow )?device|Adding visible gpu devices"
    r"|failed call to cuInit",
    re.MULTILINE,
)
#: TensorFlow puts work on a GPU, and it is not AMD's, Apple's or DirectML's.
_ON_GPU = Pattern(r"(?:Executing op \w+ in|Created(?: TensorFlow)?) device \(?/job:\S*/device:GPU:\d")
_OTHER_GPU = Pattern(r"(?i:rocm|metal\b|radeon|directml|darwin)|\bDML\b|\bAMD\b")
_STEPS = Pattern(r"\d+/\d+ \[=+\].*\bloss: \d", re.MULTILINE)


def read(text: str) -> Iterator[Told]:
    """Facts of the layers tensorflow and training that the text shows."""
    found = next(_failed_imports(text), None) or _killed(text)
    if found:
        yield Told(SHOWN, found[0], {**found[1], "training.succeeded": False})
    else:
        ends = [
            error.start() for pattern in (_TRACEBACK, _ERROR, _KILLED) for error in pattern.finditer(text)
        ]
        if ends:
            yield Told(SHOWN, max(ends), {"training.succeeded": False})
    created = re.search(r"Created (?:TensorFlow )?device \S*GPU:\d", text)
    if created and not found and _STEPS.search(text) and not _ERROR.search(text) and not _KILLED.search(text):
        yield Told(SHOWN, created.start(), {"training.succeeded": True})
    placed = _ON_GPU.search(text)
    if placed and not _OTHER_GPU.search(text):
        yield Told(SHOWN, placed.start(), {"tensorflow.cuda_build": True})
    if not found and _RAN.search(text):
        yield Told(STATED, 0, {"tensorflow.import_outcome": "ok"})


def _failed_imports(text: str) -> Iterator[tuple[int, Values]]:
    starts = list(_TRACEBACK.finditer(text))
    for start, end in zip(starts, [*(next_.start() for next_ in starts[1:]), len(text)]):
        error = _ERROR.search(text, start.end(), end)
        if error and _is_import(list(_FRAME.finditer(text, start.end(), error.end()))):
            yield start.start(), _exception(error)
    native = _NATIVE.search(text)
    if native and (native[0] != _NATIVE_MODULE or _ERROR.search(text)):  # else the traceback was cut off
        before = [error for error in _ERROR.finditer(text) if error.start() < native.start()]
        yield native.start(), _exception(before[-1] if before else None)
    for start in _NOTEBOOK.finditer(text):
        error = _ERROR.search(text, start.end())
        imports = _NOTEBOOK_IMPORT.search(text, start.end(), error.start() if error else len(text))
        below = _NOTEBOOK_FRAME.finditer(text, imports.end(), error.start()) if imports and error else ()
        if imports and error and all(_IMPORTING.match(frame["function"]) for frame in below):
            yield start.start(), _exception(error)


def _is_import(frames: list[re.Match[str]]) -> bool:
    """Whether the traceback goes from an import of TensorFlow down through nothing but imports."""
    starts = [i for i, frame in enumerate(frames) if _IMPORTS.match(frame["code"] or "")]
    return bool(starts) and all(
        _IMPORTING.match(frame["function"].strip()) for frame in frames[starts[0] + 1 :]
    )


def is_cut_import(text: str) -> bool:
    """Whether the text ends inside the traceback of an import of TensorFlow, before the exception."""
    start = max((found.end() for found in _TRACEBACK.finditer(text)), default=len(text))
    frames = list(_FRAME.finditer(text, start))
    return bool(frames) and not text[frames[-1].end() :].strip() and _is_import(frames)


def _exception(error: re.Match[str] | None) -> Values:
    told: Values = {"tensorflow.import_outcome": "exception"}
    if error:
        told["tensorflow.import_exception"] = error["name"].rpartition(".")[2]
        told["tensorflow.import_error"] = error[0].strip()
    return told


def _killed(text: str) -> tuple[int, Values] | None:
    """A signal counts as the import's where the text shows the import, and nothing that came after it."""
    killed = _KILLED.search(text)
    if not killed or not _IMPORT_COMMAND.search(text) or _RAN.search(text):
        return None
    values: Values = {"tensorflow.import_outcome": "signal", "tensorflow.import_signal": killed.lastgroup}
    return killed.start(), values
