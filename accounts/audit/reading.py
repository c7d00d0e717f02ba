"""Who may read which log, and the acts in it that somebody looks for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.access.querysets import memberships_of
from accounts.access.roles import NeedsRole
from accounts.audit.objects import INSTALLATION, log_of_organization, log_of_person
from accounts.models import Act, Membership, Organization, Role, User

OVERSEE = frozenset({Role.ADMIN, Role.AUDITOR})
PERSONAL = "personal"

#: Acts that an export reads at once.
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Log:
    """A log that somebody may read: its name, its title, and what an address calls it."""

    name: str
    title: str
    key: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader looks for; what is empty limits nothing. `before` is an act's number."""

    person: str = ""
    act: str = ""
    thing: str = ""
    start: datetime | None = None
    end: datetime | None = None
    before: int | None = None


def readable(user: User) -> list[Log]:
    """Return the logs that somebody may read now, the most important one first."""
    of = overseeing_memberships(user).values("organization")
    overseen = Organization.objects.filter(pk__in=of).order_by("name")
    logs = [Log(log_of_organization(one), one.name, str(one.uid)) for one in overseen]
    if user.is_superuser:
        logs.append(Log(INSTALLATION, "Installation", INSTALLATION))
    return [*logs, Log(log_of_person(user.pk), "Your activity", PERSONAL)]


def overseeing_memberships(user: User) -> QuerySet[Membership]:
    """Return the memberships by which somebody may read more than their own activity."""
    return memberships_of(user).filter(role__in=OVERSEE)


def chosen(user: User, key: str) -> Log:
    """Return the log that an address names, by default the first. Raise `Http404` or `NeedsRole`.

    A log that somebody may not know of is answered like one that there is not.
    """
    logs = readable(user)
    found = logs[0] if not key else next((log for log in logs if log.key == key), None)
    if found is not None:
        return found
    member = _membership(user, key)
    if member is not None:
        raise NeedsRole.of(Role.AUDITOR, member.organization)
    raise Http404


def _membership(user: User, key: str) -> Membership | None:
    try:
        uid = UUID(key)
    except ValueError:
        return None
    own = memberships_of(user).select_related("organization")
    return own.filter(organization__uid=uid).first()


def acts(log: Log, wanted: Wanted) -> QuerySet[Act]:
    """Return the acts of a log that somebody looks for, newest first."""
    found = Act.objects.filter(log=log.name).order_by("-number")
    if wanted.person:
        about = Q(object_kind="person", object_label__icontains=wanted.person)
        found = found.filter(Q(who__icontains=wanted.person) | about)
    if wanted.act:
        found = found.filter(act=wanted.act)
    if wanted.thing:
        named = Q(object_label__icontains=wanted.thing)
        found = found.filter(named | Q(object_uid=wanted.thing))
    return _within(found, wanted)


def _within(found: QuerySet[Act], wanted: Wanted) -> QuerySet[Act]:
    if wanted.start is not None:
        found = found.filter(at__gte=wanted.start)
    if wanted.end is not None:
        found = found.filter(at__lt=wanted.end)
    if wanted.before is not None:
        found = found.filter(number__lt=wanted.before)
    return found


def newest(log: Log) -> int:
    """Return the number of a log's newest act; zero if it has none."""
    numbers = Act.objects.filter(log=log.name).order_by("-number").values_list("number", flat=True)
    return numbers.first() or 0


def every(found: QuerySet[Act]) -> Iterator[list[Act]]:
    """Yield all acts of a query in chunks, so that memory stays flat however many they are."""
    before: int | None = None
    while True:
        rest = found if before is None else found.filter(number__lt=before)
        chunk = list(rest[:CHUNK])
        if chunk:
            yield chunk
            before = chunk[-1].number
        if len(chunk) < CHUNK:
            return
