"""What helps is told in words for its reader: to do it, or which admin or owner to ask."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Membership, Role, User
from balances.polling.results import Failure
from balances.portfolio import incidents
from tests.conftest import Cast
from tests.support import props
from tests.support.history import StoppedClock, at, coins, failed, keyless, of_person, seen
from tests.support.markup import read, shown

REJECTED = Failure("key_rejected", "The host rejected the API key.")
PERMISSION = Failure("permission", "The key lacks Balances at Qredo.")
Browser = Callable[[User], Client]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 6))


def refused(account: Account, failure: Failure) -> Account:
    seen(account, at(10), BTC=coins(100))
    failed(account, at(10, 5), failure)
    return account


@pytest.mark.usefixtures("clock")
def test_who_may_not_replace_a_key_is_told_which_admin_to_ask(
    cast: Cast, browser_of: Browser
) -> None:
    account = refused(keyless("Vault", at(10)), REJECTED)
    asked = f"Ask an admin of Fund ({cast.admin.email}) to replace the key; it is tried hourly."
    may = "Refresh it if it works again."
    for who, told in ((cast.viewer, [asked]), (cast.operator, [asked, may])):
        pages = [shown(browser_of(who), *to) for to in places(account)]
        assert all(words in page.text for page in pages for words in told)
        assert not any("Replace it" in page.text for page in pages)
    assert all(may not in shown(browser_of(cast.viewer), *to).text for to in places(account))
    for page in (shown(browser_of(cast.admin), *to) for to in places(account)):
        assert "Replace it in Qredo's web app and here" in page.text
        assert "Ask an admin" not in page.text


@pytest.mark.usefixtures("clock")
def test_an_admin_who_may_not_sign_in_any_more_is_not_named(
    cast: Cast, browser_of: Browser
) -> None:
    account = refused(keyless("Vault", at(10)), REJECTED)
    gone = props.person("gone")
    Membership.objects.create(organization=cast.fund, user=gone, role=Role.ADMIN)
    page = shown(browser_of(cast.viewer), "account", account)
    assert f"({cast.admin.email}, {gone.email})" in page.text
    User.objects.filter(pk=gone.pk).update(is_active=False)
    page = shown(browser_of(cast.viewer), "account", account)
    assert f"({cast.admin.email})" in page.text
    assert gone.email not in page.text


def places(account: Account) -> list[tuple[str] | tuple[str, Account]]:
    return [("overview",), ("accounts",), ("account", account)]


@pytest.mark.usefixtures("clock")
def test_a_missing_permission_and_a_missing_key_are_asked_for_too(
    cast: Cast, browser_of: Browser
) -> None:
    refused(keyless("Vault", at(10)), PERMISSION)
    gone = refused(keyless("Reserve", at(10)), REJECTED)
    Account.objects.filter(pk=gone.pk).update(keyless_at=at(10, 6))
    page = shown(browser_of(cast.viewer), "accounts")
    asked = f"Ask an admin of Fund ({cast.admin.email}) to"
    assert f"{asked} give the key the Balances permission; it is tried hourly." in page.text
    assert f"{asked} add a new key; it is not polled until then." in page.text
    assert "Add a new one" in shown(browser_of(cast.admin), "accounts").text


@pytest.mark.usefixtures("clock")
def test_a_reader_of_what_is_shared_asks_its_owner(cast: Cast, browser_of: Browser) -> None:
    account = refused(of_person("Savings", cast.owner), PERMISSION)
    props.shared(account, cast.reader)
    asked = f"Ask its owner ({cast.owner.email}) to give the key the Balances permission"
    assert asked in shown(browser_of(cast.reader), "account", account).text
    assert (
        "Give it the Balances permission" in shown(browser_of(cast.owner), "account", account).text
    )


def test_the_banner_of_several_keys_names_admins_to_those_who_are_none(
    cast: Cast, browser_of: Browser, clock: StoppedClock
) -> None:
    for label in ("Vault", "Reserve"):
        refused(keyless(label, at(10)), REJECTED)
    incidents.watch()
    clock.now = at(10, 7)
    asked = f"Ask an admin of Fund ({cast.admin.email}) to replace them"
    assert asked in shown(browser_of(cast.viewer), "overview").text
    assert "If they work again, refresh" not in shown(browser_of(cast.viewer), "overview").text
    assert "If they work again, refresh" in shown(browser_of(cast.operator), "overview").text
    assert asked not in shown(browser_of(cast.admin), "overview").text


@pytest.mark.usefixtures("clock")
def test_a_refused_page_names_who_gives_the_role(cast: Cast, browser_of: Browser) -> None:
    account = keyless("Vault", at(10))
    for url in (
        reverse("account-key", args=[account.uid]),
        reverse("members", args=[cast.fund.uid]),
        f"{reverse('audit')}?organization={cast.fund.uid}",
    ):
        answer = browser_of(cast.viewer).get(url)
        assert answer.status_code == 403
        assert f"Ask an admin of Fund ({cast.admin.email})" in read(answer).text
        assert cast.admin.email not in browser_of(cast.stranger).get(url).content.decode()
