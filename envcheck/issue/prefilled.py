"""The address that opens a tracker's form with its text fields filled in.

Text fields only: a drop-down in the address makes GitHub show an empty form, and an address longer than
about 8,190 characters is refused (414).
Sources: docs.github.com, "Creating an issue from a URL query"; github.com/sindresorhus/np issue 501.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from . import Issue, body

LONGEST = 8_000
#: Fields that may be shortened, the least valuable first; what is asked for stays.
LEAST_FIRST = ("logs", "what-happened", "code-to-reproduce")
LEFT_OUT = "[shortened: the whole text is in the report]"


def address(issue: Issue, longest: int = LONGEST) -> str:
    """The address, at most ``longest`` characters."""
    base = f"https://github.com/{issue.tracker.repository}/issues/new?"
    if issue.tracker.template is None:
        return _fitted(base, {"title": issue.title, "body": body(issue)}, ("body",), longest)
    fields = {"template": issue.tracker.template, "title": issue.title, **issue.texts}
    return _fitted(base, fields, LEAST_FIRST, longest)


def _fitted(base: str, fields: dict[str, str], order: tuple[str, ...], longest: int) -> str:
    for name in (*order, *(other for other in reversed(list(fields)) if other not in order)):
        whole = base + _query(fields)
        if len(whole) <= longest:
            return whole
        if name in fields and name != "template":
            fields = _without(fields, name, len(whole) - longest)
    return (base + _query({key: fields[key] for key in ("template", "title") if key in fields}))[:longest]


def _without(fields: dict[str, str], name: str, too_much: int) -> dict[str, str]:
    """The field shortened so that the address gets ``too_much`` characters shorter; or without it."""
    text, mark = fields[name], "\n" + LEFT_OUT
    room = len(quote(text)) - too_much - len(quote(mark))
    kept = text
    while kept and len(quote(kept)) > room:
        kept = kept[: max(0, min(len(kept) - 1, int(len(kept) * room / max(1, len(quote(kept))))))]
    rest = {key: value for key, value in fields.items() if key != name}
    return {**rest, name: kept.rstrip() + mark} if len(kept) > 40 else rest


def _query(fields: dict[str, str]) -> str:
    return urlencode(fields, quote_via=quote)
