"""Invariants of people, accounts and keys are the database's: broken by hand, they hold."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.labels import LabelTakenError
from accounts.models import Account, ApiKey, Environment, Membership, Organization, User
from tests.conftest import Cast, Simulator
from tests.support import props


def refuses(name: str, act: Callable[[], Any]) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        act()


def account_of(cast: Cast, **changes: Any) -> Account:
    plain: dict[str, Any] = {
        "label": "Payments",
        "environment": Environment.PRODUCTION,
        "organization": cast.fund,
    }
    return Account.objects.create(**(plain | changes))


def test_an_account_belongs_to_one_body_or_one_person(cast: Cast) -> None:
    refuses("personal_xor", lambda: account_of(cast, organization=None))
    refuses("personal_xor", lambda: account_of(cast, owner=cast.owner))
    kept = account_of(cast)
    refuses("personal_xor", lambda: Account.objects.filter(pk=kept.pk).update(owner=cast.owner))
    refuses("personal_xor", lambda: Account.objects.filter(pk=kept.pk).update(organization=None))


def test_a_label_is_one_owners_once_whatever_its_case(cast: Cast) -> None:
    account_of(cast)
    refuses("label_once_an_organization", lambda: account_of(cast, label="PAYMENTS"))
    account_of(cast, organization=cast.other)
    account_of(cast, organization=None, owner=cast.owner)
    account_of(cast, organization=None, owner=cast.viewer)
    refuses(
        "label_once_a_person",
        lambda: account_of(cast, label="payments", organization=None, owner=cast.owner),
    )


@pytest.mark.parametrize("environment", ["", "testnet", "Production"])
def test_an_environment_is_one_of_two(cast: Cast, environment: str) -> None:
    refuses("environment_known", lambda: account_of(cast, environment=environment))


def test_a_member_has_one_role_and_a_known_one(cast: Cast) -> None:
    again = Membership(organization=cast.fund, user=cast.viewer, role="admin")
    refuses("one_role_each", again.save)
    for role in ("", "owner", "ADMIN"):
        refuses("role_known", lambda role=role: Membership.objects.update(role=role))  # type: ignore[misc]


def test_an_address_is_one_persons_whatever_its_case(cast: Cast) -> None:
    for email in ("viewer@example.com", "Viewer@Example.com"):
        refuses("email", lambda email=email: User(email=email).save())  # type: ignore[misc]
    assert User.objects.create_user("  New@Example.com ").email == "new@example.com"
    assert User.objects.count() == len(vars(cast)) - 2 + 1


def test_an_organizations_name_is_once(cast: Cast) -> None:
    refuses("name", lambda: Organization.objects.create(name=cast.fund.name))


def test_an_account_has_one_active_key_and_any_number_of_replaced_ones(custody: Account) -> None:
    key = ApiKey.objects.get(account=custody)

    def another(**changes: Any) -> ApiKey:
        return ApiKey.objects.create(account=custody, key_id="another", **changes)

    refuses("one_active_key", lambda: another(sealed=key.sealed))
    another(replaced_at=timezone.now())
    another(replaced_at=timezone.now())
    refuses("one_active_key", lambda: ApiKey.objects.update(replaced_at=None, sealed=key.sealed))


def test_the_secret_of_an_ended_key_is_not_kept(custody: Account) -> None:
    keys = ApiKey.objects.filter(account=custody)
    refuses("sealed_form", lambda: keys.update(replaced_at=timezone.now()))
    refuses("sealed_form", lambda: keys.update(sealed=""))
    assert keys.update(replaced_at=timezone.now(), sealed="") == 1


def test_nothing_with_a_history_is_deleted(cast: Cast, custody: Account, personal: Account) -> None:
    things: tuple[models.Model, ...] = (custody, cast.fund, personal, cast.owner)
    for thing in things:
        with pytest.raises(ProtectedError), transaction.atomic():
            thing.delete()


def test_a_key_outlives_who_added_it(cast: Cast, custody: Account) -> None:
    ApiKey.objects.filter(account=custody).update(created_by=cast.admin)
    cast.admin.delete()
    assert ApiKey.objects.get(account=custody).created_by is None


def test_nothing_of_an_enrolment_stays_when_its_label_is_taken(
    cast: Cast, custody: Account, simulator: Simulator
) -> None:
    with pytest.raises(LabelTakenError) as caught:
        props.enrolled(simulator.key("Trading"), "custody", cast.fund)
    assert caught.value.__cause__ is None
    assert [a.pk for a in Account.objects.all()] == [custody.pk]
    assert ApiKey.objects.count() == 1
