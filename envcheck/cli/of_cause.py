"""``envcheck explain CAUSE``: the page of a cause, with ``--why-not`` as it fares on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING

from .. import examine
from .out import Out, watched

if TYPE_CHECKING:
    from ..cause_page import Page


def of_cause(
    name: str, out: Out, why_not: examine.Asked | None, given: Iterable[str] = (), verbose: bool = False
) -> int:
    """Show the page. ``why_not``: how to look at the machine; without it ``given`` facts count, if any."""
    from .. import cause_page

    page = cause_page.page(name)  # a name that there is not is said before anything is examined
    if why_not:
        page = _here(page, out, why_not)
    elif given:
        page = _given(page, given)
    from ..render import cause_data
    from ..views import cause as views

    out.put(lambda: views.view(page, verbose), lambda: cause_data.record(page))
    return 0


def _here(page: Page, out: Out, asked: examine.Asked) -> Page:
    from .. import cause_page, nouns
    from ..redact import redact

    with closing(examine.open_machine(asked)) as host:
        with watched(out.format) as watch:
            report = examine.examine(host, asked, watch)
        found = report, cause_page.judged(page.rule, report, examine.log(host))
        told = nouns.changed(found, redact) if out.stays_here else examine.to_be_passed_on(found, host)
    return page._replace(report=told[0], judged=told[1])


def _given(page: Page, pairs: Iterable[str]) -> Page:
    from .. import cause_page, diagnose, given
    from ..given import follow
    from ..model import Target

    facts = dict(follow.follow(given.options(pairs, follow.names())[0]))
    report = diagnose.diagnose(facts, page.rules, None, target=Target("python", "--given"))
    return page._replace(report=report, judged=cause_page.judged(page.rule, report, None))
