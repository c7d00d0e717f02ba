"""Seeded history is what polling would have written, as a whole or not at all."""

import json
import multiprocessing
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.models import Account, Act, Environment, Organization, Tenure, User
from balances.core import sql
from balances.core.assets import is_testnet_name
from balances.demo.seed import load, workers
from balances.demo.seed.account_history import Member
from balances.demo.seed.plan import Plan
from balances.demo.seed.workers import BATCH, Share, batches
from balances.evidence.verification.verify import verify
from balances.lifecycle import pausing
from balances.models import Change, Holding, Pause, Payload, Run, Schedule, Snapshot
from balances.polling import claims, recording, schedules
from balances.polling.results import Failure, Result
from tests.support import props
from tests.support.evidence.sums import assert_rolled_up
from tests.support.history import StoppedClock, answer_of
from tests.support.roles import owner

UNTIL = datetime(2026, 5, 20, 17, 23, 45, tzinfo=UTC)
STEP = timedelta(hours=2)
PLAN = {"accounts": 4, "assets": 4, "days": 20, "changes_per_day": 5, "interval": 7200}

pytestmark = pytest.mark.django_db


def seeded(**options: object) -> dict[str, Any]:
    """Seed as the command does; return what it says."""
    out = StringIO()
    wanted = {**PLAN, "until": UNTIL.isoformat(), **options}
    call_command("seed_history", stdout=out, stderr=StringIO(), **wanted)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


@contextmanager
def undone() -> Iterator[None]:
    """Take back what the block writes."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


_UNKNOWN_PAGES = """
SELECT sum(brin_summarize_new_values(inhrelid::regclass)) FROM pg_inherits
WHERE inhparent = 'balances_change_time'::regclass
"""


def test_the_index_of_time_knows_all_pages_afterwards() -> None:
    assert (
        seeded(changes_per_day=30, interval=600)["changes"] > 2000
    )  # more than the sixteen pages of a range
    with owner():
        assert sql.rows(_UNKNOWN_PAGES) == [(0,)]


_ROWS: dict[str, str] = {
    "snapshots": "SELECT a.uid, s.slot, s.observed_at, payload_id, flags, number, chain FROM"
    " balances_snapshot s JOIN accounts_account a ON a.id = s.account_id",
    "changes": "SELECT a.uid, h.asset, c.valid_from, s.number, c.total, c.available, c.pending_in,"
    " c.pending_out, c.scale, delta_total, delta_available, delta_pending_in, delta_pending_out,"
    " c.flags FROM balances_change c JOIN balances_holding h ON h.id = c.holding_id"
    " JOIN balances_snapshot s ON s.id = c.snapshot_id JOIN accounts_account a"
    " ON a.id = h.account_id",
    "holdings": "SELECT a.uid, asset, total, available, pending_in, pending_out, scale, flags,"
    " changed_at FROM balances_holding h JOIN accounts_account a ON a.id = h.account_id",
    "runs": "SELECT a.uid, to_jsonb(r) - 'account_id' FROM balances_run r"
    " JOIN accounts_account a ON a.id = r.account_id",
    "schedules": "SELECT a.uid, to_jsonb(s) - 'account_id' FROM balances_schedule s"
    " JOIN accounts_account a ON a.id = s.account_id",
    "pauses": "SELECT a.uid, a.keyless_at, kind, began_at, ended_at FROM balances_pause p"
    " JOIN accounts_account a ON a.id = p.account_id",
    "hours": "SELECT environment, asset, at, total, available, pending_in, pending_out"
    " FROM balances_rollup_hour WHERE (total, available) <> (0, 0)",
    "days": "SELECT environment, asset, at, total, available, pending_in, pending_out"
    " FROM balances_rollup_day WHERE (total, available) <> (0, 0)",
}


def written() -> dict[str, list[str]]:
    """Return all of history without the numbers of rows."""
    found = {name: sorted(map(repr, _plain(sql.rows(rows)))) for name, rows in _ROWS.items()}
    bodies = Payload.objects.values_list("digest", "body", "size")
    found["payloads"] = sorted(repr((bytes(d), zlib.decompress(b), s)) for d, b, s in bodies)
    return found


def _plain(rows: list[tuple[Any, ...]]) -> list[tuple[object, ...]]:
    return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows]


class Told:
    """What upstream said to one account, read back from what was seeded."""

    def __init__(self, account: Account) -> None:
        self.account, self.tenure = account, Tenure.objects.get(account=account)
        self.runs = list(Run.objects.filter(account=account).order_by("number"))
        snapshots = Snapshot.objects.filter(account=account).select_related("payload")
        self.answers = {
            one.slot: (one.observed_at, zlib.decompress(one.payload.body)) for one in snapshots
        }

    def again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Tell the same to a new account by the same name, through claims and recording."""
        organization, _ = Organization.objects.get_or_create(name="Polled")
        for row in (self.account, self.tenure):
            row.pk, row.organization = None, organization
        self.account.keyless_at = None
        self.account.save(force_insert=True)
        self.tenure.account = self.account
        self.tenure.save(force_insert=True)
        props.scheduled(self.account, self.runs[0].first_slot, PLAN["interval"])
        for run in self.runs:
            self._poll(run)
        StoppedClock(monkeypatch, UNTIL)
        assert pausing.key_revoked(self.account, by=None)

    def _poll(self, run: Run) -> None:
        if run.outcome == "missed":
            return  # nobody looks: the next claim books it
        ends = {run.last_slot: run.last_observed, run.first_slot: run.first_observed}
        for number in range(run.slots):
            slot = run.first_slot + STEP * number
            observed = ends.get(slot) or slot
            if slot in self.answers:
                observed, self.body = self.answers[slot]
            failure = Failure(run.reason, "Made up.") if run.outcome == "failed" else None
            self._record(observed, failure)

    def _record(self, now: datetime, failure: Failure | None) -> None:
        (claim,) = claims.claim_past(now, [self.account.pk])
        outcome = failure or answer_of(self.body)
        recording.record([Result(claim.account_id, claim.token, outcome)], now=now)


