"""GPUs as people call them: ``"4x GeForce RTX 2080"``, ``"GTX 1080 Ti 11GB"``, ``"Intel graphics only"``."""

from __future__ import annotations

import re

from .. import tables
from ..model import Value
from ..patterns import Pattern

Record = dict[str, Value]

_APART = Pattern(r"\s*(?:[,;+&\n]|\band\b|\s/\s|(?<=\D)/(?=[A-Z]))\s*", re.I)
_TIMES = Pattern(r"^\W*(\d{1,2})\s*[x×*]\s*|\s*[x×*]\s*(\d{1,2})\W*$|^\W*(two|three|four|eight)\b", re.I)
_WORDS = {"two": 2, "three": 3, "four": 4, "eight": 8}
_COMPUTE = Pattern(r"(?:compute[ _-]?(?:capability|cap)?|\bsm|\bcc)[ :_=-]*(\d{1,2}\.\d)", re.I)
_SM = Pattern(r"\bsm_?(\d{2,3})\b", re.I)
_MEMORY = Pattern(r"\b(\d+(?:\.\d+)?)\s*(?:(G)(?:i?B)?|(M)i?B)\b", re.I)
_NVIDIA = Pattern(
    r"nvidia|geforce|quadro|tesla|titan|jetson|\b[rg]tx|\b(?:gtx?|gt|mx)[ -]?\d{3,4}|\brtx|\bgrid\b"
    r"|\b[AHBLTPVK]\d{1,3}[Mms]?\b|\bGB?[12]00\b|\b\d{3,4}\s?ti\b|\bM(?:40|60)\b|\bnvs\b",
    re.I,
)
_AMD = Pattern(r"\bamd\b|radeon|\bati\b|\bvega\b|instinct|\brx[ -]?\d{3,4}|\bMI\d{2,3}X?\b|navi", re.I)
_OTHER = Pattern(r"intel|apple|\bM[1-9]\b|integrated|iris|\buhd\b|\bhd graphics|virtualbox|vmware|mali", re.I)
_APPLE = Pattern(r"(?:\bapple[^,;\n]{0,20}?|^\W*)\b(M[1-9])\b", re.I)
#: NVIDIA's way to cut a GPU into instances: "A100 (MIG enabled)", "H100, MIG 1g.10gb"; and that it is off.
_MIG = Pattern(r"\bMIG\b")
_NO_MIG = Pattern(r"(?i)\b(?:no|not|non|without|w/o)[ -]MIG\b|\bMIG\b[^,;]{0,20}\b(?:off|disabled|not|no)\b")
_INSTANCE = Pattern(r"\b\dg\.(\d+)gb\b", re.I)
_NO_GPU = Pattern(
    r"\W*(?:none|no(?:\s+(?:nvidia\s+)?gpu)?|cpu(?:[ -]only)?|no graphics card|not using.*)\W*", re.I
)
_NOISE = Pattern(
    r"\([^)]*\)|(?:(?<=\s)|^)\d+(?:\.\d+)?\s*(?:G(?:i?B)?|Mi?B)\b|memory.*$|\bcompute capability.*$"
    r"|\bseries\b|\bgpus?\b(?=\W*$)"
    r"|\b(?:non-|(?:[a-z]+ ){1,2})?MIG\b.*$"
    r"|\bgraphics card\b|\bvram\b|\bddr\w*\b|@.*$|\bonly\b|\(.*$|\bwith\b.*$",
    re.I,
)


def read(texts: list[str]) -> tuple[list[Record], list[Record], list[str]]:
    """NVIDIA's, AMD's, and what cannot be read; two empty lists mean that there is no such GPU."""
    nvidia: list[Record] = []
    radeons: list[Record] = []
    unread: list[str] = []
    for text in (part for whole in texts for part in _parts(whole)):
        if _is_nvidia(text):
            nvidia += [record(text) for _ in range(_count(text))]
        elif _AMD.search(text):
            radeons += [amd(text) for _ in range(_count(text))]
        elif _COMPUTE.search(text):
            nvidia.append(record(text))
        elif not (_NO_GPU.fullmatch(text) or _OTHER.search(text)):
            known = tables.gpu_by_name(_name(text))
            nvidia += [record(text) for _ in range(_count(text))] if known else []
            unread += [] if known else [text]
    return nvidia, radeons, unread


