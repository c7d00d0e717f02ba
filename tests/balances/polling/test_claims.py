"""Claims: one an account, older slots missed, and a token without which nothing is written."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction

from accounts.models import Account
from balances.ledger import schedules
from balances.models import Change, Holding, Run, Schedule, Snapshot
from balances.polling import claims, poll
from balances.polling.claims import Claim
from balances.polling.results import Result
from tests.conftest import Simulator
from tests.support.history import (
    INTERVAL,
    TIMEOUT,
    answer,
    assert_tiled,
    at,
    claimed,
    coins,
    delivered,
    failed,
    keyless,
    seen,
    timeline,
    words,
)

STEP = timedelta(seconds=INTERVAL)

#: Rows that other connections see. The apps are named because only then are all tables emptied.
concurrent = pytest.mark.django_db(transaction=True, available_apps=list(settings.INSTALLED_APPS))


@pytest.fixture
def account(db: None) -> Account:  # noqa: ARG001
    return keyless("Custody", at(10))


def everything(account: Account) -> object:
    """Return all that is written about an account."""
    return [
        list(rows.values())
        for rows in (
            Schedule.objects.filter(account=account),
            Run.objects.filter(account=account),
            Holding.objects.filter(account=account),
            Snapshot.objects.filter(account=account),
            Change.objects.filter(holding__account=account),
        )
    ]


def test_an_account_is_claimed_from_the_instant_of_its_slot_on(account: Account) -> None:
    early = at(10) - timedelta(microseconds=1)
    assert claims.claim_due(limit=10, now=early) == []
    assert claimed(account, at(10)).account_id == account.pk


def test_an_account_has_one_claim_at_a_time(account: Account) -> None:
    claimed(account, at(10))
    assert claims.claim_due(limit=10, now=at(10, 30)) == []


def test_the_longest_due_come_first_and_the_limit_holds(account: Account) -> None:
    older = keyless("Older", at(9))
    assert [c.account_id for c in claims.claim_due(limit=1, now=at(10))] == [older.pk]
    assert [c.account_id for c in claims.claim_due(limit=1, now=at(10))] == [account.pk]


@pytest.mark.django_db
@pytest.mark.parametrize(("interval", "holds"), [(300, 120), (60, 48), (15, 12)])
def test_a_claim_holds_two_minutes_and_less_than_its_interval(interval: int, holds: int) -> None:
    account = keyless("Quick", at(10), interval)
    claimed(account, at(10))
    until = Schedule.objects.get(account=account).claim_until
    assert until == at(10) + timedelta(seconds=holds)


def test_older_slots_are_one_missed_run(account: Account) -> None:
    claim = claimed(account, at(10, 17))
    (missed,) = timeline(account)
    assert (missed.first, missed.until) == (at(10), at(10, 15))
    assert (missed.kind, missed.reason, missed.slots) == ("missed", "unclaimed", 3)
    assert_tiled(account)
    delivered(claim, TIMEOUT, at(10, 17))
    assert words(account) == [("missed", "unclaimed", 3), ("failed", "timeout", 1)]


def test_days_without_anybody_are_missed_day_by_day(account: Account) -> None:
    claimed(account, at(0, 2, day=5))
    assert [stretch.slots for stretch in timeline(account)] == [168, 288, 288]
    assert_tiled(account)


@pytest.mark.parametrize("outcome", [answer(BTC=coins(7)), TIMEOUT], ids=["fresh", "failed"])
def test_a_result_with_a_wrong_token_changes_nothing_at_all(
    account: Account, outcome: object
) -> None:
    seen(account, at(10), BTC=coins(1))
    claim = claimed(account, at(10, 5))
    before = everything(account)
    forged = Claim(account.pk, uuid4())
    assert delivered(forged, outcome, at(10, 6)) == []  # type: ignore[arg-type]
    assert everything(account) == before
    assert len(delivered(claim, outcome, at(10, 6))) == 1  # type: ignore[arg-type]


def test_the_same_result_delivered_twice_counts_once(account: Account) -> None:
    claim = claimed(account, at(10))
    assert len(delivered(claim, answer(BTC=coins(1)), at(10))) == 1
    before = everything(account)
    assert delivered(claim, answer(BTC=coins(1)), at(10)) == []
    assert delivered(claim, answer(BTC=coins(2)), at(10, 5)) == []
    assert everything(account) == before


def test_a_late_answer_after_the_reaper_is_discarded_and_its_slot_missed(account: Account) -> None:
    claim = claimed(account, at(10))
    assert claims.reap(at(10, 2)) == 0
    assert claims.reap(at(10, 2, 1)) == 1
    before = everything(account)
    assert delivered(claim, answer(BTC=coins(1)), at(10, 3)) == []
    assert everything(account) == before
    assert words(account) == [("missed", "unfinished", 1)]
    assert_tiled(account)


def test_what_was_given_back_is_claimed_again_as_the_same_slot(account: Account) -> None:
    first = claimed(account, at(10))
    claims.give_back([first])
    again = claimed(account, at(10, 1))
    assert again.token != first.token
    assert Schedule.objects.get(account=account).claim_slot == at(10)
    claims.give_back([first])
    assert Schedule.objects.get(account=account).claim_token == again.token
    assert words(account) == []


def test_at_an_orderly_end_every_claimed_slot_falls_due_again(account: Account) -> None:
    other, asked = keyless("Second", at(10)), keyless("Asked", at(10))
    claimed(account, at(10))
    claimed(other, at(10))
    assert claims.claim_refresh(asked.pk, 1, hold=STEP) is not None
    claims.give_back_all()
    assert Schedule.objects.get(claim_token__isnull=False).account_id == asked.pk
    assert {claimed(one, at(10, 1)).account_id for one in (account, other)} == {
        account.pk,
        other.pk,
    }
    assert words(account) == words(other) == []


def test_due_slots_are_fresh_failed_or_missed_at_every_moment(account: Account) -> None:
    chance = random.Random(7)  # noqa: S311 - not a secret
    now = at(10)
    for _ in range(60):
        now += timedelta(seconds=chance.randrange(1, 900))
        due = claims.claim_due(limit=1, now=now)
        ending = chance.randrange(4)
        for claim in due:
            if ending == 0:
                delivered(claim, answer(BTC=coins(chance.randrange(3))), now)
            elif ending == 1:
                delivered(claim, TIMEOUT, now)
            elif ending == 2:
                claims.give_back(due)
            else:
                claims.reap(now + timedelta(minutes=5))
        slots = sum(stretch.slots for stretch in timeline(account))
        given_back = bool(due) and ending == 2
        assert slots + given_back == (now - at(10)) // STEP + 1
        assert_tiled(account)


def test_a_message_with_a_stale_token_makes_no_request(
    simulator: Simulator, custody: Account
) -> None:
    asked = simulator.requests_of("Custody")
    assert poll.poll([Claim(custody.pk, uuid4())]) == []
    assert simulator.requests_of("Custody") == asked


def test_what_could_not_begin_in_time_is_given_back(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyless("Second", at(10))
    due, go_on = claims.claim_due(limit=2, now=at(10)), Event()
    real = claims.give_back

    def slowly(claim: Claim, *_: object) -> Result:
        assert go_on.wait(20)
        return Result(claim.account_id, claim.token, answer())

    def give_back(late: list[Claim]) -> None:
        real(late)
        go_on.set()

    monkeypatch.setattr(poll, "_ask", slowly)
    monkeypatch.setattr(claims, "give_back", give_back)
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(poll, "_pool", lambda: pool)
        monkeypatch.setattr(poll, "_time_to_begin", lambda: 0.05)
        (recorded,) = poll.poll(due, now=at(10))
    (again,) = claims.claim_due(limit=2, now=at(10, 1))
    assert {recorded.account_id, again.account_id} == {claim.account_id for claim in due}
    assert_tiled(account)


@concurrent
def test_concurrent_claimers_never_get_the_same_account(settings: Any) -> None:
    settings.QREDO_CONCURRENCY = 40
    accounts = {keyless(f"Account {n}", at(10)).pk for n in range(40)}
    start, got = Barrier(4), []

    def claim() -> None:
        start.wait()
        while found := claims.claim_due(limit=3, now=at(10, 7)):
            got.extend(found)
        connection.close()

    run_all([Thread(target=claim) for _ in range(4)])
    assert len(got) == 40
    assert {claim.account_id for claim in got} == accounts
    assert set(Schedule.objects.values_list("run_slots", flat=True)) == {1}


@concurrent
def test_a_claimer_passes_over_an_account_that_somebody_writes() -> None:
    busy, free = (keyless(label, at(10)) for label in ("Busy", "Free"))
    got: list[Claim] = []

    def claim() -> None:
        got.extend(claims.claim_due(limit=10, now=at(10)))
        connection.close()

    with transaction.atomic():
        schedules.lock([busy.pk])
        run_all([Thread(target=claim)])
    assert [claim.account_id for claim in got] == [free.pk]


def run_all(threads: list[Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


def test_a_failure_and_a_success_are_counted_apart(account: Account) -> None:
    seen(account, at(10), BTC=coins(1))
    failed(account, at(10, 5))
    failed(account, at(10, 10))
    assert words(account) == [("fresh", "", 1), ("failed", "timeout", 2)]
