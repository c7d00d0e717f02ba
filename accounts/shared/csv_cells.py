"""Cells of files that people open in a spreadsheet, and how such a file begins."""

import re
import unicodedata
from itertools import pairwise

CSV_TYPE = "text/csv; charset=utf-8"
#: The first character of every such file: without it spreadsheets guess another encoding.
BYTE_ORDER_MARK = "\ufeff"

#: Where a formula may begin. Spreadsheets of many countries split at semicolons, others at tabs,
#: and quotes of ours are quotes to them only where their own cell begins.
_BEGINS = re.compile(r"""(?:^|(?<=[;,|\t\r\n]))(?=[\s"]*[=+\-@])|^(?=[\t\r])""")


def text_cell(text: str) -> str:
    """Return text of which no spreadsheet takes any part for a formula, wherever it splits."""
    return _BEGINS.sub("'", text) if text.isascii() else _marked(text)


def json_cell(text: str) -> str:
    """Return ASCII JSON, the same value, of which no part is taken for a formula."""
    # A semicolon stands inside of strings alone there, and may always be escaped.
    return text.replace(";", "\\u003b")


def _marked(text: str) -> str:
    """Look at full-width forms as at plain ones; the text itself keeps them."""
    plain = "".join(_plain(character) for character in text)
    places = [0, *(found.start() for found in _BEGINS.finditer(plain)), len(text)]
    return "'".join(text[start:end] for start, end in pairwise(places))


def _plain(character: str) -> str:
    form = unicodedata.normalize("NFKC", character)
    return form if len(form) == 1 else character
