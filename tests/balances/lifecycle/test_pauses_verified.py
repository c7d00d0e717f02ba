"""Whatever reasons an account has to stand still, in whatever order, its history verifies."""

from itertools import permutations

import pytest

from accounts.models import Account
from balances.evidence.verification.verify import verify
from balances.lifecycle import pausing
from tests.conftest import Cast
from tests.support.history import StoppedClock, at, coins, keyless, seen

ACTS = {
    "pause": lambda account: pausing.pause(account, by=None),
    "revoke": lambda account: pausing.key_revoked(account, by=None),
    "archive": lambda account: pausing.archive(account, by=None),
}


@pytest.mark.parametrize("order", list(permutations(ACTS)), ids="-".join)
def test_every_order_of_standing_still_verifies(
    cast: Cast,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    order: tuple[str, ...],
) -> None:
    clock = StoppedClock(monkeypatch, at(10))
    account = keyless("Custody", at(10))
    seen(account, at(10), BTC=coins(100))
    for minute, act in enumerate(order, 1):
        clock.now = at(10, minute)
        ACTS[act](account)
        assert verify().findings == [], act
    clock.now = at(10, 4)
    pausing.key_replaced(account)
    assert verify().findings == []
    assert not Account.objects.get().is_polled
