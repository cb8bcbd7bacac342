"""The words a person reads: English in the code, other languages in ``locale/``.

This is the only module that holds the language in use. A sentence is a constant with
``{name}`` places, so that it can be looked up: ``say("no answer within {seconds} s", seconds=10)``.
English needs no catalogue, so an English start pays nothing for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .model import Text, Unknown, Value, fill

#: The languages there are; the first is the one the code is written in.
LANGUAGES = ("en", "zh")


class _InUse:
    """The one piece of state: the language, and how to look a sentence up in it."""

    language = "en"
    look_up: Callable[[str], str] | None = None


def use(language: str) -> None:
    """Speak ``language`` (one of ``LANGUAGES``) from now on."""
    _InUse.language = language
    _InUse.look_up = _catalogue(language) if language != "en" else None


def language() -> str:
    """The language in use, one of ``LANGUAGES``."""
    return _InUse.language


def say(sentence: str, **values: Value) -> str:
    """The constant ``sentence`` in the language in use, its ``{name}`` places filled in.

    A value that is itself a sentence of the catalogue is translated, too.
    """
    look_up = _InUse.look_up
    if look_up is None:
        return fill(sentence, values)
    for name, value in values.items():
        if value and isinstance(value, str):
            values[name] = look_up(value)
    return fill(look_up(sentence), values)


def mark(sentence: str) -> str:
    """Mark a constant for translation that ``say`` meets only later; returns it as it is."""
    return sentence


def pick(text: Text) -> str:
    """A rule's text in the language in use, or in English where it has no other."""
    return text.zh if _InUse.language == "zh" and text.zh else text.en


def reason(unknown: Unknown) -> str:
    """Why a fact is unknown, in the language in use."""
    return say(unknown.sentence, **unknown.values)


def preferred(environment: Mapping[str, str]) -> str:
    """The language that the locale variables ask for; English where they name none of ours.

    As gettext reads them: LANGUAGE is a list and counts only where a locale is set at all.
    https://www.gnu.org/software/gettext/manual/html_node/The-LANGUAGE-variable.html
    """
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((environment[name] for name in names if environment.get(name)), "")
    if locale.split(".")[0] in ("", "C", "POSIX"):
        return "en"
    for wanted in (*environment.get("LANGUAGE", "").split(":"), locale):
        if wanted[:2].lower() in LANGUAGES:
            return wanted[:2].lower()
    return "en"


def _catalogue(language: str) -> Callable[[str], str]:
    """The compiled catalogue's look-up, read through the importer, so that a zip will do."""
    import gettext
    import io
    import pkgutil

    compiled = pkgutil.get_data("envcheck", f"locale/{language}/LC_MESSAGES/envcheck.mo")
    return gettext.GNUTranslations(io.BytesIO(compiled or b"")).gettext
