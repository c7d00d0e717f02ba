"""Refresh all: what is listed is polled within the limits, with progress, and once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Act, Membership, Role, Tag
from balances import tasks
from balances.ledger import schedules
from balances.lifecycle import pausing
from balances.models import Refresh, RefreshBatch, Schedule, Upstream
from balances.pages.accounts import refresh_all
from balances.polling import claims, recording, refresh_batches, refreshes
from balances.polling.pacing import admission
from balances.polling.results import Failure, Result
from balances.portfolio import incidents
from tests.conftest import Cast
from tests.support import props
from tests.support.history import StoppedClock, answer, at, coins, keyless

REJECTED = Failure("key_rejected", "The host rejected the API key.")
FRESH = answer(BTC=coins(1))


pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10))


def fund(count: int) -> list[Account]:
    return [keyless(f"Account {n}", at(11)) for n in range(count)]


def ended(due: list[claims.Claim], outcome: Any) -> None:
    recording.record([Result(c.account_id, c.token, outcome) for c in due])


def press(browser: Client, page: str = "accounts", **asked: str) -> str:
    """Press the button of a page; return the page that one is led to."""
    shown = browser.get(reverse(page), asked).content.decode()
    _, found, rest = shown.partition('id="refresh-all"')
    assert found, "no button"
    address = rest.split('formaction="')[1].split('"')[0].replace("&amp;", "&")
    answered = browser.post(address)
    assert answered.status_code == 302
    return browser.get(answered.headers["Location"]).content.decode()


@pytest.mark.parametrize("page", ["overview", "accounts"])
def test_all_that_are_shown_are_refreshed_within_the_limits_and_progress_is_told(
    cast: Cast, clock: StoppedClock, settings: Any, page: str
) -> None:
    settings.QREDO_CONCURRENCY, settings.QREDO_RATE_PER_SECOND = 8, 100
    accounts = fund(20)
    browser = props.signed_in(cast.operator)
    assert "Refreshing: 0 of 20 answered." in press(browser, page)
    done = 0
    while due := claims.claim_due(limit=1_000):
        assert len(due) <= 8
        assert claims.claim_due(limit=1_000) == []
        ended(due, REJECTED if done == 0 else FRESH)
        done += len(due)
        clock.now += timedelta(seconds=1)
    assert done == 20
    text = browser.get(reverse(page)).content.decode()
    assert "Refreshed: 12 of 20 answered; 8 failed: " in text
    assert {one.outcome for one in Refresh.objects.filter(account__in=accounts)} == {
        "fresh", "failed",
    }  # fmt: skip
    clock.now += timedelta(hours=1)
    assert "Refreshed:" not in browser.get(reverse(page)).content.decode()


def test_asked_twice_it_is_done_once_and_is_one_act(cast: Cast, clock: StoppedClock) -> None:
    fund(3)
    browser = props.signed_in(cast.operator)
    for _ in range(3):
        press(browser)
    assert Refresh.objects.count() == 3
    assert RefreshBatch.objects.count() == 1
    (act,) = Act.objects.filter(act="accounts.refreshed")
    assert act.after == {"accounts": 3}
    clock.now += timedelta(seconds=1)
    ended(claims.claim_due(limit=10), FRESH)
    press(browser)
    assert Refresh.objects.count() == 6


def test_many_accounts_take_as_many_statements_as_few(cast: Cast) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            refresh_batches.ask_all(refresh_batches.refreshable(cast.operator), by=cast.operator)
        return len(asked)

    fund(2)
    few = statements()
    for n in range(20):
        keyless(f"Another {n}", at(11))
    assert statements() == few


def test_slots_that_are_due_keep_half_of_what_is_allowed(cast: Cast, settings: Any) -> None:
    settings.QREDO_CONCURRENCY = 8
    accounts = fund(20)
    Schedule.objects.filter(account__in=accounts[10:]).update(next_slot=at(10))
    refresh_batches.ask_all(accounts[:10], by=cast.operator)
    due = claims.claim_due(limit=1_000)
    held = Schedule.objects.exclude(claim_token=None)
    assert len(due) == 8
    assert held.exclude(claim_slot=None).count() == held.exclude(claim_refresh=None).count() == 4


def test_tokens_and_the_breaker_hold_for_it_too(
    cast: Cast, clock: StoppedClock, settings: Any
) -> None:
    settings.QREDO_RATE_PER_SECOND, settings.POLL_TICK_SECONDS = 1, 5.0
    refresh_batches.ask_all(fund(12), by=cast.operator)
    assert len(claims.claim_due(limit=1_000)) == 5
    assert Upstream.objects.get(environment="production", is_demo=False).tokens == 0
    Upstream.objects.filter(environment="production").update(
        opened_at=at(10), probe_at=at(10), tokens=5
    )
    Schedule.objects.update(claim_token=None, claim_until=None, claim_refresh=None)
    clock.now = at(10, 1)
    assert len(claims.claim_due(limit=1_000)) == 3
    assert claims.claim_due(limit=1_000) == []


def test_an_account_that_qredo_wants_left_alone_waits(cast: Cast, clock: StoppedClock) -> None:
    (account,) = fund(1)
    Schedule.objects.filter(account=account).update(not_before=at(10, 2))
    refresh_batches.ask_all([account], by=cast.operator)
    assert claims.claim_due(limit=10) == []
    clock.now = at(10, 2)
    assert [claim.account_id for claim in claims.claim_due(limit=10)] == [account.pk]


def test_demo_accounts_are_not_asked_within_the_limits_of_real_ones(cast: Cast) -> None:
    real, demo = fund(2)
    Account.objects.filter(pk=demo.pk).update(is_demo=True)
    claims.claim_due(limit=10)
    Upstream.objects.filter(environment="production", is_demo=False).update(
        opened_at=at(9), probe_at=at(10, 4)
    )
    refresh_batches.ask_all([real, demo], by=cast.operator)
    assert [claim.account_id for claim in claims.claim_due(limit=10)] == [demo.pk]


def test_who_may_not_refresh_any_more_is_told_nothing_of_the_batch(cast: Cast) -> None:
    refresh_batches.ask_all(fund(2), by=cast.operator)
    assert refresh_batches.progress(cast.operator) is not None
    Membership.objects.filter(user=cast.operator).update(role=Role.VIEWER)
    assert refresh_batches.progress(cast.operator) is None


def test_only_what_is_listed_and_may_be_refreshed_is(cast: Cast, foreign: Account) -> None:
    tagged, paused, other = fund(3)
    Tag.objects.create(account=tagged, name="hot")
    Account.objects.filter(pk=paused.pk).update(paused_at=at(9))
    Membership.objects.create(organization=cast.other, user=cast.operator, role=Role.VIEWER)
    browser = props.signed_in(cast.operator)
    press(browser, tag="hot")
    assert {one.account for one in Refresh.objects.all()} == {tagged}
    press(browser)
    assert {one.account for one in Refresh.objects.all()} == {tagged, other}
    assert foreign not in {one.account for one in Refresh.objects.all()}


@pytest.mark.parametrize("who", ["viewer", "auditor", "stranger", "reader"])
def test_nobody_else_is_offered_it_or_can_do_it(cast: Cast, who: str) -> None:
    fund(2)
    browser = props.signed_in(getattr(cast, who))
    for page in ("overview", "accounts"):
        assert 'id="refresh-all"' not in browser.get(reverse(page)).content.decode()
    assert browser.post(reverse("refresh-all")).status_code == 302
    assert not Refresh.objects.exists()
    assert not Act.objects.filter(act="accounts.refreshed").exists()


def test_the_banner_of_rejected_keys_ends_their_hourly_rhythm(
    cast: Cast, clock: StoppedClock
) -> None:
    accounts = [keyless(f"Account {n}", at(10)) for n in range(3)]
    ended(claims.claim_due(limit=10), REJECTED)
    incidents.watch()
    browser = props.signed_in(cast.operator)
    shown = browser.get(reverse("overview")).content.decode()
    assert "Refresh these 3 accounts now" in shown
    _, _, rest = shown.partition("incident=")
    uid = rest[:36]
    browser.post(f"{reverse('refresh-all')}?incident={uid}&from=accounts")
    clock.now = at(10, 1)
    ended(claims.claim_due(limit=10), FRESH)
    for account in accounts:
        found = Schedule.objects.get(account=account)
        assert (found.interval_seconds, found.base_interval_seconds) == (300, None)
    incidents.watch()
    assert "Refresh these" not in browser.get(reverse("overview")).content.decode()


def test_who_is_paused_meanwhile_is_skipped_and_the_batch_ends(cast: Cast) -> None:
    account, other = fund(2)
    refresh_batches.ask_all([account, other], by=cast.operator)
    pausing.pause(account, by=None)
    Refresh.objects.update(asked_at=timezone.now())
    assert refreshes.sweep() == []
    ended(claims.claim_due(limit=10), FRESH)
    told = refresh_batches.progress(cast.operator)
    assert told is not None
    assert not told.is_running
    text = refresh_all.progress_text(told.outcomes)
    assert text.startswith("Refreshed: 1 of 2 answered; 1 failed: ")


def test_chunks_go_on_with_it_and_the_simulator_answers(
    custody: Account, trading: Account, cast: Cast, monkeypatch: Any
) -> None:
    for account in (custody, trading):
        props.scheduled(account, schedules.clock() + timedelta(minutes=3), 300)
    sent: list[Any] = []
    monkeypatch.setattr(tasks.poll_chunk, "apply_async", lambda args, **_: sent.append(args))
    refresh_batches.ask_all([custody, trading], by=cast.operator)
    assert refreshes.is_waiting()
    tasks.hand_out_waiting()
    while sent:
        tasks.poll_chunk(*sent.pop())
    assert {one.outcome for one in Refresh.objects.all()} == {"fresh"}
    assert not refreshes.is_waiting()
    assert admission.is_short() is False
