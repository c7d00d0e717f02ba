"""Before keys, members and security change, people prove anew who they are."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from tests.conftest import Cast, Simulator
from tests.support import props
from tests.support.markup import read

ADD = "/accounts/add/"
TEN_MINUTES = 600


@pytest.fixture
def stale(cast: Cast) -> Client:
    """The fund's admin, who signed in an hour ago."""
    return props.signed_in(cast.admin, ago=3600)


def confirm(browser: Client, password: str = props.PASSWORD) -> Any:
    typed = {"password": password, "next": ADD}
    return browser.post(reverse("account_reauthenticate"), typed)


def test_a_fresh_sign_in_is_proof_enough(cast: Cast) -> None:
    assert props.signed_in(cast.admin, ago=TEN_MINUTES - 60).get(ADD).status_code == 200
    assert props.signed_in(cast.admin, ago=TEN_MINUTES + 1).get(ADD).status_code == 302


def test_an_older_one_has_to_be_renewed_and_leads_back(stale: Client) -> None:
    asked = stale.get(ADD)
    assert (
        asked.headers["Location"]
        == f"{reverse('account_reauthenticate')}?next=%2Faccounts%2Fadd%2F"
    )
    back = read(stale.get(asked.headers["Location"])).one("input", name="next")
    assert back.attributes["value"] == ADD
    assert confirm(stale).headers["Location"] == ADD
    assert stale.get(ADD).status_code == 200


def test_what_was_sent_meanwhile_is_kept_nowhere_and_does_nothing(
    stale: Client, cast: Cast, simulator: Simulator
) -> None:
    key, secret = simulator.key("Custody")
    typed = {
        "label": "Custody",
        "owner": str(cast.fund.uid),
        "environment": "production",
        "api_key": key,
        "api_secret": secret,
        "wallets": "all",
    }
    assert stale.post(ADD, typed).headers["Location"].startswith("/confirm/")
    held = [session.get_decoded() for session in Session.objects.all()]
    assert held
    assert secret not in repr(held)
    assert confirm(stale).headers["Location"] == ADD
    assert not Account.objects.exists()
    assert "Nothing was changed yet" in read(stale.get(ADD)).text


def test_another_password_confirms_nothing_and_is_counted(stale: Client) -> None:
    for _ in range(5):
        assert "not your password" in read(confirm(stale, "something else")).text
    assert "Too many attempts" in read(confirm(stale)).text
    assert stale.get(ADD).status_code == 302


def test_nobody_is_sent_to_another_site(stale: Client) -> None:
    typed = {"password": props.PASSWORD, "next": "https://elsewhere.example/"}
    answer = stale.post(reverse("account_reauthenticate"), typed)
    assert answer.headers["Location"] == reverse("overview")


def test_for_how_long_it_holds_is_a_setting(cast: Cast, settings: Any) -> None:
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 3700
    assert props.signed_in(cast.admin, ago=3600).get(ADD).status_code == 200
