"""Whether an account counts in totals, since when, and which accounts it is the same as."""

from collections.abc import Sequence
from datetime import datetime

from accounts.access.querysets import tenures_of
from accounts.models import Account, Tenure, User
from balances.ledger import schedules
from balances.pages.components import times
from balances.pages.components.context import Fact
from balances.pages.components.overlap_text import _others, overlap_of
from balances.pages.settings.context import CountingPage, CountingRow
from balances.portfolio.members import Member
from balances.portfolio.overlaps import Overlap

WORDS = {True: "Counts", False: "Does not count"}


def counting_page(user: User, account: Account) -> CountingPage:
    """Return what stands beside the form that lets an account count, or not."""
    now, overlap = schedules.clock(), overlap_of(user, account)
    tenures = _tenures(user, account)
    return CountingPage(
        label=account.label,
        uid=str(account.uid),
        is_counted=tenures[-1].is_counted,
        same="" if overlap is None else _others(overlap, account),
        is_certain=overlap is not None and overlap.is_certain,
        zone=user.time_zone,
        rows=tuple(reversed(_rows(tenures, now))),
    )


def facts(user: User, member: Member, overlap: Overlap | None, now: datetime) -> tuple[Fact, ...]:
    """Return what an account's page says of it."""
    account, since = member.account, None
    if not member.is_counted and not member.is_shared:
        since = _rows(_tenures(user, account), now)[-1].began
    note = "as you decide under Shared with you" if member.is_shared else ""
    found = [Fact("In totals", WORDS[member.is_counted], since, note=note)]
    if overlap is not None:
        note = "" if overlap.is_certain else "it seems"
        found.append(Fact("Same Qredo account as", _others(overlap, account), note=note))
    return tuple(found)


def _tenures(user: User, account: Account) -> list[Tenure]:
    own = tenures_of(user).filter(account=account).select_related("by")
    return list(own.order_by("began_at"))


def _rows(tenures: Sequence[Tenure], now: datetime) -> list[CountingRow]:
    """Return the stretches of one word, oldest first."""
    rows = []
    for stretch in _stretches(tenures):
        first, last = stretch[0], stretch[-1]
        # Who gave the account away is none of its new owner's business; who decided since is.
        decided = any(one.ended_at == first.began_at for one in tenures)
        rows.append(_row(first, last.ended_at, now, by=first.by if decided else None))
    return rows


def _stretches(tenures: Sequence[Tenure]) -> list[list[Tenure]]:
    found: list[list[Tenure]] = []
    for one in tenures:
        before = found[-1][-1] if found else None
        if before and (before.ended_at, before.is_counted) == (one.began_at, one.is_counted):
            found[-1].append(one)
        else:
            found.append([one])
    return found


def _row(
    first: Tenure, ended_at: datetime | None, now: datetime, *, by: User | None
) -> CountingRow:
    return CountingRow(
        word=WORDS[first.is_counted],
        began=times.moment(first.began_at, now),
        ended=None if ended_at is None else times.moment(ended_at, now),
        by="" if by is None else by.name or by.email,
    )
