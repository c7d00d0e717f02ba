"""Another e-mail address: by a link to it, once, with fresh proof, told to the address before."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail, signing
from django.test import Client
from django.urls import reverse

from accounts.authentication import email_change
from accounts.models import User
from tests.conftest import Cast
from tests.support import props
from tests.support.acts import acts_of
from tests.support.markup import read, steady

NEW = "vi@elsewhere.example"


@pytest.fixture(autouse=True)
def _mailing(settings: Any) -> None:
    settings.MAIL_IS_SENT = True


def asked(browser: Client, email: str = NEW) -> Any:
    return browser.post(reverse("email"), {"email": email}, follow=True)


def link() -> str:
    (found,) = re.findall(r"http://testserver(\S+)", str(mail.outbox[-1].body))
    return str(found)


def used(browser: Client, path: str) -> Any:
    """Open a link and agree."""
    answer = browser.get(path)
    if answer.status_code == 302:
        assert browser.get(answer.headers["Location"]).status_code == 200
        answer = browser.post(answer.headers["Location"], follow=True)
    return answer


def address(user: User) -> str:
    user.refresh_from_db()
    return user.email


def sign_in(email: str) -> int:
    typed = {"login": email, "password": props.PASSWORD}
    return Client().post(reverse("sign-in"), typed).status_code


def test_the_address_changes_once_the_link_is_opened_and_the_old_one_is_told(cast: Cast) -> None:
    browser, elsewhere, before = props.signed_in(cast.viewer), Client(), cast.viewer.email
    elsewhere.post(reverse("sign-in"), {"login": before, "password": props.PASSWORD})
    assert elsewhere.get(reverse("profile")).status_code == 200
    assert "on its way" in read(asked(browser, "VI@elsewhere.example")).text
    assert mail.outbox[0].to == [NEW]
    assert address(cast.viewer) == before
    path = link()
    assert NEW in read(used(browser, path)).text
    assert address(cast.viewer) == NEW
    assert (mail.outbox[-1].to, NEW in str(mail.outbox[-1].body)) == ([before], True)
    assert (sign_in(NEW), sign_in(before)) == (302, 200)
    assert elsewhere.get(reverse("profile")).status_code == 302
    assert browser.get(path).status_code == 404
    assert not EmailAddress.objects.exists()


def test_it_is_on_record(cast: Cast) -> None:
    browser, before = props.signed_in(cast.viewer), cast.viewer.email
    asked(browser)
    used(browser, link())
    found = {act.act: (act.who, act.before, act.after) for act in acts_of(cast.viewer)}
    assert found["email.asked"] == (before, {}, {"email": NEW})
    assert found["email.changed"] == (before, {"email": before}, {"email": NEW})


def test_a_taken_address_is_answered_like_a_free_one(cast: Cast) -> None:
    browser = props.signed_in(cast.viewer)
    free, taken = asked(browser), asked(browser, cast.stranger.email.upper())
    assert steady(free.content.decode()) == steady(taken.content.decode())
    assert [sent.to for sent in mail.outbox] == [[NEW], [cast.stranger.email]]
    assert "http" not in str(mail.outbox[-1].body)


def test_whoever_is_faster_has_it(cast: Cast) -> None:
    browser, before = props.signed_in(cast.viewer), cast.viewer.email
    asked(browser)
    User.objects.filter(pk=cast.operator.pk).update(email=NEW)
    assert "somebody's by now" in read(used(browser, link())).text
    assert address(cast.viewer) == before


def test_a_link_is_one_persons_and_one_hours(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, before = props.signed_in(cast.viewer), cast.viewer.email
    asked(browser)
    path = link()
    assert props.signed_in(cast.operator).get(path).status_code == 404
    assert Client().get(path).headers["Location"].startswith(reverse("sign-in"))
    monkeypatch.setattr(email_change, "SECONDS", -1)
    assert browser.get(path).status_code == 404
    assert address(cast.viewer) == before


def test_a_link_of_another_kind_changes_nothing(cast: Cast) -> None:
    browser, before = props.signed_in(cast.viewer), cast.viewer.email
    told = [cast.viewer.pk, before, NEW]
    for token in (signing.dumps(told), signing.dumps(told, salt="other"), "made-up"):
        assert browser.get(reverse("email-arrive", args=[token])).status_code == 404
        assert browser.post(reverse("email-confirm")).status_code == 404
    assert address(cast.viewer) == before


def test_the_secret_of_the_link_does_not_stay_in_the_address(cast: Cast) -> None:
    browser = props.signed_in(cast.viewer)
    asked(browser)
    assert browser.get(link()).headers["Location"] == reverse("email-confirm")


def test_without_a_fresh_confirmation_nothing_is_sent(cast: Cast) -> None:
    browser = props.signed_in(cast.viewer, ago=3600)
    answer = browser.post(reverse("email"), {"email": NEW})
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not mail.outbox


def test_nobody_is_mailed_over_and_over(cast: Cast) -> None:
    browser = props.signed_in(cast.viewer)
    answers = [asked(browser, f"v{n}@elsewhere.example").status_code for n in range(7)]
    assert answers == [200] * 5 + [422] * 2
    assert len(mail.outbox) == 5


def test_a_mail_server_that_fails_is_said_to(cast: Cast, settings: Any) -> None:
    settings.EMAIL_BACKEND = "tests.accounts.authentication.test_email_change.Broken"
    answer = asked(props.signed_in(cast.viewer))
    assert answer.status_code == 422
    assert "did not take the message" in read(answer).text


def test_without_a_mail_server_the_page_says_so(cast: Cast, settings: Any) -> None:
    settings.MAIL_IS_SENT = False
    browser = props.signed_in(cast.viewer)
    for answer in (browser.get(reverse("email")), asked(browser)):
        assert "sends no mail" in read(answer).text
    assert not mail.outbox


class Broken:
    """A mail server that is away."""

    def __init__(self, **_: Any) -> None:
        pass

    def send_messages(self, _messages: Any) -> int:
        raise OSError
