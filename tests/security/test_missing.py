"""What is another's and what does not exist are answered alike, byte for byte, whoever asks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Organization
from balances.models import Incident
from tests.conftest import Cast
from tests.support.markup import steady
from tests.support.matrix import METHODS, MISSING, PEOPLE, RULES, addresses

#: Everybody but the one person who belongs to the other organization.
OUTSIDERS = tuple(who for who in PEOPLE if who != "stranger")
#: What a secret's holder alone can fill in: there is nothing to guess from an id.
SECRETS = {"token", "key", "uidb36"}
#: Addresses that name something in their query, each with who would be let in at all.
QUERIES = {
    "audit": "?organization={}",
    "audit-csv": "?organization={}",
    "audit-json": "?organization={}",
}


@dataclass(frozen=True)
class Theirs:
    """What belongs to somebody else, by kind, and how one thing is made up of each kind."""

    account: Account
    organization: Organization
    incident: Incident
    passkey: Authenticator

    def id_of(self, name: str) -> UUID | int:
        if "pk" in converters(name):
            return int(self.passkey.pk)
        if RULES[name].one_incident:
            return self.incident.uid
        return self.organization.uid if RULES[name].one_organization else self.account.uid

    def made_up(self, name: str) -> UUID | int:
        return int(self.passkey.pk) + 1 if "pk" in converters(name) else uuid4()


def converters(name: str) -> set[str]:
    found = next(pattern for pattern in addresses() if pattern.name == name)
    return set(found.pattern.converters)


NAMED = sorted(str(p.name) for p in addresses() if set(p.pattern.converters) - SECRETS)


@pytest.fixture
def theirs(cast: Cast, foreign: Account) -> Theirs:
    incident = Incident.objects.create(
        organization=cast.other,
        environment="production",
        kind="key_rejected",
        began_at=timezone.now(),
    )
    passkey = Authenticator.objects.create(
        user=cast.stranger, type=Authenticator.Type.WEBAUTHN, data={"name": "Theirs"}
    )
    return Theirs(foreign, cast.other, incident, passkey)


def told(answer: HttpResponse) -> tuple[int, dict[str, str], str]:
    """Return everything that an answer says, apart from what is random or of the second."""
    headers = {name: text for name, text in answer.headers.items() if name != "Set-Cookie"}
    return answer.status_code, headers, steady(answer.content.decode())


def assert_alike(ask: Callable[[object], HttpResponse], there: object, nowhere: object) -> None:
    one, other = ask(there), ask(nowhere)
    assert one.status_code == MISSING
    assert told(one) == told(other)
    assert len(one.content) == len(other.content)


def test_every_address_with_an_id_is_tried() -> None:
    of_one = {name for name, rule in RULES.items() if rule.is_of_one}
    assert of_one | {"mfa_remove_webauthn"} == set(NAMED)


@pytest.mark.parametrize("name", NAMED)
def test_in_the_path(cast: Cast, theirs: Theirs, browser_of: Any, name: str) -> None:
    for who in OUTSIDERS:
        browser = browser_of(getattr(cast, who))
        for method in METHODS:
            if name == "mfa_remove_webauthn" and method in {"PUT", "DELETE"}:
                continue  # no method of this page, whatever it is about

            def ask(found: object, *, browser: Any = browser, method: str = method) -> HttpResponse:
                answer: HttpResponse = browser.generic(method, reverse(name, args=[found]))
                return answer

            assert_alike(ask, theirs.id_of(name), theirs.made_up(name))


@pytest.mark.parametrize("name", QUERIES)
def test_in_the_query(cast: Cast, theirs: Theirs, browser_of: Any, name: str) -> None:
    for who in OUTSIDERS:
        browser = browser_of(getattr(cast, who))

        def ask(found: object, *, browser: Any = browser) -> HttpResponse:
            answer: HttpResponse = browser.get(reverse(name) + QUERIES[name].format(found))
            return answer

        assert_alike(ask, theirs.organization.uid, uuid4())
