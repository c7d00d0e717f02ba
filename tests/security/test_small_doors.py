"""Doors that nobody thinks of: folders, TRACE, and whether knocking is heard."""

import logging

import pytest
from django.test import Client
from django.urls import reverse

from accounts import invitations
from accounts.authentication import email_change
from accounts.models import Account, Role
from tests.conftest import Cast
from tests.support.props import signed_in


@pytest.mark.parametrize(
    "path", ["/static/", "/static/js/", "/.git/config", "/static/../manage.py"]
)
def test_no_folder_is_listed(db: None, path: str) -> None:  # noqa: ARG001
    for browser in (Client(), Client(headers={"accept": "text/html"})):
        answer = browser.get(path)
        assert answer.status_code == 404
        assert "live.js" not in answer.content.decode()
        assert "DJANGO" not in answer.content.decode()


def test_trace_is_not_answered(cast: Cast) -> None:
    for browser in (Client(), signed_in(cast.viewer)):
        for name in ("overview", "sign-in", "health"):
            answer = browser.generic("TRACE", reverse(name), headers={"x-told": "canary"})
            assert answer.status_code in {302, 405}
            assert "canary" not in f"{answer.headers}{answer.content!r}"


def test_the_secret_of_a_link_is_not_logged(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    token = email_change.ask(cast.viewer, "new@example.com")
    invited = invitations.invite(cast.fund, email="a@b.example", role=Role.VIEWER, by=cast.admin)
    links = [
        (reverse("email-arrive", args=[token]), str(token)),
        (reverse("invitation", args=[f"{invited}."]), invited),
        (reverse("account_reset_password_from_key", args=["1", "a-made-up-key"]), "a-made-up-key"),
    ]
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.operator)
    with caplog.at_level(logging.DEBUG):
        for path, _ in links:
            for browser in (signed_in(cast.operator), Client()):
                for method in ("get", "post", "put", "delete"):
                    getattr(browser, method)(path)
            strict.post(path)
    assert "/profile/email/…" in caplog.text
    for _, secret in links:
        assert secret not in caplog.text


def test_who_is_refused_is_logged(
    cast: Cast, foreign: Account, custody: Account, caplog: pytest.LogCaptureFixture
) -> None:
    browser = signed_in(cast.viewer)
    with caplog.at_level(logging.WARNING, logger="qredo_dash.refusals"):
        browser.get(reverse("account", args=[foreign.uid]))
        browser.post(reverse("account-pause", args=[custody.uid]))
        browser.get("/nothing%0Ahere/")
        browser.get(reverse("overview"))
    lines = [r.getMessage() for r in caplog.records if r.name == "qredo_dash.refusals"]
    who = f"to person {cast.viewer.pk}"
    assert lines == [
        f"404 {who}: GET {reverse('account', args=[foreign.uid])}",
        f"403 {who}: POST {reverse('account-pause', args=[custody.uid])}",
        f"404 {who}: GET /nothing here/",
    ]
