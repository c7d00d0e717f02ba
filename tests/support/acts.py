"""What is on record, as tests look at it."""

from typing import Any

from accounts.models import Account, Act, Organization, User


def log_of(owner: User | Organization) -> str:
    if isinstance(owner, User):
        return f"person {owner.pk}"
    return f"organization {owner.uid}"


def acts_of(owner: User | Organization, *but: str) -> list[Act]:
    """Return the acts in somebody's log, oldest first, without those of some words."""
    found = Act.objects.filter(log=log_of(owner)).exclude(act__in=but)
    return list(found.order_by("number"))


def words(owner: User | Organization, *but: str) -> list[str]:
    return [act.act for act in acts_of(owner, *but)]


def last(owner: User | Organization) -> Act:
    return acts_of(owner)[-1]


def told(act: Act) -> tuple[dict[str, Any], dict[str, Any]]:
    return act.before, act.after


def about(account: Account) -> tuple[str, str, str]:
    return "account", str(account.uid), account.label
