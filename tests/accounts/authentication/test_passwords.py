"""Which passwords are taken: long ones of whatever kind, not made of words of the place."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.urls import reverse

from tests.conftest import Cast
from tests.support import props


@pytest.mark.parametrize(
    "password",
    [
        "Qredo-Dash-2026!",
        "treasury-fund-01",
        "PASSWORDpassword",
        "qredoqredoqredo",
        "my-Wallet-2026!",
    ],
)
def test_words_of_the_context_are_refused(password: str) -> None:
    with pytest.raises(ValidationError, match="everybody would try here"):
        validate_password(password)


@pytest.mark.parametrize(
    "password",
    [
        "kein balkon im juli",
        "wallet of brown leather",
        "7391 0482 6615 0937",
        "x" * 7 + "é∂ 🦆 " * 3,
    ],
)
def test_others_are_taken_whatever_they_are_made_of(password: str) -> None:
    validate_password(password)


def test_a_long_password_of_any_composition_is_taken(cast: Cast) -> None:
    new = " straw and iron, " * 12
    browser = props.signed_in(cast.viewer)
    typed = {"oldpassword": props.PASSWORD, "password1": new, "password2": new}
    assert browser.post(reverse("account_change_password"), typed).status_code == 302
    cast.viewer.refresh_from_db()
    assert cast.viewer.check_password(new)
    assert not cast.viewer.check_password(new.strip())
