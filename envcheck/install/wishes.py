"""What the user asked of a plan."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..model import Wrong
from ..words import say

#: Where the new environment lies unless the user says otherwise.
INTO = ".venv-tensorflow"
TENSORFLOW = "tensorflow"

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(\[[\w,\s.-]*\])?\s*([^;\[\]]*)")


class Wishes(NamedTuple):
    """Everything is optional: nothing asked for means the newest that fits, for the GPU if there is one.

    ``wanted``: requirements, ``"tensorflow>=2.16,<2.20"`` or of another package that must be there, too;
    ``python_version``: ``"3.12"``; ``mirror``: a name of mirrors.toml or an address; ``prefer``: ``"pip"``
    or ``"uv"``; ``into``: the new environment's folder. What only the machine can tell: ``interpreter``, a
    Python of ``python_version`` that is installed, ``has_uv``, whether uv is, and ``free_mb``, the space
    where the folder will lie.
    """

    wanted: tuple[str, ...] = ()
    python_version: str | None = None
    mirror: str | None = None
    cpu: bool = False
    prefer: str | None = None
    into: str | None = None
    interpreter: str | None = None
    has_uv: bool = False
    free_mb: float | None = None

    @property
    def tensorflow(self) -> str:
        """What is wanted of TensorFlow itself, a PEP 440 specifier; "" where any will do."""
        return ",".join(spec for name, spec in map(_split, self.wanted) if name == TENSORFLOW and spec)

    @property
    def others(self) -> tuple[str, ...]:
        """The other packages that are wanted, as requirements."""
        return tuple(text.strip() for text in self.wanted if _split(text)[0] != TENSORFLOW)


def checked(requirement: str) -> str:
    """The requirement, or :class:`Wrong` where it is none."""
    from packaging.requirements import InvalidRequirement, Requirement  # slow to import, rarely needed

    try:
        parsed = Requirement(requirement)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise Wrong(
            say(
                '--wanted {requirement}: it must be such as "tensorflow>=2.16,<2.20" ({reason})',
                requirement=requirement,
                reason=reason,
            )
        ) from None
    if parsed.url or parsed.marker:
        raise Wrong(
            say("--wanted {requirement}: only a name and its versions are allowed", requirement=requirement)
        )
    return requirement


def name_of(requirement: str) -> str:
    """The canonical name: ``"Tensorflow[and-cuda]>=2.16"`` → ``"tensorflow"``."""
    return _split(requirement)[0]


def _split(requirement: str) -> tuple[str, str]:
    parts = _REQUIREMENT.match(requirement)
    if parts is None:
        return requirement, ""
    return re.sub(r"[-_.]+", "-", parts[1]).lower(), parts[3].strip(" ()")
