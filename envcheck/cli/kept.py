"""What is kept of a check for ``envcheck diff``, and what an earlier one says on the page."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from .. import examine
from ..host import Host
from ..model import Report
from ..words import say


class Kept(NamedTuple):
    """``report``: the redacted report; None: nothing is kept. ``ready``: when it last was ready."""

    report: Report | None = None
    python: str = ""
    ready: str | None = None

    def note(self) -> tuple[str, ...]:
        """A line for the page, in the language in use; none where it never was ready."""
        if self.ready is None:
            return ()
        return (say("It was ready on {date}; `envcheck diff` says what changed since.", date=self.ready),)

    def keep(self) -> None:
        """Keep it, if that can be done."""
        if self.report is not None:
            from .. import history
            from ..render import data

            history.keep(data.report(self.report), self.python)


def run(report: Report, told: Report | None, host: Host, asked: Any, off: bool) -> Kept:
    """What is to be kept of a check of this machine. ``told``: the redacted report, where there is one."""
    from .. import history

    if off or asked.from_ is not None or history.is_off(os.environ) or history.folder() is None:
        return Kept()
    python = report.target.python
    slim = history.worth_keeping(told or report)
    if told is None:
        slim = history.redacted(slim, lambda part: examine.to_be_passed_on(part, host))
    ready = history.was_ready(python) if report.verdict != "ready" else None
    return Kept(slim, python, ready and ready.when[:10])
