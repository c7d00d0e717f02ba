"""Words that everybody would try first here, and so no password is made of."""

import re
from typing import Final

from django.core.exceptions import ValidationError

#: The program, what it is for, and what people type when a rule asks for more.
WORDS: Final = (
    "administrator", "balance", "balances", "bitcoin", "crypto", "custody", "dash", "dashboard",
    "ethereum", "fund", "hunter2", "iloveyou", "letmein", "password", "passphrase", "qredo",
    "qwerty", "secret", "treasurer", "treasury", "wallet", "welcome",
)  # fmt: skip
#: So many letters have to be left once those words, digits and signs are taken away.
LEFT: Final = 6
_ANY = re.compile("|".join(sorted(WORDS, key=len, reverse=True)))


class ForbiddenWords:
    """Refuses what is hardly more than such words with digits and signs around them."""

    def validate(self, password: str, user: object = None) -> None:  # noqa: ARG002 - Django's signature
        """Raise `ValidationError` for a password that is made of them."""
        lowered = password.casefold()
        rest = _ANY.sub("", lowered)
        if rest != lowered and sum(map(str.isalpha, rest)) < LEFT:
            raise ValidationError(
                "This is little more than words that everybody would try here.", code="words"
            )

    def get_help_text(self) -> str:
        """Say so beside the field."""
        return "Not made of words such as qredo, treasury or password."
