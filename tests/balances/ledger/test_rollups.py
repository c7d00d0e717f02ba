"""Sums by owner, after every kind of turn, against raw changes added up in Python."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from threading import Barrier, Thread

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import Error, connection, transaction

from accounts.models import Account, Environment, Organization, User
from balances.core import sql
from balances.evidence.verification.verify import verify
from balances.ledger import partitions, rollups, schedules
from balances.lifecycle import ownership, pausing
from balances.polling import claims, recording, refreshes
from balances.polling.results import Result
from tests.conftest import Cast
from tests.support.evidence.sums import assert_rolled_up, sum_of, turned
from tests.support.history import StoppedClock, answer, at, coins, keyless, seen

TICK = timedelta(microseconds=1)


@pytest.fixture
def account(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    """The fund's account: 1.00 BTC at 10:00, 1.50 and 2.5 ETH from 10:30, 3 ETH from 11:10."""
    account = keyless("Custody", at(10))
    seen(account, at(10), BTC=coins(100))
    seen(account, at(10, 30), BTC=(150, 100, 50, 0, 100), ETH=coins(25, 10))
    seen(account, at(11, 10), BTC=(150, 100, 50, 0, 100), ETH=coins(3, 1))
    clock.now = at(11, 30)
    return account


def totals(asset: str, *owners: Organization | User) -> list[Fraction]:
    return [sum_of(owner, asset)[0] for owner in owners]


def test_sums_follow_every_change(account: Account, cast: Cast) -> None:
    other = keyless("Trading", at(11))
    seen(other, at(11), BTC=(7, 0, 0, 7, 10**18))
    assert sum_of(cast.fund, "BTC") == [
        Fraction(3, 2) + Fraction(7, 10**18),
        Fraction(1),
        Fraction(1, 2),
        Fraction(7, 10**18),
    ]
    assert totals("ETH", cast.fund) == [3]
    assert_rolled_up()
    seen(account, at(11, 35))  # everything vanished
    assert totals("ETH", cast.fund) == [0]
    assert_rolled_up()


def test_a_transfer_takes_the_level_along(account: Account, cast: Cast) -> None:
    ownership.transfer(account, cast.other, by=None)
    assert totals("BTC", cast.fund, cast.other) == [0, Fraction(3, 2)]
    assert_rolled_up()
    ownership.transfer(account, cast.owner, by=None)
    assert totals("ETH", cast.fund, cast.other, cast.owner) == [0, 0, 3]
    assert_rolled_up()
    seen(account, at(11, 40), BTC=coins(1), ETH=coins(3, 1))
    assert totals("BTC", cast.other, cast.owner) == [0, Fraction(1, 100)]
    assert_rolled_up()


