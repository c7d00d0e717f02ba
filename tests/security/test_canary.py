"""A made-up secret goes through everything; afterwards it is looked for everywhere."""

import io
import logging
import pickle
import zlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.debug import ExceptionReporter

import qredo
from accounts import enrolment, signing
from accounts.models import Account, ApiKey, Environment
from balances.models import Refresh
from balances.polling import claims, refreshes
from balances.tasks import hand_out
from balances.tasks import refresh as refresh_task
from tests.conftest import Cast, Simulator
from tests.support import canary, props
from tests.support.history import answer, at, coins
from tests.support.matrix import PEOPLE, addresses, arguments
from tests.support.servers import broker

ADD = "/accounts/add/"


@pytest.fixture
def logged() -> Iterator[canary.Everything]:
    """Every logger at DEBUG, the ones that settings keep shut too."""
    keeper, root = canary.Everything(), logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in list(root.manager.loggerDict))]
    before = [(logger, logger.level, logger.disabled) for logger in loggers]
    root.addHandler(keeper)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.disabled = False
    yield keeper
    root.removeHandler(keeper)
    for logger, level, disabled in before:
        logger.setLevel(level)
        logger.disabled = disabled


@pytest.fixture
def told(cast: Cast, simulator: Simulator) -> dict[str, str]:
    """What is typed to add an account with the canary; Qredo does not know it."""
    return {
        "label": "Canary",
        "owner": str(cast.fund.uid),
        "environment": "production",
        "api_key": simulator.key("Spare organization")[0],
        "api_secret": canary.TEXT,
        "wallets": "all",
    }


def enrolled(cast: Cast, simulator: Simulator) -> Account:
    """Return an account whose stored key is the canary."""
    key = simulator.key("Spare organization")[0], canary.URL_SAFE
    return props.enrolled(key, "Canary", cast.fund)


def assert_absent(*materials: bytes | str) -> None:
    for material in materials:
        assert canary.found_in(material) == [], material[:200]


def test_the_search_finds_what_is_there() -> None:
    assert all(canary.found_in(b"..." + form + b"...") for form in canary.FORMS)
    assert canary.found_in(f"[{canary.VALUE!r}]")
    assert "+" in canary.TEXT
    assert "/" in canary.TEXT
    assert qredo.decode_secret(canary.TEXT).reveal() == canary.VALUE


def everything_happens(
    cast: Cast, simulator: Simulator, told: dict[str, str], browser_of: Any
) -> list[bytes]:
    """Refuse it, enrol it, poll it, fail it, show it; return every answer."""
    admin = browser_of(cast.admin)
    odd = [{"label": "a\u202eb"}, {"api_key": "?"}, {"api_secret": f"'{canary.TEXT}'"}]
    odd += [{"api_key": canary.URL_SAFE, "api_secret": "short"}, {"owner": canary.TEXT}, {}]
    answers = [admin.post(ADD, told | change).content for change in odd]
    with mock.patch("accounts.enrolment.test_key", return_value=answer(BTC=coins(1))):
        answers.append(admin.post(ADD, told).content)
    account = Account.objects.get(label="Canary")
    answers.append(admin.post(ADD, told).content)
    for fault in (None, "401", "403", "reset", "html200"):
        if fault:
            simulator.fails("Spare organization", fault)
        refreshes.refresh_now([account], by=cast.admin)
    for who in PEOPLE:
        answers += pages_of(browser_of(getattr(cast, who)), account)
    return answers


def pages_of(browser: Client, account: Account) -> Iterator[bytes]:
    for pattern in addresses():
        yield browser.get(reverse(str(pattern.name), args=arguments(pattern, account))).getvalue()


def test_no_page_no_log_and_no_table_holds_it(
    cast: Cast, simulator: Simulator, told: dict[str, str], browser_of: Any, logged: Any
) -> None:
    answers = everything_happens(cast, simulator, told, browser_of)
    names = list(canary.tables())
    assert {"public.accounts_apikey", "public.django_session"} <= set(names)
    dump = io.StringIO()
    call_command("dumpdata", stdout=dump, verbosity=0)
    assert ApiKey.objects.get().sealed in dump.getvalue()
    assert len(logged.lines) > 500
    assert any("urllib3" in line for line in logged.lines)
    assert_absent(*answers, dump.getvalue(), *logged.lines)
    for name in names:
        assert_absent(*canary.rows(name))


