"""Every change of an asset in a stretch of time, as lines of a file, however many there are.

Rows come through a cursor of the server and are written as they come, so that memory does not grow
with a history.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.shared.csv_cells import text_cell
from balances.core.amounts import plain_decimal
from balances.core.instants import iso
from balances.pages.charts.subject import Subject
from balances.series.rollup_sql import Stay

HEADER = (
    "at", "account", "account id", "asset", "total", "available", "pending_in", "pending_out",
)  # fmt: skip
#: Rows that are in memory at once.
_CHUNK = 2_000

# With what was held at the start, so that every amount in between is known. What was gone when the
# account came is left out: it would tell what another one held.
_CHANGES = """
SELECT greatest(c.valid_from, stay.began, %(start)s), stay.account_id, a.uid,
    c.total, c.available, c.pending_in, c.pending_out, c.scale
FROM unnest(%(accounts)s::bigint[], %(began)s::timestamptz[], %(ended)s::timestamptz[])
    AS stay(account_id, began, ended)
JOIN accounts_account a ON a.id = stay.account_id
JOIN balances_holding h ON h.account_id = stay.account_id AND h.asset = %(asset)s
CROSS JOIN LATERAL (
    SELECT * FROM (SELECT * FROM balances_change WHERE holding_id = h.id
        AND valid_from <= greatest(stay.began, %(start)s)
        AND (stay.ended IS NULL OR stay.ended > %(start)s)
        ORDER BY valid_from DESC LIMIT 1) held
    WHERE valid_from >= stay.began
        OR (total, available, pending_in, pending_out) <> (0, 0, 0, 0)
    UNION ALL
    SELECT * FROM balances_change WHERE holding_id = h.id
        AND valid_from > greatest(stay.began, %(start)s) AND valid_from <= %(end)s
        AND (stay.ended IS NULL OR valid_from < stay.ended)
) c
WHERE stay.began <= %(end)s
ORDER BY 1, 2
"""


def change_rows(of: Subject, start: datetime, end: datetime) -> Iterator[list[str]]:
    """Return the lines of a file: what each account held at the start or brought, then changes.

    Which accounts are in it is settled at once; a line is read when it is written.
    """
    stays: list[Stay] = [(i, span) for i, spans in of.known.items() for span in spans]
    return _rows(of, stays, of.scope.labels({i for i, _ in stays}), start, end)


def _rows(
    of: Subject, stays: Sequence[Stay], labels: Mapping[int, str], start: datetime, end: datetime
) -> Iterator[list[str]]:
    yield list(HEADER)
    values = {
        "accounts": [i for i, _ in stays],
        "began": [began for _, (began, _) in stays],
        "ended": [ended for _, (_, ended) in stays],
        "asset": of.asset,
        "start": start,
        "end": end,
    }
    for at, account_id, uid, *amounts in _streamed(values):
        *four, scale = (int(value) for value in amounts)
        told = [iso(at), text_cell(labels[account_id]), str(uid), text_cell(of.asset)]
        yield [*told, *(plain_decimal(amount, scale) for amount in four)]


def _streamed(values: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_CHANGES, values)
        while rows := cursor.fetchmany(_CHUNK):
            yield from rows
