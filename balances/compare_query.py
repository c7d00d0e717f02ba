"""What a reader asks a comparison for: plain parameters, and the form that asks for them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args
from urllib.parse import urlencode

from django.urls import reverse

from accounts.access import visible_to
from accounts.models import Account, User
from balances.as_of_query import AsOf
from balances.gathering import questions
from balances.narrowing import NAMES, Narrowing
from balances.portfolio import Kind
from balances.rows import owner_name
from balances.scopes import Scope
from balances.screens import Choice, Option, Select

By = Literal["accounts", "owners", "tags", "periods"]
_TABS: dict[By, str] = {
    "accounts": "Accounts",
    "owners": "Owners",
    "tags": "Tags",
    "periods": "Periods",
}
TIMES = ("from", "to", "from2", "to2")
#: What else an address says, whatever is compared.
_DRAWN = ("asset", "kind", "range", "at")
_OF_TAB: dict[By, tuple[str, ...]] = {
    "accounts": ("a", "b"),
    "owners": ("a", "b"),
    "tags": ("a", "b"),
    "periods": ("account", *NAMES, *TIMES),
}


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks, for what kind of comparison, with which parameters."""

    user: User
    by: By
    text: Mapping[str, str]

    @classmethod
    def of(cls, user: User, asked: Mapping[str, str]) -> "Question":
        """Read a page's query; what belongs to another kind of comparison is left out."""
        by = asked.get("by", "")
        known = cast("By", by) if by in get_args(By) else "accounts"
        # PostgreSQL's text has no NUL.
        text = {n: asked.get(n, "")[:128].replace("\0", "") for n in (*_OF_TAB[known], *_DRAWN)}
        return cls(user, known, {name: value for name, value in text.items() if value})

    @property
    def is_of_today(self) -> bool:
        """Whether its reader sees every account that it names, which exist, today."""
        names = {"accounts": ("a", "b"), "periods": ("account",)}.get(self.by, ())
        named = {self.text[name] for name in names if name in self.text}
        return visible_to(self.user).filter(uid__in=named).count() == len(named)

    @property
    def kind(self) -> Kind:
        """The kind of money of what is drawn."""
        return "testnet" if self.text.get("kind") == "testnet" else "production"

    @property
    def tabs(self) -> tuple[Choice, ...]:
        """The kinds of comparison."""
        return tuple(
            Choice(label, f"{reverse('compare')}?by={by}", by == self.by)
            for by, label in _TABS.items()
        )

    @property
    def kept(self) -> tuple[tuple[str, str], ...]:
        """What the form sends beside its fields."""
        kept = {name: self.text[name] for name in _DRAWN if name in self.text}
        return (("by", self.by), *kept.items())

    def address(self, **changes: str) -> str:
        """Return the address of the same comparison, with changes."""
        return f"{reverse('compare')}?{urlencode({'by': self.by, **self.text, **changes})}"


def sides_asked(of: Question, asked: AsOf) -> tuple[Select, ...]:
    """Return the two questions of a comparison: which one is A, and which is B."""
    choices = list(_choices(of, asked))
    one = {"accounts": "an account", "owners": "an owner", "tags": "a tag"}[of.by]
    return tuple(
        _select(name, name.upper(), f"Choose {one}", choices, of.text.get(name, ""))
        for name in ("a", "b")
    )


def subject_asked(of: Question, asked: AsOf) -> tuple[Select, ...]:
    """Return the questions of two periods: of which account, or of whose accounts."""
    account = _select(
        "account", "Account", "All accounts", _accounts(of.user), of.text.get("account", "")
    )
    narrowing = Narrowing() if "account" in of.text else Narrowing.of(of.text)
    return (account, *questions(Scope(of.user, narrowing), asked))


def _choices(of: Question, asked: AsOf) -> Iterable[tuple[str, str]]:
    if of.by == "accounts":
        return _accounts(of.user)
    name = of.by.removesuffix("s")
    found = questions(Scope(of.user), asked)
    options = next((select.options for select in found if select.name == name), ())
    return [(option.value, option.text) for option in options if option.value]


def _accounts(user: User) -> list[tuple[str, str]]:
    found = visible_to(user).select_related("organization", "owner").order_by("label")
    return [(str(one.uid), f"{one.label} · {_whose(one)}") for one in found]


def _whose(account: Account) -> str:
    owner = account.organization or account.owner
    assert owner is not None  # noqa: S101 - personal xor organizational
    return owner_name(owner)


def _select(
    name: str, label: str, nothing: str, choices: Iterable[tuple[str, str]], chosen: str
) -> Select:
    options = [Option(value, text, value == chosen) for value, text in choices]
    if chosen and not any(option.chosen for option in options):
        # One of the past, which is not the reader's today.
        options.append(Option(chosen, "(as chosen)", chosen=True))
    return Select(name, label, (Option("", nothing, not chosen), *options))
