"""Changes over a day and a week, by hand: who joins or leaves is named and is no gain or loss."""

from datetime import datetime, timedelta
from fractions import Fraction

import pytest

from accounts import sharing
from accounts.models import Account, Environment
from balances import movements, ownership
from balances.amounts import Level
from balances.movements import Asset, Movement, account_changes, changes, sparklines
from balances.scopes import Scope
from tests.conftest import Cast
from tests.history import StoppedClock, at, coins, keyless, seen

NOW = at(12, day=12)
BTC: Asset = ("BTC", "production")
TEST_BTC: Asset = ("BTC", "testnet")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10))


def held(label: str, *totals: tuple[datetime, int]) -> Account:
    """Return an account of the fund that holds so many hundredths of BTC from each instant on."""
    account = keyless(label, totals[0][0])
    for instant, total in totals:
        seen(account, instant, BTC=coins(total))
    return account


@pytest.fixture
def steady(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    return held("Steady", (at(10), 100), (at(10, day=8), 150), (at(10, day=12), 130))


def units(movement: Movement) -> Fraction | None:
    level = movement.change
    return None if level is None else Fraction(level.total, level.scale)


def test_a_change_is_the_difference_of_two_levels(steady: Account, cast: Cast) -> None:
    found = changes(Scope(cast.viewer), NOW)[BTC]
    assert {name: units(one) for name, one in found.items()} == {
        "24 h": Fraction(-20, 100),
        "7 d": Fraction(30, 100),
        "30 d": None,  # nobody was known a month ago
    }
    assert found["30 d"].joined == (steady.pk,)
    assert (found["7 d"].joined, found["7 d"].left) == ((), ())


def test_who_joined_and_who_left_is_no_gain_and_no_loss(
    steady: Account, cast: Cast, clock: StoppedClock
) -> None:
    newcomer = held("Newcomer", (at(11, day=10), 900), (at(11, day=12), 950))
    leaver = held("Leaver", (at(10), 5000), (at(10, day=11), 7000))
    clock.now = at(11, 30, day=12)
    ownership.transfer(leaver, cast.other, by=None)
    found = changes(Scope(cast.viewer), NOW)[BTC]
    # In the day the newcomer was there all along, and won half a bitcoin.
    assert (units(found["24 h"]), units(found["7 d"])) == (Fraction(30, 100), Fraction(30, 100))
    assert (found["24 h"].joined, found["24 h"].left) == ((), (leaver.pk,))
    assert (found["7 d"].joined, found["7 d"].left) == ((newcomer.pk,), (leaver.pk,))
    labels = Scope(cast.viewer).labels({newcomer.pk, leaver.pk})
    assert labels[newcomer.pk] == "Newcomer"
    assert steady.pk not in labels


@pytest.mark.usefixtures("steady")
def test_what_does_not_count_and_other_money_is_apart(cast: Cast, clock: StoppedClock) -> None:
    sandbox = held("Rehearsal", (at(10), 1))
    Account.objects.filter(pk=sandbox.pk).update(environment=Environment.SANDBOX)
    seen(sandbox, at(10, day=12), BTC=coins(901))
    extra = held("Extra", (at(10), 1000), (at(9, day=12), 3000))
    clock.now = at(11, day=12)
    ownership.count(extra, counted=False, by=None, at=at(11))
    found = changes(Scope(cast.viewer), NOW)
    assert units(found[BTC]["24 h"]) == Fraction(-20, 100)
    assert [units(found[TEST_BTC][name]) for name in ("24 h", "7 d")] == [9, 9]


def test_a_share_is_added_account_by_account(
    steady: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(11, day=12)
    ownership.transfer(steady, cast.owner, by=None, at=at(12, day=3))
    steady.refresh_from_db()
    sharing.share(steady, cast.reader.email, by=cast.owner)
    for user in (cast.owner, cast.reader):
        assert units(changes(Scope(user), NOW)[BTC]["7 d"]) == Fraction(30, 100)
    assert changes(Scope(cast.stranger), NOW) == {}


def test_single_accounts_move_too(steady: Account, cast: Cast) -> None:
    young = held("Young", (at(10, day=11), 7), (at(11, day=12), 8))
    found = account_changes(Scope(cast.viewer), [steady.pk, young.pk], NOW)
    assert found[steady.pk, "BTC"]["24 h"] == Level(-20, -20, 0, 0, 100)
    assert found[steady.pk, "BTC"]["7 d"] == Level(30, 30, 0, 0, 100)
    assert found[young.pk, "BTC"]["24 h"] == Level(1, 1, 0, 0, 100)
    assert found[young.pk, "BTC"]["7 d"] is None


@pytest.mark.usefixtures("steady")
def test_small_charts_are_unknown_before_the_first_snapshot(cast: Cast) -> None:
    instants, found = sparklines(Scope(cast.viewer), NOW, timedelta(days=12))
    levels = dict(zip(instants, found[BTC], strict=True))
    assert 20 <= len(instants) <= movements.SPARKS + 1
    assert instants == sorted(instants)
    for instant, level in levels.items():
        known = None if instant < at(10) else 100 if instant < at(10, day=8) else 150
        known = 130 if instant >= at(10, day=12) else known
        assert (level and level.total) == known, instant
    assert levels[NOW] == Level(130, 130, 0, 0, 100)
