"""Celery's tasks: ids in, a use case called, nothing returned."""

import logging
from uuid import UUID

from celery import shared_task
from django.conf import settings

from balances import claims, gates, polling, refreshing, scheduling
from balances.claims import Claim
from balances.holdings import make_months
from balances.verification.anchors import export_day

log = logging.getLogger(__name__)


@shared_task(name="balances.tick")
def tick() -> None:
    """End what died, claim what is due, hand it out in chunks."""
    scheduling.add_missing()
    claims.reap()
    for refresh_id in refreshing.sweep():
        refresh.delay(refresh_id)
    hand_out(claims.claim_due(limit=settings.POLL_CLAIM_LIMIT))


def hand_out(due: list[Claim]) -> None:
    """Send claims to the workers in chunks; what cannot be sent is claimed anew later."""
    for start in range(0, len(due), settings.POLL_CHUNK):
        chunk = due[start : start + settings.POLL_CHUNK]
        pairs = [(claim.account_id, str(claim.token)) for claim in chunk]
        try:
            poll_chunk.apply_async((pairs,), expires=settings.POLL_INTERVAL_SECONDS)
        except poll_chunk.OperationalError:
            claims.give_back(due[start:])
            raise


@shared_task(name="balances.poll_chunk")
def poll_chunk(pairs: list[tuple[int, str]]) -> None:
    """Poll the accounts of one chunk of claims."""
    polling.poll([Claim(account_id, UUID(token)) for account_id, token in pairs])
    if gates.is_short():
        # The limits hold by claims under way: where some ended, others may begin before the tick.
        hand_out(claims.claim_due(limit=settings.POLL_CLAIM_LIMIT))


@shared_task(name="balances.refresh")
def refresh(refresh_id: int) -> None:
    """Carry out one refresh."""
    refreshing.carry_out([refresh_id])


def send_refresh(refresh_id: int) -> None:
    """Hand a refresh to the workers; without a broker its row stands and the next tick sends it."""
    try:
        refresh.delay(refresh_id)
    except refresh.OperationalError:
        log.warning("a refresh could not be sent to the workers; the next tick takes it up")


@shared_task(name="balances.make_months")
def prepare_months() -> None:
    """Make the monthly partitions of history ahead of time."""
    make_months(scheduling.months_ahead())


@shared_task(name="balances.export_heads")
def export_heads() -> None:
    """Write the heads of today's chains outside the database, once a day."""
    export_day(settings.ANCHOR_DIR)
