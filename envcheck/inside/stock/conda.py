"""What conda says it has installed."""

import os
import sys


def tell_conda():
    """The packages that conda installed: name, version, build."""
    names = [name[:-5] for name in names_in(os.path.join(sys.prefix, "conda-meta")) if name.endswith(".json")]
    parts = [name.rsplit("-", 2) for name in names]
    emit("conda", packages=[part for part in parts if len(part) == 3])
