"""Random histories: a page as of T shows what it showed at T, and what `balance_at` says."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from io import StringIO
from typing import Any, NamedTuple

import pytest
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account, User
from balances.core.instants import iso
from balances.ledger import partitions
from balances.lifecycle import ownership, pausing
from balances.pages.accounts.page import account_list
from balances.pages.as_of.instant import AsOf
from balances.pages.components.context import AccountRow, AssetTable, Coverage
from balances.pages.overview.changes import overview_changes
from balances.pages.overview.context import Overview
from balances.pages.overview.page import overview
from balances.pages.query.list_query import Query
from balances.polling import claims, recording, refreshes
from balances.polling.pacing import circuit_breaker
from balances.polling.results import Failure, Result
from tests.conftest import Cast
from tests.support.history import StoppedClock, answer, at, coins, keyless

START = at(23, 50, day=1)
SLOT = timedelta(seconds=60)
HALF = SLOT / 2
#: How long after an act somebody looks: what is done at the instant of a look may be of after it.
SOON = timedelta(seconds=1)
POLLS = ("same", "same", "other", "fails", "tls", "nothing")
BETWEEN = ("", "", "refresh", "refresh_fails", "pause", "resume", "archive", "give", "count")
HOLDS = ({"BTC": coins(100)}, {"BTC": coins(250), "ETH": coins(7, 10**18)}, {"ETH": coins(9)})


class Round(NamedTuple):
    """What the accounts' polls at a slot are, and what happens to one of them before the next."""

    polls: tuple[str, str]
    between: str
    account: int


rounds = st.lists(
    st.builds(
        Round,
        st.tuples(st.sampled_from(POLLS), st.sampled_from(POLLS)),
        st.sampled_from(BETWEEN),
        st.integers(0, 1),
    ),
    min_size=4,
    max_size=8,
)


class World:
    """Two accounts, polled on their slots to the second, and two owners."""

    def __init__(self, cast: Cast, clock: StoppedClock) -> None:
        self.cast, self.clock = cast, clock
        self.accounts = [keyless(f"Account {n}", START, 60) for n in range(2)]
        self.held = [0, 0]

    def polls(self, step: Round) -> None:
        for number, kind in enumerate(step.polls):
            self.poll(number, kind)

    def poll(self, number: int, kind: str) -> None:
        account = self.accounts[number]
        due = claims.claim_due(limit=10, now=self.clock.now, only=[account.pk])
        if kind == "other":
            self.held[number] = (self.held[number] + 1) % len(HOLDS)
        outcome: Any = answer(**HOLDS[self.held[number]])
        if kind in {"fails", "tls"}:
            outcome = Failure({"fails": "timeout"}.get(kind, kind), "")
        recording.record([Result(c.account_id, c.token, outcome) for c in due], now=self.clock.now)

    def meanwhile(self, step: Round) -> None:
        account = self.accounts[step.account]
        account.refresh_from_db()
        if step.between:
            getattr(self, step.between)(account)
        if step.between in {"resume", "give"}:  # a tick would poll what is due at once
            self.poll(step.account, "same")

    def refresh(self, account: Account, outcome: Any = None) -> None:
        self.clock.now += SOON  # not at the instant of a slot
        refresh = refreshes.ask(account, by=None)
        claim = claims.claim_refresh(account.pk, refresh.pk, hold=timedelta(seconds=20))
        if claim is not None:
            told = outcome or answer(**HOLDS[self.held[self.accounts.index(account)]])
            result = Result(claim.account_id, claim.token, told)
            recording.record([result], now=self.clock.now)

    def refresh_fails(self, account: Account) -> None:
        self.refresh(account, Failure("dns", ""))

    def pause(self, account: Account) -> None:
        pausing.pause(account, by=None)

    def archive(self, account: Account) -> None:
        pausing.archive(account, by=None)

    def resume(self, account: Account) -> None:
        if not pausing.resume(account, by=None):
            pausing.restore(account, by=None)

    def give(self, account: Account) -> None:
        there = self.cast.other if account.organization == self.cast.fund else self.cast.fund
        ownership.transfer(account, there, by=None)

    def count(self, account: Account) -> None:
        counted = account.tenures.get(ended_at=None).is_counted
        ownership.count(account, counted=not counted, by=None)


