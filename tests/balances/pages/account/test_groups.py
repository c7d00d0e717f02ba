"""The overview of one owner, or of one tag, is a page of its own: named, titled, linked."""

from typing import Any

import pytest
from django.urls import reverse

from accounts import labels
from accounts.models import Account, User
from balances.lifecycle import ownership
from tests.conftest import Cast
from tests.support import markup
from tests.support.history import StoppedClock, at, coins, keyless, seen
from tests.support.markup import Page
from tests.support.props import signed_in


@pytest.fixture
def vault(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Account:
    StoppedClock(monkeypatch, at(10, 1))
    account = keyless("Vault", at(10))
    seen(account, at(10), BTC=coins(300))
    labels.relabel(account, "Vault", ["Cold"], by=cast.admin)
    return account


def overview(user: User, **query: Any) -> Page:
    return markup.shown(signed_in(user), "overview", **query)


def heads(found: Page) -> tuple[str, bool]:
    """Return the title, and whether the heading is there to be seen."""
    return found.one("title").text.strip(), found.one("h1").attributes.get(
        "class"
    ) != "visually-hidden"


def test_an_owner_and_a_tag_are_named(vault: Account, cast: Cast) -> None:
    fund = str(cast.fund.uid)
    assert heads(overview(cast.viewer)) == ("Overview · Qredo Dash", False)
    assert heads(overview(cast.viewer, owner=fund)) == ("Fund · Qredo Dash", True)
    assert heads(overview(cast.viewer, tag="cold")) == ("Tag Cold · Qredo Dash", True)
    both = overview(cast.viewer, owner=fund, tag="cold", at="2026-03-02T10:00:30Z")
    assert heads(both) == ("Fund · Tag Cold · Qredo Dash", True)
    assert vault.label in both.text


def test_what_is_not_the_readers_has_no_name(vault: Account, cast: Cast) -> None:
    for query in ({"owner": str(cast.fund.uid)}, {"tag": "Cold"}, {"owner": "rubbish"}):
        assert heads(overview(cast.stranger, **query)) == ("Overview · Qredo Dash", False)
    ownership.transfer(vault, cast.other, by=None)
    assert heads(overview(cast.viewer, tag="Cold"))[0] == "Overview · Qredo Dash"


def test_the_account_leads_to_its_owner_and_tags(vault: Account, cast: Cast) -> None:
    browser = signed_in(cast.viewer)
    found = markup.shown(browser, "account", vault)
    for query, name in (({"owner": cast.fund.uid}, "Fund"), ({"tag": "Cold"}, "Tag Cold")):
        (key, value), *_ = query.items()
        link = found.one("a", href=f"{reverse('overview')}?{key}={value}")
        shown = markup.read(browser.get(link.attributes["href"]))
        assert shown.one("title").text.startswith(name)
