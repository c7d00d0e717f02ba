"""Schedules: every account that is polled has one, and its grid of slots."""

import logging
import zlib
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.models import Account, User
from balances.core import sql
from balances.ledger import schedules, slots
from balances.ledger.runs import first_slot
from balances.lifecycle import ownership
from balances.lifecycle.ownership import Turn
from balances.models import Pause
from balances.polling import announcements, claims
from balances.polling.pacing import key_backoff
from balances.polling.schedules import add_missing

log = logging.getLogger(__name__)


#: So many accounts follow a changed setting in one pass.
FOLLOWERS = 500
_OTHERS = """
SELECT s.account_id, a.uid FROM balances_schedule s JOIN accounts_account a ON a.id = s.account_id
WHERE s.own_interval_seconds IS NULL AND s.claim_token IS NULL
  AND coalesce(s.base_interval_seconds, s.interval_seconds) <> %(seconds)s
  AND (s.next_slot IS NOT NULL OR s.run_slots = 0
       AND coalesce(a.archived_at, a.keyless_at, a.paused_at) IS NOT NULL)
ORDER BY s.account_id LIMIT %(most)s FOR UPDATE OF s SKIP LOCKED
"""


def follow_interval(seconds: int) -> int:
    """Let accounts without an interval of their own follow the setting, some at a time.

    An account under way, and one whose past is still being loaded, follows later. Return how many
    follow now.
    """
    with transaction.atomic():
        # Locked by statement: who claims meanwhile is passed over and not waited for.
        rows = sql.rows(_OTHERS, {"seconds": seconds, "most": FOLLOWERS})
        if not rows:
            return 0
        now = schedules.clock()
        entries = schedules.lock([account_id for account_id, _ in rows])
        uids = dict(rows)
        before = sorted({e.base_interval_seconds or e.interval_seconds for e in entries.values()})
        for account_id, entry in entries.items():
            _follow(entry, seconds, phase=zlib.crc32(uids[account_id].bytes), now=now)
        schedules.save(entries.values())
    log.info(
        "POLL_INTERVAL_SECONDS is %d: %d accounts follow it, which were polled every %s s",
        seconds, len(entries), ", ".join(map(str, before)),
    )  # fmt: skip
    return len(entries)


def _follow(entry: schedules.Entry, seconds: int, *, phase: int, now: datetime) -> None:
    if entry.base_interval_seconds is not None and seconds < entry.interval_seconds:
        # A rejected key is asked about no sooner for it.
        entry.base_interval_seconds = seconds
        return
    entry.base_interval_seconds = None
    if entry.next_slot is not None:
        # As spread over the new interval as over the old one, where the next slot is not sooner.
        spread = first_slot(now, interval_seconds=seconds, phase=phase)
        entry.next_slot = slots.cut(entry, min(spread, entry.next_slot))
    entry.interval_seconds = seconds


def change_interval(account: Account, seconds: int) -> None:
    """Give an account an interval of its own: it is polled at once, and every `seconds` seconds."""
    with transaction.atomic():
        entry = schedules.lock([account.pk])[account.pk]
        entry.own_interval_seconds = seconds
        _poll_every(entry, seconds)
        schedules.save([entry])


def end_loading(account: Account) -> None:
    """Poll an account at once, and as often as the setting says: its past was loaded."""
    with transaction.atomic():
        entry = schedules.lock([account.pk])[account.pk]
        _poll_every(entry, settings.POLL_INTERVAL_SECONDS)
        schedules.save([entry])


def _poll_every(entry: schedules.Entry, seconds: int) -> None:
    if (entry.base_interval_seconds or entry.interval_seconds) == seconds:
        return
    if entry.next_slot is None:
        if entry.run is None:  # it stands still; else its past is still being loaded
            entry.interval_seconds, entry.base_interval_seconds = seconds, None
    elif entry.base_interval_seconds is not None and seconds < entry.interval_seconds:
        # A rejected key is asked about no sooner for it.
        entry.base_interval_seconds = seconds
    else:
        entry.base_interval_seconds = None
        slots.restart(entry, seconds, reason=claims.UNFINISHED, now=schedules.clock())


def key_replaced(account: Account) -> None:
    """Poll an account at its usual interval again: it was slowed down, or without a key."""
    with together():
        for entry in schedules.lock([account.pk]).values():
            _give_back(entry)
            key_backoff.restore(entry, schedules.clock())
            if Account.objects.filter(pk=account.pk).exclude(keyless_at=None).exists():
                _lift(account, entry, "keyless_at")
            schedules.save([entry])


