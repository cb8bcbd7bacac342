"""Text in HTML, SVG and XML."""

from __future__ import annotations

import html

from . import plain


def escape(text: str) -> str:
    """``text`` as it is shown, between tags and in attributes; without control characters."""
    return html.escape(plain.escape(text))
