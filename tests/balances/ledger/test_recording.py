"""What a poll writes: nothing if nothing changed, everything about a change, all or none."""

import json
import time
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError

from accounts.models import Account
from balances.core import sql
from balances.history import positions
from balances.ledger import schedules as ledger_schedules
from balances.models import Change, Holding, Payload, Run, Schedule, Snapshot
from balances.polling import claims, recording
from balances.polling.results import Failure, Result
from tests.conftest import Simulator
from tests.support import props
from tests.support.history import (
    answer,
    answer_of,
    at,
    claimed,
    coins,
    delivered,
    failed,
    keyless,
    seen,
)


@pytest.fixture
def account(db: None) -> Account:  # noqa: ARG001
    return keyless("Custody", at(10))


def rows() -> list[int]:
    """Return how many rows each table of history has."""
    return [kind.objects.count() for kind in (Holding, Change, Snapshot, Payload, Run)]


def last_change(account: Account, asset: str) -> Change:
    return Change.objects.filter(holding__account=account, holding__asset=asset).latest(
        "valid_from"
    )


def test_an_unchanged_poll_adds_no_row_in_any_table(simulator: Simulator, custody: Account) -> None:
    simulator.holds("Custody", BTC=coins(5, 10**8))
    props.scheduled(custody, at(10), 300)
    (first,) = props.polled([custody], at(10))
    before = rows()
    (second,) = props.polled([custody], at(10, 5))
    assert (first.outcome, first.changed) == ("fresh", 1)
    assert (second.outcome, second.changed) == ("fresh", 0)
    assert rows() == before == [1, 1, 1, 1, 0]


def test_a_change_is_stored_with_exact_deltas_and_the_very_bytes(
    simulator: Simulator, custody: Account
) -> None:
    props.scheduled(custody, at(10), 300)
    simulator.holds("Custody", ETH=(2_000 * 10**18 + 1, 10**21, 10**21 + 1, 0, 10**18))
    props.polled([custody], at(10))
    simulator.holds("Custody", ETH=(2_000 * 10**18, 10**21, 10**21 + 2, 2, 10**18))
    props.polled([custody], at(10, 5))
    change = last_change(custody, "ETH")
    assert change.valid_from == at(10, 5)
    assert change.total == Decimal("2000000000000000000000")
    assert change.delta_total == Decimal("-0.000000000000000001")
    assert change.delta_available == 0
    assert change.delta_pending_in == Decimal("0.000000000000000001")
    assert change.delta_pending_out == Decimal("0.000000000000000002")
    body = json.loads(zlib.decompress(change.snapshot.payload.body))
    assert body["assets"]["ETH"]["pendingIn"] == 10**21 + 2
    assert Payload.objects.count() == 2


def test_the_same_bytes_again_later_are_stored_once(account: Account) -> None:
    for minute, total in ((0, 1), (5, 2), (10, 1)):
        seen(account, at(10, minute), BTC=coins(total))
    assert (Snapshot.objects.count(), Payload.objects.count()) == (3, 2)


@pytest.mark.parametrize(
    "body",
    [
        (
            b'{"assets":{"ETH":{"total":2,"available":2,"pendingIn":0,"pendingOut":0,"scale":10},'
            b'"BTC":{"scale":1e2,"total":1,"available":1,"pendingIn":0,"pendingOut":0}}}'
        ),
        (
            b'{"assets":[{"BTC":{"total":1,"available":1,"pendingIn":0,"pendingOut":0,"scale":100}},'
            b'{"ETH":{"total":2,"available":2,"pendingIn":0,"pendingOut":0,"scale":10}}]}'
        ),
        (
            b'{ "assets" : {"BTC":{"total":1,"available":1,"pendingIn":0,"pendingOut":0,'
            b'"scale":100},\n"ETH":{"total":2,"available":2,"pendingIn":0,"pendingOut":0,'
            b'"scale":10}}, "more": 1}'
        ),
    ],
    ids=["order", "list", "white space"],
)
def test_the_same_balances_in_other_words_add_nothing(account: Account, body: bytes) -> None:
    seen(account, at(10), BTC=coins(1), ETH=coins(2, 10))
    before = rows()
    (recorded,) = delivered(claimed(account, at(10, 5)), answer_of(body), at(10, 5))
    assert (recorded.outcome, recorded.changed) == ("fresh", 0)
    assert rows() == before


