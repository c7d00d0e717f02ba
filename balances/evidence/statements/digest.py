"""The text of a statement's figures, whose digest ties a printed page to a file.

`docs/canonical-form.md` describes it. It holds every figure that the page shows, and nothing of
when and for whom the statement was made.
"""

import hashlib
import json
from datetime import datetime

from accounts.chain.hash_chain import joined, written
from balances.core.amounts import Level
from balances.evidence.statements.lines import Line, Tally, Total

FORMAT = "qredo-dash statement 3"


class FiguresDigest:
    """Takes in the lines of a statement as they go by."""

    def __init__(self, at: datetime) -> None:
        self._hash = hashlib.sha256(joined([FORMAT, f"at {written(at)}"]).encode())

    def add(self, line: Line) -> None:
        """Take an account in."""
        self._hash.update(joined(_line_text(line)).encode())

    def closed(self, tally: Tally) -> str:
        """Take the totals in; return the digest in hexadecimal."""
        self._hash.update(joined(map(_total_text, tally.totals())).encode())
        return self._hash.hexdigest()


def _line_text(line: Line) -> list[str]:
    account, sight = line.account, line.sight
    seen = written(sight.observed_at) if sight else "-"
    interval = sight.interval_seconds if sight else 0
    said = f"{line.coverage} {line.standing} {line.wallets} {line.source}"
    return [
        f"account {account.uid} {account.environment} {said}",
        f"called {json.dumps(account.label)} of {json.dumps(line.owner)}",
        f"seen {seen} every {interval} s",
        *(
            f"holds {held.kind} {json.dumps(held.asset)} {_level_text(held.level)}"
            for held in line.holdings
        ),
    ]


def _total_text(total: Total) -> str:
    counts = (
        *(total.accounts, total.fresh, total.partial, total.holders, total.fresh_holders),
        ",".join(total.environments),
    )
    level = _level_text(total.level)
    return f"total {total.kind} {json.dumps(total.asset)} {level} {' '.join(map(str, counts))}"


def _level_text(level: Level) -> str:
    amounts = (level.total, level.available, level.pending_in, level.pending_out)
    return " ".join(str(number) for number in (*amounts, level.scale))
