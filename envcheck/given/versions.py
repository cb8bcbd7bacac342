"""What of a log tells the versions of Python, TensorFlow and the packages beside it."""

from __future__ import annotations

import re

from ..probes.tensorflow.distributions import NAMES, canonical
from . import values
from .answers import Values
from .reading import FIELD, HINT, SHOWN, STATED, Reader, reader

#: Packages whose versions are facts of their own.
PACKAGES = {
    "numpy": "python.numpy",
    "keras": "python.keras",
    "protobuf": "python.protobuf",
    "h5py": "python.h5py",
    "pip": "python.pip",
    "tf-keras": "python.tf_keras",
    "tensorboard": "python.tensorboard",
    "ml-dtypes": "python.ml_dtypes",
    "tensorflow-text": "python.tensorflow_text",
    "pynvml": "python.pynvml_package",
}
_VERSION = r"\d+(?:\.\d+)+(?:[-.]?(?:a|b|rc|dev|post)\.?\d+)?"
#: A name that begins as one of those of interest does.
_PACKAGE = (
    rf"(?:{'|'.join(sorted({name.split('-')[0] for name in [*PACKAGES, *NAMES]}))})(?:[-_][A-Za-z]\w*)*"
)


def _package(found: re.Match[str]) -> Values:
    name, version = canonical(found["name"]), found["version"]
    if name in NAMES:
        return {
            "tensorflow.version": values.tensorflow(version)["tensorflow.version"],
            "tensorflow.distribution": name,
        }
    return {PACKAGES[name]: version} if name in PACKAGES else {}


def _installed(found: re.Match[str]) -> Values:
    """``Successfully installed absl-py-1.0 numpy-1.26.4 …``"""
    told: Values = {}
    for one in re.finditer(rf"(?<!\S)(?P<name>{_PACKAGE})-(?P<version>{_VERSION})(?!\S)", found[1], re.I):
        told.update(_package(one))
    return told


def _python(found: re.Match[str]) -> Values:
    return values.python(found["python"])


def _banner(found: re.Match[str]) -> Values:
    return values.python(found[0]) if re.search(r"\d", found[0]) else {}


def _tag(found: re.Match[str]) -> Values:
    return {"python.version": f"{found['python'][0]}.{found['python'][1:]}"}


def _windows_folder(found: re.Match[str]) -> Values:
    told = _tag(found)
    return {**told, "python.bits": 32} if found["bits"] == "32" else told


def _tensorflow(found: re.Match[str]) -> Values:
    return values.tensorflow(found["version"])


def _wanted(found: re.Match[str]) -> Values:
    """``pip install tensorflow==1.13``: what is wanted, whether or not it comes."""
    return {"wanted.tensorflow": f"=={found['version']}", **_wants_gpu(found)}


def _wants_gpu(found: re.Match[str]) -> Values:
    return {"wanted.gpu": 1} if re.search(r"tensorflow[-_]gpu|and-cuda", found[0]) else {}


