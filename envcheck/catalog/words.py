"""The catalogues in ``locale/``: what is said in the code goes in, what is translated gets compiled.

``python -m envcheck.catalog words`` after any change of a sentence; new ones then stand in the .po
file without a translation, and a test fails until they have one. Needs babel.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from ..words import LANGUAGES

PACKAGE = Path(__file__).parent.parent
LOCALE = PACKAGE / "locale"
#: Functions whose argument is a sentence, and which argument it is.
KEYWORDS = {"say": None, "mark": None, "NoAnswer": (2,), "Unknown": (2,)}


def sentences() -> Catalog:
    """All sentences in the code."""
    found = Catalog(project="envcheck", fuzzy=False)
    for file, _, sentence, _, _ in extract_from_dir(PACKAGE, [("**.py", "python")], keywords=KEYWORDS):
        if not file.startswith("inside"):
            found.add(sentence)
    return found


def po(language: str) -> Path:
    """The catalogue that people edit; the compiled one lies beside it."""
    return LOCALE / language / "LC_MESSAGES" / "envcheck.po"


def read(language: str) -> Catalog:
    """What there is of a language."""
    path = po(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> Catalog:
    """Take new sentences in and old ones out, sort, and compile."""
    catalog = read(language)
    catalog.update(sentences(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    with po(language).open("wb") as file:
        write_po(file, catalog, sort_output=True, no_location=True, width=0, omit_header=False)
    with po(language).with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)
    return catalog


def untranslated(catalog: Catalog) -> list[str]:
    """The sentences that a language lacks."""
    return [str(message.id) for message in catalog if message.id and not message.string]


def main(_: Sequence[str] = ()) -> None:
    """Bring every catalogue up to date, and say what it lacks."""
    for language in LANGUAGES[1:]:
        missing = untranslated(update(language))
        print(f"{language}: {len(missing)} without a translation", *missing, sep="\n  ")


if __name__ == "__main__":
    main()
