"""How an account's polls went: a run that nothing follows is not drawn up to now."""

from datetime import datetime

import pytest

from accounts.models import Account
from balances.pages.account.context import RunRow
from balances.pages.account.timeline import timeline
from tests.conftest import Cast
from tests.support.history import StoppedClock, at, coins, keyless, seen


@pytest.fixture
def vault(
    cast: Cast,  # noqa: ARG001 - the fund's people
    monkeypatch: pytest.MonkeyPatch,
) -> Account:
    """An account whose last poll was due at 10:05, every five minutes."""
    StoppedClock(monkeypatch, at(10))
    account = keyless("Vault", at(10))
    for minute in (0, 5):
        seen(account, at(10, minute), BTC=coins(1))
    return account


def rows(account: Account, now: datetime) -> tuple[RunRow, ...]:
    found, _ = timeline(account, now, [(at(9), None)])
    return found


def test_while_polls_go_on_a_run_has_no_end(vault: Account) -> None:
    for minute in (6, 10, 15):
        (row,) = rows(vault, at(10, minute))
        assert (row.kind, row.until) == ("fresh", None)
        assert row.text.startswith("since ")


def test_after_polls_stood_still_a_run_ends_where_the_next_one_was_due(vault: Account) -> None:
    (row,) = rows(vault, at(13))
    assert row.kind == "fresh"
    assert row.until is not None
    assert row.text == "10:00 UTC to 10:10 UTC"
    # Of seven days these are the ten minutes from 10:00 on, not three hours.
    assert row.share == 10 * 1000 // (7 * 24 * 60)


def test_a_run_that_ended_before_the_week_is_not_shown(vault: Account) -> None:
    assert rows(vault, at(10, day=20)) == ()


def test_a_part_of_a_run_does_not_tell_how_many_polls_the_whole_had(vault: Account) -> None:
    ((whole,), _) = timeline(vault, at(10, 6), [(at(9), None)])
    ((part,), _) = timeline(vault, at(10, 6), [(at(10, 3), None)])
    assert (whole.slots, part.slots) == ("2 polls, every 5 min", "")
    assert part.text == "since 10:03 UTC"
