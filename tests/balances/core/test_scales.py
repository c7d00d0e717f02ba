"""One asset, told by one account in wei and by another in gwei, adds up to the last wei."""

from fractions import Fraction
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Account
from balances.ledger import rollups
from balances.models import Holding
from tests.conftest import Cast, Simulator
from tests.support import props
from tests.support.evidence.sums import assert_rolled_up, sum_of
from tests.support.history import at
from tests.support.markup import read

GWEI, WEI = 10**9, 10**18


@pytest.fixture
def both(cast: Cast, simulator: Simulator) -> list[Account]:
    """Two accounts of one organization, each as the simulator itself has it."""
    found = [props.enrolled(simulator.key(n), n, cast.fund) for n in ("Custody", "Own savings")]
    for account in found:
        props.scheduled(account, at(10), 300)
    assert [one.outcome for one in props.polled(found, at(10))] == ["fresh", "fresh"]
    return found


def ether(accounts: list[Account]) -> list[Fraction]:
    """What is stored of each, in whole ether."""
    rows = Holding.objects.filter(account__in=accounts, asset="ETH").order_by("account_id")
    assert [int(one.scale) for one in rows] == [GWEI, WEI]
    return [Fraction(int(one.total), int(one.scale)) for one in rows]


def test_every_sum_is_exact_though_the_scales_differ(
    cast: Cast, both: list[Account], browser_of: Any
) -> None:
    in_gwei, in_wei = ether(both)
    assert in_wei * GWEI % 1  # with digits that no gwei has: else nothing is tried
    together = in_gwei + in_wei
    assert sum_of(cast.fund, "ETH")[0] == together
    assert_rolled_up()
    assert rollups.differences() == []
    browser = browser_of(cast.viewer)
    for path in (reverse("overview"), reverse("asset") + "?asset=ETH"):
        shown = {
            Fraction(element.attributes["data-exact"])
            for element in read(browser.get(path)).all("span", class_="amount")
        }
        assert together in shown, path


def test_a_finer_scale_of_the_same_amount_is_no_change_of_the_sum(
    cast: Cast, both: list[Account], simulator: Simulator
) -> None:
    in_gwei, in_wei = ether(both)
    units = int(in_gwei * WEI)
    simulator.holds("Custody", ETH=(units, units, 0, 0, WEI))
    props.polled(both, at(10, 5))
    assert sum_of(cast.fund, "ETH")[0] == in_gwei + in_wei
    assert rollups.differences() == []
