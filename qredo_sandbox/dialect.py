"""The dialect in which an account's ledgers and histories are told.

The published pages, examples and clients of Qredo disagree; the first choice of each is the rule
here, and tests order the others:

- ``net``: ``difference``, amount less fees, or ``sum``, amount and fees;
- ``statuses``: ``words`` or ``integers``;
- ``amounts``: ``exact``, with every digit, or ``doubles``, as a server writes that keeps them in
  floating point: 16 digits and more are rounded, and small ones have an exponent.
"""

from dataclasses import dataclass

from qredo_sandbox.exact import Number, whole_units

DIFFERENCE, SUM = NETS = ("difference", "sum")
WORDS, INTEGERS = STATUSES = ("words", "integers")
EXACT, DOUBLES = AMOUNTS = ("exact", "doubles")

_NUMBERS = {
    "pending": 1,
    "pending_initiate": 1,
    "expired": 2,
    "approved": 3,
    "initiate_rejected": 4,
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one account's entries are written."""

    net: str = DIFFERENCE
    statuses: str = WORDS
    amounts: str = EXACT

    def figures(self, moved: int, fees: int, scale: int) -> dict[str, object]:
        """Return the three amounts of an entry: ``moved`` base units, fees among them, no sign."""
        amount, net = (moved - fees, moved) if self.net == SUM else (moved, moved - fees)
        return {
            "amount": self._number(amount, scale),
            "fees": self._number(fees, scale),
            "netAmount": self._number(net, scale),
        }

    def status(self, word: str) -> str | int:
        """Return a status as it is written."""
        return _NUMBERS[word] if self.statuses == INTEGERS else word

    def _number(self, amount: int, scale: int) -> Number:
        if self.amounts == EXACT:
            return whole_units(amount, scale)
        # The quotient of two integers is the double nearest to it.
        return Number(repr(amount / scale).removesuffix(".0"))
