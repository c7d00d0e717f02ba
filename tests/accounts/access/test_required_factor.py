"""Where an organization requires a second factor, nothing of it is seen without."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from accounts.access.compiled import Ids, ids_of_summed_tenures_of, ids_operated_by
from accounts.access.querysets import spans_of, visible_at, visible_to
from accounts.access.roles import (
    NeedsRole,
    administered_accounts,
    may,
    operated_accounts,
    organizations_administered_by,
    require_admin_of,
)
from accounts.audit import reading
from accounts.models import Account, Role, User
from balances.core import sql
from balances.ledger import schedules
from balances.lifecycle import pausing
from balances.polling import refreshes
from tests.conftest import Cast, Simulator
from tests.support import props
from tests.support.history import coins
from tests.support.markup import read


def factor(user: User, kind: str = "totp") -> None:
    Authenticator.objects.create(user=user, type=kind, data={})


@pytest.fixture
def required(cast: Cast, custody: Account, personal: Account, simulator: Simulator) -> Account:
    """The fund requires one; its account has balances, and its viewer a personal account."""
    personal.owner = cast.viewer
    personal.save()
    personal.tenures.update(owner=cast.viewer)
    simulator.holds("Custody", BTC=coins(7_654_321))
    refreshes.refresh_now([custody, personal])
    cast.fund.requires_second_factor = True
    cast.fund.save()
    return custody


def everything(browser: Client) -> str:
    """All that the viewer's pages, fragments and exports say."""
    paths = ["/", "/accounts/", "/overview/figures/", "/accounts/figures/", "/accounts/add/"]
    paths += ["/series/?asset=BTC", "/series.csv?asset=BTC", "/overview/asset/?asset=BTC"]
    return "".join(browser.get(path).content.decode() for path in paths)


def test_nothing_of_it_is_seen_without_and_everything_with_one(
    cast: Cast, required: Account
) -> None:
    browser = props.signed_in(cast.viewer)
    text = everything(browser)
    assert "Custody" not in text
    assert "0.07654321" not in text
    assert "Personal" in text
    for name in ("account", "account-figures", "account-series", "account-series-csv"):
        assert browser.get(reverse(name, args=[required.uid])).status_code == 404
    factor(cast.viewer)
    assert "Custody" in everything(browser)
    assert browser.get(reverse("account", args=[required.uid])).status_code == 200


def test_every_query_knows(cast: Cast, required: Account) -> None:
    now = schedules.clock()

    def found(user: User) -> list[bool]:
        return [
            required in visible_to(user),
            required in visible_at(user, now),
            required.pk in spans_of(user, [required.pk]),
            may(user, required, frozenset(Role)),
        ]

    assert found(cast.admin) == [False] * 4
    factor(cast.admin, "webauthn")
    assert found(cast.admin) == [True] * 4


def test_every_way_to_act_on_it_is_closed_too(cast: Cast, required: Account) -> None:
    def open_to(user: User) -> list[bool]:
        return [
            required in operated_accounts(user),
            required in administered_accounts(user),
            cast.fund in organizations_administered_by(user),
            found_by(ids_operated_by(user)) == {required.pk},
            found_by(ids_of_summed_tenures_of(user)) != set(),
        ]

    assert open_to(cast.admin) == [False] * 5
    with pytest.raises(NeedsRole):
        require_admin_of(cast.admin, cast.fund)
    browser = props.signed_in(cast.admin)
    for name in ("account-refresh", "account-transfer", "account-key", "account-archive"):
        assert browser.post(reverse(name, args=[required.uid])).status_code == 404
    assert browser.get(reverse("members", args=[cast.fund.uid])).status_code == 404
    assert "Fund" not in read(browser.get("/accounts/add/")).one("select", id="id_owner").text
    factor(cast.admin)
    assert open_to(cast.admin) == [True] * 5
    assert browser.get(reverse("members", args=[cast.fund.uid])).status_code == 200


