"""Which accounts' figures are partial: those of keys that were said to see only some wallets.

Figures are those of the key that they were seen with, so a new key makes them whole with its first
answer. Until then, and while nothing was seen, it is the key in force that is told. What was said
of a key counts from then on: a page as of an instant tells what was said by then.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from balances import sql
from balances.observed import Sight

# Few accounts, if any: to ask for those of a page alone would cost more.
_SAID = "SELECT DISTINCT account_id FROM accounts_extent"
# Every key of theirs, oldest first.
_KEYS = """
SELECT k.account_id, k.created_at, coalesce(newest.wallets = 'some', false)
FROM accounts_apikey k LEFT JOIN LATERAL (
    SELECT wallets FROM accounts_extent e
    WHERE e.key_id = k.id AND (%(at)s::timestamptz IS NULL OR e.since <= %(at)s::timestamptz)
    ORDER BY e.id DESC LIMIT 1
) newest ON true
WHERE k.account_id = ANY(%(accounts)s) ORDER BY k.account_id, k.created_at, k.id
"""

#: A key: since when it is in force, and whether it is said to see only some wallets.
_Key = tuple[datetime, bool]


def partial(seen: Mapping[int, datetime | None], at: datetime | None = None) -> set[int]:
    """Return which accounts' figures are partial at an instant, or now.

    `seen` tells, by account id, the newest observation by then; nothing if there is none.
    """
    return {
        pk
        for pk, keys in _keys(seen, at).items()
        if _in_force(keys, at) or _in_force(keys, seen[pk] or at)
    }


def partial_among(sights: Mapping[int, Sight | None], at: datetime) -> set[int]:
    """Return the same at an instant, by the newest sight of each account by then."""
    return partial({pk: sight.observed_at if sight else None for pk, sight in sights.items()}, at)


def _keys(accounts: Collection[int], at: datetime | None) -> dict[int, list[_Key]]:
    found: dict[int, list[_Key]] = {}
    said = [pk for (pk,) in sql.rows(_SAID) if pk in accounts]
    if not said:
        return found
    for pk, since, is_partial in sql.rows(_KEYS, {"accounts": said, "at": at}):
        found.setdefault(pk, []).append((since, is_partial))
    return found


def _in_force(keys: Sequence[_Key], at: datetime | None) -> bool:
    """Return whether the key in force at an instant is said to see only some wallets."""
    begun = [is_partial for since, is_partial in keys if at is None or since <= at]
    # The first answer came before its key was stored.
    return begun[-1] if begun else keys[0][1]