READERS: tuple[Reader, ...] = (
    # Python
    reader(
        STATED,
        r"^(?:>>> )?Python (?:version ?[:=]? ?)?[23]\.\d+\.\d+\S*.*(?:\n\[.*\].*)?$",
        _banner,
    ),
    reader(
        STATED,
        r"^(?P<python>[23]\.\d+\.\d+\S*) (?:\|[^|\n]*\| ?)?\((?:default|main|tags/|v\d|heads"
        r"|packaged)[^\n]*\n?[^\n]*$",
        _banner,
    ),
    reader(STATED, r"\bpip \d\S* from \S.* \(python (?P<python>[23]\.\d+)\)", _python),
    reader(
        STATED,
        r"Using (?:CPython|Python) (?P<python>[23]\.\d+\S*)|You require CPython (?P<other>[23]\.\d+)",
        lambda found: values.python(found["python"] or found["other"]),
    ),
    reader(
        STATED - 5,
        r"(?:hostedtoolcache/Python/|Successfully set up CPython \()(?P<python>[23]\.\d+\.\d+)",
        _python,
    ),
    reader(
        STATED - 5,
        r"^\W*(?:[Pp]ython[ _](?:[Vv]ersion)?|sys\.version\)?)\s*[:=]\s*'?(?P<python>[23]\.\d+"
        r"(?:\.\d+)?\S*).*$",
        _banner,
    ),
    reader(SHOWN + 5, r"""^\s*File ['"]?[^\n]*[/\\][Pp]ython(?P<python>[23]\.\d+)[/\\]""", _python),
    reader(
        SHOWN + 4,
        r"""File ['"]?[^\n]*[/\\][Pp]ython(?P<python>[23]\d{1,2})(?:[-_](?P<bits>32|64))?[/\\]{1,2}(?!3)""",
        _windows_folder,
    ),
    reader(
        SHOWN,
        r"(?<!pythonpath)[/\\]python(?P<python>[23]\.\d+)[/\\]{1,2}(?:site|dist)-packages",
        _python,
    ),
    reader(
        SHOWN - 2,
        # An indented path alone is one of several that are listed, as R's tf_config does.
        r"^(?![ \t]+[A-Za-z]:\\[^\n]*python\.exe[ \t]*$)[^\n]*?"
        r"\\[Pp]ython(?P<python>[23]\d{1,2})(?:[-_](?P<bits>32|64))?\\{1,2}(?:lib|python|Scripts)",
        _windows_folder,
    ),
    reader(SHOWN - 4, r"\.(?:cpython-|cp)(?P<python>[23]\d{1,2})m?-[\w-]+\.(?:so|pyd)", _tag),
    reader(
        SHOWN - 6,
        r"(?:Downloading|Using cached) \S+-cp(?P<python>[23]\d{1,2})-cp[23]\d{1,2}\w*-\S+\.whl",
        _tag,
    ),
    reader(
        50,
        r"(?:FROM|image:?) \S*python:(?P<python>[23]\.\d+(?:\.\d+)?)|python-version:? ?['\"]?"
        r"(?P<other>[23]\.\d+)",
        lambda found: values.python(found["python"] or found["other"]),
    ),
    reader(50, r"pyenv/versions/(?P<python>[23]\.\d+\.\d+)", _python),
    reader(HINT, r"conda create .*\bpython=+(?P<python>[23]\.\d+)", _python),
    reader(
        SHOWN,
        r"[/\\](?:anaconda|miniconda|miniforge|mambaforge|conda)\w*[/\\]|^\(base\)|CondaError"
        r"|PackagesNotFoundError|UnsatisfiableError",
        lambda _: {"python.environment": "conda"},
        flags=re.IGNORECASE,
    ),
    reader(STATED, r"MSC v\.\d+ (?P<bits>32|64) bit", lambda found: {"python.bits": int(found["bits"])}),
    reader(
        STATED,
        r"== check python =+\n(?:.*\n)?python version: (?P<python>[23]\.\d+\S*)",
        _python,
    ),
    # TensorFlow
    reader(
        STATED,
        r"(?:tf|tensorflow)\.(?:__version__|VERSION|version\.VERSION)\)?\s*\n(?:\s*\n)?\W*"
        r"(?P<version>[0-3]\.\d+\.\d+[\w.-]*)",
        _tensorflow,
    ),
    reader(
        STATED,
        r"^\W*(?:tf|tensor ?flow)(?:[-_ ]?gpu)?[ _]?(?:version)?\s*(?:is|[:=])?\s*v?"
        r"(?P<version>[0-3]\.\d+\.\d+[\w.-]*)\W*$",
        _tensorflow,
        flags=re.IGNORECASE,
    ),
    reader(
        STATED,
        r"== tensorflow import =+\n(?:.*\n){0,40}?tf\.version\.VERSION = (?P<version>\S+)",
        _tensorflow,
    ),
    reader(STATED, r"\bv(?P<version>[0-3]\.\d+\.\d+)(?:-\w+)?-\d+-g[0-9a-f]{7,}", _tensorflow),
    reader(STATED - 5, r"TensorFlow Version (?P<version>[12]\.\d+\.\d+)", _tensorflow),
    # packages
    reader(STATED - 4, r"^Successfully installed (.*)$", _installed),
    reader(
        STATED - 6,
        rf"^(?P<name>{_PACKAGE}) +(?P<version>{_VERSION})(?:\s+\S.*)?$",
        _package,
        flags=re.IGNORECASE,
    ),
    reader(STATED - 8, rf"^Name: (?P<name>{_PACKAGE})\s*\nVersion: (?P<version>{_VERSION})", _package),
    reader(
        STATED - 8,
        rf"(?:you have|you'll have) (?P<name>{_PACKAGE}) (?P<version>{_VERSION})",
        _package,
    ),
    reader(
        STATED - 8,
        rf"^(?:ERROR: )?(?P<name>{_PACKAGE}) (?P<version>{_VERSION}) (?:requires|has requirement)",
        _package,
    ),
    reader(
        STATED - 8,
        r"cannot be run in\s+NumPy (?P<version>\d+\.\d+\.\d+)",
        lambda found: {"python.numpy": found["version"]},
    ),
    reader(SHOWN, rf"^\s*(?P<name>{_PACKAGE})==(?P<version>{_VERSION})\s*$", _package),
    reader(
        SHOWN,
        rf"(?:Downloading|Using cached) (?:\S*/)?(?P<name>{_PACKAGE})-(?P<version>{_VERSION})-\S+\.whl",
        _package,
    ),
    reader(
        SHOWN,
        rf"Requirement already satisfied: (?P<name>{_PACKAGE})==(?P<version>{_VERSION}) in",
        _package,
    ),
    reader(
        SHOWN,
        rf"Requirement already satisfied: (?P<name>{_PACKAGE})\S* in .*\((?:from \S+ )?\(?"
        rf"(?P<version>{_VERSION})\)",
        _package,
    ),
    reader(
        HINT + 5,
        rf"Found existing installation: (?P<name>{_PACKAGE}) (?P<version>{_VERSION})",
        _package,
    ),
    reader(
        STATED,
        r"\bpip (?P<version>\d+\.\d+\S*) from ",
        lambda found: {"python.pip": found["version"]},
    ),
    reader(
        STATED,
        r"You are using pip version (?P<version>\d+\.\d+[\d.]*)(?=[,;]|\s)",
        lambda found: {"python.pip": found["version"].rstrip(".")},
    ),
    # what is asked for
    reader(
        FIELD,
        r"(?:pip3?|conda|uv|poetry|mamba) (?:\S+ )*?(?:install|add|create) "
        r"(?:[^\n]* )?['\"]?tensorflow(?:[-_]gpu|[-_]cpu)?(?:\[[\w,-]+\])?={1,3}"
        r"(?P<version>\d+(?:\.\d+)*\w*)['\"]?",
        _wanted,
    ),
    reader(
        FIELD - 1,
        r"(?:requirement|for|Collecting|Looking for) tensorflow(?:[-_]gpu|[-_]cpu)?"
        r"(?:\[[\w,-]+\])?={2,3}(?P<version>\d+(?:\.\d+)*\w*)",
        _wanted,
    ),
    reader(
        HINT,
        r"(?:install|requirement|for|Collecting) (?:--?[\w=-]+ )*['\"]?tensorflow(?:[-_]gpu"
        r"|\[[\w,-]*and-cuda)",
        _wants_gpu,
    ),
)
