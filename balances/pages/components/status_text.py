"""An account's state: a word, since when, why, and what to do about it."""

from dataclasses import replace
from datetime import datetime

from balances.history.observations import Sight
from balances.history.status import Halt, Stand
from balances.pages.components import times
from balances.pages.components.context import Moment, State

#: Pages know no names for it: the server has people of its own.
_ASK = "Ask your system administrator"

#: Reason: what a person reads, and what helps.
_WORDS = {
    "timeout": ("Qredo did not answer in time", "It is tried again by itself."),
    "refused": (
        "Qredo took no connection",
        f"It is tried again. {_ASK} to check the network if it lasts.",
    ),
    "reset": ("Qredo broke the connection off", "It is tried again by itself."),
    "dns": (
        "Qredo's name was not found",
        f"{_ASK} to check the server's name resolution.",
    ),
    "tls": (
        "Qredo's certificate was not accepted",
        f"{_ASK} to check the CA file and the address.",
    ),
    "redirect": (
        "Qredo's address has moved",
        f"Redirects are never followed. {_ASK} to check the address.",
    ),
    "rate_limited": ("Qredo asks for fewer requests", "It is tried again by itself."),
    "key_rejected": (
        "Key rejected",
        "Replace it in Qredo's web app and here, or refresh if it works again; it is tried hourly.",
    ),
    "clock": (
        "The database server's clock is off",
        f"{_ASK} to set it; the key is not to blame.",
    ),
    "permission": (
        "The key lacks a permission",
        "Give it the Balances permission; then refresh, or it is tried hourly.",
    ),
    "not_found": ("Qredo does not know the address", f"{_ASK} to check it."),
    "bad_request": ("Qredo did not accept the request", "See the detail on the account's page."),
    "upstream_error": ("Qredo has an error of its own", "It is tried again by itself."),
    "too_large": ("The answer was too large", "Nothing was changed."),
    "not_json": ("The answer was not JSON", "It is tried again by itself."),
    "not_understood": ("The answer was not understood", "Nothing was changed; see the detail."),
    "busy": ("It is being polled already", "Try again in a few seconds."),
    "unclaimed": (
        "No poll ran",
        f"{_ASK} to check that worker and beat run.",
    ),
    "unfinished": ("A poll was not finished", "It is tried again at the next slot."),
    "shed": (
        "Polls could not keep up",
        f"{_ASK} for a longer interval or a higher rate.",
    ),
    "held_back": (
        "Qredo is not responding",
        "A few accounts are polled until it recovers.",
    ),
    "paused": ("A pause began first", ""),
    "turned": ("The account got another owner during the poll", ""),
}

#: Why an account stands still that nobody meant to, and what helps.
_STANDING = {"keyless": ("Its API key was revoked", "Add a new one; it is not polled until then.")}


def words_of(reason: str) -> str:
    """Return a reason as a person reads it."""
    return _WORDS.get(reason, (reason, ""))[0]


def in_sentence(words: str) -> str:
    """Return words as they stand inside a sentence: Qredo and JSON keep their capitals."""
    return words if words.startswith("Qredo") else words[:1].lower() + words[1:]


def state_of(stand: Stand, at: datetime) -> State:
    """Return an account's state at `at`: now, or the instant that its stand is of."""
    state = _state(stand, at)
    return replace(state, is_partial=True) if stand.is_partial else state


def _state(stand: Stand, at: datetime) -> State:
    if stand.halt is not None:
        return _halted(stand, stand.halt, at)
    if stand.failing_since is not None:
        return _failed(stand, stand.failing_since, at)
    if stand.sight is None:
        return State("waiting", "Waiting", None, "for its first poll")
    if stand.is_loading:
        return State("waiting", "Waiting", None, "while its past is being loaded")
    return _seen(stand, stand.sight, at)


def instant_of(stand: Stand, instant: datetime, at: datetime) -> Moment:
    """Return an instant as it is told beside a stand: an age of the past grows no more."""
    return times.before(instant, at) if stand.is_past else times.moment(instant, at)


_HALTED = {"archived": "Archived", "keyless": "No key", "paused": "Paused"}


def _halted(stand: Stand, halt: Halt, at: datetime) -> State:
    reason, remedy = _STANDING.get(halt.kind, ("", ""))
    since = instant_of(stand, halt.since, at)
    when = f"since {times.short(halt.since, at)}"
    return State(halt.kind, _HALTED[halt.kind], since, when, reason, _today(stand, remedy))  # type: ignore[arg-type] # three of the slugs


def _failed(stand: Stand, since: datetime, at: datetime) -> State:
    reason, remedy = _WORDS.get(stand.reason, (stand.reason, ""))
    when = f"since {times.short(since, at)}"
    return State(
        "failed", "Failed", instant_of(stand, since, at), when, reason, _today(stand, remedy)
    )


def _today(stand: Stand, remedy: str) -> str:
    # The past cannot be helped.
    return "" if stand.is_past else remedy


def _seen(stand: Stand, sight: Sight, at: datetime) -> State:
    seen = instant_of(stand, sight.observed_at, at)
    if sight.is_fresh(at):
        return State("fresh", "Fresh", seen, seen.ago)
    if sight.observed_at > at:
        return State("stale", "Stale", seen, "seen later than it is now", *_WORDS["clock"])
    reason, remedy = (
        "No newer poll" if stand.is_past else "No newer poll yet",
        _WORDS["unclaimed"][1],
    )
    if stand.missed:
        reason, remedy = _WORDS.get(stand.missed, ("Polls were missed", remedy))
    return State("stale", "Stale", seen, seen.ago, reason, _today(stand, remedy))
