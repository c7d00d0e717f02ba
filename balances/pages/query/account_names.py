"""Which account somebody means who names it: one of those that they see, each called otherwise."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.access.querysets import visible_to
from accounts.audit.past_labels import name_as_known
from accounts.models import User
from balances.pages.as_of.instant import AsOf
from balances.portfolio.members import owner_name
from balances.portfolio.scope import Scope

_Found = tuple[UUID, str, str]


@dataclass(frozen=True, slots=True)
class Named:
    """An account and what it is called."""

    uid: str
    label: str
    name: str  # "Vault · Fund"; no other of the reader's is called the same


def accounts_named(user: User, asked: AsOf) -> list[Named]:
    """Return the accounts that somebody sees, or saw at the instant asked for, by name."""
    found = _then(user, asked) if asked.is_past else _now(user)
    often = Counter(_name(label, owner).casefold() for _, label, owner in found)
    named = (
        Named(str(uid), label, name if often[name.casefold()] == 1 else f"{name} · {str(uid)[:8]}")
        for uid, label, owner in found
        for name in (_name(label, owner),)
    )
    return sorted(named, key=lambda one: (one.name.casefold(), one.uid))


def _name(label: str, owner: str) -> str:
    return f"{label} · {owner}"


def _now(user: User) -> list[_Found]:
    rows = visible_to(user).values_list(
        "uid", "label", "organization__name", "owner__name", "owner__email"
    )
    return [(uid, label, fund or name or email) for uid, label, fund, name, email in rows]


def _then(user: User, asked: AsOf) -> list[_Found]:
    tenures = list(Scope(user).at(asked.at))
    name_as_known(user, tenures)
    owned = ((one.account, one.organization or one.owner) for one in tenures)
    return [(account.uid, account.label, owner_name(o)) for account, o in owned if o is not None]


def meant(accounts: Sequence[Named], typed: str) -> list[Named]:
    """Return the accounts that a text may mean.

    That is the one of this name, else those of this label, else those whose names have every word.
    """
    text = " ".join(typed.split()).casefold()
    return (
        [one for one in accounts if one.name.casefold() == text]
        or [one for one in accounts if one.label.casefold() == text]
        or with_words(accounts, text.split())
    )


def with_words(accounts: Iterable[Named], words: Sequence[str]) -> list[Named]:
    """Return the accounts whose names have every word."""
    return [one for one in accounts if all(word in one.name.casefold() for word in words)]
