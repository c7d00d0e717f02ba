"""The fields of a comparison in which accounts are named, and what was meant by what was typed."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import User
from balances.core import number_formats
from balances.pages.as_of.instant import AsOf
from balances.pages.compare.context import NameField, Naming
from balances.pages.compare.query import NAMED, TYPED, Question
from balances.pages.components.context import Choice
from balances.pages.query.account_names import Named, accounts_named, meant

#: So many names are suggested at once.
MOST_NAMES = 50
#: So many are offered where one text may mean several accounts.
MOST_CHOICES = 20


def settled(of: Question, asked: AsOf) -> Question | None:
    """Return the question about the accounts that were named, if each text means exactly one."""
    accounts = accounts_named(of.user, asked)
    found = {name: meant(accounts, text) for name, text in of.typed.items() if text}
    if any(len(one) != 1 for one in found.values()):
        return None
    chosen = {name: one.uid for name, (one,) in found.items()}
    return replace(of, text={**of.text, **chosen}, typed={})


def naming(of: Question, asked: AsOf) -> Naming | None:
    """Return the fields; nothing where no accounts are compared."""
    if of.by not in NAMED:
        return None
    accounts = accounts_named(of.user, asked)
    return Naming(
        fields=tuple(_field(of, accounts, name, label) for name, label in NAMED[of.by].items()),
        suggested=tuple(one.name for one in accounts[:MOST_NAMES]),
        # What is typed asks for others, where there are more.
        suggest_url=_suggest_url(asked) if len(accounts) > MOST_NAMES else "",
        count=len(accounts),
    )


def _suggest_url(asked: AsOf) -> str:
    url = reverse("compare-accounts")
    return f"{url}?{urlencode(asked.query)}" if asked.query else url


def _field(of: Question, accounts: Sequence[Named], name: str, label: str) -> NameField:
    typed = of.typed.get(name, "")
    nothing = "All accounts" if of.by == "periods" else "Choose an account"
    if not typed:
        chosen = of.text.get(name, "").lower()
        value = next((one.name for one in accounts if one.uid == chosen), "")
        return NameField(f"{name}{TYPED}", label, value, nothing)
    found = meant(accounts, typed)
    if len(found) == 1:
        return NameField(f"{name}{TYPED}", label, found[0].name, nothing)
    return NameField(
        name=f"{name}{TYPED}",
        label=label,
        value=typed,
        nothing=nothing,
        error=_error(len(found)),
        choices=tuple(
            Choice(one.name, of.with_account(name, one.uid).address(), chosen=False)
            for one in found[:MOST_CHOICES]
        ),
        others=max(len(found) - MOST_CHOICES, 0),
    )


def _error(count: int) -> str:
    if not count:
        return (
            "No account of yours is called this. Type a part of its label or of its owner's name."
        )
    many = number_formats.whole(count)
    return f"{many} accounts may be meant. Choose one, or type more of its name."


def suggested(user: User, asked: AsOf, typed: str) -> list[str]:
    """Return the names of accounts that a text may mean; of very many the first."""
    return [one.name for one in meant(accounts_named(user, asked), typed)[:MOST_NAMES]]
