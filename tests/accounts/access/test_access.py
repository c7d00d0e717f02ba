"""What one sees is one's own: no page, file or count betrays an account beyond one's scope."""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Environment, Membership, Role, User
from balances.models import Refresh
from balances.polling import refreshes
from tests.conftest import Cast, Simulator
from tests.support import props
from tests.support.history import StoppedClock, at, coins
from tests.support.markup import read, steady

SECRET_ASSET = "UNICORN"
LISTS = ("overview", "overview-figures", "accounts", "accounts-figures", "series", "series-csv")
QUERIES = ("", "?range=all&asset=BTC", "?show=attention", f"?open=production:{SECRET_ASSET}")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 2))


@pytest.fixture
def treasure(foreign: Account, simulator: Simulator) -> Account:
    """The foreign account, polled: it alone holds a certain asset."""
    simulator.holds("Hot wallet", UNICORN=coins(77_777), BTC=coins(5))
    refreshes.refresh_now([foreign])
    return foreign


def site_of(browser: Client, account: Account) -> dict[str, str]:
    """Return everything that somebody gets, by address."""
    lists = [reverse(name) + query for name in LISTS for query in QUERIES]
    own = ("account", "account-figures", "account-parts", "account-series", "account-series-csv")
    paths = [*lists, reverse("account-add"), *(reverse(name, args=[account.uid]) for name in own)]
    return {path: steady(browser.get(path).content.decode()) for path in paths}


def test_the_site_is_the_same_whether_or_not_somebody_else_has_a_treasure(
    cast: Cast, custody: Account, simulator: Simulator, clock: StoppedClock, browser_of: Any
) -> None:
    simulator.holds("Custody", BTC=coins(100))
    refreshes.refresh_now([custody])
    browsers = {who: browser_of(getattr(cast, who)) for who in ("viewer", "admin", "auditor")}
    before = {who: site_of(browser, custody) for who, browser in browsers.items()}
    hidden = props.enrolled(simulator.key("Hot wallet"), "Foreign treasure", cast.other)
    simulator.holds("Hot wallet", UNICORN=coins(77_777), BTC=coins(5))
    refreshes.refresh_now([hidden])
    assert clock.now == at(10, 2)
    for who in browsers:
        # Signed in anew: what was looked at before is remembered.
        after = site_of(browser_of(getattr(cast, who)), custody)
        assert [path for path, text in after.items() if text != before[who][path]] == []
        assert "treasure" not in str(after).lower()


def unversioned(answer: HttpResponse) -> str:
    """Return what an answer says, without the digests that depend on what was asked for."""
    text = re.sub(r"\b[0-9a-f]{16}\b", "(version)", steady(answer.content.decode()))
    return f"{answer.status_code} {text}".casefold()


@pytest.mark.parametrize("who", ["viewer", "owner", "superuser"])
def test_asking_for_a_foreign_asset_is_like_asking_for_none(
    cast: Cast, treasure: Account, clock: StoppedClock, browser_of: Any, who: str
) -> None:
    browser = browser_of(getattr(cast, who))
    for name in (*LISTS, "overview-asset"):
        for query in ("?asset={}", "?asset={}&kind=testnet", "?asset={}&range=all"):
            answers = [
                browser.get(reverse(name) + query.format(asset))
                for asset in (SECRET_ASSET, "GRIFFIN")
            ]
            theirs, nobodys = (unversioned(answer) for answer in answers)
            assert theirs.replace(SECRET_ASSET.casefold(), "griffin") == nobodys, name
            assert treasure.label not in answers[0].content.decode()
            assert "777.77" not in answers[0].content.decode()
    assert clock.now == at(10, 2)


def test_a_superuser_administers_and_sees_no_balance(
    cast: Cast, custody: Account, treasure: Account, browser_of: Any
) -> None:
    refreshes.refresh_now([custody])
    browser = browser_of(cast.superuser)
    for name in ("overview", "accounts"):
        page = read(browser.get(reverse(name)))
        assert "No accounts yet." in page.text
        assert not page.all("span", class_="amount")
    assert browser.get(reverse("account", args=[treasure.uid])).status_code == 404
    assert "Demo" not in read(browser.get(reverse("account-add"))).text


