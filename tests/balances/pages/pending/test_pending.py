"""What is in flight: what is pending where, and since when; all by hand."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, Environment, User
from balances.history import pending_since
from balances.lifecycle import ownership, pausing
from balances.polling import refreshes
from balances.polling.results import Failure
from tests.conftest import Cast
from tests.support import markup
from tests.support.history import StoppedClock, answer, at, coins, failed, keyless, seen
from tests.support.markup import Page
from tests.support.props import signed_in

TICK = timedelta(microseconds=1)
IN, OUT = (100, 80, 20, 0, 100), (100, 90, 0, 10, 100)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(12))


@pytest.fixture
def vault(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    return keyless("Vault", at(10))


def began(account: Account, instant: datetime, asset: str = "BTC") -> datetime | None:
    return pending_since.began([(account.pk, asset)], instant).get((account.pk, asset))


def page(user: User, **query: Any) -> Page:
    return markup.shown(signed_in(user), "pending", **query)


def test_a_flight_lasts_from_the_poll_that_saw_it_first_without_a_break(vault: Account) -> None:
    seen(vault, at(10), BTC=coins(100))
    seen(vault, at(10, 5), BTC=IN)
    seen(vault, at(10, 10), BTC=(120, 80, 40, 0, 100))
    seen(vault, at(10, 15), BTC=OUT)  # something is pending still
    seen(vault, at(10, 20), BTC=(1000, 900, 0, 100, 1000))  # the same at another scale
    assert began(vault, at(10, 5) - TICK) is None
    for minute in (5, 10, 15, 20, 50):
        assert began(vault, at(10, minute)) == at(10, 5), minute
    seen(vault, at(10, 25), BTC=coins(100))
    seen(vault, at(10, 30), BTC=OUT)
    assert began(vault, at(10, 22)) == at(10, 5)
    assert began(vault, at(10, 40)) == at(10, 30)


def test_what_was_pending_when_it_was_seen_first_began_then(vault: Account) -> None:
    seen(vault, at(10), BTC=(100, 70, 10, 40, 100))
    assert began(vault, at(11)) == at(10)


def test_oldest_first_with_age_and_its_uncertainty(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    trading = keyless("Trading", at(10))
    seen(trading, at(10), BTC=IN, ETH=coins(5))
    seen(vault, at(10), BTC=coins(1))
    seen(vault, at(10, 5), BTC=coins(1), ETH=OUT)
    clock.now = at(10, 9)
    text = page(cast.viewer).text.partition("Oldest first")[2]
    assert text.index("Trading") < text.index("Vault")
    assert "9 min ago 2 Mar 2026, 10:00 UTC, or longer: it was pending in the first answer" in text
    assert "4 min ago 2 Mar 2026, 10:05 UTC, or up to 5 min before" in text
    assert "2 in flight" in text


def test_totals_of_an_asset_leave_out_test_money_and_what_does_not_count(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    trading, spare, rehearsal = (keyless(one, at(10)) for one in ("Trading", "Spare", "Rehearsal"))
    Account.objects.filter(pk=rehearsal.pk).update(environment=Environment.SANDBOX)
    seen(vault, at(10), BTC=IN)
    seen(trading, at(10), BTC=(10_000, 0, 3_000, 1_000, 1_000))
    seen(spare, at(10), BTC=(9, 0, 9, 0, 1))
    seen(rehearsal, at(10), BTC=(7, 0, 7, 0, 1))
    clock.now = at(10, 1)
    ownership.count(spare, counted=False, by=None)
    found = page(cast.viewer)
    # 0.20 and 3.000 in, 1.000 out; then the test money.
    assert found.amounts()[:3] == ["3.200", "1.000", "7"]
    assert "not counted" in found.text
    assert found.text.index("Testnet in flight, worthless") < found.text.index("Oldest first")


def test_nothing_in_flight_is_said_and_unknown_is_not_nothing(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    assert "No accounts yet." in page(cast.owner).text
    assert "An account needs a label and a Qredo API key." in page(cast.owner).text
    clock.now = at(10, 1)
    then = page(cast.owner, at="2026-03-02T10:00:00Z").text
    assert "No account whose figures you may see was there at that time." in then
    unknown = page(cast.viewer).text
    assert "unknown: no balance has been seen yet" in unknown
    assert "Nothing is in flight" not in unknown
    seen(vault, at(10), BTC=coins(1))
    assert "Nothing is in flight." in page(cast.viewer).text
    keyless("Silent", at(10))
    partly = page(cast.viewer).text
    assert "1 of 2 accounts are fresh" in partly
    assert "Unknown: Silent" in partly
    assert "Nothing was in flight." in page(cast.viewer, at="2026-03-02T10:00:30Z").text


def test_a_failing_account_keeps_what_was_pending_and_says_so(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(vault, at(10), BTC=IN)
    failed(vault, at(10, 5))
    clock.now = at(10, 6)
    found = page(cast.viewer)
    assert "0.20" in found.amounts()
    assert "Failed" in found.text.partition("Oldest first")[2]


def test_a_flight_is_each_owners_in_their_time_alone(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(vault, at(10), BTC=IN)
    clock.now = at(10, 7)
    ownership.transfer(vault, cast.other, by=None)
    clock.now = at(10, 9)
    assert "Nothing" not in page(cast.stranger).text
    theirs = page(cast.stranger).text
    came = "2 min ago 2 Mar 2026, 10:07 UTC, or longer: it was pending when this account came"
    assert came in theirs
    assert "10:00" not in theirs
    for user, instant in ((cast.viewer, ""), (cast.stranger, "2026-03-02T10:06:00Z")):
        assert page(user, at=instant).amounts() == []
    past = page(cast.viewer, at="2026-03-02T10:06:00Z")
    assert "6 min before" in past.text
    assert past.amounts()[0] == "0.20"
    assert page(cast.owner).amounts() == page(cast.superuser).amounts() == []


def doubt(user: User, **query: Any) -> str:
    """Return what the only row says beside its age, after the instant."""
    text = page(user, **query).text.partition("Oldest first")[2]
    return text.partition("UTC, ")[2].partition(" Fresh")[0].partition(" Stale")[0]


def test_after_an_outage_the_doubt_reaches_back_to_the_poll_before_it(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(vault, at(10), BTC=coins(100))
    for minute in (5, 10, 15):
        failed(vault, at(10, minute))
    seen(vault, at(10, 20, 4), BTC=OUT)
    clock.now = at(10, 21)
    assert doubt(cast.viewer).startswith("or up to 20 min 4 s before")
    clock.now = at(12)
    assert doubt(cast.viewer, at="2026-03-02T10:21:00Z").startswith("or up to 20 min 4 s before")


def test_what_is_pending_in_the_first_answer_may_be_older_by_any_time(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(9, 59)
    refreshes.record_answer(refreshes.ask(vault, by=None), answer(BTC=IN))
    seen(vault, at(10), BTC=IN)
    clock.now = at(10, 1)
    assert doubt(cast.viewer).startswith("or longer: it was pending in the first answer")


def test_another_interval_since_does_not_narrow_the_doubt(cast: Cast, clock: StoppedClock) -> None:
    hourly = keyless("Hourly", at(8), 3_600)
    seen(hourly, at(8), BTC=coins(100))
    seen(hourly, at(9), BTC=OUT)
    clock.now = at(9, 30)
    pausing.change_interval(hourly, 30)
    seen(hourly, at(9, 30), BTC=OUT)
    assert doubt(cast.viewer).startswith("or up to 1 h before")


def test_a_pause_is_in_the_doubt(vault: Account, cast: Cast, clock: StoppedClock) -> None:
    seen(vault, at(10), BTC=coins(100))
    clock.now = at(10, 1)
    pausing.pause(vault, by=None)
    clock.now = at(11, 1)
    pausing.resume(vault, by=None)
    seen(vault, at(11, 1), BTC=OUT)
    assert doubt(cast.viewer).startswith("or up to 1 h 1 min before")


def test_hourly_polls_of_a_rejected_key_are_in_the_doubt(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(vault, at(10), BTC=coins(100))
    failed(vault, at(10, 5), Failure("key_rejected", "", permanent=True))
    seen(vault, at(11, 5), BTC=OUT)
    clock.now = at(11, 6)
    assert doubt(cast.viewer).startswith("or up to 1 h 5 min before")


def test_a_change_within_a_run_is_in_doubt_by_an_interval(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    for minute, amounts in ((0, coins(100)), (5, coins(100)), (10, OUT), (15, OUT)):
        seen(vault, at(10, minute), BTC=amounts)
    clock.now = at(10, 16)
    assert doubt(cast.viewer).startswith("or up to 5 min before")


def test_nothing_of_the_owner_before_bounds_the_doubt(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(vault, at(10), BTC=coins(100))
    clock.now = at(10, 3)
    ownership.transfer(vault, cast.other, by=None)
    seen(vault, at(10, 5), BTC=IN)
    clock.now = at(10, 6)
    assert doubt(cast.stranger).startswith("or longer: it was pending in the first answer")


def test_archived_accounts_are_in_it_up_to_then(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(vault, at(10), BTC=IN)
    clock.now = at(10, 2)
    pausing.archive(vault, by=None)
    assert page(cast.viewer).amounts() == []
    assert page(cast.viewer, at="2026-03-02T10:01:00Z").amounts()[0] == "0.20"


def test_narrowed_and_kept_in_every_address(
    vault: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(vault, at(10), BTC=IN)
    own = keyless("Own", at(10))
    clock.now = at(9)
    ownership.transfer(own, cast.viewer, by=None)
    seen(own, at(10), BTC=OUT)
    clock.now = at(10, 1)
    found = page(cast.viewer, owner="personal")
    assert "Vault" not in found.text
    assert found.amounts()[0] == "0.10"
    asset = next(a for a in found.all("a") if a.attributes["href"].startswith(reverse("asset")))
    assert "owner=personal" in asset.attributes["href"]


def test_queries_do_not_grow_with_what_is_in_flight(cast: Cast, clock: StoppedClock) -> None:
    def queries(query: dict[str, str]) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert browser.get(reverse("pending"), query).status_code == 200
        return len(caught)

    browser: Client = signed_in(cast.viewer)
    for number in range(2):
        seen(keyless(f"Early {number}", at(10)), at(10), BTC=IN, ETH=OUT)
    clock.now = at(10, 1)
    past = {"at": "2026-03-02T10:00:30Z"}
    before = queries({}), queries(past)
    for number in range(8):
        seen(keyless(f"Late {number}", at(10)), at(10), BTC=IN, ETH=OUT)
    assert (queries({}), queries(past)) == before


def test_the_present_is_live_and_the_past_stands_still(vault: Account, cast: Cast) -> None:
    seen(vault, at(10), BTC=IN)
    browser = signed_in(cast.viewer)
    live = markup.shown(browser, "pending").one("div", id="figures").attributes["hx-get"]
    assert browser.get(live).status_code == 204
    seen(vault, at(10, 5), BTC=coins(1))
    assert "Nothing is in flight." in markup.read(browser.get(live)).text
    past = page(cast.viewer, at="2026-03-02T10:01:00Z").one("div", id="figures")
    assert "hx-get" not in past.attributes
