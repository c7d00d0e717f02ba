"""Doors that nobody thinks of: folders, TRACE, and whether knocking is heard."""

import logging

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from tests.conftest import Cast
from tests.props import signed_in


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
