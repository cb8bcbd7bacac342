"""What was recognised once, to be hidden wherever and however it stands."""

from __future__ import annotations

import re

from . import encoded, secrets
from .step import Book, Step


def steps(book: Book) -> list[Step]:
    """Every secret that is long enough to be no word, as it is, escaped, and in base64."""
    new: dict[str, str] = {}
    for (kind, secret), placeholder in book.given.items():
        if kind in secrets.KINDS:
            for part in _parts(kind, secret):
                for spelled in encoded.spellings(part):
                    new.setdefault(spelled, placeholder)
    if not new:
        return []
    longest_first = sorted(new, key=lambda spelled: (-len(spelled), spelled))
    either = "|".join(_bounded(spelled) for spelled in longest_first)
    return [
        Step("secret", f"(?P<x>{either})", instead=new.__getitem__),
        Step("credentials", encoded.BASE64, (), lambda found: not _holds_one(found["x"], longest_first)),
    ]


def _parts(kind: str, secret: str) -> list[str]:
    """``secret``, and of a user's name and password the password alone."""
    whole = (encoded.decoded(secret) or "") if kind == "credentials" else ""
    logins = (re.fullmatch(r"[^\s:]*:(\S+)", text) for text in (secret, whole) if kind == "credentials")
    parts = [secret, *(login[1] for login in logins if login)]
    return [part for part in parts if _is_telling(part)]


def _is_telling(secret: str) -> bool:
    """Whether it stands for itself alone: neither short nor a word nor a number."""
    if re.fullmatch(r"[A-Za-z]?[a-z]{0,20}|\d{1,12}|<.*>", secret):
        return False
    return len(secret) >= 8 or (
        len(secret) >= 6 and bool(re.search(r"\d", secret) and re.search(r"[A-Za-z]", secret))
    )


def _bounded(secret: str) -> str:
    """Short ones must not be part of a longer word."""
    return re.escape(secret) if len(secret) >= 10 else rf"(?<![A-Za-z0-9]){re.escape(secret)}(?![A-Za-z0-9])"


def _holds_one(text: str, known: list[str]) -> bool:
    return encoded.holds(text, lambda plain: any(secret in plain for secret in known))


def short_uuids(book: Book, whole: str) -> list[Step]:
    """CUDA_VISIBLE_DEVICES takes the beginning of a UUID: it gets the placeholder of the whole."""
    if "GPU-" not in whole and "MIG-" not in whole:
        return []

    def full(start: str) -> str:
        known = (new for (kind, uuid), new in book.given.items() if kind == "uuid" and uuid.startswith(start))
        return next(known, None) or book.placeholder("uuid", start)

    return [
        Step(
            "uuid", r"\b(?:GPU|MIG)-(?P<x>[0-9a-f]{4,}(?:-[0-9a-f]*)*)(?!\w)", ("gpu-", "mig-"), instead=full
        )
    ]
