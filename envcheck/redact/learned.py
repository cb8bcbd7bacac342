"""What a text itself says of its user: names that stand in it as such, folders of programs it names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import names
from .anybody import is_anybody
from .step import Book, Step, compiled
from .who import Who

#: The programs of a traceback, of a cell, of a warning.
_PROGRAM = (
    r"""(?m)File \\*["'](?P<x>(?:/|[A-Za-z]:[\\/])[^"'\n<>]*)[\\/]+[^\\/"'\n]+\.(?:py|ipynb)\\*["'], line"""
    r"""|(?:^|[\s"'])(?P<y>(?:/|[A-Za-z]:[\\/])[^\s"':<>]*)[\\/]+[^\\/\s"':]+\.(?:py"""
    r"""|ipynb):\d+: \w*(?:Warning|Error)\b"""
)
#: Folders in which programs are installed: they are nobody's project.
_INSTALLED = (
    r"(?i)[\\/](?:site-packages|dist-packages|lib[\\/]python[\d.]+|python\d*(?:\.\d+)*[\\/]lib|(?:mini"
    r"|ana)conda\d?"
    r"|miniforge\d?|mambaforge|envcheck)(?:[\\/]|$)|^(?:[A-Z]:)?[\\/](?:usr|opt|lib|tmp|var|proc|content"
    r"|kaggle|app|nix|snap"
    r"|workspace|workspaces|code|src|databricks|library|system|program files[^\\/]*|programdata|windows"
    r"|python\w*)(?:[\\/]|$)"
)
_VENV = (
    r"(?<![^\s\"':;=(,])(?P<x>(?:/|[A-Za-z]:[\\/])[^\s\"':;<>]*?)[\\/]+\.?(?:venv|env)[\\/]+(?:bin"
    r"|lib|Scripts|Lib)[\\/]"
)
_HOME = r"(?i)((?:[A-Z]:)?[\\/]+(?:home\d*|Users)[\\/]+[^\\/]+)(?:[\\/]+(.*))?$"


#: What an environment lies in.
_ENVIRONMENT = r"(?i)(?P<x>.*?)[\\/]+[^\\/]+[\\/]+lib[\\/]+(?:python[\d.]+|site-packages)(?:[\\/]|$)"
#: Of what is below a home, the project: the first folder, or the one in a folder of many.
_GENERAL = (
    r"(?i)(?:(?:documents|desktop|downloads|projects?|workspace|work|src|code|git|github|repos?|dev"
    r"|onedrive|dropbox)"
    r"[\\/]+)*[^\\/]+"
)
#: What programs make in a home.
_NO_PROJECT = (
    r"(?i)\.|AppData|(?:mini|ana)conda|mini(?:forge|mamba)|mambaforge|micromamba|v?envs?\b|lib\b|bin\b"
)


def projects(text: str) -> Iterator[str]:
    """The folders of the user's own programs that ``text`` names; of one in a home, the first below it."""
    if ", line " in text or ".py:" in text or "env/" in text or "env\\" in text:
        for pattern in (_PROGRAM, _VENV):
            for found in compiled(pattern).finditer(text):
                yield from _project(re.sub(r"\\+", r"\\", found["x"] or found["y"]))


def _project(folder: str) -> Iterator[str]:
    environment = compiled(_ENVIRONMENT).match(folder)
    folder = environment["x"] if environment else folder
    at_home = compiled(_HOME).match(folder)
    if at_home:
        below = re.match(_GENERAL, at_home[2] or "")
        if below and not compiled(_NO_PROJECT).match(below[0]):
            yield f"{at_home[1]}{folder[len(at_home[1])]}{below[0]}"
    elif not compiled(_INSTALLED).search(folder) and len(re.findall(r"[\\/]+[^\\/]+", folder)) > 1:
        yield folder


def named(who: Who, book: Book) -> list[Step]:
    """Names that were met where they stand as such are hidden at all places of a name."""
    made: list[Step] = []
    for kind, name in list(book.given):
        short = name.split(".")[0]
        if name in (who.user, who.host) or len(short) < 3 or is_anybody(kind, short):
            continue
        if kind == "user" and re.fullmatch(r"[\w.@ -]{3,40}", name):
            made += names.user(name)
        elif kind == "host" and re.fullmatch(r"[\w.-]{3,100}", name) and not short.isdigit():
            made += names.host(name)
        elif kind == "domain":
            made += names.domain(name)
    return made[:400]
