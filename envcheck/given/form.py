"""The fields of TensorFlow's issue forms, in all their generations, and of forms made after them.

Before 2023 a list: ``- **OS Platform and Distribution (e.g., Linux Ubuntu 16.04)**: Ubuntu 18.04``; since
then headings, the answer below: ``### OS platform and distribution`` … ``Linux Ubuntu 22.04``.
https://github.com/tensorflow/tensorflow/tree/master/.github/ISSUE_TEMPLATE
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from . import answers, gpus, platforms, values
from .answers import Values
from .reading import FIELD, Told


def _cuda_and_cudnn(text: str) -> Values:
    """``"CUDA 10.1, cuDNN 7.6"``, ``"10.1/7.6.5"``, ``"CUDA==11.2 CUDNN==8.1"``."""
    found: Values = {}
    parts = re.split(r"(?i)\bcudnn\b", text, maxsplit=1)
    if len(parts) == 1:
        parts = re.split(r"\s*[/,;&]\s*|\s+and\s+", text, maxsplit=1)
    for reader, part in zip((values.cuda, values.cudnn), parts):
        try:
            found.update(reader(part) if re.search(r"\d", part) else {})
        except ValueError:
            pass
    return found


def _gpus(text: str) -> Values:
    nvidia, amd, unread = gpus.read([text])
    return {} if unread and not nvidia and not amd else {"hardware.gpus": nvidia, "hardware.amd_gpus": amd}


def _mobile(text: str) -> Values:
    return {}


#: How a field's name begins, and the reader of its answer.
_FIELDS: Mapping[str, Callable[[str], Values]] = {
    r"(?:exact |host )?(?:os|operating system|system)": platforms.system,
    r"(?:os|operating system|system)(?: platform)?(?: (?:and|/) distribution| version)": platforms.system,
    r"(?:os )?platform(?: and distribution)?": platforms.system,
    r"mobile device": _mobile,
    r"python(?: version)?": values.python,
    r"tensor ?flow(?:-gpu)?(?: version)?|tf version": values.tensorflow,
    r"cuda ?/ ?cudnn(?: version)?|cuda(?: and |, ?| )cudnn(?: version)?": _cuda_and_cudnn,
    r"cuda(?: toolkit)?(?: version)?": values.cuda,
    r"cudnn(?: version)?": values.cudnn,
    r"gpu model(?: and memory)?|gpus?(?: type| name| card)?|graphics card": _gpus,
    r"(?:nvidia |gpu )*driver(?: version)?": values.driver,
    r"numpy(?: version)?": values.package("python.numpy"),
    r"keras(?: version)?": values.package("python.keras"),
    r"protobuf(?: version)?": values.package("python.protobuf"),
}
#: Without one of these words a text holds no form.
_SIGNS = ("ersion", "latform", "perating system", "GPU model", "Graphics card")


@cache
def _head() -> re.Pattern[str]:
    """A field's name, and the answer behind it on the same line."""
    return re.compile(
        r"^[ \t]*(?:[-*•+]\s*|#{1,6}\s*|\d+[.)]\s*)?(?:\*\*|__)?"
        rf"(?P<name>{'|'.join(f'(?:{name})' for name in _FIELDS)})"
        r"\s*(?P<hint>\([^)\n]*\))?\s*(?:\*\*|__)?[ \t]*(?P<colon>[:=?]|$)(?:\*\*|__)?[ \t]*"
        r"(?P<answer>[^\n]*)$",
        re.MULTILINE | re.IGNORECASE,
    )


def read(text: str) -> Iterator[Told]:
    """What the fields of a form say."""
    for found in _head().finditer(text) if any(sign in text for sign in _SIGNS) else ():
        answer = found["answer"].strip(" *`")
        if not answer:
            answer = _below(text, found)
        reader = next(read for name, read in _FIELDS.items() if re.fullmatch(name, found["name"], re.I))
        told = _answer(reader, answer)
        if told:
            yield Told(FIELD, found.start(), told)


def _below(text: str, found: re.Match[str]) -> str:
    """The answer under a heading of a form; a line that is itself a heading or a list is none."""
    heading = re.match(r"\s*(?:#{1,6}|\*\*)", found[0])
    below = (
        re.compile(r"\n(?:[ \t]*\n)?[ \t]*([^\n#*:>-][^\n]*)").match(text, found.end()) if heading else None
    )
    return below[1].strip() if below else ""


def _answer(reader: Callable[[str], Values], answer: str) -> Values:
    if not answer or not answers.is_said(answer) or len(answer) > 200:
        return {}
    try:
        return reader(answer)
    except ValueError:
        return {}
