"""Refreshes: extra polls that somebody asked for."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError
from django.db.models import QuerySet

import qredo
from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.models import Account, User
from balances.core import sql
from balances.ledger import schedules
from balances.models import Refresh, Schedule
from balances.polling import claims, poll, recording
from balances.polling.claims import Claim
from balances.polling.recording import Recorded
from balances.polling.results import Result
from balances.polling.schedules import add_missing

#: A refresh that nobody took up for this long is ended as missed; one of many waits for limits.
PATIENCE, PATIENCE_OF_MANY = timedelta(minutes=2), timedelta(minutes=30)

BUSY = "This account is being polled right now. Try again in a few seconds."
NO_KEY = "This account has no API key. Add one first."
NOT_POLLED = "This account is paused or archived. Resume it first."


def ask(account: Account, *, by: User | None) -> Refresh:
    """Ask for a refresh; while one is open already, return that one: a double click asks once."""
    try:
        with together():
            asked = Refresh.objects.create(account=account, asked_by=by, asked_at=schedules.clock())
            record("account.refreshed", objects.account(account), by=by)
            return asked
    except IntegrityError:
        return Refresh.objects.get(account=account, finished_at=None)


def carry_out(refresh_ids: Sequence[int]) -> list[Recorded]:
    """Poll the accounts of refreshes that are open still; who else polls, makes us skip."""
    ids = list(refresh_ids)
    held: list[Claim] = []
    skipped: list[Recorded] = []
    for refresh in _open(ids):
        claim = _claim(refresh)
        if claim is None:
            skipped.append(_skip(refresh))
        else:
            held.append(claim)
    return [*(poll.poll(held) if held else []), *skipped]


def record_answer(refresh: Refresh, answer: qredo.BalanceAnswer) -> list[Recorded]:
    """Record an answer that is at hand already as this refresh's: the one that tested a new key."""
    claim = _claim(refresh)
    assert claim is not None  # noqa: S101 - the account was made in this transaction
    return recording.record([Result(claim.account_id, claim.token, answer)])


def refresh_now(accounts: Iterable[Account], *, by: User | None = None) -> list[Recorded]:
    """Refresh accounts in this process, a chunk at a time; one record an account."""
    wanted = list(accounts)
    halted = [(account, why_not_polled(account)) for account in wanted]
    records = [Recorded(account.pk, "skipped", "busy", why) for account, why in halted if why]
    active = [account for account in wanted if account.is_polled]
    for start in range(0, len(active), settings.POLL_CHUNK):
        chunk = active[start : start + settings.POLL_CHUNK]
        records += _one_record_each([ask(account, by=by) for account in chunk])
    return records


def _one_record_each(refreshes: list[Refresh]) -> list[Recorded]:
    """Carry out refreshes until each has its record: a chunk's deadline may give some back."""
    records: list[Recorded] = []
    waiting = refreshes
    while waiting:
        done = carry_out([refresh.pk for refresh in waiting])
        ended = {record.account_id for record in done}
        waiting = [refresh for refresh in waiting if refresh.account_id not in ended]
        # Nothing moves: somebody else has taken up what is left.
        records += done or [_busy(refresh) for refresh in waiting]
        if not done:
            break
    return records


def why_not_polled(account: Account) -> str:
    """Return what keeps an account from being polled at all, and what to do; or nothing."""
    if account.is_polled:
        return ""
    only_keyless = account.paused_at is None and account.archived_at is None
    return NO_KEY if only_keyless else NOT_POLLED


def sweep() -> list[int]:
    """End refreshes that nobody took up; return those whose message may have been lost.

    Those under way are left alone: their claim ends them, one way or the other.
    """
    sql.count(
        "UPDATE balances_refresh SET outcome = 'missed', reason = %s,"
        " finished_at = clock_timestamp()"
        " WHERE finished_at IS NULL AND asked_at < clock_timestamp() -"
        " CASE WHEN waits THEN %s ELSE %s END AND NOT EXISTS"
        " (SELECT FROM balances_schedule WHERE claim_refresh = balances_refresh.id)",
        [claims.UNFINISHED, PATIENCE_OF_MANY, PATIENCE],
    )
    _end_halted()
    claimed = Schedule.objects.exclude(claim_refresh=None).values("claim_refresh")
    waiting = Refresh.objects.filter(finished_at=None, waits=False).exclude(id__in=claimed)
    return list(waiting.values_list("id", flat=True))


def _end_halted() -> None:
    """End those of many whose account stands still since: nobody claims them any more."""
    sql.count(
        "UPDATE balances_refresh r SET outcome = 'skipped', reason = %s, detail = %s,"
        " finished_at = clock_timestamp() FROM accounts_account a"
        " WHERE r.finished_at IS NULL AND r.waits AND a.id = r.account_id"
        " AND coalesce(a.paused_at, a.archived_at, a.keyless_at) IS NOT NULL",
        [claims.PAUSED, NOT_POLLED],
    )


def is_waiting() -> bool:
    """Whether refreshes of many accounts wait for their environment's limits."""
    return Refresh.objects.filter(finished_at=None, waits=True).exists()


def _open(refresh_ids: list[int]) -> QuerySet[Refresh]:
    waiting = Refresh.objects.filter(id__in=refresh_ids, finished_at=None)
    return waiting.select_related("account").order_by("account_id")


def _claim(refresh: Refresh) -> Claim | None:
    add_missing([refresh.account])
    return claims.claim_refresh(refresh.account_id, refresh.pk, hold=timedelta(seconds=60))


def _skip(refresh: Refresh) -> Recorded:
    skipped = _busy(refresh)
    # A message delivered twice must not end the refresh that the first one is polling for.
    under_way = Schedule.objects.filter(claim_refresh=refresh.pk).values("claim_refresh")
    Refresh.objects.filter(pk=refresh.pk, finished_at=None).exclude(pk__in=under_way).update(
        outcome=skipped.outcome,
        reason=skipped.reason,
        detail=skipped.detail,
        finished_at=schedules.clock(),
    )
    return skipped


def _busy(refresh: Refresh) -> Recorded:
    why = why_not_polled(refresh.account) or BUSY
    return Recorded(refresh.account_id, "skipped", "busy", why)
