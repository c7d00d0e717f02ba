"""An account that does not count is in no total, for as long as a person decided; all by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Membership, Role, Tenure, User
from balances.lifecycle import ownership
from balances.pages.charts.subject import points_at, subject
from balances.portfolio.scope import Scope
from tests.conftest import Cast
from tests.support import acts, props
from tests.support.evidence.sums import assert_rolled_up, assert_tenures_tile
from tests.support.history import StoppedClock, at, coins, keyless, seen
from tests.support.markup import Page, read, shown

TICK = timedelta(microseconds=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 1))


@pytest.fixture
def vault(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    """1.00 BTC since 10:00, 1.50 since 10:20."""
    account = keyless("Vault", at(10))
    seen(account, at(10), BTC=coins(100))
    return account


@pytest.fixture
def copy(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    """1.00 BTC since 10:00, and 0.30 ETH."""
    account = keyless("Vault copy", at(10))
    seen(account, at(10), BTC=coins(100), ETH=coins(30))
    return account


@pytest.fixture
def admin(cast: Cast, browser_of: Any) -> Client:
    browser: Client = browser_of(cast.admin)
    return browser


def path(account: Account) -> str:
    return reverse("account-counting", args=[account.uid])


def decide(browser: Client, account: Account, counted: str, since: str = "") -> Any:
    return browser.post(path(account), {"counted": counted, "since": since})


def error_of(answer: Any) -> str:
    """Return what is said at the field of the time; nothing else may be wrong."""
    assert answer.status_code == 422
    page = read(answer)
    assert page.has("ul", id="id_since_error")
    assert not page.all("ul", id="id_counted_error")
    return page.text


def stretches(account: Account) -> list[tuple[bool, datetime, datetime | None]]:
    assert_tenures_tile(account)
    found = Tenure.objects.filter(account=account).order_by("began_at")
    return [(one.is_counted, one.began_at, one.ended_at) for one in found]


def headline(page: Page) -> str:
    """Return the first amount on the overview: the total."""
    return page.amounts()[0]


def test_today_s_totals_and_coverage_leave_it_out(
    vault: Account, copy: Account, cast: Cast, browser_of: Any
) -> None:
    viewer = browser_of(cast.viewer)
    page = shown(viewer, "overview")
    assert headline(page) == "2.00"
    assert "2 of 2 fresh" in page.text
    assert "ETH" in page.text
    ownership.count(copy, counted=False, by=cast.admin)
    page = shown(viewer, "overview")
    assert headline(page) == "1.00"
    assert "2.00" not in page.amounts()
    assert "1 of 1 fresh" in page.text
    assert "2 of 2" not in page.text
    assert "ETH" not in page.text
    parts = viewer.get(reverse("overview-asset"), {"asset": "BTC", "kind": "production"})
    assert "Vault copy" not in read(parts).text
    gone = viewer.get(reverse("overview-asset"), {"asset": "ETH", "kind": "production"})
    assert gone.status_code == 404
    assert vault.label == "Vault"


def test_lists_show_it_with_a_tag_and_its_own_page_all_of_it(
    vault: Account, copy: Account, cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    viewer = browser_of(cast.viewer)
    ownership.count(copy, counted=False, by=cast.admin)
    clock.now = at(10, 2)
    for name in ("overview", "accounts"):
        page = shown(viewer, name)
        tags = [tag.text.strip() for tag in page.all("span", class_="tag")]
        assert tags == ["not counted"]
        rows = {row.attributes["id"] for row in page.all("tbody", class_="group")}
        assert rows >= {f"row-account:{one.uid}" for one in (vault, copy)}
    page = shown(viewer, "account", copy, asset="BTC")
    assert "not counted" in page.text
    assert "In totals Does not count 1 min ago" in page.text
    assert page.amounts().count("1.00") >= 2
    assert "0.30" in page.amounts()
    drawn = viewer.get(reverse("account-series", args=[copy.uid]), {"asset": "BTC"}).json()
    assert (drawn["total"][-1], drawn["expected"][-1]) == ("1.00", 1)
    assert "In totals Counts" in shown(viewer, "account", vault).text


def told(user: User, accounts: list[Account], *instants: datetime) -> list[tuple[Any, int]]:
    """Return total and number of accounts at instants, as the overview's chart has them."""
    scope = Scope(user, only=frozenset(account.pk for account in accounts))
    found = points_at(subject(scope, "BTC", "production", is_total=True), instants)
    return [(p.level.total if p.level else None, p.expected) for p in found]