def test_a_vanished_asset_is_zero_with_a_flag(account: Account) -> None:
    seen(account, at(10), BTC=coins(1), ETH=coins(25, 10))
    assert seen(account, at(10, 5), BTC=coins(1)).changed == 1
    change = last_change(account, "ETH")
    assert (int(change.total), int(change.scale), change.flags) == (0, 10, ["vanished"])
    assert change.delta_total == Decimal("-2.5")
    assert change.snapshot.flags == []
    # It stays so, and comes back without the flag.
    assert seen(account, at(10, 10), BTC=coins(1)).changed == 0
    seen(account, at(10, 15), BTC=coins(1), ETH=coins(5, 10))
    assert last_change(account, "ETH").flags == []


@pytest.mark.parametrize(
    "body", [b'{"assets":null}', b'{"assets":{}}', b'{"assets":[]}', b"null", b'{"data":null}']
)
def test_nothing_after_something_is_flagged(account: Account, body: bytes) -> None:
    seen(account, at(10), BTC=coins(1))
    delivered(claimed(account, at(10, 5)), answer_of(body), at(10, 5))
    assert Snapshot.objects.latest("observed_at").flags == ["emptied"]
    assert last_change(account, "BTC").flags == ["vanished"]


def test_a_new_account_without_assets_is_known_and_empty(account: Account) -> None:
    delivered(claimed(account, at(10)), answer_of(b'{"assets":null}'), at(10))
    snapshot = Snapshot.objects.get(account=account)
    assert (snapshot.slot, snapshot.flags) == (at(10), [])
    (position,) = positions.positions([account.pk], at(10))
    assert (position.coverage(at(10)), position.standings) == ("fresh", ())


def test_a_changed_scale_is_flagged_and_its_deltas_are_in_units(account: Account) -> None:
    seen(account, at(10), BTC=coins(150, 100))
    seen(account, at(10, 5), BTC=coins(1501, 1000))
    change = last_change(account, "BTC")
    assert (change.flags, change.delta_total) == (["scale_changed"], Decimal("0.001"))
    # The same base units with another scale are another amount.
    seen(account, at(10, 10), BTC=coins(1501, 10))
    change = last_change(account, "BTC")
    assert (change.flags, change.delta_total) == (["scale_changed"], Decimal("148.599"))
    seen(account, at(10, 15), BTC=coins(1502, 10))
    assert last_change(account, "BTC").flags == []


def test_a_broken_identity_is_stored_and_flagged(account: Account) -> None:
    seen(account, at(10), BTC=(100, 50, 0, 0, 100))
    change = last_change(account, "BTC")
    assert (int(change.total), int(change.available), change.flags) == (100, 50, ["identity"])


def test_amounts_up_to_2_to_the_256_are_exact(account: Account) -> None:
    seen(account, at(10), WEI=(2**256, 2**256 - 1, 1, 0, 10**30))
    seen(account, at(10, 5), WEI=(2**256 - 1, 2**256 - 1, 0, 0, 1))
    change = last_change(account, "WEI")
    assert int(change.total) == 2**256 - 1
    digits = sql.rows("SELECT delta_total::text FROM balances_change ORDER BY valid_from DESC")
    whole, fraction = divmod((2**256 - 1) * 10**30 - 2**256, 10**30)
    assert digits[0][0] == f"{whole}.{fraction:030}"


def test_a_failure_leaves_balances_and_says_why(account: Account) -> None:
    seen(account, at(10), BTC=coins(1))
    before = rows()
    recorded = failed(account, at(10, 5), Failure("tls", "Check QREDO_CA_FILE."))
    assert (recorded.outcome, recorded.reason) == ("failed", "tls")
    schedule = Schedule.objects.get(account=account)
    assert (schedule.last_reason, schedule.last_detail) == ("tls", "Check QREDO_CA_FILE.")
    assert (schedule.failing_since, schedule.observed_at) == (at(10, 5), at(10))
    assert rows() == [*before[:4], before[4] + 1]
    failed(account, at(10, 10))
    assert Schedule.objects.get(account=account).failing_since == at(10, 5)
    seen(account, at(10, 15), BTC=coins(1))
    schedule = Schedule.objects.get(account=account)
    assert (schedule.last_reason, schedule.last_detail, schedule.failing_since) == ("", "", None)


@pytest.mark.parametrize(
    ("fault", "reason"), [("401", "key_rejected"), ("503", "upstream_error"), ("reset", "reset")]
)
def test_what_upstream_did_becomes_the_reason(
    simulator: Simulator, custody: Account, fault: str, reason: str
) -> None:
    props.scheduled(custody, at(10), 300)
    simulator.fails("Custody", fault)
    (recorded,) = props.polled([custody], at(10))
    assert (recorded.outcome, recorded.reason) == ("failed", reason)


