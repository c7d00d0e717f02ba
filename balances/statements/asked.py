"""What somebody asks a statement for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from accounts.models import User
from balances.instants import iso
from balances.narrowing import Narrowing
from balances.scopes import Scope
from balances.statements.cutoffs import cutoff_of


@dataclass(frozen=True, slots=True)
class Asked:
    """The accounts, the cut-off, and who asks when."""

    scope: Scope
    at: datetime
    by: User
    made_at: datetime

    @classmethod
    def of(cls, by: User, query: Mapping[str, str], now: datetime) -> "Asked":
        """Read a page's query. Raise `BadCutoffError`."""
        scope = Scope(by, Narrowing.of(query))
        return cls(scope, cutoff_of(query, now), by, now)

    @property
    def query(self) -> str:
        """The query that asks for the same in whatever zone."""
        return urlencode({"at": iso(self.at), **self.scope.narrowing.query})
