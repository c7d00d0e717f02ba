"""Who the admins of organizations are: those that members ask for what they may not do."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from accounts.models import Membership, Organization, Role, User

#: A sentence names at most so many of them.
MOST_NAMED = 3


def admins_of(organizations: Iterable[int]) -> dict[int, list[User]]:
    """Return, by organization, its active admins in the order of their addresses.

    For its members alone: others must not learn who is in it.
    """
    found: dict[int, list[User]] = defaultdict(list)
    rows = (
        Membership.objects.filter(
            organization__in=list(organizations), role=Role.ADMIN, user__is_active=True
        )
        .select_related("user")
        .order_by("user__email")
    )
    for one in rows:
        found[one.organization_id].append(one.user)
    return found


def admin_to_ask(organization: Organization, admins: Sequence[User]) -> str:
    """Return an organization's admins in a sentence: `an admin of Fund (a@x.example)`."""
    emails = [admin.email for admin in admins]
    if len(emails) > MOST_NAMED:
        emails = [*emails[:MOST_NAMED], f"{len(emails) - MOST_NAMED} more"]
    named = f" ({', '.join(emails)})" if emails else ""
    return f"an admin of {organization.name}{named}"
