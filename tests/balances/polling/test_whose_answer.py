"""What is recorded for an account is what its own requests were answered, whatever else arrives."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from balances.models import Holding, Snapshot
from tests.conftest import Cast, Simulator
from tests.qredo.keys import SECRET_TEXT
from tests.qredo.odd_server import OddServer
from tests.support import props
from tests.support.history import at

ACCOUNTS, ROUNDS, STEP = 12, 12, timedelta(minutes=5)


def test_a_server_with_odd_framing_mixes_no_balances_up(cast: Cast, settings: Any) -> None:
    now = at(10)
    with OddServer(seed=7).running() as server:
        settings.QREDO_GIVEN_URLS = {"production": server.url, "sandbox": server.url}
        keys = {}
        for number in range(ACCOUNTS):
            owner = (cast.fund, cast.other)[number % 2]
            account = props.enrolled((f"key-{number}", SECRET_TEXT), f"Odd {number}", owner)
            props.scheduled(account, now, 300)
            keys[account] = f"key-{number}"
        fresh = 0
        for _ in range(ROUNDS):
            asked = {key: len(server.meant.get(key, ())) for key in keys.values()}
            recorded = {one.account_id: one.outcome for one in props.polled(keys, now)}
            for account, key in keys.items():
                if recorded.get(account.pk) == "fresh":
                    assert amount_of(account.pk) in amounts(server.meant[key][asked[key] :])
                    fresh += 1
            now += STEP
    assert fresh >= ROUNDS  # of 144 slots a third has an answer that is beyond doubt
    for account, key in keys.items():
        stored = Snapshot.objects.filter(account=account).values_list("payload_id", flat=True)
        digests = {hashlib.sha256(body).digest() for body in server.meant[key]}
        assert {bytes(digest) for digest in stored} <= digests


@pytest.mark.parametrize(
    ("fault", "outcome", "reason"),
    [
        ("interim", "fresh", ""),
        ("second_answer", "failed", "upstream_error"),
        ("short_length", "failed", "upstream_error"),
        ("long_length", "failed", "reset"),
        ("cut_gzip", "failed", "not_json"),
    ],
)
def test_what_the_simulator_frames_oddly_is_taken_whole_or_not_at_all(
    cast: Cast, simulator: Simulator, fault: str, outcome: str, reason: str
) -> None:
    now = at(10)
    names = ("Custody", "Trading")
    accounts = [props.enrolled(simulator.key(name), name, cast.fund) for name in names]
    for amount, name in enumerate(names, 7):
        simulator.holds(name, BTC=(amount, amount, 0, 0, 10**8))
    for account in accounts:
        props.scheduled(account, now, 300)
    simulator.fails("Custody", fault)
    odd, good = sorted(props.polled(accounts, now), key=lambda one: one.account_id)
    assert (odd.outcome, odd.reason) == (outcome, reason)
    assert good.outcome == "fresh"
    held = dict(Holding.objects.filter(asset="BTC").values_list("account_id", "total"))
    assert held == {accounts[1].pk: 8} | ({accounts[0].pk: 7} if outcome == "fresh" else {})


def amount_of(account: int) -> int:
    return int(Holding.objects.get(account=account, asset="BTC").total)


def amounts(bodies: list[bytes]) -> set[int]:
    return {json.loads(body)["assets"]["BTC"]["total"] for body in bodies}
