"""Two accounts, owners or tags beside each other, and one subject in two periods; all by hand."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts import labels
from accounts.models import Account, Environment, User
from balances.lifecycle import ownership
from tests.conftest import Cast
from tests.support import markup
from tests.support.history import StoppedClock, at, coins, keyless, seen
from tests.support.markup import Page
from tests.support.props import signed_in


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 1))


@pytest.fixture
def vault(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    """Hold 3.00 BTC and 1.0 ETH since 10:00."""
    account = keyless("Vault", at(10))
    seen(account, at(10), BTC=coins(300), ETH=coins(10, 10))
    return account


@pytest.fixture
def trading(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    """Hold 5.000 BTC since 10:00."""
    account = keyless("Trading", at(10))
    seen(account, at(10), BTC=coins(5000, 1000))
    return account


def page(user: User, **query: Any) -> Page:
    answer = signed_in(user).get(reverse("compare"), query)
    assert answer.status_code == 200
    return markup.read(answer)


def tables(found: Page) -> str:
    """Return the text of the tables of assets."""
    return found.text.partition("Same numbers as a table")[2].partition("Assets")[2]


def status(user: User, **query: Any) -> tuple[int, str]:
    answer = signed_in(user).get(reverse("compare"), query)
    return answer.status_code, markup.steady(answer.content.decode())


def pair(a: object, b: object) -> dict[str, str]:
    return {"by": "accounts", "a": str(a), "b": str(b)}


def test_two_accounts_exactly(vault: Account, trading: Account, cast: Cast) -> None:
    found = page(cast.viewer, **pair(vault.uid, trading.uid))
    assert "BTC 3.00 5.000 less: -2.000" in tables(found)
    assert "ETH 1.0 0 more: +1.0" in tables(found)
    assert "BTC 5.000 3.00 more: +2.000" in tables(
        page(cast.viewer, **pair(trading.uid, vault.uid))
    )
    assert "BTC 3.00 3.00 0" in tables(page(cast.viewer, **pair(vault.uid, vault.uid)))


def test_unknown_stays_unknown(vault: Account, cast: Cast) -> None:
    silent = keyless("Silent", at(10))
    found = page(cast.viewer, **pair(vault.uid, silent.uid))
    assert "BTC 3.00 unknown unknown" in tables(found)
    assert "Unknown, so in no figure: Silent." in found.text


def test_kinds_of_money_stay_apart(vault: Account, cast: Cast) -> None:
    rehearsal = keyless("Rehearsal", at(10))
    Account.objects.filter(pk=rehearsal.pk).update(environment=Environment.SANDBOX)
    seen(rehearsal, at(10), BTC=coins(7))
    real, _, test = tables(page(cast.viewer, **pair(vault.uid, rehearsal.uid))).partition("Testnet")
    assert "BTC 3.00 0 more: +3.00" in real
    assert "BTC 0 0.07 less: -0.07" in test


@pytest.mark.parametrize("side", ["a", "b"])
def test_others_accounts_are_as_good_as_missing(
    vault: Account, cast: Cast, clock: StoppedClock, side: str
) -> None:
    theirs = keyless("Theirs", at(10))
    seen(theirs, at(10), BTC=coins(1))
    ownership.transfer(theirs, cast.other, by=None)
    clock.now = at(10, 2)
    for uid in (theirs.uid, "rubbish", uuid4()):
        query = {**pair(vault.uid, vault.uid), side: str(uid)}
        assert status(cast.viewer, **query)[0] == 404, uid
    missing = {**pair(vault.uid, vault.uid), side: str(uuid4())}
    foreign = {**missing, side: str(theirs.uid)}
    assert status(cast.viewer, **foreign) == status(cast.viewer, **missing)
    # As of a time when it was the fund's, it is the fund's to compare.
    then = {**foreign, "at": "2026-03-02T10:00:30Z"}
    assert status(cast.viewer, **then)[0] == 200
    assert status(cast.stranger, **{**pair(theirs.uid, theirs.uid), "at": then["at"]})[0] == 404


def test_two_owners_and_who_is_none_of_the_readers(
    vault: Account, trading: Account, cast: Cast, clock: StoppedClock
) -> None:
    own = keyless("Own", at(10))
    clock.now = at(9)
    ownership.transfer(own, cast.viewer, by=None)
    seen(own, at(10), BTC=coins(1))
    clock.now = at(10, 1)
    found = page(cast.viewer, by="owners", a=str(cast.fund.uid), b="personal")
    assert "BTC 8.000 0.01 more: +7.990" in tables(found)
    for owner in (cast.other.uid, uuid4(), "rubbish"):
        assert status(cast.viewer, by="owners", a="personal", b=str(owner))[0] == 404
    assert vault.organization == trading.organization == cast.fund


def test_two_tags(vault: Account, trading: Account, cast: Cast) -> None:
    labels.relabel(vault, "Vault", ["cold"], by=cast.admin)
    labels.relabel(trading, "Trading", ["hot"], by=cast.admin)
    assert "BTC 3.00 5.000 less: -2.000" in tables(page(cast.viewer, by="tags", a="cold", b="hot"))
    assert status(cast.viewer, by="tags", a="cold", b="warm")[0] == 404
    assert status(cast.owner, by="tags", a="cold", b="hot")[0] == 404


PERIODS = {
    "by": "periods",
    "from": "2026-03-03T00:00",
    "to": "2026-03-04T00:00",
    "from2": "2026-03-02T12:00",
    "to2": "2026-03-03T00:00",
}


def test_one_account_in_two_periods(vault: Account, cast: Cast, clock: StoppedClock) -> None:
    seen(vault, at(20), BTC=coins(250), ETH=coins(10, 10))
    seen(vault, at(20, day=3), BTC=coins(1250), ETH=coins(10, 10))
    clock.now = at(10, day=5)
    found = page(cast.viewer, **PERIODS, account=str(vault.uid))
    told = tables(found)
    assert "BTC A 2.50 12.50 more: +10.00 B 3.00 2.50 less: -0.50" in told
    assert "Difference of the changes more: +10.50" in told
    assert "ETH A 1.0 1.0 0 B 1.0 1.0 0 Difference of the changes 0" in told


def test_who_joined_or_left_is_named_and_no_gain(
    vault: Account, trading: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(15)
    ownership.transfer(trading, cast.other, by=None)
    late = keyless("Late", at(10, day=3))
    seen(late, at(10, day=3), BTC=coins(900))
    clock.now = at(10, day=5)
    found = page(cast.viewer, **PERIODS)
    assert "BTC A 3.00 12.00 0 B 8.000 3.00 0" in tables(found)
    assert "Late joined, which is no gain" in found.text
    assert "Trading left, which is no loss" in found.text
    assert vault.label == "Vault"


def test_who_was_away_meanwhile_is_named_and_no_gain(
    vault: Account, trading: Account, cast: Cast, clock: StoppedClock
) -> None:
    """There at both ends of A, but not all along: what it came back with is no gain."""
    clock.now = at(12, day=3)
    ownership.count(trading, counted=False, by=None)
    seen(trading, at(13, day=3), BTC=coins(9000, 1000))
    clock.now = at(14, day=3)
    ownership.count(trading, counted=True, by=None)
    clock.now = at(10, day=5)
    found = page(cast.viewer, **PERIODS)
    assert "BTC A 8.000 12.000 0 B 8.000 8.000 0" in tables(found)
    assert "Trading joined, which is no gain" in found.text
    alone = page(cast.viewer, **PERIODS, account=str(trading.uid))
    assert "BTC A 5.000 9.000 more: +4.000" in tables(alone)
    assert vault.label == "Vault"


def test_before_anything_was_seen_a_period_is_unknown(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(10, day=5)
    early = {"from2": "2026-02-01T00:00", "to2": "2026-02-02T00:00"}
    found = page(cast.viewer, **{**PERIODS, **early}, account=str(vault.uid))
    assert "BTC A 3.00 3.00 0 B unknown unknown unknown" in tables(found)
    assert "Difference of the changes unknown" in tables(found)


@pytest.fixture
def rehearsal(vault: Account) -> Account:
    """In the sandbox, not seen yet; Vault holds real money alone."""
    account = keyless("Rehearsal", at(20, day=3))
    Account.objects.filter(pk=account.pk).update(environment=Environment.SANDBOX)
    assert vault.environment == Environment.PRODUCTION
    return account


def test_what_no_known_account_could_hold_is_unknown_and_not_zero(
    rehearsal: Account, cast: Cast, clock: StoppedClock
) -> None:
    """Of a side that has test money in an account that was never seen, real money is known."""
    other = keyless("Own", at(10))
    Account.objects.filter(pk=other.pk).update(environment=Environment.SANDBOX)
    clock.now = at(9)
    ownership.transfer(other, cast.viewer, by=None)
    seen(other, at(10), BTC=coins(7))
    clock.now = at(10, 1)
    query = {"by": "owners", "a": str(cast.fund.uid), "b": "personal"}
    for more in ({}, {"at": "2026-03-02T10:00:30Z"}):
        real, _, test = tables(page(cast.viewer, **query, **more)).partition("Testnet")
        assert "BTC 3.00 0 more: +3.00" in real
        assert "BTC unknown 0.07 unknown" in test
    assert rehearsal.label == "Rehearsal"


def test_nor_is_it_in_a_period_or_a_change(
    rehearsal: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(rehearsal, at(20, day=3), BTC=coins(7))
    clock.now = at(10, day=5)
    real, _, test = tables(page(cast.viewer, **PERIODS)).partition("Testnet")
    assert "BTC A 3.00 3.00 0 B 3.00 3.00 0" in real
    assert "BTC A unknown 0.07 unknown B unknown unknown unknown" in test
    assert "Difference of the changes unknown" in test


def test_a_period_ends_with_the_readers_time(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(15)
    ownership.transfer(vault, cast.other, by=None)
    seen(vault, at(20), BTC=coins(777))
    clock.now = at(10, day=5)
    assert status(cast.viewer, **PERIODS, account=str(vault.uid))[0] == 404
    everything = page(cast.viewer, **PERIODS)
    assert "7.77" not in everything.amounts()
    assert "BTC A 7.77 7.77 0 B unknown 7.77 unknown" in tables(page(cast.stranger, **PERIODS))


@pytest.mark.parametrize(
    "wrong",
    [("from", "", "A"), ("to2", "rubbish", "B"), ("to", "2026-03-01T00:00", "A")],
)
def test_times_that_make_no_period_are_said_and_kept(
    vault: Account, cast: Cast, clock: StoppedClock, wrong: tuple[str, str, str]
) -> None:
    name, text, letter = wrong
    clock.now = at(10, day=5)
    code, source = status(cast.viewer, **{**PERIODS, name: text})
    assert code == 422
    assert f'id="compare-error" role="alert">{letter}: ' in source
    assert source.count('aria-invalid="true"') == 2
    assert 'value="2026-03-02T12:00"' in source
    assert "<table" not in source
    assert vault.label in source


def test_the_drawing_has_the_same_numbers_as_its_table(
    vault: Account, trading: Account, cast: Cast
) -> None:
    found = page(cast.viewer, **pair(vault.uid, trading.uid), asset="ETH", range="24h")
    drawn = json.loads(found.one("div", id="overlay").attributes["data-overlay"])
    assert (drawn["asset"], drawn["a"]) == ("ETH", [None] * 48 + ["1.0"])
    assert drawn["b"] == [None] * 48 + ["0.0"]
    rows = found.text.partition("Same numbers as a table")[2].partition("Assets")[0]
    assert rows.count("unknown unknown unknown") == 48
    assert "1.0 0 more: +1.0" in rows


def test_test_money_of_the_same_name_is_not_drawn_with_real_money(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    rehearsal = keyless("Rehearsal", at(10))
    Account.objects.filter(pk=rehearsal.pk).update(environment=Environment.SANDBOX)
    seen(rehearsal, at(10), BTC=coins(9900))
    clock.now = at(10, day=5)
    for kind, amount in (("production", "3.00"), ("testnet", "99.00")):
        found = page(cast.viewer, **PERIODS, asset="BTC", kind=kind)
        rows = found.text.partition("Same numbers as a table")[2].partition("Assets")[0]
        assert f"0 h 0 min {amount} {amount} 0" in rows
    assert vault.label == "Vault"


def test_a_shorter_period_is_drawn_to_its_end_and_no_further(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(vault, at(20), BTC=coins(250))
    clock.now = at(10, day=5)
    found = page(cast.viewer, **PERIODS, account=str(vault.uid))
    rows = found.text.partition("Same numbers as a table")[2].partition("Assets")[0]
    # A is a day long, B half of one: what comes after it is nothing that was.
    assert "1 d 0 h 2.50 unknown unknown" in rows
    assert "12 h 0 min 2.50 2.50 0" in rows
    assert "0 h 0 min 2.50 3.00 less: -0.50" in rows
    assert rows.count("unknown unknown") == 24


def test_until_both_are_chosen_there_is_the_form_alone(vault: Account, cast: Cast) -> None:
    for by in ("accounts", "owners", "tags", "rubbish"):
        found = page(cast.viewer, by=by)
        assert found.has("form", id="comparing")
        assert not found.all("table")
    assert page(cast.viewer).has("option", value="Vault · Fund")
    assert not page(cast.stranger).all("option")
    chosen = page(cast.viewer, by="accounts", a=str(vault.uid)).values()
    assert (chosen["a_name"], chosen["b_name"]) == ("Vault · Fund", "")


def test_the_ways_there(vault: Account, cast: Cast) -> None:
    browser = signed_in(cast.viewer)
    pages = [
        markup.shown(browser, "account", vault),
        markup.shown(browser, "asset", asset="BTC"),
    ]
    for found in pages:
        ways = [
            link.attributes["href"]
            for link in found.all("a")
            if link.attributes["href"].startswith(reverse("compare"))
        ]
        assert ways
        assert {browser.get(way).status_code for way in ways} == {200}
