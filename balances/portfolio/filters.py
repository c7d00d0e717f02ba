"""Which of the accounts that somebody sees a page is about: an owner's, an environment's, a tag's.

Plain query parameters, so that a link shows a colleague the same. Every figure, count and chart of
the page is about these accounts alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import Account, Tag, Tenure, User

NAMES = ("owner", "environment", "tag")
#: The reader's own accounts, and those of other persons that they have accepted to read.
PERSONAL, SHARED = "personal", "shared"
SHARED_NAME = "Shared with you"
PERSON_NAMES = {PERSONAL: "Personal", SHARED: SHARED_NAME}


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
