"""Who made a statement is on record with everybody whose figures are in it."""

from collections.abc import Iterable

from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.audit.vocabulary import Facts
from accounts.chain.hash_chain import written
from accounts.models import Tenure
from balances.evidence.statements.request import Asked


def told_to_owners(act: str, asked: Asked, tenures: Iterable[Tenure], **more: str) -> None:
    """Tell the owners of the cut-off, each of theirs alone: what they have since given away too."""
    with together():
        for log, count in objects.logs_of_tenures(tenures).items():
            told: Facts = {"accounts": count, **more}
            about = objects.statement(written(asked.at), log)
            record(act, about, by=asked.by, after=told)
