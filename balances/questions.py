"""What a list of accounts may be narrowed by, read off the accounts that are loaded anyway."""

from collections.abc import Callable, Sequence

from django.db.models import QuerySet

from accounts.models import Account, Organization, User
from balances.narrowing import SHARED_NAME, Narrowing, persons
from balances.portfolio import Member
from balances.screens import Select


def questions(
    narrowing: Narrowing,
    held: Sequence[Member],
    everything: Callable[[], QuerySet[Account]],
    reader: User,
) -> tuple[Select, ...]:
    """Return what may be chosen among `everything`, of which `held` is what was asked for."""
    if narrowing.query:
        return narrowing.selects(everything(), reader)
    environments = {member.account.environment for member in held}
    return narrowing.questions(_owners(held), environments, _tags(held))


def _owners(held: Sequence[Member]) -> list[tuple[str, str]]:
    whose = {(m.account.organization_id, m.account.owner_id): m.owner for m in held}.values()
    funds = [owner for owner in whose if isinstance(owner, Organization)]
    owners = [(str(one.uid), one.name) for one in sorted(funds, key=lambda one: one.name)]
    kinds = {member.kind for member in held}
    return [*owners, *persons(own="Personal" in kinds, shared=SHARED_NAME in kinds)]


def _tags(held: Sequence[Member]) -> list[str]:
    """Return the tags of accounts, each once whatever its case, in the order of the alphabet."""
    names = sorted({name for one in held for name in one.tags}, key=lambda n: (n.lower(), n))
    return list({name.casefold(): name for name in names}.values())
