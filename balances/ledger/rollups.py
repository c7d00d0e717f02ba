"""Roll-ups: summed deltas of an owner's asset, by hour and by day, in units of the asset.

They are upserted in the transaction that writes a change, so they have no lag. What an account
brings into an owner's totals or takes out of them (transfer, archive, counted or not) is a delta of
its level at that instant; one in the past takes what it changed since along, too. `rebuild` makes
them anew from changes and tenures; `differences` says where they disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import Organization, User
from balances.core import sql
from balances.core.amounts import Level, plain_decimal

#: Table, and what an instant is cut to.
TABLES = (("balances_rollup_hour", "hour"), ("balances_rollup_day", "day"))

_COLUMNS = (
    "organization_id, owner_id, environment, asset, at, total, available, pending_in, pending_out"
)


@dataclass(frozen=True, slots=True)
class Stay:
    """A stretch of time in which an account is in the sums of an owner."""

    organization_id: int | None
    owner_id: int | None
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delta:
    """What one account adds to the sums of an asset of whoever it belongs to at an instant.

    At a turn that is ambiguous: there `tenure_id` says which one leaves and which one joins.
    """

    account_id: int
    asset: str
    at: datetime
    level: Level
    tenure_id: int | None = None


# In the order of the key, so that two writers never wait in a circle.
_IN_ORDER = """
ORDER BY 1, 2, 3, 4, 5
ON CONFLICT (organization_id, owner_id, environment, asset, at) DO UPDATE SET
    total = r.total + excluded.total, available = r.available + excluded.available,
    pending_in = r.pending_in + excluded.pending_in,
    pending_out = r.pending_out + excluded.pending_out
"""

_ADD = """
INSERT INTO {table} AS r ({columns})
SELECT t.organization_id, t.owner_id, a.environment, n.asset, date_trunc('{cut}', n.at, 'UTC'),
    sum(n.total), sum(n.available), sum(n.pending_in), sum(n.pending_out)
FROM unnest(%(account)s::bigint[], %(tenure)s::bigint[], %(asset)s::text[], %(at)s::timestamptz[],
    %(total)s::numeric[], %(available)s::numeric[], %(pending_in)s::numeric[],
    %(pending_out)s::numeric[])
    AS n(account_id, tenure_id, asset, at, total, available, pending_in, pending_out)
JOIN accounts_account a ON a.id = n.account_id
JOIN accounts_tenure t ON t.account_id = n.account_id
    AND CASE WHEN n.tenure_id IS NULL
        THEN t.began_at <= n.at AND (t.ended_at IS NULL OR n.at < t.ended_at)
        ELSE t.id = n.tenure_id END
    AND t.is_counted AND NOT t.is_archived
GROUP BY 1, 2, 3, 4, 5 {in_order}
"""


def add(deltas: Sequence[Delta]) -> None:
    """Add deltas to the sums of whoever the accounts belonged to at their instants.

    Once a transaction: a second time would take rows out of the order that everybody keeps to.
    """
    if not deltas:
        return
    values = {
        "account": [d.account_id for d in deltas],
        "tenure": [d.tenure_id for d in deltas],
        "asset": [d.asset for d in deltas],
        "at": [d.at for d in deltas],
        **{
            name: [plain_decimal(getattr(d.level, name), d.level.scale) for d in deltas]
            for name in ("total", "available", "pending_in", "pending_out")
        },
    }
    for table, cut in TABLES:
        statement = _ADD.format(table=table, cut=cut, columns=_COLUMNS, in_order=_IN_ORDER)
        sql.count(statement, values)


#: Every stay in the sums of an owner, or of all owners.
_OF_OWNER = """
SELECT t.account_id, a.environment, t.organization_id, t.owner_id, t.began_at, t.ended_at, 1 AS sign
FROM accounts_tenure t JOIN accounts_account a ON a.id = t.account_id
WHERE t.is_counted AND NOT t.is_archived
  AND (%(organization)s::bigint IS NULL OR t.organization_id = %(organization)s)
  AND (%(owner)s::bigint IS NULL OR t.owner_id = %(owner)s)
"""

#: The stays of one account that a turn in the past ends (-1) and begins (1).
_OF_TURN = """
SELECT a.id AS account_id, a.environment, s.*
FROM accounts_account a CROSS JOIN unnest(%(organizations)s::bigint[], %(owners)s::bigint[],
    %(began)s::timestamptz[], %(ended)s::timestamptz[], %(sign)s::integer[])
    AS s(organization_id, owner_id, began_at, ended_at, sign)
WHERE a.id = %(account)s
"""

# What sums ought to be: the changes of accounts while they counted, plus their levels where they
# joined, minus their levels where they left. A level at an edge is one look-up by primary key;
# `1e-18` times base units is exact where a division would not be.
_TRUTH = """
WITH stay AS ({stays}), moved AS (
    SELECT stay.*, h.asset, c.valid_from AS instant, c.delta_total AS total,
        c.delta_available AS available, c.delta_pending_in AS pending_in,
        c.delta_pending_out AS pending_out
    FROM stay JOIN balances_holding h USING (account_id)
    JOIN balances_change c ON c.holding_id = h.id
        AND c.valid_from >= stay.began_at
        AND (stay.ended_at IS NULL OR c.valid_from < stay.ended_at)
    UNION ALL
    SELECT stay.*, h.asset, edge.instant, edge.sign * c.total, edge.sign * c.available,
        edge.sign * c.pending_in, edge.sign * c.pending_out
    FROM stay JOIN balances_holding h USING (account_id)
    CROSS JOIN LATERAL (VALUES (stay.began_at, 1), (stay.ended_at, -1)) AS edge(instant, sign)
    CROSS JOIN LATERAL (
        SELECT total * one AS total, available * one AS available,
            pending_in * one AS pending_in, pending_out * one AS pending_out
        FROM balances_change, LATERAL concat('1e-', length(scale::text) - 1) AS text(places),
            LATERAL CAST(places AS numeric) AS unit(one)
        WHERE holding_id = h.id AND valid_from < edge.instant
        ORDER BY valid_from DESC LIMIT 1
    ) c
    WHERE edge.instant IS NOT NULL
)
SELECT organization_id, owner_id, environment, asset, date_trunc('{cut}', instant, 'UTC') AS at,
    sum(sign * total) AS total, sum(sign * available) AS available,
    sum(sign * pending_in) AS pending_in, sum(sign * pending_out) AS pending_out
