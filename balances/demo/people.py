"""The demo's three people: one administers the fund, one reads it, one works for the exchange."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

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


@transaction.atomic
def ensure_people() -> None:
    """Make the people and organizations that are missing; what is there is left alone."""
    organizations = {
        name: Organization.objects.get_or_create(name=name)[0] for name in (FUND, EXCHANGE)
    }
    for person in PEOPLE:
        user = User.objects.filter(email=person.email).first()
        if user is None:
            user = User.objects.create_user(person.email, password(), name=person.name)
            Membership.objects.bulk_create(
                Membership(organization=organizations[name], user=user, role=role)
                for name, role in person.roles.items()
            )
