"""A chart and its files are of one moment, though tags and accounts change while they are made."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings as project
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Tag
from balances.lifecycle import ownership
from balances.pages.charts import subject as charts_subject
from tests.conftest import Cast
from tests.support.history import StoppedClock, at, coins, keyless, seen

#: Rows that other connections see. The apps are named because only then are all tables emptied.
pytestmark = pytest.mark.django_db(transaction=True, available_apps=list(project.INSTALLED_APPS))


@pytest.fixture
def vault(viewer: Client, clock: StoppedClock) -> Account:  # noqa: ARG001
    clock.now = at(10, 6)
    account = keyless("Vault", at(10))
    seen(account, at(10), BTC=coins(1))
    Tag.objects.create(account=account, name="cold")
    return account


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let something else happen, on a connection of its own, once the accounts are known."""
    asked = charts_subject.subject

    def do(act: Callable[[], object]) -> None:
        def interrupted(*args: Any, **options: Any) -> charts_subject.Subject:
            found = asked(*args, **options)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(_alone, act).result(timeout=30)
            return found

        monkeypatch.setattr(charts_subject, "subject", interrupted)

    return do


def _alone(act: Callable[[], object]) -> None:
    try:
        act()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("name", "more"),
    [("series", {}), ("series-csv", {}), ("series-csv", {"every": "change"})],
)
def test_a_tag_that_goes_meanwhile_leaves_the_chart_of_its_moment(
    viewer: Client, vault: Account, between: Any, name: str, more: dict[str, str]
) -> None:
    asked = {"asset": "BTC", "tag": "cold", "range": "24h", **more}
    between(lambda: Tag.objects.filter(account=vault).delete())
    answer = viewer.get(reverse(name), asked)
    assert answer.status_code == 200
    body = b"".join(answer) if answer.streaming else answer.content
    assert b"0.01" in body
    assert (b"Vault" in body) == (name == "series" or "every" in more)


@pytest.mark.parametrize("name", ["account-series", "account-series-csv"])
def test_an_account_that_is_given_away_meanwhile_too(
    viewer: Client, vault: Account, cast: Cast, between: Any, name: str
) -> None:
    between(lambda: ownership.transfer(vault, cast.other, by=None))
    answer = viewer.get(reverse(name, args=[vault.uid]), {"asset": "BTC", "range": "24h"})
    assert answer.status_code == 200
    assert b"0.01" in answer.content