def _give_back(entry: schedules.Entry) -> None:
    """End a claim without booking it: what is under way was asked with the key before."""
    if entry.claim_slot is not None:
        entry.next_slot = entry.claim_slot
    entry.release()


def key_revoked(account: Account, *, by: User | None) -> bool:
    """Stop polling until there is a new key; return whether anything changed."""
    return _halt(account, "keyless", by)


def pause(account: Account, *, by: User | None) -> bool:
    """Stop polling; return whether anything changed. An answer under way is discarded."""
    return _halt(account, "paused", by)


def archive(account: Account, *, by: User | None) -> bool:
    """Stop polling for good and take the account out of today's figures; history stays."""
    return _halt(account, "archived", by)


def resume(account: Account, *, by: User | None) -> bool:
    """Poll a paused account again, at once; return whether anything changed."""
    return _poll_again(account, "paused", by, "paused_at")


def restore(account: Account, *, by: User | None) -> bool:
    """Bring an archived account back and poll it at once; return whether anything changed."""
    return _poll_again(account, "archived", by, "archived_at", "paused_at")


def _poll_again(account: Account, kind: str, by: User | None, *halts: str) -> bool:
    with together():
        entries = schedules.lock([account.pk])
        # Seen under the lock: what was archived meanwhile is not for whoever may only resume.
        was = _state(account)
        if was != kind:
            return False
        entry = entries[account.pk]
        _lift(account, entry, *halts)
        schedules.save([entry])
        ownership.turn(account, Turn(is_archived=False), by=by)
        _record("restored" if was == "archived" else "resumed", account, by, was)
    return True


def _lift(account: Account, entry: schedules.Entry, *halts: str) -> None:
    """Take reasons to stand still away; what another reason is left for stays as it is."""
    now = _after_pause(account, schedules.clock())
    Pause.objects.filter(account=account, ended_at=None).update(ended_at=now)
    Account.objects.filter(pk=account.pk).update(**dict.fromkeys(halts))
    left = Account.objects.filter(pk=account.pk).values("archived_at", "keyless_at", "paused_at")
    kinds = [name.removesuffix("_at") for name, since in left.get().items() if since is not None]
    if kinds:
        Pause.objects.create(account=account, kind=kinds[0], began_at=now)
    else:
        entry.next_slot = now


def _halt(account: Account, kind: str, by: User | None) -> bool:
    with together():
        add_missing([account])
        entry = schedules.lock([account.pk])[account.pk]
        was = _state(account)
        if kind == "paused" and was != "polled":
            return False
        # The pause begins where the grid ended; a clock read anew would leave a hole between.
        ended = slots.end(entry, reason=claims.PAUSED, now=_booked_until(entry))
        now = _after_pause(account, ended)
        others = Pause.objects.filter(account=account, ended_at=None).exclude(kind=kind)
        others.update(ended_at=now)
        if not Account.objects.filter(pk=account.pk, **{f"{kind}_at": None}).update(
            **{f"{kind}_at": now}
        ):
            return False
        Pause.objects.create(account=account, kind=kind, began_at=now, by=by)
        announcements.polling_stopped(entry, (account.environment, account.is_demo), kind)
        schedules.save([entry])
        if kind == "archived":
            ownership.turn(account, Turn(is_archived=True), by=by)
        if kind != "keyless":  # that the key is revoked is on record already
            _record(kind, account, by, was)
    return True


def _booked_until(entry: schedules.Entry) -> datetime:
    """Return the time now, or where an account stopped whose past is still being loaded."""
    if entry.next_slot is None and entry.run is not None:
        return entry.run.until
    return schedules.clock()


def _state(account: Account) -> str:
    halts = Account.objects.values("archived_at", "paused_at", "keyless_at").get(pk=account.pk)
    standing = (name.removesuffix("_at") for name, since in halts.items() if since is not None)
    return next(standing, "polled")


def _record(act: str, account: Account, by: User | None, was: str) -> None:
    before, after = {"state": was}, {"state": _state(account)}
    record(f"account.{act}", objects.account(account), by=by, before=before, after=after)


def _after_pause(account: Account, now: datetime) -> datetime:
    """Return `now`, or the start of an open pause: the clock may have stepped back."""
    began = Pause.objects.filter(account=account, ended_at=None).values_list("began_at", flat=True)
    return max([now, *began])
