"""What is compiled once for everybody gives each reader what is built anew for them."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts.access.compiled import (
    Ids,
    id_of,
    ids_closed_to,
    ids_of,
    ids_of_summed_tenures_of,
    ids_of_tenures_of,
    ids_operated_by,
    ids_present_for,
    ids_visible_to,
)
from accounts.access.querysets import (
    closed_organizations,
    summed_tenures_of,
    tenures_of,
    visible_to,
)
from accounts.access.roles import operated_accounts
from accounts.models import Account, Organization, User
from balances.core import sql
from tests.conftest import Cast


def found(ids: Ids) -> set[int]:
    return {pk for (pk,) in sql.rows(ids.text, ids.values)}


@pytest.fixture
def people(cast: Cast, custody: Account, personal: Account, foreign: Account) -> list[User]:  # noqa: ARG001
    everybody = [getattr(cast, field.name) for field in fields(cast)]
    return [one for one in everybody if isinstance(one, User)]


def test_everybody_is_given_the_accounts_that_are_visible_to_them(people: list[User]) -> None:
    for user in people:
        assert found(ids_visible_to(user)) == set(visible_to(user).values_list("pk", flat=True))
    assert len({frozenset(found(ids_visible_to(user))) for user in people}) >= 4


def test_those_of_them_that_are_archived_are_not_present(people: list[User]) -> None:
    archived = Account.objects.order_by("pk").first()
    assert archived is not None
    Account.objects.filter(pk=archived.pk).update(archived_at=Now())
    for user in people:
        assert found(ids_present_for(user)) == found(ids_visible_to(user)) - {archived.pk}


def test_what_closes_an_organization_closes_it_here_too(people: list[User], cast: Cast) -> None:
    Organization.objects.filter(pk=cast.fund.pk).update(requires_second_factor=True)
    assert people
    assert found(ids_visible_to(cast.viewer)) == set()


def test_nobody_is_given_nothing(people: list[User], cast: Cast) -> None:
    cast.viewer.is_active = False
    assert found(ids_visible_to(cast.viewer)) == set()
    assert found(ids_visible_to(AnonymousUser())) == set()
    assert people


COMPILED: dict[Callable[[User], Ids], Callable[[User], QuerySet[Any]]] = {
    ids_operated_by: operated_accounts,
    ids_of_tenures_of: tenures_of,
    ids_of_summed_tenures_of: summed_tenures_of,
    ids_closed_to: closed_organizations,
}


@pytest.mark.parametrize("compiled", COMPILED)
def test_every_other_set_is_what_is_built_anew(people: list[User], compiled: Any) -> None:
    for user in people:
        anew = COMPILED[compiled](user)
        assert found(compiled(user)) == set(anew.values_list("pk", flat=True)), user
    people[0].is_active = False
    assert found(compiled(people[0])) == set()
    assert found(compiled(AnonymousUser())) == set()


@pytest.mark.parametrize("label", ["Custody", "custody", "100 % none", "'"])
def test_other_sets_are_the_same_too(custody: Account, cast: Cast, label: str) -> None:
    chosen = visible_to(cast.viewer).filter(label__iexact=label)
    assert found(ids_of(chosen)) == set(chosen.values_list("pk", flat=True))
    assert found(ids_of(chosen.filter(pk__in=[]))) == set()
    assert found(id_of(custody)) == {custody.pk}
