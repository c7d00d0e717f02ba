"""Rows as COPY reads them: tabs between columns, a line each.

Nothing here needs escaping but the backslash before hexadecimal digits: every name is ours.
"""

import zlib
from collections.abc import Iterable
from datetime import datetime

from balances.core.amounts import plain_decimal
from balances.demo.seed.account_history import Closed, Moved, Seen

_CHANGE = (
    "holding_id, valid_from, snapshot_id, total, available, pending_in, pending_out, scale,"
    " delta_total, delta_available, delta_pending_in, delta_pending_out, flags"
)
_RUN = (
    "account_id, span, outcome, reason, first_slot, last_slot, interval_seconds, slots,"
    " first_observed, last_observed, lateness_ms, number, chain"
)
#: Table and columns, in the order in which rows refer to each other.
TABLES = (
    ("balances_payload", "digest, body, size"),
    ("balances_snapshot", "id, account_id, slot, observed_at, payload_id, flags, number, chain"),
    ("balances_change", _CHANGE),
    ("balances_run", _RUN),
)

Texts = tuple[str, str, str, str]


def texts(seen: Iterable[tuple[int, Seen]], closed: Iterable[Closed]) -> Texts:
    """Return the rows of each table; every snapshot comes with its id."""
    numbered = list(seen)
    return (
        "".join([_payload(one) for _, one in numbered]),
        "".join([_snapshot(number, one) for number, one in numbered]),
        "".join([_change(number, one, moved) for number, one in numbered for moved in one.moved]),
        "".join([_run(one) for one in closed]),
    )


def _payload(seen: Seen) -> str:
    # An answer fits the smaller window; the usual one's memory costs twice what compressing does.
    body = zlib.compress(seen.body, wbits=12)
    return f"{_hex(seen.digest)}\t{_hex(body)}\t{len(seen.body)}\n"


def _snapshot(number: int, seen: Seen) -> str:
    return (
        f"{number}\t{seen.account_id}\t{seen.slot}\t{seen.observed_at}\t{_hex(seen.digest)}\t{{}}"
        f"\t{seen.head.count}\t{_hex(seen.head.digest)}\n"
    )


def _change(number: int, seen: Seen, moved: Moved) -> str:
    scale = moved.coin.scale
    total, available, pending_in, pending_out = moved.after
    deltas = "\t".join([plain_decimal(delta, scale) for delta in moved.delta])
    return (
        f"{moved.holding_id}\t{seen.observed_at}\t{number}\t{total}\t{available}\t{pending_in}"
        f"\t{pending_out}\t{scale}\t{deltas}\t{{}}\n"
    )


def _run(closed: Closed) -> str:
    run = closed.run
    return (
        f"{closed.account_id}\t[{run.first},{closed.until})\t{run.outcome}\t{run.reason}"
        f"\t{run.first}\t{run.last}\t{run.interval_seconds}\t{run.slots}"
        f"\t{_or_null(run.first_observed)}\t{_or_null(run.last_observed)}\t{run.lateness_ms}"
        f"\t{closed.head.count}\t{_hex(closed.head.digest)}\n"
    )


def _hex(value: bytes) -> str:
    return rf"\\x{value.hex()}"


def _or_null(instant: datetime | None) -> str:
    return r"\N" if instant is None else str(instant)
