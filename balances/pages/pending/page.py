"""Everything in flight: what is pending in or out, where, and since when; now or at an instant."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.access.querysets import Span, spans_of
from balances.core import number_formats, sql
from balances.core.amounts import Amount
from balances.core.assets import Kind
from balances.core.instants import TICK
from balances.history import pending_since
from balances.history.observations import Sight, sights_of
from balances.pages.as_of.instant import AsOf
from balances.pages.components import times
from balances.pages.components.status_text import instant_of, state_of
from balances.pages.components.tables import asset_url, coverage, page_of, some
from balances.pages.pending.context import InFlight, PendingPage, PendingTable, PendingTotal
from balances.pages.query.page_query import Question
from balances.pages.query.selection import gathered
from balances.portfolio.levels_at import NOBODYS_THEN
from balances.portfolio.members import Held, Member, counting, owner_name, total

Pending = tuple[Member, Held]
_TITLES: dict[Kind, str] = {"production": "In flight", "testnet": "Testnet in flight, worthless"}


@dataclass(frozen=True, slots=True)
class Flight:
    """What is pending of one asset in one account, and since when it has been."""

    member: Member
    held: Held
    since: datetime
    doubt: str  # by how much it may be older, in words


def pending_page(of: Question, asked: AsOf) -> PendingPage:
    """Return what is in flight."""
    version = of.version(asked.at)  # before the figures, as in the overview
    with sql.one_view():  # an amount and its age belong together
        members = gathered(of.scope, asked)
        found = [(one, held) for one in members for held in one.holdings if _is_pending(held)]
        paged = of.paged(_oldest_first(of, asked, found))
    return PendingPage(
        rows=tuple(_row(of, asked, one) for one in paged.shown()),
        pages=paged.pages(),
        count=number_formats.whole(len(found)),
        tables=tuple(_tables(found, of.kept(asked))),
        coverage=coverage(counting(members), asked.at),
        unknown=some([m for m in members if not m.is_known], asked.at),
        narrowed=of.narrowed(asked),
        empty_text=_empty_text(of, members, asked),
        version=version,
        fragment_url="" if asked.is_past else of.fragment_url(version),
    )


def _is_pending(held: Held) -> bool:
    return bool(held.level.pending_in or held.level.pending_out)


def _oldest_first(of: Question, asked: AsOf, found: Sequence[Pending]) -> list[Flight]:
    pairs = [(member.account.pk, held.asset) for member, held in found]
    began = pending_since.began(pairs, asked.at if asked.is_past else None)
    before = sights_of((pk, began[pk, asset] - TICK) for pk, asset in pairs)
    spans = spans_of(of.scope.user, {member.account.pk for member, _ in found})
    mine = {pk: _mine_since(spans.get(pk, []), asked.at) for pk, _ in pairs}
    aged = [
        Flight(member, held, max(since, mine[pk]), _doubt(since, mine[pk], sight))
        for (pk, asset), (member, held) in zip(pairs, found, strict=True)
        for since in (began[pk, asset],)
        for sight in (before.get((pk, since - TICK)),)
    ]
    return sorted(aged, key=lambda one: (one.since, one.member.account.label, one.held.asset))


def _doubt(since: datetime, mine: datetime, before: Sight | None) -> str:
    """Say by how much something may be pending longer than since it was seen first.

    It began after the observation before that one, whatever the account is polled at today. What
    was seen before the reader's time with the account is not told.
    """
    if since < mine:
        return "or longer: it was pending when this account came"
    if before is None or before.observed_at < mine:
        return "or longer: it was pending in the first answer"
    return f"or up to {times.at_most(since - before.observed_at)} before"


def _mine_since(spans: Iterable[Span], at: datetime) -> datetime:
    """Return since when an account has been one whose figures the reader may see."""
    return max((began for began, _ in spans if began <= at), default=at)


def _row(of: Question, asked: AsOf, flight: Flight) -> InFlight:
    member, held = flight.member, flight.held
    level = held.level
    return InFlight(
        label=member.account.label,
        url=page_of(member, asset=held.asset),
        owner=owner_name(member.owner),
        asset=held.asset,
        asset_url=asset_url(held.asset, held.kind, of.kept(asked)),
        is_testnet=held.kind == "testnet",
        pending_in=Amount.of(level.pending_in, level.scale),
        pending_out=Amount.of(level.pending_out, level.scale),
        since=instant_of(member.stand, flight.since, asked.at),
        doubt=flight.doubt,
        state=state_of(member.stand, asked.at),
        is_counted=member.is_counted,
    )


def _tables(found: Iterable[Pending], query: Mapping[str, str]) -> Iterator[PendingTable]:
    sums: dict[tuple[Kind, str], list[Held]] = {}
    for member, held in found:
        if member.is_counted:
            sums.setdefault((held.kind, held.asset), []).append(held)
    for kind, title in _TITLES.items():
        rows = tuple(
            _total(asset, kind, sums[one, asset], query)
            for one, asset in sorted(sums)
            if one == kind
        )
        if rows:
            yield PendingTable(kind, title, rows)


def _total(asset: str, kind: Kind, held: Sequence[Held], query: Mapping[str, str]) -> PendingTotal:
    level = total(held)
    return PendingTotal(
        asset=asset,
        url=asset_url(asset, kind, query),
        pending_in=Amount.of(level.pending_in, level.scale),
        pending_out=Amount.of(level.pending_out, level.scale),
        count=len(held),
    )


def _empty_text(of: Question, members: Sequence[Member], asked: AsOf) -> str:
    """Return why nothing is listed; nothing for somebody without any account."""
    if not members:
        if of.scope.narrowing.query:
            return "No account matches this filter."
        return NOBODYS_THEN if asked.is_past else ""
    if not any(member.is_known for member in members):
        return "Whether anything is in flight is unknown: no balance has been seen yet."
    return "Nothing was in flight." if asked.is_past else "Nothing is in flight."
