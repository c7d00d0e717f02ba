"""Signing in with a company's own accounts, where an installation says which."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts import company_accounts, invitations
from accounts.models import Account, Role, User
from qredo_dash import identity
from tests.conftest import Cast
from tests.project.test_env import SERVER, imported
from tests.support import acts, props
from tests.support.markup import read
from tests.support.servers import company_urls
from tests.support.servers.openid import Company

SECRET = "a made-up client secret"
#: The number by which the company's server knows its visitor.
SUBJECT = "17"
PAGE = "company-account"


@pytest.fixture
def company(settings: Any) -> Iterator[Company]:
    """Set up a company's server, as an installation does; it vouches for the viewer's address."""
    with Company({"email": "viewer@example.com", "email_verified": True}).running() as found:
        settings.ROOT_URLCONF = company_urls.__name__
        settings.OIDC_SERVER_URL, settings.OIDC_NAME = found.url, "Example Ltd"
        settings.SOCIALACCOUNT_PROVIDERS = identity.company_provider(
            found.url, name="Example Ltd", client="qredo-dash", secret=SECRET
        )
        yield found


def connected(user: User, subject: str = SUBJECT, **told: Any) -> SocialAccount:
    """Connect somebody, as it was done before acts of it were on record."""
    return SocialAccount.objects.create(user=user, provider="company", uid=subject, extra_data=told)


def go(browser: Client, to: str = "") -> dict[str, str]:
    """Press the button; return what the company's server is told."""
    answer = browser.get(reverse("company"), {"next": to} if to else {})
    assert answer.status_code == 302
    return asked_of(answer)


def asked_of(answer: Any) -> dict[str, str]:
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def come_back(browser: Client, state: str, **more: str) -> Any:
    told = {"code": "made-up", "state": state, **more}
    return browser.get(reverse("openid_connect_callback", args=["company"]), told)


def visit(browser: Client, to: str = "") -> Any:
    return come_back(browser, go(browser, to)["state"])


def is_signed_in(browser: Client) -> bool:
    return browser.get(reverse("profile")).status_code == 200


def is_signed_in_after(browser: Client) -> bool:
    visit(browser)
    return is_signed_in(browser)


def connect(browser: Client) -> str:
    """Ask for a connection on one's own page; return what the page says then."""
    answer = browser.get(reverse("company-connect"))
    come_back(browser, asked_of(answer)["state"])
    return read(browser.get(reverse(PAGE))).text


def test_somebody_whom_we_know_is_let_in_and_keeps_their_password(
    cast: Cast, company: Company, custody: Account
) -> None:
    connected(cast.viewer)
    browser = Client()
    page = read(browser.get(f"{reverse('sign-in')}?next=/accounts/"))
    (button,) = (a for a in page.all("a") if "Example Ltd" in a.text)
    assert button.attributes["href"] == f"{reverse('company')}?next=/accounts/"
    asked = go(browser, "/accounts/")
    answer = come_back(browser, asked["state"])
    assert answer.headers["Location"] == "/accounts/"
    assert company.asked[0]["client_secret"] == [SECRET]
    assert custody.label in browser.get("/accounts/").content.decode()
    assert User.objects.get(pk=cast.viewer.pk).check_password(props.PASSWORD)
    # The company's own number counts, whatever the address is then.
    company.claims["email"] = "renamed@example.com"
    assert is_signed_in_after(Client())


def test_a_code_is_of_use_to_those_alone_who_asked_for_it(cast: Cast, company: Company) -> None:
    connected(cast.viewer)
    asked = go(browser := Client())
    assert asked["code_challenge_method"] == "S256"
    assert asked["response_type"] == "code"
    come_back(browser, asked["state"])
    (verifier,) = company.asked[0]["code_verifier"]
    assert len(verifier) >= 43
    assert verifier not in asked.values()


#: Every kind of value that JSON has, with what stands closest to true in it.
VOUCHES = [True, "true"]
DOES_NOT = [
    False, None, 0, 1, -1, 1.0, 0.5, "", "false", "False", "FALSE", "no", "0", "1", "yes", "True",
    "TRUE", " true", "true ", "t", "null", [], [True], ["true"], {}, {"a": 1}, {"true": True},
]  # fmt: skip


