"""How many guesses a password withstands; common ones, names, dates and patterns do not.

zxcvbn's lists and patterns are local, so that no password and no digest of one goes anywhere.
"""

from collections.abc import Iterable
from typing import Final

from django.core.exceptions import ValidationError
from zxcvbn import zxcvbn

from accounts.models import Organization, User
from accounts.passwords.common_words import WORDS

#: So many guesses a password has to withstand: a random one of 12 characters withstands more.
LEAST_GUESSES: Final = 10**10
#: A long one may have patterns of its own, which nobody tries first.
LONG: Final = 18
LEAST_GUESSES_OF_LONG: Final = 10**7
#: What is looked at; zxcvbn refuses more, and more makes nothing worse.
LOOKED_AT: Final = 64
#: Phrases that everybody knows, which word by word would be strong.
KNOWN: Final = (
    "correcthorsebatterystaple", "correct horse battery staple", "thequickbrownfox",
    "the quick brown fox", "tobeornottobe", "to be or not to be", "opensesame",
    "maytheforcebewithyou", "may the force be with you", "letmeinplease", "thisismypassword",
    "this is my password", "mypassword", "changeme",
)  # fmt: skip
REFUSED: Final = (
    "This is easily guessed: it is made of common words, names, dates or patterns."
    " Take four or more words that have nothing to do with each other."
)


class EasilyGuessed:
    """Refuses what somebody who knows people and lists of passwords would guess."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise `ValidationError` for a password that few guesses find."""
        refuse_guessable(password, words_of(user) if user else ())

    def get_help_text(self) -> str:
        """Say so beside the field."""
        return "Not a common password, and nothing made of your name, your e-mail or a date."


def refuse_guessable(password: str, known: Iterable[str]) -> None:
    """Raise `ValidationError` unless a password withstands those who know these words of it."""
    inputs = [*WORDS, *KNOWN, *(part for word in known for part in _parts(word))]
    found = zxcvbn(password[:LOOKED_AT], user_inputs=inputs) if password else None
    least = LEAST_GUESSES_OF_LONG if len(password) >= LONG else LEAST_GUESSES
    if found is None or found["guesses"] < least:
        raise ValidationError(REFUSED, code="easily_guessed")


def words_of(user: User) -> list[str]:
    """Return what others know of a person: name, e-mail address, organizations."""
    words = [user.name, user.email]
    if user.pk:
        names = Organization.objects.filter(memberships__user=user).values_list("name", flat=True)
        words += names
    return words


def _parts(word: str) -> list[str]:
    """Return a text in small letters, whole, without spaces, and in its parts."""
    lowered = word.casefold()
    pieces = "".join(c if c.isalnum() else " " for c in lowered).split()
    return [one for one in {lowered, "".join(pieces), *pieces} if len(one) > 1]
