"""Accounts, assets and pages are found by name, each by who sees them alone."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, ApiKey, User
from balances.lifecycle import ownership
from tests.conftest import Cast
from tests.support import markup
from tests.support.history import StoppedClock, at, coins, failed, keyless, seen


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 1))


@pytest.fixture
def viewer(cast: Cast, clock: StoppedClock, browser_of: Any) -> Client:  # noqa: ARG001
    browser: Client = browser_of(cast.viewer)
    return browser


@pytest.fixture
def vault(viewer: Client) -> Account:  # noqa: ARG001
    account = keyless("Vault", at(10))
    seen(account, at(10), BTC=coins(1), DOGE=coins(2))
    return account


def found(browser: Client, typed: str, **query: str) -> dict[str, str]:
    answer = browser.get(reverse("search-found"), {"q": typed, **query})
    assert answer.status_code == 200
    page = markup.read(answer)
    names = [one.text.strip() for one in page.all("bdi")]
    addresses = [one.attributes["href"] for one in page.all("a")]
    return dict(zip(names, addresses, strict=True))


def private(label: str, owner: User, **assets: Any) -> Account:
    account = keyless(f"{label} of {owner.name}", at(10))
    ownership.transfer(account, owner, by=None)
    Account.objects.filter(pk=account.pk).update(label=label)
    seen(account, at(10), **assets)
    return account


@pytest.mark.parametrize("typed", ["vault", " VAULT fund", "aul", "fund"])
def test_an_account_is_found_by_parts_of_its_label_and_owner(
    viewer: Client, vault: Account, typed: str
) -> None:
    assert found(viewer, typed)["Vault · Fund"] == f"/accounts/{vault.uid}/"


def test_an_account_is_found_by_the_beginning_of_its_id(viewer: Client, vault: Account) -> None:
    assert list(found(viewer, str(vault.uid)[:8])) == ["Vault · Fund"]
    assert found(viewer, str(vault.uid)[:7]) == {}


def test_the_nearest_stands_first(viewer: Client) -> None:
    keyless("Vault", at(10))
    keyless("Another vault", at(10))
    keyless("Vault, old", at(10))
    names = [name for name in found(viewer, "vault") if "Fund" in name]
    assert names == ["Vault · Fund", "Vault, old · Fund", "Another vault · Fund"]


def test_assets_are_found_that_accounts_hold_now(
    viewer: Client, vault: Account, clock: StoppedClock
) -> None:
    assert found(viewer, "dog") == {"DOGE": "/asset/?asset=DOGE&kind=production"}
    assert viewer.get(found(viewer, "dog")["DOGE"]).status_code == 200
    clock.now = at(10, 6)
    seen(vault, at(10, 5), BTC=coins(1))
    assert found(viewer, "dog") == {}


def test_nobody_finds_what_is_not_theirs(
    viewer: Client, vault: Account, cast: Cast, browser_of: Any
) -> None:
    private("Hoard", cast.owner, GOLD=coins(1))
    stranger = browser_of(cast.stranger)
    for text in ("hoard", "gold"):
        assert found(viewer, text) == {}
    for text in ("vault", "doge", str(vault.uid)):
        assert found(stranger, text) == {}


def test_one_thing_alone_is_led_to(viewer: Client, vault: Account) -> None:
    answer = viewer.get(reverse("search"), {"q": "vault"})
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/{vault.uid}/")
    several = markup.read(viewer.get(reverse("search"), {"q": "o"}))
    assert {"History", "Overview"} <= {one.text.strip() for one in several.all("bdi")}


def test_from_a_page_of_the_past_one_is_led_into_the_same_past(
    viewer: Client, vault: Account
) -> None:
    past = at(10).isoformat().replace("+00:00", "Z")
    addresses = [
        *found(viewer, "vault", at=past).values(),
        *found(viewer, "hist", at=past).values(),
    ]
    assert len(addresses) == 2
    assert addresses[0].startswith(f"/accounts/{vault.uid}/")
    assert all("at=" in address for address in addresses)


def test_pages_are_found_by_whom_they_are_open_to(
    viewer: Client, cast: Cast, browser_of: Any
) -> None:
    admin = browser_of(cast.admin)
    assert found(viewer, "audit") == {}
    assert found(viewer, "members") == {}
    assert found(admin, "audit") == {"Audit log": "/audit/"}
    assert list(found(admin, "members")) == ["Members of Fund"]
    for browser in (viewer, admin):
        for address in found(browser, "").values():
            assert browser.get(address).status_code == 200, address


def test_finding_nothing_says_by_what_things_are_found(viewer: Client) -> None:
    page = markup.read(viewer.get(reverse("search"), {"q": "<b>nothing"}))
    assert "Nothing of yours is called this." in page.text
    assert "<b>nothing" in page.text


def test_a_key_is_found_where_its_id_is_shown(
    cast: Cast, custody: Account, browser_of: Any
) -> None:
    former = ApiKey.objects.get(account=custody)
    ApiKey.objects.filter(pk=former.pk).update(replaced_at=at(10), sealed="")
    new = ApiKey.objects.create(account=custody, key_id="NewKey_0123456", sealed=former.sealed)
    by_new = {f"Custody · Fund · API key {new.key_id}": f"/accounts/{custody.uid}/#keys"}
    by_former = {
        f"Custody · Fund · former API key {former.key_id}": f"/accounts/{custody.uid}/key/"
    }
    for who in (cast.admin, cast.viewer):
        assert found(browser_of(who), "newkey_01") == by_new
    assert found(browser_of(cast.admin), former.key_id) == by_former
    assert found(browser_of(cast.viewer), former.key_id) == {}
    for typed in (new.key_id, former.key_id):
        assert found(browser_of(cast.stranger), typed) == {}


@pytest.mark.parametrize("typed", ["key", "keys", "api key"])
def test_a_key_leads_to_where_it_is_added_before_passkeys(viewer: Client, typed: str) -> None:
    assert next(iter(found(viewer, typed))) == "Add an account"
    assert viewer.get(reverse("search"), {"q": "key"}).status_code == 200  # several: a page


@pytest.mark.parametrize(
    ("typed", "show"),
    [("failed", "failed"), ("rejected", "failed"), ("stale", "stale"), ("paused", "paused")],
)
def test_a_state_leads_to_the_accounts_in_it(
    viewer: Client, vault: Account, clock: StoppedClock, typed: str, show: str
) -> None:
    address = next(iter(found(viewer, typed).values()))
    assert address == f"/accounts/?show={show}"
    failed(keyless("Broken", at(10)), at(10))
    clock.now = at(10, 40)
    page = markup.read(viewer.get(address))
    assert ("Broken" in page.text, vault.label in page.text) == (
        show == "failed",
        show == "stale",
    )


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("export", {"History", "Overview", "Reports"}),
        ("csv", {"History", "Overview"}),
        ("download", {"History", "Overview", "Reports"}),
    ],
)
def test_files_are_found_by_what_they_are_for(viewer: Client, typed: str, names: set[str]) -> None:
    told = [name for name in found(viewer, typed) if name.startswith("Export")]
    assert {name.rsplit(" ", 1)[1] for name in told} == names
    for address in found(viewer, typed).values():
        assert viewer.get(address).status_code == 200


def test_admins_find_how_to_invite(cast: Cast, browser_of: Any) -> None:
    for typed in ("invite", "colleague"):
        assert list(found(browser_of(cast.admin), typed)) == ["Members of Fund"]
        assert found(browser_of(cast.viewer), typed) == {}
