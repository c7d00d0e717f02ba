"""Upstreams: what all workers know together of one of Qredo's environments.

One row each for real and for demo accounts, which ask different hosts. Every function runs inside
the caller's transaction; rows stay locked from `lock` to its end. Who locks schedules too and has
to wait for them locks those first.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import datetime

from accounts.models import Environment
from balances.core import sql

#: Environment, and whether it is the demo's.
Key = tuple[str, bool]
KEYS: list[Key] = [(name, is_demo) for name in Environment.values for is_demo in (False, True)]


def name_of(key: Key) -> str:
    """Return what log lines and pages call an environment."""
    environment, is_demo = key
    return f"Qredo {environment}{' of the demo' if is_demo else ''}"


@dataclass(slots=True)
class Upstream:
    """One environment: how fast it may be asked, and whether it is down."""

    environment: str
    is_demo: bool
    #: Requests a second while it is asked less often than the settings allow; else null.
    rate: float | None
    tokens: float
    filled_at: datetime | None
    #: Since when every pass has left due accounts to the next one.
    short_since: datetime | None
    #: Failures of the upstream-down kind since the last fresh poll, whoever's they were.
    failures: int
    #: The breaker: open since when, how often it was probed since, when it is probed next.
    opened_at: datetime | None
    probes: int
    probe_at: datetime | None
    #: Slots that nobody polled, as the log has said: since when, the newest, how many, and why.
    missing_since: datetime | None
    missing_at: datetime | None
    missing_slots: int
    missing_reasons: str

    @property
    def key(self) -> Key:
        """What accounts are matched by."""
        return self.environment, self.is_demo

    @property
    def name(self) -> str:
        """How log lines and pages call it."""
        return name_of(self.key)


_NAMES = (
    *("environment", "is_demo", "rate", "tokens", "filled_at", "short_since"),
    *("failures", "opened_at", "probes", "probe_at"),
    *("missing_since", "missing_at", "missing_slots", "missing_reasons"),
)
_SELECT = (
    f"SELECT {', '.join(_NAMES)} FROM balances_environment"  # noqa: S608 - fixed names
    " WHERE (environment, is_demo) IN (SELECT * FROM unnest(%s::text[], %s::boolean[]))"
    " ORDER BY environment, is_demo"
)
_UPDATE = (
    "UPDATE balances_environment SET "  # noqa: S608 - fixed names
    + ", ".join(f"{name} = %s" for name in _NAMES[2:])
    + " WHERE environment = %s AND is_demo = %s"
)
_INSERT = (
    "INSERT INTO balances_environment (environment, is_demo, tokens, failures, probes)"
    " SELECT *, 0, 0, 0 FROM unnest(%s::text[], %s::boolean[]) ON CONFLICT DO NOTHING"
)


def read(keys: Iterable[Key]) -> list[Upstream]:
    """Return upstreams as they are known; missing ones were never asked."""
    return [Upstream(*row) for row in sql.rows(_SELECT, _columns(keys))]


def lock(keys: Iterable[Key]) -> list[Upstream]:
    """Lock upstreams, in one order so that two writers never wait in a circle."""
    wanted = _columns(keys)
    statement = f"{_SELECT} FOR UPDATE"
    found = sql.rows(statement, wanted)
    if len(found) < len(wanted[0]):
        sql.count(_INSERT, wanted)
        found = sql.rows(statement, wanted)
    return [Upstream(*row) for row in found]


def save(upstreams: Iterable[Upstream]) -> None:
    """Write locked upstreams back."""
    sql.many(_UPDATE, [(*astuple(one)[2:], *one.key) for one in upstreams])


def _columns(keys: Iterable[Key]) -> list[list[object]]:
    wanted = sorted(set(keys))
    return [[environment for environment, _ in wanted], [is_demo for _, is_demo in wanted]]
