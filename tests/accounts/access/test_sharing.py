"""A personal account read by another person: offered, accepted, counted, and ended."""

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts import offers, sharing
from accounts.access.querysets import spans_of, visible_at, visible_to
from accounts.models import Account, Offer, Share, User
from balances.core.instants import iso
from balances.ledger import schedules
from balances.lifecycle import ownership
from balances.portfolio.filters import Narrowing
from balances.portfolio.scope import Scope
from balances.series import sums as asset_sums
from tests.conftest import Cast
from tests.support import acts, props
from tests.support.history import StoppedClock, at, coins, failed, of_person, seen
from tests.support.markup import read, shown


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 6))


@pytest.fixture
def pocket(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    """The owner's account, which holds 42 BTC and is shared with nobody."""
    account = of_person("Pocket", cast.owner)
    seen(account, at(10), BTC=coins(41, 1))
    seen(account, at(10, 5), BTC=coins(42, 1))
    return account


@pytest.fixture
def mine(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    """The reader's own account, which holds 1 BTC."""
    account = of_person("Mine", cast.reader)
    seen(account, at(10), BTC=coins(1, 1))
    seen(account, at(10, 5), BTC=coins(1, 1))
    return account


def path(name: str, account: Account) -> str:
    return reverse(name, args=[account.uid])


def body(answer: Any) -> str:
    """Return what an answer holds, whether it is a page or a file."""
    whole = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text: str = whole.decode()
    return text


def answered(browser: Client, act: str, which: object) -> str:
    """Press a button of the page of what is shared; return what the next page says."""
    reply = browser.post(reverse("shared"), {"act": act, "which": str(which)}, follow=True)
    return read(reply).text


def sums(browser: Client, **query: Any) -> list[Any]:
    """Return what is added up for a reader: headline, coverage, charts, files."""
    asked = {"asset": "BTC", "kind": "production", **query}
    overview = shown(browser, "overview", **query)
    drawn = browser.get(reverse("series"), asked).json()
    moved = browser.get(reverse("overview-changes"), query)
    told = _statement(browser, **query)
    earlier = shown(browser, "overview", at=iso(at(10, 4)), **query)
    asset = browser.get(reverse("asset"), asked)
    history = shown(browser, "history", at=iso(at(10, 6)), **query)
    return [
        overview.amounts()[:1],
        [amount for amount in overview.amounts() if amount in {"1", "42", "43"}],
        [e.text for e in overview.all("p", class_="headline-scope")],
        [line for line in ("1 of 1 fresh", "2 of 2 fresh") if line in overview.text],
        [amount for amount in earlier.amounts() if amount in {"1", "41", "42"}],
        drawn,
        read(moved).text if moved.content else "",
        told["totals"],
        {name: one for name, one in told["coverage"].items() if name != "accounts"},
        asset.status_code,
        [line for line in ("1 of 1 fresh", "2 of 2 fresh") if line in history.text],
    ]


def anywhere(browser: Client, account: Account) -> list[str]:
    """Return the pages and files that name an account, or tell a figure of it."""
    now = {"at": iso(at(10, 6))}
    pages: dict[str, dict[str, str]] = {
        "overview": {},
        "overview-figures": {"version": "x"},
        "overview-changes": {},
        "accounts": {},
        "accounts-figures": {"version": "x"},
        "search": {"q": account.label[:-1]},
        "search-found": {"q": account.label[:-1]},
        "pending": {},
        "history": now,
        "history-csv": now,
        "series": {"asset": "BTC", "kind": "production"},
        "series-csv": {"asset": "BTC", "kind": "production"},
        "statement": now,
        "statement-json": now,
        "reports": {},
        "compare": {"by": "accounts", "a": str(account.uid), "b": str(account.uid)},
        "compare-accounts": {"typed": account.label[:-1]},
        "audit": {},
        "profile": {},
    }
    found = []
    for name, query in pages.items():
        for asked in (query, {**query, "owner": "shared"}, {**query, "at": iso(at(10, 4))}):
            text = body(browser.get(reverse(name), asked))
            text = text.replace(f'value="{account.label}"', "").replace(f"“{account.label}”", "")
            if account.label in text or '"42"' in text:
                found.append(name)
    return found


def test_what_is_offered_shows_nothing_but_the_offer(
    cast: Cast, pocket: Account, mine: Account, browser_of: Any
) -> None:
    reader, owner = browser_of(cast.reader), browser_of(cast.owner)
    before = sums(reader)
    assert before[0] == ["1"]
    answer = owner.post(path("account-shares", pocket), {"email": " READER@example.com "})
    assert answer.headers["Location"] == path("account-shares", pocket)
    assert "reader@example.com" in read(owner.get(path("account-shares", pocket))).text
    assert sums(reader) == before
    assert anywhere(reader, pocket) == []
    for name in ("account", "account-figures", "account-parts", "account-series-csv"):
        assert reader.get(path(name, pocket)).status_code == 404
        assert reader.get(path(name, pocket), {"at": iso(at(10, 4))}).status_code == 404
    assert "An account is offered to you" in shown(reader, "overview").text
    page = shown(reader, "shared")
    for told in ("Pocket", "production", "owner@example.com"):
        assert told in page.text
    assert page.amounts() == []
    assert str(pocket.uid) not in reader.get(reverse("shared")).content.decode()
    assert "offered to you" not in shown(browser_of(cast.stranger), "overview").text
    assert mine.label == "Mine"


def test_what_is_accepted_is_shown_apart_and_counts_in_nothing(
    cast: Cast, pocket: Account, mine: Account, browser_of: Any
) -> None:
    reader = browser_of(cast.reader)
    before = sums(reader)
    offer = sharing.offer(pocket, cast.reader.email, by=cast.owner)
    assert "It is in none of your totals until you say so" in answered(reader, "accept", offer.uid)
    assert sums(reader) == before
    page = shown(reader, "overview")
    assert "Shared with you" in page.text
    assert "not counted" in page.text
    assert "42" in shown(reader, "account", pocket).text
    (line,) = (one for one in _statement(reader)["accounts"] if one["label"] == "Pocket")
    assert line["standing"] == "not counted"
    # The time before the share is part of it: permissions are today's.
    assert visible_at(cast.reader, schedules.clock()).count() == 2
    assert spans_of(cast.reader, [pocket.pk]) == spans_of(cast.owner, [pocket.pk])
    # The owner's own figures do not hang on what a reader counts.
    assert _total(browser_of(cast.owner)) == "42"
    assert mine.label == "Mine"


def test_it_counts_when_the_reader_says_so_and_as_long(
    cast: Cast, pocket: Account, mine: Account, browser_of: Any
) -> None:
    props.shared(pocket, cast.reader)
    reader = browser_of(cast.reader)
    before = sums(reader)
    version = shown(reader, "overview").one("div", id="figures").attributes["data-version"]
    assert "counts in your totals from now on" in answered(reader, "count", pocket.uid)
    assert shown(reader, "overview").one("div", id="figures").attributes["data-version"] != version
    after = sums(reader)
    assert _total(reader) == "43"
    assert after[3] == ["2 of 2 fresh"]
    assert (before[8]["counted"], after[8]["counted"]) == (1, 2)
    assert [new == old for new, old in zip(after, before, strict=True)].count(True) <= 2
    assert "not counted" not in shown(reader, "overview").text
    assert _total(browser_of(cast.owner)) == "42"
    assert "counts in your totals no more" in answered(reader, "leave-out", pocket.uid)
    assert sums(reader) == before
    assert mine.label == "Mine"


def test_narrowed_to_what_is_shared_every_figure_is_of_that(
    cast: Cast, pocket: Account, mine: Account, browser_of: Any
) -> None:
    props.shared(pocket, cast.reader, counted=True)
    reader = browser_of(cast.reader)
    for owner, total, label in (("shared", "42", "Pocket"), ("personal", "1", "Mine")):
        told = _statement(reader, owner=owner)
        assert [one["label"] for one in told["accounts"]] == [label]
        assert _total(reader, owner=owner) == total
        page = shown(reader, "overview", owner=owner)
        assert total in page.amounts()
        assert "1 of 1 fresh" in page.text
        past = shown(reader, "overview", owner=owner, at=iso(at(10, 6)))
        assert total in past.amounts()
        drawn = reader.get(reverse("series-csv"), {"asset": "BTC", "owner": owner}).content.decode()
        assert f",{total}," in drawn.splitlines()[-1].replace('"', "")
    links = [one.attributes["href"] for one in shown(reader, "accounts").all("a")]
    assert len([one for one in links if "show=shared" in one]) == 1
    assert shown(reader, "accounts", show="shared").has("a", href=path("account", pocket))
    assert not shown(reader, "accounts", show="personal").has("a", href=path("account", pocket))
    assert mine.label == "Mine"


def test_sums_of_what_is_shared_are_those_of_its_owner_at_every_instant(
    cast: Cast, pocket: Account, clock: StoppedClock
) -> None:
    second = of_person("Second", cast.owner)
    seen(second, at(10, 5), BTC=coins(7, 1), ETH=coins(3, 1))
    clock.now = at(10, 7)
    ownership.count(second, counted=False, by=cast.owner)
    clock.now = at(10, 9)
    ownership.count(second, counted=True, by=cast.owner)
    seen(second, at(10, 10), BTC=coins(8, 1))
    clock.now = at(11, 20)
    points = [at(10, minute) for minute in (1, 6, 8, 9, 10, 30)] + [at(11, 10)]
    environments = ["production", "sandbox"]
    for account in (pocket, second):
        props.shared(account, cast.reader)
    nothing = sums_of(Scope(cast.reader), environments, points)
    assert {total for totals in nothing.values() for total in totals} <= {0}
    for account in (pocket, second):
        offers.count(account.uid, counted=True, by=cast.reader)
    whole, parts = Scope(cast.owner), Scope(cast.reader)
    assert whole.reach(environments).persons
    assert not whole.reach(environments).stays
    assert not parts.reach(environments).persons
    expected = sums_of(whole, environments, points)
    assert expected["BTC", "production"] == [41, 49, 42, 49, 50, 50, 50]
    assert sums_of(parts, environments, points) == expected
    shared = Scope(cast.reader, Narrowing(owner="shared"))
    assert sums_of(shared, environments, points) == expected
    for instant in points:
        assert parts.ids_at(instant, in_totals=True) == whole.ids_at(instant, in_totals=True)
        assert shared.ids_at(instant, in_totals=True) == whole.ids_at(instant, in_totals=True)
    assert parts.spans(in_totals=True) == whole.spans(in_totals=True)


def sums_of(
    scope: Scope, environments: list[str], points: list[datetime]
) -> dict[tuple[str, str], list[int]]:
    """Return the totals of every asset at each point."""
    found = asset_sums.of_all_assets(scope.reach(environments), points)
    return {one: [level.at_scale(1).total for level in levels] for one, levels in found.items()}


def test_what_stopped_counting_before_a_chart_begins_is_not_in_it(
    cast: Cast, pocket: Account, mine: Account, clock: StoppedClock, browser_of: Any
) -> None:
    props.shared(pocket, cast.reader, counted=True)
    clock.now = at(10, 7)
    ownership.count(pocket, counted=False, by=cast.owner)
    clock.now = at(10, day=5)
    reader = browser_of(cast.reader)
    asked = {"asset": "BTC", "kind": "production", "range": "24h"}
    assert set(reader.get(reverse("series"), asked).json()["total"]) == {"1"}
    lines = body(reader.get(reverse("series-csv"), asked)).splitlines()[1:]
    assert {line.split(",")[2].strip('"') for line in lines if line} == {"1"}
    assert mine.label == "Mine"


def test_what_its_owner_leaves_out_counts_for_no_reader(
    cast: Cast, pocket: Account, mine: Account, browser_of: Any
) -> None:
    props.shared(pocket, cast.reader, counted=True)
    ownership.count(pocket, counted=False, by=cast.owner)
    assert _total(browser_of(cast.reader)) == "1"
    assert mine.label == "Mine"


def test_a_dead_key_of_another_persons_account_is_no_part_of_my_coverage(
    cast: Cast, pocket: Account, mine: Account, clock: StoppedClock, browser_of: Any
) -> None:
    props.shared(pocket, cast.reader)
    reader = browser_of(cast.reader)
    clock.now = at(10, 31)
    for minute in range(10, 35, 5):
        failed(pocket, at(10, minute))
        seen(mine, at(10, minute), BTC=coins(1, 1))
    assert "1 of 1 fresh" in shown(reader, "overview").text
    offers.count(pocket.uid, counted=True, by=cast.reader)
    assert "1 of 2 fresh" in shown(reader, "overview").text


def test_a_copy_of_my_account_is_in_totals_twice_only_if_it_counts(
    cast: Cast, pocket: Account, mine: Account, browser_of: Any
) -> None:
    for account in (pocket, mine):
        account.keys.create(
            key_id=f"key-{account.pk}", sealed="hpke1.AQ" + "A" * 80, qredo_account="the-same"
        )
    props.shared(pocket, cast.reader)
    reader = browser_of(cast.reader)
    twice = "their amounts are in the totals twice"
    assert twice not in shown(reader, "overview").text
    assert twice not in shown(reader, "account", mine).text
    offers.count(pocket.uid, counted=True, by=cast.reader)
    assert twice in shown(reader, "overview").text
    assert twice in shown(reader, "account", mine).text


def test_it_is_declined_and_left_at_any_time(
    cast: Cast, pocket: Account, mine: Account, browser_of: Any
) -> None:
    reader = browser_of(cast.reader)
    offer = sharing.offer(pocket, cast.reader.email, by=cast.owner)
    assert "You have declined Pocket" in answered(reader, "decline", offer.uid)
    assert not Offer.objects.exists()
    assert "offered to you" not in shown(reader, "overview").text
    props.shared(pocket, cast.reader, counted=True)
    assert "You read Pocket no more" in answered(reader, "leave", pocket.uid)
    assert not Share.objects.exists()
    assert reader.get(path("account", pocket)).status_code == 404
    assert _total(reader) == "1"
    owned = acts.words(cast.owner, "sign_in")
    assert owned[-5:] == [
        "account.offered",
        "account.offer_declined",
        "account.offered",
        "account.shared",
        "account.share_left",
    ]
    read_by = [word for word in acts.words(cast.reader) if word.startswith("account.")]
    assert read_by == [
        "account.offer_declined",
        "account.shared",
        "account.share_counted",
        "account.share_left",
    ]
    assert mine.label == "Mine"


def test_what_is_gone_or_anothers_is_answered_alike_and_changes_nothing(
    cast: Cast, pocket: Account, browser_of: Any
) -> None:
    offer = sharing.offer(pocket, cast.reader.email, by=cast.owner)
    stranger = browser_of(cast.stranger)
    share = props.shared(of_person("Second", cast.owner), cast.reader).account
    said = {
        answered(stranger, act, which).replace(str(which), "")
        for act in ("accept", "decline", "count", "leave-out", "leave", "unknown", "")
        for which in (offer.uid, share.uid, pocket.uid, uuid4(), "no uid", "")
    }
    assert len(said) == 1
    assert "Nothing was changed" in said.pop()
    assert Offer.objects.get() == offer
    assert Share.objects.get().is_counted is False
    # Who is offered an account has no share of it yet.
    assert "Nothing was changed" in answered(browser_of(cast.reader), "count", pocket.uid)
    assert "Nothing was changed" in answered(browser_of(cast.owner), "accept", offer.uid)


@pytest.mark.parametrize("accepted", [True, False])
def test_what_is_taken_back_ends_with_the_next_request(
    cast: Cast, pocket: Account, browser_of: Any, *, accepted: bool
) -> None:
    if accepted:
        props.shared(pocket, cast.reader)
    else:
        sharing.offer(pocket, cast.reader.email, by=cast.owner)
    reader = browser_of(cast.reader)
    assert reader.get(path("account", pocket)).status_code == (200 if accepted else 404)
    browser_of(cast.owner).post(path("account-unshare", pocket), {"email": cast.reader.email})
    assert reader.get(path("account", pocket)).status_code == 404
    assert "Pocket" not in shown(reader, "shared").text
    word = "account.unshared" if accepted else "account.offer_withdrawn"
    assert acts.words(cast.owner)[-1] == word
    assert ("account.unshared" in acts.words(cast.reader)) == accepted
    assert not spans_of(cast.reader, [pocket.pk])
    with pytest.raises(offers.GoneError):
        offers.leave(pocket.uid, by=cast.reader)


def test_a_transfer_ends_shares_and_offers_and_leaves_the_past_to_the_old_owner(
    cast: Cast, pocket: Account, clock: StoppedClock
) -> None:
    props.shared(pocket, cast.reader, counted=True)
    waiting = sharing.offer(pocket, cast.viewer.email, by=cast.owner)
    before = schedules.clock()
    clock.now = at(10, 7)
    ownership.transfer(pocket, cast.other, by=cast.owner)
    assert not visible_to(cast.reader).exists()
    assert not visible_at(cast.reader, before).exists()
    assert not visible_to(cast.owner).exists()
    assert visible_at(cast.owner, before).get() == pocket
    ((_, end),) = spans_of(cast.owner, [pocket.pk])[pocket.pk]
    assert end is not None
    with pytest.raises(offers.GoneError):
        offers.accept(waiting.uid, by=cast.viewer)


def handed_on(cast: Cast, pocket: Account, clock: StoppedClock) -> None:
    """Let the owner share it, give it to the former; it holds 50 from 10:10 on, shared then."""
    props.shared(pocket, cast.stranger, counted=True)
    sharing.offer(pocket, cast.auditor.email, by=cast.owner)
    clock.now = at(10, 7)
    ownership.transfer(pocket, cast.fund, by=cast.owner)
    pocket.refresh_from_db()
    ownership.transfer(pocket, cast.former, by=cast.admin)
    clock.now = at(10, 11)
    seen(pocket, at(10, 10), BTC=coins(50, 1))
    pocket.refresh_from_db()


def test_a_share_that_outlived_a_transfer_opens_nothing(
    cast: Cast, pocket: Account, mine: Account, browser_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    props.shared(pocket, cast.reader, counted=True)
    offer = sharing.offer(pocket, cast.viewer.email, by=cast.owner)
    monkeypatch.setattr(sharing, "end_all", lambda _: None)
    ownership.transfer(pocket, cast.other, by=cast.owner)
    assert Share.objects.filter(user=cast.reader).exists()
    assert list(visible_to(cast.reader)) == [mine]
    assert spans_of(cast.reader, [pocket.pk]) == {}
    reader = browser_of(cast.reader)
    assert set(anywhere(reader, pocket)) <= {"audit"}  # that it was accepted once
    assert _total(reader) == "1"
    assert "is no more" in answered(browser_of(cast.viewer), "accept", offer.uid)


def test_after_a_transfer_the_new_owner_does_not_learn_who_read_it(
    cast: Cast, pocket: Account, clock: StoppedClock, browser_of: Any
) -> None:
    handed_on(cast, pocket, clock)
    former = browser_of(cast.former)
    page = shown(former, "account-shares", pocket)
    assert "Only you read this account" in page.text
    for one in (cast.stranger, cast.auditor, cast.owner):
        assert one.email not in page.text
        former.post(path("account-unshare", pocket), {"email": one.email})
        assert acts.words(cast.former)[-1] not in {"account.unshared", "account.offer_withdrawn"}
    assert not Share.objects.exists()
    assert not Offer.objects.exists()


def test_what_was_shared_before_a_transfer_stays_ended_when_the_account_comes_back(
    cast: Cast, pocket: Account, clock: StoppedClock
) -> None:
    props.shared(pocket, cast.reader, counted=True)
    waiting = sharing.offer(pocket, cast.viewer.email, by=cast.owner)
    for minute, owner in ((7, cast.other), (8, cast.owner)):
        clock.now = at(10, minute)
        ownership.transfer(pocket, owner, by=cast.owner)
        pocket.refresh_from_db()
    assert visible_to(cast.owner).filter(pk=pocket.pk).exists()
    assert not visible_to(cast.reader).filter(pk=pocket.pk).exists()
    with pytest.raises(offers.GoneError):
        offers.accept(waiting.uid, by=cast.viewer)


def test_a_share_after_a_transfer_opens_nothing_of_the_time_before(
    cast: Cast, pocket: Account, clock: StoppedClock, browser_of: Any
) -> None:
    handed_on(cast, pocket, clock)
    props.shared(pocket, cast.reader, counted=True)
    reader = browser_of(cast.reader)
    before = iso(at(10, 6))
    for name in ("account", "account-parts"):
        assert reader.get(path(name, pocket), {"at": before}).status_code == 404
    for name in ("overview", "accounts", "history", "statement"):
        text = reader.get(reverse(name), {"at": before}).content.decode()
        assert "Pocket" not in text
        assert "data-exact" not in text
    assert _statement(reader, at=before)["accounts"] == []
    assert "Pocket" not in reader.get(reverse("history-csv"), {"at": before}).content.decode()
    for told in (
        reader.get(reverse("series-csv"), {"asset": "BTC", "range": "24h"}),
        reader.get(path("account-series-csv", pocket), {"asset": "BTC", "range": "24h"}),
        reader.get(reverse("series"), {"asset": "BTC", "range": "24h"}),
        reader.get(path("account-series", pocket), {"asset": "BTC", "range": "24h"}),
        reader.get(path("account", pocket)),
        reader.get(reverse("statement-json"), {"at": iso(at(10, 11))}),
    ):
        text = body(told)
        assert told.status_code == 200
        assert "50" in text
        assert not {"41"} & set(text.replace('"', " ").replace(",", " ").split())
    (span,) = spans_of(cast.reader, [pocket.pk])[pocket.pk]
    assert span[0] > at(10, 6)


@pytest.mark.parametrize(
    "email",
    ["nobody@example.com", "reader@example.com", "superuser@example.com", "stranger@example.com"],
)
def test_an_offer_tells_nothing_of_who_signs_in_here(
    cast: Cast, pocket: Account, browser_of: Any, email: str
) -> None:
    User.objects.filter(pk=cast.stranger.pk).update(is_active=False)
    owner = browser_of(cast.owner)
    answer = owner.post(path("account-shares", pocket), {"email": email}, follow=True)
    said = read(answer).text.replace(email, "(address)")
    assert answer.redirect_chain == [(path("account-shares", pocket), 302)]
    other = of_person("Other", cast.owner)
    again = owner.post(path("account-shares", other), {"email": "made-up@example.com"}, follow=True)
    assert read(again).text.replace("made-up@example.com", "(address)") == said.replace(
        "Pocket", "Other"
    )
    assert acts.words(cast.owner)[-2:] == ["account.offered", "account.offered"]


def test_an_offer_waits_for_who_comes_later(cast: Cast, pocket: Account, browser_of: Any) -> None:
    sharing.offer(pocket, "Later@Example.com", by=cast.owner)
    later = props.person("later")
    assert "Pocket" in shown(browser_of(later), "shared").text
    assert not visible_to(later).exists()


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("owner@example.com", "This account is your own already."),
        ("reader@example.com", "reader@example.com reads this account already."),
        ("Waiting@example.com", "You have offered waiting@example.com this account already."),
        ("no address", "Enter a valid email address."),
        ("", "This field is required."),
    ],
)
def test_to_whom_it_cannot_be_offered_is_said_at_the_field(
    cast: Cast, pocket: Account, browser_of: Any, email: str, said: str
) -> None:
    props.shared(pocket, cast.reader)
    sharing.offer(pocket, "waiting@example.com", by=cast.owner)
    before = acts.words(cast.owner)
    answer = browser_of(cast.owner).post(path("account-shares", pocket), {"email": email})
    assert answer.status_code == 422
    page = read(answer)
    assert page.has("ul", id="id_email_error")
    assert said in page.text
    assert page.one("input", id="id_email").attributes.get("value", "") == email
    assert (Share.objects.count(), Offer.objects.count()) == (1, 1)
    assert [one for one in acts.words(cast.owner)[len(before) :] if one != "sign_in"] == []


def test_offers_are_counted_a_person(cast: Cast, pocket: Account, browser_of: Any) -> None:
    owner = browser_of(cast.owner)
    for number in range(20):
        typed = {"email": f"guess{number}@example.com"}
        assert owner.post(path("account-shares", pocket), typed).status_code == 302
    answer = owner.post(path("account-shares", pocket), {"email": "reader@example.com"})
    assert answer.status_code == 422
    assert "too many offers" in read(answer).text
    assert Offer.objects.count() == 20
    second = of_person("Second", cast.former)
    typed = {"email": "reader@example.com"}
    assert browser_of(cast.former).post(path("account-shares", second), typed).status_code == 302


def test_an_account_of_an_organization_is_shared_with_nobody(
    cast: Cast, custody: Account, browser_of: Any
) -> None:
    answer = browser_of(cast.admin).post(
        path("account-shares", custody), {"email": cast.reader.email}
    )
    assert answer.status_code == 403
    assert not Offer.objects.exists()
    page = read(browser_of(cast.admin).get(path("account", custody)))
    assert not page.all("a", href=path("account-shares", custody))


def _statement(browser: Client, **query: str) -> dict[str, Any]:
    answer = browser.get(reverse("statement-json"), {"at": iso(at(10, 6)), **query})
    told: dict[str, Any] = json.loads(body(answer))
    return told


def _total(browser: Client, **query: str) -> str:
    (total,) = _statement(browser, **query)["totals"]
    return str(total["total"])
