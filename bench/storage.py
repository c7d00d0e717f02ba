"""Line 5: bytes a poll, against a table that keeps a lean row of every asset of every poll."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import psycopg
from django.conf import settings

import embedded
import qredo
from accounts.models import Account, Environment, Organization, Tenure
from balances.core import sql
from balances.demo.seed.wallets import Purse, answer, coins
from balances.ledger import schedules
from balances.models import Schedule
from balances.polling import claims, recording
from balances.polling import schedules as polling_schedules
from balances.polling.results import Result
from bench.lines import Line
from qredo_dash import home

ACCOUNTS, ASSETS = 50, 10
#: Two days, so that runs close as they do; one poll of twenty changes two assets.
DAYS, RARITY, CHANGED = 2, 20, 2

_SIZE = """
SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname LIKE 'balances_%%'
"""
_LEAN = """
CREATE TABLE bench_lean (
    account_id integer, asset_id smallint, at timestamptz,
    total numeric, available numeric, pending_in numeric, pending_out numeric,
    PRIMARY KEY (account_id, asset_id, at)
)
"""


@dataclass(slots=True)
class Upstream:
    """What one account holds, and its answer now."""

    account: Account
    purses: list[Purse]
    chance: Random

    def answer(self) -> qredo.BalanceAnswer:
        if not self.chance.randrange(RARITY):
            for purse in self.chance.sample(self.purses, CHANGED):
                purse.move(self.chance)
        body = answer(self.purses)
        digest = hashlib.sha256(body).digest()
        return qredo.BalanceAnswer(body, digest, qredo.parse_balances(body), math.inf)


def lines() -> Iterator[Line]:
    """Record the same answers both ways and see what tables and indexes have grown by."""
    told = {one.account.pk: one for one in _upstreams()}
    step = timedelta(seconds=settings.POLL_INTERVAL_SECONDS)
    start = schedules.clock()
    _round(told, start + step)
    sizes, lean = [_size()], list[str]()
    rounds = DAYS * timedelta(days=1) // step
    for number in range(rounds):
        now = start + step * (number + 2)
        _round(told, now)
        lean += _lean(told, now)
    sizes.append(_size())
    # Whoever measures polls afterwards should not find them due.
    Schedule.objects.filter(pk__in=told).update(next_slot=None)
    polls = rounds * ACCOUNTS
    name = f"bytes a poll, {polls} polls of which 5 % change 2 of 10 assets"
    yield Line(5, name, (sizes[1] - sizes[0]) / polls, "B", 1 / 25, _filled(lean) / polls)


def _upstreams() -> Iterator[Upstream]:
    fund = Organization.objects.create(name="Bench of bytes")
    for number in range(ACCOUNTS):
        account = Account.objects.create(
            label=f"Bytes {number}", organization=fund, environment=Environment.PRODUCTION
        )
        Tenure.objects.create(account=account, organization=fund, began_at=account.created_at)
        polling_schedules.add_missing([account])
        chance = Random(number)  # noqa: S311 - repeatable on purpose
        purses = [Purse.filled(coin, 0, chance) for coin in coins(ASSETS)]
        yield Upstream(account, purses, chance)


def _round(told: dict[int, Upstream], now: datetime) -> None:
    due = claims.claim_due(limit=ACCOUNTS, now=now, only=list(told))
    results = [Result(c.account_id, c.token, told[c.account_id].answer()) for c in due]
    assert len(recording.record(results, now=now)) == ACCOUNTS


def _lean(told: dict[int, Upstream], now: datetime) -> Iterator[str]:
    for account_id, one in told.items():
        for place, purse in enumerate(one.purses):
            yield "\t".join(map(str, (account_id, place, now, *purse.amounts))) + "\n"


def _size() -> int:
    size: int = sql.rows(_SIZE)[0][0]
    return size


def _filled(lean: list[str]) -> int:
    """Return the bytes of the lean table, which only the owner can make."""
    with psycopg.connect(embedded.locate(home.data_dir()).owner.url) as link:
        link.execute(_LEAN)
        with link.cursor().copy("COPY bench_lean FROM STDIN") as copy:
            copy.write("".join(lean))
        found = link.execute("SELECT pg_total_relation_size('bench_lean')").fetchone()
    assert found is not None
    size: int = found[0]
    return size
