"""Whose figures a page is about, at any time: the tenures that its reader may see, narrowed.

What an instant shows is decided by the ownership of that instant; labels, tags and permissions are
today's. So a total over time is not a sum over today's accounts: one that was given away is in it
up to then, one that is archived today is in it while it was not.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.access import Span, joined, joined_spans, tenures_of, visible_to
from accounts.compiled import ids_of_tenures_of
from accounts.models import Tenure, User
from accounts.naming import name_as_known
from balances import sql
from balances.narrowing import Narrowing
from balances.pieces import Reach, Stay


@dataclass(frozen=True, slots=True)
class Scope:
    """A reader's tenures; of all accounts, or of those in `only`, by their ids."""

    user: User
    narrowing: Narrowing = field(default_factory=Narrowing)
    only: frozenset[int] | None = None

    def tenures(self) -> QuerySet[Tenure]:
        """Return them whatever their time, those that are archived or count in no total too."""
        found = self.narrowing.applied_to_tenures(
            tenures_of(self.user), visible_to(self.user).values("pk")
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

    def spans(
        self, *, in_totals: bool = False, environments: Collection[str] | None = None
    ) -> dict[int, list[Span]]:
        """Return, by account, when its figures may be shown, or (`in_totals`) are in totals."""
        if not self.narrowing.query:
            return self._all_spans(in_totals=in_totals, environments=environments)
        tenures = self.tenures()
        if environments is not None:
            tenures = tenures.filter(account__environment__in=environments)
        return joined_spans(in_sums(tenures) if in_totals else tenures)

    def labels(self, ids: Collection[int]) -> dict[int, str]:
        """Return what the reader may call accounts of the scope: one that is gone, as it was."""
        newest: dict[int, Tenure] = {}
        tenures = self.tenures().filter(account__in=ids).order_by("began_at")
        for tenure in tenures.select_related("account", "owner", "organization"):
            newest[tenure.account_id] = tenure
        name_as_known(self.user, list(newest.values()))
        return {i: tenure.account.label for i, tenure in newest.items()}

    def _all_spans(
        self, *, in_totals: bool, environments: Collection[str] | None
    ) -> dict[int, list[Span]]:
        """Return the same where nothing is narrowed, as it mostly is, without building a query."""
        tenures = ids_of_tenures_of(self.user)
        only = None if self.only is None else list(self.only)
        among = None if environments is None else list(environments)
        values = {**tenures.values, "only": only, "in_totals": in_totals, "among": among}
        return joined(sql.rows(_SPANS.format(tenures=tenures.text), values))

    def reach(self, environments: Collection[str], *, in_totals: bool = True) -> Reach:
        """Return whose amounts the figures of accounts in `environments` add up.

        Roll-ups serve owners that are in it whole; a tag, chosen accounts and what others share
        are added up account by account.
        """
        found = self.tenures().filter(account__environment__in=environments)
        if not in_totals:
            return Reach(stays=_stays(found))
        found, whole = in_sums(found), Q(owner=self.user) | Q(organization__isnull=False)
        if self.narrowing.tag or self.only is not None:
            return Reach(stays=_stays(found))
        organizations = found.filter(organization__isnull=False)
        return Reach(
            organizations=tuple(_ids(organizations, "organization")),
            persons=tuple(_ids(found.filter(owner=self.user), "owner")),
            environments=tuple(sorted(self._narrowed(environments))),
            stays=_stays(found.exclude(whole)),
        )

    def _narrowed(self, environments: Collection[str]) -> set[str]:
        chosen = self.narrowing.environment
        return {one for one in environments if chosen in {"", one}}


_SPANS = """
SELECT account_id, began_at, ended_at FROM accounts_tenure
WHERE id IN ({tenures}) AND (%(only)s::bigint[] IS NULL OR account_id = ANY(%(only)s::bigint[]))
    AND (NOT %(in_totals)s OR (is_counted AND NOT is_archived))
    AND (%(among)s::text[] IS NULL OR account_id IN (
        SELECT id FROM accounts_account WHERE environment = ANY(%(among)s::text[])))
ORDER BY began_at
"""


def _ids(tenures: QuerySet[Tenure], column: str) -> QuerySet[Tenure, int]:
    return tenures.order_by(column).values_list(column, flat=True).distinct()


def _stays(tenures: QuerySet[Tenure]) -> tuple[Stay, ...]:
    return tuple((i, span) for i, spans in joined_spans(tenures).items() for span in spans)


def in_sums(tenures: QuerySet[Tenure]) -> QuerySet[Tenure]:
    """Return those whose amounts are in totals; roll-ups hold the same."""
    return tenures.filter(is_counted=True, is_archived=False)
