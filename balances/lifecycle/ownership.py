"""Ownership in time: whom an account belongs to and whether it counts, from when to when.

A turn closes today's tenure and opens the next; the account's level leaves the sums of the one and
joins those of the other in the same transaction. A turn in the past rewrites the tenures since, and
in the sums of everybody concerned what this account is since then. Balances are never touched.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from django.db import IntegrityError, transaction

from accounts import sharing
from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.chain.hash_chain import written
from accounts.models import Account, Organization, Tenure, User
from accounts.shared.demo_data import stored
from balances.core.amounts import Level
from balances.core.instants import TICK
from balances.ledger import rollups, schedules, slots
from balances.ledger.rollups import Delta, Stay
from balances.models import Holding
from balances.polling.pacing import key_backoff

#: Why a slot was missed whose poll was under way at a turn.
TURNED = "turned"
#: An owner: the id of an organization or of a person.
OwnerKey = tuple[int | None, int | None]


class BadTurnError(ValueError):
    """A turn that cannot be; the message says why."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What changes; `None` leaves it as it is."""

    owner: User | Organization | None = None
    is_archived: bool | None = None
    is_counted: bool | None = None
    taken_from: OwnerKey | None = None

    def applied_to(self, tenure: Tenure) -> Tenure:
        """Return the tenure that follows; nothing is saved."""
        after = Tenure(
            account_id=tenure.account_id,
            owner_id=tenure.owner_id,
            organization_id=tenure.organization_id,
            is_archived=tenure.is_archived if self.is_archived is None else self.is_archived,
            is_counted=tenure.is_counted if self.is_counted is None else self.is_counted,
        )
        if self.owner is not None:
            after.owner = self.owner if isinstance(self.owner, User) else None
            after.organization = self.owner if isinstance(self.owner, Organization) else None
        return after


def transfer(
    account: Account,
    to: User | Organization,
    *,
    by: User | None,
    at: datetime | None = None,
    taken_from: OwnerKey | None = None,
) -> None:
    """Give an account to another owner, who sees what follows; the old one keeps the past.

    With `taken_from` it has to be this owner's still, else `BadTurnError` is raised.
    """
    with together():
        schedules.lock([account.pk])  # nobody else gives it away between this look and the turn
        was = objects.account(account)
        if turn(account, Turn(owner=to, taken_from=taken_from), by=by, at=at):
            sharing.end_all(account)
            _record_transfer(was, account, by, at)


def count(
    account: Account,
    *,
    counted: bool,
    by: User | None,
    at: datetime | None = None,
    taken_from: OwnerKey | None = None,
) -> bool:
    """Let an account count in its owner's totals, or not; return whether anything changed.

    Only in the time that is this owner's: what counted for the one before stays as it was.
    """
    with together():
        schedules.lock([account.pk])  # nobody else gives it away between this look and the turn
        if at is not None and at < owned_since(account):
            raise BadTurnError("The account was somebody else's then. Give a later time.")
        if counted and account.is_demo and stored().real:
            raise BadTurnError("A demo account counts in no total beside accounts of your own.")
        if not turn(account, Turn(is_counted=counted, taken_from=taken_from), by=by, at=at):
            return False
        told = {"counted": counted, "since": _since(at)}
        record("account.counted", objects.account(account), by=by, after=told)
    return True


def owned_since(account: Account) -> datetime:
    """Return since when an account has belonged to its owner of today without a break."""
    newest_first = Tenure.objects.filter(account=account).order_by("-began_at")
    today = next(iter(newest_first))
    own = takewhile(lambda tenure: _owner_key(tenure) == _owner_key(today), newest_first)
    return min(tenure.began_at for tenure in own)


def _record_transfer(
    was: objects.Thing, account: Account, by: User | None, at: datetime | None
) -> None:
    """Tell the old owner and the new one; each reads the act in a log of their own."""
    now = objects.account(account)
    before = {"owner": objects.owner_in(was.log)}
    after = {"owner": objects.owner_in(now.log), "since": _since(at)}
    for about in {was.log: was, now.log: now}.values():
        record("account.transferred", about, by=by, before=before, after=after)


def _since(at: datetime | None) -> str | None:
    return None if at is None else written(at)


@transaction.atomic
def turn(account: Account, change: Turn, *, by: User | None, at: datetime | None = None) -> bool:
    """Apply a turn now, or as of `at` in the past, for all time since. Raise `BadTurnError`.

    Return whether anything changed.
    """
    entry = schedules.lock([account.pk]).get(account.pk)  # nobody records a change of it meanwhile
    if entry is None:
        raise BadTurnError("This account is not polled yet. Try again in a few seconds.")
    tenures = list(Tenure.objects.filter(account=account).order_by("began_at"))
    if change.taken_from not in {None, _owner_key(tenures[-1])}:
        raise BadTurnError("This account belongs to somebody else by now. Load the page again.")
    now = _after(tenures[-1].began_at, entry.observed_at)
    _require_past(tenures, at, now)
    turned = [t for t in tenures if _lasts_after(t, at) and not _same(change.applied_to(t), t)]
    if not turned:
        return False
    # What was asked before the turn would be the old owner's, who has left: it is discarded.
    entry.miss_claim(TURNED)
    if change.owner is not None:
        _forget_failures(entry, at, now)
    schedules.save([entry])
    if at is None:
        _turn_now(turned[-1], change, by, now)
    else:
        _turn_then(turned, change, by, at)
    _follow_today(account)
    return True


