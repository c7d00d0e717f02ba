"""A clock that steps back makes no figure wrong, loses no poll and breaks no proof."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.audit import objects, recording
from accounts.audit import verification as acts_verified
from balances.evidence.verification.verify import verify
from balances.history import positions
from balances.lifecycle import ownership
from balances.models import Schedule
from balances.polling import claims, refreshes
from balances.polling import recording as polls
from balances.polling.pacing import circuit_breaker
from balances.polling.results import Result
from tests.conftest import Cast
from tests.support import acts
from tests.support.evidence.statements import account as line_of
from tests.support.evidence.statements import statement
from tests.support.history import (
    TIMEOUT,
    StoppedClock,
    answer,
    at,
    claimed,
    coins,
    delivered,
    keyless,
    seen,
)
from tests.support.markup import shown

TICK = timedelta(microseconds=1)


def test_the_newest_answer_stands_though_the_clock_stepped_back_before_it(
    clock: StoppedClock, viewer: Client
) -> None:
    vault = keyless("Vault", at(10))
    seen(vault, at(10), BTC=coins(100))
    clock.now = at(10, 20)
    refreshes.record_answer(refreshes.ask(vault, by=None), answer(BTC=coins(200)))
    clock.now = at(10, 10)
    (recorded,) = delivered(claimed(vault, clock.now), answer(BTC=coins(300)), clock.now)
    assert recorded.outcome == "fresh"
    clock.now = at(10, 21)
    assert "3.00" in shown(viewer, "account", vault).amounts()
    told = [
        positions.positions([vault.pk], instant)[0] for instant in (at(10, 20), at(10, 20) + TICK)
    ]
    assert [one.standings[0].level.total for one in told] == [200, 300]
    assert verify().findings == []


def test_what_is_seen_after_a_transfer_is_the_new_owners_whatever_the_clock_says(
    clock: StoppedClock, cast: Cast
) -> None:
    vault = keyless("Vault", at(10))
    seen(vault, at(10), BTC=coins(100))
    clock.now = at(11)
    ownership.transfer(vault, cast.other, by=None)
    clock.now = at(10, 30)  # the clock steps back
    seen(vault, clock.now, BTC=coins(700))
    given = [
        line_of(statement(reader, instant, at(12)), "Vault")["holdings"][0]["total"]
        for reader, instant in ((cast.viewer, at(11) - TICK), (cast.stranger, at(11)))
    ]
    assert given == ["1.00", "7.00"]


def test_the_audit_log_is_whole_though_the_clock_stepped_back(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = recording._HEAD.replace("clock_timestamp()", "clock_timestamp() + interval '1 hour'")
    person = objects.person(cast.viewer)
    with monkeypatch.context() as patch:
        patch.setattr(recording, "_HEAD", fast)
        recording.record("sign_in", person, by=cast.viewer)
    for act in ("sign_out", "sign_in"):
        recording.record(act, person, by=cast.viewer)
    instants = [act.at for act in acts.acts_of(cast.viewer)]
    assert instants == sorted(set(instants))
    assert instants[0] > timezone.now()
    assert acts_verified.verify().findings == []


@pytest.mark.django_db
def test_an_environment_that_was_away_is_polled_again_though_the_clock_stepped_back(
    clock: StoppedClock,
) -> None:
    for number in range(circuit_breaker.THRESHOLD + 2):
        keyless(f"Account {number}", at(10))
    for claim in claims.claim_due(limit=100, now=at(10)):
        delivered(claim, TIMEOUT, at(10))
    Schedule.objects.update(next_slot=at(9))
    for minute in range(20):
        clock.now = at(9, minute)
        due = claims.claim_due(limit=100, now=clock.now)
        polls.record([Result(c.account_id, c.token, answer()) for c in due], now=clock.now)
    assert not Schedule.objects.filter(observed_at=None).exists()
