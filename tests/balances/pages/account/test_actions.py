"""What people do to an account: refresh, pause, resume, archive, restore."""

import json
from typing import Any

import pytest
from celery.exceptions import OperationalError
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from balances.lifecycle import pausing
from balances.models import Pause, Refresh
from balances.polling import refreshes
from balances.tasks import refresh as refresh_task
from tests.conftest import Cast, Simulator
from tests.support.history import coins
from tests.support.markup import read
from tests.support.servers.broker import link as broker_link


def path(name: str, account: Account) -> str:
    return reverse(name, args=[account.uid])


def page_of(browser: Client, account: Account) -> str:
    return read(browser.get(path("account", account))).text


@pytest.fixture
def broker() -> Any:
    link = broker_link()
    link.delete("celery")
    yield link
    link.delete("celery")
    link.close()


@pytest.fixture
def operator(cast: Cast, browser_of: Any) -> Client:
    browser: Client = browser_of(cast.operator)
    return browser


@pytest.fixture
def admin(cast: Cast, browser_of: Any) -> Client:
    browser: Client = browser_of(cast.admin)
    return browser


def test_a_refresh_is_asked_for_after_commit_by_its_number_alone(
    cast: Cast,
    custody: Account,
    operator: Client,
    broker: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks() as sends:
        answer = operator.post(path("account-refresh", custody))
    assert answer.headers["Location"] == path("account", custody)
    assert broker.llen("celery") == 0
    refresh = Refresh.objects.get()
    assert (refresh.account, refresh.asked_by, refresh.finished_at) == (
        custody,
        cast.operator,
        None,
    )
    for send in sends:
        send()
    (message,) = broker.lrange("celery", 0, -1)
    envelope = json.loads(message)
    assert envelope["headers"]["task"] == "balances.refresh"
    assert envelope["headers"]["argsrepr"] == f"({refresh.pk},)"
    assert str(custody.uid) not in message.decode()


def test_a_refresh_shows_its_way_and_its_end(
    custody: Account, operator: Client, simulator: Simulator
) -> None:
    simulator.holds("Custody", BTC=coins(125))
    operator.post(path("account-refresh", custody))
    assert "Refreshing…" in page_of(operator, custody)
    refreshes.carry_out([Refresh.objects.get().pk])
    text = page_of(operator, custody)
    assert "Refreshed just now" in text
    assert "1.25" in text
    simulator.fails("Custody", "403")
    operator.post(path("account-refresh", custody))
    refreshes.carry_out([Refresh.objects.latest("asked_at").pk])
    text = page_of(operator, custody)
    assert "Refresh failed just now: the key lacks a permission" in text
    assert "1.25" in text


def test_a_double_click_and_a_second_tab_ask_once(custody: Account, operator: Client) -> None:
    operator.post(path("account-refresh", custody))
    second = operator.post(path("account-refresh", custody), headers={"HX-Request": "true"})
    assert (second.status_code, second.content) == (204, b"")
    assert Refresh.objects.count() == 1


def test_without_a_broker_the_wish_stands_and_the_next_tick_sends_it(
    custody: Account,
    operator: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    def gone(*_: Any) -> None:
        raise OperationalError("redis://:password@localhost")

    monkeypatch.setattr(refresh_task, "delay", gone)
    with django_capture_on_commit_callbacks(execute=True):
        answer = operator.post(path("account-refresh", custody))
    assert answer.status_code == 302
    assert refreshes.sweep() == [Refresh.objects.get().pk]


@pytest.mark.parametrize("halt", [pausing.pause, pausing.archive])
def test_what_is_not_polled_is_not_refreshed_and_says_so(
    custody: Account, operator: Client, halt: Any
) -> None:
    halt(custody, by=None)
    answer = operator.post(path("account-refresh", custody), follow=True)
    assert "paused or archived. Resume it first." in read(answer).text
    assert not Refresh.objects.exists()
    assert not read(answer).all("form", action=path("account-refresh", custody))


def test_pausing_says_who_and_is_done_once(cast: Cast, custody: Account, operator: Client) -> None:
    text = read(operator.post(path("account-pause", custody), follow=True)).text
    assert "Custody is paused" in text
    assert "Paused since" in text
    assert (Pause.objects.get().by, Pause.objects.get().kind) == (cast.operator, "paused")
    again = read(operator.post(path("account-pause", custody), follow=True)).text
    assert "is paused:" not in again
    assert Pause.objects.count() == 1
    text = read(operator.post(path("account-resume", custody), follow=True)).text
    assert "Custody is polled again" in text
    custody.refresh_from_db()
    assert custody.is_polled
    assert Pause.objects.get().ended_at is not None


def test_archiving_asks_first_and_keeps_the_history(
    custody: Account, admin: Client, simulator: Simulator
) -> None:
    simulator.holds("Custody", BTC=coins(125))
    refreshes.refresh_now([custody])
    question = read(admin.get(path("account-archive", custody)))
    assert "Archive Custody?" in question.text
    assert question.has("form", action=path("account-archive", custody))
    custody.refresh_from_db()
    assert custody.archived_at is None
    admin.post(path("account-archive", custody))
    assert "Every account is archived." in read(admin.get(reverse("overview"))).text
    assert "Custody" in read(admin.get(reverse("accounts"))).text
    text = page_of(admin, custody)
    assert "Archived since" in text
    assert "1.25" in text
    admin.post(path("account-restore", custody))
    assert "Custody" in read(admin.get(reverse("overview"))).text


def test_an_operator_may_not_bring_back_what_an_admin_archived(
    custody: Account, operator: Client, admin: Client
) -> None:
    admin.post(path("account-archive", custody))
    for name in ("account-resume", "account-restore"):
        answer = operator.post(path(name, custody))
        assert answer.status_code == 403
        assert "<b>admin</b>" in answer.content.decode()
    custody.refresh_from_db()
    assert custody.archived_at is not None
    text = read(admin.post(path("account-resume", custody), follow=True)).text
    assert "Custody is archived. Restore it instead." in text
    assert "Archived since" in text


def test_what_is_archived_while_somebody_resumes_it_stays_archived(
    cast: Cast, custody: Account, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.post(path("account-pause", custody))
    resume = pausing.resume

    def overtaken(account: Account, **asked: Any) -> bool:
        pausing.archive(account, by=cast.admin)
        return resume(account, **asked)

    monkeypatch.setattr(pausing, "resume", overtaken)
    answer = operator.post(path("account-resume", custody))
    assert answer.status_code == 403
    assert "<b>admin</b>" in answer.content.decode()
    custody.refresh_from_db()
    assert custody.archived_at is not None


def test_no_id_in_the_body_leads_to_another_account(
    custody: Account, foreign: Account, operator: Client
) -> None:
    theirs = {name: str(foreign.uid) for name in ("uid", "account", "id", "account_id")}
    operator.post(path("account-pause", custody), theirs | {"pk": str(foreign.pk)})
    foreign.refresh_from_db()
    custody.refresh_from_db()
    assert (foreign.is_polled, custody.is_polled) == (True, False)


@pytest.mark.parametrize(
    ("to", "leads_to"),
    [
        ("/?show=attention", "/?show=attention"),
        ("https://elsewhere.example/", ""),
        ("//elsewhere.example", ""),
        ("/\\elsewhere.example", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_an_action_leads_back_to_a_page_of_ours(
    custody: Account, operator: Client, to: str, leads_to: str
) -> None:
    answer = operator.post(path("account-pause", custody), {"next": to})
    assert answer.headers["Location"] == (leads_to or path("account", custody))


def test_buttons_are_there_for_those_who_may(cast: Cast, custody: Account, browser_of: Any) -> None:
    expected = {
        "viewer": set(),
        "auditor": set(),
        "operator": {"refresh", "pause"},
        "admin": {"refresh", "pause", "archive"},
    }
    for who, names in expected.items():
        page = read(browser_of(getattr(cast, who)).get(path("account", custody)))
        forms = {form.attributes["action"] for form in page.all("form", method="post")}
        assert forms - {reverse("sign-out")} == {path(f"account-{n}", custody) for n in names}
