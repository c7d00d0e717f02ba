"""Tampering with what stands beside the chains: open runs, refreshes, pauses and tenures."""

from datetime import datetime

from balances.core import sql
from balances.models import Pause
from tests.support.evidence.tampered import Case, History
from tests.support.evidence.tampering import alter, tamper
from tests.support.history import at


def _set_schedule(setting: str, field: str, slot: str = "") -> Case:
    return lambda h: alter(h.schedule, setting), slot, field


def _set_refresh(h: History, setting: str) -> None:
    """Change something of the refresh of 10:32."""
    tamper(f"UPDATE balances_refresh SET {setting} WHERE account_id = %s", h.account.pk)  # noqa: S608


def _add_pause(h: History, began: datetime, ended: datetime | None) -> None:
    Pause.objects.create(account=h.account, kind="paused", began_at=began, ended_at=ended)


BESIDE: dict[str, Case] = {
    "the open run's slots": _set_schedule("run_slots = 2", "open run last slot"),
    "the open run's first slot": _set_schedule(
        "run_first = run_first - interval '5 min', run_slots = 2", "run begins", "11:15:00",
    ),
    "the open run's last slot": _set_schedule(
        "run_last = run_last + interval '5 min', run_slots = 2", "slot after the open run",
    ),
    "the open run's day": _set_schedule(
        "run_last = run_last + interval '1 day', run_slots = 289", "open run day",
    ),
    "the open run's outcome": _set_schedule("run_outcome = 'fresh'", "open run outcome"),
    "the open run's reason": _set_schedule("run_reason = ''", "open run outcome"),
    "the open run": _set_schedule("run_slots = 0", "open run"),
    "the open run and its traces": _set_schedule(
        "run_slots = 0, run_first = NULL, run_last = NULL, run_outcome = '', run_reason = ''",
        "run begins", "11:25:00",
    ),
    "the open run made fresh": _set_schedule(
        "run_outcome = 'fresh', run_reason = '', run_first_observed = run_first,"
        " run_last_observed = run_last + interval '1 s'", "open run observed within its lateness",
    ),
    "an interval": _set_schedule("interval_seconds = 3600", "slot after the open run"),
    "an interval that is not the usual one": _set_schedule(
        "base_interval_seconds = 86400", "usual interval of a slowed schedule",
    ),
    "the slot to come": _set_schedule(
        "next_slot = next_slot + interval '1 day'", "slot after the open run",
    ),
    "no slot to come": _set_schedule("next_slot = NULL", "next slot known"),
    "the newest instant": _set_schedule("observed_at = now()", "observed_at of the schedule"),
    "the newest digest": _set_schedule("digest = sha256('x')", "digest of the schedule"),
    "no newest digest": _set_schedule("digest = NULL", "digest known"),
    "a digest that hides the next change": (
        lambda h: alter(h.schedule, "digest = %s", bytes(h.snapshot(2).payload_id)),
        "", "digest of what is held",
    ),
    "a refresh made a failure": (
        lambda h: _set_refresh(h, "outcome = 'failed', observed_at = NULL"),
        "10:32:00", "refresh of the snapshot",
    ),
    "a refresh moved": (
        lambda h: _set_refresh(h, "observed_at = observed_at + interval '1 us'"),
        "10:32:00", "refresh of the snapshot",
    ),
    "a refresh torn": (lambda h: _set_refresh(h, "finished_at = NULL"), "10:32:00", "refresh"),
    "a refresh put, as the newest": (
        lambda h: tamper(
            "INSERT INTO balances_refresh (uid, account_id, asked_at, finished_at, observed_at,"
            " outcome, reason, detail) VALUES (gen_random_uuid(), %s, %s, %s, %s, 'fresh', '', '')",
            h.account.pk, at(11, 21), at(11, 21), at(11, 21),
        ), "", "observed_at of the schedule",
    ),
    "a pause put in a run": (
        lambda h: _add_pause(h, at(10, 4), at(10, 9)), "10:04:00", "pause in a run",
    ),
    "a pause put in the open run": (
        lambda h: _add_pause(h, at(11, 20), at(11, 21)), "11:20:00", "pause in a run",
    ),
    "a pause put, without an end": (lambda h: _add_pause(h, at(11, 25), None), "", "open pause"),
    "an account as if paused": (
        lambda h: tamper("UPDATE accounts_account SET paused_at = now() WHERE id = %s",
        h.account.pk), "", "open pause",
    ),
    "an account as if another's": (
        lambda h: tamper("UPDATE accounts_account SET organization_id ="
        " (SELECT id FROM accounts_organization WHERE name = 'Fund') WHERE id = %s",
        h.account.pk), "11:12:00", "newest tenure",
    ),
    "an account as if archived": (
        lambda h: tamper("UPDATE accounts_account SET archived_at = now() WHERE id = %s",
        h.account.pk), "11:12:00", "newest tenure",
    ),
    "a hole between tenures": (
        lambda h: tamper("UPDATE accounts_tenure SET ended_at = ended_at - interval '1 us'"
        " WHERE account_id = %s AND ended_at IS NOT NULL", h.account.pk),
        "11:12:00", "tenure begins",
    ),
    "a tenure ended": (
        lambda h: tamper("UPDATE accounts_tenure SET ended_at = '2026-03-03Z'"
        " WHERE account_id = %s AND ended_at IS NULL", h.account.pk),
        "11:12:00", "newest tenure ends",
    ),
    "a first tenure begun later": (
        lambda h: tamper("UPDATE accounts_tenure SET began_at = %s"
        " WHERE account_id = %s AND ended_at IS NOT NULL", at(10, 0, 1), h.account.pk),
        "10:00:01", "snapshots before the first tenure",
    ),
    "no tenures": (
        lambda h: sql.count("DELETE FROM accounts_tenure WHERE account_id = %s", [h.account.pk]),
        "", "tenures",
    ),
}  # fmt: skip
