"""What the user wants, as facts: ``--require`` and ``envcheck.toml`` become ``wanted.*``.

What is not given is worked out (``gpu``) or absent: nothing in particular is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .model import Known, Value, Wrong
from .rulebook import read_toml
from .words import mark, say


def gpu(facts: Mapping[str, Value]) -> Known:
    """GPUs that are wanted, a number; 0 is none. One where the machine has an NVIDIA GPU.

    How: envcheck --require gpu|gpu=N|cpu
    """
    gpus = facts["hardware.gpus"]
    if not gpus:
        return Known(0, ("auto: there is no NVIDIA GPU",))
    return Known(1, (f"auto: {gpus[0].get('bus_id') or gpus[0].get('name')} is an NVIDIA GPU",))


def python() -> None:
    """The Python that is wanted, a PEP 440 specifier; absent where any will do.

    How: cat envcheck.toml
    """


def tensorflow() -> None:
    """The TensorFlow that is wanted, a PEP 440 specifier; absent where any will do.

    How: cat envcheck.toml
    """


def memory_gb() -> None:
    """The memory that each wanted GPU must have, in GiB; absent where any will do.

    How: cat envcheck.toml
    """


#: ``wanted.*`` facts where the user does not say.
FACTS: tuple[Callable[..., Value], ...] = (gpu, python, tensorflow, memory_gb)


def given(require: str = "auto", config: str | None = None, file: str = "envcheck.toml") -> dict[str, Known]:
    """The ``wanted.*`` facts that the user names: ``--require``, which outweighs the file.

    ``config`` is the text of the file, ``file`` its name in messages. Raises ``Wrong`` where either
    cannot be understood, naming line and key.
    """
    facts = {} if config is None else _from_file(config, file)
    facts.update(_from_option(require))
    return facts


def _from_option(require: str) -> dict[str, Known]:
    """``gpu`` is ``gpu=1``, ``cpu`` is ``gpu=0``; ``auto`` leaves the question open."""
    if require == "auto":
        return {}
    asked = re.fullmatch(r"cpu|gpu(?:=([1-9][0-9]{0,3}))?", require)
    if not asked:
        raise Wrong(say("--require {value}: it is auto, cpu, gpu or gpu=N with N from 1 on", value=require))
    number = 0 if require == "cpu" else int(asked[1] or 1)
    return {"wanted.gpu": Known(number, (f"--require {require}",))}


# --- envcheck.toml ------------------------------------------------------------------------------


def _count(value: Value) -> str | None:
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if whole else mark("must be a whole number from 0 on")


def _amount(value: Value) -> str | None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
    return None if number else mark("must be a number above 0")


def _specifier(value: Value) -> str | None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # slow to import, rarely needed

    try:
        SpecifierSet(value)
    except (InvalidSpecifier, TypeError, AttributeError):
        return mark('must be a version specifier such as ">=3.10,<3.14"')
    return None


#: What a file may say: section and key → the fact, and what is wrong with a value, if anything.
KEYS: Mapping[tuple[str, str], tuple[str, Callable[[Value], str | None]]] = {
    ("gpu", "count"): ("wanted.gpu", _count),
    ("gpu", "memory_gb"): ("wanted.memory_gb", _amount),
    ("python", "version"): ("wanted.python", _specifier),
    ("tensorflow", "version"): ("wanted.tensorflow", _specifier),
}


def _from_file(text: str, file: str) -> dict[str, Known]:
    try:
        table = read_toml(text)
    except ValueError as error:
        raise Wrong(say("{file} is not TOML: {error}", file=file, error=error)) from None
    return dict(_facts(table, text, file))


def _facts(table: Mapping[str, Any], text: str, file: str) -> Iterator[tuple[str, Known]]:
    sections = sorted({section for section, _ in KEYS})
    for section, keys in table.items():
        place = _at(text, file, section)
        if section not in sections:
            raise Wrong(
                say("{place}: unknown section; it is one of {known}", place=place, known=", ".join(sections))
            )
        if not isinstance(keys, dict):
            raise Wrong(say("{place}: must be a section: [{section}]", place=place, section=section))
        for key, value in keys.items():
            yield _fact(section, key, value, text, file)


def _fact(section: str, key: str, value: Value, text: str, file: str) -> tuple[str, Known]:
    place = _at(text, file, section, key)
    if (section, key) not in KEYS:
        known = ", ".join(other for of, other in KEYS if of == section)
        raise Wrong(say("{place}: unknown key; it is one of {known}", place=place, known=known))
    name, wrong = KEYS[section, key]
    complaint = wrong(value)
    if complaint:
        raise Wrong(say("{place}: {error}", place=place, error=complaint))
    return name, Known(value, (f"{file} line {_line(text, section, key)}",))


def _at(text: str, file: str, section: str, key: str | None = None) -> str:
    return f"{file} line {_line(text, section, key)}: {section}{'.' + key if key else ''}"


def _line(text: str, section: str, key: str | None = None) -> int:
    """The line, from 1, on which ``key`` of ``[section]`` stands; that of the section where it is hidden.

    tomllib keeps no positions. Only the plain spellings are looked for: a header with keys under it,
    ``section.key = …`` and ``section = …``.
    """
    current, found = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[+\s*([^\]]*?)\s*\]", line)
        if header:
            current = header[1].strip("\"'")
        names = re.match(r"\s*([\w\"'.-]+(?:\s*\.\s*[\w\"'-]+)*)\s*=", line)
        path = [] if not names else [part.strip(" \"'") for part in names[1].split(".")]
        path = [current, *path] if current else path
        if key is not None and path[:2] == [section, key]:
            return number
        if path[:1] == [section]:
            found = found or number
    return found or 1
