"""Limits: how often and how often at once Qredo is asked, all workers together; nobody starves."""

from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.conf import settings as project
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, Environment
from balances.models import Schedule, Upstream
from balances.polling import claims, recording, refreshes
from balances.polling.claims import Claim
from balances.polling.pacing import admission, environments, rate_limits
from balances.polling.results import Failure, Result
from tests.conftest import Simulator
from tests.support import props
from tests.support.history import (
    INTERVAL,
    StoppedClock,
    answer,
    assert_tiled,
    at,
    coins,
    keyless,
    timeline,
    words,
)

TOO_FAST = Failure("rate_limited", "Too often.")
TICK = timedelta(seconds=5)

concurrent = pytest.mark.django_db(transaction=True, available_apps=list(project.INSTALLED_APPS))


@pytest.fixture(autouse=True)
def _limits(settings: Any) -> None:
    settings.POLL_TICK_SECONDS = 5.0
    settings.QREDO_RATE_PER_SECOND = 2
    settings.QREDO_CONCURRENCY = 100


def many(count: int, first: datetime | None = None) -> list[Account]:
    return [keyless(f"Account {n}", first or at(10)) for n in range(count)]


def took(now: datetime) -> list[Claim]:
    return claims.claim_due(limit=1_000, now=now)


def ended(due: list[Claim], now: datetime, outcome: object = None) -> None:
    said = outcome or answer(BTC=coins(1))
    recording.record([Result(c.account_id, c.token, said) for c in due], now=now)  # type: ignore[arg-type]


def production() -> Upstream:
    return Upstream.objects.get(environment="production", is_demo=False)


@pytest.mark.django_db
def test_a_tick_claims_what_the_bucket_holds_and_leaves_the_rest_to_the_next() -> None:
    accounts = many(25)
    got = [len(took(at(10) + TICK * n)) for n in range(4)]
    assert got == [10, 10, 5, 0]
    assert Schedule.objects.filter(claim_slot=at(10)).count() == len(accounts)


@pytest.mark.django_db
def test_the_bucket_fills_with_time_and_never_beyond_a_tick() -> None:
    many(40)
    assert len(took(at(10))) == 10
    assert len(took(at(10))) == 0
    assert len(took(at(10, 0, 1))) == 2
    assert len(took(at(10, 1))) == 10


@pytest.mark.django_db
def test_a_clock_that_steps_back_gives_no_tokens() -> None:
    many(40)
    assert len(took(at(10, 3))) == 10
    assert len(took(at(10, 1))) == 0
    assert len(took(at(10, 1, 1))) == 2


@pytest.mark.django_db
def test_claims_under_way_count_until_they_end(settings: Any) -> None:
    settings.QREDO_RATE_PER_SECOND, settings.QREDO_CONCURRENCY = 100, 8
    many(30)
    first = took(at(10))
    assert len(first) == 8
    assert took(at(10, 0, 5)) == []
    ended(first[:3], at(10, 0, 6))
    assert len(took(at(10, 0, 6))) == 3
    assert admission.is_short()


@pytest.mark.django_db
def test_claims_that_were_lost_keep_others_waiting_no_longer_than_a_chunk_may_last(
    settings: Any,
) -> None:
    settings.QREDO_RATE_PER_SECOND, settings.QREDO_CONCURRENCY = 100, 8
    many(30)
    assert len(took(at(10))) == 8
    assert took(at(10, 0, 19)) == []
    assert len(took(at(10, 0, 20))) == 8


@pytest.mark.django_db
def test_environments_have_a_bucket_each_and_so_has_the_demo() -> None:
    accounts = many(60)
    pks = [account.pk for account in accounts]
    Account.objects.filter(pk__in=pks[20:40]).update(environment=Environment.SANDBOX)
    Account.objects.filter(pk__in=pks[40:]).update(is_demo=True)
    assert len(took(at(10))) == 30
    assert Schedule.objects.filter(account__in=pks[20:40]).exclude(claim_slot=None).count() == 10


@pytest.mark.django_db
def test_429_halves_the_rate_down_to_one_a_second_and_fresh_polls_bring_it_back(
    settings: Any,
) -> None:
    settings.QREDO_RATE_PER_SECOND = 40
    now, rates = at(10), []
    for n in range(500):
        keyless(f"Account {n}", now, 15)
    for _ in range(8):
        ended(took(now)[:1], now, TOO_FAST)
        rates.append(production().rate)
        now += TICK
    assert rates == [20, 10, 5, 2.5, 1.25, 1, 1, 1]
    assert len(took(now)) == 5
    minutes = 0.0
    while production().rate is not None:
        now += TICK
        claims.reap(now)
        before = production().rate or 0
        ended(took(now), now)
        assert before < (production().rate or 40) < before + 8
        minutes += 1 / 12
    assert 1 < minutes < 10


@pytest.mark.django_db
def test_a_429_empties_the_bucket() -> None:
    accounts = many(3)
    ended(took(at(10))[:1], at(10), TOO_FAST)
    assert production().tokens == 0
    # Some were left in it: who is due at that moment waits all the same.
    Schedule.objects.filter(account__in=accounts).update(
        claim_token=None, claim_slot=None, claimed_at=None, claim_until=None, next_slot=at(10)
    )
    assert len(took(at(10))) == 0
    assert len(took(at(10, 0, 2))) == 2


@pytest.mark.django_db
def test_a_429_forgives_no_debt() -> None:
    many(2)
    due = took(at(10))
    Upstream.objects.update(tokens=-3)
    ended(due[:1], at(10), TOO_FAST)
    assert production().tokens == -3


