"""Whether several entries of one asset are summed: what an account's admin recorded.

Qredo's description can be read so that an account with two BTC wallets is answered with BTC twice.
Whether such amounts add up is for a person to say, account by account. Until then the answer is
refused. A rule counts for what is observed from its instant on, never for what was before.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import QuerySet

from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.audit.vocabulary import LONGEST, Facts
from accounts.chain.hash_chain import written
from accounts.models import Account, EntryRule, User
from accounts.words import visible
from balances.core import sql
from balances.core.instants import TICK
from balances.ledger import schedules

ACT = "account.entries"
#: What helps against a refusal. Its text also tells a refusal from every other failure.
REMEDY = "An admin of the account can record that its entries are summed."
#: A refusal names so many assets, by so many characters: a server may echo in them what was sent.
MOST_NAMED, LONGEST_NAME = 3, 15

_NEWEST = """
SELECT DISTINCT ON (account_id) account_id, since, is_summed FROM accounts_entryrule
WHERE account_id = ANY(%s::bigint[]) ORDER BY account_id, since DESC
"""


class OwnerChangedError(Exception):
    """The account belongs to another owner than when its admin decided."""


def summing_since(accounts: Collection[int]) -> dict[int, datetime]:
    """Return, of accounts whose entries are summed, since when the newest rule says so.

    With their schedules locked no rule is recorded meanwhile.
    """
    rows = sql.rows(_NEWEST, [sql.ids(accounts)])
    return {pk: since for pk, since, is_summed in rows if is_summed}


def rules_of(account: Account) -> QuerySet[EntryRule]:
    """Return all that was recorded for an account, oldest first."""
    return EntryRule.objects.filter(account=account).order_by("since")


def is_summed(rules: Sequence[EntryRule], at: datetime) -> bool:
    """Whether an account's rules, oldest first, say at an instant that entries are summed."""
    told = [rule.is_summed for rule in rules if rule.since <= at]
    return bool(told) and told[-1]


def refusal(assets: Sequence[str]) -> str:
    """Return what is told of an answer that names these assets more than once."""
    more = len(assets) - MOST_NAMED
    short = [one if len(one) <= LONGEST_NAME else f"{one[:LONGEST_NAME]}…" for one in assets]
    named = ", ".join(short[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return (
        f"Qredo's answer names more than once: {named}. It does not say whether the amounts belong"
        f" to several wallets and add up. The balances before stay. {REMEDY}"
    )


def is_refusal(detail: str) -> bool:
    """Whether a failure's detail is a refusal, against which a rule helps."""
    return detail.endswith(REMEDY)


def record_rule(account: Account, *, summed: bool, reason: str, by: User) -> bool:
    """Record from now on whether an account's entries are summed; return whether that is new.

    `account` is as its admin saw it. Raise `OwnerChangedError` if it has another owner by now.
    """
    with together():
        # No answer is recorded and no owner changes until this is committed.
        entries = schedules.lock([account.pk])
        owner = {"owner": account.owner_id, "organization": account.organization_id}
        if not Account.objects.filter(pk=account.pk, **owner).exists():
            raise OwnerChangedError
        before = rules_of(account).last()
        was_summed = before is not None and before.is_summed
        if summed == was_summed:
            return False
        observed = [entry.observed_at for entry in entries.values()]
        since = _after(*observed, before.since if before else None)
        words = visible(reason)[:LONGEST]  # as the audit log keeps them
        EntryRule.objects.create(
            account=account, since=since, is_summed=summed, reason=words, who=by.email
        )
        told: Facts = {"summed": summed, "reason": words, "since": written(since)}
        record(ACT, objects.account(account), by=by, before={"summed": was_summed}, after=told)
    return True


def _after(*instants: datetime | None) -> datetime:
    """Return the time now, but after whatever happened: the clock may have stepped back."""
    return max([schedules.clock(), *(i + TICK for i in instants if i is not None)])
