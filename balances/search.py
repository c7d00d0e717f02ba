"""What somebody finds by a part of its name: accounts and assets that they see, and pages."""

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlencode

from django.urls import reverse

from accounts.access import organizations_administered_by, visible_to
from accounts.audit.reading import overseeing_memberships
from accounts.models import User
from balances.as_of_query import AsOf
from balances.choosing import Named, accounts_named, with_words
from balances.models import Holding
from balances.portfolio import kind_of
from balances.rows import asset_url
from balances.screens import Choice
from balances.search_screens import Found, FoundGroup

#: So many of a kind are shown while somebody types, and on the page of its own.
FEW, MANY = 6, 50
#: The shortest beginning of an account's id that is taken for one: chance makes no word like it.
_ID_LENGTH = 8

_OF_AN_INSTANT = {
    "Overview": "overview",
    "Accounts": "accounts",
    "Pending": "pending",
    "History": "history",
    "Compare": "compare",
}
_OF_NOW = {
    "Reports, statements": "reports",
    "Add an account": "account-add",
    "Profile, time zone": "profile",
    "Change the e-mail address": "email",
    "Change the password": "account_change_password",
    "Second factor, passkeys": "mfa_index",
    "Sessions": "usersessions_list",
}


def found(user: User, typed: str, asked: AsOf, most: int) -> Found:
    """Return what a text may mean, `most` of a kind; nothing typed finds the pages alone."""
    text = " ".join(typed.split()).casefold()
    kinds = (
        ("Accounts", _accounts(user, text, asked) if text else []),
        ("Assets", _assets(user, text, asked) if text else []),
        ("Pages", list(_with_words(_pages(user, asked), text))),
    )
    groups = tuple(
        FoundGroup(title, tuple(choices[:most]), max(len(choices) - most, 0))
        for title, choices in kinds
        if choices
    )
    return Found(typed, groups, sum(len(choices) for _, choices in kinds), dict(asked.query))


def _accounts(user: User, text: str, asked: AsOf) -> list[Choice]:
    named = accounts_named(user, asked)
    matching = _with_id(named, text) or sorted(
        with_words(named, text.split()), key=lambda one: _nearness(one.label, text)
    )
    return [Choice(one.name, _url("account", asked, one.uid), chosen=False) for one in matching]


def _with_id(named: Iterable[Named], text: str) -> list[Named]:
    return [one for one in named if len(text) >= _ID_LENGTH and one.uid.startswith(text)]


def _assets(user: User, text: str, asked: AsOf) -> list[Choice]:
    """Return the assets that accounts hold today: what is gone may be an owner's before."""
    held = Holding.objects.filter(account__in=visible_to(user)).exclude(
        total=0, available=0, pending_in=0, pending_out=0
    )
    pairs = held.values_list("account__environment", "asset").distinct()
    names = {(kind_of(environment, asset), asset) for environment, asset in pairs}
    matching = (one for one in names if all(word in one[1].casefold() for word in text.split()))
    ordered = sorted(matching, key=lambda one: (_nearness(one[1], text), one[1], one[0]))
    return [
        Choice(
            f"{asset}, testnet" if kind == "testnet" else asset,
            asset_url(asset, kind, asked.query),
            chosen=False,
        )
        for kind, asset in ordered
    ]


def _nearness(name: str, text: str) -> int:
    """Return how far a name is from a text: the same, begun by it, or with its words."""
    return 0 if name.casefold() == text else 1 if name.casefold().startswith(text) else 2


def _pages(user: User, asked: AsOf) -> Iterator[Choice]:
    for label, name in _OF_AN_INSTANT.items():
        yield Choice(label, _url(name, asked), chosen=False)
    for label, name in _OF_NOW.items():
        yield Choice(label, reverse(name), chosen=False)
    audit = reverse("audit")
    if user.is_superuser or overseeing_memberships(user).exists():
        yield Choice("Audit log", audit, chosen=False)
    yield Choice("Your activity", f"{audit}?organization=personal", chosen=False)
    for one in organizations_administered_by(user):
        yield Choice(f"Members of {one.name}", reverse("members", args=[one.uid]), chosen=False)


def _with_words(choices: Iterable[Choice], text: str) -> Iterator[Choice]:
    words: Sequence[str] = text.split()
    return (one for one in choices if all(word in one.label.casefold() for word in words))


def _url(name: str, asked: AsOf, *of: str) -> str:
    url = reverse(name, args=of)
    return f"{url}?{urlencode(asked.query)}" if asked.query else url
