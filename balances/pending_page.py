"""Everything in flight: what is pending in or out, where, and since when; now or at an instant."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from accounts.access import Span, spans_of
from accounts.compiled import ids_of
from accounts.models import User
from balances import flights, moments, sql
from balances.amounts import Amount
from balances.as_of_query import AsOf
from balances.asset_rows import named
from balances.gathering import accounts_of, gathered, questions
from balances.narrowing import NAMES, Narrowing
from balances.pending_screens import InFlight, PendingPage, PendingTable, PendingTotal
from balances.portfolio import Held, Kind, Member, counting, total
from balances.rows import asset_url, coverage, owner_name, page_of
from balances.scopes import Scope
from balances.screens import Narrowed
from balances.states import instant_of, state_of
from balances.versions import version_of

#: So many are listed. Totals and the count are of all; filters lead to the others.
MOST_ROWS = 500

Pending = tuple[Member, Held]
_TITLES: dict[Kind, str] = {"production": "In flight", "testnet": "Testnet in flight, worthless"}


@dataclass(frozen=True, slots=True)
class Question:
    """Whose accounts the page is asked about."""

    scope: Scope
    text: Mapping[str, str]

    @classmethod
    def of(cls, user: User, asked: Mapping[str, str]) -> "Question":
        """Read a page's query."""
        text = {name: value for name, value in asked.items() if value and name != "version"}
        return cls(Scope(user, Narrowing.of(text)), text)


def version(of: Question, now: datetime) -> str:
    """Return the version of what is in flight."""
    return version_of(ids_of(accounts_of(of.scope)), now, urlencode(sorted(of.text.items())))


def pending_page(of: Question, asked: AsOf) -> PendingPage:
    """Return what is in flight."""
    current_version = version(of, asked.at)  # before the figures, as in the overview
    with sql.one_view():  # an amount and its age belong together
        members = gathered(of.scope, asked)
        found = [(one, held) for one in members for held in one.holdings if _is_pending(held)]
        rows = tuple(_oldest_first(of, asked, found))
    return PendingPage(
        rows=rows,
        count=len(found),
        tables=tuple(_tables(found, {**of.scope.narrowing.query, **asked.query})),
        coverage=coverage(counting(members), asked.at),
        unknown=tuple(named(m, asked.at) for m in members if not m.is_known),
        narrowed=_narrowed(of, asked),
        empty_text=_empty_text(of, members, asked),
        version=current_version,
        fragment_url="" if asked.is_past else _fragment_url(of, current_version),
    )


def _is_pending(held: Held) -> bool:
    return bool(held.level.pending_in or held.level.pending_out)


def _oldest_first(of: Question, asked: AsOf, found: Sequence[Pending]) -> Iterator[InFlight]:
    pairs = [(member.account.pk, held.asset) for member, held in found]
    began = flights.began(pairs, asked.at if asked.is_past else None)
    spans = spans_of(of.scope.user, {member.account.pk for member, _ in found})
    aged = [
        (max(began[pair], mine), began[pair] < mine, member, held)
        for pair, (member, held) in zip(pairs, found, strict=True)
        for mine in (_mine_since(spans.get(pair[0], []), asked.at),)
    ]
    aged.sort(key=lambda one: (one[0], one[2].account.label, one[3].asset))
    for since, is_longer, member, held in aged[:MOST_ROWS]:
        yield _row(of, asked, (member, held), since, is_longer=is_longer)


def _mine_since(spans: Iterable[Span], at: datetime) -> datetime:
    """Return since when an account has been one whose figures the reader may see."""
    return max((began for began, _ in spans if began <= at), default=at)


def _row(
    of: Question, asked: AsOf, pending: Pending, since: datetime, *, is_longer: bool
) -> InFlight:
    member, held = pending
    level, sight = held.level, member.stand.sight
    kept = {**of.scope.narrowing.query, **asked.query}
    return InFlight(
        label=member.account.label,
        url=page_of(member, asset=held.asset),
        owner=owner_name(member.owner),
        asset=held.asset,
        asset_url=asset_url(held.asset, held.kind, kept),
        is_testnet=held.kind == "testnet",
        pending_in=Amount.of(level.pending_in, level.scale),
        pending_out=Amount.of(level.pending_out, level.scale),
        since=instant_of(member.stand, since, asked.at),
        is_longer=is_longer,
        every="" if sight is None else moments.every(sight.interval_seconds),
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


def _address(name: str, query: Mapping[str, str]) -> str:
    return f"{reverse(name)}?{urlencode(query)}" if query else reverse(name)


def _narrowed(of: Question, asked: AsOf) -> Narrowed:
    kept = {name: text for name, text in of.text.items() if name not in NAMES}
    clear = _address("pending", kept) if of.scope.narrowing.query else ""
    return Narrowed(reverse("pending"), questions(of.scope, asked), tuple(kept.items()), clear)


def _empty_text(of: Question, members: Sequence[Member], asked: AsOf) -> str:
    if not members:
        return "No account matches this filter." if of.scope.narrowing.query else "No accounts yet."
    if not any(member.is_known for member in members):
        return "Whether anything is in flight is unknown: no balance has been seen yet."
    return "Nothing was in flight." if asked.is_past else "Nothing is in flight."


def _fragment_url(of: Question, current_version: str) -> str:
    return _address("pending-figures", {**of.text, "version": current_version})
