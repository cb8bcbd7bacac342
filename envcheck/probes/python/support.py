"""Which Pythons TensorFlow has wheels for, by the table of releases."""

from __future__ import annotations

from collections.abc import Mapping

from ... import tables
from ...model import Value
from ...operators import dotted
from ...tables.files import Row

#: What may still be asked for is what the newest releases admit. Three minor releases are a year and
#: a half; older ones get no fixes (https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md).
RECENT = 3
#: Minor versions that a specifier of the table is tried with.
_KNOWN = tuple(f"3.{minor}" for minor in range(3, 30))


def newest_supported(facts: Mapping[str, Value]) -> Value:
    """The newest Python that a final TensorFlow release has wheels for here, "3.13"; None where there is
    none.

    How: https://www.tensorflow.org/install/pip
    """
    return max(_recent_pythons(facts), key=dotted, default=None)


def oldest_supported(facts: Mapping[str, Value]) -> Value:
    """The oldest Python that one of the three newest minor releases of TensorFlow has wheels for here,
    "3.9"; None where there is none.

    How: https://www.tensorflow.org/install/pip
    """
    return min(_recent_pythons(facts), key=dotted, default=None)


def _recent_pythons(facts: Mapping[str, Value]) -> list[str]:
    """The Pythons of the newest final releases for this system, ["3.9", "3.10", …]."""
    platform = tables.platform(facts["platform.system"], facts["platform.architecture"])
    rows = [row for row in (tables.releases(platform) if platform else []) if row["python"]]
    series = list(dict.fromkeys(_series(row) for row in rows))[:RECENT]
    specifiers = dict.fromkeys(row["python"] for row in rows if _series(row) in series)
    return [minor for minor in _KNOWN if any(tables.admits(specifier, minor) for specifier in specifiers)]


def _series(row: Row) -> tuple[int, ...]:
    return dotted(row["version"])[:2]


def pip_needed(facts: Mapping[str, Value]) -> Value:
    """The oldest pip that can install the newest TensorFlow for this Python, "20.3"; None where there is
    none, or any can.

    How: https://peps.python.org/pep-0600/
    """
    platform = tables.platform(facts["platform.system"], facts["platform.architecture"])
    newest = facts["tensorflow.newest_for_python"]
    row = tables.release("tensorflow", newest, platform) if newest and platform else None
    return row and row["pip"]


FACTS = (newest_supported, oldest_supported, pip_needed)
