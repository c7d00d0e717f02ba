"""What pages about keys, incidents, counting and entries show: already formatted."""

from dataclasses import dataclass

from balances.screens import Fact, Moment, State


@dataclass(frozen=True, slots=True)
class RejectedKey:
    """A key that Qredo rejects, as a row of its incident."""

    label: str
    url: str
    key_id: str
    state: State
    detail: str


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """Keys of one organization that were rejected at once."""

    organization: str
    environment: str
    began: Moment
    ended: Moment | None
    left_over: int  # how many keys are not on this page


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key that has ended."""

    key_id: str
    word: str
    added: Moment
    ended: Moment
    by: str


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


@dataclass(frozen=True, slots=True)
class KeyPage:
    """An account's keys, beside the form that replaces the active one."""

    label: str
    uid: str
    environment: str
    has_key: bool
    active: tuple[Fact, ...]
    reminder: str
    ended: tuple[KeyRow, ...]
