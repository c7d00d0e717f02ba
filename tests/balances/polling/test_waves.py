"""Who hangs is waited for alone: what came meanwhile is written, and others take its place."""

from collections.abc import Iterator
from threading import Event
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Account
from balances import tasks
from balances.models import Schedule, Upstream
from balances.polling import claims, poll
from balances.polling.claims import Claim
from balances.polling.pacing import admission
from balances.polling.results import Result
from tests.support.history import TIMEOUT, StoppedClock, answer, at, coins, keyless, words

FRESH, FAILED = [("fresh", "", 1)], [("failed", "timeout", 1)]


@pytest.fixture
def let_go(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:  # noqa: ARG001
    """Accounts whose label says so hang until this is set; then they time out."""
    gone = Event()

    def ask(claim: Claim, key: str, *_: object) -> Result:
        if key.startswith("Hanging"):
            assert gone.wait(20)
            return Result(claim.account_id, claim.token, TIMEOUT)
        return Result(claim.account_id, claim.token, answer(BTC=coins(1)))

    def labels(_ids: object) -> dict[int, str]:
        return dict(Account.objects.values_list("pk", "label"))

    monkeypatch.setattr(poll, "_ask", ask)
    monkeypatch.setattr(poll, "_active_keys", labels)
    # Longer than anybody hangs: what is written before was written promptly.
    monkeypatch.setattr(poll, "_time_to_begin", lambda: 60.0)
    StoppedClock(monkeypatch, at(10))
    yield gone
    gone.set()


def told(due: list[Claim]) -> list[tuple[int, str]]:
    return [(claim.account_id, str(claim.token)) for claim in due]


def test_what_came_is_written_while_another_hangs(let_go: Event) -> None:
    hanging, prompt = keyless("Hanging", at(10)), keyless("Prompt", at(10))
    for recorded in poll.waves(claims.claim_due(limit=10)):
        if not recorded:
            continue
        if not let_go.is_set():
            assert words(prompt) == FRESH
            assert Schedule.objects.get(account=hanging).claim_token is not None
        let_go.set()
    assert words(hanging) == FAILED
    assert words(prompt) == FRESH


def test_many_that_hang_beside_one_that_answers_are_no_outage(let_go: Event) -> None:
    hanging = [keyless(f"Hanging {n}", at(10)) for n in range(12)]
    keyless("Prompt", at(10))
    for recorded in poll.waves(claims.claim_due(limit=20)):
        if recorded:
            let_go.set()
    assert all(words(account) == FAILED for account in hanging)
    assert not Upstream.objects.exclude(opened_at=None, failures=0).exists()


def test_others_take_the_place_of_those_that_ended(
    let_go: Event, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.QREDO_CONCURRENCY = 2
    for label in ("Hanging", "Prompt"):
        keyless(label, at(10))
    first = claims.claim_due(limit=10)
    waiting, handed_out = keyless("Waiting", at(10)), []
    assert claims.claim_due(limit=10) == []

    def hand_out(due: list[Claim]) -> None:
        handed_out.append(([claim.account_id for claim in due], let_go.is_set()))
        let_go.set()

    monkeypatch.setattr(tasks, "hand_out", hand_out)
    tasks.poll_chunk(told(first))
    assert handed_out[0] == ([waiting.pk], False)


def test_a_broker_that_is_away_loses_no_answer(
    let_go: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = [keyless("Hanging", at(10)), keyless("Prompt", at(10))]
    first = claims.claim_due(limit=10)

    def broken(_due: list[Claim]) -> None:
        let_go.set()
        raise tasks.poll_chunk.OperationalError

    monkeypatch.setattr(admission, "is_short", lambda: True)
    monkeypatch.setattr(tasks, "hand_out", broken)
    tasks.poll_chunk(told(first))
    assert [words(account) for account in accounts] == [FAILED, FRESH]


@pytest.mark.parametrize(("due", "sizes"), [(32, [16, 16]), (5, [5]), (2_000, [100] * 20)])
def test_few_claims_are_shared_out_among_processes(
    monkeypatch: pytest.MonkeyPatch, due: int, sizes: list[int]
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(
        tasks.poll_chunk, "apply_async", lambda args, **_: sent.append(len(args[0]))
    )
    tasks.hand_out([Claim(number, uuid4()) for number in range(due)])
    assert sent == sizes
