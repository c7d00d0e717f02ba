"""Fill an installation with a made-up history of any size, to see how it carries it."""

from argparse import ArgumentParser
from typing import Any

from accounts.shared import command
from balances.core.instants import BadInstantError, instant_of
from balances.demo.seed import load
from balances.demo.seed.load import Written
from balances.demo.seed.plan import BadPlanError, Plan
from balances.demo.seed.workers import Batch
from balances.ledger import schedules


class Command(command.Command):
    """Everything is as if it had been polled, but no account has a key: none is ever asked."""

    help = "Fill the tables with made-up accounts and their history, as if they had been polled."
    hyphened = ("--seed",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        for name, what in (
            ("--accounts", "how many"),
            ("--assets", "of each account"),
            ("--days", "how far back"),
            ("--changes-per-day", "of each account's assets together"),
        ):
            parser.add_argument(name, type=int, required=True, help=what)
        parser.add_argument("--seed", type=int, default=1, help="the same makes the same")
        parser.add_argument("--until", default="now", metavar="TIME", help="ISO 8601 with zone")
        parser.add_argument("--interval", type=int, default=300, help="seconds between two polls")

    def handle(self, **options: Any) -> None:
        """Write it and say how much it is."""
        try:
            plan = _plan(options)
            load.make_months(plan)
            written = load.seed(plan, self._progress(plan))
        except (BadPlanError, BadInstantError) as error:
            self.refuse(str(error), code=command.UNUSABLE)
        counts = {name: getattr(written, name) for name in ("snapshots", "changes", "runs")}
        self.emit({"organization": plan.name, "accounts": plan.accounts, **counts})

    def _progress(self, plan: Plan) -> load.Progress:
        told = -1

        def tell(batch: Batch, written: Written) -> None:
            nonlocal told
            percent = 100 * (batch.day - plan.begins) // (plan.until - plan.begins)
            if percent // 5 > told // 5:
                told = percent
                self.stderr.write(f"{percent} %: {written.changes:,} changes")

        return tell


def _plan(options: dict[str, Any]) -> Plan:
    now = schedules.clock()
    plan = Plan(
        accounts=options["accounts"],
        assets=options["assets"],
        days=options["days"],
        changes_per_day=options["changes_per_day"],
        until=instant_of(options["until"], now=now),
        seed=options["seed"],
        interval_seconds=options["interval"],
    )
    plan.check(now)
    return plan
