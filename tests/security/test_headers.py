"""What every answer tells a browser: no cache, no frame, no foreign code, no inline code."""

from collections.abc import Iterator
from http.cookies import Morsel
from typing import Any

import pytest
from django.templatetags.static import static
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import Account
from balances.polling import refreshes
from qredo_dash import health
from tests.conftest import Cast, Simulator
from tests.support import props
from tests.support.history import coins
from tests.support.markup import Element, read
from tests.support.matrix import PEOPLE, addresses, arguments

#: Attributes that make a browser fetch something or go somewhere.
ADDRESSES = ("href", "src", "action", "formaction", "poster", "data", "srcset", "hx-get", "hx-post")


@pytest.fixture
def answers(cast: Cast, custody: Account, simulator: Simulator, browser_of: Any) -> list[Any]:
    """Everything that everybody gets, with balances, with errors."""
    simulator.holds("Custody", BTC=coins(100), **{"ETH-GOERLI": coins(3)})
    refreshes.refresh_now([custody])
    simulator.fails("Custody", "403")
    refreshes.refresh_now([custody])
    people = [Client(), *(browser_of(getattr(cast, who)) for who in PEOPLE)]
    read = [browser.get(path) for browser in people for path in paths(custody)]
    return [*read, *(browser.put(reverse("refresh-all")) for browser in people)]


def paths(account: Account) -> Iterator[str]:
    for pattern in addresses():
        yield reverse(str(pattern.name), args=arguments(pattern, account))
    yield f"{reverse('account', args=[account.uid])}?range=custom&from=x&to=y"
    yield "/nothing/here/"


def assert_private(answer: Any) -> None:
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert_strict(answer.headers["Content-Security-Policy"])


def assert_strict(policy: str) -> None:
    directives = {name: set(sources) for name, *sources in map(str.split, policy.split(";"))}
    assert directives["default-src"] == {"'none'"}
    assert {"base-uri", "frame-ancestors", "form-action"} <= directives.keys()
    assert set().union(*directives.values()) == {"'none'", "'self'"}


def test_every_answer_is_for_one_reader_now_and_in_no_frame(answers: list[Any]) -> None:
    seen = set()
    for answer in answers:
        assert_private(answer)
        seen.add(answer.status_code)
    assert seen == {200, 302, 400, 403, 404, 405, 422}


def test_no_page_has_code_of_its_own_or_of_others(answers: list[Any]) -> None:
    pages = [read(a) for a in answers if a.headers.get("Content-Type", "").startswith("text/html")]
    assert len(pages) > 50
    for page in pages:
        for element in page.elements:
            assert_inert(element)


@pytest.mark.parametrize(("seconds", "told"), [(0, None), (31_536_000, "max-age=31536000")])
def test_a_server_tells_browsers_to_come_by_https_alone(
    cast: Cast, settings: Any, browser_of: Any, seconds: int, told: str | None
) -> None:
    settings.SECURE_HSTS_SECONDS = seconds
    answer = browser_of(cast.viewer).get(reverse("overview"))
    assert answer.headers.get("Strict-Transport-Security") == told


def assert_inert(element: Element) -> None:
    assert element.tag not in {"style", "iframe", "object", "embed", "base"}
    if element.tag == "script":
        assert element.attributes["src"].startswith("/static/")
        assert not element.text.strip()
    for name, value in element.attributes.items():
        assert not name.startswith(("on", "hx-on", "hx-vals", "hx-vars")), name
        assert name != "style"
        if name in ADDRESSES:
            assert value[:1] in {"", "/", "#", "?"}, value
            assert value[:2] not in {"//", "/\\"}, value
        if name == "hx-trigger":
            assert "[" not in value, "a filter of a trigger is evaluated as code"


def test_pages_of_what_goes_wrong_are_private_too(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(cast.viewer)
    broken = Client(raise_request_exception=False)
    found = {
        400: Client().get("/", headers={"host": "elsewhere.example"}),
        403: forged.post(reverse("profile"), {"name": "Mallory"}),
    }
    with monkeypatch.context() as patched:
        patched.setattr("django.db.backends.utils.CursorWrapper.execute", _break)
        found[500] = broken.get(reverse("health"))
    for status, answer in found.items():
        assert answer.status_code == status
        assert_private(answer)
        for element in read(answer).elements:
            assert_inert(element)
    assert "the database is gone" not in found[500].content.decode()
    assert "send the form again" in found[403].content.decode()


def _break(*_: Any) -> None:
    raise RuntimeError("the database is gone")


def test_static_files_may_be_kept_and_carry_no_cookie(db: None) -> None:  # noqa: ARG001
    answer = Client().get(static("css/base.css"))
    assert answer.status_code == 200
    assert "max-age=315360000" in answer.headers["Cache-Control"]
    assert "immutable" in answer.headers["Cache-Control"]
    assert not answer.cookies
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    answer.close()


@pytest.mark.parametrize("on_server", [False, True])
def test_cookies_are_out_of_reach_of_scripts_and_other_sites(
    cast: Cast, settings: Any, *, on_server: bool
) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = on_server
    browser = Client()
    browser.get(reverse("sign-in"))
    typed = {"login": cast.viewer.email, "password": props.PASSWORD}
    answer = browser.post(reverse("sign-in"), typed)
    assert set(answer.cookies) == {"session", "csrftoken"}
    for cookie in answer.cookies.values():
        assert_guarded(cookie, secure=on_server)


def assert_guarded(cookie: "Morsel[str]", *, secure: bool) -> None:
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert bool(cookie["secure"]) == secure
    assert not cookie["domain"]


def test_health_says_one_word_and_sets_no_cookie(db: None) -> None:  # noqa: ARG001
    answer = Client().get(reverse("health"))
    assert (answer.content, dict(answer.cookies)) == (b"ok\n", {})
    assert health.page(RequestFactory().get("/")).status_code == 200


def test_a_post_without_proof_changes_nothing(cast: Cast, custody: Account) -> None:
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(cast.admin)
    for name in ("account-pause", "account-archive", "account-refresh"):
        assert forged.post(reverse(name, args=[custody.uid])).status_code == 403
    custody.refresh_from_db()
    assert custody.is_polled
    assert not custody.refreshes.exists()


@pytest.mark.usefixtures("db")
def test_static_files_are_for_this_site_alone(settings: Any) -> None:
    """WhiteNoise answers them before our middleware, and would let every site read them."""
    settings.SECURE_HSTS_SECONDS = 3600
    answer = Client().get(static("js/theme.js"))
    answer.close()
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Strict-Transport-Security"] == "max-age=3600"
