"""Since when is something pending? The instant it was first seen so, without a break since.

A change after which something is pending and before which nothing was begins a flight. Those have
an index of their own, so that the newest one at or before an instant is one look-up a holding,
however long a flight lasts and however often it changed meanwhile.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from balances.core import sql

# The condition is that of the index `balances_change_flight`: a delta is in units, exactly.
_BEGAN = """
SELECT h.account_id, h.asset, c.valid_from
FROM unnest(%(accounts)s::bigint[], %(assets)s::text[]) AS pair(account_id, asset)
JOIN balances_holding h ON h.account_id = pair.account_id AND h.asset = pair.asset
CROSS JOIN LATERAL (
    SELECT c.valid_from FROM balances_change c
    WHERE c.holding_id = h.id AND c.valid_from <= coalesce(%(at)s::timestamptz, 'infinity')
        AND c.pending_in + c.pending_out > 0
        AND c.delta_pending_in * c.scale = c.pending_in
        AND c.delta_pending_out * c.scale = c.pending_out
    ORDER BY c.valid_from DESC LIMIT 1
) c
"""

Pair = tuple[int, str]


def began(pairs: Iterable[Pair], at: datetime | None) -> Mapping[Pair, datetime]:
    """Return, by account and asset, since when something has been pending that is so at `at`.

    Without an instant it is what is so now; to be read in one view with the amounts.
    """
    accounts, assets = zip(*pairs, strict=True) if (pairs := list(pairs)) else ((), ())
    values = {"accounts": list(accounts), "assets": list(assets), "at": at}
    return {(account, asset): since for account, asset, since in sql.rows(_BEGAN, values)}
