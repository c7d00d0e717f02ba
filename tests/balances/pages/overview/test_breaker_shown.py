"""Pages say that an environment does not answer, to those who have an account in it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, Environment
from balances.lifecycle import pausing
from balances.models import Upstream
from balances.polling.pacing import circuit_breaker
from tests.conftest import Cast
from tests.support.history import StoppedClock, at, coins, keyless, seen
from tests.support.markup import read, shown

SENTENCE = "Qredo production has not answered since 10:42 UTC: polling is held back, next probe"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(10, 45))


@pytest.fixture
def account(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    account = keyless("Custody", at(10, 40))
    seen(account, at(10, 40), BTC=coins(100))
    return account


def opens(environment: str = "production", *, is_demo: bool = False, probe: int = 47) -> None:
    Upstream.objects.update_or_create(
        environment=environment,
        is_demo=is_demo,
        defaults={
            "tokens": 0.0,
            "failures": circuit_breaker.THRESHOLD,
            "opened_at": at(10, 42),
            "probes": 3,
            "probe_at": at(10, probe) + timedelta(seconds=20),
        },
    )


def texts(browser: Client, account: Account) -> list[str]:
    pages = (
        shown(browser, "overview"),
        shown(browser, "accounts"),
        shown(browser, "account", account),
    )
    return [page.text for page in pages]


def test_every_page_says_since_when_and_when_it_is_tried(viewer: Client, account: Account) -> None:
    assert not any("has not answered" in text for text in texts(viewer, account))
    opens()
    for text in texts(viewer, account):
        assert text.count(f"{SENTENCE} within 3 min.") == 1


def test_it_stands_in_words_with_an_icon(viewer: Client, account: Account) -> None:
    opens()
    page = shown(viewer, "account", account)
    (message,) = page.all("p", class_="message message-warning", role="status")
    after = page.elements[page.elements.index(message) :]
    assert after[2].attributes["href"] == "#i-stale"


@pytest.mark.parametrize("probe", [45, 44])
def test_a_probe_that_is_due_is_soon(viewer: Client, account: Account, probe: int) -> None:
    opens(probe=probe)
    assert f"{SENTENCE} within 1 min." in texts(viewer, account)[0]


def test_of_another_environment_nothing_is_said(viewer: Client, account: Account) -> None:
    opens("sandbox")
    opens("production", is_demo=True)
    assert not any("has not answered" in text for text in texts(viewer, account))
    Account.objects.filter(pk=account.pk).update(environment=Environment.SANDBOX)
    assert "Qredo sandbox has not answered since" in texts(viewer, account)[0]


def test_to_who_has_no_account_there_nothing_is_said(
    account: Account, cast: Cast, browser_of: Any
) -> None:
    opens()
    for who in (cast.stranger, cast.owner, cast.superuser):
        assert "has not answered" not in shown(browser_of(who), "overview").text
    assert account.is_polled


@pytest.mark.parametrize("halt", [pausing.pause, pausing.archive])
def test_of_what_is_not_polled_anyway_it_is_not_said(
    viewer: Client, account: Account, halt: Any
) -> None:
    opens()
    halt(account, by=None)
    assert not any("has not answered" in text for text in texts(viewer, account))


def test_live_pages_learn_of_it_and_of_its_end(viewer: Client, account: Account) -> None:
    for name in ("overview", "accounts", "account"):
        Upstream.objects.all().delete()
        page = shown(viewer, name, account if name == "account" else None)
        for change, is_said in ((opens, True), (Upstream.objects.all().delete, False)):
            fragment = page.one("div", id="figures").attributes["hx-get"]
            assert viewer.get(fragment).status_code == 204
            change()
            page = read(viewer.get(fragment))
            assert ("has not answered" in page.text) is is_said


def test_a_new_probe_time_reaches_live_pages(viewer: Client, account: Account) -> None:
    opens(probe=46)
    fragment = shown(viewer, "account", account).one("div", id="figures").attributes["hx-get"]
    opens(probe=49)
    assert "within 5 min." in viewer.get(fragment).content.decode()


def test_while_it_is_probed_nobody_is_sent_to_look_for_a_dead_worker(
    viewer: Client, account: Account, clock: StoppedClock
) -> None:
    clock.now = at(11)
    notice = "The newest poll was"
    assert notice in texts(viewer, account)[0]
    opens(probe=59)
    assert notice not in texts(viewer, account)[0]
    clock.now = at(11, 1)
    assert notice in texts(viewer, account)[0]