def test_what_is_seeded_is_what_the_same_answers_leave_when_they_are_polled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with undone():
        seeded(accounts=3, seed=4)  # a seed with outages of both kinds
        once, told = written(), [Told(account) for account in Account.objects.all()]
        outcomes = {run.outcome for one in told for run in one.runs}
    assert outcomes == {"fresh", "failed", "missed"}
    for one in told:
        one.again(monkeypatch)
    again = written()
    assert {name: len(rows) for name, rows in again.items()} == {
        name: len(rows) for name, rows in once.items()
    }
    for name, rows in once.items():
        assert rows == again[name], name


def test_it_verifies_and_is_as_much_as_was_asked_for() -> None:
    told = seeded()
    assert verify().findings == []
    assert_rolled_up()
    kinds: dict[str, Any] = {"snapshots": Snapshot, "changes": Change, "runs": Run}
    assert told == {
        "organization": "Seeded data 1",
        "accounts": PLAN["accounts"],
        **{name: kind.objects.count() for name, kind in kinds.items()},
    }
    asked = PLAN["accounts"] * PLAN["days"] * PLAN["changes_per_day"]
    assert abs(told["changes"] - asked) < asked / 10


def test_the_same_seed_makes_the_same_and_another_one_something_else() -> None:
    found = []
    for seed in (5, 5, 6):
        with undone():
            seeded(seed=seed)
            found.append(written())
    assert found[0] == found[1]
    assert not set(found[0]["payloads"]) & set(found[2]["payloads"])


