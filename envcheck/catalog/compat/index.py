"""The package index that pip is configured for: which wheels there are (PEP 503, PEP 691)."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from typing import NamedTuple
from urllib.parse import unquote, urldefrag, urljoin

import httpx
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

_LINK = re.compile(r"<a\s([^>]*)>([^<]*)</a>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')
_DEFAULT = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
_JSON = "application/vnd.pypi.simple.v1+json"


class Wheel(NamedTuple):
    """One wheel of the index."""

    package: str
    version: Version
    tags: frozenset[Tag]
    filename: str
    url: str
    sha256: str
    requires_python: str
    yanked: bool


def pip_index() -> str:
    """The index URL pip would use: PIP_INDEX_URL, its configuration files, its own default."""
    lines = _pip("-m", "pip", "config", "list").splitlines()
    said = {key: value.strip("'\"") for key, _, value in (line.partition("=") for line in lines)}
    for key in (":env:.index-url", "install.index-url", "global.index-url"):
        if key in said:
            return said[key]
    return _pip("-c", _DEFAULT).strip()


def _pip(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def wheels(client: httpx.Client, index: str, package: str) -> list[Wheel]:
    """All wheels of the package, in the order of the index; [] where it has no such project."""
    page = f"{index.rstrip('/')}/{canonicalize_name(package)}/"
    answer = client.get(page, headers={"Accept": f"{_JSON}, text/html;q=0.5"})
    if answer.status_code == 404:
        return []
    answer.raise_for_status()
    is_json = answer.headers.get("content-type", "").startswith(_JSON)
    found = _from_json(answer.text, str(answer.url)) if is_json else _from_html(answer.text, str(answer.url))
    return [wheel for wheel in (_wheel(package, *entry) for entry in found) if wheel]


#: filename, url with its hash, requires-python, yanked
_Entry = tuple[str, str, str, bool]


def _from_html(text: str, page: str) -> list[_Entry]:
    entries = []
    for attributes, name in _LINK.findall(text):
        said = {key.lower(): html.unescape(value) for key, value in _ATTRIBUTE.findall(attributes)}
        url = urljoin(page, said.get("href", ""))
        entries.append((name.strip(), url, said.get("data-requires-python", ""), "data-yanked" in said))
    return entries


def _from_json(text: str, page: str) -> list[_Entry]:
    return [
        (
            file["filename"],
            urljoin(page, file["url"]) + "#sha256=" + file["hashes"].get("sha256", ""),
            file.get("requires-python") or "",
            bool(file.get("yanked")),
        )
        for file in json.loads(text)["files"]
    ]


def _wheel(package: str, filename: str, url: str, requires_python: str, yanked: bool) -> Wheel | None:
    """None for source archives and for names that break the rules of the format."""
    try:
        _, version, _, tags = parse_wheel_filename(unquote(filename))
    except InvalidWheelFilename:
        return None
    plain, fragment = urldefrag(url)
    digest = fragment.partition("sha256=")[2]
    return Wheel(package, version, tags, filename, plain, digest, requires_python, yanked)