@pytest.mark.parametrize("claim", VOUCHES, ids=repr)
def test_an_address_that_the_company_vouches_for(cast: Cast, company: Company, claim: Any) -> None:
    company.claims["email_verified"] = claim
    assert "connected" in connect(props.signed_in(cast.viewer))
    assert company_accounts.exists(cast.viewer)


@pytest.mark.parametrize("claim", DOES_NOT, ids=repr)
def test_an_address_that_nobody_vouches_for(cast: Cast, company: Company, claim: Any) -> None:
    company.claims["email_verified"] = claim
    email = company.claims["email"] = "new@example.com"
    token = invitations.invite(cast.fund, email=email, role=Role.ADMIN, by=cast.admin)
    browser = Client()
    browser.get(reverse("invitation", args=[token]))
    visit(browser)
    assert "no confirmed e-mail" in read(browser.get(reverse("sign-in"))).text
    assert not is_signed_in(browser)
    assert not User.objects.filter(email=email).exists()
    company.claims["email"] = cast.viewer.email
    assert "no confirmed e-mail" in connect(props.signed_in(cast.viewer)) or claim is None
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("email", [None, "", 7, ["viewer@example.com"], {"a": 1}, "no address"])
def test_an_address_that_is_none(cast: Cast, company: Company, email: Any) -> None:
    company.claims["email"] = email
    browser = Client()
    assert visit(browser).headers["Location"] == reverse("sign-in")
    assert "no confirmed e-mail" in read(browser.get(reverse("sign-in"))).text
    assert cast.viewer.pk


def test_nobody_else_is(cast: Cast, company: Company) -> None:  # noqa: ARG001
    company.claims["email"] = "nobody@example.com"
    before, browser = User.objects.count(), Client()
    assert visit(browser).headers["Location"] == reverse("sign-in")
    assert "Ask for an invitation" in read(browser.get(reverse("sign-in"))).text
    assert not is_signed_in(browser)
    assert User.objects.count() == before


def test_an_address_alone_opens_nobodys_account(cast: Cast, company: Company) -> None:
    for user in (cast.viewer, cast.superuser, cast.stranger):
        company.claims["email"] = user.email
        browser = Client()
        to = visit(browser).headers["Location"]
        assert parse_qs(urlsplit(to).query)["next"] == [reverse(PAGE)]
        assert "is not connected" in read(browser.get(to)).text
        assert not is_signed_in(browser)
    assert not SocialAccount.objects.exists()


def test_who_signs_in_here_connects_there(cast: Cast, company: Company, settings: Any) -> None:
    settings.MAIL_IS_SENT = True
    browser = props.signed_in(cast.viewer)
    assert "No company account is connected" in read(browser.get(reverse(PAGE))).text
    text = connect(browser)
    assert company.url in text
    assert "You can sign in with Example Ltd" in text
    assert is_signed_in(browser)
    assert is_signed_in_after(Client())
    (message,) = mail.outbox
    assert message.to == [cast.viewer.email]
    assert "Example Ltd is connected" in message.body or "was connected" in message.body
    for owner in (cast.viewer, cast.fund):
        (act,) = (a for a in acts.acts_of(owner) if a.act == "company.connected")
        assert (act.who, act.after) == (cast.viewer.email, {"issuer": company.url})


def test_connecting_asks_for_a_fresh_confirmation(cast: Cast, company: Company) -> None:
    browser = props.signed_in(cast.viewer, ago=3600)
    to = browser.get(reverse("company-connect")).headers["Location"]
    assert to.startswith(reverse("account_reauthenticate"))
    connection = connected(cast.viewer)
    browser.post(reverse(PAGE), {"connection": str(connection.pk)})
    assert company_accounts.exists(cast.viewer)
    assert not company.asked


def test_nobody_connects_the_account_of_another(cast: Cast, company: Company) -> None:
    # Another address than one's own.
    company.claims["email"] = cast.operator.email
    assert "has another address" in connect(props.signed_in(cast.viewer))
    # Somebody else's number.
    connected(cast.operator)
    company.claims["email"] = cast.viewer.email
    assert "with another person here" in connect(props.signed_in(cast.viewer))
    assert not company_accounts.exists(cast.viewer)


