"""While no person exists, the pages of signing in say how the first one is added."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from qredo_dash.demo_lines import login_lines
from qredo_dash.local import DEMO_SEED
from tests.conftest import Cast
from tests.support import props
from tests.support.markup import read

COMMAND = 'add_person --email you@example.com --organization "My fund" --role admin'
PAGES = ("sign-in", "account_reset_password")


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("is_mailing", [True, False])
def test_the_pages_of_signing_in_say_how_to_add_the_first_person(
    settings: Any, name: str, *, is_mailing: bool
) -> None:
    settings.MAIL_IS_SENT = is_mailing
    typed = {"login": "you@example.com", "email": "you@example.com", "password": props.PASSWORD}
    for answer in (Client().get(reverse(name)), Client().post(reverse(name), typed)):
        page = read(answer)
        assert f".venv/bin/python manage.py {COMMAND}" in page.text
        assert not page.values()
        assert str(settings.DATA_DIR) not in answer.content.decode()


@pytest.mark.django_db
def test_a_server_names_its_own_commands(settings: Any) -> None:
    settings.SERVER_INSTALLATION = True
    page = read(Client().get(reverse("sign-in"))).text
    assert f"deploy/qredo-dash {COMMAND}" in page
    assert f"docker compose exec worker python manage.py {COMMAND}" in page


@pytest.mark.parametrize("name", PAGES)
def test_once_there_is_a_person_nothing_is_said_of_it(cast: Cast, name: str) -> None:  # noqa: ARG001
    User.objects.exclude(email="viewer@example.com").update(is_active=False)
    assert "add_person" not in read(Client().get(reverse(name))).text


def test_a_key_that_is_in_use_is_not_offered_to_try(
    cast: Cast, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    spare = re.search(r"API key (\S+) +API secret (\S+)", "\n".join(login_lines(DEMO_SEED)))
    assert spare is not None
    props.enrolled((spare[1], spare[2]), "My first", cast.fund)
    assert spare[1] not in "\n".join(login_lines(DEMO_SEED))
    assert any(line.startswith("Demo log-ins") for line in login_lines(DEMO_SEED))