FROM moved GROUP BY 1, 2, 3, 4, 5
"""


def turn(account_id: int, before: Sequence[Stay], after: Sequence[Stay]) -> None:
    """Bring the sums of all owners from what an account's stays were to what they are.

    Nobody may record for the account meanwhile. Costs what the account changed in these stays,
    whatever else its owners have. Once a transaction, like `add`.
    """
    signed = [*((-1, stay) for stay in before), *((1, stay) for stay in after)]
    values = {
        "account": account_id,
        "organizations": [stay.organization_id for _, stay in signed],
        "owners": [stay.owner_id for _, stay in signed],
        "began": [stay.began_at for _, stay in signed],
        "ended": [stay.ended_at for _, stay in signed],
        "sign": [sign for sign, _ in signed],
    }
    for table, cut in TABLES:
        truth = _TRUTH.format(stays=_OF_TURN, cut=cut)
        sql.count(f"INSERT INTO {table} AS r ({_COLUMNS}) {truth} {_IN_ORDER}", values)


def rebuild(owner: User | Organization) -> None:
    """Make the sums of an owner anew, in the caller's transaction.

    Writers of sums wait meanwhile: what one of them committed between reading the changes and
    writing the sums would be counted twice or not at all.
    """
    values = _only(owner)
    sql.count(f"LOCK TABLE {', '.join(table for table, _ in TABLES)} IN SHARE ROW EXCLUSIVE MODE")
    for table, _ in TABLES:
        sql.count(
            f"DELETE FROM {table} WHERE organization_id IS NOT DISTINCT FROM %(organization)s"  # noqa: S608 - fixed names
            " AND owner_id IS NOT DISTINCT FROM %(owner)s",
            values,
        )
    fill(owner)


def fill(owner: User | Organization) -> None:
    """Make the sums of an owner who has none; nobody else may record for its accounts meanwhile."""
    for table, cut in TABLES:
        truth = _TRUTH.format(stays=_OF_OWNER, cut=cut)
        sql.count(f"INSERT INTO {table} ({_COLUMNS}) {truth}", _only(owner))


def _only(owner: User | Organization | None) -> dict[str, int | None]:
    return {
        "organization": owner.pk if isinstance(owner, Organization) else None,
        "owner": owner.pk if isinstance(owner, User) else None,
    }


# A sum that is missing is the same as zeros: what came and went within an hour need not be there.
_DIFFERENCES = """
WITH truth AS ({truth}), stored AS (SELECT * FROM {table}),
paired AS (
    SELECT coalesce(t.organization_id, s.organization_id) AS organization_id,
        coalesce(t.owner_id, s.owner_id) AS owner_id,
        coalesce(t.environment, s.environment) AS environment,
        coalesce(t.asset, s.asset) AS asset, coalesce(t.at, s.at) AS at,
        coalesce(t.total, 0) AS total, coalesce(s.total, 0) AS stored_total,
        coalesce(t.available, 0) AS available, coalesce(s.available, 0) AS stored_available,
        coalesce(t.pending_in, 0) AS pending_in, coalesce(s.pending_in, 0) AS stored_in,
        coalesce(t.pending_out, 0) AS pending_out, coalesce(s.pending_out, 0) AS stored_out
    FROM truth t FULL JOIN stored s
    ON coalesce(t.organization_id, 0) = coalesce(s.organization_id, 0)
        AND coalesce(t.owner_id, 0) = coalesce(s.owner_id, 0)
        AND t.environment = s.environment AND t.asset = s.asset AND t.at = s.at
)
SELECT * FROM paired
WHERE (total, available, pending_in, pending_out)
   <> (stored_total, stored_available, stored_in, stored_out)
ORDER BY at LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A sum that is not what changes and tenures say."""

    table: str
    at: datetime
    field: str
    expected: str
    found: str


def differences() -> list[Difference]:
    """Return sums that differ from what changes and tenures say; the first hundred a table."""
    found: list[Difference] = []
    for table, cut in TABLES:
        truth = _TRUTH.format(stays=_OF_OWNER, cut=cut)
        statement = _DIFFERENCES.format(truth=truth, table=table)
        for row in sql.rows(statement, _only(None)):
            found += _named(table, row)
    return found


def _named(table: str, row: tuple[Any, ...]) -> list[Difference]:
    organization, owner, environment, asset, at, *pairs = row
    whose = f"organization {organization}" if organization is not None else f"person {owner}"
    names = ("total", "available", "pending_in", "pending_out")
    return [
        Difference(table, at, f"{whose} {environment} {asset} {name}", str(truth), str(stored))
        for name, truth, stored in zip(names, pairs[::2], pairs[1::2], strict=True)
        if truth != stored
    ]
