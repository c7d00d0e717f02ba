"""Histories without HTTP: made-up answers go through the real claims and recording."""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

import qredo
from accounts.models import Account, Environment, Organization, Tenure, User
from balances.ledger import schedules
from balances.lifecycle import ownership
from balances.models import Pause, Run, Schedule
from balances.polling import claims, recording
from balances.polling.claims import Claim
from balances.polling.recording import Recorded
from balances.polling.results import Failure, Result
from tests.support import props

INTERVAL = 300
TIMEOUT = Failure("timeout", "The host did not answer in time.")


def at(hour: int, minute: int = 0, second: int = 0, *, day: int = 2) -> datetime:
    """Return an instant of March 2026, in UTC."""
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


class StoppedClock:
    """Stands for PostgreSQL's clock: shows `now` until told otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
        self.now = now
        clock_and = schedules.clock_and
        monkeypatch.setattr(schedules, "clock", lambda: self.now)
        monkeypatch.setattr(schedules, "clock_and", lambda *asked: (self.now, clock_and(*asked)[1]))


def keyless(label: str, first_slot: datetime, interval: int = INTERVAL) -> Account:
    """Return an account of the fund that no request is made for, due from `first_slot` on."""
    fund, _ = Organization.objects.get_or_create(name="Fund")
    account = Account.objects.create(
        organization=fund, label=label, environment=Environment.PRODUCTION
    )
    Tenure.objects.create(account=account, organization=fund, began_at=props.LONG_AGO)
    props.scheduled(account, first_slot, interval)
    return account


def of_person(label: str, owner: User) -> Account:
    """Return a personal account that no request is made for, due from ten o'clock on."""
    account = keyless(label, at(10))
    always_of(owner, account)
    return account


def always_of(owner: User, account: Account) -> None:
    """Let a new account have been a person's from the beginning."""
    Account.objects.filter(pk=account.pk).update(owner=owner, organization=None)
    Tenure.objects.filter(account=account).update(owner=owner, organization=None)
    account.refresh_from_db()


def given_away(label: str, to: Organization, clock: StoppedClock) -> Account:
    """1.00 BTC at 10:00, 1.50 at 10:10, the other organization's from 10:12 on, 2.00 at 10:15."""
    account = keyless(label, at(10))
    seen(account, at(10), BTC=coins(100))
    seen(account, at(10, 5), BTC=coins(100))
    seen(account, at(10, 10), BTC=coins(150))
    clock.now = at(10, 12)
    ownership.transfer(account, to, by=None)
    seen(account, at(10, 15), BTC=coins(200))
    return account


def answer(**assets: tuple[int, int, int, int, int]) -> qredo.BalanceAnswer:
    """Return an answer: total, available, pending in and out, scale of each asset."""
    fields = ("total", "available", "pendingIn", "pendingOut", "scale")
    told = {name: dict(zip(fields, amounts, strict=True)) for name, amounts in assets.items()}
    return answer_of(json.dumps({"assets": told}).encode())


def answer_of(body: bytes) -> qredo.BalanceAnswer:
    """Return the answer that these bytes are, sent at the very instant it is recorded under."""
    digest = hashlib.sha256(body).digest()
    balances = qredo.parse_balances(body, sum_entries=True)
    evidence = qredo.Evidence(body, digest, len(body))
    return qredo.BalanceAnswer(body, digest, balances, math.inf, evidence)


def coins(total: int, scale: int = 100) -> tuple[int, int, int, int, int]:
    """Return the amounts of an asset of which everything is available."""
    return total, total, 0, 0, scale


def claimed(account: Account, now: datetime) -> Claim:
    """Claim the newest slot of an account that is due."""
    (claim,) = claims.claim_due(limit=10, now=now, only=[account.pk])
    return claim


def delivered(
    claim: Claim, outcome: qredo.BalanceAnswer | Failure, now: datetime
) -> list[Recorded]:
    """Record what came for a claim."""
    return recording.record([Result(claim.account_id, claim.token, outcome)], now=now)


def seen(account: Account, now: datetime, **assets: tuple[int, int, int, int, int]) -> Recorded:
    """Poll an account that is due: it holds exactly this."""
    (recorded,) = delivered(claimed(account, now), answer(**assets), now)
    return recorded


def failed(account: Account, now: datetime, failure: Failure = TIMEOUT) -> Recorded:
    """Poll an account that is due: it does not answer."""
    (recorded,) = delivered(claimed(account, now), failure, now)
    return recorded


@dataclass(frozen=True)
class Stretch:
    """What an account's time was: a run or a pause, from `first` up to `until`."""

    first: datetime
    until: datetime | None
    kind: str
    reason: str = ""
    slots: int = 0


def timeline(account: Account) -> list[Stretch]:
    """Return an account's runs, the open one too, and pauses, in order."""
    found = [
        Stretch(r.span.lower, r.span.upper, r.outcome, r.reason, r.slots)
        for r in Run.objects.filter(account=account)
    ]
    found += [
        Stretch(p.began_at, p.ended_at, p.kind)
        for p in Pause.objects.filter(account=account)
        if p.began_at != p.ended_at
    ]
    return sorted([*found, *_open_run(account)], key=lambda stretch: stretch.first)


def _open_run(account: Account) -> Iterable[Stretch]:
    s = Schedule.objects.get(account=account)
    if s.run_first is None or s.run_last is None:
        return
    until = s.run_last + timedelta(seconds=s.interval_seconds)
    yield Stretch(s.run_first, until, s.run_outcome, s.run_reason, s.run_slots)


def words(account: Account) -> list[tuple[str, str, int]]:
    """Return an account's timeline without its instants."""
    return [(stretch.kind, stretch.reason, stretch.slots) for stretch in timeline(account)]


def assert_tiled(account: Account) -> None:
    """Check that runs and pauses follow one another without hole or overlap, up to what is next."""
    stretches = timeline(account)
    for before, after in pairwise(stretches):
        assert before.until == after.first, (before, after)
    schedule = Schedule.objects.get(account=account)
    following = schedule.claim_slot or schedule.next_slot
    assert not stretches or stretches[-1].until == following
