"""``envcheck.check()`` for notebooks and scripts: the Report, and how it shows itself."""

from __future__ import annotations

import html
import sys
from contextlib import closing
from typing import Any

from . import examine
from .model import Report


class Checked:
    """What a check found: ``report``, its ``verdict`` and ``exit_code``. A notebook shows it as a page."""

    def __init__(self, report: Report, told: Report) -> None:
        """``told`` is the report as it may be passed on: a notebook is saved with what it shows."""
        self.report = report
        self._told = told

    @property
    def verdict(self) -> str:
        """ready, degraded, blocked or undecided."""
        return self.report.verdict

    @property
    def exit_code(self) -> int:
        """What the command would exit with."""
        return self.report.exit_code

    def _repr_html_(self) -> str:
        """In a frame of its own: neither may change what the other looks like."""
        from .render import html as page
        from .views import report as views

        inner = html.escape(page.render(views.view(self._told)))
        return f'<iframe srcdoc="{inner}" style="width:100%;height:640px;border:0" title="envcheck"></iframe>'

    def __repr__(self) -> str:
        """As the terminal shows it."""
        from .render import terminal
        from .views import report as views

        return terminal.render(views.view(self._told), None)


def check(python: str | None = None, **asked: Any) -> Checked:
    """Examine an interpreter, the running one unless another is named; it is never imported from here.

    ``asked``: the other fields of :class:`envcheck.examine.Asked`, such as ``quick=True`` or
    ``require="gpu"``. Raises :class:`envcheck.model.Wrong` where it cannot be done as asked.
    """
    if python is None and "from_" not in asked:
        python = sys.executable
    wanted = examine.Asked(python=python, **asked)
    with closing(examine.open_machine(wanted)) as host:
        report = examine.examine(host, wanted)
        return Checked(report, examine.to_be_passed_on(report, host))
