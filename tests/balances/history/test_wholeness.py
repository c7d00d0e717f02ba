"""Keys that see only some wallets: said by a person, marked where figures are, as it was then."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import enrolment
from accounts.models import Account, ApiKey, Extent, User, Wallets
from balances.core.instants import iso
from balances.lifecycle import keys, ownership, pausing
from balances.polling import refreshes, schedules
from balances.portfolio import members
from balances.portfolio.filters import Narrowing
from balances.portfolio.scope import Scope
from tests.conftest import Cast, Simulator
from tests.support import acts, props
from tests.support.evidence.statements import account as account_in
from tests.support.evidence.statements import found, put, resealed, statement
from tests.support.history import StoppedClock, at, coins, keyless, seen
from tests.support.markup import Page, read, shown

ONE = "1 account is partial: some wallets or assets are left out."
TWO = "2 accounts are partial: some wallets or assets are left out."
NEXT = "Settlement"
TICK = timedelta(microseconds=1)


@pytest.fixture
def admin(cast: Cast, browser_of: Any) -> Client:
    browser: Client = browser_of(cast.admin)
    return browser


def added(admin: Client, cast: Cast, simulator: Simulator, wallets: str) -> Account:
    """Add an account in the browser."""
    key_id, secret = simulator.key("Spare organization")
    typed = {"label": "Payments", "owner": str(cast.fund.uid), "environment": "production"}
    typed |= {"api_key": key_id, "api_secret": secret, "wallets": wallets}
    assert admin.post(reverse("account-add"), typed).status_code == 302
    return Account.objects.get(label="Payments")


def replaced(browser: Client, account: Account, key: tuple[str, str], **typed: str) -> None:
    """Replace an account's key in the browser; what is not typed stays as the form shows it."""
    path = reverse("account-key", args=[account.uid])
    sent = read(browser.get(path)).values() | {"api_key": key[0], "api_secret": key[1]} | typed
    assert browser.post(path, sent).status_code == 302


def declared(browser: Client, account: Account, wallets: str, **typed: str) -> Page:
    """Say what a key sees on its page; return the page that follows."""
    path = reverse("account-key-wallets", args=[account.uid])
    sent = read(browser.get(path)).values() | {"wallets": wallets} | typed
    return read(browser.post(path, sent, follow=True))


def marks(page: Page) -> int:
    """Return how many accounts a page marks, each by word and icon."""
    found = page.all("span", class_="tag tag-partial")
    assert len([one for one in page.all("use") if one.attributes["href"] == "#i-partial"]) >= len(
        found
    )
    return len(found)


def partial(user: User, instant: datetime) -> list[str]:
    """Return the labels of the accounts that are partial as of an instant."""
    then = members.members_at(Scope(user, Narrowing()), instant)
    return [one.account.label for one in then if one.stand.is_partial]


def test_a_page_says_what_figures_cover_and_forms_what_a_limited_key_sees(
    custody: Account, cast: Cast, browser_of: Any
) -> None:
    admin = browser_of(cast.admin)
    assert "Connected (external) wallets are not included" in shown(admin, "account", custody).text
    for name in ("account-key", "account-key-wallets"):
        assert "limited to one fund" in shown(admin, name, custody).text


def test_what_a_key_sees_is_asked_when_its_account_is_added(
    admin: Client, cast: Cast, simulator: Simulator
) -> None:
    form = shown(admin, "account-add")
    assert "This key sees" in form.text
    assert form.values()["wallets"] == "all"
    account = added(admin, cast, simulator, "some")
    (first,) = members.members(cast.admin, Account.objects.all())
    assert first.stand.is_partial
    page = shown(admin, "account", account)
    assert marks(page) == 1
    assert "only some wallets of this account" in page.text
    assert "Replace it with a key that sees all" in page.text
    told = next(act for act in acts.acts_of(cast.fund) if act.act == "key.added")
    assert acts.told(told) == ({}, {"verified": True, "wallets": "some"})


@pytest.mark.parametrize("typed", [{}, {"wallets": ""}, {"wallets": "none of them"}])
def test_without_an_answer_no_account_is_added(
    admin: Client, cast: Cast, simulator: Simulator, typed: dict[str, str]
) -> None:
    key_id, secret = simulator.key("Spare organization")
    sent = {"label": "Payments", "owner": str(cast.fund.uid), "environment": "production"}
    answer = admin.post(
        reverse("account-add"), sent | {"api_key": key_id, "api_secret": secret} | typed
    )
    assert answer.status_code == 422
    assert read(answer).has("ul", id="id_wallets_error")
    assert not Account.objects.exists()