def test_charts_follow_the_turn_to_and_fro(
    vault: Account, copy: Account, cast: Cast, clock: StoppedClock
) -> None:
    clock.now = at(10, 7)
    ownership.count(copy, counted=False, by=cast.admin)
    for account in (vault, copy):
        seen(account, at(10, 20), BTC=coins(150))
    clock.now = at(10, 27)
    ownership.count(copy, counted=True, by=cast.admin)
    both = [vault, copy]
    instants = [
        at(9),
        at(10),
        at(10, 7) - TICK,
        at(10, 7),
        at(10, 20),
        at(10, 27) - TICK,
        at(10, 27),
    ]
    expected = [(None, 2), (200, 2), (200, 2), (100, 1), (150, 1), (150, 1), (300, 2)]
    assert told(cast.viewer, both, *instants) == expected
    assert [told(cast.viewer, both, one)[0] for one in instants] == expected
    assert_rolled_up()


def test_a_turn_in_the_past_changes_the_past(
    vault: Account, copy: Account, cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    clock.now = at(12)
    viewer = browser_of(cast.viewer)
    ask = {"asset": "BTC", "range": "24h"}
    assert viewer.get(reverse("series"), ask).json()["total"][-1] == "2.00"
    ownership.count(copy, counted=False, by=cast.admin, at=at(11))
    instants = [at(10), at(11) - TICK, at(11), at(12)]
    assert told(cast.viewer, [vault, copy], *instants) == [(200, 2), (200, 2), (100, 1), (100, 1)]
    drawn = viewer.get(reverse("series"), ask).json()
    known = [(when, t) for when, t in zip(drawn["at"], drawn["total"], strict=True) if t]
    turn = at(11).timestamp()
    assert {total for when, total in known if when < turn} == {"2.00"}
    assert {total for when, total in known if when >= turn} == {"1.00"}
    assert {"at": int(turn), "n": 1, "text": "Vault copy left"} in [
        {**mark, "n": 1} for mark in drawn["marks"]
    ]
    file = viewer.get(reverse("series-csv"), ask).content.decode().splitlines()
    assert ",BTC,1.00," in file[-1]
    assert_rolled_up()


def test_leaving_the_totals_is_no_loss(
    vault: Account, copy: Account, cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    clock.now = at(9, 30, day=3)
    ownership.count(copy, counted=False, by=cast.admin)
    clock.now = at(10, 30, day=3)
    page = shown(browser_of(cast.viewer), "overview")
    assert "No change in 24 h" in page.text
    assert "joined since" not in page.text
    ownership.count(copy, counted=True, by=cast.admin)
    page = shown(browser_of(cast.viewer), "overview")
    assert "No change in 24 h" in page.text
    assert "without Vault copy, joined since" in page.text
    assert vault.label == "Vault"


def test_when_nothing_counts_no_total_is_called_unknown(
    copy: Account, cast: Cast, browser_of: Any
) -> None:
    ownership.count(copy, counted=False, by=cast.admin)
    page = shown(browser_of(cast.viewer), "overview")
    assert "No account counts towards these figures." in page.text
    assert "Unknown" not in page.text
    assert "No balance has been seen yet" not in page.text
    assert "Vault copy" in page.text


def test_live_pages_learn_of_every_decision(
    vault: Account, copy: Account, cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    clock.now = at(12)
    viewer = browser_of(cast.viewer)
    decisions = [(False, None), (True, at(11)), (False, at(11)), (True, at(11, 30))]
    for counted, since in [*decisions, (True, at(11))]:
        for name, account in (("overview", None), ("accounts", None), ("account", copy)):
            fragment = shown(viewer, name, account).one("div", id="figures").attributes["hx-get"]
            assert viewer.get(fragment).status_code == 204
        assert ownership.count(copy, counted=counted, by=cast.admin, at=since)
        assert viewer.get(fragment).status_code == 200
    assert stretches(copy) == [(True, props.LONG_AGO, None)]
    assert vault.label == "Vault"


def test_a_person_decides_from_now_on(
    vault: Account, copy: Account, cast: Cast, admin: Client, clock: StoppedClock
) -> None:
    clock.now = at(11)
    assert "Today it counts in totals" in read(admin.get(path(copy))).text
    answer = decide(admin, copy, "no")
    assert answer.headers["Location"] == reverse("account", args=[copy.uid])
    assert stretches(copy) == [(True, props.LONG_AGO, at(11)), (False, at(11), None)]
    assert "Vault copy does not count in totals from now on." in shown(admin, "overview").text
    assert acts.last(cast.fund).after == {"counted": False, "since": None}
    assert acts.last(cast.fund).who == cast.admin.email
    # Sent twice it is done once.
    assert decide(admin, copy, "no").status_code == 302
    assert "It was so before." in shown(admin, "overview").text
    assert len(stretches(copy)) == 2
    assert stretches(vault) == [(True, props.LONG_AGO, None)]


def test_the_page_tells_what_was_decided_by_whom(
    copy: Account, cast: Cast, admin: Client, clock: StoppedClock
) -> None:
    clock.now = at(12)
    ownership.count(copy, counted=False, by=cast.operator, at=at(11))
    text = read(admin.get(path(copy))).text
    assert "Today it does not count in totals" in text
    assert "Does not count 2 Mar 2026, 11:00 UTC until today Operator" in text
    assert "Counts 1 Jan 2020, 00:00 UTC until 2 Mar 2026, 11:00 UTC" in text


@pytest.fixture
def londoner(cast: Cast, admin: Client) -> Client:
    User.objects.filter(pk=cast.admin.pk).update(time_zone="Europe/London")
    return admin


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-03-02T11:30", datetime(2026, 3, 2, 11, 30, tzinfo=UTC)),
        ("2026-07-01T12:00", datetime(2026, 7, 1, 11, 0, tzinfo=UTC)),
        # Skipped in London, so as much later; and the hour that comes twice.
        ("2026-03-29T01:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026-10-25T01:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_time_in_the_past_is_one_of_the_reader_s_zone(
    copy: Account, londoner: Client, clock: StoppedClock, typed: str, meant: datetime
) -> None:
    clock.now = datetime(2026, 11, 1, tzinfo=UTC)
    assert "In your time zone, Europe/London" in read(londoner.get(path(copy))).text
    assert decide(londoner, copy, "no", typed).status_code == 302
    assert stretches(copy) == [(True, props.LONG_AGO, meant), (False, meant, None)]
    assert_rolled_up()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2026-03-02T12:01", "This time lies in the future"),
        ("2999-01-01T00:00", "This time lies in the future"),
        ("2026-03-02T12:00", "between the account's beginning and now"),
        ("2019-12-31T23:59", "Give a later time"),
        ("0001-01-01T00:00", "Give a time as"),
        ("2026-03-02T11:00Z", "Give a time as"),
        ("2026-03-02T11:00+01:00", "Give a time as"),
        ("2026-02-30T11:00", "Give a time as"),
        ("yesterday", "Give a time as"),
        ("1" * 10_000, "at most 40 characters"),
        ("\0", "Null characters"),
    ],
)
def test_a_time_that_cannot_be_is_said_at_the_field(
    copy: Account, admin: Client, clock: StoppedClock, typed: str, said: str
) -> None:
    clock.now = at(12)
    assert said in error_of(decide(admin, copy, "no", typed))
    assert stretches(copy) == [(True, props.LONG_AGO, None)]


@pytest.mark.parametrize("choice", ["", "maybe", "\0", "YES"])
def test_one_of_the_two_has_to_be_chosen(copy: Account, admin: Client, choice: str) -> None:
    answer = decide(admin, copy, choice)
    assert answer.status_code == 422
    assert read(answer).has("ul", id="id_counted_error")
    assert len(stretches(copy)) == 1


def test_the_first_minute_means_from_the_beginning(
    cast: Cast, admin: Client, clock: StoppedClock
) -> None:
    account = keyless("New", at(10))
    began = at(9, 59, 30)
    Tenure.objects.filter(account=account).update(began_at=began)
    seen(account, at(10), BTC=coins(700))
    clock.now = at(12)
    assert decide(admin, account, "no", "2026-03-02T09:59").status_code == 302
    assert stretches(account)[-1] == (False, began + TICK, None)
    assert told(cast.viewer, [account], at(10), at(11)) == [(None, 0), (None, 0)]


def test_nobody_decides_about_the_time_of_the_owner_before(
    copy: Account, cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    clock.now = at(11)
    ownership.transfer(copy, cast.other, by=cast.admin)
    clock.now = at(12)
    stranger = browser_of(cast.stranger)
    assert "Give a later time" in error_of(decide(stranger, copy, "no", "2026-03-02T10:30"))
    with pytest.raises(ownership.BadTurnError, match="somebody else's then"):
        ownership.count(copy, counted=False, by=cast.stranger, at=at(10, 30))
    assert decide(stranger, copy, "no", "2026-03-02T11:00").status_code == 302
    copy.refresh_from_db()
    assert stretches(copy)[0] == (True, props.LONG_AGO, at(11))
    assert told(cast.viewer, [copy], at(10, 30), at(11)) == [(100, 1), (None, 0)]
    # Nor does the page tell of the time before, or who gave it away.
    text = read(stranger.get(path(copy))).text
    assert "10:00" not in text
    assert "2020" not in text
    assert "Admin" not in text


def test_an_account_given_away_meanwhile_is_not_decided_about(
    copy: Account, cast: Cast, clock: StoppedClock
) -> None:
    seen_as = copy.organization_id, copy.owner_id
    clock.now = at(11)
    ownership.transfer(copy, cast.other, by=None)
    with pytest.raises(ownership.BadTurnError, match="belongs to somebody else by now"):
        ownership.count(copy, counted=False, by=cast.admin, taken_from=seen_as)


def test_who_sees_it_later_sees_what_counts_then(
    copy: Account, cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    clock.now = at(11)
    ownership.count(copy, counted=False, by=cast.admin)
    Membership.objects.create(user=cast.reader, organization=cast.fund, role=Role.VIEWER)
    assert "No account counts" in shown(browser_of(cast.reader), "overview").text
    assert "No account counts" not in shown(browser_of(cast.owner), "overview").text
