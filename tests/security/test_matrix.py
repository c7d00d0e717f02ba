"""Every address, method and person: generated from the URL configuration."""

from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Organization
from balances.models import Incident
from qredo_dash.ways_back import FILES
from tests.conftest import Cast
from tests.support import props
from tests.support.matrix import (
    CONFIRMED,
    EVERYBODY,
    MEMBERS,
    METHODS,
    MISSING,
    MOVED,
    PEOPLE,
    RULES,
    Answers,
    addresses,
    arguments,
)

NAMES = sorted(RULES)
OF_ONE = [name for name in NAMES if RULES[name].one_account]
OF_ORGANIZATION = [name for name in NAMES if RULES[name].one_organization]
#: What the owner of a personal account does, and nobody else.
OF_PERSON = {"account-shares", "account-unshare"}
#: What somebody has to have beside a password, so that there is something to take away.
FACTORS = {
    "mfa_deactivate_totp": "totp",
    "mfa_generate_recovery_codes": "totp",
    "mfa_remove_webauthn": "webauthn",
}
OF_INCIDENT = [name for name in NAMES if RULES[name].one_incident]


def people(cast: Cast, browser_of: Any) -> dict[str, Client]:
    signed_in = {who: browser_of(getattr(cast, who)) for who in PEOPLE}
    return {"anonymous": Client(), **signed_in}


def ask(browser: Client, method: str, name: str, *args: Any) -> HttpResponse:
    answer: HttpResponse = browser.generic(method, reverse(name, args=args))  # type: ignore[assignment]
    return answer


def statuses(browser: Client, name: str, *args: Any) -> Answers:
    return {method: ask(browser, method, name, *args).status_code for method in METHODS}


def incident_of(organization: Organization) -> UUID:
    """Return an open incident of an organization; nobody's key is rejected."""
    opened = Incident.objects.create(
        organization=organization,
        environment="production",
        kind="key_rejected",
        began_at=timezone.now(),
    )
    return opened.uid


def test_every_address_has_a_rule_and_every_rule_an_address() -> None:
    found = {str(pattern.name): set(pattern.pattern.converters) for pattern in addresses()}
    assert found.keys() == RULES.keys()
    for name, converters in found.items():
        rule = RULES[name]
        assert ("uid" in converters) == (rule.one_account or rule.one_incident), name
        assert ("organization" in converters) == rule.one_organization, name


@pytest.mark.parametrize("name", [name for name in NAMES if not RULES[name].is_of_one])
def test_pages_of_no_account(cast: Cast, custody: Account, browser_of: Any, name: str) -> None:
    (filled,) = (arguments(found, custody) for found in addresses() if found.name == name)
    for who, browser in people(cast, browser_of).items():
        assert statuses(browser, name, *filled) == RULES[name].expected(who, ()), who
    assert custody.organization == cast.fund


@pytest.mark.parametrize("name", OF_ONE)
def test_an_account_of_the_fund(cast: Cast, custody: Account, browser_of: Any, name: str) -> None:
    for who, browser in people(cast, browser_of).items():
        expected = RULES[name].expected(who, readers=MEMBERS)
        assert statuses(browser, name, custody.uid) == expected, who


@pytest.mark.parametrize("name", OF_ONE)
def test_a_personal_account(cast: Cast, personal: Account, browser_of: Any, name: str) -> None:
    for who, browser in people(cast, browser_of).items():
        expected = RULES[name].expected(who, readers=("owner", "reader"))
        assert statuses(browser, name, personal.uid) == expected, who


@pytest.mark.parametrize("name", OF_INCIDENT)
def test_an_incident_of_the_fund(cast: Cast, browser_of: Any, name: str) -> None:
    uid = incident_of(cast.fund)
    for who, browser in people(cast, browser_of).items():
        expected = RULES[name].expected(who, readers=MEMBERS)
        assert statuses(browser, name, uid) == expected, who


@pytest.mark.parametrize("name", OF_ONE + OF_INCIDENT)
def test_an_account_that_does_not_exist(cast: Cast, browser_of: Any, name: str) -> None:
    for who, browser in people(cast, browser_of).items():
        code = MOVED if who == "anonymous" else MISSING
        assert statuses(browser, name, uuid4()) == dict.fromkeys(METHODS, code), who


