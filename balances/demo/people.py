"""The demo's three people: one administers the fund, one reads it, one works for the exchange."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.models import Membership, Organization, Role, User

FUND, EXCHANGE = "Demo Fund", "Demo Exchange"


@dataclass(frozen=True, slots=True)
class Person:
    """A demo log-in. `simulated` is the person's name in the simulator's cast, if any."""

    email: str
    name: str
    simulated: str
    roles: dict[str, Role]

    @property
    def summary(self) -> str:
        """Return what the person may do, in a line."""
        roles = ", ".join(f"{role.value} of {name}" for name, role in self.roles.items())
        return f"{roles}, and a personal account" if self.simulated else roles


PEOPLE = (
    Person(
        "treasurer@demo.example",
        "Demo treasurer",
        "Demo treasurer",
        {FUND: Role.ADMIN, EXCHANGE: Role.VIEWER},
    ),
    Person("analyst@demo.example", "Demo analyst", "Demo analyst", {FUND: Role.VIEWER}),
    Person("operator@demo.example", "Demo operator", "", {EXCHANGE: Role.OPERATOR}),
)


def password() -> str:
    """Return the demo's password: made at its first start, the same for all three."""
    path: Path = settings.DATA_DIR / "demo-password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"demo-{secrets.token_hex(6)}", encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


def ensure_people() -> None:
    """Make the people and organizations that are missing; what is there is left alone."""
    with together():
        organizations = {name: _organization(name) for name in (FUND, EXCHANGE)}
        for person in PEOPLE:
            if not User.objects.filter(email=person.email).exists():
                _add(person, organizations)


def _organization(name: str) -> Organization:
    found, made = Organization.objects.get_or_create(name=name)
    if made:
        record("organization.added", objects.organization(found), by=None)
    return found


def _add(person: Person, organizations: dict[str, Organization]) -> None:
    user = User.objects.create_user(person.email, password(), name=person.name)
    record("person.added", objects.installed(objects.person(user)), by=None)
    for name, role in person.roles.items():
        body = organizations[name]
        Membership.objects.create(organization=body, user=user, role=role)
        about = objects.person(user, log=objects.log_of_organization(body))
        record("member.added", about, by=None, after={"role": role})