def _covered(one: Coverage) -> tuple[int, int, int, str]:
    # Of accounts that are fresh an instant is only bounded, and with it which is the oldest.
    is_exact = one.fresh + one.unknown < one.expected
    return one.fresh, one.expected, one.unknown, one.oldest_label if is_exact else ""


def _tables(tables: Sequence[AssetTable]) -> list[Any]:
    return [
        (t.kind, r.asset, r.figures, _covered(r.coverage), r.count, r.flags)
        for t in tables
        for r in t.rows
    ]


def _row(row: AccountRow) -> tuple[Any, ...]:
    since = row.state.since
    # Within a run of fresh polls an instant is only bounded, and what was missed is told later.
    told = () if row.state.slug in {"fresh", "stale"} else (row.state.reason, since and since.iso)
    parts = [(p.label, p.figures, p.flags) for p in row.parts]
    facts = (row.label, row.owner, row.kind, row.count, row.is_counted, row.is_known, row.tags)
    return (facts, row.state.slug, row.state.word, told, parts)


def _told(page: Overview) -> list[Any]:
    head = page.headline
    return [
        None if head is None else (head.asset, head.scope, head.figures, _covered(head.coverage)),
        None if head is None else (head.change, head.direction),
        _covered(page.coverage),
        _tables(page.tables),
        [_row(row) for row in page.accounts],
        [(choice.label, choice.count) for choice in page.filters],
    ]


def pages(user: User, asked: AsOf, accounts: Sequence[Account]) -> list[Any]:
    """Return what somebody is shown of an instant: everything open, and the list as well."""
    opened = [f"account:{account.uid}" for account in accounts]
    query = Query.of(asked.query, opened)
    shown = overview(user, query, asked, with_chart=False)
    moved = {
        row.key: (row.moved.of, row.moved.changes) for row in overview_changes(user, query, asked)
    }
    rows = [_row(row) for row in account_list(user, query, asked).accounts]
    return [_told(shown), moved, rows]


@pytest.mark.django_db
def test_the_past_looks_as_it_looked(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StoppedClock(monkeypatch, START)
    monkeypatch.setattr(circuit_breaker, "THRESHOLD", 1_000_000)
    partitions.make_months([START, START + timedelta(days=1)])

    @settings(max_examples=4, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(rounds)
    def looks_the_same(history: list[Round]) -> None:
        with transaction.atomic():
            clock.now = START
            world, people = World(cast, clock), (cast.viewer, cast.stranger)
            seen: list[tuple[datetime, User, list[Any]]] = []
            for step in history:
                began = clock.now
                world.polls(step)
                _look(seen, people, world)
                clock.now = began + HALF
                world.polls(step)  # from a turn on, slots may lie here
                world.meanwhile(step)
                clock.now += SOON
                _look(seen, people, world)
                clock.now = began + SLOT
            clock.now += timedelta(days=1)
            for instant, user, told in seen:
                asked = AsOf(instant, clock.now, is_past=True)
                assert pages(user, asked, world.accounts) == told, (instant, user)
            _check_command(seen[-1][0], people, world)
            transaction.set_rollback(True)

    looks_the_same()


def _look(
    seen: list[tuple[datetime, User, list[Any]]], people: Sequence[User], world: World
) -> None:
    now = world.clock.now
    seen += [(now, user, pages(user, AsOf(now, now), world.accounts)) for user in people]


def _check_command(instant: datetime, people: Sequence[User], world: World) -> None:
    """Compare the accounts' open rows with what the command prints of the same instant."""
    out = StringIO()
    call_command("balance_at", iso(instant), json=True, stdout=out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    printed = {(x["account"], x["asset"], x["total"], x["available"]) for x in lines if x["asset"]}
    asked = AsOf(instant, world.clock.now, is_past=True)
    query = Query.of(asked.query, [f"account:{account.uid}" for account in world.accounts])
    shown = {
        (row.uid, p.label, p.figures.total.exact, p.figures.available.exact)
        for user in people
        for row in account_list(user, query, asked).accounts
        for p in row.parts
    }
    # The command, which has no reader, also tells zeros of before the present owner's time.
    assert shown <= printed
    assert {line for line in printed if line[2].strip("0.")} <= shown
