"""Which asset names we take, and how a refused one is shown."""

import unicodedata

MAX_NAME_CHARACTERS = 128

# Letters, marks and symbols that print as nothing, though their category looks harmless.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    chr(point) for block in (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0)) for point in block
)


def name_is_plain(name: str) -> bool:
    """Whether a name shows exactly what it is: 1 to 128 visible characters in NFC.

    Markup and formulas pass, they are inert where names are shown. Control, format, bidirectional,
    zero-width, surrogate, private and unassigned characters do not, nor white space at the edges.
    """
    if not 0 < len(name) <= MAX_NAME_CHARACTERS or name[0] == " " or name[-1] == " ":
        return False
    if name.isascii():
        return name.isprintable()
    # A mark at the start would sit on whatever is printed before the name.
    return (
        unicodedata.category(name[0])[0] != "M"
        and unicodedata.is_normalized("NFC", name)
        and all(map(_is_visible, name))
    )


def _is_visible(character: str) -> bool:
    """Categories C (other) and Z (separators) are out, except the plain space."""
    if character == " ":
        return True
    return unicodedata.category(character)[0] not in "CZ" and character not in _BLANK


def shown_name(name: str) -> str:
    """Write a name that came from outside for a message: escaped and at most 60 characters."""
    escaped = ascii(name[:41])[1:-1]
    return escaped if len(name) <= 40 and len(escaped) <= 60 else f"{escaped[:57]}..."
