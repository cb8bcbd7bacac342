"""Rows → CSV as RFC 4180 has it, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from . import plain

#: What a spreadsheet would take for a formula: https://owasp.org/www-community/attacks/CSV_Injection
#: (with the wide forms of East Asian keyboards, which some programs take for the same).
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
#: By this Excel knows that a file is UTF-8; it reads other files in the code page of its system.
BOM = "\ufeff"


def text(columns: Sequence[str], rows: Iterable[Sequence[str]], for_file: bool = False) -> str:
    """The table, its first line the columns' names; ``for_file``: marked as UTF-8 where that matters."""
    made = io.StringIO()
    writer = csv.writer(made)  # the default dialect: commas, CRLF, quotes where they are needed
    writer.writerow([escape(column) for column in columns])
    writer.writerows([escape(cell) for cell in row] for row in rows)
    told = made.getvalue()
    return BOM + told if for_file and not told.isascii() else told


def escape(cell: str) -> str:
    """``cell`` as one line of plain text: with a ' before it where it would be calculated."""
    cell = " ".join(plain.escape(cell).split())
    return "'" + cell if FORMULA.match(cell) else cell