def test_an_account_of_which_nobody_said_anything_is_marked_nowhere(
    admin: Client, cast: Cast, simulator: Simulator
) -> None:
    account = added(admin, cast, simulator, "all")
    for name in ("overview", "accounts", "pending"):
        page = shown(admin, name)
        assert "partial" not in page.text
        assert "some wallets" not in page.text
    assert marks(shown(admin, "account", account)) == 0
    assert not Extent.objects.exists()


def test_every_page_marks_it_and_totals_say_how_many(
    custody: Account, trading: Account, cast: Cast, simulator: Simulator, admin: Client
) -> None:
    simulator.holds("Custody", BTC=(150, 100, 50, 0, 100))
    simulator.holds("Trading", BTC=coins(7))
    schedules.add_missing([custody, trading])
    refreshes.refresh_now([custody, trading])
    declared(admin, custody, "some")
    viewer = props.signed_in(cast.viewer)
    for name in ("overview", "accounts", "pending"):
        assert marks(shown(viewer, name)) == 1, name
    for name in ("overview", "pending", "asset"):
        page = shown(viewer, name, asset="BTC")
        assert ONE in page.text, name
        assert "1.57" in page.text or name == "pending"
    asset = shown(viewer, "asset", asset="BTC")
    assert marks(asset) == 1
    opened = shown(viewer, "overview", open="production:BTC")
    assert marks(opened) == 2  # its row, and its part of the asset
    assert "1 partial" in opened.text
    compared = shown(viewer, "compare", by="accounts", a=str(custody.uid), b=str(trading.uid))
    assert "Partial, some wallets or assets left out: Custody." in compared.text
    declared(admin, trading, "some")
    assert TWO in shown(viewer, "overview").text


