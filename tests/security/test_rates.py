"""How often a place may try what needs no sign-in: counted, and refused beyond that."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.conftest import Cast
from tests.support.markup import read

TOO_MANY = 429


def link_made_up(number: int) -> str:
    return reverse("account_reset_password_from_key", args=["1", f"made-up-{number}"])


def test_links_for_a_new_password_cannot_be_guessed_at_will(cast: Cast) -> None:
    users = User.objects.count()
    codes = [Client().post(link_made_up(number)).status_code for number in range(21)]
    assert TOO_MANY not in codes[:20]
    assert codes[20] == TOO_MANY
    assert User.objects.count() == users
    # Another place is not held up by it.
    elsewhere = Client(REMOTE_ADDR="203.0.113.7").post(link_made_up(0))
    assert elsewhere.status_code == codes[0]
    assert cast.viewer.is_active


@pytest.mark.parametrize("tried", ["{}", "null", '{"id": "AAAA"}'])
def test_passkeys_cannot_be_tried_at_will(cast: Cast, tried: str) -> None:
    def ask(**place: Any) -> int:
        browser = Client(**place)
        return browser.post(reverse("mfa_login_webauthn"), {"credential": tried}).status_code

    codes = [ask() for _ in range(61)]
    assert TOO_MANY not in codes[:60]
    assert codes[60] == TOO_MANY
    assert ask(REMOTE_ADDR="203.0.113.7") == codes[0]
    assert cast.viewer.is_active


def test_a_place_that_tries_too_often_is_told_to_wait(cast: Cast) -> None:
    for number in range(20):
        Client().post(link_made_up(number))
    answer = Client().post(link_made_up(20))
    assert answer.status_code == TOO_MANY
    assert "Too many" in read(answer).text
    assert cast.viewer.is_active
