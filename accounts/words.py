"""Text that people type as names and labels: what is kept and what is refused."""

import unicodedata

from django.core.exceptions import ValidationError

#: Controls, formats (zero-width, bidirectional), surrogates, private use, unassigned, separators.
_REFUSED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def plain_words(text: str) -> None:
    """Raise `ValidationError` for characters that cannot be seen or that turn text around."""
    for character in text:
        if unicodedata.category(character) in _REFUSED:
            raise ValidationError(
                f"Remove the invisible character U+{ord(character):04X}.", code="invisible"
            )


def tidy(text: str) -> str:
    """Return text in its composed form with single spaces: what two people would read as equal."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def visible(text: str) -> str:
    """Return foreign text on one line, without what cannot be seen or turns text around."""
    kept = (" " if c.isspace() else c for c in text if _is_kept(c))
    return " ".join("".join(kept).split())


def _is_kept(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) not in _REFUSED