def test_archived_and_not_counted_accounts_are_in_no_sum(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    pausing.archive(account, by=None)
    assert totals("BTC", cast.fund) == [0]
    assert_rolled_up()
    clock.now = at(13)
    pausing.restore(account, by=None)
    assert totals("BTC", cast.fund) == [Fraction(3, 2)]
    assert_rolled_up()
    clock.now = at(14)
    ownership.count(account, counted=False, by=None)
    seen(account, at(14), BTC=coins(900))
    assert totals("BTC", cast.fund) == [0]
    assert_rolled_up()
    clock.now = at(15)
    ownership.count(account, counted=True, by=None)
    assert totals("BTC", cast.fund) == [9]
    assert_rolled_up()


def test_a_turn_while_archived_or_not_counted_moves_nothing(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    pausing.archive(account, by=None)
    clock.now = at(12)
    ownership.transfer(account, cast.other, by=None)
    assert totals("BTC", cast.fund, cast.other) == [0, 0]
    clock.now = at(13)
    pausing.restore(account, by=None)
    assert totals("BTC", cast.fund, cast.other) == [0, Fraction(3, 2)]
    assert_rolled_up()


def test_several_turns_on_one_day(account: Account, cast: Cast, clock: StoppedClock) -> None:
    turns: list[Callable[[], object]] = [
        lambda: ownership.transfer(account, cast.other, by=None),
        lambda: seen(account, clock.now, BTC=coins(5)),
        lambda: ownership.count(account, counted=False, by=None),
        lambda: ownership.transfer(account, cast.fund, by=None),
        lambda: ownership.count(account, counted=True, by=None),
        lambda: seen(account, clock.now, BTC=coins(6), ETH=coins(1, 1)),
        lambda: ownership.transfer(account, cast.owner, by=None),
    ]
    for minutes, turn in enumerate(turns):
        clock.now = at(15, 10 * minutes % 60) + timedelta(hours=minutes // 6)
        turn()
        assert_rolled_up()
    assert totals("BTC", cast.fund, cast.other, cast.owner) == [0, 0, Fraction(6, 100)]


@pytest.mark.parametrize(
    "when",
    [at(9), at(10), at(10) + TICK, at(10, 30) - TICK, at(10, 30), at(11), at(11, 20)],
)
def test_a_turn_in_the_past_at_every_kind_of_instant(
    account: Account, cast: Cast, clock: StoppedClock, when: datetime
) -> None:
    ownership.count(account, counted=False, by=None)
    clock.now = at(12)
    ownership.count(account, counted=True, by=None)
    clock.now = at(13)
    turned(account, when, owner=cast.other)
    assert totals("BTC", cast.fund, cast.other) == [0, Fraction(3, 2)]
    assert_rolled_up()
    turned(account, when, is_counted=False)
    assert totals("BTC", cast.fund, cast.other) == [0, 0]
    assert_rolled_up()
    turned(account, at(9, 59), owner=cast.owner, is_counted=True)
    assert totals("BTC", cast.owner) == [Fraction(3, 2)]
    assert_rolled_up()


def test_a_sandbox_account_is_summed_apart(account: Account, cast: Cast) -> None:
    other = keyless("Rehearsal", at(11))
    Account.objects.filter(pk=other.pk).update(environment=Environment.SANDBOX)
    seen(other, at(11), BTC=coins(500))
    assert_rolled_up()
    environments = sql.rows(
        "SELECT environment, sum(total) FROM balances_rollup_day WHERE asset = 'BTC'"
        " GROUP BY 1 ORDER BY 1"
    )
    assert environments == [("production", Fraction(3, 2)), ("sandbox", 5)]
    assert account.organization == cast.fund


def test_an_account_first_seen_long_after_it_began_or_never(cast: Cast) -> None:
    never = keyless("Never", at(10))
    ownership.transfer(never, cast.other, by=None)
    assert_rolled_up()
    assert not sql.rows("SELECT * FROM balances_rollup_hour")


def test_a_rebuild_touches_one_owner_and_mends_it(account: Account, cast: Cast) -> None:
    other = keyless("Trading", at(11))
    ownership.transfer(other, cast.owner, by=None)
    seen(other, at(11, 35), BTC=coins(7))
    sql.count("UPDATE balances_rollup_hour SET total = total + 1")
    rollups.rebuild(cast.fund)
    assert account.organization == cast.fund
    assert totals("BTC", cast.fund, cast.owner) == [Fraction(3, 2), 1 + Fraction(7, 100)]
    rollups.rebuild(cast.owner)
    assert_rolled_up()


def test_the_command_checks_and_mends(account: Account) -> None:
    assert account.pk
    call_command("rebuild_rollups", check=True)
    sql.count("DELETE FROM balances_rollup_day")
    with pytest.raises(CommandError, match="differ"):
        call_command("rebuild_rollups", check=True)
    call_command("rebuild_rollups", check=False)
    assert_rolled_up()


def test_the_database_refuses_sums_of_nobody_of_both_and_between_hours(
    account: Account, cast: Cast
) -> None:
    assert account.pk
    for broken in (
        "organization_id = NULL",
        f"owner_id = {cast.owner.pk}",
        "at = at + interval '1 second'",
    ):
        for table in ("hour", "day"):
            with pytest.raises(Error, match="check"), transaction.atomic():
                sql.count(f"UPDATE balances_rollup_{table} SET {broken}")  # noqa: S608
    with pytest.raises(Error, match="duplicate key"), transaction.atomic():
        sql.count("INSERT INTO balances_rollup_day SELECT * FROM balances_rollup_day")


# With `available_apps` the tables that only migrations know are emptied afterwards too.
@pytest.mark.django_db(transaction=True, available_apps=settings.INSTALLED_APPS)
def test_turns_recordings_and_rebuilds_at_once_neither_block_nor_miscount() -> None:
    """Transfers go both ways, so that whoever locked sums owner by owner would be seen."""
    fund, other = (Organization.objects.create(name=name) for name in ("Fund", "Other"))
    accounts = [keyless(f"Account {n}", schedules.clock()) for n in range(3)]
    partitions.make_months([schedules.clock()])
    turned(accounts[1], owner=other)
    then = schedules.clock()
    acts = [
        lambda n: _refresh_at_once(accounts, n),
        lambda n: turned(accounts[2], owner=(other, fund)[n % 2]),
        lambda n: turned(accounts[0], then, is_counted=bool(n % 2)),
        lambda n: None if n % 4 else _rebuild(fund, other),
    ]
    assert _at_once(acts, times=30) == []
    for account in accounts:
        account.refresh_from_db()
    assert_rolled_up()
    assert verify().findings == []  # in a transaction of its own here: read only, one view


@pytest.mark.django_db(transaction=True, available_apps=settings.INSTALLED_APPS)
def test_a_turn_in_the_past_lets_others_go_on() -> None:
    """Whatever its owners have: nobody else's sums wait for it."""
    theirs, ours = (keyless(name, schedules.clock()) for name in ("Theirs", "Ours"))
    turned(ours, owner=Organization.objects.create(name="Other"))
    partitions.make_months([schedules.clock()])
    _refresh_at_once([theirs, ours], 1)
    then = schedules.clock()
    with transaction.atomic():
        turned(theirs, then, is_counted=False)
        assert _at_once([lambda n: _refresh_at_once([ours], n)], times=3) == []
    assert_rolled_up()


def _rebuild(*owners: Organization) -> None:
    for owner in owners:
        with transaction.atomic():
            rollups.rebuild(owner)


def _refresh_at_once(accounts: list[Account], n: int) -> None:
    """Record a refresh of each account in one chunk, some of them in new hours."""
    results = []
    for account in accounts:
        refresh = refreshes.ask(account, by=None)
        claim = claims.claim_refresh(account.pk, refresh.pk, hold=timedelta(seconds=60))
        if claim is not None:
            held = answer(BTC=coins(n + 1), ETH=coins(n % 3))
            results.append(Result(account.pk, claim.token, held))
    recording.record(results)


def _at_once(acts: Sequence[Callable[[int], object]], times: int) -> list[Exception]:
    """Do several things many times, each in a thread of its own; return what they raised."""
    failures: list[Exception] = []
    start = Barrier(len(acts))

    def repeat(act: Callable[[int], object]) -> None:
        start.wait(timeout=10)
        try:
            for n in range(times):
                act(n)
        except Exception as error:  # noqa: BLE001 - told by the test's own thread
            failures.append(error)
        finally:
            connection.close()

    threads = [Thread(target=repeat, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return failures
