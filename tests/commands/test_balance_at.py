"""balance_at: exact figures as of an instant, and never a zero for what is not known."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.support.servers.installation import Enrolled, Installation
from tests.support.servers.qredo_server import Answer, coin, holding

NAMES = ("total", "available", "pending_in", "pending_out")
HUGE = 123_456_789_012_345_678_901_234_567_890
HOURS_EAST = timezone(timedelta(hours=5, minutes=45))


@pytest.fixture(scope="module")
def history(_installation: Installation) -> dict[str, Any]:
    """Three accounts: a rich one that was polled twice, one that is empty, one never polled."""
    first = holding(
        BTC=coin(250_000_001, incoming=5, out=2),
        ETH=coin(HUGE, 10**18),
        QCOIN=coin(7, 1),
        ODD=coin(10, 100, available=3),
    )
    rich, empty, unknown = _installation.enrol(first, Answer(b'{"assets":null}'), Answer())
    began = datetime.now(UTC)
    assert _installation.run("poll_balances", rich.uid, empty.uid).code == 0
    between = datetime.now(UTC)
    _installation.qredo.answers[rich.key_id] = holding(BTC=coin(1), ODD=coin(10, 100))
    assert _installation.run("poll_balances", rich.uid).code == 0
    return {
        "rich": rich, "empty": empty, "unknown": unknown, "began": began, "between": between,
        "ended": datetime.now(UTC),
    }  # fmt: skip


def asked(installation: Installation, at: str, *accounts: Enrolled) -> list[dict[str, Any]]:
    ran = installation.run("balance_at", at, *(a.uid for a in accounts), "--json")
    assert ran.code == 0
    return ran.lines


def test_figures_of_the_past_are_exact(installation: Installation, history: dict[str, Any]) -> None:
    at = history["between"].astimezone(HOURS_EAST).isoformat()
    lines = {line.pop("asset"): line for line in asked(installation, at, history["rich"])}
    seen = lines["BTC"].pop("observed_at")
    assert history["began"] <= datetime.fromisoformat(seen) <= history["between"]
    assert lines["BTC"] == {
        "account": history["rich"].uid,
        "total": "2.50000001", "available": "2.49999998",
        "pending_in": "0.00000005", "pending_out": "0.00000002",
        "base_units": dict(zip(NAMES, ("250000001", "249999998", "5", "2"), strict=True)),
        "scale": "100000000", "coverage": "fresh", "flags": [],
    }  # fmt: skip
    assert lines["ETH"]["total"] == "123456789012.345678901234567890"
    assert lines["ETH"]["base_units"]["total"] == str(HUGE)
    assert lines["ETH"]["pending_in"] == "0.000000000000000000"
    assert (lines["QCOIN"]["total"], lines["QCOIN"]["scale"]) == ("7", "1")
    # Stored as told, and flagged: 10 is not 3.
    assert (lines["ODD"]["total"], lines["ODD"]["available"]) == ("0.10", "0.03")
    assert lines["ODD"]["flags"]


def test_a_vanished_asset_is_zero_with_its_places(
    installation: Installation, history: dict[str, Any]
) -> None:
    lines = {line["asset"]: line for line in asked(installation, "NOW", history["rich"])}
    assert sorted(lines) == ["BTC", "ETH", "ODD", "QCOIN"]
    assert lines["BTC"]["total"] == "0.00000001"
    assert (lines["ETH"]["total"], lines["QCOIN"]["total"]) == ("0.000000000000000000", "0")
    assert lines["ETH"]["base_units"] == dict.fromkeys(NAMES, "0")
    assert lines["ODD"]["flags"] == []


def test_empty_is_not_unknown(installation: Installation, history: dict[str, Any]) -> None:
    empty, unknown, rich = history["empty"], history["unknown"], history["rich"]
    now = asked(installation, "now", empty, unknown)
    assert now == [
        {"account": empty.uid, "asset": None, "coverage": now[0]["coverage"]},
        {"account": unknown.uid, "asset": None, "coverage": "unknown"},
    ]
    assert now[0]["coverage"] in {"fresh", "carried"}
    before = asked(installation, history["began"].isoformat().replace("+00:00", "Z"), rich, empty)
    assert [line["coverage"] for line in before] == ["unknown", "unknown"]
    assert [line["asset"] for line in before] == [None, None]


def test_the_future_carries_and_does_not_pretend(
    installation: Installation, history: dict[str, Any]
) -> None:
    later = (history["ended"] + timedelta(days=365)).isoformat()
    lines = asked(installation, later, history["rich"], history["empty"])
    assert {line["coverage"] for line in lines} == {"carried"}
    seen = {datetime.fromisoformat(line["observed_at"]) for line in lines if line["asset"]}
    assert len(seen) == 1
    assert history["between"] <= seen.pop() <= history["ended"]


def test_without_ids_every_account_has_its_line(
    installation: Installation, history: dict[str, Any]
) -> None:
    lines = asked(installation, "now")
    accounts = {line["account"] for line in lines}
    assert len(accounts) == installation.sql("SELECT count(*) FROM accounts_account")[0][0]
    assert history["unknown"].uid in accounts


def test_what_is_no_instant_or_no_account_ends_with_2(installation: Installation) -> None:
    times = ["2026-03-02T10:00:00", "0001-01-01T00:00:00+14:00", "1" + "0" * 18, "yesterday"]
    commands = [(["balance_at", text, "--json"], "") for text in times]
    nobody = "00000000-0000-4000-8000-000000000000"
    commands.append((["balance_at", "now", nobody, "--json"], ""))
    words = ("zone", "2009", "instant", "instant", nobody)
    for word, ran in zip(words, installation.together(*commands), strict=True):
        assert word in ran.refused(2)
