"""Accounts to compare are named, not picked from a list of all; nobody names what is not theirs."""

from itertools import pairwise
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, User
from balances.lifecycle import ownership
from balances.pages.compare import names as compare_names
from tests.conftest import Cast
from tests.support import markup
from tests.support.history import StoppedClock, at, coins, keyless, seen
from tests.support.markup import Page

FORM = {"by": "accounts", "a_name": "", "b_name": ""}


pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 1))


@pytest.fixture
def vault(viewer: Client) -> Account:  # noqa: ARG001
    return keyless("Vault", at(10))


@pytest.fixture
def trading(viewer: Client) -> Account:  # noqa: ARG001
    return keyless("Trading", at(10))


def private(label: str, owner: User) -> Account:
    account = keyless(f"{label} of {owner.name}", at(10))
    ownership.transfer(account, owner, by=None)
    Account.objects.filter(pk=account.pk).update(label=label)
    return account


def sent(browser: Client, **typed: str) -> tuple[int, str]:
    """Send the form; return the status, and where it leads."""
    answer = browser.get(reverse("compare"), {**FORM, **typed})
    return answer.status_code, answer.get("Location", "")


def asked_again(browser: Client, **typed: str) -> Page:
    answer = browser.get(reverse("compare"), {**FORM, **typed})
    assert answer.status_code == 422
    return markup.read(answer)


def suggested(browser: Client, typed: str, **query: str) -> list[str]:
    answer = browser.get(reverse("compare-accounts"), {"a_name": typed, **query})
    return [one.attributes["value"] for one in markup.read(answer).all("option")]


def ways_to_ask(page: Page) -> set[str]:
    """Return where the fields that name accounts ask for names while one types."""
    fields = [one for one in page.all("input") if one.attributes.get("list") == "account-names"]
    return {one.attributes["hx-get"] for one in fields}


@pytest.mark.parametrize("typed", ["Vault · Fund", "vault", "  VAULT fund ", "aul"])
def test_names_lead_on_to_the_exact_address(
    viewer: Client, vault: Account, trading: Account, typed: str
) -> None:
    status, leads = sent(viewer, a_name=typed, b_name="Trading · Fund", asset="BTC")
    assert status == 302
    assert leads == f"{reverse('compare')}?by=accounts&asset=BTC&a={vault.uid}&b={trading.uid}"
    page = markup.read(viewer.get(leads))
    shown = page.values()
    assert (shown["a_name"], shown["b_name"]) == ("Vault · Fund", "Trading · Fund")


def test_equal_labels_are_told_apart_by_owner_and_equal_names_by_id(
    viewer: Client, vault: Account, cast: Cast
) -> None:
    own = private("Vault", cast.viewer)
    both = ["Vault · Fund", "Vault · Viewer"]
    assert suggested(viewer, "vault") == both
    page = asked_again(viewer, a_name="vault")
    assert "A: 2 accounts may be meant." in page.text
    links = {
        name.text.strip(): link.attributes["href"]
        for link, name in pairwise(page.elements)
        if link.tag == "a" and name.tag == "bdi"
    }
    addresses = [f"by=accounts&a={one.uid}" for one in (vault, own)]
    assert [links[name].partition("?")[2] for name in both] == addresses
    User.objects.filter(pk=cast.viewer.pk).update(name="Fund")
    names = [f"Vault · Fund · {str(one.uid)[:8]}" for one in (vault, own)]
    assert suggested(viewer, "vault") == sorted(names)
    assert sent(viewer, b_name=names[1])[1].endswith(f"b={own.uid}")


def test_what_was_understood_stays_beside_what_was_not(
    viewer: Client, vault: Account, trading: Account
) -> None:
    page = asked_again(viewer, a_name="Vault", b_name="nothing such")
    assert page.values()["a_name"] == "Vault · Fund"
    assert page.values()["b_name"] == "nothing such"
    assert "B: No account of yours is called this." in page.text
    assert not page.all("table")
    assert vault.label != trading.label


def test_others_accounts_are_never_meant_nor_suggested(
    viewer: Client, vault: Account, cast: Cast, browser_of: Any, clock: StoppedClock
) -> None:
    seen(vault, at(10), BTC=coins(1))
    clock.now = at(10, 2)
    ownership.transfer(vault, cast.other, by=cast.admin)
    clock.now = at(10, 3)
    nothing = asked_again(viewer, a_name="Nobody's").text.replace("Nobody's", "")
    assert asked_again(viewer, a_name="Vault").text.replace("Vault", "") == nothing
    assert suggested(viewer, "") == []
    stranger = browser_of(cast.stranger)
    assert suggested(stranger, "vault") == ["Vault · Other"]
    # Each may name it as of the time in which it was theirs.
    before = {"at": "2026-03-02T10:01:00Z"}
    assert suggested(viewer, "vault", **before) == ["Vault · Fund"]
    assert suggested(stranger, "vault", **before) == []
    assert sent(viewer, a_name="Vault", **before)[0] == 302
    assert sent(stranger, a_name="Vault", **before)[0] == 422


def test_of_very_many_some_are_in_the_page_and_all_can_be_found(
    viewer: Client, vault: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare_names, "MOST_NAMES", 2)
    monkeypatch.setattr(compare_names, "MOST_CHOICES", 3)
    for number in range(4):
        keyless(f"Desk {number}", at(10))
    page = markup.shown(viewer, "compare")
    assert [one.attributes["value"] for one in page.all("option")] == [
        "Desk 0 · Fund",
        "Desk 1 · Fund",
    ]
    assert ways_to_ask(page) == {reverse("compare-accounts")}
    then = markup.shown(viewer, "compare", at="2026-03-02T10:00:30Z")
    assert ways_to_ask(then) == {f"{reverse('compare-accounts')}?at=2026-03-02T10%3A00%3A30Z"}
    assert suggested(viewer, "vau") == ["Vault · Fund"]
    assert "4 accounts may be meant" in (several := asked_again(viewer, a_name="desk")).text
    assert "And 1 more." in several.text
    assert vault.label == "Vault"


def test_periods_of_one_account_or_of_all(viewer: Client, vault: Account) -> None:
    times = {"by": "periods", "from": "2026-03-01T00:00", "to": "2026-03-02T00:00"}
    kept = f"{reverse('compare')}?by=periods&from=2026-03-01T00%3A00&to=2026-03-02T00%3A00"
    query = {**times, "account_name": "vault"}
    assert viewer.get(reverse("compare"), query)["Location"] == f"{kept}&account={vault.uid}"
    everything = {**times, "account": str(vault.uid), "account_name": ""}
    assert viewer.get(reverse("compare"), everything)["Location"] == kept
    wrong = viewer.get(reverse("compare"), {**times, "account_name": "nothing such"})
    assert wrong.status_code == 422
    assert "No account of yours is called this" in markup.read(wrong).text


def test_the_navigation_says_where_one_is(viewer: Client, vault: Account) -> None:
    seen(vault, at(10), BTC=coins(1))
    for name, query, place in (
        ("compare", {}, "Accounts"),
        ("asset", {"asset": "BTC"}, "Overview"),
    ):
        page = markup.read(viewer.get(reverse(name), query))
        current = page.all("a", aria_current="true")
        assert place in {one.text.strip() for one in current}
    ways = markup.shown(viewer, "accounts").all("a", href=reverse("compare"))
    assert [one.text.strip() for one in ways] == ["Compare"]
