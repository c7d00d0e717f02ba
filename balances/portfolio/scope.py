"""Whose figures a page is about, at any time: the tenures that its reader may see, narrowed.

What an instant shows is decided by the ownership of that instant; labels, tags and permissions are
today's. So a total over time is not a sum over today's accounts: one that was given away is in it
up to then, one that is archived today is in it while it was not.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts.access.compiled import ids_of_summed_tenures_of, ids_of_tenures_of
from accounts.access.querysets import (
    Span,
    in_totals_of,
    joined,
    joined_spans,
    tenures_of,
    visible_to,
)
from accounts.audit.past_labels import name_as_known
from accounts.models import Tenure, User
from balances.core import sql
from balances.portfolio.filters import Narrowing
from balances.series.rollup_sql import Reach, Stay


@dataclass(frozen=True, slots=True)
class Scope:
    """A reader's tenures; of all accounts, or of those in `only`, by their ids."""

    user: User
    narrowing: Narrowing = field(default_factory=Narrowing)
    only: frozenset[int] | None = None

    def tenures(self) -> QuerySet[Tenure]:
        """Return them whatever their time, those that are archived or count in no total too."""
        found = self.narrowing.applied_to_tenures(
            tenures_of(self.user), visible_to(self.user).values("pk"), self.user
        )
        return found if self.only is None else found.filter(account__in=self.only)

    def at(self, instant: datetime) -> QuerySet[Tenure]:
        """Return those that hold at an instant, with account and owner: at most one an account."""
        goes_on = Q(ended_at__isnull=True) | Q(ended_at__gt=instant)
        return (
            self.tenures()
            .filter(goes_on, began_at__lte=instant)
            .select_related("account", "owner", "organization")
        )

    def ids_at(self, instant: datetime, *, in_totals: bool = False) -> list[int]:
        """Return the accounts that it has at an instant, or those of them that are in totals."""
        if self.narrowing.query:
            found = self.in_sums(self.at(instant)) if in_totals else self.at(instant)
            return list(found.order_by().values_list("account", flat=True))
        values = {"at": instant, "in_totals": in_totals, "among": None}
        return [account_id for (account_id,) in self._rows(_AT, values)]

    def spans(
        self, *, in_totals: bool = False, environments: Collection[str] | None = None
    ) -> dict[int, list[Span]]:
        """Return, by account, when its figures may be shown, or (`in_totals`) are in totals."""
        if not self.narrowing.query:
            among = None if environments is None else list(environments)
            return joined(self._rows(_SPANS, {"in_totals": in_totals, "among": among}))
        tenures = self.tenures()
        if environments is not None:
            tenures = tenures.filter(account__environment__in=environments)
        return joined_spans(self.in_sums(tenures) if in_totals else tenures)

    def in_sums(self, tenures: QuerySet[Tenure]) -> QuerySet[Tenure]:
        """Return those whose amounts are in the reader's totals; roll-ups hold the same."""
        return tenures.filter(in_totals_of(self.user))

    def labels(self, ids: Collection[int]) -> dict[int, str]:
        """Return what the reader may call accounts of the scope: one that is gone, as it was."""
        newest: dict[int, Tenure] = {}
        tenures = self.tenures().filter(account__in=ids).order_by("began_at")
        for tenure in tenures.select_related("account", "owner", "organization"):
            newest[tenure.account_id] = tenure
        name_as_known(self.user, list(newest.values()))
        return {i: tenure.account.label for i, tenure in newest.items()}

    def _rows(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run a statement about the tenures of a scope that is not narrowed, as most are.

        Compiled once (`accounts.access.compiled`), where a queryset is built at every look.
        """
        build = ids_of_summed_tenures_of if values["in_totals"] else ids_of_tenures_of
        tenures = build(self.user)
        only = None if self.only is None else sql.ids(self.only)
        text = statement.format(tenures=_TENURES.format(tenures=tenures.text))
        return sql.rows(text, {**tenures.values, "only": only, **values})

    def reach(self, environments: Collection[str], *, in_totals: bool = True) -> Reach:
        """Return whose amounts the figures of accounts in `environments` add up.

        Roll-ups serve owners that are in it whole; a tag, chosen accounts and what others share
        are added up account by account.
        """
        if not in_totals:
            return Reach(stays=_stays(self._within(environments)))
        if self.narrowing.tag or self.only is not None:
            return Reach(stays=_stays(self.in_sums(self._within(environments))))
        owners = self._owners(environments)
        persons = {person for _, person in owners if person is not None}
        others = persons - {self.user.pk}
        shared = self._shared(environments, others) if others else None
        return Reach(
            organizations=tuple(sorted(one for one, _ in owners if one is not None)),
            persons=(self.user.pk,) if self.user.pk in persons else (),
            environments=tuple(sorted(self._narrowed(environments))),
            stays=() if shared is None else _stays(shared),
        )

    def _shared(self, environments: Collection[str], persons: Collection[int]) -> QuerySet[Tenure]:
        """Return what others share and the reader counts."""
        return self.in_sums(self._within(environments)).filter(owner__in=persons)

    def _within(self, environments: Collection[str]) -> QuerySet[Tenure]:
        return self.tenures().filter(account__environment__in=environments)

    def _owners(self, environments: Collection[str]) -> set[tuple[int | None, int | None]]:
        """Return whose tenures are in totals: an organization or a person each."""
        if self.narrowing.query:
            found = self.in_sums(self._within(environments)).order_by()
            return set(found.values_list("organization", "owner").distinct())
        among = {"in_totals": True, "among": list(environments)}
        return {(fund, person) for fund, person in self._rows(_OWNERS, among)}

    def _narrowed(self, environments: Collection[str]) -> set[str]:
        chosen = self.narrowing.environment
        return {one for one in environments if chosen in {"", one}}


_TENURES = """
accounts_tenure WHERE id IN ({tenures})
    AND (%(only)s::bigint[] IS NULL OR account_id = ANY(%(only)s::bigint[]))
    AND (%(among)s::text[] IS NULL OR account_id IN (
        SELECT id FROM accounts_account WHERE environment = ANY(%(among)s::text[])))
"""
_SPANS = "SELECT account_id, began_at, ended_at FROM {tenures} ORDER BY began_at"
_OWNERS = "SELECT DISTINCT organization_id, owner_id FROM {tenures}"
_AT = """
SELECT account_id FROM {tenures} AND began_at <= %(at)s AND (ended_at IS NULL OR ended_at > %(at)s)
"""


def _stays(tenures: QuerySet[Tenure]) -> tuple[Stay, ...]:
    return tuple((i, span) for i, spans in joined_spans(tenures).items() for span in spans)
