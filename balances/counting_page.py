"""Whether an account counts in totals, since when, and which accounts it is the same as."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from accounts.access import tenures_of, visible_to
from accounts.models import Account, Tenure, User
from balances import ledger, moments, overlaps
from balances.key_screens import CountingPage, CountingRow
from balances.overlaps import Overlap
from balances.portfolio import Member, not_counted
from balances.screens import Fact
from balances.troubles import named

WORDS = {True: "Counts", False: "Does not count"}


def counting_page(user: User, account: Account) -> CountingPage:
    """Return what stands beside the form that lets an account count, or not."""
    now, overlap = ledger.clock(), overlap_of(user, account)
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


def overlap_of(user: User, account: Account) -> Overlap | None:
    """Return what an account overlaps with among the current accounts that somebody sees."""
    current = visible_to(user).filter(
        environment=account.environment, is_demo=account.is_demo, archived_at=None
    )
    found = overlaps.among(user, current.order_by("pk"))
    return next((one for one in found if account in one.accounts), None)


def warning(user: User, account: Account) -> str:
    """Return what is said after an account got a key that one of its reader's accounts has."""
    overlap = overlap_of(user, account)
    if overlap is None or not overlap.is_certain:
        return ""
    text = f"{account.label} answers for the same Qredo account as {_others(overlap, account)}"
    if not too_many(user, overlap, account):
        return f"{text}. Only one of them counts in totals."
    often = "twice" if len(overlap.accounts) == 2 else "more than once"
    return (
        f"{text}: its amounts are in the totals {often}. Choose Counting on an account page to"
        " decide which one counts."
    )


def too_many(user: User, overlap: Overlap | None, account: Account) -> list[Overlap]:
    """Return what of an overlap counts beside an account, if both do."""
    if overlap is None:
        return []
    left_out = not_counted(user, overlap.accounts)
    counted = tuple(one for one in overlap.accounts if one.pk not in left_out)
    is_double = account in counted and len(counted) > 1
    return [replace(overlap, accounts=counted)] if is_double else []


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


def _others(overlap: Overlap, account: Account) -> str:
    return named([one.label for one in overlap.accounts if one != account])


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
        began=moments.moment(first.began_at, now),
        ended=None if ended_at is None else moments.moment(ended_at, now),
        by="" if by is None else by.name or by.email,
    )
