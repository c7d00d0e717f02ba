"""Admins and operators end sessions, company connections and lost second factors of people."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts import company_accounts
from accounts.models import Act, User
from tests.conftest import Cast
from tests.support import acts, props
from tests.support.markup import read


def arrived(user: User) -> Client:
    browser = Client()
    typed = {"login": user.email, "password": props.PASSWORD}
    assert browser.post(reverse("sign-in"), typed).status_code == 302
    return browser


def is_signed_in(browser: Client) -> bool:
    return browser.get(reverse("profile")).status_code == 200


def do(by: User, cast: Cast, what: str, email: str, **options: Any) -> Any:
    path = reverse("members", args=[cast.fund.uid])
    return props.signed_in(by, **options).post(path, {"do": what, "email": email})


def test_an_admin_ends_a_members_sessions_at_once(cast: Cast) -> None:
    theirs, others = [arrived(cast.viewer) for _ in range(2)], arrived(cast.operator)
    assert do(cast.admin, cast, "sessions", cast.viewer.email).status_code == 302
    assert [is_signed_in(one) for one in (*theirs, others)] == [False, False, True]
    for owner in (cast.viewer, cast.fund):
        act = acts.last(owner)
        assert (act.act, act.who, act.after) == ("session.ended", cast.admin.email, {"sessions": 2})
    assert is_signed_in(arrived(cast.viewer))


def test_an_admin_ends_a_members_company_connection(cast: Cast, settings: Any) -> None:
    settings.MAIL_IS_SENT = True
    SocialAccount.objects.create(user=cast.viewer, provider="company", uid="17")
    assert do(cast.admin, cast, "disconnect", cast.viewer.email).status_code == 302
    assert not company_accounts.exists(cast.viewer)
    assert acts.last(cast.viewer).act == acts.last(cast.fund).act == "company.disconnected"
    assert [message.to for message in mail.outbox] == [[cast.viewer.email]]


def test_no_admin_takes_a_members_only_way_in(cast: Cast) -> None:
    """Of a person without a password, whom only the operator can give another way."""
    cast.viewer.set_unusable_password()
    cast.viewer.save()
    SocialAccount.objects.create(user=cast.viewer, provider="company", uid="17")
    answer = do(cast.admin, cast, "disconnect", cast.viewer.email)
    assert answer.status_code == 422
    assert "has no other way to sign in" in answer.content.decode()
    assert company_accounts.exists(cast.viewer)
    Authenticator.objects.create(user=cast.viewer, type="webauthn", data={})
    assert do(cast.admin, cast, "disconnect", cast.viewer.email).status_code == 302
    assert not company_accounts.exists(cast.viewer)


def test_the_operator_may_and_is_told_of_it(cast: Cast, capsys: Any) -> None:
    cast.viewer.set_unusable_password()
    cast.viewer.save()
    SocialAccount.objects.create(user=cast.viewer, provider="company", uid="17")
    call_command("disconnect_company", email=cast.viewer.email)
    said = capsys.readouterr()
    assert '"connections": 1' in said.out
    assert "changepassword" in said.err
    assert not company_accounts.exists(cast.viewer)


@pytest.mark.parametrize("what", ["sessions", "disconnect"])
def test_only_for_members_only_by_admins_only_freshly(cast: Cast, what: str) -> None:
    SocialAccount.objects.create(user=cast.stranger, provider="company", uid="18")
    SocialAccount.objects.create(user=cast.viewer, provider="company", uid="17")
    theirs, foreign = arrived(cast.viewer), arrived(cast.stranger)
    assert do(cast.admin, cast, what, cast.stranger.email).status_code == 422
    for by, status in ((cast.operator, 403), (cast.stranger, 404), (cast.superuser, 404)):
        assert do(by, cast, what, cast.viewer.email).status_code == status
    assert do(cast.admin, cast, what, cast.viewer.email, ago=3600).status_code == 302
    assert is_signed_in(theirs)
    assert is_signed_in(foreign)
    assert SocialAccount.objects.count() == 2


def test_operators_end_sessions_by_command(cast: Cast, capsys: Any) -> None:
    theirs, others = arrived(cast.viewer), arrived(cast.operator)
    call_command("end_sessions", email="Viewer@example.com")
    assert '"sessions": 1' in capsys.readouterr().out
    assert [is_signed_in(one) for one in (theirs, others)] == [False, True]
    assert acts.last(cast.viewer).who_kind == "command"
    again = arrived(cast.operator)
    call_command("end_sessions", everybody=True)
    assert [is_signed_in(one) for one in (others, again)] == [False, False]
    act = acts.last(cast.operator)
    assert (act.act, act.who_kind, act.after) == ("session.ended", "command", {"sessions": 2})
    whole = Act.objects.filter(log="installation").latest("number")
    assert (whole.act, whole.object_label) == ("session.ended", "everybody")
    assert whole.after == {"sessions": 2}
    with pytest.raises(CommandError, match="Nobody has this address"):
        call_command("end_sessions", email="nobody@example.com")


def test_a_lost_second_factor_is_removed_by_command(cast: Cast, settings: Any) -> None:
    settings.MAIL_IS_SENT = True
    theirs = arrived(cast.viewer)
    for kind in ("totp", "recovery_codes"):
        Authenticator.objects.create(user=cast.viewer, type=kind, data={})
    call_command("remove_second_factor", email=cast.viewer.email)
    assert not Authenticator.objects.filter(user=cast.viewer).exists()
    assert not is_signed_in(theirs)
    assert is_signed_in(arrived(cast.viewer))
    removed = [act.before for act in acts.acts_of(cast.viewer) if act.act == "factor.removed"]
    assert {one["kind"] for one in removed} == {"totp", "recovery_codes"}
    assert [message.to for message in mail.outbox] == [[cast.viewer.email]]


def test_a_profile_lists_organizations_roles_and_admins(cast: Cast) -> None:
    for person, role, administers in ((cast.viewer, "Viewer", False), (cast.admin, "Admin", True)):
        page = read(props.signed_in(person).get(reverse("profile")))
        for word in ("Fund", role, cast.admin.email):
            assert word in page.text
        assert ("Members of Fund" in page.text) is administers
        assert cast.stranger.email not in page.text
    assert "Your role" not in read(props.signed_in(cast.superuser).get(reverse("profile"))).text


@pytest.mark.usefixtures("db")
def test_whom_to_tell_of_a_flaw_is_where_machines_look(settings: Any) -> None:
    assert Client().get("/.well-known/security.txt").status_code == 404
    settings.SECURITY_CONTACT = "https://example.com/security"
    answer = Client().get("/.well-known/security.txt")
    assert answer.headers["Content-Type"].startswith("text/plain")
    lines = answer.content.decode().splitlines()
    assert lines[0] == "Contact: https://example.com/security"
    assert lines[1].startswith("Expires: 20")
