"""Print balances as of an instant."""

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from accounts.models import Account
from accounts.shared import command
from accounts.shared.lookup import UnknownAccountError, by_uids
from balances.core.amounts import plain_decimal
from balances.core.instants import BadInstantError, instant_of, iso
from balances.history import partial_keys
from balances.history.observations import Sight
from balances.history.positions import Position, Standing, positions
from balances.ledger import schedules
from balances.ledger.snapshots import LEFT_OUT


class Command(command.Command):
    """A line per account and asset."""

    help = "Print balances as of TIME (ISO 8601 with zone, or now)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("time", metavar="TIME")
        parser.add_argument("accounts", nargs="*", metavar="ACCOUNT_ID")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, **options: Any) -> None:
        """Look up and print."""
        try:
            at = instant_of(options["time"], now=schedules.clock())
            accounts = _accounts(options["accounts"])
        except (BadInstantError, UnknownAccountError) as error:
            self.refuse(str(error), code=command.UNUSABLE)
        by_pk = {account.pk: account for account in accounts}
        left_out = partial_keys.left_out(list(by_pk), at)
        for position in positions(list(by_pk), at):
            account = by_pk[position.account_id]
            flags = (LEFT_OUT,) if account.pk in left_out else ()
            for found in lines(str(account.uid), position, at, flags):
                line = found | ({"source": "simulator"} if account.is_demo else {})
                self.emit(line) if options["json"] else self.stdout.write(_text(line))


def _accounts(uids: list[str]) -> list[Account]:
    return by_uids(uids) if uids else list(Account.objects.order_by("pk"))


def lines(
    uid: str, position: Position, at: datetime, flags: tuple[str, ...] = ()
) -> Iterator[dict[str, object]]:
    """Yield what is known of one account: a line an asset, else one without asset.

    `flags` are of the account: they stand at each of its assets.
    """
    coverage = position.coverage(at)
    if position.sight is None or not position.standings:
        yield {"account": uid, "asset": None, "coverage": coverage}
        return
    for standing in position.standings:
        line = _line(uid, standing, position.sight, coverage)
        yield {**line, "flags": [*standing.flags, *flags]}


def _line(uid: str, standing: Standing, sight: Sight, coverage: str) -> dict[str, object]:
    level = standing.level
    units = (level.total, level.available, level.pending_in, level.pending_out)
    names = ("total", "available", "pending_in", "pending_out")
    return {
        "account": uid,
        "asset": standing.asset,
        **{name: plain_decimal(unit, level.scale) for name, unit in zip(names, units, strict=True)},
        "base_units": {name: str(unit) for name, unit in zip(names, units, strict=True)},
        "scale": str(level.scale),
        "observed_at": iso(sight.observed_at),
        "coverage": coverage,
    }


def _text(line: dict[str, object]) -> str:
    demo = ", demo" if "source" in line else ""
    if line["asset"] is None:
        return f"{line['account']} no assets, {line['coverage']}{demo}"
    return (
        f"{line['account']} {line['asset']} total {line['total']} available {line['available']}"
        f" pending in {line['pending_in']} out {line['pending_out']},"
        f" {line['coverage']}, observed {line['observed_at']}{demo}"
    )
