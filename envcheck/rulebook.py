"""All rules: ``rules/<layer>/<cause>.toml``, read into :class:`~envcheck.model.Rule`.

The product reads the fixes of a rule when they are asked for, and its examples never; ``load(examples=True)``
reads and checks all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property, partial
from typing import overload

from . import own_files, rule_file
from .model import RULE_LAYERS, Fix, Rule, Wrong
from .own_files import Folder


class Fixes(Sequence[Fix]):
    """The fixes of a rule, read when they are first asked for: of most rules nobody does."""

    def __init__(self, read: Callable[[], tuple[Fix, ...]]) -> None:
        self._read = read

    @cached_property
    def all(self) -> tuple[Fix, ...]:
        """All of them. Raises ``Wrong`` where their part of the file is broken."""
        return self._read()

    @overload
    def __getitem__(self, index: int) -> Fix: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Fix, ...]: ...
    def __getitem__(self, index: int | slice) -> Fix | tuple[Fix, ...]:
        return self.all[index]

    def __len__(self) -> int:
        return len(self.all)

    def __eq__(self, other: object) -> bool:
        return self.all == (other.all if isinstance(other, Fixes) else other)

    def __hash__(self) -> int:
        return hash(self.all)


def load(folder: Folder | None = None, examples: bool = False, texts: bool = True) -> tuple[Rule, ...]:
    """All rules, from the lowest layer up and by name within a layer.

    ``folder`` is for tests. With ``examples`` the examples are read too, and what costs time is
    checked: regular expressions and version specifiers. Without ``texts`` blocks on text are left out:
    where there is no log they never hold. Raises ``Wrong``.
    """
    root = rules_folder() if folder is None else folder
    if folder is None and isinstance(root, str):
        return _of_folder(root, examples, texts)
    return _load(root, examples, texts)


@cache
def _of_folder(root: str, examples: bool, texts: bool) -> tuple[Rule, ...]:
    return _load(root, examples, texts)


def _load(root: Folder, examples: bool, texts: bool) -> tuple[Rule, ...]:
    read = _whole if examples else partial(_without_fixes, texts=texts)
    rules = tuple(read(root, layer, cause) for layer, cause in _files(root))
    if not rules:
        raise Wrong(f"there are no rules in {root}")
    return rules


def rules_folder() -> Folder:
    """The folder of the rules, and of the tables."""
    return own_files.folder("rules")


def _whole(root: Folder, layer: str, cause: str) -> Rule:
    return rule_file.parse(_text_of(root, layer, cause), layer, cause, examples=True)


def _without_fixes(root: Folder, layer: str, cause: str, texts: bool) -> Rule:
    def fixes() -> tuple[Fix, ...]:  # reads it again, for a rule that holds: 1.4 MB of text kept costs more
        return tuple(rule_file.parse(_text_of(root, layer, cause), layer, cause).fixes)

    return rule_file.head(_text_of(root, layer, cause), layer, cause, texts)._replace(fixes=Fixes(fixes))


def _files(root: Folder) -> Iterator[tuple[str, str]]:
    seen: dict[str, str] = {}
    layers = _names(root)
    for layer in (layer for layer in RULE_LAYERS if layer in layers):
        for file in sorted(name for name in _names(root, layer) if name.endswith(".toml")):
            cause = file[: -len(".toml")]
            if seen.setdefault(cause, layer) != layer:
                raise Wrong(f"rules/{layer}/{file}: the cause is also in rules/{seen[cause]}")
            yield layer, cause


def _names(root: Folder, *below: str) -> list[str]:
    try:
        return own_files.names(root, *below)
    except FileNotFoundError:
        raise Wrong(f"the rules folder {root} cannot be read: there is no such folder") from None
    except OSError as error:
        raise Wrong(f"the rules folder {root} cannot be read: {error.strerror or error}") from None


def _text_of(root: Folder, layer: str, cause: str) -> str:
    try:
        return own_files.text(root, layer, f"{cause}.toml")
    except (OSError, UnicodeDecodeError) as error:
        raise Wrong(f"rules/{layer}/{cause}.toml cannot be read: {error}") from None