def test_an_answer_is_never_older_than_its_slot(account: Account) -> None:
    a_second_ago = replace(answer(BTC=coins(1)), sent_monotonic=time.monotonic() - 1)
    delivered(claimed(account, at(10)), a_second_ago, at(10))
    assert Schedule.objects.get(account=account).observed_at == at(10)


def test_an_answer_counts_from_when_it_was_asked_for(account: Account) -> None:
    a_minute_ago = replace(answer(BTC=coins(1)), sent_monotonic=time.monotonic() - 60)
    delivered(claimed(account, at(10)), a_minute_ago, at(10, 1, 30))
    observed = Snapshot.objects.get().observed_at
    assert at(10, 0, 25) < observed <= at(10, 0, 30)
    assert Schedule.objects.get(account=account).run_lateness_ms in range(25_000, 30_001)


def test_instants_strictly_increase_even_when_the_clock_steps_back(account: Account) -> None:
    seen(account, at(10), BTC=coins(1))
    claim = claimed(account, at(10, 5))
    delivered(claim, answer(BTC=coins(2)), at(9))
    assert last_change(account, "BTC").valid_from == at(10, 5)
    claim = claimed(account, at(10, 10))
    Schedule.objects.filter(account=account).update(observed_at=at(10, 12))
    delivered(claim, answer(BTC=coins(3)), at(10, 11))
    assert last_change(account, "BTC").valid_from == at(10, 12) + timedelta(microseconds=1)


@pytest.mark.django_db
def test_a_month_without_a_partition_is_made_by_whoever_writes() -> None:
    eve = datetime(2031, 1, 31, 23, 55, tzinfo=UTC)
    account = keyless("Far ahead", eve)
    seen(account, eve, BTC=coins(1))
    seen(account, eve + timedelta(minutes=5), BTC=coins(2))
    kept = sql.rows("SELECT tableoid::regclass::text, total FROM balances_change ORDER BY 1")
    assert kept == [("balances_change_203101", 1), ("balances_change_203102", 2)]


def test_of_a_chunk_that_breaks_nothing_is_written(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyless("Second", at(10))
    due = claims.claim_due(limit=2, now=at(10))
    before, schedules = rows(), list(Schedule.objects.values())
    results = [Result(c.account_id, c.token, answer(BTC=coins(1))) for c in due]
    with monkeypatch.context() as broken:
        broken.setattr(
            ledger_schedules, "save", lambda _: sql.count("INSERT INTO balances_run DEFAULT VALUES")
        )
        assert recording.record(results, now=at(10)) == []
    assert rows() == before
    assert list(Schedule.objects.values()) == schedules
    assert len(recording.record(results, now=at(10))) == 2
    assert account.pk in {c.account_id for c in due}


def test_an_account_whose_history_is_damaged_takes_no_other_along(account: Account) -> None:
    sound = keyless("Sound", at(10))
    for each in (account, sound):
        seen(each, at(10), BTC=coins(1))
    # Its schedule says that it has no snapshot: the next one takes a number that is taken.
    Schedule.objects.filter(account=account).update(snapshot_count=0)
    due = claims.claim_due(limit=2, now=at(10, 5))
    results = [Result(c.account_id, c.token, answer(BTC=coins(2))) for c in due]
    recorded = {one.account_id: one for one in recording.record(results, now=at(10, 5))}
    assert recorded[sound.pk].outcome == "fresh"
    assert recorded[account.pk].outcome == "failed"
    assert "could not be stored" in recorded[account.pk].detail
    assert [last_change(one, "BTC").total for one in (account, sound)] == [1, 2]
    state = Schedule.objects.get(account=account)
    assert (state.claim_token, state.observed_at) == (None, at(10))


def test_a_database_that_is_away_is_no_damage(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = claimed(account, at(10))

    def away(_: object) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(ledger_schedules, "save", away)
    with pytest.raises(OperationalError):
        delivered(claim, answer(BTC=coins(1)), at(10))


def test_a_result_after_its_claims_time_is_discarded_before_the_reaper_comes(
    account: Account,
) -> None:
    claim = claimed(account, at(10))
    assert delivered(claim, answer(BTC=coins(1)), at(10, 2, 1)) == []
    assert rows() == [0, 0, 0, 0, 0]
    assert claims.reap(at(10, 2, 2)) == 1
    schedule = Schedule.objects.get(account=account)
    assert (schedule.run_outcome, schedule.run_reason) == ("missed", "unfinished")
    assert schedule.observed_at is None
