"""What a poll brought, before it is written."""

from dataclasses import dataclass, field
from uuid import UUID

import qredo


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a poll brought no balances: a reason of the design's list and a sentence for a person."""

    reason: str
    detail: str
    #: Whether another attempt within the slot can not help.
    permanent: bool = True
    #: For how many seconds Qredo asks to be left alone.
    retry_after: int | None = None
    #: False when the poll ended before any request was made.
    was_asked: bool = True
    #: The start of an answer that was not understood; in no repr, for logs never hold an answer.
    evidence: qredo.Evidence | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """One poll's end. `token` is the claim's; without it the result is discarded."""

    account_id: int
    token: UUID
    outcome: qredo.BalanceAnswer | Failure

    @property
    def answer(self) -> qredo.BalanceAnswer | None:
        """The answer of a fresh poll."""
        return None if isinstance(self.outcome, Failure) else self.outcome
