"""Local files that an import takes in place of the real module."""

from __future__ import annotations

from collections.abc import Mapping

from ...host import Host
from ...model import Value
from .inventory import topic


def shadows(host: Host) -> Value:
    """Files and folders in the working directory or on PYTHONPATH that hide a module which TensorFlow
    imports: a list of {module, path, kind}; ``kind`` is "standard" (a module of Python itself) or
    "package". [] where there are none.

    How: python -c "import random, tensorflow; print(random.__file__, tensorflow.__file__)"
    """
    return topic(host, "shadows")["found"]


def shadow_paths(facts: Mapping[str, Value]) -> Value:
    """The paths of those files and folders; [] where there are none.

    How: python -c "import random, tensorflow; print(random.__file__, tensorflow.__file__)"
    """
    return [item["path"] for item in facts["python.shadows"]]


FACTS = (shadows, shadow_paths)
