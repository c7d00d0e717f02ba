"""An account's keys, oldest last: which one is active, how old it is, what became of the others."""

from datetime import datetime, timedelta

from django.conf import settings

from accounts.enrolment import said_of_newest
from accounts.models import Account, ApiKey
from balances.ledger import schedules
from balances.models import Schedule
from balances.pages.components import times
from balances.pages.components.context import Fact
from balances.pages.keys.context import KeyPage, KeyRow


def key_page(account: Account) -> KeyPage:
    """Return what the page of an account's key shows beside its form."""
    now = schedules.clock()
    keys = list(
        ApiKey.objects.filter(account=account)
        .select_related("ended_by")
        .order_by("-created_at", "-pk")
    )
    active = next((key for key in keys if key.replaced_at is None), None)
    return KeyPage(
        label=account.label,
        uid=str(account.uid),
        environment=account.environment,
        has_key=active is not None,
        active=key_facts(account, now),
        reminder=reminder(active, now),
        ended=tuple(_row(key, now) for key in keys if key.replaced_at is not None),
    )


def key_facts(account: Account, now: datetime) -> tuple[Fact, ...]:
    """Return the facts of the active key; of one that is missing, that it is."""
    active = ApiKey.objects.filter(account=account, replaced_at=None).first()
    if active is None:
        return (Fact("API key", "none", note="not polled until there is one"),)
    facts = [
        Fact("API key id", active.key_id, note="active"),
        Fact("Added", "", times.moment(active.created_at, now)),
        _tested(active, now),
        *_use(active, now),
        Fact("Said to see", said_of_newest(account).label.lower()),
        Fact("Secret", "sealed in the vault; no page shows it"),
    ]
    return tuple(facts)


def reminder(active: ApiKey | None, now: datetime) -> str:
    """Return a sentence once a key is due to be replaced for its age, else nothing."""
    if active is None or now - active.created_at < timedelta(days=settings.KEY_REMINDER_DAYS):
        return ""
    days = (now - active.created_at).days
    return f"This API key is {days} days old. Make a new one in Qredo's web app and replace it."


def _tested(key: ApiKey, now: datetime) -> Fact:
    if key.verified_at is None:
        return Fact("Tested", "not when it was added")
    return Fact("Tested", "", times.moment(key.verified_at, now))


def _use(key: ApiKey, now: datetime) -> list[Fact]:
    schedule = Schedule.objects.filter(account=key.account_id).first()
    if schedule is None:
        return [Fact("Last used", "not yet")]
    used = {"Last used": schedule.last_attempt_at, "Last accepted": schedule.observed_at}
    # What came before it was the use of another key.
    own = {name: at for name, at in used.items() if at is not None and at >= key.created_at}
    facts = [Fact(name, "", times.moment(at, now)) for name, at in own.items()]
    return facts or [Fact("Last used", "not yet")]


def _row(key: ApiKey, now: datetime) -> KeyRow:
    assert key.replaced_at is not None  # noqa: S101 - only ended keys come here
    return KeyRow(
        key_id=key.key_id,
        word="Revoked" if key.is_revoked else "Replaced",
        added=times.moment(key.created_at, now),
        ended=times.moment(key.replaced_at, now),
        by=(key.ended_by.name or key.ended_by.email) if key.ended_by else "",
    )
