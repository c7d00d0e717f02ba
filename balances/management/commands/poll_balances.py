"""Refresh accounts now, in this process, without Celery."""

from argparse import ArgumentParser
from typing import Any

from accounts.models import Account
from accounts.shared import command
from accounts.shared.lookup import UnknownAccountError, by_uids
from balances.polling.recording import Recorded
from balances.polling.refreshes import refresh_now


class Command(command.Command):
    """A line per account; exit code 1 if any failed."""

    help = "Refresh accounts now: the ones named, else all active ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("accounts", nargs="*", metavar="ACCOUNT_ID")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, **options: Any) -> None:
        """Refresh and print."""
        accounts = self._accounts(options["accounts"])
        by_id = {account.pk: account for account in accounts}
        records = refresh_now(accounts)
        for record in records:
            line = _line(by_id[record.account_id], record)
            self.emit(line) if options["json"] else self.stdout.write(_text(line))
        failed = [record for record in records if record.outcome in {"failed", "missed"}]
        if failed:
            self.refuse(f"{len(failed)} of {len(records)} accounts failed.")

    def _accounts(self, uids: list[str]) -> list[Account]:
        if not uids:
            return list(Account.objects.filter(paused_at=None, archived_at=None).order_by("pk"))
        try:
            return by_uids(uids)
        except UnknownAccountError as error:
            self.refuse(str(error), code=command.UNUSABLE)


def _line(account: Account, record: Recorded) -> dict[str, object]:
    return {
        "account": str(account.uid),
        "outcome": record.outcome,
        "reason": record.reason or None,
        "detail": record.detail or None,
        "changed": record.changed,
    }


def _text(line: dict[str, object]) -> str:
    tail = f": {line['reason']}. {line['detail']}" if line["reason"] else ""
    return f"{line['account']} {line['outcome']}, {line['changed']} changed{tail}"
