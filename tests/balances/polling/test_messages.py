"""Messages: ids alone; one that comes twice changes nothing, one that is lost is a missed slot."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis

from accounts.models import Account, ApiKey
from balances import tasks
from balances.ledger import schedules
from balances.models import Schedule, Snapshot
from balances.polling import claims
from balances.polling.claims import Claim
from tests.conftest import Simulator
from tests.support import history, props
from tests.support.servers.broker import link


@pytest.fixture
def queue() -> Iterator[Redis]:
    """The broker itself; no worker runs beside the tests."""
    with link() as redis:
        redis.delete("celery")
        yield redis
        redis.delete("celery")


@pytest.fixture
def due(custody: Account) -> list[Claim]:
    now = schedules.clock()
    props.scheduled(custody, now - timedelta(seconds=1), 300)
    return claims.claim_due(limit=10, only=[custody.pk])


def sent(queue: Redis) -> list[dict[str, Any]]:
    """What stands in the queue: each message with its body opened."""
    messages = [json.loads(text) for text in queue.lrange("celery", 0, -1)]
    return [{**m, "body": json.loads(base64.b64decode(m["body"]))} for m in messages]


def pairs(found: list[Claim]) -> list[tuple[int, str]]:
    return [(claim.account_id, str(claim.token)) for claim in found]


def test_a_message_holds_ids_and_nothing_else(
    due: list[Claim], queue: Redis, custody: Account
) -> None:
    tasks.hand_out(due)
    (message,) = sent(queue)
    assert message["body"][:2] == [[[list(pair) for pair in pairs(due)]], {}]
    assert message["headers"]["task"] == "balances.poll_chunk"
    key = ApiKey.objects.get(account=custody)
    text = json.dumps(message)
    assert not any(word in text for word in (key.key_id, key.sealed, custody.label))


def test_a_message_that_comes_twice_changes_nothing(
    due: list[Claim], simulator: Simulator, custody: Account
) -> None:
    before = simulator.requests_of("Custody")
    tasks.poll_chunk(pairs(due))
    once = Schedule.objects.filter(account=custody).values().get()
    tasks.poll_chunk(pairs(due))
    assert Schedule.objects.filter(account=custody).values().get() == once
    assert simulator.requests_of("Custody") == before + 1
    assert Snapshot.objects.filter(account=custody).count() == 1


def test_a_message_that_is_lost_is_a_missed_slot(
    due: list[Claim], queue: Redis, simulator: Simulator, custody: Account
) -> None:
    tasks.hand_out(due)
    queue.delete("celery")
    before = simulator.requests_of("Custody")
    claims.reap(schedules.clock() + timedelta(minutes=5))
    assert history.words(custody) == [("missed", "unfinished", 1)]
    # Found again after all, it comes too late.
    tasks.poll_chunk(pairs(due))
    assert history.words(custody) == [("missed", "unfinished", 1)]
    assert simulator.requests_of("Custody") == before
    history.assert_tiled(custody)
