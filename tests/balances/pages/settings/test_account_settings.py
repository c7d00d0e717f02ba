"""Label, tags and owner of an account, changed in the browser; lists narrowed by them."""

import json
from smtplib import SMTPException
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Membership, Role, Tag, User
from balances.lifecycle import ownership
from balances.polling import refreshes, schedules
from tests.conftest import Cast, Simulator
from tests.support import acts
from tests.support.history import coins
from tests.support.markup import read, shown


def path(name: str, account: Account) -> str:
    return reverse(name, args=[account.uid])


@pytest.fixture
def admin(cast: Cast, browser_of: Any) -> Client:
    client: Client = browser_of(cast.admin)
    return client


def tags(account: Account) -> set[str]:
    return set(account.tags.values_list("name", flat=True))


def test_label_and_tags_are_put_in_order_and_shown(
    cast: Cast, custody: Account, admin: Client
) -> None:
    typed = {"label": "  Cold   store ", "tags": "Payroll, payroll ,  Q4  reserve,,"}
    assert admin.post(path("account-edit", custody), typed).status_code == 302
    custody.refresh_from_db()
    assert custody.label == "Cold store"
    assert tags(custody) == {"payroll", "Q4 reserve"}
    act = acts.last(cast.fund)
    assert (act.act, act.before["label"], act.after["tags"]) == (
        "account.labelled",
        "Custody",
        "payroll, Q4 reserve",
    )
    assert admin.post(path("account-edit", custody), typed).status_code == 302
    assert acts.last(cast.fund).pk == act.pk
    page = read(admin.get(path("account", custody)))
    assert page.has("a", href=f"{reverse('overview')}?tag=Q4%20reserve")
    assert "Q4 reserve" in page.text
    form = read(admin.get(path("account-edit", custody)))
    assert form.one("input", id="id_tags").attributes["value"] == "payroll, Q4 reserve"


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"label": " "}, "label", "This field is required."),
        ({"label": "Trading"}, "label", "Another account of this owner has this label."),
        ({"label": "a\u202eb"}, "label", "Remove the invisible character U+202E."),
        ({"tags": "a\u200bb"}, "tags", "Remove the invisible character U+200B."),
        ({"tags": "x" * 33}, "tags", "A tag has at most 32 characters"),
        ({"tags": ",".join(map(str, range(13)))}, "tags", "Give at most 12 tags."),
    ],
)
@pytest.mark.usefixtures("trading")
def test_what_cannot_be_is_said_at_its_field_and_changes_nothing(
    custody: Account, admin: Client, typed: dict[str, str], field: str, said: str
) -> None:
    Tag.objects.create(account=custody, name="kept")
    answer = admin.post(path("account-edit", custody), {"label": "New", "tags": "new", **typed})
    assert answer.status_code == 422
    page = read(answer)
    assert page.has("ul", id=f"id_{field}_error")
    assert said in page.text
    other = "tags" if field == "label" else "label"
    assert page.one("input", id=f"id_{other}").attributes["value"] in {"new", "New"}
    custody.refresh_from_db()
    assert (custody.label, tags(custody)) == ("Custody", {"kept"})


def test_an_account_goes_to_an_organization_that_one_administers(
    cast: Cast, custody: Account, admin: Client, browser_of: Any
) -> None:
    schedules.add_missing([custody])
    typed = {"owner": str(cast.other.uid)}
    assert admin.post(path("account-transfer", custody), typed).status_code == 422
    Membership.objects.create(organization=cast.other, user=cast.admin, role=Role.ADMIN)
    assert admin.post(path("account-transfer", custody), typed).status_code == 302
    custody.refresh_from_db()
    assert custody.organization == cast.other
    assert browser_of(cast.viewer).get(path("account", custody)).status_code == 404
    assert browser_of(cast.stranger).get(path("account", custody)).status_code == 200


@pytest.mark.parametrize("to", ["personal", "other"])
def test_the_other_admins_are_told_that_one_of_them_gave_an_account_away(
    cast: Cast, custody: Account, admin: Client, settings: Any, to: str
) -> None:
    settings.MAIL_IS_SENT = True
    schedules.add_missing([custody])
    for user in (cast.former, cast.owner):
        Membership.objects.create(organization=cast.fund, user=user, role=Role.ADMIN)
    User.objects.filter(pk=cast.owner.pk).update(is_active=False)
    Membership.objects.create(organization=cast.other, user=cast.admin, role=Role.ADMIN)
    told_so = "other admins of Fund are told"
    assert told_so in shown(admin, "account-transfer", custody).text
    settings.MAIL_IS_SENT = False
    assert told_so not in shown(admin, "account-transfer", custody).text
    settings.MAIL_IS_SENT = True
    assert admin.post(path("account-transfer", custody), {"owner": "wrong"}).status_code == 422
    assert mail.outbox == []
    owner = "personal" if to == "personal" else str(cast.other.uid)
    assert admin.post(path("account-transfer", custody), {"owner": owner}).status_code == 302
    (told,) = mail.outbox
    assert told.to == ["former@example.com"]
    named = "admin@example.com" if to == "personal" else "Other"
    said = f"admin@example.com has given the account Custody of Fund to {named}, with its API key"
    assert said in told.body
    assert "given away" in told.subject


