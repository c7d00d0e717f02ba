"""Print one asset of one account over time."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from accounts.shared import command
from accounts.shared.lookup import UnknownAccountError, by_uids
from balances.core.amounts import plain_decimal
from balances.core.instants import BadInstantError, instant_of, iso
from balances.ledger import schedules
from balances.series.points import Point, evenly, is_never_held, series

#: As many instants as one run prints at most.
MOST_POINTS = 100_000


class Command(command.Command):
    """N instants evenly from T to T, both included, a line each."""

    help = "Print an asset's four amounts at N instants evenly from T to T."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("account", metavar="ACCOUNT_ID")
        parser.add_argument("asset", metavar="ASSET")
        parser.add_argument("--from", dest="start", required=True, metavar="T")
        parser.add_argument("--to", dest="end", required=True, metavar="T")
        parser.add_argument("--points", required=True, metavar="N")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, **options: Any) -> None:
        """Look up and print."""
        try:
            account = by_uids([options["account"]])[0]
            instants = _instants(options, now=schedules.clock())
        except (BadInstantError, UnknownAccountError) as error:
            self.refuse(str(error), code=command.UNUSABLE)
        if is_never_held(account.pk, options["asset"]):
            self.refuse("This account never held that asset.", code=command.UNUSABLE)
        for point in series([account.pk], options["asset"], instants):
            line = _line(point) | ({"source": "simulator"} if account.is_demo else {})
            self.emit(line) if options["json"] else self.stdout.write(_text(line))


def _instants(options: dict[str, Any], *, now: datetime) -> list[datetime]:
    start = instant_of(options["start"], now=now)
    end = instant_of(options["end"], now=now)
    if end < start:
        raise BadInstantError("--to lies before --from. Swap them.")
    text = options["points"]
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise BadInstantError(f"--points is a whole number from 1 to {MOST_POINTS}.")
    if not 1 <= int(text) <= MOST_POINTS:
        raise BadInstantError(f"--points is a whole number from 1 to {MOST_POINTS}.")
    return evenly(start, end, int(text))


def _line(point: Point) -> dict[str, object]:
    level = point.level
    if level is None:
        amounts: dict[str, object] = dict.fromkeys(
            ("total", "available", "pending_in", "pending_out")
        )
    else:
        amounts = {
            "total": plain_decimal(level.total, level.scale),
            "available": plain_decimal(level.available, level.scale),
            "pending_in": plain_decimal(level.pending_in, level.scale),
            "pending_out": plain_decimal(level.pending_out, level.scale),
        }
    return {"at": iso(point.at), **amounts, "coverage": _coverage(point)}


def _coverage(point: Point) -> str:
    return "fresh" if point.seen == "observed" else point.seen


def _text(line: dict[str, object]) -> str:
    demo = ", demo" if "source" in line else ""
    if line["total"] is None:
        return f"{line['at']} unknown{demo}"
    return (
        f"{line['at']} total {line['total']} available {line['available']}"
        f" pending in {line['pending_in']} out {line['pending_out']}, {line['coverage']}{demo}"
    )
