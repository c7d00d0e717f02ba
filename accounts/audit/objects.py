"""What acts are done to: a kind, an id, a name, and the log that they belong in."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from accounts.models import Account, ApiKey, Organization, Tenure, User

INSTALLATION = "installation"
_OWNER = ("owner_id", "organization__uid")


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of acts, as it is called at the time; `log` is whose affair it is."""

    kind: str
    uid: str
    label: str
    log: str


def log_of_person(person_id: int) -> str:
    """Return the log of what concerns one person alone."""
    return f"person {person_id}"


def log_of_organization(organization: Organization) -> str:
    """Return the log of an organization."""
    return f"organization {organization.uid}"


def account(which: Account) -> Thing:
    """Return an account; its log is its owner's at this moment."""
    # Not from the object at hand, whose owner may have changed since it was read.
    ((label, *owner),) = Account.objects.filter(pk=which.pk).values_list("label", *_OWNER)
    return Thing("account", str(which.uid), label, _log_of(*owner))


def logs_of_tenures(tenures: Iterable[Tenure]) -> Counter[str]:
    """Return how many of the accounts were whose affair then: that of the owners of a time."""
    return Counter(
        _log_of(one.owner_id, one.organization.uid if one.organization else None) for one in tenures
    )


def log_of_owner(owner: User | Organization) -> str:
    """Return the log of whoever an account belongs or belonged to."""
    if isinstance(owner, Organization):
        return log_of_organization(owner)
    return log_of_person(owner.pk)


def _log_of(owner_id: int | None, organization_uid: UUID | None) -> str:
    if organization_uid is not None:
        return f"organization {organization_uid}"
    return log_of_person(owner_id or 0)


def key(which: ApiKey, of: Thing) -> Thing:
    """Return a key of an account: its beginning tells it from others and tells no more."""
    return Thing("key", str(which.uid), f"{which.key_id[:4]}… of {of.label}", of.log)


def person(which: User, *, log: str = "") -> Thing:
    """Return a person; without another log it is an affair of their own."""
    return Thing("person", str(which.pk), which.email, log or log_of_person(which.pk))


def invited(email: str, to: Organization) -> Thing:
    """Return somebody who is invited and may not be anybody here yet."""
    return Thing("person", "", email, log_of_organization(to))


def organization(which: Organization) -> Thing:
    """Return an organization."""
    return Thing("organization", str(which.uid), which.name, log_of_organization(which))


def asset(name: str, log: str) -> Thing:
    """Return an asset, in the log of whose figures of it are meant."""
    return Thing("asset", "", name, log)


def statement(cutoff: str, log: str) -> Thing:
    """Return the statement as of an instant, in the log of whose figures are in it."""
    return Thing("statement", "", cutoff, log)


def installed(which: Thing) -> Thing:
    """Return the same as an affair of the installation."""
    return Thing(which.kind, which.uid, which.label, INSTALLATION)


def everybody() -> Thing:
    """Return all people together, an affair of the installation."""
    return Thing("installation", "", "everybody", INSTALLATION)


def owner_in(log: str) -> str:
    """Return what the owner whose log this is is called today."""
    kind, _, known_as = log.partition(" ")
    if kind == "organization":
        return Organization.objects.get(uid=known_as).name
    return User.objects.get(pk=known_as).email
