"""Troubles: what is wrong for several accounts at once, said once for all of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse

from accounts.access.admins import admin_to_ask, admins_of
from accounts.access.roles import (
    administered_accounts,
    operated_accounts,
    organizations_administered_by,
)
from accounts.models import Account, User
from balances.models import Incident
from balances.pages.components import times
from balances.pages.components.context import Trouble
from balances.polling.pacing import environments
from balances.polling.pacing.environments import Upstream
from balances.portfolio.incidents import Shared
from balances.portfolio.members import Member
from balances.portfolio.overlaps import Overlap

#: A probe that is late by more than this: nobody polls at all, which is another trouble.
PATIENCE = timedelta(minutes=1)
#: A sentence names at most so many accounts.
MOST_NAMED = 6

_REJECTED_REMEDY = (
    "If they were regenerated or revoked in Qredo's web app, replace them there and here;"
    " until then each is tried hourly."
)
_REFRESH = "If they work again, refresh them: that ends the hourly wait."


def troubles(
    user: User, down: Iterable[Upstream], shared: Sequence[Shared], now: datetime
) -> tuple[Trouble, ...]:
    """Return what a page says of environments that do not answer, and of incidents."""
    organizations = [one.incident.organization_id for one in shared]
    mends = set(organizations_administered_by(user)) if shared else set()
    admins = admins_of(organizations) if shared else {}
    operated = _operated(user, shared) if shared else set()
    return (
        *(_held_back(one, now) for one in down),
        *(
            _rejected(
                one,
                now,
                operated,
                admins[one.incident.organization_id],
                mends=one.incident.organization in mends,
            )
            for one in shared
        ),
    )


def _operated(user: User, shared: Iterable[Shared]) -> set[int]:
    """Return which accounts of incidents somebody may refresh."""
    members = [member.account.pk for one in shared for member in one.members]
    return set(operated_accounts(user).filter(pk__in=members).values_list("pk", flat=True))


def not_answering(members: Iterable[Member]) -> list[Upstream]:
    """Return the environments of accounts that are polled whose breaker is open."""
    keys = {(m.account.environment, m.account.is_demo) for m in members if m.account.is_polled}
    return [one for one in environments.read(keys) if one.opened_at is not None]


def is_probed(upstream: Upstream, now: datetime) -> bool:
    """Whether an environment whose breaker is open is still asked now and then."""
    return upstream.probe_at is not None and upstream.probe_at > now - PATIENCE


def _held_back(upstream: Upstream, now: datetime) -> Trouble:
    since, probe_at = upstream.opened_at or now, upstream.probe_at or now
    return Trouble(
        slug="stale",
        who=upstream.name,
        what=f"has not answered since {times.short(since, now)}:"
        f" polling is held back, next probe {times.within(probe_at - now)}.",
    )


def _rejected(
    shared: Shared, now: datetime, operated: set[int], admins: Sequence[User], *, mends: bool
) -> Trouble:
    incident, count = shared.incident, len(shared.members)
    few = sum(member.account.pk in operated for member in shared.members)
    asked = urlencode({"incident": incident.uid, "from": "accounts"})
    return Trouble(
        slug="failed",
        before=f"{count} keys of",
        who=incident.organization.name,
        what=f"are rejected by Qredo {incident.environment},"
        f" several at once since {times.short(incident.began_at, now)}.",
        remedy=" ".join(
            (
                _REJECTED_REMEDY if mends else _asked(incident, admins),
                *([_REFRESH] if few else ()),
            )
        ),
        url=reverse("incident", args=[incident.uid]) if mends else _listed(incident),
        link=f"Replace the {count} keys" if mends else f"Show the {count} accounts",
        refresh_url=f"{reverse('refresh-all')}?{asked}" if few else "",
        refresh=f"Refresh these {few} account{'' if few == 1 else 's'} now" if few else "",
    )


def _asked(incident: Incident, admins: Sequence[User]) -> str:
    asked = admin_to_ask(incident.organization, admins)
    return f"Ask {asked} to replace them; until then each is tried hourly."


def _listed(incident: Incident) -> str:
    return f"{reverse('accounts')}?{urlencode({'incident': incident.uid})}"


def counted_twice(user: User, found: Sequence[Overlap]) -> tuple[Trouble, ...]:
    """Return what a page says of accounts, all of which count, that are one and the same."""
    if not found:
        return ()
    decides = set(administered_accounts(user).values_list("pk", flat=True))
    return tuple(_overlapping(one.accounts, decides, certain=one.is_certain) for one in found)


def _overlapping(accounts: Sequence[Account], decides: set[int], *, certain: bool) -> Trouble:
    # The newest one is probably the one too many.
    newest = next((one for one in reversed(accounts) if one.pk in decides), None)
    seem = "answer for" if certain else "gave the same balances over time and seem to answer for"
    often = "twice" if len(accounts) == 2 else f"{len(accounts)} times"
    return Trouble(
        slug="stale",
        who=named([one.label for one in accounts]),
        what=f"{seem} the same Qredo account: their amounts are in the totals {often}.",
        remedy="" if newest else "Who administers one of them decides which one counts.",
        url=reverse("account-counting", args=[newest.uid]) if newest else "",
        link=f"Decide whether {newest.label} counts" if newest else "",
    )


def named(labels: Sequence[str]) -> str:
    """Return labels in a sentence: `A, B and C`; of many the first ones and how many more."""
    if len(labels) > MOST_NAMED:
        labels = [*labels[: MOST_NAMED - 1], f"{len(labels) - MOST_NAMED + 1} more"]
    return " and ".join(filter(None, (", ".join(labels[:-1]), labels[-1])))