@pytest.mark.parametrize("name", OF_ORGANIZATION)
def test_an_organization(cast: Cast, browser_of: Any, name: str) -> None:
    for who, browser in people(cast, browser_of).items():
        expected = RULES[name].expected(who, readers=MEMBERS)
        assert statuses(browser, name, cast.fund.uid) == expected, who


@pytest.mark.parametrize("name", OF_ONE)
def test_without_sign_in_every_account_leads_to_it_alike(foreign: Account, name: str) -> None:
    browser = Client()
    for uid in (foreign.uid, uuid4()):
        here = reverse(FILES.get(name, name), args=[uid])  # back to a page, never to a file
        for method in METHODS:
            answer = ask(browser, method, name, uid)
            assert (answer.status_code, answer.content) == (MOVED, b"")
            assert answer.headers["Location"] == f"{reverse('sign-in')}?next={here}"


@pytest.mark.parametrize("name", OF_INCIDENT)
def test_without_sign_in_every_incident_leads_to_it_alike(cast: Cast, name: str) -> None:
    for uid in (incident_of(cast.fund), uuid4()):
        answer = ask(Client(), "GET", name, uid)
        here = reverse(name, args=[uid])
        assert answer.headers["Location"] == f"{reverse('sign-in')}?next={here}"


@pytest.mark.parametrize("name", OF_INCIDENT)
def test_who_is_no_admin_is_told_so(cast: Cast, browser_of: Any, name: str) -> None:
    for who in set(MEMBERS) - {"admin"}:
        answer = ask(browser_of(getattr(cast, who)), "GET", name, incident_of(cast.fund))
        assert "<b>admin</b>" in answer.content.decode(), who
        Incident.objects.all().delete()


@pytest.mark.parametrize("name", [name for name in OF_ONE if RULES[name].guarded])
def test_who_lacks_a_role_is_told_which(
    cast: Cast, custody: Account, browser_of: Any, name: str
) -> None:
    rule = RULES[name]
    needed = next(role for role in ("operator", "admin", "owner") if role in rule.roles)
    for who in set(MEMBERS) - set(rule.roles):
        answer = ask(browser_of(getattr(cast, who)), rule.guarded[0], name, custody.uid)
        assert f"<b>{needed}</b>" in answer.content.decode(), who


def test_every_post_has_been_decided_on() -> None:
    assert CONFIRMED.keys() == {name for name, rule in RULES.items() if rule.takes_post}


@pytest.mark.parametrize("name", sorted(CONFIRMED))
def test_a_fresh_confirmation_comes_before_what_is_worth_stealing(
    cast: Cast, custody: Account, personal: Account, name: str
) -> None:
    user, account = (cast.owner, personal) if name in OF_PERSON else (cast.admin, custody)
    (pattern,) = (one for one in addresses() if one.name == name)
    known = dict(zip(pattern.pattern.converters, arguments(pattern, account), strict=True))
    if name in OF_INCIDENT:
        known["uid"] = incident_of(cast.fund)
    if name in FACTORS:
        data = {"name": "Key"}
        known["pk"] = Authenticator.objects.create(user=user, type=FACTORS[name], data=data).pk
    path = reverse(name, args=[known[one] for one in pattern.pattern.converters])
    for ago, expected in ((3600, CONFIRMED[name]), (0, False)):
        answer = props.signed_in(user, ago=ago).post(path)
        led = answer.headers.get("Location", "")
        is_asked = led.startswith("/confirm/") and f"next={quote(path, safe='')}" in led
        assert is_asked == expected, (ago, answer.status_code, led)


def test_everybody_is_in_the_matrix(cast: Cast) -> None:
    members = {m.user.email: m.role for m in cast.fund.memberships.select_related("user")}
    assert members == {f"{role}@example.com": role for role in MEMBERS}
    assert set(EVERYBODY) - {"anonymous"} == set(vars(cast)) - {"fund", "other"}