def found_by(ids: Ids) -> set[int]:
    return {pk for (pk,) in sql.rows(ids.text, ids.values)}


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_its_audit_log_is_read_by_nobody_without_one(
    cast: Cast, required: Account, who: str
) -> None:
    user: User = getattr(cast, who)
    browser = props.signed_in(user)
    pausing.pause(required, by=cast.operator)
    key = str(cast.fund.uid)
    files = ("audit", "audit-csv", "audit-json")

    def told(**asked: str) -> list[tuple[int, bool]]:
        answers: list[Any] = [browser.get(reverse(name), asked) for name in files]
        return [(one.status_code, cast.operator.email in body(one)) for one in answers]

    assert [log.key for log in reading.readable(user)] == ["personal"]
    assert told(organization=key) == [(404, False)] * 3
    assert told() == [(200, False)] * 3
    assert not read(browser.get("/")).all("a", href=reverse("audit"))
    factor(user)
    assert [log.key for log in reading.readable(user)] == [key, "personal"]
    assert [status for status, _ in told(organization=key)] == [200] * 3
    assert all(is_told for _, is_told in told(organization=key))
    assert read(browser.get("/")).all("a", href=reverse("audit"))


def body(answer: Any) -> str:
    whole = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text: str = whole.decode()
    return text


def test_recovery_codes_alone_are_none(cast: Cast, required: Account) -> None:
    factor(cast.viewer, "recovery_codes")
    assert required not in visible_to(cast.viewer)


def test_every_page_says_why_and_where_to_go(cast: Cast, required: Account) -> None:  # noqa: ARG001
    browser = props.signed_in(cast.viewer)
    for path in ("/", "/accounts/", reverse("profile"), reverse("mfa_index")):
        page = read(browser.get(path))
        assert "Fund requires a second factor" in page.text
    factor(cast.viewer)
    assert "requires a second factor" not in read(browser.get("/")).text


def require(user: User, cast: Cast, wanted: str = "yes") -> Any:
    path = reverse("members", args=[cast.fund.uid])
    return props.signed_in(user).post(path, {"do": "factor", "required": wanted})


def test_an_admin_without_one_cannot_require_it(cast: Cast) -> None:
    answer = require(cast.admin, cast)
    assert answer.status_code == 422
    assert "of your own first" in read(answer).text
    cast.fund.refresh_from_db()
    assert not cast.fund.requires_second_factor


def test_an_admin_with_one_requires_it_and_takes_it_back(cast: Cast, custody: Account) -> None:
    factor(cast.admin)
    assert require(cast.admin, cast).status_code == 302
    assert custody not in visible_to(cast.viewer)
    assert custody in visible_to(cast.admin)
    assert require(cast.admin, cast, "no").status_code == 302
    assert custody in visible_to(cast.viewer)


@pytest.mark.parametrize("kind", ["totp", "webauthn"])
def test_an_admin_without_one_is_told_so_and_shut_out_of_nothing(cast: Cast, kind: str) -> None:
    told = "You administer an organization and have no second factor"
    members = reverse("members", args=[cast.fund.uid])
    browser = props.signed_in(cast.admin)
    for path in (reverse("profile"), members):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert told in read(answer).text
    factor(cast.admin, "recovery_codes")
    assert told in read(browser.get(members)).text
    factor(cast.admin, kind)
    for path in (reverse("profile"), members):
        assert told not in read(browser.get(path)).text


def test_who_administers_nothing_is_not_told(cast: Cast) -> None:
    for person in (cast.viewer, cast.operator):
        page = read(props.signed_in(person).get(reverse("profile")))
        assert "have no second factor" not in page.text


def test_other_organizations_stay_open(cast: Cast, foreign: Account, required: Account) -> None:
    assert list(visible_to(cast.stranger)) == [foreign]
    assert required.organization == cast.fund
