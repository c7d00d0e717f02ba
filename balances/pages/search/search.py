"""What somebody finds by a part of its name: accounts and assets that they see, and pages."""

from collections.abc import Iterable
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from accounts.access.querysets import visible_to
from accounts.access.roles import administered_accounts
from accounts.models import ApiKey, User
from balances.core.assets import kind_of
from balances.models import Holding
from balances.pages.as_of.instant import AsOf
from balances.pages.components.context import Choice
from balances.pages.components.tables import asset_url
from balances.pages.query.account_names import Named, accounts_named, with_words
from balances.pages.search.context import Found, FoundGroup
from balances.pages.search.site_pages import pages_named

#: So many of a kind are shown while somebody types, and on the page of its own.
FEW, MANY = 6, 50
#: The shortest beginning of an account's id that is taken for one: chance makes no word like it.
_ID_LENGTH = 8
#: The same of an API key's id.
_KEY_LENGTH = 5


def found(user: User, typed: str, asked: AsOf, most: int) -> Found:
    """Return what a text may mean, `most` of a kind; nothing typed finds the pages alone."""
    text = " ".join(typed.split()).casefold()
    kinds = (
        ("Accounts", _accounts(user, text, asked) if text else []),
        ("Assets", _assets(user, text, asked) if text else []),
        ("Pages", pages_named(user, text, asked)),
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
    by_name = [Choice(one.name, _url("account", asked, one.uid), chosen=False) for one in matching]
    return [*by_name, *_with_key(user, named, text, asked)]


def _with_key(user: User, named: Iterable[Named], text: str, asked: AsOf) -> list[Choice]:
    """Return the accounts by the id of their API key, of former ones to those who list them.

    Pages of the past tell of no keys.
    """
    if asked.is_past or len(text) < _KEY_LENGTH:
        return []
    listed = Q(account__in=administered_accounts(user)) | Q(replaced_at=None)
    keys = ApiKey.objects.filter(
        listed, account__in=visible_to(user), key_id__istartswith=text
    ).values_list("account__uid", "key_id", "replaced_at")
    names = {one.uid: one.name for one in named}
    return [
        Choice(
            f"{names[str(uid)]} · {'former ' if ended else ''}API key {key_id}",
            reverse("account-key" if ended else "account", args=[uid]) + ("" if ended else "#keys"),
            chosen=False,
        )
        for uid, key_id, ended in keys.order_by("key_id", "account")
        if str(uid) in names  # added between the two queries, it has no name here yet
    ]


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


def _url(name: str, asked: AsOf, *of: str) -> str:
    url = reverse(name, args=of)
    return f"{url}?{urlencode(asked.query)}" if asked.query else url
