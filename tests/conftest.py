"""For all tests: none writes into the state folder of who runs them, or leaves another language behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

from envcheck import words

os.environ["ENVCHECK_NO_HISTORY"] = "1"
os.environ["XDG_STATE_HOME"] = os.path.join(tempfile.gettempdir(), "envcheck-tests-state")

# CI tries the same examples each time: what it says depends on the change alone.
settings.register_profile("fixed", derandomize=True, deadline=None)
if os.environ.get("ENVCHECK_FIXED_EXAMPLES"):
    settings.load_profile("fixed")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """A test that speaks another language leaves none behind."""
    yield
    words.use("en")
