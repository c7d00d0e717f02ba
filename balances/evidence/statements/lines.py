"""What each account held at a cut-off, a hundred accounts at a time, and the sum of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from accounts.access.querysets import count_as_read
from accounts.audit.past_labels import name_as_known
from accounts.models import Account, Tenure, Wallets
from balances.core.amounts import Level
from balances.core.assets import Kind, environments_of
from balances.history.observations import Sight
from balances.history.partial_keys import left_out, partial_by_key
from balances.history.positions import Position, positions
from balances.ledger.snapshots import IDENTITY, SUMMED
from balances.portfolio.members import Held
from balances.portfolio.scope import Scope

#: Accounts that are looked up at once.
CHUNK = 100

Standing = Literal["counted", "not counted", "archived"]


@dataclass(frozen=True, slots=True)
class Line:
    """One account at the cut-off. Without `sight` it is unknown, which is never zero."""

    account: Account
    owner: str
    standing: Standing
    coverage: str
    sight: Sight | None
    #: Its key was said by then to see only some wallets.
    sees_some: bool
    #: Its answer has an asset with a name that cannot be shown.
    is_left_out: bool
    #: What it held something of; whatever is not listed was zero.
    holdings: tuple[Held, ...]

    @property
    def is_partial(self) -> bool:
        """Whether anything is known to be missing from its figures."""
        return self.sees_some or self.is_left_out

    @property
    def wallets(self) -> Wallets:
        """What its figures are of, as far as was known by then."""
        return Wallets.SOME if self.is_partial else Wallets.ALL

    @property
    def source(self) -> str:
        """What its answers are from: Qredo, or the demo's simulator."""
        return "simulator" if self.account.is_demo else "qredo"

    @property
    def is_counted(self) -> bool:
        """Whether it is in the totals; an unknown account adds nothing to them all the same."""
        return self.standing == "counted"


@dataclass(frozen=True, slots=True)
class Total:
    """One asset over all accounts that count.

    `accounts` could hold it, those in `environments`: so many of them are fresh and partial, and so
    many hold it, of which so many are fresh. Pages count the same.
    """

    kind: Kind
    asset: str
    level: Level
    environments: tuple[str, ...]
    accounts: int = 0
    fresh: int = 0
    partial: int = 0
    holders: int = 0
    fresh_holders: int = 0

    def with_part(self, level: Level, line: "Line") -> "Total":
        """Return the sum with what one more account holds."""
        return replace(
            self,
            level=self.level + level,
            holders=self.holders + 1,
            fresh_holders=self.fresh_holders + (line.coverage == "fresh"),
        )


class Tally:
    """Adds lines up as they go by."""

    def __init__(self) -> None:
        self.accounts = 0
        self.coverage = {"fresh": 0, "carried": 0, "unknown": 0}
        self.partial = 0
        self._found: dict[tuple[Kind, str], Total] = {}
        self._there: Counter[tuple[str, str]] = Counter()

    def add(self, line: Line) -> None:
        """Take a line in, if it counts."""
        self.accounts += 1
        if not line.is_counted:
            return
        self.coverage[line.coverage] += 1
        self.partial += line.is_partial
        where = line.account.environment
        self._there.update([(where, "accounts"), (where, line.coverage)])
        self._there[where, "partial"] += line.is_partial
        for held in line.holdings:
            key = held.kind, held.asset
            before = self._found.get(key) or Total(*key, Level(0, 0, 0, 0, 1), _environments(*key))
            self._found[key] = before.with_part(held.level, line)

    @property
    def counted(self) -> int:
        """How many accounts should be in the totals."""
        return sum(self.coverage.values())

    def totals(self) -> list[Total]:
        """Return the sums: real money first, each by name."""
        return [self._among(self._found[key]) for key in sorted(self._found)]

    def _among(self, total: Total) -> Total:
        """Return a sum with how many accounts could hold the asset, which is known at the end."""
        accounts, fresh, partial = (
            sum(self._there[where, name] for where in total.environments)
            for name in ("accounts", "fresh", "partial")
        )
        return replace(total, accounts=accounts, fresh=fresh, partial=partial)


def _environments(kind: Kind, asset: str) -> tuple[str, ...]:
    return environments_of(asset, as_test_money=kind == "testnet")


def tenures_at(scope: Scope, at: datetime) -> list[Tenure]:
    """Return whose accounts a statement is about, in its order: by owner, label and id."""
    tenures = list(scope.at(at))
    name_as_known(scope.user, tenures)
    count_as_read(scope.user, tenures)
    return sorted(tenures, key=_place)


def lines(tenures: Sequence[Tenure], at: datetime) -> Iterator[list[Line]]:
    """Yield the lines of a statement, a hundred at a time."""
    for start in range(0, len(tenures), CHUNK):
        chunk = tenures[start : start + CHUNK]
        found = positions([tenure.account_id for tenure in chunk], at)
        seen = {one.account_id: one.sight.observed_at if one.sight else None for one in found}
        some, without = partial_by_key(seen, at), left_out(seen, at)
        yield [_line(*pair, some, without, at) for pair in zip(chunk, found, strict=True)]


def _line(
    tenure: Tenure, position: Position, some: set[int], without: set[int], at: datetime
) -> Line:
    return Line(
        account=tenure.account,
        owner=owner_of(tenure),
        standing=_standing(tenure),
        coverage=position.coverage(at),
        sight=position.sight,
        sees_some=position.account_id in some,
        is_left_out=position.account_id in without,
        holdings=tuple(_holdings(tenure.account, position)),
    )


def owner_of(tenure: Tenure) -> str:
    """Return what the owner at the cut-off is called today."""
    if tenure.organization is not None:
        return tenure.organization.name
    assert tenure.owner is not None  # noqa: S101 - personal xor organizational
    return tenure.owner.name or tenure.owner.email


def _standing(tenure: Tenure) -> Standing:
    if tenure.is_archived:
        return "archived"
    return "counted" if tenure.is_counted else "not counted"


def _holdings(account: Account, position: Position) -> Iterator[Held]:
    for one in position.standings:
        level = one.level
        # What an answer names with zeros and what it does not name at all mean the same.
        if any((level.total, level.available, level.pending_in, level.pending_out)):
            # Of the flags only these are about the amounts themselves, not about what was before.
            flags = tuple(flag for flag in one.flags if flag in (IDENTITY, SUMMED))
            yield Held(account, one.asset, level, flags)


def _place(tenure: Tenure) -> tuple[bool, str, str, str]:
    is_personal = tenure.organization_id is None
    return is_personal, owner_of(tenure), tenure.account.label, str(tenure.account.uid)
