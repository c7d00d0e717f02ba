"""What a reader asks a comparison for: plain parameters, and the form that asks for them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, cast, get_args
from urllib.parse import urlencode

from django.urls import reverse

from accounts.access.querysets import visible_to
from accounts.models import User
from balances.core.assets import Kind
from balances.pages.as_of.instant import AsOf
from balances.pages.components.context import Choice, Option, Select
from balances.pages.query.selection import questions
from balances.portfolio.filters import NAMES, Narrowing
from balances.portfolio.scope import Scope

By = Literal["accounts", "owners", "tags", "periods"]
_TABS: dict[By, str] = {
    "accounts": "Accounts",
    "owners": "Owners",
    "tags": "Tags",
    "periods": "Periods",
}
TIMES = ("from", "to", "from2", "to2")
#: The accounts that a comparison names, and how their fields are called.
NAMED: Mapping[By, Mapping[str, str]] = {
    "accounts": {"a": "A", "b": "B"},
    "periods": {"account": "Account"},
}
#: What an account's parameter is called with in the form, which sends its name instead of its id.
TYPED = "_name"
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
    """Who asks, for what kind of comparison, with which parameters.

    `typed` are the names of accounts that the form sent, by their parameters: until it is known
    which accounts they mean, nothing can be compared.
    """

    user: User
    by: By
    text: Mapping[str, str]
    typed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, user: User, asked: Mapping[str, str]) -> "Question":
        """Read a page's query; what belongs to another kind of comparison is left out."""
        by = asked.get("by", "")
        known = cast("By", by) if by in get_args(By) else "accounts"
        sent = {name: f"{name}{TYPED}" for name in NAMED.get(known, ())}
        typed = {name: _clean(asked[key]).strip() for name, key in sent.items() if key in asked}
        text = {name: _clean(asked.get(name, "")) for name in (*_OF_TAB[known], *_DRAWN)}
        given = {name: value for name, value in text.items() if value and name not in typed}
        return cls(user, known, given, typed)

    @property
    def is_of_today(self) -> bool:
        """Whether its reader sees every account that it names, which exist, today."""
        named = {self.text[name] for name in NAMED.get(self.by, ()) if name in self.text}
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
        typed = {f"{name}{TYPED}": text for name, text in self.typed.items() if text}
        return f"{reverse('compare')}?{urlencode({'by': self.by, **self.text, **typed, **changes})}"

    def with_account(self, name: str, uid: str) -> "Question":
        """Return the same question with an account chosen."""
        typed = {other: text for other, text in self.typed.items() if other != name}
        return replace(self, text={**self.text, name: uid}, typed=typed)


def sides_asked(of: Question, asked: AsOf) -> tuple[Select, ...]:
    """Return the two questions which owner or tag is A and which is B; none about accounts."""
    if of.by == "accounts":
        return ()
    choices = list(_choices(of, asked))
    one = {"owners": "an owner", "tags": "a tag"}[of.by]
    return tuple(
        _select(name, name.upper(), f"Choose {one}", choices, of.text.get(name, ""))
        for name in ("a", "b")
    )


def owners_asked(of: Question, asked: AsOf) -> tuple[Select, ...]:
    """Return the questions whose accounts two periods are about, if they are about several."""
    narrowing = Narrowing() if "account" in of.text else Narrowing.of(of.text)
    return questions(Scope(of.user, narrowing), asked)


def _clean(text: str) -> str:
    # PostgreSQL's text has no NUL.
    return text[:128].replace("\0", "")


def _choices(of: Question, asked: AsOf) -> Iterable[tuple[str, str]]:
    name = of.by.removesuffix("s")
    found = questions(Scope(of.user), asked)
    options = next((select.options for select in found if select.name == name), ())
    return [(option.value, option.text) for option in options if option.value]


def _select(
    name: str, label: str, nothing: str, choices: Iterable[tuple[str, str]], chosen: str
) -> Select:
    options = [Option(value, text, value == chosen) for value, text in choices]
    if chosen and not any(option.chosen for option in options):
        # One of the past, which is not the reader's today.
        options.append(Option(chosen, "(as chosen)", chosen=True))
    return Select(name, label, (Option("", nothing, not chosen), *options))
