"""``envcheck.toml``, or ``[tool.envcheck]`` in a pyproject.toml, read into ``wanted.*`` facts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..formats.metadata import canonical
from ..model import Known, Value, Wrong
from ..rule_file import read_toml
from ..words import mark, say
from . import keys, lines


class Demand(NamedTuple):
    """What one key asks for, and where: ``envcheck.toml line 3``."""

    section: str
    key: str
    value: Value
    at: str

    @property
    def name(self) -> str:
        """As reports name it: ``gpu.count``."""
        return f"{self.section}.{self.key}"


class _File(NamedTuple):
    """A text and its name; ``root``: the table in it that is ours."""

    text: str
    name: str
    root: tuple[str, ...]

    def at(self, *path: str) -> str:
        return f"{self.name} line {lines.of(self.text, (*self.root, *path))}"

    def wrong(self, path: tuple[str, ...], sentence: str, **values: Value) -> Wrong:
        place = f"{self.at(*path)}: {'.'.join(path)}"
        return Wrong(say("{place}: {error}", place=place, error=say(sentence, **values)))


def facts(text: str, name: str) -> dict[str, Known]:
    """The ``wanted.*`` facts that the file ``name`` gives. Raises ``Wrong``, naming line and key."""
    demands = list(_demands(*_ours(text, name)))
    _is_complete(demands)
    found = {f"wanted.{keys.KEYS[d.section, d.key].fact}": Known(d.value, (d.at,)) for d in _plain(demands)}
    for section, key in keys.NAMED.items():
        named = [d for d in demands if d.section == section]
        if named:
            found[f"wanted.{key.fact}"] = Known({d.key: d.value for d in named}, tuple(d.at for d in named))
    if "wanted.gpu" not in found:
        found.update(_implied_gpu(demands))
    found.update(_speed(found))
    found["wanted.places"] = Known({d.name: d.at for d in demands}, (name,))
    return found


def _plain(demands: list[Demand]) -> list[Demand]:
    return [d for d in demands if d.section not in keys.NAMED]


def _implied_gpu(demands: list[Demand]) -> dict[str, Known]:
    """Who asks for a GPU with so much memory asks for a GPU."""
    about = [d for d in demands if d.name in keys.OF_A_GPU]
    return {"wanted.gpu": Known(1, (about[0].at,))} if about else {}


def _speed(found: Mapping[str, Known]) -> dict[str, Known]:
    """A share of the expected speed is a speed: the least that is asked for, in images per second."""
    share, expected = found.get("wanted.of_expected"), found.get("wanted.expected_samples_per_s")
    if share is None or expected is None:
        return {}
    least = round(share.value * expected.value, 1)
    plain = found.get("wanted.samples_per_s")
    if plain is not None and plain.value >= least:
        return {}
    return {"wanted.samples_per_s": Known(least, (*share.source, *expected.source))}


def _is_complete(demands: list[Demand]) -> None:
    """A share of nothing, and a speed that is expected and not asked for, say nothing."""
    named = {d.name: d for d in demands}
    share, expected = named.get("training.of_expected"), named.get("training.expected_samples_per_s")
    if share and not expected:
        raise Wrong(
            say(
                "{place}: {error}",
                place=f"{share.at}: {share.name}",
                error=say("needs training.expected_samples_per_s beside it"),
            )
        )


# --- from the text to the demands ----------------------------------------------------------------


def _ours(text: str, name: str) -> tuple[Mapping[str, Any], _File]:
    try:
        whole = read_toml(text)
    except ValueError as error:
        raise Wrong(say("{file} is not TOML: {error}", file=name, error=error)) from None
    except RecursionError:
        raise Wrong(say("{file} is not TOML: {error}", file=name, error=say("nested too deeply"))) from None
    if not re.search(r"(^|[/\\])pyproject\.toml$", name):
        return whole, _File(text, name, ())
    tools = whole.get("tool")
    table = tools.get("envcheck") if isinstance(tools, dict) else None
    if not isinstance(table, dict):
        raise Wrong(say("{file} has no section [tool.envcheck]", file=name))
    return table, _File(text, name, ("tool", "envcheck"))


def _demands(table: Mapping[str, Any], file: _File) -> Iterator[Demand]:
    for section, content in table.items():
        if section not in keys.sections():
            raise file.wrong(
                (section,), mark("unknown section; it is one of {known}"), known=", ".join(keys.sections())
            )
        if not isinstance(content, dict):
            raise file.wrong((section,), mark("must be a section: [{section}]"), section=section)
        for key, value in content.items():
            yield _demand(section, key, value, file)


def _demand(section: str, key: str, value: Value, file: _File) -> Demand:
    path = (section, key)
    found = keys.NAMED.get(section) or keys.KEYS.get(path)
    if found is None:
        raise file.wrong(
            path, mark("unknown key; it is one of {known}"), known=", ".join(keys.of_section(section))
        )
    complaint = _bad_name(section, key) or found.wrong(value)
    if complaint:
        raise file.wrong(path, complaint)
    return Demand(section, canonical(key) if section == "packages" else key, value, file.at(*path))


def _bad_name(section: str, key: str) -> str | None:
    """What is wrong with a name that the user gives."""
    allowed = {"packages": r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", "environment": r"[^=\0]+"}
    if re.fullmatch(allowed.get(section, r"[^\0]+"), key):
        return None
    return mark("is no name that can be looked for")