def _is_nvidia(text: str) -> bool:
    """What stands in brackets says more of a GPU that is named before them."""
    name = re.sub(r"\(.*", "", text)
    if _AMD.search(name) or _NVIDIA.search(name):
        text = name
    return bool(_NVIDIA.search(text)) and not (
        _AMD.search(text) and not re.search(r"nvidia|geforce", text, re.I)
    )


def mig(texts: list[str]) -> str | None:
    """Of how many of the GPUs it is said that MIG is on: "all", "some", "none"; None: nothing is said."""
    parts = [part for text in texts for part in _parts(text)]
    cut = [bool(_MIG.search(part)) and not _NO_MIG.search(part) for part in parts]
    if any(cut):
        return "all" if all(cut) else "some"
    return "none" if any(map(_MIG.search, parts)) else None


def apple(text: str) -> str | None:
    """The processor that has this GPU: ``"Apple M2"``, ``"M1 Max"``; None where it is none of Apple's."""
    found = _APPLE.search(text)
    return f"Apple {found[1].upper()}" if found and not _NVIDIA.search(text) else None


def _parts(text: str) -> list[str]:
    """What stands in brackets describes the GPU before it, and is not cut."""
    held = re.sub(r"\([^)]*\)", lambda found: found[0].replace(",", "\0").replace("/", "\1"), text)
    held = re.sub(r"[\s,;]+(?=(?:(?!and |one |the )[a-z]+ ){0,2}MIG\b)", " ", held)
    pieces = (piece.replace("\0", ",").replace("\1", "/").strip() for piece in _APART.split(held))
    wanted = [
        piece
        for piece in pieces
        if piece and not re.fullmatch(r"\d+(?:\.\d+)?\s*(?:G(?:i?B)?|Mi?B)\W*", piece, re.I)
    ]
    return wanted or ([text.strip()] if text.strip() else [])


def _count(text: str) -> int:
    found = _TIMES.search(text)
    if not found:
        return 1
    number = found[1] or found[2]
    return min(int(number) if number else _WORDS[found[3].lower()], 16) or 1


def _name(text: str) -> str:
    return re.sub(r"\s+", " ", _NOISE.sub(" ", _TIMES.sub(" ", text))).strip(" -:*.")


def record(text: str, **more: Value) -> Record:
    """A record of ``hardware.gpus``; what neither the text nor the table tells is None."""
    name = _name(text)
    row = _row(name) or {}
    compute, memory = _COMPUTE.search(text), _MEMORY.search(_INSTANCE.sub(r"\1 GB", text))
    sm = _SM.search(text)
    told = compute[1] if compute else f"{sm[1][:-1]}.{sm[1][-1]}" if sm else row.get("compute")
    found: Record = {
        "bus_id": None,
        "device": None,
        "name": name or text,
        "chip": row.get("chip"),
        "compute": told,
    }
    found["memory_gb"] = _gigabytes(memory) if memory else row.get("memory_gb")
    found.update({"kernel_driver": None, "power": None})
    return {**found, **{key: value for key, value in more.items() if value is not None}}


def _row(name: str) -> Record | None:
    """The table's GPU of this name; a "TITAN X" alone may be one of two, and is no TITAN V."""
    found = tables.gpu_by_name(name)
    letters = set(re.findall(r"\b[A-Z]\b", name.upper())) - {"D"}
    fits = found and letters <= set(re.findall(r"\b[A-Z]\b", str(found["name"]).upper()))
    return dict(found) if found and fits else None


def _gigabytes(found: re.Match[str]) -> float:
    number = float(found[1])
    return round(number / 1024, 1) if found[3] else number


def amd(text: str) -> Record:
    """A record of ``hardware.amd_gpus``."""
    return {"bus_id": None, "device": None, "name": _name(text), "memory_gb": None}
