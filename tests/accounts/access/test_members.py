"""Members and their roles: changed by admins, at once, never down to no admin."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import members
from accounts.models import Account, Membership, Organization, Role, User
from tests.conftest import Cast
from tests.support import props
from tests.support.markup import read


def path(organization: Organization) -> str:
    return reverse("members", args=[organization.uid])


def do(cast: Cast, what: str, who: User, **more: str) -> Any:
    typed = {"do": what, "email": who.email, **more}
    return props.signed_in(cast.admin).post(path(cast.fund), typed)


def sees(browser: Client, account: Account) -> int:
    status: int = browser.get(reverse("account", args=[account.uid])).status_code
    return status


def test_everybody_is_listed_with_role_and_factor(cast: Cast) -> None:
    page = read(props.signed_in(cast.admin).get(path(cast.fund)))
    for role in Role.values:
        assert f"{role}@example.com" in page.text
    assert "stranger@example.com" not in page.text
    assert len(page.all("select")) == len(Role) + 1


def test_a_lowered_role_holds_from_the_next_request_on(cast: Cast, custody: Account) -> None:
    operator = props.signed_in(cast.operator)
    pause = reverse("account-pause", args=[custody.uid])
    assert operator.post(pause).status_code == 302
    assert do(cast, "role", cast.operator, role="viewer").status_code == 302
    assert operator.post(pause).status_code == 403
    assert sees(operator, custody) == 200


def test_a_removed_member_sees_nothing_from_the_next_request_on(
    cast: Cast, custody: Account
) -> None:
    viewer = props.signed_in(cast.viewer)
    assert sees(viewer, custody) == 200
    assert do(cast, "remove", cast.viewer).status_code == 302
    assert sees(viewer, custody) == 404
    assert "Custody" not in viewer.get("/accounts/").content.decode()


@pytest.mark.parametrize(("what", "more"), [("remove", {}), ("role", {"role": "viewer"})])
def test_the_last_admin_stays(cast: Cast, what: str, more: dict[str, str]) -> None:
    answer = do(cast, what, cast.admin, **more)
    assert answer.status_code == 422
    assert "needs an admin" in read(answer).text
    assert Membership.objects.get(user=cast.admin).role == Role.ADMIN
    # One who cannot sign in is none.
    Membership.objects.filter(user=cast.viewer).update(role=Role.ADMIN)
    User.objects.filter(pk=cast.viewer.pk).update(is_active=False)
    assert do(cast, what, cast.admin, **more).status_code == 422
    User.objects.filter(pk=cast.viewer.pk).update(is_active=True)
    # Now it can be done, and leads to a page that the person still sees.
    assert do(cast, what, cast.admin, **more).headers["Location"] == reverse("profile")


@pytest.mark.django_db(transaction=True, available_apps=settings.INSTALLED_APPS)
def test_two_admins_who_remove_each_other_leave_one(cast: Cast) -> None:
    Membership.objects.filter(user=cast.viewer).update(role=Role.ADMIN)

    def remove(email: str) -> bool:
        try:
            members.remove(cast.fund, email=email, by=cast.admin)
        except members.MembersError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(remove, [cast.admin.email, cast.viewer.email]))
    assert sorted(done) == [False, True]
    assert Membership.objects.filter(organization=cast.fund, role=Role.ADMIN).count() == 1


@pytest.mark.parametrize(
    "typed",
    [
        {"do": "role", "email": "viewer@example.com", "role": "owner"},
        {"do": "role", "email": "viewer@example.com"},
        {"do": "role", "email": "stranger@example.com", "role": "viewer"},
        {"do": "remove", "email": "stranger@example.com"},
        {"do": "remove"},
        {"do": "anything"},
        {"do": "role", "email": "\0", "role": "viewer"},
        {},
    ],
)
def test_what_makes_no_sense_changes_nothing(cast: Cast, typed: dict[str, str]) -> None:
    before = list(Membership.objects.order_by("pk").values())
    answer = props.signed_in(cast.admin).post(path(cast.fund), typed)
    assert answer.status_code == 422
    assert list(Membership.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("what", ["invite", "withdraw", "role", "remove", "factor"])
def test_nothing_is_done_without_a_fresh_confirmation(cast: Cast, what: str) -> None:
    before = list(Membership.objects.order_by("pk").values())
    stale = props.signed_in(cast.admin, ago=3600)
    assert stale.get(path(cast.fund)).status_code == 200
    typed = {"do": what, "email": "viewer@example.com", "role": "admin", "required": "yes"}
    answer = stale.post(path(cast.fund), typed)
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert list(Membership.objects.order_by("pk").values()) == before
    assert not cast.fund.invitations.exists()


def test_admins_find_the_page_from_their_profile(cast: Cast) -> None:
    for user, count in ((cast.admin, 1), (cast.viewer, 0), (cast.superuser, 0)):
        page = read(props.signed_in(user).get(reverse("profile")))
        assert len(page.all("a", href=path(cast.fund))) == count