def test_a_live_page_learns_of_it_with_its_next_fragment(
    custody: Account, cast: Cast, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    StoppedClock(monkeypatch, at(12))
    version = shown(admin, "overview").one("div", id="figures").attributes["data-version"]
    figures = reverse("overview-figures")
    assert admin.get(figures, {"version": version}).status_code == 204
    enrolment.declare(custody, Wallets.SOME, of=active(custody).uid, by=cast.admin)
    assert ONE in read(admin.get(figures, {"version": version})).text


def active(account: Account) -> ApiKey:
    return ApiKey.objects.get(account=account, replaced_at=None)


def test_a_change_of_it_is_on_record_with_before_and_after(
    custody: Account, cast: Cast, admin: Client
) -> None:
    assert "see only some wallets from now on" in declared(admin, custody, "some").text
    assert "see only some wallets, as before" in declared(admin, custody, "some").text
    assert "see all wallets from now on" in declared(admin, custody, "all").text
    told = [act for act in acts.acts_of(cast.fund) if act.act == "key.declared"]
    assert [acts.told(act) for act in told] == [
        ({"wallets": "all"}, {"wallets": "some"}),
        ({"wallets": "some"}, {"wallets": "all"}),
    ]
    assert {act.who for act in told} == {"admin@example.com"}
    assert marks(shown(admin, "account", custody)) == 0


def test_it_is_said_of_the_key_that_was_looked_at(
    custody: Account, simulator: Simulator, admin: Client
) -> None:
    before = str(active(custody).uid)
    replaced(admin, custody, simulator.key(NEXT))
    page = declared(admin, custody, "some", of=before)
    assert "Somebody else changed this account's key" in page.text
    assert not Extent.objects.exists()


def test_without_a_key_there_is_nothing_to_say(custody: Account, cast: Cast, admin: Client) -> None:
    schedules.add_missing([custody])
    keys.revoke_key(custody, by=cast.admin)
    answer = admin.get(reverse("account-key-wallets", args=[custody.uid]))
    assert answer.headers["Location"] == reverse("account-key", args=[custody.uid])


def test_who_confirmed_long_ago_is_asked_anew(custody: Account, cast: Cast) -> None:
    stale = props.signed_in(cast.admin, ago=3_600)
    path = reverse("account-key-wallets", args=[custody.uid])
    sent = {"wallets": "some", "of": str(active(custody).uid)}
    assert stale.post(path, sent).headers["Location"].startswith("/confirm/")
    assert not Extent.objects.exists()


def test_a_new_key_makes_figures_whole_with_its_first_answer_and_not_before(
    custody: Account, cast: Cast, simulator: Simulator, admin: Client
) -> None:
    schedules.add_missing([custody])
    refreshes.refresh_now([custody])
    declared(admin, custody, "some")
    pausing.pause(custody, by=cast.admin)  # so that no poll is asked for
    path = reverse("account-key", args=[custody.uid])
    assert read(admin.get(path)).values()["wallets"] == "some"  # as was said of the one before
    replaced(admin, custody, simulator.key(NEXT), wallets="all")
    assert marks(shown(admin, "account", custody)) == 1
    refreshes.refresh_now([custody])
    pausing.resume(custody, by=cast.admin)
    refreshes.refresh_now([custody])
    assert marks(shown(admin, "account", custody)) == 0
    told = acts.acts_of(cast.fund)
    (act,) = [one for one in told if one.act == "key.replaced"]
    assert acts.told(act) == ({"wallets": "some"}, {"wallets": "all"})


def test_a_new_key_of_which_nothing_else_is_said_sees_what_the_one_before_saw(
    custody: Account, simulator: Simulator, admin: Client
) -> None:
    declared(admin, custody, "some")
    replaced(admin, custody, simulator.key(NEXT))
    assert marks(shown(admin, "account", custody)) == 1


def test_without_a_key_figures_stay_those_of_the_last_one(
    custody: Account, cast: Cast, admin: Client
) -> None:
    schedules.add_missing([custody])
    refreshes.refresh_now([custody])
    declared(admin, custody, "some")
    keys.revoke_key(custody, by=cast.admin)
    assert marks(shown(admin, "account", custody)) == 1


# The past. Keys of made-up histories seal nothing: what they see is all that is asked.


def key_of(account: Account, since: datetime) -> ApiKey:
    """Give an account a key from an instant on; the one before it ends there."""
    ApiKey.objects.filter(account=account, replaced_at=None).update(sealed="", replaced_at=since)
    sealed = "hpke1.AQ" + "A" * 70
    return ApiKey.objects.create(account=account, key_id="id", sealed=sealed, created_at=since)


@pytest.fixture
def vault(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Account:  # noqa: ARG001
    """Seen at 10:00, 10:30 and 11:00; said at 10:15 to be of some wallets; a new key at 10:45."""
    clock = StoppedClock(monkeypatch, at(10))
    account = keyless("Vault", at(10), interval=1_800)
    seen(account, at(10), BTC=(150, 100, 50, 0, 100))
    key = key_of(account, at(10))
    Extent.objects.create(account=account, key=key, since=at(10, 15), wallets="some")
    seen(account, at(10, 30), BTC=(160, 110, 50, 0, 100))
    key_of(account, at(10, 45))
    seen(account, at(11), BTC=coins(7))
    clock.now = at(12)
    return account


def test_the_past_shows_what_was_said_then(vault: Account, cast: Cast) -> None:
    viewer = props.signed_in(cast.viewer)
    for instant, count in (
        (at(10, 15) - TICK, 0),
        (at(10, 15), 1),
        (at(10, 50), 1),  # a new key, whose first answer has not come
        (at(11), 0),
    ):
        assert len(partial(cast.viewer, instant)) == count, instant
        pages = {"history", "overview", "accounts"} | ({"pending"} if instant < at(11) else set())
        for name in pages:
            page = shown(viewer, name, at=iso(instant))
            assert marks(page) == count, (name, instant)
            if name != "accounts":
                assert (ONE in page.text) == bool(count), (name, instant)
        page = shown(viewer, "account", vault, at=iso(instant))
        assert ("was said to see only some wallets" in page.text) == bool(count)
        assert "Replace it" not in page.text
        rows = viewer.get(reverse("history-csv"), {"at": iso(instant)}).content.decode("utf-8-sig")
        (line,) = csv.DictReader(io.StringIO(rows))
        assert line["wallets"] == ("some" if count else "all")


def test_charts_and_their_files_tell_it_point_by_point(vault: Account, cast: Cast) -> None:
    viewer = props.signed_in(cast.viewer)
    asked = {"asset": "BTC", "range": "custom", "at": iso(at(12))}
    asked |= {"from": "2026-03-02T10:10", "to": "2026-03-02T11:00"}
    for name, path in (("series", []), ("account-series", [vault.uid])):
        drawn = viewer.get(reverse(name, args=path), asked).json()
        instants = [datetime.fromtimestamp(one, UTC) for one in drawn["at"]]
        expected = [int(at(10, 15) <= one < at(11)) for one in instants]
        assert set(expected) == {0, 1}
        assert drawn["partial"] == expected
        text = viewer.get(reverse(f"{name}-csv", args=path), asked).content.decode("utf-8-sig")
        lines = csv.DictReader(io.StringIO(text))
        assert [line["partial accounts"] for line in lines] == list(map(str, expected))
    page = shown(viewer, "account", vault, **asked)
    assert "1 of 1 fresh, 1 partial" in page.text


def test_what_is_said_today_does_not_change_the_past(vault: Account, cast: Cast) -> None:
    before = [partial(cast.viewer, at(10, minute)) for minute in (10, 20, 50)]
    enrolment.declare(vault, Wallets.SOME, of=active(vault).uid, by=cast.admin)
    assert [partial(cast.viewer, at(10, minute)) for minute in (10, 20, 50)] == before
    (now,) = members.members(cast.viewer, Account.objects.all())
    assert now.stand.is_partial
    assert partial(cast.viewer, timezone.now()) == ["Vault"]


def test_two_periods_name_who_was_partial_at_their_ends(vault: Account, cast: Cast) -> None:
    viewer = props.signed_in(cast.viewer)
    times = {"from": "2026-03-02T10:05", "to": "2026-03-02T10:20"}
    times |= {"from2": "2026-03-02T11:05", "to2": "2026-03-02T11:20"}
    asked = {"by": "periods", "account": str(vault.uid), **times}
    page = read(viewer.get(reverse("compare"), asked))
    assert page.text.count("Partial, some wallets or assets left out: Vault.") == 1


def test_who_gave_the_account_away_learns_nothing_that_was_said_since(
    vault: Account, cast: Cast
) -> None:
    before = {m: partial(cast.viewer, at(10, m)) for m in (10, 20, 50)}
    ownership.transfer(vault, cast.other, by=cast.admin, at=at(11, 30))
    vault.refresh_from_db()
    enrolment.declare(vault, Wallets.SOME, of=active(vault).uid, by=cast.stranger)
    assert {m: partial(cast.viewer, at(10, m)) for m in (10, 20, 50)} == before
    assert partial(cast.viewer, timezone.now()) == []
    assert "some wallets" not in shown(props.signed_in(cast.viewer), "overview").text
    assert ONE in shown(props.signed_in(cast.stranger), "overview").text


def test_the_key_goes_along_with_the_account_and_so_does_what_was_said_of_it(
    custody: Account, cast: Cast, admin: Client
) -> None:
    schedules.add_missing([custody])
    declared(admin, custody, "some")
    ownership.transfer(custody, cast.other, by=cast.admin)
    assert ONE in shown(props.signed_in(cast.stranger), "overview").text
    assert "some wallets" not in shown(admin, "overview").text


def test_coverage_counts_what_the_reader_sees_alone(
    custody: Account, foreign: Account, cast: Cast, admin: Client
) -> None:
    declared(admin, custody, "some")
    declared(props.signed_in(cast.stranger), foreign, "some")
    assert ONE in shown(admin, "overview").text


def test_a_statement_says_it_and_its_verifier_holds_it_to_that(vault: Account, cast: Cast) -> None:
    told = statement(cast.viewer, at(10, 20), at(12))
    assert account_in(told, vault.label)["account"] == str(vault.uid)
    assert (account_in(told, "Vault")["wallets"], told["coverage"]["partial"]) == ("some", 1)
    assert found(told) == []
    hidden = put(told, ("accounts", 0, "wallets"), "all")
    assert [total["partial"] for total in told["totals"]] == [1]
    wrong = found(hidden)
    assert any("partial" in text for text in wrong)
    assert any("figures" in text for text in wrong)
    assert found(put(told, ("accounts", 0, "wallets"), "none"))
    whole = statement(cast.viewer, at(10, 10), at(12))
    assert (account_in(whole, "Vault")["wallets"], whole["coverage"]["partial"]) == ("all", 0)
    page = shown(props.signed_in(cast.viewer), "statement", at=iso(at(10, 20)))
    assert "was said to see only some wallets" in page.text


def test_a_statement_of_the_format_before_is_checked_still(vault: Account, cast: Cast) -> None:
    told = statement(cast.viewer, at(10, 20), at(12))
    assert vault.label in str(told)
    told["format"] = "qredo-dash statement 1"
    assert found(told)  # it told of no wallets
    del told["coverage"]["partial"]
    for one in told["accounts"]:
        del one["wallets"], one["source"]
    for total in told["totals"]:
        for name in ("partial", "environments", "holders", "fresh_holders"):
            del total[name]
    old = resealed(told)
    assert found(old) == []
    assert found({**old, "format": "qredo-dash statement 2"})
