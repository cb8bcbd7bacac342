"""envcheck finds out why TensorFlow does not see the GPU."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def check(**asked: Any) -> Any:
    """Examine this notebook's or script's interpreter; see :func:`envcheck.notebook.check`."""
    from .notebook import check as run  # late: who starts the command pays nothing for it

    return run(**asked)
