"""What somebody asks a statement for."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from accounts.models import User
from balances.core.instants import iso
from balances.portfolio.scope import Scope


@dataclass(frozen=True, slots=True)
class Asked:
    """The accounts, the cut-off, and who asks when."""

    scope: Scope
    at: datetime
    by: User
    made_at: datetime

    @property
    def query(self) -> str:
        """The query that asks for the same in whatever zone."""
        return urlencode({"at": iso(self.at), **self.scope.narrowing.query})
