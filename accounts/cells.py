"""Cells of files that people open in a spreadsheet."""

import unicodedata


def text_cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula, not in its full-width form either."""
    first = unicodedata.normalize("NFKC", text[:1])
    return f"'{text}" if first and first in "=+-@\t\r" else text
