"""What the browser finds: two accounts of a fund with three days of made-up past."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from accounts.models import Account, Membership, Organization, Role, User
from balances import tasks
from balances.models import Refresh
from balances.polling import refreshes
from tests.conftest import Simulator
from tests.support import history, props
from tests.support.roles import owner

ETHER, SATOSHIS = 10**18, 10**8
HOUR = 3600
#: Seen for a day, failed for a day, seen since: hours before the newest full hour.
PAST, FAILED, BACK, JOINED = 72, 48, 24, 12

Assets = dict[str, tuple[int, int, int, int, int]]
PARTLY_PENDING = (1_234_567_890_123_456_789_012, 1_234_000_000_000_000_000_001)
LEVELS: Assets = {
    "ETH": (*PARTLY_PENDING, 567_890_123_456_789_011, 0, ETHER),
    "BTC": (312_40918273, 298_11204400, 14_50000000, 20286127, SATOSHIS),
}


@dataclass(frozen=True)
class World:
    """People, accounts, and the simulator that answers for them."""

    simulator: Simulator
    treasurer: User
    viewer: User
    custody: Account
    trading: Account

    def now_holds(self, **assets: tuple[int, int, int, int, int]) -> None:
        """Let Custody hold exactly this from now on, seen by a real poll."""
        self.simulator.holds("Custody", **assets)
        self.is_seen()

    def is_seen(self) -> None:
        """Poll Custody, as the worker does."""
        (recorded,) = refreshes.refresh_now([self.custody])
        assert recorded.outcome == "fresh", recorded

    def works(self) -> None:
        """Do what the worker would: carry out what people asked for in the browser."""
        for refresh in Refresh.objects.filter(finished_at=None):
            tasks.refresh(refresh.pk)


@contextmanager
def standing(simulator: Simulator) -> Iterator[World]:
    """Let everybody and everything be there, and leave nothing of it."""
    with override_settings(QREDO_GIVEN_URLS=simulator.environments):
        try:
            yield build(simulator)
        finally:
            with owner():
                call_command(
                    "flush", verbosity=0, interactive=False, allow_cascade=True,
                    inhibit_post_migrate=True,
                )  # fmt: skip
            connection.close()
            for account in simulator.accounts:
                for key in account["keys"]:
                    simulator.admin("POST", "balance", key_id=key["key_id"], assets=None)


def build(simulator: Simulator) -> World:
    """Make everybody and everything, once for all tests of the package."""
    fund = Organization.objects.create(name="Fund")
    treasurer, viewer = props.person("treasurer"), props.person("viewer")
    for name in ("newcomer", "appholder", "keyholder", "walker"):
        props.person(name)
    Membership.objects.create(organization=fund, user=treasurer, role=Role.ADMIN)
    Membership.objects.create(organization=fund, user=viewer, role=Role.VIEWER)
    custody = props.enrolled(simulator.key("Custody"), "Custody", fund)
    trading = props.enrolled(simulator.key("Trading"), "Trading", fund)
    full_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    _past(custody, full_hour, PAST, LEVELS)
    _past(trading, full_hour, JOINED, {"BTC": history.coins(5_00000000, SATOSHIS)})
    world = World(simulator, treasurer, viewer, custody, trading)
    world.now_holds(**LEVELS)
    return world


def _past(account: Account, full_hour: datetime, hours: int, levels: Assets) -> None:
    props.scheduled(account, full_hour - timedelta(hours=hours), HOUR)
    for before in range(hours, -1, -1):
        slot = full_hour - timedelta(hours=before)
        if BACK < before <= FAILED:
            history.failed(account, slot)
        else:
            history.seen(account, slot, **_moved(levels, before))


def _moved(levels: Assets, before: int) -> Assets:
    """Let amounts differ from hour to hour, so that lines and bars have a shape."""
    return {
        asset: (total + (before % 7) * scale, free, coming + (before % 7) * scale, going, scale)
        for asset, (total, free, coming, going, scale) in levels.items()
    }
