"""An account's state: a word, since when, why, and what to do about it."""

from datetime import datetime, timedelta

from accounts.models import Account
from balances import moments
from balances.models import Schedule
from balances.observed import FRESH_INTERVALS
from balances.screens import State

#: Reason: what a person reads, and what helps.
_WORDS = {
    "timeout": ("Qredo did not answer in time", "It is tried again by itself."),
    "refused": ("Qredo took no connection", "It is tried again; check the network if it lasts."),
    "reset": ("Qredo broke the connection off", "It is tried again by itself."),
    "dns": ("Qredo's name was not found", "Check this machine's name resolution."),
    "tls": ("Qredo's certificate was not accepted", "Check the CA file and the address."),
    "redirect": ("Qredo's address has moved", "Redirects are never followed; check the address."),
    "rate_limited": ("Qredo asks for fewer requests", "It is tried again by itself."),
    "key_rejected": (
        "Key rejected",
        "Replace the key in Qredo's web app and here; it is tried hourly until then.",
    ),
    "clock": ("This machine's clock is off", "Set the clock; the key is not to blame."),
    "permission": (
        "The key lacks a permission",
        "Give it the Balances permission; it is tried hourly until then.",
    ),
    "not_found": ("Qredo does not know the address", "Check the configured address."),
    "bad_request": ("Qredo did not accept the request", "See the detail on the account's page."),
    "upstream_error": ("Qredo has an error of its own", "It is tried again by itself."),
    "too_large": ("The answer was too large", "Nothing was changed."),
    "not_json": ("The answer was not JSON", "It is tried again by itself."),
    "not_understood": ("The answer was not understood", "Nothing was changed; see the detail."),
    "busy": ("It is being polled already", "Try again in a few seconds."),
    "unclaimed": ("Nobody polled", "Check that worker and beat run."),
    "unfinished": ("A poll was not finished", "It is tried again at the next slot."),
    "shed": ("Polls could not keep up", "Fewer accounts, a longer interval or a higher rate help."),
    "held_back": ("Qredo answers nobody", "Few accounts are tried until one is answered."),
    "paused": ("A pause began first", ""),
    "turned": ("The account changed hands meanwhile", ""),
}

#: Why an account stands still that nobody meant to, and what helps.
_STANDING = {"keyless": ("Its API key was revoked", "Add a new one; it is not polled until then.")}


def words_of(reason: str) -> str:
    """Return a reason as a person reads it."""
    return _WORDS.get(reason, (reason, ""))[0]


def in_sentence(words: str) -> str:
    """Return words as they stand inside a sentence: Qredo and JSON keep their capitals."""
    return words if words.startswith("Qredo") else words[:1].lower() + words[1:]


def is_fresh(schedule: Schedule | None, now: datetime) -> bool:
    """Whether an account's figures count as fresh now."""
    if schedule is None or schedule.observed_at is None:
        return False
    # While an account is slowed down, what it last showed is no longer fresh for that.
    seconds = schedule.base_interval_seconds or schedule.interval_seconds
    reach = timedelta(seconds=FRESH_INTERVALS * seconds)
    # Seen far ahead of now, the clock has stepped back since: nobody knows how long ago it was.
    return abs(now - schedule.observed_at) <= reach


def state_of(account: Account, schedule: Schedule | None, now: datetime) -> State:
    """Return an account's state at `now`."""
    for slug, word, since in (
        ("archived", "Archived", account.archived_at),
        ("keyless", "No key", account.keyless_at),
        ("paused", "Paused", account.paused_at),
    ):
        if since is not None:
            at = moments.moment(since, now)
            when = f"since {moments.short(since, now)}"
            reason, remedy = _STANDING.get(slug, ("", ""))
            return State(slug, word, at, when, reason, remedy)  # type: ignore[arg-type] # three of the slugs
    if schedule is not None and schedule.failing_since is not None:
        return _failed(schedule, now)
    if schedule is None or schedule.observed_at is None:
        return State("waiting", "Waiting", None, "for its first poll")
    if schedule.next_slot is None:
        return State("waiting", "Waiting", None, "while its past is being loaded")
    return _seen(schedule, schedule.observed_at, now)


def _failed(schedule: Schedule, now: datetime) -> State:
    reason, remedy = _WORDS.get(schedule.last_reason, (schedule.last_reason, ""))
    since = schedule.failing_since or now
    when = f"since {moments.short(since, now)}"
    return State("failed", "Failed", moments.moment(since, now), when, reason, remedy)


def _seen(schedule: Schedule, observed_at: datetime, now: datetime) -> State:
    at = moments.moment(observed_at, now)
    if is_fresh(schedule, now):
        return State("fresh", "Fresh", at, at.ago)
    if observed_at > now:
        return State("stale", "Stale", at, "seen later than it is now", *_WORDS["clock"])
    reason, remedy = "No newer poll yet", _WORDS["unclaimed"][1]
    if schedule.run_outcome == "missed":
        reason, remedy = _WORDS.get(schedule.run_reason, ("Polls were missed", remedy))
    return State("stale", "Stale", at, at.ago, reason, remedy)