def test_no_message_on_the_broker_holds_it(cast: Cast, simulator: Simulator) -> None:
    account = enrolled(cast, simulator)
    link = broker.link()
    link.flushdb()
    props.scheduled(account, at(10), 300)
    hand_out(claims.claim_due(limit=1, now=at(10, 1)))
    refresh_task.delay(Refresh.objects.create(account=account, asked_at=at(10)).pk)
    messages = link.lrange("celery", 0, -1)
    assert len(messages) == 2
    assert_absent(*messages, *(str(link.dump(key)) for key in link.scan_iter()))
    link.flushdb()
    link.close()


@pytest.mark.parametrize("fault", [None, "403", "redirect", "reset", "garbled"])
def test_no_error_of_a_poll_holds_it(cast: Cast, simulator: Simulator, fault: str | None) -> None:
    account = enrolled(cast, simulator)
    if fault:
        simulator.fails("Spare organization", fault)
    key = ApiKey.objects.select_related("account").get(account=account)
    with pytest.raises(qredo.QredoError) as caught:
        signing.client_for(key).balance()
    assert_absent(*canary.frames_of(caught.value))
    assert_absent(pickle.dumps(caught.value))


def test_a_poll_that_breaks_logs_no_frame(
    cast: Cast, simulator: Simulator, logged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        text = canary.TEXT
        raise RuntimeError(text)

    monkeypatch.setattr(signing, "client_for", broken)
    (record,) = refreshes.refresh_now([enrolled(cast, simulator)])
    assert record.detail.startswith("This program failed while polling (RuntimeError in ")
    assert any("broke with RuntimeError" in line for line in logged.lines)
    assert_absent(*logged.lines, record.detail)


def fails(*_: Any, **__: Any) -> Any:
    raise RuntimeError("a mistake of ours")


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    "where",
    [
        "accounts.enrolment.test_key",
        "accounts.vault.secrets.seal",
        "accounts.signing.client",
        "balances.pages.keys.add_views.add_account",
        "qredo.decode_secret",
        "qredo.clean_key_id",
    ],
)
def test_no_error_page_holds_it(
    cast: Cast,
    told: dict[str, str],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    *,
    debug: bool,
    where: str,
) -> None:
    settings.DEBUG = debug
    browser = props.signed_in(cast.admin, raise_request_exception=False)
    told |= {"api_secret": f" {canary.TEXT}\n", "label": canary.TEXT[:70]}
    if where == "accounts.vault.secrets.seal":
        monkeypatch.setattr("accounts.enrolment.test_key", lambda _: answer(BTC=coins(1)))
    monkeypatch.setattr(where, fails)
    shown = browser.post(ADD, told)
    assert shown.status_code == 500
    assert ("RuntimeError" in shown.content.decode()) == debug
    assert_absent(shown.content)


def test_no_report_shows_variables_addresses_or_what_was_posted(
    settings: Any, rf: RequestFactory
) -> None:
    settings.DEBUG = True
    settings.DATABASE_URL = settings.QREDO_PROXY = f"postgresql://dash:{canary.TEXT}@db/x"
    settings.CACHES = {"default": {"LOCATION": f"redis://:{canary.TEXT}@cache"}}
    request = rf.post("/", {"anything": canary.TEXT}, headers={"cookie": f"x={canary.TEXT}"})
    with pytest.raises(ValueError, match="invalid literal") as caught:
        _hold(canary.TEXT, "no number")
    reporter = ExceptionReporter(request, caught.type, caught.value, caught.tb)
    assert_absent(reporter.get_traceback_html(), reporter.get_traceback_text())
    assert "anything" in reporter.get_traceback_html()


def _hold(secret: str, text: str) -> int:
    return int(text) + len(secret)


def test_a_candidate_shows_itself_nowhere() -> None:
    candidate = enrolment.Candidate("id", qredo.Secret(canary.VALUE), Environment.SANDBOX)
    assert_absent(repr(candidate), str(candidate))
    with pytest.raises(TypeError):
        pickle.dumps(candidate)


def test_compressed_bytes_are_searched_unpacked_and_others_as_they_are() -> None:
    body = canary.VALUE * 9
    packed = zlib.compress(body)
    digest = b"\x78\x9c" + bytes(30)
    assert list(canary.unpacked((packed, digest))) == [packed, body, digest]


@pytest.mark.django_db
def test_the_database_would_keep_it_if_we_let_it(custody: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_account SET label = %s", [canary.TEXT])
    found = [row for row in canary.rows("public.accounts_account") if canary.found_in(row)]
    assert found
    assert custody.pk
