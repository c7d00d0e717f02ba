"""What keys were said to see is in no chain; the act that said it is.

Each row of `accounts_extent` was written in the transaction of an act in the audit log. So the rows
of a key and its acts have to say the same, at the same time. `verify_audit` checks the acts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest

from accounts.models import Account, Act, ApiKey, Extent, Tenure, Wallets
from balances.evidence.verification.findings import Finding, compared

#: A row's time is that of its statement, an act's that of the end of its transaction.
LONGEST_TRANSACTION = timedelta(minutes=2)
ACTS = ("key.added", "key.replaced", "key.declared")


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said of a key: how much it sees, and between which instants it was said so."""

    wallets: str
    since: tuple[datetime, datetime]


class ExtentChecker:
    """Compares what an account's keys were said to see with the audit log."""

    def __init__(self, account: Account) -> None:
        self.account, self.uid = account, str(account.uid)

    def findings(self) -> Iterator[Finding]:
        """Yield each row without its act, and each act without its row."""
        for key in ApiKey.objects.filter(account=self.account).order_by("pk"):
            rows = Extent.objects.filter(key=key).order_by("pk")
            for said, row in zip_longest(self._said(key), rows):
                yield from self._compared(said, row)

    def _compared(self, said: _Said | None, row: Extent | None) -> Iterator[Finding]:
        since = row.since if row else None if said is None else said.since[1]
        expected = f"{said.wallets} wallets" if said else "nothing"
        found = f"{row.wallets} wallets" if row else "nothing"
        yield from compared(self.uid, since, "what a key was said to see", expected, found)
        if said is not None and row is not None and not said.since[0] <= row.since <= said.since[1]:
            yield from compared(
                self.uid, row.since, "since when it was said", said.since[1], row.since
            )

    def _said(self, key: ApiKey) -> Iterator[_Said]:
        """Yield what the audit log says was said of a key, oldest first."""
        acts = Act.objects.filter(act__in=ACTS, object_kind="key", object_uid=str(key.uid))
        for act in acts.order_by("at"):
            wallets = act.after.get("wallets", Wallets.ALL)
            # Nothing is written of a new key that sees all.
            if act.act == "key.declared" or wallets != Wallets.ALL:
                yield _Said(wallets, self._written(act, key))

    def _written(self, act: Act, key: ApiKey) -> tuple[datetime, datetime]:
        """Return between which instants a row of this act lies."""
        if act.act == "key.added":
            # Its first answer came before it was stored.
            tenures = Tenure.objects.filter(account=self.account).order_by("began_at")
            began = tenures.values_list("began_at", flat=True)[0]
            return began, began
        if act.act == "key.replaced":
            return key.created_at, key.created_at
        return act.at - LONGEST_TRANSACTION, act.at
