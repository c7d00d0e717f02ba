"""An incident: whose keys are rejected, since when and why, each with a form for the next key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.access.querysets import visible_to
from accounts.models import Account, ApiKey, User
from balances.ledger import schedules
from balances.models import Incident, Schedule
from balances.pages.components import times
from balances.pages.components.status_text import state_of
from balances.pages.components.tables import url_of
from balances.pages.keys.context import IncidentPage, RejectedKey
from balances.pages.keys.forms import ReplaceKeyForm
from balances.portfolio.incidents import is_rejected
from balances.portfolio.members import bare_members

#: More rows than this make no page; the others follow once these are done.
MOST_ROWS = 50

NOTHING_TYPED = "Enter at least one key and its secret."
TYPED_TWICE = "Another row has this key too. Every account has a key of its own."


@dataclass(frozen=True, slots=True)
class Row:
    """A rejected key, and the form for the one after it."""

    key: RejectedKey
    form: ReplaceKeyForm


@dataclass(slots=True)
class Rows:
    """The rows of an incident as somebody sees and sends them."""

    rows: list[Row]
    left_over: int
    errors: list[str] = field(default_factory=list)

    def typed(self) -> list[ReplaceKeyForm]:
        """Return the forms of the rows in which something was typed."""
        return [row.form for row in self.rows if row.form.is_bound]

    def valid(self) -> list[ReplaceKeyForm]:
        """Return the typed forms that hold a key; every other one says what is wrong."""
        if not self.typed():
            self.errors.append(NOTHING_TYPED)
        found: dict[str, ReplaceKeyForm] = {}
        for form in filter(ReplaceKeyForm.is_valid, self.typed()):
            if form.cleaned_data["api_key"] in found:
                form.add_error("api_key", TYPED_TWICE)
            else:
                found[form.cleaned_data["api_key"]] = form
        return list(found.values())

    @property
    def is_wrong(self) -> bool:
        """Whether anything is left to be corrected."""
        return bool(self.errors) or any(form.errors for form in self.typed())


def rows_of(user: User, incident: Incident, data: Any = None) -> Rows:
    """Return the rows of the keys that are rejected now, and of those that something is sent for.

    Who sends a form twice finds keys that are not rejected any more: they were replaced.
    """
    now = schedules.clock()
    there = visible_to(user).filter(
        organization=incident.organization, environment=incident.environment
    )
    accounts = [
        account
        for account in there.select_related("schedule").order_by("label")
        if _is_in(incident, account) or _is_typed(account, data)
    ]
    forms = [_form(account, data) for account in accounts[:MOST_ROWS]]
    keys = _keys(user, accounts[:MOST_ROWS], now)
    rows = [Row(key, form) for key, form in zip(keys, forms, strict=True)]
    return Rows(rows, max(0, len(accounts) - MOST_ROWS))


def _is_in(incident: Incident, account: Account) -> bool:
    return incident.ended_at is None and is_rejected(getattr(account, "schedule", None))


def _is_typed(account: Account, data: Any) -> bool:
    names = ("api_key", "api_secret")
    return data is not None and any(data.get(f"{account.uid}-{name}", "").strip() for name in names)


def _form(account: Account, data: Any) -> ReplaceKeyForm:
    typed = data if _is_typed(account, data) else None
    # No row has to be filled in.
    options = {"prefix": str(account.uid), "use_required_attribute": False}
    return ReplaceKeyForm(account, typed, **options)


def _keys(user: User, accounts: Sequence[Account], now: datetime) -> Iterable[RejectedKey]:
    active = ApiKey.objects.filter(account__in=accounts, replaced_at=None)
    ids = dict(active.values_list("account_id", "key_id"))
    there = Account.objects.filter(pk__in=[account.pk for account in accounts])
    stands = {member.account.pk: member.stand for member in bare_members(user, there)}
    for account in accounts:
        schedule: Schedule | None = getattr(account, "schedule", None)
        yield RejectedKey(
            label=account.label,
            url=url_of(account),
            key_id=ids.get(account.pk, ""),
            state=state_of(stands[account.pk], now),
            detail=schedule.last_detail if schedule else "",
        )


def incident_page(incident: Incident, rows: Rows) -> IncidentPage:
    """Return what stands above the rows."""
    now, ended_at = schedules.clock(), incident.ended_at
    return IncidentPage(
        organization=incident.organization.name,
        environment=incident.environment,
        began=times.moment(incident.began_at, now),
        ended=None if ended_at is None else times.moment(ended_at, now),
        left_over=rows.left_over,
    )
