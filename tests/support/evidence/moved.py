"""How a reader's assets ought to have moved, from the naive ledger: account by account."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from accounts.models import Account, User
from balances.core.amounts import Level
from balances.pages.charts import subject as charts_subject
from balances.portfolio.change import Between, between
from balances.portfolio.movements import movements
from balances.portfolio.scope import Scope
from tests.support.evidence.naive import NaiveAccount

FINEST = 10**30


def check_moves(
    user: User,
    naive: Sequence[tuple[Account, NaiveAccount]],
    owner: str,
    starts: Sequence[datetime],
    end: datetime,
) -> None:
    """Check how every asset of an owner, all of whose accounts are in `naive`, moved."""
    ids = frozenset(account.pk for account, _ in naive)
    for scope in (Scope(user), Scope(user, only=ids)):  # by roll-ups, and by raw changes
        found = movements(scope, starts, end)
        held = {asset for _, one in naive for asset in _held(one, owner, end)}
        assert held <= {asset for _, asset in found}
        for (kind, asset), moved in found.items():
            subject = charts_subject.subject(scope, asset, kind, is_total=True)
            alone = between(scope, subject.known, asset, starts, end)
            for start, change, one in zip(starts, moved.changes, alone, strict=True):
                _check_change(change, naive, owner, asset, (start, end))
                _check_change(one, naive, owner, asset, (start, end))
            for point in moved.points:
                level = point.level and point.level.at_scale(FINEST).total
                assert level == _total((n for _, n in naive), owner, asset, point.at), point


def _check_change(
    found: Between,
    naive: Sequence[tuple[Account, NaiveAccount]],
    owner: str,
    asset: str,
    period: tuple[datetime, datetime],
) -> None:
    start, end = period
    stayed = [one for _, one in naive if _is_throughout(one, owner, start, end)]
    if not stayed:
        assert (found.change, found.before) == (None, None)
    else:
        before, after = (
            sum(_held(one, owner, at).get(asset, 0) for one in stayed) for at in (start, end)
        )
        assert found.change is not None
        assert found.before is not None
        assert found.change.at_scale(FINEST).total == after - before
        assert found.before.at_scale(FINEST).total == before
    others = [(account, one) for account, one in naive if one not in stayed]
    joined = {a.label for a, one in others if _brings(one, owner, asset, end)}
    left = {
        a.label
        for a, one in others
        if _brings(one, owner, asset, start) and not _is_there(one, owner, end)
    }
    assert (set(found.joined), set(found.left)) == (joined, left)


def _is_there(one: NaiveAccount, owner: str, at: datetime) -> bool:
    stay = one.whose(at)
    counts = stay.owner == owner and stay.is_counted and not stay.is_archived
    return counts and one.at(at) is not None


def _is_throughout(one: NaiveAccount, owner: str, start: datetime, end: datetime) -> bool:
    turns = [stay.began_at for stay in one.stays if start < stay.began_at <= end]
    return all(_is_there(one, owner, at) for at in (start, *turns, end))


def _levels(one: NaiveAccount, owner: str, at: datetime) -> dict[str, Level]:
    known = one.at(at)
    return {} if known is None or not _is_there(one, owner, at) else known[1]


def _held(one: NaiveAccount, owner: str, at: datetime) -> dict[str, int]:
    levels = _levels(one, owner, at)
    return {asset: level.at_scale(FINEST).total for asset, level in levels.items()}


def _brings(one: NaiveAccount, owner: str, asset: str, at: datetime) -> bool:
    level = _levels(one, owner, at).get(asset)
    return level is not None and not level.is_nothing


def _total(naive: Iterable[NaiveAccount], owner: str, asset: str, at: datetime) -> int | None:
    there = [one for one in naive if _is_there(one, owner, at)]
    return sum(_held(one, owner, at).get(asset, 0) for one in there) if there else None
