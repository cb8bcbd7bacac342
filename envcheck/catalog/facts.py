"""docs/facts.md, from the probes' own docstrings."""

from __future__ import annotations

import inspect

from ..model import LAYER_NAMES
from ..probes import Probe, registry

HEAD = """# Facts

What envcheck looks at, bottom-up. Generated from the probes by `make docs`. Rules speak of facts by these
names; a fact's value is one JSON value, `null` where envcheck looked and there is none, and a fact may be
*unknown*, with a reason.
"""


def page() -> str:
    """The whole page as Markdown: a table for each layer."""
    found = registry()
    parts = [HEAD]
    for layer in (*LAYER_NAMES, "wanted"):
        rows = [_row(name, probe) for name, probe in found.items() if name.startswith(layer + ".")]
        parts.append(
            "\n".join(
                [
                    f"## {layer}",
                    "",
                    "| fact | what it is | how to see it yourself |",
                    "| --- | --- | --- |",
                    *rows,
                ]
            )
        )
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _row(name: str, probe: Probe) -> str:
    what, how = described(probe)
    return f"| `{name}` | {_cell(what)} | {f'`{_cell(how)}`' if how else ''} |"


def described(probe: Probe) -> tuple[str, str | None]:
    """A probe's documentation (its docstring's first paragraph) and its ``How:`` command."""
    lines = [line.strip() for line in (inspect.getdoc(probe) or "").splitlines()]
    how = next((line[len("How:") :].strip(" `") for line in lines if line.startswith("How:")), None)
    first: list[str] = []
    for line in lines:
        if not line or line.startswith("How:"):
            break
        first.append(line)
    return " ".join(first), how


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("``", "`")
