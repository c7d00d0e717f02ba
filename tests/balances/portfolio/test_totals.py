"""What PostgreSQL adds up over all accounts is what is added up of each one's holdings."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import pytest

from accounts.access.compiled import ids_visible_to
from accounts.models import Account, Environment, User
from balances.core.amounts import Level
from balances.lifecycle import ownership
from balances.portfolio.members import bare_members, counting, with_holdings
from balances.portfolio.totals import Total, added_up, of_today
from tests.conftest import Cast
from tests.support.history import StoppedClock, at, coins, failed, keyless, seen

NOW = at(11)
#: More than any machine word holds.
MANY = 10**40


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, NOW)


@pytest.fixture
def accounts(cast: Cast, clock: StoppedClock) -> list[Account]:  # noqa: ARG001
    """Accounts of two scales, in two environments; stale, failing, unknown, odd, not counted."""
    labels = ("Fresh", "Stale", "Odd", "Failing", "Unknown", "Sandbox", "Aside")
    found = [keyless(label, at(10)) for label in labels]
    fresh, stale, odd, failing, _, sandbox, aside = found
    Account.objects.filter(pk=sandbox.pk).update(environment=Environment.SANDBOX)
    seen(stale, at(10), BTC=coins(300, 1000), DOGE=coins(5))
    seen(
        fresh, at(10, 55), BTC=coins(MANY, 10**8), ETH=(7, 4, 5, 2, 10), **{"BTC-TESTNET": coins(1)}
    )
    seen(odd, at(10, 50), BTC=(1, 7, 0, 0, 100), ETH=coins(70, 100))
    seen(failing, at(10, 45), BTC=coins(9), DOGE=coins(1))
    seen(failing, at(10, 50), BTC=coins(9))  # where nothing is held any more
    failed(failing, at(10, 55))
    seen(sandbox, at(10, 56), **{"BTC": coins(44), "BTC-TESTNET": coins(2, 1000)})
    seen(aside, at(10, 58), BTC=coins(100_000))
    ownership.count(aside, counted=False, by=None)
    return found


def sums(user: User, opened: Collection[str] = ()) -> dict[tuple[str, str], Total]:
    counted = counting(bare_members(user, ids_visible_to(user)))
    return {(one.asset, one.kind): one for one in of_today(counted, NOW, opened)}


def loaded(user: User) -> dict[tuple[str, str], Total]:
    counted = counting(bare_members(user, ids_visible_to(user)))
    found = added_up(with_holdings(counted), NOW)
    return {(one.asset, one.kind): one for one in found}


def told(found: dict[tuple[str, str], Total]) -> dict[tuple[str, str], object]:
    return {
        key: (
            one.level,
            one.count,
            replace(one.covered, oldest=None),
            one.covered.oldest and one.covered.oldest.account.label,
            [(member.account.label, flags) for member, flags in one.flagged],
        )
        for key, one in found.items()
    }


def test_figures_are_those_of_the_holdings(accounts: list[Account], cast: Cast) -> None:
    assert accounts
    found = sums(cast.viewer)
    assert told(found) == told(loaded(cast.viewer))
    real, test = found["BTC", "production"], found["BTC", "testnet"]
    units = MANY + 30_000_000 + 1_000_000 + 9_000_000
    assert (real.level.total, real.level.scale, real.count) == (units, 10**8, 4)
    # An account that was never seen could hold it too.
    assert (real.covered.expected, real.covered.fresh, real.covered.unknown) == (5, 3, 1)
    assert real.covered.oldest is not None
    assert real.covered.oldest.account.label == "Stale"
    assert [(member.account.label, flags) for member, flags in real.flagged] == [
        ("Odd", ("identity",))
    ]
    assert test.level == Level(44, 44, 0, 0, 100)
    assert found["BTC-TESTNET", "testnet"].level.total == 12
    assert found["ETH", "production"].level == Level(140, 110, 50, 20, 100)
    assert found["DOGE", "production"].count == 2


def test_what_was_gone_before_is_in_no_sum_of_the_next_owner(
    accounts: list[Account], cast: Cast, clock: StoppedClock
) -> None:
    clock.now = NOW + timedelta(seconds=1)
    ownership.transfer(accounts[3], cast.other, by=None)
    found = sums(cast.stranger)
    assert told(found) == told(loaded(cast.stranger))
    assert found.keys() == {("BTC", "production")}
    assert ("DOGE", "production") in sums(cast.viewer)


def test_only_what_is_open_names_its_holders(accounts: list[Account], cast: Cast) -> None:
    assert accounts
    found = sums(cast.viewer, {"testnet:BTC-TESTNET"})
    assert [one.holders for key, one in found.items() if key[0] != "BTC-TESTNET"] == [()] * 4
    both = found["BTC-TESTNET", "testnet"].holders
    assert {(member.account.label, held.level.total) for member, held in both} == {
        ("Fresh", 1),
        ("Sandbox", 2),
    }
