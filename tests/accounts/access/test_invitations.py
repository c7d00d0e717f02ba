"""Letting people in by a link: made by admins, taken up once, by nobody else."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from smtplib import SMTPException
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import invitations
from accounts.models import Invitation, Membership, Role, User
from tests.conftest import Cast
from tests.support import props
from tests.support.markup import read

NEW = "new@example.com"
PASSWORD = "a rather long made-up one"
JOIN = {"name": "New", "password": PASSWORD, "again": PASSWORD}
ACCEPT = "invitation-accept"


def members_of(cast: Cast) -> str:
    return reverse("members", args=[cast.fund.uid])


def invited(cast: Cast, email: str = NEW, role: str = "viewer") -> str:
    """Let the fund's admin invite somebody; return the link's path."""
    typed = {"do": "invite", "email": email, "role": role}
    answer = props.signed_in(cast.admin).post(members_of(cast), typed)
    assert answer.status_code == 200
    link = read(answer).one("code").text.strip()
    assert link.startswith("http://testserver/invitations/")
    return link.removeprefix("http://testserver")


def opened(link: str, browser: Client | None = None) -> Client:
    browser = browser or Client()
    assert browser.get(link).headers["Location"] == reverse(ACCEPT)
    return browser


def roles_of(email: str) -> list[str]:
    return list(Membership.objects.filter(user__email=email).values_list("role", flat=True))


def test_somebody_new_joins_and_is_signed_in(cast: Cast) -> None:
    browser = opened(invited(cast, " New@Example.COM ", "operator"))
    page = read(browser.get(reverse(ACCEPT)))
    assert "Admin invites new@example.com to join as operator" in page.text
    assert browser.post(reverse(ACCEPT), JOIN).headers["Location"] == reverse("overview")
    assert browser.get(reverse("profile")).status_code == 200
    assert roles_of(NEW) == ["operator"]
    typed = {"login": NEW, "password": PASSWORD}
    assert Client().post(reverse("sign-in"), typed).status_code == 302


def test_a_link_is_kept_as_its_digest_alone_and_shown_once(cast: Cast) -> None:
    link = invited(cast)
    token = link.strip("/").rpartition("/")[2]
    (kept,) = Invitation.objects.values()
    assert token not in repr(kept)
    assert kept["link_digest"] == sha256(token.encode()).hexdigest()
    assert token not in props.signed_in(cast.admin).get(members_of(cast)).content.decode()
    browser = opened(link)
    assert token not in repr(dict(browser.session))
    assert token not in browser.get(reverse(ACCEPT)).content.decode()


def test_a_link_works_once(cast: Cast) -> None:
    link = invited(cast)
    late = opened(link)
    opened(link).post(reverse(ACCEPT), JOIN)
    assert Client().get(link).status_code == 404
    assert late.post(reverse(ACCEPT), JOIN).status_code == 404
    assert roles_of(NEW) == ["viewer"]


def expire(cast: Cast) -> None:  # noqa: ARG001
    Invitation.objects.update(expires_at=timezone.now())


def withdraw(cast: Cast) -> None:
    props.signed_in(cast.admin).post(members_of(cast), {"do": "withdraw", "email": NEW})


def replace(cast: Cast) -> None:
    invited(cast, role="auditor")


def lose_the_inviter(cast: Cast) -> None:
    Membership.objects.filter(user=cast.viewer).update(role=Role.ADMIN)
    typed = {"do": "remove", "email": cast.admin.email}
    assert props.signed_in(cast.viewer).post(members_of(cast), typed).status_code == 302


def lower_the_inviter(cast: Cast) -> None:
    Membership.objects.filter(user=cast.viewer).update(role=Role.ADMIN)
    typed = {"do": "role", "email": cast.admin.email, "role": "viewer"}
    assert props.signed_in(cast.viewer).post(members_of(cast), typed).status_code == 302


@pytest.mark.parametrize("ended", [expire, withdraw, replace, lose_the_inviter, lower_the_inviter])
def test_what_ends_a_link_ends_it_in_the_middle_too(cast: Cast, ended: Any) -> None:
    link = invited(cast)
    browser = opened(link)
    ended(cast)
    for answer in (Client().get(link), browser.get(reverse(ACCEPT))):
        assert answer.status_code == 404
        assert "cannot be used" in read(answer).text
    assert browser.post(reverse(ACCEPT), JOIN).status_code == 404
    assert not User.objects.filter(email=NEW).exists()


@pytest.mark.parametrize("token", ["x", "a" * 500, "..", "%00", "%F0%9F%98%80"])
def test_links_that_nobody_made_read_like_used_ones(cast: Cast, token: str) -> None:
    link = invited(cast)
    used = opened(link)
    used.post(reverse(ACCEPT), JOIN)
    answer = Client().get(f"/invitations/{token}/")
    assert answer.status_code == 404
    if token != "..":
        assert read(answer).text == read(Client().get(link)).text


def test_who_has_an_account_signs_in_and_joins_with_it(cast: Cast) -> None:
    browser = opened(invited(cast, cast.owner.email, "auditor"))
    page = read(browser.get(reverse(ACCEPT)))
    (to,) = (a.attributes["href"] for a in page.all("a") if "sign-in" in a.attributes["href"])
    assert browser.post(reverse(ACCEPT), JOIN).status_code == 200
    assert roles_of(cast.owner.email) == []
    typed = {"login": cast.owner.email, "password": props.PASSWORD}
    assert browser.post(to, typed).headers["Location"] == reverse(ACCEPT)
    assert browser.post(reverse(ACCEPT)).headers["Location"] == reverse("overview")
    assert roles_of(cast.owner.email) == ["auditor"]


def test_nobody_joins_with_anothers_link(cast: Cast) -> None:
    browser = opened(invited(cast), props.signed_in(cast.stranger))
    assert "signed in as stranger@example.com" in read(browser.get(reverse(ACCEPT))).text
    browser.post(reverse(ACCEPT), JOIN)
    assert not Membership.objects.filter(user=cast.stranger, organization=cast.fund).exists()
    assert not User.objects.filter(email=NEW).exists()


def test_members_are_not_invited_again_nor_is_their_role_changed(cast: Cast) -> None:
    typed = {"do": "invite", "email": "Viewer@example.com", "role": "admin"}
    answer = props.signed_in(cast.admin).post(members_of(cast), typed)
    assert answer.status_code == 422
    assert "member already" in read(answer).text
    browser = opened(invited(cast, cast.owner.email, "admin"), props.signed_in(cast.owner))
    Membership.objects.create(organization=cast.fund, user=cast.owner, role=Role.VIEWER)
    browser.post(reverse(ACCEPT))
    assert roles_of(cast.owner.email) == ["viewer"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"password": "short", "again": "short"}, "at least 12 characters"),
        ({"again": "another one altogether"}, "differ"),
        ({"password": "password1234", "again": "password1234"}, "too common"),
        ({"password": NEW, "again": NEW}, "too similar"),
        ({"name": ""}, "required"),
        ({"name": "a\u202eb"}, "invisible"),
    ],
)
def test_a_password_that_is_guessed_easily_is_refused(
    cast: Cast, changed: dict[str, str], words: str
) -> None:
    browser = opened(invited(cast))
    answer = browser.post(reverse(ACCEPT), JOIN | changed)
    assert answer.status_code == 422
    assert words in read(answer).text
    assert not User.objects.filter(email=NEW).exists()
    assert (JOIN | changed)["password"] not in {
        v for k, v in read(answer).values().items() if "a" in k[:5]
    }
    assert browser.post(reverse(ACCEPT), JOIN).status_code == 302


@pytest.mark.parametrize("email", ["", "x", "a@b", "a" * 300 + "@example.com", "a@example.com\0"])
def test_odd_addresses_are_refused_at_the_field(cast: Cast, email: str) -> None:
    typed = {"do": "invite", "email": email, "role": "viewer"}
    answer = props.signed_in(cast.admin).post(members_of(cast), typed)
    assert (answer.status_code, Invitation.objects.count()) == (422, 0)


def test_there_is_no_other_way_in(cast: Cast) -> None:  # noqa: ARG001
    for path in ("/sign-up/", "/signup/", "/accounts/signup/", "/sign-in/signup/"):
        assert Client().get(path).status_code in {302, 404}
    before = User.objects.count()
    Client().post(reverse("sign-in"), {"login": NEW, "password": PASSWORD, "password1": PASSWORD})
    assert Client().post(reverse(ACCEPT), JOIN).status_code == 404
    assert User.objects.count() == before


def test_the_link_is_mailed_where_mail_is_set_up(cast: Cast, settings: Any) -> None:
    invited(cast)
    assert not mail.outbox
    settings.MAIL_IS_SENT = True
    link = invited(cast)
    (sent,) = mail.outbox
    assert sent.to == [NEW]
    assert sent.subject == "Qredo Dash: You are invited to Fund"
    assert re.findall(r"http://testserver(\S+)", str(sent.body)) == [link]


def test_a_mail_server_that_fails_leaves_the_link_on_the_page(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise SMTPException

    settings.MAIL_IS_SENT = True
    monkeypatch.setattr("django.core.mail.EmailMessage.send", fails)
    opened(invited(cast))


@pytest.mark.django_db(transaction=True, available_apps=settings.INSTALLED_APPS)
def test_two_at_once_take_it_up_once(cast: Cast) -> None:
    invitations.invite(cast.fund, email=NEW, role=Role.VIEWER, by=cast.admin)
    invitation = Invitation.objects.get()
    people = [props.person(name) for name in ("one", "two", "three")]

    def join(user: User) -> bool:
        try:
            invitations.join(invitation, user)
        except invitations.GoneError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(join, people)) == [False, False, True]
    assert Membership.objects.filter(user__in=people).count() == 1


def test_for_how_long_a_link_holds_is_a_setting(cast: Cast, settings: Any) -> None:
    settings.INVITATION_DAYS = 2
    invited(cast)
    left = Invitation.objects.get().expires_at - timezone.now()
    assert timedelta(days=1, hours=23) < left <= timedelta(days=2)
