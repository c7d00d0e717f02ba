"""Refreshes of many accounts at once: asked for by one person, polled within the limits.

Unlike a refresh of one account they wait for their environment's rate, concurrency and breaker:
whoever claims what is due claims them too.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet

from accounts.access.roles import operated_accounts
from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.models import Account, User
from balances.ledger import schedules
from balances.models import Refresh, RefreshBatch
from balances.polling.schedules import add_missing

#: How long the result of a batch stays on its person's pages.
SHOWN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is."""

    #: How each refresh ended: outcome and reason, empty while it is open.
    outcomes: tuple[tuple[str, str], ...]
    is_running: bool


def refreshable(user: User) -> QuerySet[Account]:
    """Return the accounts that somebody may refresh and that are polled."""
    found = operated_accounts(user).filter(paused_at=None, archived_at=None, keyless_at=None)
    return found.select_related("schedule", "organization", "owner")


def ask_all(accounts: Iterable[Account], *, by: User) -> RefreshBatch | None:
    """Ask for a refresh of each account; one that is open already is joined.

    Asked again before the batch has ended, it is the same batch. None if there is no account.
    """
    wanted = list(accounts)
    with together():
        add_missing(account for account in wanted if not hasattr(account, "schedule"))
        now = schedules.clock()
        Refresh.objects.bulk_create(
            [Refresh(account=one, asked_by=by, asked_at=now, waits=True) for one in wanted],
            ignore_conflicts=True,
        )
        opened = Refresh.objects.filter(account__in=wanted, finished_at=None)
        ids = sorted(opened.values_list("pk", flat=True))
        newest = _newest(by)
        if newest is not None and set(ids) <= set(newest.refresh_ids):
            return newest
        if not ids:
            return None
        _record(wanted, by)
        return RefreshBatch.objects.create(asked_by=by, asked_at=now, refresh_ids=ids)


def _record(accounts: list[Account], by: User) -> None:
    """Put one act into the log of each owner, with the number of their accounts."""
    counts = Counter((one.organization or one.owner) for one in accounts)
    for owner, count in counts.items():
        assert owner is not None  # noqa: S101 - every account has one
        thing = objects.person(owner) if isinstance(owner, User) else objects.organization(owner)
        record("accounts.refreshed", thing, by=by, after={"accounts": count})


def progress(user: User) -> Progress | None:
    """Return how far somebody's newest batch is, while it runs and for a while after."""
    batch = _newest(user)
    if batch is None:
        return None
    # Counted over what its person may still operate.
    ended = Refresh.objects.filter(
        pk__in=batch.refresh_ids, account__in=operated_accounts(user)
    ).values_list("outcome", "reason", "finished_at")
    found = list(ended)
    open_ones = sum(finished is None for _, _, finished in found)
    newest = max((finished for _, _, finished in found if finished), default=batch.asked_at)
    if not found or (not open_ones and schedules.clock() - newest > SHOWN):
        return None
    return Progress(tuple((outcome, reason) for outcome, reason, _ in found), open_ones > 0)


def _newest(user: User) -> RefreshBatch | None:
    return RefreshBatch.objects.filter(asked_by=user).order_by("-asked_at", "-pk").first()
