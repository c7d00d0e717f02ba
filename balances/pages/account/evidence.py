"""Evidence as a page shows it: what proves the figures of an instant, and what that means."""

from datetime import datetime

from balances.core import number_formats
from balances.evidence.proof import Poll, Proof
from balances.models import Snapshot
from balances.pages.account.context import Evidence
from balances.pages.as_of.instant import long_text
from balances.pages.components import times
from balances.pages.components.context import Fact
from balances.pages.components.status_text import words_of
from balances.pages.components.tables import flag_words


def evidence(found: Proof, at: datetime) -> Evidence:
    """Return the evidence of an account's figures as of `at`."""
    return Evidence(
        meaning=_meaning(found, at),
        before=_snapshot(found.before) if found.before else (),
        before_note=_before_note(found),
        after=_snapshot(found.after) if found.after else (),
        after_note=_after_note(found),
        run=_run(found.run) if found.run else (),
        run_note=_run_note(found),
    )


def _meaning(found: Proof, at: datetime) -> str:
    """Say which polls saw the figures: of the time between two of them nothing is known."""
    if found.held_until is None or not (found.before or found.is_before_hidden):
        return "Nothing had been seen of this account by then: its balances are unknown, not zero."
    polls = _polls(found, found.held_until)
    if found.held_until >= at:
        return polls
    return f"{polls} No later poll had been answered by the instant shown."


def _polls(found: Proof, until: datetime) -> str:
    every = times.every(found.every)
    if found.before is not None and found.before.observed_at == until:
        return (
            f"One poll saw these figures so far, at {long_text(until)}: one is made every {every}."
        )
    since = "before the account was yours" if found.before is None else _since(found.before)
    return (
        f"Every poll that was answered from {since} to {long_text(until)} saw these figures"
        f" (one every {every}, unless polls failed or stood still)."
    )


_STOOD_STILL = {
    "paused": "None: the account was paused then.",
    "archived": "None: the account was archived then.",
    "keyless": "None: the account had no API key then.",
}


def _run_note(found: Proof) -> str:
    """Say why there is no run to show."""
    if found.is_run_hidden:
        return "It reaches beyond your time with the account."
    if found.halt:
        return _STOOD_STILL[found.halt]
    if found.due is None:
        return "None: no poll was scheduled at that time."
    slot = long_text(found.due.slot)
    if found.due.is_tried:
        return f"None yet: the poll that was due at {slot} is under way."
    return f"None yet: the poll that was due at {slot} has not begun."


def _since(snapshot: Snapshot) -> str:
    return long_text(snapshot.observed_at)


def _before_note(found: Proof) -> str:
    if found.is_before_hidden:
        return "It was taken before the account was yours."
    return "" if found.before else "There is none."


def _after_note(found: Proof) -> str:
    if found.after is not None:
        return ""
    if found.is_over:
        return "None while the account was yours; what follows is out of your sight."
    return "None yet: nothing has changed since."


def _snapshot(one: Snapshot) -> tuple[Fact, ...]:
    return (
        Fact("Number", number_formats.whole(one.number)),
        Fact("Slot", long_text(one.slot) if one.slot else "none: a refresh"),
        Fact("Observed", long_text(one.observed_at)),
        Fact("SHA-256 of the answer", bytes(one.payload_id).hex(), is_code=True),
        Fact("Chain link", bytes(one.chain).hex(), is_code=True),
        Fact("Flags", "; ".join(flag_words(one.flags)) or "none"),
    )


def _run(run: Poll) -> tuple[Fact, ...]:
    outcome = run.outcome.title()
    facts = [
        Fact("Outcome", f"{outcome}: {words_of(run.reason)}" if run.reason else outcome),
        Fact("Polled", f"every {times.every(run.interval_seconds)}"),
        Fact("First slot", long_text(run.first_slot)),
        Fact("Last slot", long_text(run.last_slot)),
    ]
    if run.observed is not None:
        names = ("First observed", "Last observed")
        facts += [Fact(n, long_text(t)) for n, t in zip(names, run.observed, strict=True)]
    if run.number is None:
        return (*facts, Fact("Chain link", "not yet: the run goes on"))
    return (
        *facts,
        Fact("Number", number_formats.whole(run.number)),
        Fact("Chain link", run.chain, is_code=True),
    )
