"""What roll-ups ought to be, worked out from raw changes and tenures without any SQL of sums."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from accounts.models import Account, Organization, Tenure, User
from balances.core import sql
from balances.core.amounts import Level
from balances.ledger import rollups
from balances.lifecycle import ownership
from balances.models import Change, Holding

Four = tuple[Fraction, Fraction, Fraction, Fraction]
Key = tuple[int | None, int | None, str, str, datetime]
Sums = dict[Key, Four]
NOTHING: Four = (Fraction(0), Fraction(0), Fraction(0), Fraction(0))


def turned(
    account: Account, at: datetime | None = None, *, by: User | None = None, **change: object
) -> None:
    """Apply a turn to an account."""
    ownership.turn(account, ownership.Turn(**change), by=by, at=at)  # type: ignore[arg-type]


def assert_rolled_up() -> None:
    """Check both tables against raw changes and against each other, and that tenures tile."""
    for table, length in (("hour", timedelta(hours=1)), ("day", timedelta(days=1))):
        assert _stored(table) == _recomputed(length), table
    assert _by_day(_stored("hour")) == _stored("day")
    assert rollups.differences() == []
    for account in Account.objects.all():
        assert_tenures_tile(account)


def assert_tenures_tile(account: Account) -> None:
    """Check that tenures follow one another, differ, and end with what the account's row says."""
    tenures = list(Tenure.objects.filter(account=account).order_by("began_at"))
    for before, after in pairwise(tenures):
        assert before.ended_at == after.began_at
    last = tenures[-1]
    assert last.ended_at is None
    assert (account.owner_id, account.organization_id) == (last.owner_id, last.organization_id)


def sum_of(owner: User | Organization, asset: str) -> list[Fraction]:
    """Return what the roll-ups say that an owner holds now: the sum of all its hours."""
    whose = "organization_id" if isinstance(owner, Organization) else "owner_id"
    (row,) = sql.rows(
        "SELECT coalesce(sum(total), 0), coalesce(sum(available), 0), coalesce(sum(pending_in), 0),"  # noqa: S608
        f" coalesce(sum(pending_out), 0) FROM balances_rollup_hour WHERE {whose} = %s"
        " AND asset = %s",
        [owner.pk, asset],
    )
    return [Fraction(value) for value in row]


def entries(*owners: User | Organization) -> dict[str, list[tuple[datetime, Four]]]:
    """Return what enters the sums of owners, by asset: instants and deltas, in no order."""
    found: dict[str, list[tuple[datetime, Four]]] = defaultdict(list)
    for holding in Holding.objects.all():
        changes = list(Change.objects.filter(holding=holding).order_by("valid_from"))
        for tenure in Tenure.objects.filter(account=holding.account_id):
            is_in = tenure.is_counted and not tenure.is_archived
            if is_in and (tenure.organization or tenure.owner) in owners:
                found[holding.asset] += _deltas(changes, tenure.began_at, tenure.ended_at)
    return found


def level_at(entered: Sequence[tuple[datetime, Four]], at: datetime) -> Four:
    """Return what entries amount to as of an instant."""
    level = NOTHING
    for instant, delta in entered:
        level = _plus(level, delta) if instant <= at else level
    return level


def in_units(level: Change | Level) -> Four:
    """Return four amounts as numbers of whole coins."""
    amounts = (level.total, level.available, level.pending_in, level.pending_out)
    return _four([Fraction(amount) / Fraction(level.scale) for amount in amounts])


def _stored(table: str) -> Sums:
    columns = "organization_id, owner_id, environment, asset, at"
    rows = sql.rows(
        f"SELECT {columns}, total, available, pending_in, pending_out FROM balances_rollup_{table}"  # noqa: S608
    )
    return _without_zeros({row[:5]: _four(row[5:]) for row in rows})


def _recomputed(length: timedelta) -> Sums:
    found: Sums = defaultdict(lambda: NOTHING)
    for holding in Holding.objects.select_related("account"):
        changes = list(Change.objects.filter(holding=holding).order_by("valid_from"))
        for tenure in Tenure.objects.filter(account=holding.account):
            if tenure.is_counted and not tenure.is_archived:
                whose = (tenure.organization_id, tenure.owner_id, holding.account.environment)
                for at, delta in _deltas(changes, tenure.began_at, tenure.ended_at):
                    key = (*whose, holding.asset, _cut(at, length))
                    found[key] = _plus(found[key], delta)
    return _without_zeros(found)


def _deltas(
    changes: Sequence[Change], began: datetime, ended: datetime | None
) -> list[tuple[datetime, Four]]:
    """Return what enters an owner's sums: the level at the beginning, changes, its end."""
    found = [(began, _level_before(changes, began))]
    for change in changes:
        if began <= change.valid_from and (ended is None or change.valid_from < ended):
            before = _level_before(changes, change.valid_from)
            found.append((change.valid_from, _minus(in_units(change), before)))
    if ended is not None:
        found.append((ended, _minus(NOTHING, _level_before(changes, ended))))
    return found


def _level_before(changes: Sequence[Change], at: datetime) -> Four:
    past = [change for change in changes if change.valid_from < at]
    return in_units(past[-1]) if past else NOTHING


def _four(values: Sequence[Any]) -> Four:
    total, available, pending_in, pending_out = (Fraction(value) for value in values)
    return total, available, pending_in, pending_out


def _plus(one: Four, other: Four) -> Four:
    return _four([a + b for a, b in zip(one, other, strict=True)])


def _minus(one: Four, other: Four) -> Four:
    return _four([a - b for a, b in zip(one, other, strict=True)])


def _cut(at: datetime, length: timedelta) -> datetime:
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (at - midnight) // length * length


def _by_day(hours: Sums) -> Sums:
    found: Sums = defaultdict(lambda: NOTHING)
    for (*whose, at), four in hours.items():
        key: Key = (*whose, _cut(at, timedelta(days=1)))  # type: ignore[assignment]
        found[key] = _plus(found[key], four)
    return _without_zeros(found)


def _without_zeros(sums: Sums) -> Sums:
    return {key: four for key, four in sums.items() if four != NOTHING}
