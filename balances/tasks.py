"""Celery's tasks: ids in, a use case called, nothing returned."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError
from kombu.exceptions import OperationalError as BrokerError

from accounts.audit import anchors as act_anchors
from balances.core.outages import Outage, is_away
from balances.evidence.verification.anchors import export_day
from balances.ledger import partitions
from balances.ledger.partitions import make_months
from balances.lifecycle import pausing
from balances.polling import claims, poll, refreshes, schedules
from balances.polling.claims import Claim
from balances.polling.pacing import admission
from balances.portfolio import incidents

log = logging.getLogger(__name__)

P = ParamSpec("P")
_database = Outage(log, "The database", "nothing is polled until it does")
_broker = Outage(log, "The broker (REDIS_URL)", "this worker hands nothing out until it does")


def _needs_stores(task: Callable[P, None]) -> Callable[P, None]:
    """Say once that a store is away, not with a traceback for every task that it ends."""

    @wraps(task)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            task(*args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            if not is_away(error):
                raise
            _database.began(error)
        except BrokerError as error:
            _broker.began(error)
        else:
            _database.ended()
            _broker.ended()

    return run


@shared_task(name="balances.tick")
@_needs_stores
def tick() -> None:
    """End what died, claim what is due, hand it out in chunks."""
    schedules.add_missing()
    claims.reap()
    incidents.watch()
    for refresh_id in refreshes.sweep():
        refresh.delay(refresh_id)
    hand_out(claims.claim_due(limit=settings.POLL_CLAIM_LIMIT))


def hand_out(due: list[Claim]) -> None:
    """Send claims to the workers in chunks; what cannot be sent is claimed anew later."""
    size = _chunk_size(len(due))
    for start in range(0, len(due), size):
        chunk = due[start : start + size]
        pairs = [(claim.account_id, str(claim.token)) for claim in chunk]
        try:
            # Without a time of its own: a chunk that comes too late finds its claims ended.
            poll_chunk.apply_async((pairs,))
        except poll_chunk.OperationalError:
            claims.give_back(due[start:])
            raise


def _chunk_size(due: int) -> int:
    """Return how many claims go into a message: a hundred of many, else what is asked at once.

    More than that would wait for each other in one process while the other ones have nothing to do.
    """
    size: int = min(settings.POLL_CHUNK, max(settings.POLL_CONCURRENCY, due // 8))
    return size


@shared_task(name="balances.poll_chunk")
@_needs_stores
def poll_chunk(pairs: list[tuple[int, str]]) -> None:
    """Poll the accounts of one chunk of claims."""
    for recorded in poll.waves([Claim(account_id, UUID(token)) for account_id, token in pairs]):
        if recorded:
            _claim_more()


def _claim_more() -> None:
    """Where polls ended and accounts wait for the limits, let others begin before the tick."""
    try:
        if admission.is_short() or refreshes.is_waiting():
            hand_out(claims.claim_due(limit=settings.POLL_CLAIM_LIMIT))
    except (poll_chunk.OperationalError, DatabaseError) as error:
        # The tick claims them; what the chunk still waits for has to be recorded all the same.
        log.warning("no more could be handed out: %s", type(error).__name__)


@shared_task(name="balances.refresh")
@_needs_stores
def refresh(refresh_id: int) -> None:
    """Carry out one refresh."""
    refreshes.carry_out([refresh_id])


def send_refresh(refresh_id: int) -> None:
    """Hand a refresh to the workers; without a broker its row stands and the next tick sends it."""
    try:
        refresh.delay(refresh_id)
    except refresh.OperationalError:
        log.warning("a refresh could not be sent to the workers; the next tick takes it up")


@shared_task(name="balances.hand_out")
@_needs_stores
def hand_out_waiting() -> None:
    """Claim what waits now, without waiting for the tick: refreshes of many accounts at once."""
    hand_out(claims.claim_due(limit=settings.POLL_CLAIM_LIMIT))


def send_waiting() -> None:
    """Ask the workers to look at once; without a broker the next tick does."""
    try:
        hand_out_waiting.delay()
    except BrokerError:
        log.warning("refreshes could not be sent to the workers; the next tick takes them up")


@shared_task(name="balances.follow_interval")
@_needs_stores
def follow_interval(seconds: int) -> None:
    """Let accounts without an interval of their own follow the setting that beat was started with.

    Workers that still have the one before must not undo it, hence the argument.
    """
    while pausing.follow_interval(seconds) == pausing.FOLLOWERS:
        pass


@shared_task(name="balances.make_months")
def prepare_months() -> None:
    """Make the monthly partitions of history ahead of time."""
    make_months(partitions.months_ahead())


@shared_task(name="balances.export_heads")
def export_heads() -> None:
    """Write the heads of today's chains outside the database, once a day; those of acts beside."""
    export_day(settings.ANCHOR_DIR)
    act_anchors.export_day(settings.ANCHOR_DIR)
