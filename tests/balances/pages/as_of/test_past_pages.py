"""Pages as of an instant: still, marked, narrowed to their time, with what proves the figures."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Act, User
from balances.lifecycle import pausing
from balances.polling.results import Failure
from tests.conftest import Cast
from tests.support.history import (
    StoppedClock,
    at,
    claimed,
    coins,
    delivered,
    failed,
    given_away,
    keyless,
    seen,
)
from tests.support.markup import read, shown

TICK = timedelta(microseconds=1)
BEFORE, AFTER = "2026-03-02T10:11:00Z", "2026-03-02T10:20:00Z"
PAGES = ("overview", "accounts", "history", "pending")
ONE = ("account", "account-figures", "account-parts", "account-series", "account-series-csv")


@pytest.fixture
def account(cast: Cast, clock: StoppedClock) -> Account:
    account = given_away("Vault", cast.other, clock)
    clock.now = at(12)
    return account


@pytest.fixture
def stranger(cast: Cast, browser_of: Any) -> Client:
    browser: Client = browser_of(cast.stranger)
    return browser


def test_the_band_names_the_instant_and_its_zone_and_leads_back_and_about(
    viewer: Client,
    account: Account,  # noqa: ARG001
) -> None:
    User.objects.update(time_zone="Europe/London")
    page = shown(viewer, "overview", at="2026-03-02T10:11", asset="BTC")
    assert "As of 2 March 2026, 10:11 GMT (Europe/London)" in page.text
    assert "This is the past." in page.text
    links = {e.text.strip(): e.attributes["href"] for e in page.all("a")}
    assert links["Back to now"] == "/?asset=BTC"
    assert links["A day before"] == "/?asset=BTC&at=2026-03-01T10%3A11%3A00Z"
    assert "A day after" not in links
    fields = page.values()
    assert (fields["date"], fields["time"]) == ("2026-03-02", "10:11")


def test_links_of_a_page_of_the_past_stay_in_it(viewer: Client, account: Account) -> None:
    page = shown(viewer, "overview", at=BEFORE, open=f"account:{account.uid}")
    inside = [e for e in page.all("a") if "rel" not in e.attributes and "Back" not in e.text]
    ours = ("/?", "/accounts/", "/asset/", "/pending/", "/history/")
    stay = [e.attributes["href"] for e in inside if e.attributes["href"].startswith(ours)]
    assert len(stay) > 8
    assert [url for url in stay if "at=2026-03-02T10%3A11%3A00Z" not in url] == []
    fetched = [e.attributes["hx-get"] for e in page.all("details") if "hx-get" in e.attributes]
    assert fetched
    assert all("at=2026-03-02T10%3A11%3A00Z" in url for url in fetched)


@pytest.mark.parametrize("name", ["overview", "accounts", "account"])
def test_a_page_of_the_past_is_still_and_offers_no_act(
    viewer: Client, account: Account, name: str
) -> None:
    page = shown(viewer, name, account if name == "account" else None, at=BEFORE)
    figures = page.one("div", id="figures")
    assert "hx-get" not in figures.attributes
    main = [e for e in page.all("form") if "post" in e.attributes.get("method", "")]
    assert {e.attributes.get("action", "") for e in main} <= {"", reverse("sign-out")}
    assert not any("data-ago" in e.attributes for e in page.elements)
    assert "Add an account" not in page.text


def test_both_owners_see_their_own_time_alone(
    viewer: Client, stranger: Client, account: Account
) -> None:
    for browser, mine, foreign, figure in (
        (viewer, BEFORE, AFTER, "1.50"),
        (stranger, AFTER, BEFORE, "2.00"),
    ):
        for name in PAGES:
            assert figure in browser.get(reverse(name), {"at": mine}).content.decode() or (
                name in {"accounts", "pending"}
            )
            told = shown(browser, name, at=foreign)
            assert "Vault" not in told.text
            assert told.amounts() == []
            if browser is viewer:
                assert "2.00" not in told.text
        for name in ONE:
            url = reverse(name, args=[account.uid])
            assert browser.get(url, {"at": mine, "asset": "BTC"}).status_code == 200
            assert browser.get(url, {"at": foreign, "asset": "BTC"}).status_code == 404
    assert viewer.get(reverse("account", args=[account.uid])).status_code == 404


def test_that_an_account_was_not_yours_then_is_said_and_nothing_else(
    stranger: Client, viewer: Client, account: Account
) -> None:
    url = reverse("account", args=[account.uid])
    for browser, instant in ((stranger, BEFORE), (viewer, AFTER)):
        page = read(browser.get(url, {"at": instant}))
        assert "Unknown: at that time the account belonged to nobody" in page.text
        assert page.amounts() == []


def test_the_evidence_names_snapshots_run_and_what_they_mean(
    stranger: Client, viewer: Client, account: Account
) -> None:
    page = shown(viewer, "account", account, at="2026-03-02T10:06:00Z")
    polls = "Every poll that was answered from 2 March 2026, 10:00 UTC to 2 March 2026, 10:05 UTC"
    assert f"{polls} saw these figures (one every 5 min, unless" in page.text
    assert "No later poll had been answered by the instant shown." in page.text
    before, after = account_snapshots(account)[:2]
    for digest in (before, after):
        assert digest in page.text
    last = shown(viewer, "account", account, at=BEFORE)
    assert "what follows is out of your sight" in last.text
    assert account_snapshots(account)[2] not in last.text
    assert "10:15" not in last.text
    first = shown(stranger, "account", account, at="2026-03-02T10:13:00Z")
    assert "It was taken before the account was yours." in first.text
    assert not any(digest in first.text for digest in account_snapshots(account)[:2])
    assert account_snapshots(account)[2] in first.text


def test_what_is_due_and_not_over_yet_is_said_to_be_so(clock: StoppedClock, viewer: Client) -> None:
    vault = keyless("Vault", at(10))
    seen(vault, at(10), BTC=coins(100))
    clock.now = at(10, 4)
    assert "Fresh" in run_of(viewer, vault)
    clock.now = at(10, 5, 20)
    waits = "None yet: the poll that was due at 2 March 2026, 10:05 UTC has not begun."
    assert waits in run_of(viewer, vault)
    claim = claimed(vault, clock.now)
    tried = "None yet: the poll that was due at 2 March 2026, 10:05 UTC is under way."
    assert tried in run_of(viewer, vault)
    delivered(claim, Failure("timeout", "", permanent=False), clock.now)
    assert tried in run_of(viewer, vault)  # it waits for another attempt
    failed(vault, clock.now + timedelta(minutes=1))
    assert "Failed: Qredo did not answer in time" in run_of(viewer, vault)


def test_what_stood_still_is_said_to_have_stood_still(clock: StoppedClock, viewer: Client) -> None:
    vault = keyless("Vault", at(10))
    clock.now = at(9, 50)
    assert "None: no poll was scheduled at that time." in run_of(viewer, vault)
    seen(vault, at(10), BTC=coins(100))
    clock.now = at(10, 1)
    pausing.pause(vault, by=None)
    clock.now = at(11)
    assert "None: the account was paused then." in run_of(viewer, vault)
    pausing.archive(vault, by=None)
    clock.now = at(12)
    assert "None: the account was archived then." in run_of(viewer, vault)
    assert "paused then" in run_of(viewer, vault, at="2026-03-02T10:30Z")


def run_of(browser: Client, account: Account, **query: str) -> str:
    """Return what the evidence says of the run that covers an instant, or why none does."""
    text = shown(browser, "account", account, **query).text
    return text.partition("Evidence")[2].partition("Run ")[2]


def account_snapshots(account: Account) -> list[str]:
    found = account.snapshot_set.order_by("number").values_list("payload_id", flat=True)
    return [bytes(digest).hex() for digest in found]


def test_a_failure_of_the_past_says_why_and_offers_no_remedy(
    clock: StoppedClock, viewer: Client
) -> None:
    account = keyless("Vault", at(10))
    seen(account, at(10), BTC=coins(100))
    failed(account, at(10, 5))
    seen(account, at(10, 10), BTC=coins(100))
    clock.now = at(12)
    text = shown(viewer, "account", account, at="2026-03-02T10:06Z").text
    assert "Failed since 10:05 UTC Qredo did not answer in time" in text
    assert "tried again" not in text


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("typed", ["rubbish", "2026-03-29T01:30", "0001-01-01", "9" * 18])
def test_what_is_no_instant_is_said_and_nothing_typed_is_lost(viewer: Client, typed: str) -> None:
    User.objects.update(time_zone="Europe/London")
    for name in PAGES:
        answer = viewer.get(reverse(name), {"at": typed, "tag": "cold"})
        page = read(answer)
        assert answer.status_code == 422
        assert page.has("p", class_="field-error")
        assert (page.values()["at"], page.values()["tag"]) == (typed, "cold")
        assert page.amounts() == []
    for name in ("overview-figures", "accounts-figures", "series", "series-csv", "history-csv"):
        assert viewer.get(reverse(name), {"at": typed}).status_code == 422, name


def test_a_form_leads_to_the_exact_instant(viewer: Client, account: Account) -> None:  # noqa: ARG001
    User.objects.update(time_zone="Europe/London")
    query = {"date": "2026-03-01", "time": "", "asset": "BTC"}
    answer = viewer.get(reverse("overview"), query)
    assert answer.headers["Location"] == "/?asset=BTC&at=2026-03-02T00%3A00%3A00Z"


def test_what_the_form_of_now_offers_is_an_instant_that_has_come(
    viewer: Client,
    account: Account,  # noqa: ARG001
) -> None:
    (date,) = (
        e for e in shown(viewer, "overview").all("input") if e.attributes.get("name") == "date"
    )
    offered = {"date": date.attributes["value"], "time": ""}
    answer = viewer.get(reverse("overview"), offered)
    assert (offered["date"], answer.status_code) == ("2026-03-01", 302)
    assert answer.headers["Location"] == "/?at=2026-03-02T00%3A00%3A00Z"


def test_a_chart_of_the_past_ends_there(viewer: Client, account: Account) -> None:  # noqa: ARG001
    page = shown(viewer, "overview", at=BEFORE)
    (holder,) = page.all("div", id="chart-holder")
    told = viewer.get(holder.attributes["data-series-url"]).json()
    assert told["at"][-1] == int(at(10, 11).timestamp())
    assert told["total"][-1] == "1.50"


def test_the_history_page_offers_the_ends_of_what_is_over(viewer: Client, account: Account) -> None:  # noqa: ARG001
    page = shown(viewer, "history")
    ends = {e.text.strip(): e.attributes["href"] for e in page.all("a", class_="pill")}
    assert ends == {
        "End of yesterday": "/history/?at=2026-03-02T00%3A00%3A00Z",
        "End of last week": "/history/?at=2026-03-02T00%3A00%3A00Z",
        "End of last month": "/history/?at=2026-03-01T00%3A00%3A00Z",
        "End of last quarter": "/history/?at=2026-01-01T00%3A00%3A00Z",
        "End of last year": "/history/?at=2026-01-01T00%3A00%3A00Z",
    }
    assert page.amounts() == []


def test_the_history_file_says_what_the_page_says_and_is_on_record(
    viewer: Client, cast: Cast, account: Account
) -> None:
    page = shown(viewer, "history", at=BEFORE)
    assert account_snapshots(account)[1][:12] in page.text
    answer = viewer.get(reverse("history-csv"), {"at": BEFORE})
    (line,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (line["asset"], line["total"], line["coverage"]) == ("BTC", "1.50", "fresh")
    assert (line["label"], line["owner"], line["snapshot"]) == ("Vault", "Fund", "2")
    assert line["sha256"] == account_snapshots(account)[1]
    (act,) = Act.objects.filter(act="export.history")
    assert act.log == f"organization {cast.fund.uid}"
    assert act.after == {"format": "csv", "at": "2026-03-02T10:11:00.000000Z", "accounts": 1}
    assert viewer.get(reverse("history-csv"), {"at": AFTER}).content.count(b"\n") == 1
