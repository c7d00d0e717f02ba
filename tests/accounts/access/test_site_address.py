"""Links in mails lead to the site itself, whatever a request says of where it came."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.shared.site_address import absolute
from tests.conftest import Cast
from tests.project.test_env import SERVER, imported
from tests.support import props


@pytest.fixture
def on_server(settings: Any) -> None:
    settings.MAIL_IS_SENT = settings.SERVER_INSTALLATION = True
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "dash.example.com", "b.example"]


HOSTS = ["localhost:6666", "localhost", "127.0.0.1:1", "[::1]:80"]
HOSTS += ["dash.example.com:6666", "b.example"]


@pytest.mark.usefixtures("on_server")
@pytest.mark.parametrize("host", HOSTS)
def test_a_mailed_link_has_the_sites_own_host(cast: Cast, host: str) -> None:
    Client().post(
        reverse("account_reset_password"), {"email": cast.viewer.email}, headers={"host": host}
    )
    browser = props.signed_in(cast.viewer)
    browser.post(reverse("email"), {"email": "new@example.com"}, headers={"host": host})
    path = reverse("members", args=[cast.fund.uid])
    told = {"do": "invite", "email": "someone@example.com", "role": "viewer"}
    props.signed_in(cast.admin).post(path, told, headers={"host": host})
    assert len(mail.outbox) == 3
    for message in mail.outbox:
        (link,) = (word for word in str(message.body).split() if "://" in word)
        assert link.startswith("https://dash.example.com/")


def led(settings: Any, allowed: str, port: str = "80", *, server: bool, site: str = "") -> str:
    settings.SERVER_INSTALLATION, settings.SITE_URL = server, site
    settings.ALLOWED_HOSTS = allowed.split(",")
    request = RequestFactory().get("/", SERVER_PORT=port, headers={"host": "localhost:6666"})
    return absolute(request, "/a/")


def test_where_links_lead(settings: Any) -> None:
    dash = "localhost,dash.example.com"
    given = "https://dash.example.com:8443"
    assert led(settings, dash, "8000", server=True) == "https://dash.example.com/a/"
    assert led(settings, "localhost", server=True, site=given) == f"{given}/a/"
    assert led(settings, "*,.example.com,localhost", server=True) == "https://localhost/a/"
    home = "localhost,127.0.0.1,[::1]"
    assert led(settings, home, "8123", server=False) == "http://localhost:8123/a/"
    assert led(settings, "localhost,box.lan", server=False) == "http://box.lan/a/"
    assert led(settings, "127.0.0.2,[::],a.localhost", "", server=False) == "http://localhost/a/"


@pytest.mark.parametrize("given", ["dash.example.com", "ftp://dash.example.com", "https://"])
def test_a_site_address_that_is_none(given: str) -> None:
    assert "SITE_URL" in imported(**SERVER, SITE_URL=given).stderr


def test_a_site_address_is_taken() -> None:
    given = {"SITE_URL": "https://dash.example.com/"}
    assert imported("s.SITE_URL", **SERVER, **given).stdout == "https://dash.example.com\n"
