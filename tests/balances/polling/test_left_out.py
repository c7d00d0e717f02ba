"""An asset whose name cannot be shown costs that asset alone, and its account is marked."""

import json
import logging
from typing import Any

import pytest

import qredo
from accounts.models import Account
from balances.core.instants import iso
from balances.evidence.verification.snapshots import SnapshotChecker
from balances.history import partial_keys
from balances.ledger import schedules
from balances.ledger.snapshots import LEFT_OUT
from balances.management.commands.balance_at import Command
from balances.models import Holding, RejectedAnswer, Snapshot
from balances.polling import poll
from balances.polling.recording import Recorded
from tests.conftest import Cast
from tests.support import props
from tests.support.evidence.statements import found, put, statement
from tests.support.history import (
    StoppedClock,
    answer_of,
    at,
    claimed,
    coins,
    delivered,
    keyless,
    seen,
)
from tests.support.markup import shown
from tests.support.servers.qredo_server import Answer, QredoServer, coin

ODD = "USD\u200bC"


@pytest.fixture
def custody(cast: Cast) -> Account:  # noqa: ARG001
    return keyless("Custody", at(10))


def body(**assets: int) -> bytes:
    return json.dumps({"assets": {name: coin(total) for name, total in assets.items()}}).encode()


def gave(account: Account, minute: int, **assets: int) -> Recorded:
    """Poll an account: its answer has exactly these assets."""
    now = at(10, minute)
    (recorded,) = delivered(claimed(account, now), answer_of(body(**assets)), now)
    return recorded


def held(account: Account) -> dict[str, int]:
    return {h.asset: int(h.total) for h in Holding.objects.filter(account=account)}


def flags(account: Account) -> list[list[str]]:
    found = Snapshot.objects.filter(account=account).order_by("number")
    return list(found.values_list("flags", flat=True))


def test_the_other_assets_are_taken_and_the_account_is_partial(custody: Account) -> None:
    assert gave(custody, 0, BTC=5, **{ODD: 7}).outcome == "fresh"
    assert (held(custody), flags(custody)) == ({"BTC": 5}, [[LEFT_OUT]])
    assert partial_keys.partial({custody.pk: at(10)}) == {custody.pk}
    assert list(SnapshotChecker(custody).findings()) == []


def test_it_is_partial_from_that_answer_to_the_next_one_without_it(custody: Account) -> None:
    gave(custody, 0, BTC=5)
    gave(custody, 5, BTC=5, **{ODD: 7})
    gave(custody, 10, BTC=5, **{ODD: 8})
    gave(custody, 15, BTC=5)
    # Where nothing else changed, whether something is left out is a change.
    assert flags(custody) == [[], [LEFT_OUT], []]
    told = [partial_keys.left_out([custody.pk], at(10, minute)) for minute in (4, 5, 14, 15)]
    assert told == [set(), {custody.pk}, {custody.pk}, set()]
    assert partial_keys.left_out([custody.pk]) == set()
    assert partial_keys.partial_spans([custody.pk]) == {custody.pk: [(at(10, 5), at(10, 15))]}
    assert list(SnapshotChecker(custody).findings()) == []


def test_an_asset_that_is_missing_may_be_the_one_so_nothing_is_taken(custody: Account) -> None:
    gave(custody, 0, BTC=5, USDC=9)
    recorded = gave(custody, 5, BTC=6, **{ODD: 9})
    assert (recorded.outcome, recorded.reason) == ("failed", "not_understood")
    assert "USDC is missing" in recorded.detail
    assert held(custody) == {"BTC": 5, "USDC": 9}
    assert RejectedAnswer.objects.get(account=custody).size == len(body(BTC=6, **{ODD: 9}))


def test_an_asset_that_was_zero_before_is_none_that_is_missing(custody: Account) -> None:
    gave(custody, 0, BTC=5, USDC=9)
    gave(custody, 5, BTC=5)
    assert gave(custody, 10, BTC=6, **{ODD: 9}).outcome == "fresh"
    assert held(custody) == {"BTC": 6, "USDC": 0}


