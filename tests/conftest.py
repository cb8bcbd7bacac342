"""For all tests: none writes into the state folder of who runs them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import pytest

from envcheck import words

os.environ["ENVCHECK_NO_HISTORY"] = "1"
os.environ["XDG_STATE_HOME"] = os.path.join(tempfile.gettempdir(), "envcheck-tests-state")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """A test that speaks another language leaves none behind."""
    yield
    words.use("en")