def _forget_failures(entry: schedules.Entry, at: datetime | None, now: datetime) -> None:
    """Let the new owner see no failure of before: the account is tried anew, at once."""
    if at is not None and entry.last_attempt_at is not None and entry.last_attempt_at >= at:
        entry.failing_since = entry.failing_since and max(entry.failing_since, at)
        return
    was_failing = entry.failing_since is not None
    entry.last_reason, entry.last_detail, entry.failing_since = "", "", None
    if was_failing and entry.base_interval_seconds is None and entry.next_slot is not None:
        slots.restart(entry, entry.interval_seconds, reason=TURNED, now=now)
    key_backoff.restore(entry, now)


def _after(*instants: datetime | None) -> datetime:
    """Return the time now, but after whatever happened: the clock may have stepped back."""
    return max(schedules.clock(), *(i + TICK for i in instants if i is not None))


def _require_past(tenures: list[Tenure], at: datetime | None, now: datetime) -> None:
    if at is not None and not tenures[0].began_at < at < now:
        raise BadTurnError("A turn in the past lies between the account's beginning and now.")


def _lasts_after(tenure: Tenure, at: datetime | None) -> bool:
    return tenure.ended_at is None or (at is not None and tenure.ended_at > at)


def _turn_now(today: Tenure, change: Turn, by: User | None, now: datetime) -> None:
    after = change.applied_to(today)
    after.began_at, after.by = now, by
    Tenure.objects.filter(pk=today.pk).update(ended_at=now)
    after.save()
    account_id = today.account_id
    rollups.add(
        [
            Delta(account_id, asset, now, part, tenure.pk)
            for asset, level in _levels(account_id)
            for tenure, part in ((today, -level), (after, level))
        ]
    )


def _turn_then(turned: list[Tenure], change: Turn, by: User | None, at: datetime) -> None:
    account_id = turned[0].account_id
    everybody = Tenure.objects.filter(account=account_id).order_by("began_at")
    before = list(_stays(everybody.all(), at))
    for tenure in turned:
        _turn_one(tenure, change, by, at)
    _merge(everybody.all())
    rollups.turn(account_id, before, list(_stays(everybody.all(), at)))


def _stays(tenures: Iterable[Tenure], since: datetime) -> Iterator[Stay]:
    """Yield when an account is in whose sums, since an instant."""
    for one in tenures:
        goes_on = one.ended_at is None or one.ended_at > since
        if one.is_counted and not one.is_archived and goes_on:
            began = max(one.began_at, since)
            yield Stay(one.organization_id, one.owner_id, began, one.ended_at)


def _turn_one(tenure: Tenure, change: Turn, by: User | None, at: datetime) -> None:
    """Change the part of one tenure that lies after `at`."""
    after = change.applied_to(tenure)
    after.began_at, after.ended_at, after.by = max(at, tenure.began_at), tenure.ended_at, by
    if tenure.began_at < at:
        Tenure.objects.filter(pk=tenure.pk).update(ended_at=at)
    else:
        tenure.delete()
    after.save()


def _merge(tenures: Iterable[Tenure]) -> None:
    """Put together neighbours that a turn in the past has made the same."""
    before: Tenure | None = None
    for tenure in tenures:
        if before is None or not _same(before, tenure):
            before = tenure
            continue
        tenure.delete()
        before.ended_at = tenure.ended_at
        before.save(update_fields=["ended_at"])


def _follow_today(account: Account) -> None:
    """Let the account's row say what its open tenure says."""
    today = Tenure.objects.get(account=account, ended_at=None)
    row = Account.objects.filter(pk=account.pk)
    try:
        row.update(owner=today.owner_id, organization=today.organization_id)
    except IntegrityError as error:
        if "label_once" in str(error):
            raise BadTurnError(
                "The new owner has an account with this label. Change one of the two first."
            ) from None
        raise


def _levels(account_id: int) -> list[tuple[str, Level]]:
    names = ("total", "available", "pending_in", "pending_out", "scale")
    rows = Holding.objects.filter(account=account_id).order_by("asset")
    return [
        (asset, Level(*(int(amount) for amount in amounts)))
        for asset, *amounts in rows.values_list("asset", *names)
    ]


def _same(one: Tenure, other: Tenure) -> bool:
    return (_owner_key(one), one.is_archived, one.is_counted) == (
        _owner_key(other),
        other.is_archived,
        other.is_counted,
    )


def _owner_key(tenure: Tenure) -> OwnerKey:
    return tenure.organization_id, tenure.owner_id
