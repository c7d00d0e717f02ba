"""A forgotten password: a link by mail, the same words for everybody, and without mail."""

import re
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.conftest import Cast
from tests.support import props
from tests.support.markup import read, steady

ASK = "account_reset_password"
NEW = "a better pass phrase"


@pytest.fixture
def mailing(settings: Any) -> None:
    settings.MAIL_IS_SENT = True


def asked(email: str = "viewer@example.com", browser: Client | None = None) -> Any:
    return (browser or Client()).post(reverse(ASK), {"email": email}, follow=True)


def link() -> str:
    (found,) = re.findall(r"http://testserver(\S+)", str(mail.outbox[-1].body))
    return str(found)


def use(path: str, password: str = NEW) -> Any:
    """Open a link and type a new password twice."""
    browser = Client()
    answer = browser.get(path)
    if answer.status_code != 302:
        return answer
    typed = {"password1": password, "password2": password}
    return browser.post(answer.headers["Location"], typed)


def sign_in(password: str) -> Any:
    return Client().post(reverse("sign-in"), {"login": "viewer@example.com", "password": password})


@pytest.mark.usefixtures("mailing")
def test_a_link_by_mail_leads_to_a_new_password_once(cast: Cast) -> None:
    elsewhere = props.signed_in(cast.viewer)
    assert "on its way" in read(asked()).text
    assert mail.outbox[0].to == [cast.viewer.email]
    path = link()
    assert use(path).headers["Location"] == reverse("sign-in")
    assert sign_in(props.PASSWORD).status_code == 200
    assert sign_in(NEW).status_code == 302
    assert elsewhere.get(reverse("profile")).status_code == 302
    assert "cannot be used" in read(use(path)).text


@pytest.mark.usefixtures("mailing")
def test_whether_anybody_has_the_address_is_not_told(cast: Cast) -> None:
    User.objects.filter(pk=cast.auditor.pk).update(is_active=False)
    cast.operator.set_unusable_password()
    cast.operator.save()
    people = ("viewer", "auditor", "operator", "nobody")
    pages = [asked(f"{name}@example.com") for name in people]
    assert len({steady(page.content.decode()) for page in pages}) == 1
    # One mail each; only the first one holds a link.
    assert [message.to for message in mail.outbox] == [[f"{name}@example.com"] for name in people]
    assert ["http" in str(message.body) for message in mail.outbox] == [True, False, False, False]


@pytest.mark.usefixtures("mailing")
def test_a_second_factor_is_asked_for_all_the_same(cast: Cast) -> None:
    Authenticator.objects.create(user=cast.viewer, type="totp", data={})
    asked()
    use(link())
    assert sign_in(NEW).headers["Location"] == reverse("mfa_authenticate")


@pytest.mark.usefixtures("mailing")
def test_whoever_guessed_too_often_gets_in_with_the_new_one(cast: Cast) -> None:  # noqa: ARG001
    for _ in range(6):
        sign_in("another one")
    asked()
    use(link())
    assert sign_in(NEW).status_code == 302


@pytest.mark.usefixtures("mailing")
def test_a_link_ends_with_its_two_hours_and_with_a_new_password(cast: Cast, settings: Any) -> None:
    asked()
    early = link()
    cast.viewer.set_password("changed meanwhile, by hand")
    cast.viewer.save()
    assert "cannot be used" in read(use(early)).text
    asked()
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "cannot be used" in read(use(link())).text


@pytest.mark.usefixtures("mailing")
@pytest.mark.parametrize(("minutes", "works"), [(119, True), (121, False), (20 * 60, False)])
def test_a_link_lasts_two_hours_by_the_settings(
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    minutes: int,
    works: bool,  # noqa: FBT001
) -> None:
    asked()
    later = datetime.now() + timedelta(minutes=minutes)  # noqa: DTZ005 - as Django counts
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda _: later)
    assert (use(link()).status_code == 302) is works
    assert cast.viewer.pk


@pytest.mark.usefixtures("mailing")
def test_strangers_are_mailed_so_often_a_day_and_no_oftener(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, passed = time.time(), 0
    monkeypatch.setattr(ratelimit.time, "time", lambda: began + passed)
    answers = []
    for passed in range(0, 10 * 60, 60):  # noqa: B007 - the clock reads it
        answers += [asked("nobody@example.com").status_code, asked().status_code]
    assert len(mail.outbox) == 12
    assert set(answers[:12]) == {200}
    assert set(answers[12:]) == {429}
    assert cast.viewer.pk


@pytest.mark.usefixtures("mailing")
def test_the_page_says_which_company_accounts_stay(cast: Cast) -> None:
    told = {"id_token": {"iss": "https://login.example"}}
    SocialAccount.objects.create(user=cast.viewer, provider="company", uid="17", extra_data=told)
    asked()
    browser = Client()
    page = read(browser.get(browser.get(link()).headers["Location"]))
    assert "https://login.example" in page.text
    assert "does not end that a company account" in page.text


@pytest.mark.usefixtures("mailing")
def test_the_secret_of_the_link_does_not_stay_in_the_address(cast: Cast) -> None:  # noqa: ARG001
    asked()
    browser, path = Client(), link()
    to = browser.get(path).headers["Location"]
    secret = path.strip("/").rpartition("/")[2].partition("-")[2]
    assert secret not in to
    assert secret not in browser.get(to).content.decode()


@pytest.mark.usefixtures("mailing")
def test_bad_passwords_are_refused(cast: Cast) -> None:  # noqa: ARG001
    asked()
    assert "at least 12 characters" in read(use(link(), "short")).text
    assert sign_in(props.PASSWORD).status_code == 302


@pytest.mark.usefixtures("mailing")
def test_nobody_is_mailed_over_and_over(cast: Cast) -> None:  # noqa: ARG001
    answers = [asked().status_code for _ in range(4)]
    assert (answers, len(mail.outbox)) == ([200, 200, 200, 429], 3)


@pytest.mark.usefixtures("mailing")
def test_a_mail_server_that_fails_is_said_to(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    def fails(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", fails)
    pages = [read(asked(f"{name}@example.com")) for name in ("viewer", "nobody")]
    assert ["did not take the message" in page.text for page in pages] == [True, True]
    assert not any("on its way" in page.text for page in pages)


def test_without_mail_the_page_says_so_and_what_to_ask_for(cast: Cast) -> None:  # noqa: ARG001
    for answer in (Client().get(reverse(ASK)), asked()):
        text = read(answer).text
        assert "No mail server is set up" in text
        assert "manage.py changepassword" in text
    assert not mail.outbox
