"""envcheck's command line inside this process, with click 8.1 as with later ones."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from click.testing import CliRunner, Result

from envcheck.cli import cli


def invoke(*args: str, env: Mapping[str, str] | None = None) -> Result:
    """Run ``envcheck`` with ``args``; standard output and standard error are kept apart."""
    apart = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}
    return CliRunner(**apart).invoke(cli, list(args), env=env)
