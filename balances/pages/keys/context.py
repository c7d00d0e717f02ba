"""What pages about keys, incidents, counting and entries show: already formatted."""

from dataclasses import dataclass

from balances.pages.components.context import Fact, Moment, State


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
class KeyPage:
    """An account's keys, beside the form that replaces the active one."""

    label: str
    uid: str
    environment: str
    has_key: bool
    active: tuple[Fact, ...]
    reminder: str
    ended: tuple[KeyRow, ...]
