"""Charts and account pages show an account only while it was the reader's; all by hand."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.access.querysets import spans_of
from accounts.models import Account, User
from balances.lifecycle import ownership, pausing
from balances.models import Refresh
from balances.portfolio.change import between
from balances.portfolio.scope import Scope
from balances.series.coverage import known_spans
from balances.series.points import series
from tests.conftest import Cast
from tests.support.history import StoppedClock, at, coins, failed, given_away, keyless, seen

TICK = timedelta(microseconds=1)
UNKNOWN = (None, "unknown", "0/0")
Told = list[tuple[int | None, str, str]]


@pytest.fixture
def account(cast: Cast, clock: StoppedClock) -> Account:
    account = given_away("Custody", cast.other, clock)
    clock.now = at(10, 16)
    return account


def told(user: User, accounts: Sequence[Account], *instants: datetime) -> Told:
    """Return total, what was seen, and how many of how many were fresh, of each of the points."""
    ids = [account.pk for account in accounts]
    return [
        (p.level.total if p.level else None, p.seen, f"{p.fresh}/{p.expected}")
        for p in series(ids, "BTC", instants, spans_of(user, ids))
    ]


def test_the_old_owner_sees_the_past_alone(account: Account, cast: Cast) -> None:
    instants = [at(9), at(10), at(10, 11), at(10, 12) - TICK, at(10, 12), at(10, 15), at(10, 20)]
    assert told(cast.viewer, [account], *instants) == [
        (None, "unknown", "0/1"),  # theirs, and not seen yet
        (100, "observed", "1/1"),
        (150, "observed", "1/1"),
        (150, "observed", "1/1"),
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
    ]


def test_the_new_owner_sees_what_follows_alone(account: Account, cast: Cast) -> None:
    instants = [at(10), at(10, 10), at(10, 12) - TICK, at(10, 12), at(10, 14), at(10, 15)]
    assert told(cast.stranger, [account], *instants) == [
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
        (150, "observed", "1/1"),
        (150, "observed", "1/1"),
        (200, "observed", "1/1"),
    ]
    assert told(cast.stranger, [account], at(10, 26)) == [(200, "carried", "0/1")]
    assert told(cast.superuser, [account], at(10, 15)) == [UNKNOWN]


def test_every_instant_alone_says_the_same_as_all_of_them(account: Account, cast: Cast) -> None:
    minutes = [at(10, minute) + shift for minute in (0, 10, 12, 15) for shift in (-TICK, 0 * TICK)]
    for user in (cast.viewer, cast.stranger):
        alone = [told(user, [account], instant)[0] for instant in minutes]
        assert told(user, [account], *minutes) == alone


def test_who_joins_and_leaves_does_not_distort_the_sum(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    trading = keyless("Trading", at(10))
    seen(trading, at(10), BTC=coins(7))
    seen(trading, at(10, 15), BTC=coins(8, 1000))
    clock.now = at(10, 20)
    ownership.transfer(account, cast.fund, by=None)
    seen(account, at(10, 25), BTC=coins(190))
    instants = [at(10, 1), at(10, 11), at(10, 13), at(10, 19), at(10, 20), at(10, 25)]
    assert told(cast.viewer, [account, trading], *instants) == [
        (1_070, "observed", "2/2"),
        (1_570, "carried", "1/2"),
        (70, "carried", "0/1"),
        (8, "observed", "1/1"),
        (2_008, "observed", "2/2"),
        (1_908, "observed", "2/2"),
    ]
    # The same from within, and with the way out or in as the very last instant.
    assert told(cast.viewer, [account, trading], at(10, 11), at(10, 12))[1][0] == 70
    assert told(cast.viewer, [account, trading], at(10, 19), at(10, 20))[1][0] == 2_008
    assert told(cast.viewer, [account, trading], at(10, 12), at(10, 20))[0][0] == 70


def test_a_change_at_a_turn_is_the_new_owner_s(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(11)
    ownership.transfer(account, cast.owner, by=None, at=at(10, 15))
    instants = [at(10, 15) - TICK, at(10, 15), at(10, 16)]
    assert told(cast.stranger, [account], *instants) == [(150, "observed", "1/1"), UNKNOWN, UNKNOWN]
    assert [total for total, _, _ in told(cast.owner, [account], *instants)] == [None, 200, 200]


def test_an_asset_of_the_old_owner_s_time_is_zero_for_the_new_one(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen(account, at(10, 20), ETH=coins(3))
    clock.now = at(10, 22)
    ownership.transfer(account, cast.owner, by=None)
    instants = [at(10, 15), at(10, 22), at(10, 23)]
    assert [total for total, _, _ in told(cast.owner, [account], *instants)] == [None, 0, 0]


def test_known_spans_begin_with_the_first_snapshot(account: Account, cast: Cast) -> None:
    new = keyless("New", at(11))
    ids = [account.pk, new.pk]
    assert known_spans(spans_of(cast.viewer, ids)) == {account.pk: [(at(10), at(10, 12))]}
    assert known_spans(spans_of(cast.stranger, ids)) == {account.pk: [(at(10, 12), None)]}
    seen(new, at(11), BTC=coins(1))
    assert known_spans(spans_of(cast.viewer, ids))[new.pk] == [(at(11), None)]


def test_what_an_account_brought_is_no_gain(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    ours = keyless("Ours", at(10))
    ownership.transfer(ours, cast.other, by=None, at=at(9))
    seen(ours, at(10), BTC=coins(5))
    seen(ours, at(10, 15), BTC=coins(6))
    clock.now = at(10, 20)
    scope = Scope(cast.stranger, only=frozenset({ours.pk, account.pk}))
    since = clock.now - timedelta(minutes=15)
    known = known_spans(scope.spans(in_totals=True))
    (moved,) = between(scope, known, "BTC", [since], clock.now)
    assert moved.note == "without Custody, joined since"
    assert moved.change is not None
    assert moved.change.total == 1


def test_a_turn_that_keeps_the_owner_cuts_no_chart(
    account: Account, cast: Cast, clock: StoppedClock
) -> None:
    pausing.archive(account, by=None)
    clock.now = at(10, 17)
    pausing.restore(account, by=None)
    assert [total for total, _, _ in told(cast.stranger, [account], at(10, 15), at(10, 17))] == [
        200,
        200,
    ]


def test_the_browser_gets_nothing_of_another_s_time(
    account: Account, cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    clock.now = at(11, 30)
    ask = {"asset": "BTC", "range": "all"}
    drawn = browser_of(cast.stranger).get(reverse("account-series", args=[account.uid]), ask).json()
    assert drawn["at"][0] == int(at(10, 12).timestamp())
    assert (drawn["total"][0], drawn["total"][-1]) == ("1.50", "2.00")
    assert "1.00" not in drawn["total"]
    day = {"asset": "BTC", "range": "24h"}
    drawn = browser_of(cast.stranger).get(reverse("account-series", args=[account.uid]), day).json()
    known = [
        (moment, total)
        for moment, total in zip(drawn["at"], drawn["total"], strict=True)
        if total is not None
    ]
    assert known[0][0] >= at(10, 12).timestamp()
    assert {total for _, total in known} == {"1.50", "2.00"}
    assert [mark["text"] for mark in drawn["marks"]] == ["Custody joined"]
    assert drawn["marks"][0]["at"] == at(10, 12).timestamp()
    csv = browser_of(cast.stranger).get(reverse("account-series-csv", args=[account.uid]), day)
    assert b",1.00," not in csv.content
    gone = browser_of(cast.viewer).get(reverse("account-series", args=[account.uid]), day)
    assert gone.status_code == 404


def test_the_page_shows_no_run_and_no_refresh_of_another_s_time(
    cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    account = keyless("Custody", at(10))
    seen(account, at(10), BTC=coins(100))
    failed(account, at(10, 5))
    seen(account, at(10, 10), BTC=coins(150))
    Refresh.objects.create(
        account=account, asked_at=at(10, 11), finished_at=at(10, 11), outcome="failed",
        reason="tls",
    )  # fmt: skip
    clock.now = at(10, 12)
    ownership.transfer(account, cast.other, by=None)
    seen(account, at(10, 15), BTC=coins(200))
    clock.now = at(10, 16)
    page = browser_of(cast.stranger).get(reverse("account", args=[account.uid]))
    shown = page.context["page"]
    assert [(row.kind, row.first.iso) for row in shown.runs] == [("fresh", "2026-03-02T10:12:00Z")]
    assert shown.refresh is None
    assert {row.figures.total.exact for row in shown.chart.rows if row.figures} == {"2.00"}
    assert b"10:05" not in page.content
