"""What a poll writes of a schedule is little: the write-ahead log holds what lies between."""

import pytest

from accounts.models import Account
from balances.core import sql
from tests.support.history import answer, at, claimed, coins, delivered, keyless, seen


def row(account: Account) -> tuple[object, ...]:
    return sql.rows("SELECT * FROM balances_schedule WHERE account_id = %s", [account.pk])[0]


@pytest.mark.django_db
def test_what_a_claim_and_an_unchanged_poll_write_lies_together() -> None:
    account = keyless("Custody", at(10))
    for minute in (0, 5):
        seen(account, at(10, minute), BTC=coins(1))
    rows = [row(account)]
    claim = claimed(account, at(10, 10))
    rows.append(row(account))
    delivered(claim, answer(BTC=coins(1)), at(10, 10, 1))
    rows.append(row(account))
    written = [
        len({*map(str, values)}) > 1
        for values in zip(*rows, strict=True)
        if values != (None, None, None)  # takes no place
    ]
    first, last = written.index(True), len(written) - written[::-1].index(True)
    assert all(written[first:last]), written
