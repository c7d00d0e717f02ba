"""Where one comes back to after a sign-in or an act, and what a wrong request is told."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from balances.models import Pause
from qredo_dash.ways_back import FILES
from tests.conftest import Cast
from tests.support import props
from tests.support.markup import read
from tests.support.matrix import METHODS, addresses, arguments

ADDRESSES = sorted({str(pattern.name) for pattern in addresses()})
NOT_PATHS = ["foo", "overview", "account", "//elsewhere.example/", "/\\elsewhere.example/"]
NOT_PATHS += [
    "https://elsewhere.example/",
    "http://testserver/accounts/",
    "javascript:alert(1)",
    "",
]
ACTS = ["account-pause", "account-resume", "account-archive", "account-restore", "account-refresh"]


def filled(name: str, account: Account) -> str:
    pattern = next(found for found in addresses() if found.name == name)
    return reverse(name, args=arguments(pattern, account))


def next_of(answer: Any) -> str:
    """Return where a sign-in leads that an answer asks for."""
    location = urlsplit(answer.headers["Location"])
    assert location.path == reverse("sign-in")
    found: str
    (found,) = parse_qs(location.query)["next"]
    return found


@pytest.mark.parametrize("name", ADDRESSES)
def test_no_address_answers_with_an_empty_page(
    cast: Cast, custody: Account, browser_of: Any, name: str
) -> None:
    browser = browser_of(cast.admin)
    for method in METHODS:
        answer = browser.generic(method, filled(name, custody))
        if answer.status_code == 405 and method != "HEAD":
            assert read(answer).has("a", href=reverse("overview"), class_="brand"), method
            assert "Nothing was changed" in read(answer).text
            assert answer.headers["Allow"]


@pytest.mark.parametrize("name", ADDRESSES)
def test_what_is_sent_after_the_end_of_a_session_leads_back_to_a_page(
    cast: Cast, custody: Account, name: str
) -> None:
    browser = Client()
    answer = browser.post(filled(name, custody))
    if answer.status_code != 302 or urlsplit(answer.headers["Location"]).path != reverse("sign-in"):
        return
    assert "Nothing was changed" in read(browser.get(answer.headers["Location"])).text or (
        "next" not in parse_qs(urlsplit(answer.headers["Location"]).query)
    )
    if "next" not in answer.headers["Location"]:
        return
    there = props.signed_in(cast.admin).get(next_of(answer), follow=True)
    assert there.status_code != 405
    assert "Content-Disposition" not in there.headers


@pytest.mark.parametrize("name", ["pause", "resume", "restore", "refresh"])
def test_an_act_says_that_it_was_not_done_when_its_address_is_opened(
    cast: Cast, custody: Account, browser_of: Any, name: str
) -> None:
    browser = browser_of(cast.admin)
    answer = browser.get(reverse(f"account-{name}", args=[custody.uid]), follow=True)
    assert answer.redirect_chain == [(reverse("account", args=[custody.uid]), 302)]
    assert "Nothing was done yet" in read(answer).text
    assert not Pause.objects.exists()


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_file_leads_to_sign_in_and_back_to_the_page_that_offers_it(
    cast: Cast, custody: Account, browser_of: Any, name: str
) -> None:
    address = filled(name, custody)
    is_saved = "Content-Disposition" in browser_of(cast.admin).get(address).headers
    assert not is_saved or name in FILES
    if name not in FILES:
        return
    browser = Client()
    answer = browser.get(address)
    assert "Nothing was downloaded" in read(browser.get(answer.headers["Location"])).text
    there = browser_of(cast.admin).get(next_of(answer))
    assert there.status_code in {200, 422}
    assert "Content-Disposition" not in there.headers


def test_a_file_leads_back_to_the_very_page_whose_link_was_followed(custody: Account) -> None:
    page = f"/accounts/{custody.uid}/?asset=ETH&range=30d"
    csv = reverse("account-series-csv", args=[custody.uid])
    came_from = {"Referer": f"http://testserver{page}"}
    assert next_of(Client().get(f"{csv}?asset=ETH", headers=came_from)) == page
    elsewhere = {"Referer": "https://elsewhere.example/page/"}
    here = reverse("account", args=[custody.uid])
    assert next_of(Client().get(f"{csv}?asset=ETH", headers=elsewhere)) == f"{here}?asset=ETH"


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("wanted", NOT_PATHS)
def test_an_act_leads_to_paths_of_ours_alone(
    cast: Cast, custody: Account, browser_of: Any, name: str, wanted: str
) -> None:
    address = reverse(name, args=[custody.uid])
    answer = browser_of(cast.admin).post(address, {"next": wanted})
    assert answer.headers["Location"] == reverse("account", args=[custody.uid])


@pytest.mark.parametrize("wanted", NOT_PATHS)
def test_a_sign_in_and_a_confirmation_lead_to_paths_of_ours_alone(cast: Cast, wanted: str) -> None:
    typed = {"login": cast.viewer.email, "password": props.PASSWORD, "next": wanted}
    browser = Client()
    assert browser.post(reverse("sign-in"), typed).headers["Location"] == reverse("overview")
    confirmed = browser.post(reverse("account_reauthenticate"), typed)
    assert confirmed.headers["Location"] == reverse("overview")


def test_an_address_of_signing_out_ends_nothing(cast: Cast, browser_of: Any) -> None:
    browser = browser_of(cast.viewer)
    assert "still signed in" in read(browser.get(reverse("sign-out"), follow=True)).text
    assert browser.get(reverse("profile")).status_code == 200


class TestOfCsrf:
    """What is said of a form that comes without the proof that it is ours."""

    def test_a_second_tab_at_sign_in_goes_where_it_wanted(self, cast: Cast) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(cast.viewer)
        typed = {"login": cast.viewer.email, "password": props.PASSWORD, "next": "/pending/"}
        answer = browser.post(reverse("sign-in"), typed)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/pending/")

    def test_a_sign_in_page_that_is_out_of_date_comes_anew(self, cast: Cast) -> None:
        browser = Client(enforce_csrf_checks=True)
        typed = {"login": cast.viewer.email, "password": props.PASSWORD, "next": "/pending/"}
        answer = browser.post(reverse("sign-in"), typed, follow=True)
        assert "out of date" in read(answer).text
        assert read(answer).values()["next"] == "/pending/"

    def test_another_form_says_that_what_was_typed_is_there(self, cast: Cast) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(cast.viewer)
        answer = browser.post(reverse("profile"), {"name": "N"})
        assert answer.status_code == 403
        assert "what you typed is still there" in read(answer).text

    def test_another_origin_is_told_apart(self) -> None:
        browser = Client(enforce_csrf_checks=True)
        answer = browser.post(
            reverse("sign-in"), {}, headers={"Origin": "https://treasury.example"}
        )
        said = read(answer).text
        assert answer.status_code == 403
        assert "CSRF_TRUSTED_ORIGINS" in said
        assert "https://treasury.example" in said
        assert "open" not in said.partition("Open the site")[0]
