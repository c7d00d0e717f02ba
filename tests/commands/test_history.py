"""history: N instants from one to the other, both included; unknown before the first snapshot."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.servers.installation import Enrolled, Installation, Ran
from tests.support.servers.qredo_server import coin, holding


@pytest.fixture(scope="module")
def account(_installation: Installation) -> Enrolled:
    """An account whose ETH is new at its second poll, both in the minute that has just passed."""
    (found,) = _installation.enrol(holding(BTC=coin(5, 100)))
    assert _installation.run("poll_balances", found.uid).code == 0
    answer = holding(BTC=coin(9, 100, incoming=1), ETH=coin(10**18, 10**18))
    _installation.qredo.answers[found.key_id] = answer
    assert _installation.run("poll_balances", found.uid).code == 0
    return found


def command(
    account: Enrolled, start: str, end: str, points: object, *, asset: str = "BTC"
) -> list[str]:
    return [
        "history", account.uid, asset, "--from", start, "--to", end, "--points", str(points),
        "--json",
    ]  # fmt: skip


def drawn(installation: Installation, words: list[str]) -> list[dict[str, Any]]:
    ran: Ran = installation.run(*words)
    assert ran.code == 0, ran
    for line in ran.lines:
        assert set(line) == {
            "at", "total", "available", "pending_in", "pending_out", "coverage"
        }  # fmt: skip
    return ran.lines


def test_points_are_even_and_include_both_ends(
    installation: Installation, account: Enrolled
) -> None:
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    start = end - timedelta(hours=8)
    lines = drawn(installation, command(account, start.isoformat(), end.isoformat(), 5))
    instants = [datetime.fromisoformat(line["at"]) for line in lines]
    assert instants == [start + timedelta(hours=2) * step for step in range(5)]
    unknown = dict.fromkeys(("total", "available", "pending_in", "pending_out"))
    for line in lines[:4]:
        assert line == {"at": line["at"], **unknown, "coverage": "unknown"}
    assert (lines[4]["total"], lines[4]["pending_in"]) == ("0.09", "0.01")
    assert lines[4]["available"] == "0.08"


def test_values_step_at_their_snapshots_and_carry_into_the_future(
    installation: Installation, account: Enrolled
) -> None:
    seen = installation.sql(
        "SELECT observed_at FROM balances_snapshot s JOIN accounts_account a ON a.id ="
        " s.account_id WHERE a.uid = %s ORDER BY 1", account.uid
    )  # fmt: skip
    first, second = (row[0] for row in seen)
    words = command(account, first.isoformat(), (second + (second - first)).isoformat(), 3)
    assert [line["total"] for line in drawn(installation, words)] == ["0.05", "0.09", "0.09"]
    # An asset that came later was zero, which is known, and has its places.
    words = command(account, first.isoformat(), second.isoformat(), 2, asset="ETH")
    eth = [(line["total"], line["coverage"]) for line in drawn(installation, words)]
    assert eth == [("0.000000000000000000", "fresh"), ("1.000000000000000000", "fresh")]
    later = (second + timedelta(hours=1)).isoformat()
    (line,) = drawn(installation, command(account, later, later, 1))
    assert (line["total"], line["coverage"]) == ("0.09", "carried")


def test_a_point_agrees_with_balance_at(installation: Installation, account: Enrolled) -> None:
    at = datetime.now(UTC).isoformat()
    (point,) = drawn(installation, command(account, at, at, 1))
    told = installation.run("balance_at", at, account.uid, "--json").lines
    (balance,) = [line for line in told if line["asset"] == "BTC"]
    del point["at"]
    assert point == {name: balance[name] for name in point}


def test_what_cannot_be_drawn_ends_with_2(installation: Installation, account: Enrolled) -> None:
    at, later = "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"
    nobody = Enrolled("00000000-0000-4000-8000-000000000000", "")
    wrong = {
        "--points 0": command(account, at, later, 0),
        "--points=-1": [*command(account, at, later, 1), "--points=-1"],
        "--points 1e9": command(account, at, later, 10**9),
        "--from": command(account, later, at, 2),
        "zone": command(account, "2026-03-02", later, 2),
        "asset": command(account, at, later, 2, asset="NOTHING"),
        nobody.uid: command(nobody, at, later, 2),
    }
    commands = [(words, "") for words in wrong.values()]
    for word, ran in zip(wrong, installation.together(*commands), strict=True):
        assert word.split("=")[0].split(" ")[0] in ran.refused(2)