def test_rows_are_made_in_the_order_of_time_over_all_accounts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As polls write them, however many accounts there are and however few rows come at once."""
    plan = Plan(accounts=30, assets=2, days=2, changes_per_day=288, until=UNTIL)
    members = [
        Member(n, UUID(int=n), n, plan.begins + timedelta(seconds=n), (2 * n, 2 * n + 1))
        for n in range(plan.accounts)
    ]
    share = Share(plan, members, [range(1, 100_000)])
    at_once = list(batches(share))
    assert max(one.snapshots + one.runs for one in at_once) <= BATCH
    rows = "".join(one.rows[1] for one in at_once).splitlines()
    observed = [row.split("\t")[3] for row in rows]
    assert len(observed) > 2 * BATCH
    assert observed == sorted(observed)
    monkeypatch.setattr(workers, "IN_ORDER", 2880)
    by_tens = "".join(one.rows[1] for one in batches(share)).splitlines()
    assert _without_ids(by_tens) == _without_ids(rows)
    assert by_tens != rows


def _without_ids(rows: list[str]) -> list[str]:
    return sorted(row.partition("\t")[2] for row in rows)


def test_two_seeds_stand_beside_each_other_but_none_twice() -> None:
    assert seeded(seed=1)["organization"] != seeded(seed=2)["organization"]
    assert verify().ok
    with pytest.raises(CommandError, match="Seed 2 is here already"):
        seeded(seed=2)


def test_a_crowd_is_varied_and_on_record() -> None:
    seeded(accounts=60, assets=3, days=2, changes_per_day=2)
    accounts = Account.objects.all()
    assert accounts.exclude(organization=None).count() == 59
    assert User.objects.get().personal_accounts.count() == 1
    assert not User.objects.get().has_usable_password()
    assert accounts.filter(environment=Environment.SANDBOX).count() == 3
    joined = {at - UNTIL for at in accounts.values_list("created_at", flat=True)}
    assert min(joined) == -timedelta(days=2)
    assert len(joined) == 7
    assert any(map(is_testnet_name, Holding.objects.values_list("asset", flat=True)))
    assert Holding.objects.filter(total__gt=2**64).exists()
    assert Act.objects.filter(act="account.added").count() == 60


def test_nobody_is_ever_asked_about_a_seeded_account() -> None:
    seeded()
    schedules.add_missing()
    later = UNTIL + timedelta(days=1000)
    assert claims.claim_due(limit=100, now=later) == []
    assert not any(account.is_polled for account in Account.objects.all())
    assert not any(pausing.resume(account, by=None) for account in Account.objects.all())
    assert set(Schedule.objects.values_list("next_slot", flat=True)) == {None}
    pauses = Pause.objects.values_list("kind", "began_at", "ended_at")
    assert set(pauses) == {("keyless", UNTIL, None)}


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"accounts": 0}, "0 accounts cannot be seeded: it takes 1 to 20,000."),
        ({"assets": -1}, "-1 assets cannot"),
        ({"days": 10**9}, "1,000,000,000 days cannot"),
        ({"changes_per_day": 13}, "13 changes a day cannot be seeded: it takes 1 to 12."),
        ({"interval": 1}, "1 seconds of an interval cannot"),
        ({"accounts": 20_000, "assets": 200}, "4,000,000 holdings cannot"),
        ({"accounts": 20_000, "days": 3_650}, "365,000,000 changes cannot"),
        ({"until": "2199-01-01T00:00:00Z"}, "lies in the future"),
        ({"until": "2010-01-01T00:00:00Z", "days": 3_650}, "begins in 2009"),
        ({"until": "yesterday"}, "is no instant"),
    ],
)
def test_what_cannot_be_is_refused(wanted: dict[str, object], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint) as refused:
        seeded(**wanted)
    assert refused.value.returncode == 2
    assert not Organization.objects.exists()


def test_what_breaks_off_leaves_nothing_and_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    copy: Callable[[Any], None] = load._copy
    left = iter(range(5))

    def breaking(rows: Any) -> None:
        next(left)
        copy(rows)

    monkeypatch.setattr(load, "_copy", breaking)
    with pytest.raises(StopIteration):
        seeded()
    assert Change.objects.count() + Account.objects.count() + Organization.objects.count() == 0
    assert multiprocessing.active_children() == []
