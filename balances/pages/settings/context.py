"""What the page about counting shows: already formatted."""

from dataclasses import dataclass

from balances.pages.components.context import Moment


@dataclass(frozen=True, slots=True)
class CountingRow:
    """A stretch of time in which an account did or did not count in totals."""

    word: str
    began: Moment
    ended: Moment | None
    by: str  # who decided it; empty for how the account came


@dataclass(frozen=True, slots=True)
class CountingPage:
    """Whether an account counts in totals: today, before, and what speaks against it."""

    label: str
    uid: str
    is_counted: bool
    same: str  # labels of the accounts that answer for the same Qredo account
    is_certain: bool
    zone: str
    rows: tuple[CountingRow, ...]


@dataclass(frozen=True, slots=True)
class EntryRuleRow:
    """What was recorded about several entries of one asset; of an owner before only that it was."""

    word: str
    since: Moment | None
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class EntryRulePage:
    """Whether several entries of one asset are summed: today, and what was recorded before."""

    label: str
    uid: str
    is_summed: bool
    refusal: str  # why the newest poll failed, if it is because of this
    rows: tuple[EntryRuleRow, ...]