def test_who_signs_in_as_somebody_else_on_the_way_connects_nothing(
    cast: Cast, company: Company
) -> None:
    browser = props.signed_in(cast.viewer)
    state = asked_of(browser.get(reverse("company-connect")))["state"]
    session = browser.session
    session["_auth_user_id"], session["_auth_user_hash"] = (
        str(cast.operator.pk),
        cast.operator.get_session_auth_hash(),
    )
    session.save()
    come_back(browser, state)
    assert not SocialAccount.objects.exists()
    assert company.asked


def test_a_second_subject_with_the_same_address_is_refused_and_told(
    cast: Cast, company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    connected(cast.viewer)
    company.claims["sub"] = company.token["sub"] = "OTHER"
    browser = Client()
    assert visit(browser).headers["Location"] == reverse("sign-in")
    text = read(browser.get(reverse("sign-in"))).text
    assert "Another account of Example Ltd is connected with viewer@example.com" in text
    assert not is_signed_in(browser)
    assert acts.words(cast.viewer) == ["company.refused"]
    assert f"address of person {cast.viewer.pk}" in caplog.text
    # Who is signed in has to end the one before, too.
    assert "End that first" in connect(props.signed_in(cast.viewer))
    assert SocialAccount.objects.get().uid == SUBJECT


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
    assert "company.connected" in acts.words(joined.user)


def test_an_invitation_lets_back_in_whom_nothing_else_does(cast: Cast, company: Company) -> None:
    token = invitations.invite(cast.other, email=cast.viewer.email, role=Role.VIEWER, by=cast.admin)
    for has_password, comes_in in ((True, False), (False, True)):
        if not has_password:
            cast.viewer.set_unusable_password()
            cast.viewer.save()
        browser = Client()
        browser.get(reverse("invitation", args=[token]))
        assert is_signed_in_after(browser) is comes_in
        assert company_accounts.exists(cast.viewer) is comes_in
    assert company.asked


def test_an_invitation_of_somebody_else_does_not_help(cast: Cast, company: Company) -> None:
    company.claims["email"] = "thief@example.com"
    token = invitations.invite(cast.fund, email="new@example.com", role=Role.ADMIN, by=cast.admin)
    browser = Client()
    browser.get(reverse("invitation", args=[token]))
    visit(browser)
    assert not is_signed_in(browser)
    assert not User.objects.filter(email="thief@example.com").exists()


def test_a_deactivated_person_stays_out(cast: Cast, company: Company) -> None:  # noqa: ARG001
    connected(cast.viewer)
    User.objects.filter(pk=cast.viewer.pk).update(is_active=False)
    browser = Client()
    visit(browser)
    assert not is_signed_in(browser)


def test_a_second_factor_is_asked_for_all_the_same(cast: Cast, company: Company) -> None:  # noqa: ARG001
    connected(cast.viewer)
    Authenticator.objects.create(user=cast.viewer, type="totp", data={})
    assert visit(Client()).headers["Location"] == reverse("mfa_authenticate")


def test_what_comes_back_without_having_been_asked_for_lets_nobody_in(
    cast: Cast, company: Company
) -> None:
    connected(cast.viewer)
    elsewhere = go(Client())["state"]
    for state in ("", "made-up", elsewhere):
        browser = Client()
        assert come_back(browser, state).headers["Location"] == reverse("sign-in")
        assert not is_signed_in(browser)
    refused = Client()
    answer = come_back(refused, go(refused)["state"], error="access_denied", code="")
    assert answer.headers["Location"] == reverse("sign-in")
    browser = Client()
    state = go(browser)["state"]
    come_back(browser, state)
    browser.post(reverse("sign-out"))
    come_back(browser, state)
    assert not is_signed_in(browser)
    assert company.asked


#: What an answer may lack or say wrongly: the ID token's claims, userinfo, the token endpoint,
#: metadata.
UNPROVEN: list[dict[str, dict[str, Any]]] = [
    {"endpoint": {"id_token": None}},
    {"endpoint": {"id_token": ""}},
    {"endpoint": {"id_token": "not a token"}},
    {"endpoint": {"id_token": 7}},
    {"endpoint": {"access_token": None}},
    {"endpoint": {"access_token": 7}},
    {"token": {"iss": "https://elsewhere.example"}},
    {"token": {"iss": None}},
    {"token": {"aud": "another program"}},
    {"token": {"aud": ["another program"]}},
    {"token": {"aud": None}},
    {"token": {"aud": ["qredo-dash", "another program"]}},
    {"token": {"azp": "another program"}},
    {"token": {"aud": ["qredo-dash", "another program"], "azp": "another program"}},
    {"token": {"azp": 7}},
    {"token": {"sub": None}},
    {"token": {"sub": ""}},
    {"token": {"sub": "s" * 192}},
    {"token": {"sub": "18"}},
    {"token": {"exp": 1}},
    {"token": {"exp": None}},
    {"token": {"exp": "never"}},
    {"claims": {"sub": None}},
    {"claims": {"sub": "18"}},
    {"claims": {"sub": ["17"]}},
    {"claims": {"sub": 17}},
    {"metadata": {"issuer": "https://elsewhere.example"}},
    {"metadata": {"issuer": None}},
    {"metadata": {"token_endpoint": None}},
    {"metadata": {"userinfo_endpoint": 7}},
]


@pytest.mark.parametrize("wrong", UNPROVEN, ids=repr)
def test_an_answer_that_proves_nothing_is_refused(
    cast: Cast, company: Company, wrong: dict[str, dict[str, Any]]
) -> None:
    connected(cast.viewer)
    browser = Client()
    if "metadata" not in wrong:
        state = go(browser)["state"]
    for part, told in wrong.items():
        getattr(company, part).update(told)
    answer = browser.get(reverse("company")) if "metadata" in wrong else come_back(browser, state)
    assert answer.headers["Location"] == reverse("sign-in")
    text = read(browser.get(reverse("sign-in"))).text
    assert "did not confirm who you are" in text or "cannot be used now" in text
    assert not is_signed_in(browser)


@pytest.mark.parametrize(
    "right",
    [
        {"aud": ["qredo-dash"]},
        {"azp": "qredo-dash"},
        {"aud": ["qredo-dash", "another program"], "azp": "qredo-dash"},
    ],
    ids=repr,
)
def test_an_answer_that_names_us_otherwise_is_taken(
    cast: Cast, company: Company, right: dict[str, Any]
) -> None:
    connected(cast.viewer)
    company.token |= right
    assert is_signed_in_after(Client())


def test_an_issuer_may_end_with_a_slash(cast: Cast, company: Company) -> None:
    connected(cast.viewer)
    company.metadata["issuer"] = company.token["iss"] = f"{company.url}/"
    assert is_signed_in_after(Client())


def test_another_servers_numbers_are_other_peoples(cast: Cast, company: Company) -> None:
    connection = connected(cast.viewer, id_token={"iss": "https://former.example"})
    assert not is_signed_in_after(Client())
    connection.refresh_from_db()
    assert connection.extra_data == {"id_token": {"iss": "https://former.example"}}
    assert company.asked


def test_a_server_that_is_not_there_is_said_to(cast: Cast, company: Company, settings: Any) -> None:
    browser = Client()
    state = go(browser)["state"]
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    app["settings"]["server_url"] = settings.OIDC_SERVER_URL = "http://127.0.0.1:1"
    for ask in (lambda: browser.get(reverse("company")), lambda: come_back(browser, state)):
        assert ask().headers["Location"] == reverse("sign-in")
        assert "cannot be used now" in read(browser.get(reverse("sign-in"))).text
    assert cast.viewer.pk
    assert not company.asked


def test_nothing_but_signing_in_is_done_on_request(cast: Cast, company: Company) -> None:
    connected(cast.stranger)
    company.claims["email"] = cast.stranger.email
    browser = props.signed_in(cast.viewer)
    answer = browser.get(reverse("company"), {"process": "connect", "connects": "1"})
    come_back(browser, asked_of(answer)["state"])
    assert browser.session["_auth_user_id"] == str(cast.stranger.pk)
    assert not company_accounts.exists(cast.viewer)


def test_who_has_neither_password_nor_factor_confirms_there(
    cast: Cast, company: Company, settings: Any
) -> None:
    connected(cast.viewer)
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
    connected(cast.viewer)
    answer = visit(Client(), "https://elsewhere.example/")
    assert answer.headers["Location"] == reverse("overview")


def test_a_connection_is_shown_with_issuer_since_when_and_last_use(
    cast: Cast, company: Company
) -> None:
    connected(cast.viewer)
    visit(Client())
    page = read(props.signed_in(cast.viewer).get(reverse(PAGE)))
    today = time.strftime("%-d %b %Y", time.gmtime())
    assert company.url in page.text
    assert page.text.count(today) == 2
    assert "No company account" in read(props.signed_in(cast.operator).get(reverse(PAGE))).text


def test_who_ends_a_connection_ends_its_sessions_and_keeps_the_others(
    cast: Cast, company: Company, settings: Any
) -> None:
    settings.MAIL_IS_SENT = True
    connection = connected(cast.viewer, id_token={"iss": company.url})
    theirs, by_password = Client(), Client()
    visit(theirs)
    by_password.post(reverse("sign-in"), {"login": cast.viewer.email, "password": props.PASSWORD})
    here = props.signed_in(cast.viewer)
    here.post(reverse(PAGE), {"connection": str(connection.pk)})
    assert [is_signed_in(one) for one in (theirs, by_password, here)] == [False, True, True]
    assert not is_signed_in_after(Client())
    assert "No company account" in read(here.get(reverse(PAGE))).text
    assert [message.to for message in mail.outbox] == [[cast.viewer.email]]
    assert acts.last(cast.fund).before == {"issuer": company.url}
    assert "company.disconnected" in acts.words(cast.viewer)


def test_the_only_way_in_is_not_ended_by_its_person(cast: Cast, company: Company) -> None:
    connection = connected(cast.viewer)
    cast.viewer.set_unusable_password()
    cast.viewer.save()
    browser = Client()
    visit(browser)
    assert "no other way to sign in" in read(browser.get(reverse(PAGE))).text
    browser.post(reverse(PAGE), {"connection": str(connection.pk)})
    assert company_accounts.exists(cast.viewer)
    assert company.asked


@pytest.mark.parametrize("odd", ["", "-1", "x", "9" * 40, "\u0661"])
def test_nobody_ends_the_connection_of_another(cast: Cast, company: Company, odd: str) -> None:
    connection = connected(cast.viewer)
    other = props.signed_in(cast.operator)
    for number in (str(connection.pk), odd):
        assert other.post(reverse(PAGE), {"connection": number}).status_code == 302
    assert company_accounts.exists(cast.viewer)
    assert not company.asked


def test_an_operator_ends_it_by_command(cast: Cast, company: Company, capsys: Any) -> None:
    connected(cast.viewer)
    theirs = Client()
    visit(theirs)
    call_command("disconnect_company", email="Viewer@example.com")
    assert '"connections": 1' in capsys.readouterr().out
    assert not is_signed_in(theirs)
    assert acts.last(cast.viewer).who_kind == "command"
    assert company.asked


def test_each_way_there_stores_a_session_and_so_is_counted(cast: Cast, company: Company) -> None:  # noqa: ARG001
    statuses = {Client().get(reverse("company")).status_code for _ in range(61)}
    assert statuses == {302, 429}
    assert Session.objects.count() <= 60


def test_without_a_server_there_is_no_such_address(cast: Cast) -> None:
    for name in ("company", "company-connect"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
    assert Client().get("/sign-in/company/").status_code in {302, 404}
    # What was connected before can be seen and ended all the same.
    connected(cast.viewer)
    assert "End the connection" in read(props.signed_in(cast.viewer).get(reverse(PAGE))).text


def test_the_server_is_named_by_https() -> None:
    process = imported(**SERVER, OIDC_SERVER_URL="http://login.example.com")
    assert "OIDC_SERVER_URL" in process.stderr
    shown = "s.SOCIALACCOUNT_PROVIDERS['openid_connect']['APPS'][0]['secret']"
    given = {"OIDC_SERVER_URL": "https://login.example.com", "OIDC_CLIENT_SECRET": SECRET}
    assert imported(shown, **SERVER, **given).stdout == f"{SECRET}\n"


def test_a_profile_leads_to_company_accounts_only_where_there_are_any(
    cast: Cast, settings: Any
) -> None:
    settings.OIDC_SERVER_URL = ""
    browser = props.signed_in(cast.viewer)
    assert "Company account" not in read(browser.get(reverse("profile"))).text
    connected(cast.viewer)  # before the server was taken away: it can be ended still
    assert "Company account" in read(browser.get(reverse("profile"))).text


def test_a_profile_leads_to_company_accounts_where_a_server_is_set_up(
    cast: Cast,
    company: Company,  # noqa: ARG001
) -> None:
    assert "Company account" in read(props.signed_in(cast.viewer).get(reverse("profile"))).text
