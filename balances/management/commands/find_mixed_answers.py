"""Find stored answers that another account was given, as a mix-up of answers leaves them."""

from argparse import ArgumentParser
from typing import Any

from accounts.shared import command
from balances.core import sql
from balances.core.instants import iso
from balances.evidence.found_answers import Found, mixed


class Command(command.Command):
    """Reads alone: what it lists is for a person to judge."""

    help = "List stored answers that look like another account's."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="a JSON line for each of them")

    def handle(self, **options: Any) -> None:
        """List them, the oldest first; fail if there is any."""
        with sql.one_view():
            sql.take_time()
            found = list(mixed())
        for one in found:
            self.emit(facts(one)) if options["json"] else self.stdout.write(_text(one))
        if found:
            self.refuse(
                f"{len(found)} stored answers look like another account's. Compare each with that"
                " account's history and with Qredo's web app."
            )
        if not options["json"]:
            self.stdout.write("No stored answer looks like another account's.")


def facts(one: Found) -> dict[str, object]:
    """Return what is told of a stored answer."""
    return {
        "account": str(one.account),
        "observed_at": iso(one.observed_at),
        "until": None if one.until is None else iso(one.until),
        "digest": one.digest.hex(),
        "other": str(one.other),
        "other_observed_at": iso(one.other_observed_at),
        "returned": one.returned,
    }


def _text(one: Found) -> str:
    until = "now" if one.until is None else iso(one.until)
    after = "then its own balances again" if one.returned else "then other ones of its own"
    if one.until is None:
        after = "not asked since"
    return (
        f"account {one.account}, {iso(one.observed_at)} to {until}: the answer of account"
        f" {one.other} ({iso(one.other_observed_at)}), {after}; digest {one.digest.hex()}"
    )
