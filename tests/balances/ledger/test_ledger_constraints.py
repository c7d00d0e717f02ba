"""The database itself refuses what must never be: each rule is broken once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, transaction
from psycopg.types.range import TimestamptzRange

from accounts.models import Account
from balances.models import Change, Holding, Pause, Payload, Refresh, Run, Schedule, Snapshot
from tests.support.history import at, coins, keyless, seen


@pytest.fixture
def account(db: None) -> Account:  # noqa: ARG001
    return keyless("Custody", at(10))


def refused(rule: str, write: Callable[[], object]) -> None:
    with pytest.raises(Error, match=rule), transaction.atomic():
        write()


def make_run(account: Account, **different: Any) -> Run:
    """Store a run of three slots, 10:00 to 10:10, but for what is different."""
    given: dict[str, Any] = {
        "span": TimestamptzRange(at(10), at(10, 15)),
        "outcome": "missed",
        "reason": "unclaimed",
        "first_slot": at(10),
        "last_slot": at(10, 10),
        "interval_seconds": 300,
        "slots": 3,
        "number": Run.objects.filter(account=account).count() + 1,
        "chain": bytes(32),
        **different,
    }
    return Run.objects.create(account=account, **given)


def test_two_runs_of_an_account_never_overlap(account: Account) -> None:
    make_run(account)
    later = {"first_slot": at(10, 14), "last_slot": at(10, 24)}
    overlapping = TimestamptzRange(at(10, 14), at(10, 29))
    refused("balances_run_pkey", lambda: make_run(account, span=overlapping, **later))
    make_run(keyless("Other", at(10)), span=overlapping, **later)
    after = {"first_slot": at(10, 15), "last_slot": at(10, 25)}
    make_run(account, span=TimestamptzRange(at(10, 15), at(10, 30)), **after)


@pytest.mark.parametrize(
    ("rule", "different"),
    [
        ("check", {"slots": 2}),
        ("check", {"slots": 4}),
        ("check", {"slots": 0, "last_slot": at(9, 55)}),
        ("check", {"interval_seconds": 299}),
        ("check", {"interval_seconds": 0, "last_slot": at(10)}),
        ("check", {"first_slot": at(9, 59)}),
        ("check", {"span": TimestamptzRange(at(9, 59), at(10, 15))}),
        ("check", {"span": TimestamptzRange(at(10), at(10, 10))}),
        ("check", {"outcome": "skipped"}),
        ("check", {"reason": ""}),
        ("check", {"outcome": "fresh"}),
        ("check", {"outcome": "fresh", "last_observed": at(10)}),
        ("check", {"outcome": "fresh", "reason": ""}),
        ("check", {"last_observed": at(10)}),
        ("check", {"chain": b"short"}),
        ("check", {"number": 0}),
        ("empty", {"span": TimestamptzRange(at(10), at(10))}),
    ],
)
def test_a_run_says_what_it_covers_and_how_it_ended(
    account: Account, rule: str, different: dict[str, Any]
) -> None:
    refused(rule, lambda: make_run(account, **different))


AMOUNTS = ("total", "available", "pending_in", "pending_out")


@pytest.mark.parametrize(
    "broken", [*({name: -1} for name in AMOUNTS), {"scale": 0}, {"total": 10**78}]
)
def test_amounts_are_never_negative_or_cut(account: Account, broken: dict[str, int]) -> None:
    seen(account, at(10), BTC=coins(1))
    holding, change = Holding.objects.get(), Change.objects.get()
    refused("holding_not_negative|overflow", lambda: Holding.objects.update(**broken))
    values = {
        "holding_id": holding.pk,
        "snapshot_id": change.snapshot_id,
        "valid_from": at(11),
        "scale": 100,
        **{f"delta_{name}": 0 for name in AMOUNTS},
        **dict.fromkeys(AMOUNTS, 1),
        **broken,
    }
    refused("balances_change_|overflow", lambda: Change.objects.create(**values))


def test_an_asset_is_held_once_and_changes_once_an_instant(account: Account) -> None:
    seen(account, at(10), BTC=coins(1))
    holding, change = Holding.objects.get(), Change.objects.get()
    holding.pk = None
    refused("holding_once", lambda: holding.save(force_insert=True))
    refused("pkey", lambda: change.save(force_insert=True))


@pytest.mark.parametrize(
    ("rule", "instants"),
    [
        ("snapshot_once_an_instant", {"observed_at": at(10), "slot": None}),
        ("snapshot_once_a_slot", {"observed_at": at(11), "slot": at(10)}),
        ("snapshot_numbered", {"observed_at": at(11), "slot": None, "number": 1}),
        ("snapshot_chained", {"observed_at": at(11), "slot": None, "chain": b"short"}),
    ],
)
def test_a_snapshot_is_the_only_one_of_its_instant_and_slot(
    account: Account, rule: str, instants: dict[str, Any]
) -> None:
    seen(account, at(10), BTC=coins(1))
    payload = Payload.objects.get()
    more = {"account": account, "payload": payload, "number": 2, "chain": bytes(32), **instants}
    refused(rule, lambda: Snapshot.objects.create(**more))


@pytest.mark.parametrize(
    ("rule", "claim"),
    [
        ("claim_whole", {"claim_token": uuid4()}),
        ("claim_whole", {"claim_until": at(10)}),
        ("claim_slot_or_refresh", {"claim_slot": at(10), "claim_refresh": 1}),
        ("interval_positive", {"interval_seconds": 0}),
    ],
)
def test_a_claim_is_whole_and_of_one_kind(
    account: Account, rule: str, claim: dict[str, Any]
) -> None:
    schedule = Schedule.objects.filter(account=account)
    refused(rule, lambda: schedule.update(**claim))


def test_an_account_has_one_schedule(account: Account) -> None:
    more = Schedule(account=account, interval_seconds=300)
    refused("pkey", lambda: more.save(force_insert=True))


def test_an_account_has_one_open_refresh(account: Account) -> None:
    def ask() -> Refresh:
        return Refresh.objects.create(account=account, asked_at=at(10))

    ask()
    refused("one_open_refresh", ask)
    Refresh.objects.update(finished_at=at(10))
    ask()


def test_an_account_has_one_open_pause_and_none_overlap(account: Account) -> None:
    def pause(began: Any, ended: Any) -> Pause:
        return Pause.objects.create(account=account, kind="paused", began_at=began, ended_at=ended)

    pause(at(10), None)
    refused("one_open_pause|pause_once", lambda: pause(at(9), None))
    refused("pause_once", lambda: pause(at(9), at(10) + timedelta(seconds=1)))
    pause(at(9), at(10))
    refused("range lower bound", lambda: pause(at(8), at(7)))


def test_an_account_with_history_is_not_deleted(account: Account) -> None:
    seen(account, at(10), BTC=coins(1))
    refused("protected", account.delete)
