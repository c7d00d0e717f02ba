"""Rejected keys of an organization are replaced together, each tested and done by itself."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import enrolment
from accounts.models import Account, ApiKey, Wallets
from balances.models import Incident, Refresh
from balances.pages.keys import incident
from balances.polling import refreshes
from balances.polling.results import Failure
from balances.portfolio import incidents
from tests.conftest import Cast, Simulator
from tests.support import acts, canary
from tests.support.history import INTERVAL, StoppedClock, at, coins, failed, keyless, seen
from tests.support.markup import Page, read, shown
from tests.support.props import scheduled

REJECTED = Failure("key_rejected", "The host rejected the API key.")
NEXT, OTHER = "Settlement", "Reserve"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 50))


@pytest.fixture
def both(
    custody: Account,
    trading: Account,
    clock: StoppedClock,  # noqa: ARG001
) -> list[Account]:
    """Two accounts of the fund whose keys are rejected since 10:42 and 10:43."""
    for number, account in enumerate((custody, trading)):
        scheduled(account, at(10, 37 + number), INTERVAL)
        seen(account, at(10, 37 + number), BTC=coins(100))
        failed(account, at(10, 42 + number), REJECTED)
    incidents.watch()
    return [custody, trading]


@pytest.fixture
def admin(cast: Cast, browser_of: Any) -> Client:
    browser: Client = browser_of(cast.admin)
    return browser


def path() -> str:
    return reverse("incident", args=[Incident.objects.get().uid])


def typed(browser: Client, keys: dict[Account, tuple[str, str]]) -> dict[str, str]:
    """Return what a person sends who fills in some rows of the page."""
    sent = read(browser.get(path())).values()
    for account, (key_id, secret) in keys.items():
        sent |= {f"{account.uid}-api_key": key_id, f"{account.uid}-api_secret": secret}
    return sent


def active(account: Account) -> str:
    return ApiKey.objects.get(account=account, replaced_at=None).key_id


def error_at(page: Page, account: Account, field: str) -> bool:
    return page.has("ul", id=f"id_{account.uid}-{field}_error")


def test_the_banner_leads_admins_there_and_nobody_else(
    both: list[Account], cast: Cast, admin: Client, browser_of: Any
) -> None:
    for name in ("overview", "accounts"):
        page = shown(admin, name)
        (link,) = [a for a in page.all("a") if a.attributes.get("href") == path()]
        assert link.text.strip() == f"Replace the {len(both)} keys"
        hrefs = {a.attributes.get("href") for a in shown(browser_of(cast.operator), name).all("a")}
        assert path() not in hrefs
    # An admin of another organization who reads here is none.
    cast.other.memberships.create(user=cast.viewer, role="admin")
    assert path() not in {
        a.attributes.get("href") for a in shown(browser_of(cast.viewer), "overview").all("a")
    }


def test_it_lists_the_rejected_keys_since_when_and_why(
    both: list[Account], cast: Cast, admin: Client
) -> None:
    healthy = keyless("Healthy", at(10, 40))
    seen(healthy, at(10, 40), BTC=coins(1))
    elsewhere = keyless("Rehearsal", at(10, 42))
    Account.objects.filter(pk=elsewhere.pk).update(environment="sandbox")
    failed(elsewhere, at(10, 42), REJECTED)
    text = read(admin.get(path())).text
    for account, since in zip(both, ("10:42", "10:43"), strict=True):
        assert f"{account.label} Key {active(account)}" in text
        assert f"Failed since {since} UTC Key rejected: The host rejected the API key." in text
    assert "Healthy" not in text
    assert "Rehearsal" not in text
    assert cast.fund.name in text


def test_a_row_begins_with_what_was_said_of_the_key_before_it(
    both: list[Account], cast: Cast, simulator: Simulator, admin: Client
) -> None:
    limited = ApiKey.objects.get(account=both[0], replaced_at=None)
    enrolment.declare(both[0], Wallets.SOME, of=limited.uid, by=cast.admin)
    keys = dict(zip(both, (simulator.key(NEXT), simulator.key(OTHER)), strict=True))
    assert admin.post(path(), typed(admin, keys)).status_code == 302
    said = [enrolment.said_of_newest(account) for account in both]
    assert said == [Wallets.SOME, Wallets.ALL]
    (act, other) = [one for one in acts.acts_of(cast.fund) if one.act == "key.replaced"]
    assert acts.told(act) == ({"wallets": "some"}, {"wallets": "some"})
    assert acts.told(other) == ({"wallets": "all"}, {"wallets": "all"})


def test_all_are_tested_and_replaced_together(
    both: list[Account], cast: Cast, simulator: Simulator, admin: Client
) -> None:
    keys = dict(zip(both, (simulator.key(NEXT), simulator.key(OTHER)), strict=True))
    answer = admin.post(path(), typed(admin, keys))
    assert answer.headers["Location"] == path()
    assert [active(account) for account in both] == [key_id for key_id, _ in keys.values()]
    text = read(admin.get(path())).text
    for account in both:
        assert f"{account.label} has a new API key; it answered." in text
    assert "No key of this incident is rejected any more." in text
    assert acts.words(cast.fund).count("key.replaced") == len(both)
    assert {refresh.account for refresh in Refresh.objects.filter(asked_by=cast.admin)} == set(both)
    refreshes.carry_out(list(Refresh.objects.values_list("pk", flat=True)))
    incidents.watch()
    assert Incident.objects.get().ended_at is not None
    assert "It is over since" in read(admin.get(path())).text


def test_rows_that_fail_keep_what_was_typed_and_the_others_are_done(
    both: list[Account], simulator: Simulator, admin: Client
) -> None:
    custody, trading = both
    old = active(custody)
    simulator.fails(NEXT, "401")
    keys = {custody: simulator.key(NEXT), trading: simulator.key(OTHER)}
    answer = admin.post(path(), typed(admin, keys))
    assert answer.status_code == 422
    page = read(answer)
    assert error_at(page, custody, "api_key")
    assert "rejected the API key" in page.text
    assert page.values()[f"{custody.uid}-api_key"] == keys[custody][0]
    assert page.values()[f"{custody.uid}-api_secret"] == ""
    for _, secret in keys.values():
        assert secret not in answer.content.decode()
    assert "Trading has a new API key; it answered." in page.text
    assert "Replaced: Qredo accepts the new key." in page.text
    assert f"{trading.uid}-api_key" not in page.values()
    assert (active(custody), active(trading)) == (old, keys[trading][0])


def test_rows_left_empty_stay_as_they_are(
    both: list[Account], simulator: Simulator, admin: Client
) -> None:
    custody, trading = both
    old = active(trading)
    assert admin.post(path(), typed(admin, {custody: simulator.key(NEXT)})).status_code == 302
    assert active(trading) == old
    page = read(admin.get(path()))
    assert f"{trading.uid}-api_key" in page.values()
    assert f"{custody.uid}-api_key" not in page.values()


def test_nothing_typed_is_said(both: list[Account], admin: Client) -> None:
    answer = admin.post(path(), typed(admin, {}))
    assert answer.status_code == 422
    assert "Enter at least one key" in read(answer).text
    assert ApiKey.objects.count() == len(both)


@pytest.mark.parametrize(
    ("key_id", "secret", "field"),
    [
        ("", "QUJD", "api_key"),
        ("_lJCqc-T3cnNpw", "", "api_secret"),
        ("_lJCqc-T3cnNpw", "!", "api_secret"),
    ],
)
def test_half_a_row_is_said_at_the_field(
    both: list[Account], admin: Client, key_id: str, secret: str, field: str
) -> None:
    page = read(admin.post(path(), typed(admin, {both[0]: (key_id, secret)})))
    assert error_at(page, both[0], field)
    assert not error_at(page, both[1], field)
    assert ApiKey.objects.count() == len(both)


def test_one_key_in_two_rows_is_taken_once(
    both: list[Account], simulator: Simulator, admin: Client
) -> None:
    custody, trading = both
    key = simulator.key(NEXT)
    page = read(admin.post(path(), typed(admin, {custody: key, trading: key})))
    assert error_at(page, trading, "api_key")
    assert "Another row has this key too" in page.text
    assert active(custody) == key[0]
    assert active(trading) != key[0]


def test_sent_twice_it_is_done_once(
    both: list[Account], simulator: Simulator, admin: Client, clock: StoppedClock
) -> None:
    sent = typed(admin, {both[0]: simulator.key(NEXT), both[1]: simulator.key(OTHER)})
    assert admin.post(path(), sent).status_code == 302
    clock.now += timedelta(minutes=1)
    incidents.watch()
    calls = simulator.requests_of(NEXT)
    assert admin.post(path(), sent).status_code == 302
    assert simulator.requests_of(NEXT) == calls
    assert ApiKey.objects.count() == 2 * len(both)


def test_who_was_overtaken_is_told_in_the_row(
    both: list[Account], cast: Cast, simulator: Simulator, admin: Client, browser_of: Any
) -> None:
    cast.fund.memberships.filter(user=cast.operator).update(role="admin")
    custody = both[0]
    mine = typed(admin, {custody: simulator.key(NEXT)})
    theirs = {**mine, f"{custody.uid}-api_key": simulator.key(OTHER)[0]}
    theirs[f"{custody.uid}-api_secret"] = simulator.key(OTHER)[1]
    assert admin.post(path(), mine).status_code == 302
    answer = browser_of(cast.operator).post(path(), theirs)
    assert answer.status_code == 422
    assert "Somebody else changed this account's key meanwhile" in read(answer).text
    assert active(custody) == simulator.key(NEXT)[0]


@pytest.mark.usefixtures("both")
def test_accounts_beyond_the_incident_cannot_be_reached_by_it(
    foreign: Account, simulator: Simulator, admin: Client
) -> None:
    sent = typed(admin, {foreign: simulator.key(NEXT)})
    answer = admin.post(path(), sent)
    assert answer.status_code == 422
    assert "Foreign treasure" not in answer.content.decode()
    assert active(foreign) == simulator.key("Hot wallet")[0]


def test_a_secret_shows_itself_nowhere(
    both: list[Account], simulator: Simulator, admin: Client
) -> None:
    sent = typed(admin, {both[0]: simulator.key(NEXT)}) | {f"{both[0].uid}-api_secret": canary.TEXT}
    for change in ("api_key", "replaces"):
        answer = admin.post(path(), sent | {f"{both[0].uid}-{change}": canary.TEXT})
        assert answer.status_code == 422
        assert canary.found_in(answer.content) == []


def test_one_that_is_over_has_no_key_that_is_rejected_later(
    both: list[Account], admin: Client, clock: StoppedClock
) -> None:
    for number, account in enumerate(both):
        seen(account, at(11, 42 + number), BTC=coins(100))
    clock.now = at(11, 44)
    incidents.watch()
    failed(both[0], at(11, 47), REJECTED)
    page = read(admin.get(path()))
    assert "It is over since" in page.text
    assert "No key of this incident is rejected any more." in page.text
    assert not [name for name in page.values() if name.endswith("-api_key")]


def test_a_long_list_comes_in_parts(
    both: list[Account], admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incident, "MOST_ROWS", 1)
    page = read(admin.get(path()))
    assert "1 more account follows once these are done." in page.text
    assert len([name for name in page.values() if name.endswith("-api_key")]) == len(both) - 1
