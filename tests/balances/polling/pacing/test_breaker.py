"""The breaker: an environment that is down is left alone but for probes, and comes back gently."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from accounts.models import Account, Environment
from balances.models import Schedule, Upstream
from balances.polling import claims, recording, refreshes
from balances.polling.claims import Claim
from balances.polling.pacing import circuit_breaker
from balances.polling.results import Failure, Result
from tests.conftest import Simulator
from tests.support import props
from tests.support.history import (
    StoppedClock,
    answer,
    assert_tiled,
    at,
    coins,
    keyless,
    timeline,
    words,
)

DOWN = Failure("timeout", "The host did not answer in time.")
PASSING = Failure("refused", "No connection.", permanent=False)
TICK = timedelta(seconds=5)


@pytest.fixture(autouse=True)
def _pace(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.POLL_TICK_SECONDS, settings.POLL_INTERVAL_SECONDS = 5.0, 300
    # The full distance: 10 s, then 20, 40 … 300.
    monkeypatch.setattr(circuit_breaker, "jitter", lambda: 1.0)


def many(count: int, first: datetime | None = None, interval: int = 300) -> list[Account]:
    return [keyless(f"Account {n}", first or at(10), interval) for n in range(count)]


def took(now: datetime, limit: int = 1_000) -> list[Claim]:
    return claims.claim_due(limit=limit, now=now)


def ended(due: list[Claim], now: datetime, outcome: object = DOWN) -> None:
    recording.record([Result(c.account_id, c.token, outcome) for c in due], now=now)  # type: ignore[arg-type]


def production() -> Upstream:
    return Upstream.objects.get(environment="production", is_demo=False)


def is_open() -> bool:
    return production().opened_at is not None


@pytest.fixture
def down(db: None) -> list[Account]:  # noqa: ARG001
    """Twelve accounts, none of which was answered at 10:00; the breaker is open since."""
    accounts = many(12)
    ended(took(at(10)), at(10))
    assert is_open()
    return accounts


@pytest.mark.django_db
def test_it_opens_after_ten_failures_in_a_row_whoever_they_are_of() -> None:
    many(12)
    due = took(at(10))
    for n in range(9):
        ended(due[n : n + 1], at(10))
    assert not is_open()
    ended(due[9:10], at(10))
    assert is_open()


@pytest.mark.django_db
def test_a_fresh_poll_between_starts_the_count_anew() -> None:
    many(20)
    due = took(at(10))
    ended(due[:9], at(10))
    ended(due[9:10], at(10), answer(BTC=coins(1)))
    ended(due[10:19], at(10))
    assert (is_open(), production().failures) == (False, 9)


@pytest.mark.django_db
def test_failures_beside_a_fresh_poll_of_the_same_chunk_open_nothing() -> None:
    many(20)
    due = took(at(10))
    outcomes = [DOWN] * 19 + [answer(BTC=coins(1))]
    results = [Result(c.account_id, c.token, o) for c, o in zip(due, outcomes, strict=True)]
    recording.record(results, now=at(10))
    assert (is_open(), production().failures) == (False, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["rate_limited", "key_rejected", "tls", "not_understood"])
def test_what_an_environment_that_is_up_may_say_does_not_count(reason: str) -> None:
    many(20)
    ended(took(at(10)), at(10), Failure(reason, ""))
    assert not is_open()


def test_while_it_is_open_slots_are_held_back_and_the_gap_shows_at_once(
    down: list[Account],
) -> None:
    assert took(at(10, 0, 9)) == []
    probing = {c.account_id for c in took(at(10, 5))}
    assert len(probing) == 3
    assert took(at(10, 5, 19)) == []
    took(at(10, 15, 1))
    waiting = [account for account in down if account.pk not in probing]
    assert words(waiting[-1]) == [("failed", "timeout", 1), ("missed", "held_back", 2)]
    # The newest slot can still be polled.
    assert Schedule.objects.get(account=waiting[-1]).next_slot == at(10, 15)
    for account in waiting:
        assert_tiled(account)


@pytest.mark.django_db
def test_a_tried_slot_that_is_held_back_failed() -> None:
    accounts = many(12)
    ended(took(at(10)), at(10), PASSING)
    assert is_open()
    probing = {c.account_id for c in took(at(10, 10, 1))}
    for account in accounts:
        kinds = words(account)
        assert kinds == [("failed", "refused", 1), ("missed", "held_back", 1)]
        assert_tiled(account)
    assert len(probing) == 3


def test_probes_are_few_and_grow_apart_up_to_the_interval(down: list[Account]) -> None:
    now, asked = at(10, 5), []
    while now < at(10, 30):
        due = took(now)
        ended(due, now)
        asked += [now] * bool(due)
        assert len(due) <= circuit_breaker.PROBES
        now += 2 * TICK
    gaps = [(after - before).seconds for before, after in pairwise(asked)]
    assert gaps[:5] == [20, 40, 80, 160, 300]
    assert set(gaps[5:]) <= {300}
    for account in down:
        assert_tiled(account)
        # The newest slot may still be polled.
        assert sum(stretch.slots for stretch in timeline(account)) in (5, 6)


def test_probes_go_round_so_that_no_broken_account_keeps_it_open(down: list[Account]) -> None:
    now, asked = at(10, 5), set[int]()
    while len(asked) < len(down) and now < at(11):
        due = took(now)
        ended(due, now)
        asked |= {claim.account_id for claim in due}
        now += TICK
    assert asked == {account.pk for account in down}


def test_the_first_fresh_probe_closes_it(down: list[Account]) -> None:
    due = took(at(10, 5))
    ended(due[:1], at(10, 5), answer(BTC=coins(1)))
    assert (is_open(), production().failures) == (False, 0)
    ended(due[1:], at(10, 5, 1))
    assert not is_open()
    assert len(down) - 3 == len(took(at(10, 5, 6)))


def test_a_fresh_refresh_closes_it(down: list[Account], monkeypatch: pytest.MonkeyPatch) -> None:
    StoppedClock(monkeypatch, at(10, 1))
    refresh = refreshes.ask(down[0], by=None)
    claim = claims.claim_refresh(down[0].pk, refresh.pk, hold=timedelta(seconds=60))
    assert claim is not None
    ended([claim], at(10, 1), answer(BTC=coins(1)))
    assert not is_open()


@pytest.mark.django_db
def test_at_its_return_there_is_no_stampede(settings: Any) -> None:
    settings.QREDO_CONCURRENCY = 500
    accounts = many(400)
    now = at(10)
    ended(took(now), now)
    now = at(10, 5)
    ended(took(now), now, answer(BTC=coins(1)))
    got: list[int] = []
    while sum(got) < len(accounts) - circuit_breaker.PROBES:
        now += TICK
        due = took(now)
        ended(due, now, answer(BTC=coins(1)))
        got.append(len(due))
    assert got[0] <= 26  # a tenth of what a tick may claim at the full rate
    assert got[1] < got[3] < got[5]
    assert all(after <= 2 * before for before, after in pairwise(got))
    assert now < at(10, 7)
    assert words(accounts[-1])[-1] == ("fresh", "", 1)


def test_other_environments_go_on(down: list[Account]) -> None:
    sandbox = keyless("Rehearsal", at(10))
    Account.objects.filter(pk=sandbox.pk).update(environment=Environment.SANDBOX)
    assert [c.account_id for c in took(at(10, 0, 5))] == [sandbox.pk]
    assert len(down) == 12


def test_a_clock_that_steps_back_does_not_keep_it_open(down: list[Account]) -> None:
    Schedule.objects.update(next_slot=at(9))
    assert len(took(at(9))) == circuit_breaker.PROBES
    assert len(down) == 12


def test_a_dead_upstream_gets_few_requests_and_everybody_is_back_soon_after(
    simulator: Simulator, custody: Account, trading: Account
) -> None:
    accounts = [custody, trading]
    for account in accounts:
        props.scheduled(account, at(10), 300)

    def requests() -> int:
        return simulator.requests_of("Custody") + simulator.requests_of("Trading")

    def passed(now: datetime) -> list[str]:
        return [record.outcome for record in props.polled(accounts, now)]

    simulator.admin("POST", "fault", key_id="*", fault="503")
    now, before = at(10), requests()
    while not (Upstream.objects.exists() and is_open()):
        passed(now)
        now += TICK
    assert requests() - before <= circuit_breaker.THRESHOLD + 1
    before, opened = requests(), now
    while now < opened + timedelta(hours=1):
        passed(now)
        now += timedelta(seconds=15)
    assert requests() - before <= 2 * 16
    simulator.admin("DELETE", "fault")
    gone, seen = now, 0
    while seen < 2 and now < gone + timedelta(minutes=15):
        seen += passed(now).count("fresh")
        now += TICK
    assert not is_open()
    assert now - gone <= timedelta(minutes=6)
    for account in accounts:
        assert words(account)[-1] == ("fresh", "", 1)
        assert_tiled(account)


def test_what_was_overtaken_around_its_return_did_not_lack_a_worker(down: list[Account]) -> None:
    due = took(at(10, 5))
    ended(due, at(10, 5, 2), answer(BTC=coins(1)))
    probing = {claim.account_id for claim in due}
    took(at(10, 10, 1))
    waiting = next(account for account in down if account.pk not in probing)
    assert words(waiting) == [("failed", "timeout", 1), ("missed", "shed", 1)]
    assert_tiled(waiting)
