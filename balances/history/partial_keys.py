"""Which accounts' figures are partial: a key sees only some wallets, or an asset was left out.

A key sees only some wallets when a person said so. An asset is left out of an answer when its name
cannot be shown; that holds from the answer's snapshot to the next one.

Figures are those of the key that they were seen with, so a new key makes them whole with its first
answer. Until then, and while nothing was seen, it is the key in force that is told. What was said
of a key counts from then on: a page as of an instant tells what was said by then.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

from accounts.access.querysets import Span
from balances.core import sql
from balances.history.observations import Sight

_BEGINNING, _END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

# Few accounts, if any: to ask for those of a page alone would cost more.
_SAID = "SELECT DISTINCT account_id FROM accounts_extent"
# Every key of theirs and all that was said of it, oldest first.
_KEYS = """
SELECT k.account_id, k.id, k.created_at, e.since, e.wallets = 'some'
FROM accounts_apikey k LEFT JOIN accounts_extent e ON e.key_id = k.id
WHERE k.account_id = ANY(%s) ORDER BY k.account_id, k.created_at, k.id, e.id
"""


# When each key was first seen to answer; within a run that goes on with it, the last time.
_ANSWERED = """
SELECT k.id, least(
    (SELECT min(observed_at) FROM balances_refresh
    WHERE account_id = k.account_id AND observed_at >= k.created_at),
    (SELECT min(observed_at) FROM balances_snapshot
    WHERE account_id = k.account_id AND observed_at >= k.created_at),
    (SELECT min(CASE WHEN first_observed >= k.created_at THEN first_observed ELSE last_observed END)
    FROM balances_run WHERE account_id = k.account_id AND last_observed >= k.created_at),
    (SELECT run_last_observed FROM balances_schedule
    WHERE account_id = k.account_id AND run_last_observed >= k.created_at))
FROM accounts_apikey k WHERE k.account_id = ANY(%s)
"""


# Serves few snapshots, if any, by an index of their own.
_LEFT_OUT = """
SELECT s.account_id, s.observed_at, n.observed_at
FROM balances_snapshot s LEFT JOIN LATERAL (
    SELECT observed_at FROM balances_snapshot
    WHERE account_id = s.account_id AND observed_at > s.observed_at ORDER BY observed_at LIMIT 1
) n ON true
WHERE 'left_out' = ANY(s.flags) AND s.account_id = ANY(%s::bigint[])
ORDER BY s.account_id, s.observed_at
"""


@dataclass(slots=True)
class _Key:
    """A key: since when it is in force, and since when it is said to see only some wallets."""

    id: int
    since: datetime
    said: list[tuple[datetime, bool]] = field(default_factory=list)

    def is_partial(self, at: datetime | None) -> bool:
        """Return what was said last by an instant, or until now."""
        told = [is_partial for since, is_partial in self.said if at is None or since <= at]
        return bool(told) and told[-1]

    def stretches(self, until: datetime) -> Iterator[Span]:
        """Yield when it was said to see only some wallets, while figures were its own."""
        for (since, is_partial), (end, _) in pairwise([*self.said, (until, False)]):
            if is_partial:
                yield since, min(end, until)


def partial(seen: Mapping[int, datetime | None], at: datetime | None = None) -> set[int]:
    """Return which accounts' figures are partial at an instant, or now.

    `seen` tells, by account id, the newest observation by then; nothing if there is none.
    """
    return partial_by_key(seen, at) | left_out(seen, at)


def partial_by_key(seen: Mapping[int, datetime | None], at: datetime | None = None) -> set[int]:
    """Return those of them that are partial because a key was said to see only some wallets."""
    return {
        pk
        for pk, keys in _keys(seen).items()
        if _in_force(keys, at).is_partial(at) or _in_force(keys, seen[pk] or at).is_partial(at)
    }


def left_out(accounts: Collection[int], at: datetime | None = None) -> set[int]:
    """Return the accounts whose answer at an instant, or now, has an asset that no figure has."""
    found = _left_out_spans(accounts)
    if at is None:
        return {pk for pk, spans in found.items() if spans[-1][1] == _END}
    return {pk for pk, spans in found.items() if any(a <= at < b for a, b in spans)}


def _left_out_spans(accounts: Collection[int]) -> dict[int, list[tuple[datetime, datetime]]]:
    found: dict[int, list[tuple[datetime, datetime]]] = {}
    for pk, began, ended in sql.rows(_LEFT_OUT, [sql.ids(accounts)]):
        found.setdefault(pk, []).append((began, ended or _END))
    return found


def partial_among(sights: Mapping[int, Sight | None], at: datetime) -> set[int]:
    """Return the same at an instant, by the newest sight of each account by then."""
    return partial({pk: sight.observed_at if sight else None for pk, sight in sights.items()}, at)


def partial_spans(accounts: Collection[int]) -> dict[int, list[Span]]:
    """Return, by account, the stretches of time in which its figures are partial."""
    found = _keys(accounts)
    answered = dict(sql.rows(_ANSWERED, [list(found)])) if found else {}
    by_key = {pk: list(_stretches(keys, answered)) for pk, keys in found.items()}
    by_answer = _left_out_spans(accounts)
    return {
        pk: _joined([*by_key.get(pk, ()), *by_answer.get(pk, ())])
        for pk in by_key.keys() | by_answer.keys()
    }


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Join spans that overlap: an account is partial once, for whatever reason."""
    found: list[tuple[datetime, datetime]] = []
    for began, ended in sorted((began, ended or _END) for began, ended in spans):
        if found and began <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], ended)
        else:
            found.append((began, ended))
    return list(found)


def _stretches(keys: Sequence[_Key], answered: Mapping[int, datetime | None]) -> Iterator[Span]:
    for key, following in pairwise([*keys, None]):
        assert key is not None  # noqa: S101 - only the last one is
        until = answered[following.id] if following else None
        yield from key.stretches(until or _END)


def _keys(accounts: Collection[int]) -> dict[int, list[_Key]]:
    said = [pk for (pk,) in sql.rows(_SAID) if pk in accounts]
    found: dict[int, dict[int, _Key]] = {}
    for pk, key_id, created_at, since, is_partial in sql.rows(_KEYS, [said]) if said else ():
        keys = found.setdefault(pk, {})
        # The first answer came before its key was stored.
        key = keys.setdefault(key_id, _Key(key_id, created_at if keys else _BEGINNING))
        if since is not None:
            key.said.append((since, is_partial))
    return {pk: list(keys.values()) for pk, keys in found.items()}


def _in_force(keys: Sequence[_Key], at: datetime | None) -> _Key:
    return [key for key in keys if at is None or key.since <= at][-1]
