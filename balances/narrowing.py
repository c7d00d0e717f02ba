"""Which of the accounts that somebody sees a page is about: an owner's, an environment's, a tag's.

Plain query parameters, so that a link shows a colleague the same. Every figure, count and chart of
the page is about these accounts alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.labels import tags_of
from accounts.models import Account, Environment, Organization, Tag, Tenure, User
from balances.screens import Option, Select

NAMES = ("owner", "environment", "tag")
#: The reader's own accounts, and those of other persons that they have accepted to read.
PERSONAL, SHARED = "personal", "shared"
SHARED_NAME = "Shared with you"
PERSON_NAMES = {PERSONAL: "Personal", SHARED: SHARED_NAME}
_NOBODY = "(no such account)"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What was chosen; empty text is everything."""

    owner: str = ""
    environment: str = ""
    tag: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Narrowing":
        """Read a page's query."""
        # PostgreSQL's text has no NUL.
        return cls(*(asked.get(name, "")[:80].replace("\0", "") for name in NAMES))

    @property
    def query(self) -> dict[str, str]:
        """The parameters that ask for the same."""
        chosen = {name: getattr(self, name) for name in NAMES}
        return {name: text for name, text in chosen.items() if text}

    def applied_to(self, accounts: QuerySet[Account], reader: User) -> QuerySet[Account]:
        """Return those of the accounts that were asked for; none, if no account is such."""
        if self.owner:
            accounts = accounts.filter(_owned_by(self.owner, reader))
        if self.environment:
            accounts = accounts.filter(environment=self.environment)
        if self.tag:
            tagged = Tag.objects.filter(name__iexact=self.tag)
            accounts = accounts.filter(pk__in=tagged.values("account"))
        return accounts

    def applied_to_tenures(
        self, tenures: QuerySet[Tenure], tagged_among: QuerySet[Account, Any], reader: User
    ) -> QuerySet[Tenure]:
        """Return those of the tenures that were asked for: by their own owner, today's tags.

        Tags are told of accounts `tagged_among` alone: who gave one away sees its tags no more.
        """
        if self.owner:
            tenures = tenures.filter(_owned_by(self.owner, reader))
        if self.environment:
            tenures = tenures.filter(account__environment=self.environment)
        if self.tag:
            tagged = Tag.objects.filter(name__iexact=self.tag, account__in=tagged_among)
            tenures = tenures.filter(account__in=tagged.values("account"))
        return tenures

    def selects(self, accounts: QuerySet[Account], reader: User) -> tuple[Select, ...]:
        """Return what may be chosen among `accounts`; what has one answer is not asked."""
        environments = accounts.order_by().values_list("environment", flat=True)
        owners = _owners(accounts, reader)
        return self.questions(owners, set(environments.distinct()), tags_of(accounts))

    def selects_then(
        self, tenures: QuerySet[Tenure], tagged_among: QuerySet[Account], reader: User
    ) -> tuple[Select, ...]:
        """Return the same for tenures of an instant: their owners, and tags of today."""
        environments = set(tenures.values_list("account__environment", flat=True))
        tagged = tagged_among.filter(pk__in=tenures.order_by().values("account"))
        return self.questions(_owners(tenures, reader), environments, tags_of(tagged))

    def questions(
        self, owners: list[tuple[str, str]], environments: set[str], tags: list[str]
    ) -> tuple[Select, ...]:
        """Return what may be chosen among accounts of these owners, environments and tags."""
        there = [(one.value, one.value.title()) for one in Environment if one.value in environments]
        found = (
            self._select("owner", "Owner", "All owners", owners),
            self._select("environment", "Environment", "Both", there),
            self._select("tag", "Tag", "Any", [(name, name) for name in tags]),
        )
        return tuple(select for select in found if select is not None)

    def _select(
        self, name: str, label: str, everything: str, choices: Iterable[tuple[str, str]]
    ) -> Select | None:
        chosen = getattr(self, name)
        options = [
            Option(value, text, value.casefold() == chosen.casefold()) for value, text in choices
        ]
        if chosen and not any(option.chosen for option in options):
            options.append(Option(chosen, _NOBODY, chosen=True))
        # One owner or one environment is no choice; a single tag is.
        if not chosen and len(options) < (1 if name == "tag" else 2):
            return None
        return Select(name, label, (Option("", everything, not chosen), *options))


def heading(selects: Iterable[Select]) -> str:
    """Return what names a page that is about one owner's accounts, or those with one tag."""
    told = {
        select.name: option.text
        for select in selects
        for option in select.options
        if option.chosen and option.value and option.text != _NOBODY
    }
    tag = f"Tag {told['tag']}" if "tag" in told else ""
    return " · ".join(filter(None, (told.get("owner", ""), tag)))


def persons(*, own: bool, shared: bool) -> list[tuple[str, str]]:
    """Return the choices of owners that are persons: the reader, and who shares with them."""
    there = {PERSONAL: own, SHARED: shared}
    return [(value, PERSON_NAMES[value]) for value, is_there in there.items() if is_there]


def _owned_by(text: str, reader: User) -> Q:
    if text in {PERSONAL, SHARED}:
        own = Q(owner=reader)
        return Q(organization=None) & (own if text == PERSONAL else ~own)
    try:
        return Q(organization__uid=UUID(text))
    except ValueError:
        return Q(pk=None)


def _owners(owned: QuerySet[Account] | QuerySet[Tenure], reader: User) -> list[tuple[str, str]]:
    pairs = set(owned.order_by().values_list("organization", "owner").distinct())
    found = Organization.objects.filter(pk__in={one for one, _ in pairs}).order_by("name")
    people = {person for _, person in pairs} - {None}
    theirs = persons(own=reader.pk in people, shared=bool(people - {reader.pk}))
    return [*((str(one.uid), one.name) for one in found), *theirs]