@pytest.mark.django_db
@pytest.mark.parametrize("down", [True, False])
def test_the_demo_and_real_accounts_of_one_environment_wait_for_their_own_breaker(
    *, down: bool
) -> None:
    accounts = many(12)
    demo = [account.pk for account in accounts[6:]]
    Account.objects.filter(pk__in=demo).update(is_demo=True)
    took(at(9))  # makes the rows
    Upstream.objects.filter(environment="production", is_demo=down).update(
        opened_at=at(9, 50), probe_at=at(10, 5), tokens=100
    )
    claimed = {claim.account_id for claim in took(at(10))}
    waiting = set(demo) if down else {account.pk for account in accounts[:6]}
    assert claimed == {account.pk for account in accounts} - waiting


@pytest.mark.django_db
def test_when_polls_cannot_keep_up_everybody_is_polled_in_turn_and_the_rest_is_shed(
    settings: Any,
) -> None:
    settings.QREDO_RATE_PER_SECOND = 1
    accounts = [keyless(f"Account {n}", at(10), 15) for n in range(40)]  # 15 would be enough
    now, last, gaps = at(10), dict.fromkeys([a.pk for a in accounts], at(10)), []
    for _ in range(120):
        due = took(now)
        ended(due, now)
        for claim in due:
            gaps.append(now - last[claim.account_id])
            last[claim.account_id] = now
        now += TICK
    gaps += [now - seen for seen in last.values()]
    assert max(gaps) <= timedelta(seconds=60)
    took(now)
    for account in accounts:
        assert_tiled(account)
        shed = [s for s in timeline(account) if s.kind == "missed"]
        assert {s.reason for s in shed} == {"shed"}
        assert sum(stretch.slots for stretch in timeline(account)) == 40


@pytest.mark.django_db
def test_slots_that_nobody_looked_at_are_unclaimed_not_shed(settings: Any) -> None:
    settings.QREDO_RATE_PER_SECOND = 1
    accounts = many(10)
    # Beat was down for a quarter of an hour; five accounts have to wait a tick for their turn.
    assert len(took(at(10, 16))) == 5
    assert len(took(at(10, 16, 5))) == 5
    assert [words(account) for account in accounts] == [[("missed", "unclaimed", 3)]] * 10


@pytest.mark.django_db
def test_what_is_overtaken_while_it_waits_shows_at_once(settings: Any) -> None:
    settings.QREDO_CONCURRENCY, settings.POLL_CHUNK_DEADLINE_SECONDS = 1, 3_600.0
    first, second = many(2)
    for minute in (0, 5, 10, 15):
        took(at(10, minute))
    assert words(first) == []
    assert words(second) == [("missed", "shed", 3)]
    assert_tiled(second)


@pytest.mark.django_db
def test_after_a_long_time_off_a_pass_books_no_more_than_it_has_the_time_for(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.QREDO_CONCURRENCY, settings.POLL_CHUNK_DEADLINE_SECONDS = 1, 3_600.0
    monkeypatch.setattr(admission, "MOST_CLOSED", 4)
    _, *waiting = many(5)
    closed = []
    for second in (0, 5, 10):
        took(at(10, 0, second, day=5))
        closed.append([Schedule.objects.get(account=one).run_count for one in waiting])
    assert closed == [[3, 3, 0, 0], [3, 3, 3, 3], [3, 3, 3, 3]]
    for one in waiting:
        assert sum(slots for _, _, slots in words(one)) == 3 * 288
        assert_tiled(one)


@pytest.mark.django_db
def test_a_refresh_does_not_wait_but_its_token_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StoppedClock(monkeypatch, at(9, 59))
    accounts = many(14)
    took(at(9, 59))
    for account in accounts[:12]:
        refresh = refreshes.ask(account, by=None)
        assert claims.claim_refresh(account.pk, refresh.pk, hold=timedelta(seconds=60))
    assert production().tokens == -2
    clock.now = at(10)
    assert len(took(at(9, 59, 2))) == 0
    assert production().tokens == 2


@pytest.mark.django_db
def test_quiet_times_write_and_lock_nothing() -> None:
    many(5)
    due = took(at(10))
    with CaptureQueriesContext(connection) as queries:
        ended(due, at(10))
    touched = [q["sql"] for q in queries.captured_queries if "balances_environment" in q["sql"]]
    assert len(touched) == 1
    assert "FOR UPDATE" not in touched[0]


@pytest.mark.django_db
def test_a_rate_above_a_lowered_setting_does_not_hold(settings: Any) -> None:
    settings.QREDO_RATE_PER_SECOND = 100
    many(3)
    ended(took(at(10))[:1], at(10), TOO_FAST)
    settings.QREDO_RATE_PER_SECOND = 10
    (upstream,) = environments.read([("production", False)])
    assert rate_limits.rate_of(upstream) == 10


@concurrent
def test_all_workers_together_keep_within_the_limits(settings: Any) -> None:
    settings.QREDO_RATE_PER_SECOND, settings.QREDO_CONCURRENCY = 5, 7
    many(40)
    start, got = Barrier(4), []

    def work() -> None:
        start.wait()
        for second in range(3):
            got.extend(claims.claim_due(limit=5, now=at(10, 0, second)))
        connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(got) == 7
    assert len({claim.account_id for claim in got}) == 7


def test_429_on_the_wire_lowers_the_rate_of_that_environment(
    simulator: Simulator, custody: Account, rehearsal: Account
) -> None:
    for account in (custody, rehearsal):
        props.scheduled(account, at(10), INTERVAL)
    simulator.fails("Custody", "429", count=1, retry_after="10")
    props.polled([custody, rehearsal], at(10))
    assert production().rate == 1
    assert Upstream.objects.get(environment="sandbox", is_demo=False).rate is None
