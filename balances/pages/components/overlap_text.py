"""What is said of accounts that hold the same, where a key is added, replaced or counted."""

from dataclasses import replace

from accounts.access.querysets import visible_to
from accounts.models import Account, User
from balances.pages.components.notices import named
from balances.portfolio import overlaps
from balances.portfolio.members import not_counted
from balances.portfolio.overlaps import Overlap


def overlap_of(user: User, account: Account) -> Overlap | None:
    """Return what an account overlaps with among the current accounts that somebody sees."""
    current = visible_to(user).filter(
        environment=account.environment, is_demo=account.is_demo, archived_at=None
    )
    found = overlaps.among(user, current.order_by("pk"))
    return next((one for one in found if account in one.accounts), None)


def warning(user: User, account: Account) -> str:
    """Return what is said after an account got a key that one of its reader's accounts has."""
    overlap = overlap_of(user, account)
    if overlap is None or not overlap.is_certain:
        return ""
    text = f"{account.label} answers for the same Qredo account as {_others(overlap, account)}"
    if not too_many(user, overlap, account):
        return f"{text}. Only one of them counts in totals."
    often = "twice" if len(overlap.accounts) == 2 else "more than once"
    return (
        f"{text}: its amounts are in the totals {often}. Choose Counting on an account page to"
        " decide which one counts."
    )


def too_many(user: User, overlap: Overlap | None, account: Account) -> list[Overlap]:
    """Return what of an overlap counts beside an account, if both do."""
    if overlap is None:
        return []
    left_out = not_counted(user, overlap.accounts)
    counted = tuple(one for one in overlap.accounts if one.pk not in left_out)
    is_double = account in counted and len(counted) > 1
    return [replace(overlap, accounts=counted)] if is_double else []


def _others(overlap: Overlap, account: Account) -> str:
    return named([one.label for one in overlap.accounts if one != account])
