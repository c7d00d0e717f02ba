"""Sums at the ends of days in any zone, against raw changes added up in Python.

What happens lies where it matters: at the very instants that cut days and hours of UTC, and a
microsecond beside them.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Account, Organization, User
from balances.ledger import partitions
from balances.lifecycle import ownership
from balances.lifecycle.ownership import BadTurnError, Turn
from balances.series import sums
from balances.series.buckets import DAY, HOUR, WEEK, buckets
from balances.series.points import evenly
from balances.series.rollup_sql import Reach
from tests.conftest import Cast
from tests.support.evidence.sums import Four, assert_rolled_up, entries, in_units, level_at
from tests.support.history import StoppedClock, keyless, seen

TICK = timedelta(microseconds=1)
#: London, New York, Lord Howe and the Chathams change their clocks in between, each on its day.
START, END = datetime(2026, 3, 1, 3, 20, tzinfo=UTC), datetime(2026, 4, 14, 16, 40, tzinfo=UTC)
ZONES = (
    "UTC", "Europe/London", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe",
    "Pacific/Chatham", "Pacific/Kiritimati", "America/St_Johns",
)  # fmt: skip
ASSETS = ("BTC", "ETH", "SOL")
SCALES = (1, 100, 10**18)

pytestmark = pytest.mark.django_db


def edges(chance: Random) -> Iterator[datetime]:
    """Yield instants that cut days, beginnings of hours beside them, and any others."""
    for zone in ZONES:
        for point in chance.sample(buckets(START, END, ZoneInfo(zone), DAY).points, 4):
            yield point + TICK + chance.choice([-1, 0, 0, 0, 1]) * timedelta(hours=1)
    for _ in range(12):
        yield START + (END - START) * chance.random()


def lived(chance: Random, accounts: Sequence[Account]) -> None:
    """Let accounts change around the edges, one at it, one before and one after it."""
    polled = {account: START - timedelta(hours=1) for account in accounts}
    for edge in sorted({*edges(chance), START, END}):
        for account, shift in zip(accounts, (-TICK, 0 * TICK, TICK), strict=True):
            if edge + shift - polled[account] > timedelta(minutes=10):
                polled[account] = edge + shift
                seen(account, edge + shift, **_held(chance))


def _held(chance: Random) -> dict[str, tuple[int, int, int, int, int]]:
    def amounts() -> tuple[int, int, int, int, int]:
        total, available, coming, going = (chance.randrange(10**20) for _ in range(4))
        return total, available, coming, going, chance.choice(SCALES)

    return {asset: amounts() for asset in ASSETS if chance.random() < 0.8}


def turned_back(
    chance: Random, accounts: Sequence[Account], owners: Sequence[User | Organization]
) -> int:
    """Let accounts have belonged to others, or not have counted, since edges; return how often."""
    done = 0
    for edge in chance.sample(list(edges(chance)), 12):
        turn = chance.choice([Turn(owner=chance.choice(owners)), Turn(is_counted=done % 2 == 1)])
        try:
            done += ownership.turn(chance.choice(accounts), turn, by=None, at=edge)
        except BadTurnError:
            continue  # before another turn, or at one
    return done


def charts(chance: Random) -> Iterator[Sequence[datetime]]:
    """Yield points: of every zone, by days and weeks; several a day; anywhere, some twice; one."""
    for zone in ZONES:
        first, last = sorted(START + (END - START) * chance.random() for _ in range(2))
        yield buckets(START, END, ZoneInfo(zone), DAY).points
        yield buckets(first, last, ZoneInfo(zone), DAY).points
        yield buckets(START, last, ZoneInfo(zone), WEEK).points
    yield buckets(first, min(last, first + timedelta(days=4)), UTC, HOUR).points
    yield evenly(START, END, 150)
    yield sorted(chance.choices(list(edges(chance)), k=30))
    for edge in chance.sample(list(edges(chance)), 8):
        yield [edge - TICK]


def told(reach: Reach, points: Sequence[datetime]) -> dict[str, list[Four]]:
    """Return what the sums say of every asset."""
    found = sums.of_all_assets(reach, points)
    return {asset: list(map(in_units, levels)) for (asset, _), levels in found.items()}


def _reach(*owners: User | Organization) -> Reach:
    return Reach(
        organizations=tuple(one.pk for one in owners if isinstance(one, Organization)),
        persons=tuple(one.pk for one in owners if isinstance(one, User)),
        environments=("production",),
    )


@pytest.mark.parametrize("seed", range(3))
def test_days_of_every_zone_are_summed_exactly(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = Random(seed)  # noqa: S311 - repeatable on purpose
    StoppedClock(monkeypatch, END + timedelta(hours=2))
    partitions.make_months([START, END])
    accounts = [keyless(f"Account {n}", START - timedelta(hours=2)) for n in range(3)]
    lived(chance, accounts)
    assert turned_back(chance, accounts, [cast.fund, cast.other, cast.owner]) > 3
    assert_rolled_up()
    everybody = (cast.fund, cast.other, cast.owner)
    for owners in (everybody, *((one,) for one in everybody)):
        entered = entries(*owners)
        for points in charts(chance):
            found = told(_reach(*owners), points)
            truth = {
                asset: [level_at(those, at) for at in points]
                for asset, those in entered.items()
                if any(instant <= points[-1] for instant, _ in those)
            }
            assert found == truth


def test_what_comes_after_the_last_point_is_not_told(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither an amount nor the name of an asset, whichever part of its hour or day is shorter."""
    StoppedClock(monkeypatch, END)
    midnight = datetime(2026, 3, 10, tzinfo=UTC)
    account = keyless("Custody", midnight)
    seen(account, midnight + timedelta(minutes=5), BTC=(1, 1, 0, 0, 1))
    known = ["BTC"]
    for hours in (1, 5, 14.4, 23):
        point, asset = midnight + timedelta(hours=hours), f"NEW{len(known)}"
        seen(account, point + TICK, **dict.fromkeys([*known, asset], (1, 1, 0, 0, 1)))
        found = sums.of_all_assets(_reach(cast.fund), [midnight, point])
        assert sorted(name for name, _ in found) == known
        known.append(asset)