@pytest.mark.parametrize(
    "entry", [{**coin(1), "total": 1.5}, {**coin(1), "scale": 3}, {"total": 1}, None, 7]
)
def test_an_unusable_amount_under_such_a_name_refuses_all(entry: Any) -> None:
    text = json.dumps({"assets": {"BTC": coin(5), ODD: entry}})
    with pytest.raises(qredo.NotUnderstood):
        qredo.parse_balances(text.encode())


@pytest.mark.parametrize("name", ["", " BTC", "B\u2066C", "B\nC", "\u2764\ufe0f", "x" * 129])
def test_such_names_are_told_escaped(name: str) -> None:
    text = json.dumps({"assets": [{name: coin(1)}, {"BTC": coin(5)}]})
    balances = qredo.parse_balances(text.encode())
    assert [one.asset for one in balances.assets] == ["BTC"]
    (told,) = balances.left_out
    assert told.isascii() and len(told) <= 60  # noqa: PT018 - of one text


def test_pages_and_the_command_say_so(
    custody: Account, cast: Cast, browser_of: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gave(custody, 0, BTC=500_000_000, **{ODD: 7})
    StoppedClock(monkeypatch, at(10, 1))
    viewer = browser_of(cast.viewer)
    page = shown(viewer, "account", custody)
    assert "an asset with a name that cannot be shown" in page.text
    assert "API key is said to see only some wallets" not in page.text
    overview = shown(viewer, "overview").text
    assert "1 account is partial: some wallets or assets are left out." in overview
    Command().handle(time=at(10, 1).isoformat(), accounts=[str(custody.uid)], json=True)
    assert json.loads(capsys.readouterr().out)["flags"] == [LEFT_OUT]
    assert schedules.clock() == at(10, 1)


def test_a_statement_says_so_and_passes_the_verifier(
    custody: Account, cast: Cast, browser_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gave(custody, 0, BTC=5)
    gave(custody, 5, BTC=5, **{ODD: 7})
    gave(custody, 10, BTC=6)
    StoppedClock(monkeypatch, at(10, 20))
    viewer = browser_of(cast.viewer)
    for minute, wallets, count, held in ((4, "all", 0, 5), (5, "some", 1, 5), (10, "all", 0, 6)):
        told = statement(cast.viewer, at(10, minute), at(10, 20))
        assert found(told) == []
        (line,), (total,) = told["accounts"], told["totals"]
        assert [one["asset"] for one in line["holdings"]] == ["BTC"]
        assert (line["wallets"], total["partial"]) == (wallets, count)
        assert total["base_units"][0] == str(held)
        page = shown(viewer, "statement", at=iso(at(10, minute))).text
        left_out = "partial: an asset with a name that cannot be shown is left out"
        assert (left_out in page, "1 account is partial" in page) == (bool(count), bool(count))
        assert "API key" not in page


def test_a_statement_that_hides_it_is_found(custody: Account, cast: Cast) -> None:
    gave(custody, 0, BTC=5, **{ODD: 7})
    told = statement(cast.viewer, at(10, 4), at(10, 20))
    whole = put(told, ("accounts", 0, "wallets"), "all")
    whole = put(put(whole, ("coverage", "partial"), 0), ("totals", 0, "partial"), 0)
    assert found(told) == []
    (wrong,) = found(whole)
    assert "its answer has an asset that is left out" in wrong


def test_the_log_names_it_once(cast: Cast, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    poll._say_once.cache_clear()
    with QredoServer().running() as server:
        settings.QREDO_GIVEN_URLS = {"production": server.url, "sandbox": server.url}
        key = server.new_key(Answer(body(BTC=5, **{ODD: 7})))
        account = props.enrolled(key, "Custody", cast.fund)
        props.scheduled(account, at(10), 300)
        for minute in (0, 5):
            props.polled([account], at(10, minute))
    lines = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert [line for line in lines if "USD\\u200bC" in line] == lines[:1] != []


def test_what_is_usual_writes_no_snapshot_twice(custody: Account) -> None:
    seen(custody, at(10), BTC=coins(5))
    seen(custody, at(10, 5), BTC=coins(5))
    assert flags(custody) == [[]]
