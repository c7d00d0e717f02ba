"""Signing in with a company's own accounts, where an installation says which."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts import invitations
from accounts.models import Account, Role, User
from tests import props
from tests.conftest import Cast
from tests.markup import read
from tests.openid import Company
from tests.test_env import SERVER, imported

SECRET = "a made-up client secret"


@pytest.fixture
def company(settings: Any) -> Iterator[Company]:
    """Set up a company's server; it vouches for the viewer's address."""
    with Company({"email": "viewer@example.com", "email_verified": True}).running() as found:
        settings.ROOT_URLCONF = "tests.company_urls"
        settings.OIDC_SERVER_URL, settings.OIDC_NAME = found.url, "Example Ltd"
        app = {
            "provider_id": "company",
            "name": "Example Ltd",
            "client_id": "qredo-dash",
            "secret": SECRET,
            "settings": {"server_url": found.url, "oauth_pkce_enabled": True},
        }
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
        yield found


def go(browser: Client, to: str = "") -> dict[str, str]:
    """Press the button; return what the company's server is told."""
    answer = browser.get(reverse("company"), {"next": to} if to else {})
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def come_back(browser: Client, state: str, **more: str) -> Any:
    told = {"code": "made-up", "state": state, **more}
    return browser.get(reverse("openid_connect_callback", args=["company"]), told)


def visit(browser: Client, to: str = "") -> Any:
    return come_back(browser, go(browser, to)["state"])


def is_signed_in(browser: Client) -> bool:
    return browser.get(reverse("profile")).status_code == 200


def test_somebody_whom_we_know_is_let_in_and_keeps_their_password(
    cast: Cast, company: Company, custody: Account
) -> None:
    browser = Client()
    page = read(browser.get(f"{reverse('sign-in')}?next=/accounts/"))
    (button,) = (a for a in page.all("a") if "Example Ltd" in a.text)
    assert button.attributes["href"] == f"{reverse('company')}?next=/accounts/"
    asked = go(browser, "/accounts/")
    assert asked["code_challenge_method"] == "S256"
    answer = come_back(browser, asked["state"])
    assert answer.headers["Location"] == "/accounts/"
    assert company.asked[0]["client_secret"] == [SECRET]
    assert "code_verifier" in company.asked[0]
    assert custody.label in browser.get("/accounts/").content.decode()
    assert User.objects.get(pk=cast.viewer.pk).check_password(props.PASSWORD)
    # Later the company's own number counts, whatever the address is then.
    company.claims["email"] = "renamed@example.com"
    assert is_signed_in_after(Client())


def is_signed_in_after(browser: Client) -> bool:
    visit(browser)
    return is_signed_in(browser)


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"email": "nobody@example.com"}, "Ask for an invitation"),
        ({"email_verified": False}, "no confirmed e-mail"),
        ({"email": None}, "no confirmed e-mail"),
    ],
)
def test_nobody_else_is(cast: Cast, company: Company, claims: dict[str, Any], words: str) -> None:  # noqa: ARG001
    company.claims |= claims
    before, browser = User.objects.count(), Client()
    assert visit(browser).headers["Location"] == reverse("sign-in")
    assert words in read(browser.get(reverse("sign-in"))).text
    assert not is_signed_in(browser)
    assert User.objects.count() == before


def test_who_is_invited_joins_without_a_password(cast: Cast, company: Company) -> None:
    email = company.claims["email"] = "new@example.com"
    token = invitations.invite(cast.fund, email=email, role=Role.AUDITOR, by=cast.admin)
    browser = Client()
    browser.get(reverse("invitation", args=[token]))
    assert "Example Ltd" in read(browser.get(reverse("invitation-accept"))).text
    assert visit(browser).status_code == 302
    assert is_signed_in(browser)
    joined = cast.fund.memberships.get(user__email=email)
    assert (joined.role, joined.user.has_usable_password()) == ("auditor", False)
    assert "no password" in read(browser.get(reverse("account_change_password"), follow=True)).text


def test_an_invitation_of_somebody_else_does_not_help(cast: Cast, company: Company) -> None:
    company.claims["email"] = "thief@example.com"
    token = invitations.invite(cast.fund, email="new@example.com", role=Role.ADMIN, by=cast.admin)
    browser = Client()
    browser.get(reverse("invitation", args=[token]))
    visit(browser)
    assert not is_signed_in(browser)
    assert not User.objects.filter(email="thief@example.com").exists()


def test_a_deactivated_person_stays_out(cast: Cast, company: Company) -> None:  # noqa: ARG001
    User.objects.filter(pk=cast.viewer.pk).update(is_active=False)
    browser = Client()
    visit(browser)
    assert not is_signed_in(browser)


def test_a_second_factor_is_asked_for_all_the_same(cast: Cast, company: Company) -> None:  # noqa: ARG001
    Authenticator.objects.create(user=cast.viewer, type="totp", data={})
    assert visit(Client()).headers["Location"] == reverse("mfa_authenticate")


def test_what_comes_back_without_having_been_asked_for_lets_nobody_in(
    cast: Cast,  # noqa: ARG001
    company: Company,
) -> None:
    elsewhere = go(Client())["state"]
    for state in ("", "made-up", elsewhere):
        browser = Client()
        assert come_back(browser, state).headers["Location"] == reverse("sign-in")
        assert not is_signed_in(browser)
    refused = Client()
    answer = come_back(refused, go(refused)["state"], error="access_denied", code="")
    assert answer.headers["Location"] == reverse("sign-in")
    company.audience = "another program"
    assert not is_signed_in_after(Client())


def test_nothing_but_signing_in_is_done_on_request(cast: Cast, company: Company) -> None:
    company.claims["email"] = cast.stranger.email
    browser = props.signed_in(cast.viewer)
    answer = browser.get(reverse("company"), {"process": "connect"})
    state = parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]
    come_back(browser, state)
    assert browser.session["_auth_user_id"] == str(cast.stranger.pk)


def test_who_has_neither_password_nor_factor_confirms_there(
    cast: Cast, company: Company, settings: Any
) -> None:
    cast.viewer.set_unusable_password()
    cast.viewer.save()
    browser = Client()
    visit(browser)
    for path in ("/accounts/add/", reverse("mfa_add_webauthn"), reverse("mfa_activate_totp")):
        assert browser.get(path).status_code == 200
        settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
        to = browser.get(path).headers["Location"]
        assert to.startswith(f"{reverse('company')}?next=")
        settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
    assert visit(browser, "/accounts/add/").headers["Location"] == "/accounts/add/"
    assert company.asked


def test_nobody_is_sent_to_another_site(cast: Cast, company: Company) -> None:  # noqa: ARG001
    answer = visit(Client(), "https://elsewhere.example/")
    assert answer.headers["Location"] == reverse("overview")


def test_without_a_server_there_is_no_such_address(cast: Cast) -> None:  # noqa: ARG001
    with pytest.raises(NoReverseMatch):
        reverse("company")
    assert Client().get("/sign-in/company/").status_code in {302, 404}


def test_the_server_is_named_by_https() -> None:
    process = imported(**SERVER, OIDC_SERVER_URL="http://login.example.com")
    assert "OIDC_SERVER_URL" in process.stderr
    shown = "s.SOCIALACCOUNT_PROVIDERS['openid_connect']['APPS'][0]['secret']"
    given = {"OIDC_SERVER_URL": "https://login.example.com", "OIDC_CLIENT_SECRET": SECRET}
    assert imported(shown, **SERVER, **given).stdout == f"{SECRET}\n"
