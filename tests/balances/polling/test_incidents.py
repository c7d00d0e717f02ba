"""Incidents: several keys of one organization that are rejected at once are told as one thing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Account, Environment, Membership, Role, User
from balances import tasks
from balances.lifecycle import ownership, pausing
from balances.models import Incident, Schedule
from balances.polling import claims, poll
from balances.polling.results import Failure
from balances.portfolio import incidents
from tests.conftest import Cast
from tests.support import props
from tests.support.history import INTERVAL, StoppedClock, at, coins, failed, keyless, seen
from tests.support.markup import read, shown

START = at(10, 42)
REJECTED = Failure("key_rejected", "The host rejected the API key.")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 45))


@pytest.fixture
def three(cast: Cast, clock: StoppedClock) -> list[Account]:  # noqa: ARG001
    """Three accounts of the fund, seen at 10:40 and due at 10:42, 10:43 and 10:44."""
    accounts = [keyless(f"Vault {n}", at(10, 37 + n)) for n in range(3)]
    for n, account in enumerate(accounts):
        seen(account, at(10, 37 + n), BTC=coins(100))
    return accounts


def rejected(accounts: list[Account], first: datetime = START) -> None:
    """Let the keys of accounts be rejected, one a minute; then the tick looks."""
    for n, account in enumerate(accounts):
        failed(account, first + timedelta(minutes=n), REJECTED)
    incidents.watch()


def known() -> list[tuple[datetime, datetime | None]]:
    found = Incident.objects.order_by("began_at")
    return list(found.values_list("began_at", "ended_at"))


def personal_of(user: User, *accounts: Account) -> None:
    for account in accounts:
        Account.objects.filter(pk=account.pk).update(organization=None, owner=user)


def test_two_keys_within_a_cycle_are_one_incident(three: list[Account]) -> None:
    rejected(three[:1])
    assert known() == []
    rejected(three[1:2], at(10, 43))
    assert known() == [(at(10, 42), None)]
    rejected(three[2:], at(10, 44))
    incidents.watch()
    assert known() == [(at(10, 42), None)]


def test_it_ends_by_itself_when_no_key_is_rejected_any_more(
    three: list[Account], clock: StoppedClock
) -> None:
    rejected(three)
    for account, when in zip(three, (at(11, 42), at(11, 43), at(11, 44)), strict=True):
        assert known() == [(at(10, 42), None)]
        seen(account, when, BTC=coins(100))
        clock.now = when
        incidents.watch()
    assert known() == [(at(10, 42), at(11, 44))]


@pytest.mark.parametrize("halt", [pausing.pause, pausing.archive])
def test_what_is_not_polled_is_in_no_incident(three: list[Account], halt: Any) -> None:
    rejected(three)
    for account in three:
        halt(account, by=None)
    incidents.watch()
    assert known() == [(at(10, 42), at(10, 45))]


def test_far_apart_they_are_separate(three: list[Account]) -> None:
    rejected(three[:1])
    seen(three[1], at(10, 43), BTC=coins(100))
    rejected(three[1:2], at(10, 48))
    assert known() == []


def test_the_cycle_is_the_longest_usual_interval(three: list[Account]) -> None:
    rejected(three[:1])
    Schedule.objects.filter(account=three[0]).update(base_interval_seconds=360)
    seen(three[1], at(10, 43), BTC=coins(100))
    rejected(three[1:2], at(10, 48))
    assert known() == [(at(10, 42), None)]


@pytest.mark.usefixtures("cast", "clock")
def test_however_short_the_interval_people_revoke_keys_one_by_one() -> None:
    accounts = [keyless("One", at(10), 15), keyless("Two", at(10, 4), 15)]
    failed(accounts[0], at(10), REJECTED)
    failed(accounts[1], at(10, 4), REJECTED)
    incidents.watch()
    assert known() == [(at(10), None)]


def test_a_key_that_was_rejected_yesterday_makes_no_incident_with_one_of_today(
    three: list[Account],
) -> None:
    rejected(three[:1])
    slot = Schedule.objects.get(account=three[0]).next_slot
    assert slot is not None
    while slot < at(0, 50, day=3):
        failed(three[0], slot, REJECTED)
        slot += timedelta(hours=1)
    # Midnight cut the old one's run anew at 00:42.
    props.scheduled(three[1], at(0, 43, day=3), INTERVAL)
    rejected(three[1:2], at(0, 43, day=3))
    assert known() == []


def test_timeouts_before_do_not_hide_it(three: list[Account]) -> None:
    for n, account in enumerate(three):
        failed(account, at(10, 42 + n))
    rejected(three, at(10, 47))
    assert known() == [(at(10, 47), None)]


def test_a_keyset_of_ours_that_opens_nothing_is_no_incident(three: list[Account]) -> None:
    for n, account in enumerate(three):
        failed(account, at(10, 42 + n), poll.SEALED)
    incidents.watch()
    assert known() == []


def test_what_happens_in_another_environment_hides_nothing(three: list[Account]) -> None:
    Account.objects.filter(pk=three[2].pk).update(environment=Environment.SANDBOX)
    for account, when in zip(three, (at(10, 42), at(10, 43), at(10, 59)), strict=True):
        failed(account, when, REJECTED)
    incidents.watch()
    assert known() == [(at(10, 42), None)]


@pytest.mark.parametrize("where", ["another owner", "another environment", "nobody's"])
def test_keys_of_different_owners_or_environments_have_nothing_in_common(
    three: list[Account], cast: Cast, where: str
) -> None:
    one = Account.objects.filter(pk=three[0].pk)
    if where == "another owner":
        ownership.transfer(three[1], cast.other, by=None)
    elif where == "another environment":
        one.update(environment=Environment.SANDBOX)
    else:
        personal_of(cast.owner, *three[:2])
    rejected(three[:2])
    assert known() == []


def test_two_ticks_at_once_begin_one(three: list[Account], cast: Cast) -> None:
    rejected(three)
    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.create(
            organization=cast.fund,
            environment="production",
            kind="key_rejected",
            began_at=at(11),
        )


def test_the_tick_keeps_watch(three: list[Account], monkeypatch: pytest.MonkeyPatch) -> None:
    for n, account in enumerate(three):
        failed(account, at(10, 42 + n), REJECTED)
    monkeypatch.setattr(claims, "claim_due", lambda **_: [])
    tasks.tick()
    assert len(known()) == 1


def test_lists_say_it_once_with_what_to_do_and_a_way_to_the_accounts(
    three: list[Account], cast: Cast, browser_of: Any
) -> None:
    healthy = keyless("Healthy", at(10, 40))
    seen(healthy, at(10, 40), BTC=coins(1))
    rejected(three)
    viewer = browser_of(cast.viewer)
    for name in ("overview", "accounts"):
        page = shown(viewer, name)
        assert page.text.count("3 keys of Fund are rejected by Qredo production") == 1
        assert "several at once since 10:42 UTC" in page.text
        assert page.text.count("Ask an admin of Fund (admin@example.com) to replace them") == 1
        assert "to replace the key" not in page.text
        assert page.text.count("Key rejected") >= 3
    (link,) = (a for a in page.all("a") if "incident=" in a.attributes.get("href", ""))
    assert link.text.strip() == "Show the 3 accounts"
    listed = read(viewer.get(link.attributes["href"]))
    rows = {row.attributes["id"] for row in listed.all("tbody", class_="group")}
    assert rows == {f"row-account:{account.uid}" for account in three}
    assert "All 3" in listed.text
    assert "Show all accounts" in listed.text
    assert reverse("accounts") in {a.attributes["href"] for a in listed.all("a")}


def test_one_rejected_key_speaks_for_itself(
    three: list[Account], cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    rejected(three)
    clock.now = at(11, 43)
    for account, when in zip(three[:2], (at(11, 42), at(11, 43)), strict=True):
        seen(account, when, BTC=coins(100))
    incidents.watch()
    page = shown(browser_of(cast.viewer), "overview")
    assert "keys of Fund" not in page.text
    assert "Ask an admin of Fund (admin@example.com) to replace the key" in page.text


def test_nobody_reads_of_accounts_beyond_their_scope(
    three: list[Account], cast: Cast, browser_of: Any
) -> None:
    rejected(three)
    (incident,) = Incident.objects.all()
    for who in (cast.stranger, cast.owner, cast.superuser):
        browser = browser_of(who)
        assert "Fund" not in shown(browser, "overview").text
        asked = {"incident": str(incident.uid)}
        assert "Fund" not in shown(browser, "accounts", None, **asked).text
    # Who sees just one of the accounts gets no number of the others.
    personal_of(cast.viewer, *three[1:])
    Membership.objects.create(user=cast.owner, organization=cast.fund, role=Role.VIEWER)
    assert "keys of" not in shown(browser_of(cast.owner), "overview").text


def test_each_reader_is_told_of_their_own_incident(
    three: list[Account], cast: Cast, browser_of: Any
) -> None:
    for account in three[1:]:
        ownership.transfer(account, cast.other, by=None)
    rejected(three)
    assert "2 keys of Other" in shown(browser_of(cast.stranger), "overview").text
    assert "keys of" not in shown(browser_of(cast.viewer), "overview").text


def test_a_live_page_learns_of_it_without_a_poll(
    three: list[Account], cast: Cast, browser_of: Any
) -> None:
    for n, account in enumerate(three):
        failed(account, at(10, 42 + n), REJECTED)
    viewer = browser_of(cast.viewer)
    for name in ("overview", "accounts"):
        fragment = shown(viewer, name).one("div", id="figures").attributes["hx-get"]
        assert viewer.get(fragment).status_code == 204
        incidents.watch()
        news = viewer.get(fragment)
        assert "keys of" in news.content.decode()
        Incident.objects.all().delete()


def test_a_live_page_learns_of_one_that_began_before_another_ended(
    three: list[Account], cast: Cast, browser_of: Any
) -> None:
    Incident.objects.create(
        organization=cast.fund,
        environment=Environment.SANDBOX,
        kind="key_rejected",
        began_at=at(10),
        ended_at=at(10, 44, 30),
    )
    for n, account in enumerate(three):
        failed(account, at(10, 42 + n), REJECTED)
    viewer = browser_of(cast.viewer)
    fragment = shown(viewer, "overview").one("div", id="figures").attributes["hx-get"]
    assert viewer.get(fragment).status_code == 204
    incidents.watch()
    assert "keys of" in viewer.get(fragment).content.decode()


@pytest.mark.parametrize("query", ["", "x", "\0", "0" * 36])
def test_an_incident_that_is_not_there_filters_nothing(
    three: list[Account], cast: Cast, browser_of: Any, query: str
) -> None:
    rejected(three)
    assert "All 3" in shown(browser_of(cast.viewer), "accounts", None, incident=query).text
