"""What figures at a cut-off rest on: the newest snapshot by then, and the newest fresh run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from balances.core import sql


@dataclass(frozen=True, slots=True)
class Basis:
    """Of one account: numbers in its two chains (0 for none), and how long these are today."""

    account_id: int
    snapshot: int
    observed_at: datetime | None
    payload: bytes
    link: bytes
    size: int
    run: int
    snapshots: int
    runs: int


# The run is the one that `observed` looks at.
_BASES = """
SELECT a.id, coalesce(s.number, 0), s.observed_at, s.payload_id, s.chain, coalesce(p.size, 0),
    coalesce(r.number, 0), coalesce(h.snapshot_count, 0), coalesce(h.run_count, 0)
FROM unnest(%(accounts)s::bigint[]) AS a(id)
LEFT JOIN balances_schedule h ON h.account_id = a.id
LEFT JOIN LATERAL (
    SELECT number, observed_at, payload_id, chain FROM balances_snapshot s
    WHERE s.account_id = a.id AND s.observed_at <= %(at)s ORDER BY s.observed_at DESC LIMIT 1
) s ON true
LEFT JOIN balances_payload p ON p.digest = s.payload_id
LEFT JOIN LATERAL (
    SELECT number FROM balances_run r WHERE r.account_id = a.id AND r.outcome = 'fresh'
      AND r.first_slot <= %(at)s AND r.first_observed <= %(at)s
    ORDER BY r.first_slot DESC LIMIT 1
) r ON true
"""


def bases(account_ids: Sequence[int], at: datetime) -> dict[int, Basis]:
    """Return every account's basis at a cut-off."""
    found = sql.rows(_BASES, {"accounts": list(account_ids), "at": at})
    return {
        row[0]: Basis(row[0], row[1], row[2], bytes(row[3] or b""), bytes(row[4] or b""), *row[5:])
        for row in found
    }
