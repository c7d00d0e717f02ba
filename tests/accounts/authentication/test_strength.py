"""Passwords that are easily guessed are refused wherever one is set; pass phrases are not."""

import io
import sys

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts import invitations
from accounts.models import Role, User
from tests.conftest import Cast
from tests.support import props
from tests.support.markup import read

WELL_KNOWN = [
    "aaaaaaaaaaaa", "1234567890ab", "abcdefghijkl", "P@ssw0rd1234", "Passw0rd2026", "changeme1234",
    "Summer2026!!", "Winter2025!!", "Spring2026!?", "Autumn-2026!", "123456789012", "qwertyuiop12",
    "1qaz2wsx3edc", "qwerty123456", "password1234", "abc123abc123", "iloveyou1234", "letmein12345",
    "monkey123456", "football1234", "baseball2026", "Welcome12345", "administrator1",
    "trustno1trustno1", "superman1234", "dragon123456", "sunshine1234", "1q2w3e4r5t6y",
    "zaq12wsxcde3", "asdfghjkl123", "qazwsxedcrfv", "111111111111", "121212121212", "abcabcabcabc",
    "zxcvbnm12345", "December2025", "January2026!", "Monday123456", "London202611", "987654321098",
    "!@#$%^&*()_+", "Treasury2026", "Liverpool2024", "manchesterunited", "letmeinletmein",
    "ChangeMe2026", "secret123456", "correcthorsebatterystaple", "thequickbrownfox",
    "31121999abcd", "annannannannannannann", "letmeinletmeinletmein",
]  # fmt: skip
STRONG = [
    props.PASSWORD,
    "a better pass phrase",
    "bright lemon walks far",
    "tj9#kLq2vX8w",
    "purple-otter-canyon-42",
    "fünf grüne Äpfel rollen",
    "パスワードではない長い文",
    "x7Kd92mQpL1z" * 20,
]
OF_ONESELF = [
    "annsmith2026",
    "AnnSmith!2026",
    "Smith-Ann-1999",
    "ann.smith@example",
    "NorthernFund26",
]


def is_taken(password: str, user: User | None = None) -> bool:
    try:
        validate_password(password, user)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("password", WELL_KNOWN)
def test_a_well_known_password_is_refused(password: str) -> None:
    assert not is_taken(password)


@pytest.mark.parametrize("password", STRONG)
def test_a_pass_phrase_is_taken(password: str) -> None:
    assert is_taken(password)


@pytest.mark.parametrize("password", OF_ONESELF)
def test_a_password_of_ones_own_name_is_refused(cast: Cast, password: str) -> None:
    cast.fund.name = "Northern Fund"
    cast.fund.save()
    cast.viewer.name, cast.viewer.email = "Ann Smith", "ann.smith@example.com"
    cast.viewer.save()
    assert not is_taken(password, cast.viewer)


def test_whoever_joins_is_told_at_the_field(cast: Cast) -> None:
    cast.fund.name = "Northern Fund"
    cast.fund.save()
    token = invitations.invite(cast.fund, email="ann@example.com", role=Role.VIEWER, by=cast.admin)
    browser = Client()
    browser.get(reverse("invitation", args=[token]))
    for password in ("P@ssw0rd1234", "NorthernFund26", "annsmith2026"):
        typed = {"name": "Ann Smith", "password": password, "again": password}
        answer = browser.post(reverse("invitation-accept"), typed)
        assert answer.status_code == 422
        assert "easily guessed" in read(answer).text or "little more than" in read(answer).text
    assert not User.objects.filter(email="ann@example.com").exists()


def test_the_command_refuses_them_too(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("NorthernFund26\n"))
    with pytest.raises(CommandError, match="easily guessed"):
        call_command("add_person", email="ann@example.com", organization="Northern Fund")
    assert not User.objects.filter(email="ann@example.com").exists()
    assert cast.fund.pk


def test_long_text_is_looked_at_in_little_time() -> None:
    assert is_taken("4@$1|0 x&7!z3~" * 70)
    assert not is_taken("a" * 1024)
