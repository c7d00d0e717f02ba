"""What somebody's accounts hold now: loaded in five queries, added up exactly."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add
from typing import Literal

from django.db.models import QuerySet

from accounts.models import Account, Tenure
from balances.amounts import Level
from balances.models import Holding, Schedule
from balances.states import is_fresh
from balances.testnet import is_testnet

Kind = Literal["production", "testnet"]


@dataclass(frozen=True, slots=True)
class Held:
    """One asset in one account, now."""

    account: Account
    asset: str
    level: Level
    flags: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """Real money or test money; the two are never added up."""
        return "testnet" if is_testnet(self.account, self.asset) else "production"


@dataclass(frozen=True, slots=True)
class Member:
    """An account with its schedule and what it holds; nothing known means no schedule sight."""

    account: Account
    schedule: Schedule | None
    holdings: tuple[Held, ...]
    is_counted: bool = True

    @property
    def is_known(self) -> bool:
        """Whether there is a snapshot. Without one the account is unknown, never zero."""
        return self.schedule is not None and self.schedule.observed_at is not None

    def is_fresh(self, now: datetime) -> bool:
        """Whether the account's figures are fresh."""
        return is_fresh(self.schedule, now)


def members(accounts: QuerySet[Account], asset: str | None = None) -> list[Member]:
    """Load accounts with everything a list of them shows, sorted by owner and label.

    With `asset` nothing else that they hold is loaded.
    """
    found = list(
        accounts.select_related("schedule", "organization", "owner").prefetch_related("tags")
    )
    found.sort(key=_place)
    held, left_out = _holdings(found, asset), not_counted(found)
    return [
        Member(a, getattr(a, "schedule", None), tuple(held[a.pk]), a.pk not in left_out)
        for a in found
    ]


def counting(members: Iterable[Member]) -> list[Member]:
    """Return the members whose amounts are in totals today."""
    return [member for member in members if member.is_counted]


def not_counted(accounts: Iterable[Account]) -> set[int]:
    """Return the ids of those of the accounts that are in no total today."""
    today = Tenure.objects.filter(account__in=list(accounts), ended_at=None, is_counted=False)
    return set(today.values_list("account_id", flat=True))


def _place(account: Account) -> tuple[bool, str, str]:
    owner = account.organization.name if account.organization else ""
    return account.is_personal, owner, account.label


def _holdings(accounts: list[Account], asset: str | None) -> dict[int, list[Held]]:
    by_id = {account.pk: account for account in accounts}
    found: dict[int, list[Held]] = defaultdict(list)
    columns = ("account", "asset", "total", "available", "pending_in", "pending_out", "scale")
    rows = Holding.objects.filter(account__in=by_id).order_by("account", "asset")
    rows = rows if asset is None else rows.filter(asset=asset)
    for account_id, name, *amounts, flags in rows.values_list(*columns, "flags"):
        level = Level(*(int(amount) for amount in amounts))
        found[account_id].append(Held(by_id[account_id], name, level, tuple(flags)))
    return found


def total(held: Iterable[Held]) -> Level:
    """Add up holdings of one asset, exactly, at the finest scale among them."""
    return reduce(add, (one.level for one in held))