def test_who_leaves_an_organization_sees_nothing_from_the_next_request_on(
    cast: Cast, custody: Account, browser_of: Any
) -> None:
    browser = browser_of(cast.viewer)
    page = reverse("account", args=[custody.uid])
    assert browser.get(page).status_code == 200
    fragment = read(browser.get(reverse("overview"))).one("div", id="figures").attributes["hx-get"]
    assert browser.get(fragment).status_code == 204
    Membership.objects.filter(user=cast.viewer).delete()
    assert browser.get(page).status_code == 404
    answer = browser.get(fragment)
    assert answer.status_code == 200
    assert "Custody" not in answer.content.decode()


def test_a_lowered_role_counts_from_the_next_request_on(
    cast: Cast, custody: Account, browser_of: Any
) -> None:
    browser = browser_of(cast.operator)
    refresh = reverse("account-refresh", args=[custody.uid])
    assert browser.post(refresh).status_code == 302
    Refresh.objects.all().delete()
    Membership.objects.filter(user=cast.operator).update(role=Role.AUDITOR)
    assert browser.post(refresh).status_code == 403
    assert not Refresh.objects.exists()
    page = read(browser.get(reverse("account", args=[custody.uid])))
    assert not page.all("form", action=refresh)


def test_somebody_who_was_deactivated_is_out_at_once(cast: Cast, browser_of: Any) -> None:
    browser = browser_of(cast.viewer)
    assert browser.get(reverse("overview")).status_code == 200
    User.objects.filter(pk=cast.viewer.pk).update(is_active=False)
    answer = browser.get(reverse("overview"))
    assert answer.headers["Location"].startswith(reverse("sign-in"))


def enrolment(simulator: Simulator, **extra: str) -> dict[str, str]:
    key_id, secret = simulator.key("Spare organization")
    return {
        "label": "Payments",
        "environment": Environment.PRODUCTION,
        "api_key": key_id,
        "api_secret": secret,
        "wallets": "all",
        **extra,
    }


@pytest.mark.parametrize("who", ["viewer", "operator", "auditor", "stranger", "superuser"])
def test_an_account_for_an_organization_one_does_not_administer_is_refused(
    cast: Cast, simulator: Simulator, browser_of: Any, who: str
) -> None:
    typed = enrolment(simulator, owner=str(cast.fund.uid))
    calls = simulator.requests_of("Spare organization")
    answer = browser_of(getattr(cast, who)).post(reverse("account-add"), typed)
    assert answer.status_code == 422
    assert read(answer).has("ul", id="id_owner_error")
    assert "Fund" not in answer.content.decode()
    assert not Account.objects.exists()
    assert simulator.requests_of("Spare organization") == calls


def test_fields_that_no_form_has_are_ignored(
    cast: Cast, simulator: Simulator, browser_of: Any
) -> None:
    browser = browser_of(cast.viewer)
    theirs = {"organization": str(cast.fund.pk), "owner_id": str(cast.admin.pk), "role": "admin"}
    theirs |= {"is_demo": "1", "uid": "0" * 32, "is_superuser": "1", "is_active": ""}
    typed = enrolment(simulator, owner="personal", **theirs)
    assert browser.post(reverse("account-add"), typed).status_code == 302
    account = Account.objects.get()
    assert (account.owner, account.organization, account.is_demo) == (cast.viewer, None, False)
    profile = {"name": "Vi", "time_zone": "Asia/Kathmandu", "email": "admin@example.com", **theirs}
    assert browser.post(reverse("profile"), profile).status_code == 302
    person = User.objects.get(pk=cast.viewer.pk)
    assert (person.name, person.time_zone) == ("Vi", "Asia/Kathmandu")
    assert (person.email, person.is_superuser, person.is_active) == (
        "viewer@example.com",
        False,
        True,
    )
    assert Membership.objects.get(user=person).role == Role.VIEWER


def test_saving_a_profile_undoes_nothing_that_happened_meanwhile(
    cast: Cast, browser_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of(cast.viewer)
    from_form = "accounts.forms.profile.ProfileForm.clean_name"

    def deactivated_meanwhile(form: Any) -> str:
        User.objects.filter(pk=form.instance.pk).update(is_active=False)
        return "Vi"

    monkeypatch.setattr(from_form, deactivated_meanwhile)
    browser.post(reverse("profile"), {"name": "Vi", "time_zone": "UTC"})
    person = User.objects.get(pk=cast.viewer.pk)
    assert (person.name, person.is_active) == ("Vi", False)
