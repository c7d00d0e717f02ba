"""Whose entries are summed is in no chain; the act that recorded it is.

Each row of `accounts_entryrule` was written in the transaction of an act in the audit log, which
tells all of it. So rows and acts have to say the same. `verify_audit` checks the acts.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import zip_longest

from accounts.chain.hash_chain import written
from accounts.models import Account, Act, EntryRule
from balances.evidence.verification.findings import Finding, compared
from balances.polling import entry_rules


class RuleChecker:
    """Compares what was recorded of an account's entries with the audit log."""

    def __init__(self, account: Account) -> None:
        self.account, self.uid = account, str(account.uid)

    def findings(self) -> Iterator[Finding]:
        """Yield each row without its act, and each act without its row."""
        told = Act.objects.filter(act=entry_rules.ACT, object_kind="account", object_uid=self.uid)
        # By what they tell: a transfer leads on in another log, whose clock may differ.
        acts = sorted(told, key=lambda act: str(act.after.get("since")))
        for act, row in zip_longest(acts, entry_rules.rules_of(self.account)):
            at: datetime | None = row.since if row else act.at
            expected = "nothing" if act is None else _told(act.who, act.after)
            found = "nothing" if row is None else _told(row.who, _facts(row))
            yield from compared(self.uid, at, "rule for entries of one asset", expected, found)


def _facts(row: EntryRule) -> dict[str, object]:
    return {"summed": row.is_summed, "reason": row.reason, "since": written(row.since)}


def _told(who: str, facts: dict[str, object]) -> str:
    word = "summed" if facts.get("summed") is True else "refused"
    return f"{word} since {facts.get('since')} by {who}: {facts.get('reason')}"