def test_an_account_is_given_away_although_no_mail_goes_out(
    cast: Cast, custody: Account, admin: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise SMTPException

    settings.MAIL_IS_SENT = True
    schedules.add_missing([custody])
    Membership.objects.create(organization=cast.fund, user=cast.former, role=Role.ADMIN)
    monkeypatch.setattr("accounts.authentication.adapters.AccountAdapter.send_mail", refuse)
    answer = admin.post(path("account-transfer", custody), {"owner": "personal"})
    assert answer.status_code == 302
    custody.refresh_from_db()
    assert custody.owner == cast.admin


def test_who_gives_an_account_away_is_led_to_what_is_left(
    cast: Cast, personal: Account, browser_of: Any
) -> None:
    Membership.objects.create(organization=cast.fund, user=cast.owner, role=Role.ADMIN)
    browser = browser_of(cast.owner)
    answer = browser.post(path("account-transfer", personal), {"owner": str(cast.fund.uid)})
    assert answer.headers["Location"] == path("account", personal)
    Membership.objects.filter(user=cast.owner).update(role=Role.VIEWER)
    assert browser.get(path("account-transfer", personal)).status_code == 403


def test_an_account_that_was_given_away_meanwhile_is_not_given_again(
    cast: Cast, custody: Account, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    Membership.objects.create(organization=cast.other, user=cast.admin, role=Role.ADMIN)
    real, transfer = "balances.pages.settings.views.ownership.transfer", ownership.transfer

    def overtaken(account: Account, *args: Any, **options: Any) -> None:
        monkeypatch.setattr(real, transfer)
        transfer(Account.objects.get(pk=account.pk), cast.stranger, by=cast.admin)
        transfer(account, *args, **options)

    refreshes.refresh_now([custody])
    monkeypatch.setattr(real, overtaken)
    answer = admin.post(path("account-transfer", custody), {"owner": str(cast.other.uid)})
    assert answer.status_code == 422
    assert "belongs to somebody else by now" in read(answer).text
    custody.refresh_from_db()
    assert custody.owner == cast.stranger


@pytest.fixture
def two(cast: Cast, custody: Account, trading: Account, simulator: Simulator) -> Cast:
    """Two accounts of the fund with a figure each; one is tagged."""
    simulator.holds("Custody", BTC=coins(100))
    simulator.holds("Trading", BTC=coins(2_300))
    refreshes.refresh_now([custody, trading])
    Tag.objects.create(account=custody, name="Reserve")
    return cast


def headline(browser: Client, query: str) -> str:
    page = read(browser.get(reverse("overview") + query))
    return page.all("span", class_="amount")[0].attributes["data-exact"]


def test_every_figure_of_a_narrowed_page_is_about_those_accounts(
    two: Cast, browser_of: Any
) -> None:
    browser = browser_of(two.viewer)
    assert (headline(browser, ""), headline(browser, "?tag=reserve")) == ("24.00", "1.00")
    page = read(browser.get(reverse("overview") + "?tag=reserve"))
    assert "Trading" not in page.text
    assert "1 of 1 fresh" in page.text
    series = browser.get(reverse("series") + "?asset=BTC&range=24h&tag=reserve")
    assert json.loads(series.content)["total"][-1] == "1.00"
    opened = browser.get(reverse("overview-asset") + "?asset=BTC&kind=production&tag=reserve")
    assert "Custody" in read(opened).text
    assert "Trading" not in read(opened).text


def test_the_links_of_a_narrowed_page_stay_with_it(two: Cast, browser_of: Any) -> None:
    page = read(browser_of(two.viewer).get(reverse("overview") + "?tag=Reserve&range=7d"))
    choices = [
        a.attributes for a in page.all("a") if a.attributes.get("id", "").startswith("choice")
    ]
    ranges = [one["href"] for one in choices]
    assert ranges
    assert all("tag=Reserve" in href for href in ranges)
    assert page.one("option", value="Reserve").attributes.get("selected") is not None


@pytest.mark.parametrize("query", ["?tag=nothing", "?owner=no-uid", "?environment=%00", "?tag=%00"])
def test_what_no_account_is_shows_none_and_says_so(two: Cast, browser_of: Any, query: str) -> None:
    page = read(browser_of(two.viewer).get(reverse("overview") + query))
    # A NUL is no character of a tag: nothing is left of such a filter.
    assert ("No account matches this filter." in page.text) == ("%00" not in query)
    for name in ("accounts", "series", "series-csv"):
        assert browser_of(two.viewer).get(reverse(name) + query).status_code == 200


def test_the_filter_offers_no_tag_of_a_stranger(
    two: Cast, foreign: Account, browser_of: Any
) -> None:
    Tag.objects.create(account=foreign, name="Hidden")
    page = read(browser_of(two.viewer).get(reverse("overview")))
    assert page.has("option", value="Reserve")
    assert not page.has("option", value="Hidden")
    theirs = read(browser_of(two.viewer).get(reverse("overview") + "?tag=Hidden")).text
    nobodys = read(browser_of(two.viewer).get(reverse("overview") + "?tag=Griffin")).text
    assert theirs.replace("Hidden", "Griffin") == nobodys
