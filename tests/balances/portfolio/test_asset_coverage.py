"""How whole the total of an asset is: one answer on the overview, History and the asset's page."""

import re

import pytest
from django.test import Client

from accounts.models import Account, Environment
from balances.lifecycle import ownership, pausing
from tests.conftest import Cast
from tests.support.history import StoppedClock, at, coins, failed, keyless, seen
from tests.support.markup import Page, shown

_COVERED = re.compile(r"(\d+) of (\d+) (?:fresh|account)")
THEN = "2026-03-02T10:01:00Z"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 1))


@pytest.fixture
def vault(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    """Hold 3.00 BTC since 10:00."""
    account = keyless("Vault", at(10))
    seen(account, at(10), BTC=coins(300))
    return account


def in_table(page: Page, asset: str, kind: str) -> str:
    """Return what the row of an asset says."""
    begin = page.elements.index(page.one("tbody", id=f"row-{kind}:{asset}"))
    row = page.elements[begin + 1 :]
    end = next((i for i, one in enumerate(row) if one.tag == "tbody"), len(row))
    return _covered(" ".join(one.text for one in row[:end]))


def _covered(text: str) -> str:
    found = _COVERED.search(text)
    assert found, text
    return f"{found[1]} of {found[2]}"


def everywhere(browser: Client, asset: str, kind: str = "production", instant: str = "") -> str:
    """Return the only thing that all pages say."""
    told = {_covered(shown(browser, "asset", asset=asset, kind=kind, at=instant).text)}
    for name in ("overview", "history") if instant else ("overview",):
        told.add(in_table(shown(browser, name, at=instant), asset, kind))
    (one,) = told
    return one


def test_who_was_never_seen_may_hold_any(vault: Account, viewer: Client) -> None:
    keyless("Silent", at(10))
    assert everywhere(viewer, "BTC") == "1 of 2"
    assert everywhere(viewer, "BTC", instant=THEN) == "1 of 2"
    assert vault.label == "Vault"


def test_who_held_none_when_it_was_seen_last_may_hold_some_by_now(
    vault: Account, viewer: Client, clock: StoppedClock
) -> None:
    trading = keyless("Trading", at(10))
    seen(trading, at(10), ETH=coins(5))
    assert everywhere(viewer, "BTC") == everywhere(viewer, "ETH") == "2 of 2"
    seen(vault, at(10, 10), BTC=coins(300))
    failed(trading, at(10, 10))
    clock.now = at(10, 12)
    assert everywhere(viewer, "BTC") == everywhere(viewer, "ETH") == "1 of 2"
    assert everywhere(viewer, "BTC", instant=THEN) == "2 of 2"
    page = shown(viewer, "asset", asset="BTC")
    assert "The count is of every account that could hold BTC" in page.text


def test_test_money_is_covered_by_those_who_could_hold_it(vault: Account, viewer: Client) -> None:
    rehearsal = keyless("Rehearsal", at(10))
    Account.objects.filter(pk=rehearsal.pk).update(environment=Environment.SANDBOX)
    seen(rehearsal, at(10), BTC=coins(1), **{"ETH-TESTNET": coins(2)})
    assert everywhere(viewer, "BTC") == "1 of 1"
    assert everywhere(viewer, "BTC", "testnet") == "1 of 1"
    # By its name it is test money wherever it is.
    assert everywhere(viewer, "ETH-TESTNET", "testnet") == "2 of 2"
    assert vault.label == "Vault"


def test_what_is_in_no_total_is_not_expected_in_one(
    vault: Account, viewer: Client, clock: StoppedClock
) -> None:
    spare, former = keyless("Spare", at(10)), keyless("Former", at(10))
    clock.now = at(10, 2)
    assert everywhere(viewer, "BTC") == "1 of 3"
    ownership.count(spare, counted=False, by=None)
    pausing.archive(former, by=None)
    clock.now = at(10, 3)
    assert everywhere(viewer, "BTC") == "1 of 1"
    assert everywhere(viewer, "BTC", instant=THEN) == "1 of 3"
    assert vault.label == "Vault"
