"""A statement as a page to be printed."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from accounts.models import Tenure
from accounts.shared.local_time import exact
from balances.core import sql
from balances.core.amounts import Level, plain_decimal
from balances.core.assets import Kind
from balances.core.number_formats import written
from balances.evidence.statements.bases import Basis, bases
from balances.evidence.statements.digest import FiguresDigest
from balances.evidence.statements.lines import Line, Standing, Tally, Total, lines, tenures_at
from balances.evidence.statements.request import Asked
from balances.pages.as_of import instant as as_of_instant
from balances.pages.components import times
from balances.pages.components.context import held_text
from balances.pages.components.tables import flag_words
from balances.pages.reports.context import Block, Cell, Row, Snapshot, StatementPage, Totals
from balances.pages.reports.cutoffs import day_ended_by
from balances.portfolio.filters import PERSON_NAMES
from balances.portfolio.members import Held

#: A cut-off as young as this may miss answers that were under way.
YOUNG = timedelta(minutes=2)
_TITLES: dict[Kind, str] = {
    "production": "Totals",
    "testnet": "Totals of testnet assets, worthless",
}
_OUT: dict[Standing, str] = {
    "counted": "",
    "not counted": "Does not count: in no total",
    "archived": "Archived: in no total",
}


def statement_page(asked: Asked) -> tuple[StatementPage, list[Tenure]]:
    """Return a statement, and the tenures of the accounts in it."""
    tally, digest = Tally(), FiguresDigest(asked.at)
    blocks: list[Block] = []
    with sql.one_view():
        tenures = tenures_at(asked.scope, asked.at)
        for line, basis in _based(tenures, asked.at):
            tally.add(line)
            digest.add(line)
            blocks.append(_block(line, basis))
    return _page(asked, tally, digest.closed(tally), blocks), tenures


def _page(asked: Asked, tally: Tally, digest: str, blocks: Sequence[Block]) -> StatementPage:
    return StatementPage(
        utc=_utc(asked.at),
        local=as_of_instant.long_text(asked.at),
        day=f"{day.day} {day:%B %Y}" if (day := day_ended_by(asked.at)) else "",
        zone=timezone.get_current_timezone_name(),
        twin=_utc(twin) if (twin := as_of_instant.other_one(asked.at)) else "",
        made=times.moment(asked.made_at, asked.made_at),
        made_by=asked.by.name or asked.by.email,
        chosen=tuple(_chosen(asked, blocks)),
        is_young=asked.made_at - asked.at < YOUNG,
        totals=tuple(_totals(tally)),
        coverage=tally.coverage,
        partial=tally.partial,
        counted=tally.counted,
        blocks=tuple(blocks),
        digest=digest,
        query=asked.query,
    )


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}".rstrip("0").rstrip(".") + " UTC"


def _based(tenures: Sequence[Tenure], at: datetime) -> Iterator[tuple[Line, Basis]]:
    for chunk in lines(tenures, at):
        found = bases([line.account.pk for line in chunk], at)
        for line in chunk:
            yield line, found[line.account.pk]


def _block(line: Line, basis: Basis) -> Block:
    sight = line.sight
    return Block(
        label=line.account.label,
        owner=line.owner,
        uid=str(line.account.uid),
        environment=line.account.environment,
        out=_OUT[line.standing],
        coverage=line.coverage,
        partial=_why_partial(line),
        is_demo=line.account.is_demo,
        seen=exact(sight.observed_at) if sight else "",
        rows=tuple(map(_held_row, line.holdings)),
        snapshot=_snapshot(basis),
    )


def _why_partial(line: Line) -> str:
    told = (
        "its API key was said to see only some wallets" if line.sees_some else "",
        "an asset with a name that cannot be shown is left out" if line.is_left_out else "",
    )
    return "; ".join(filter(None, told))


def _snapshot(basis: Basis) -> Snapshot | None:
    if basis.observed_at is None:
        return None
    observed = exact(basis.observed_at)
    return Snapshot(basis.snapshot, observed, basis.payload.hex(), basis.link.hex())


def _held_row(held: Held) -> Row:
    return Row(
        held.asset, _cells(held.level), flag_words(held.flags), is_test=held.kind == "testnet"
    )


def _cells(level: Level) -> tuple[Cell, ...]:
    amounts = (level.total, level.available, level.pending_in, level.pending_out)
    texts = [plain_decimal(amount, level.scale) for amount in amounts]
    return tuple(
        Cell(text, written(text) if amount else "0")
        for text, amount in zip(texts, amounts, strict=True)
    )


def _totals(tally: Tally) -> Iterator[Totals]:
    for kind, title in _TITLES.items():
        rows = tuple(
            Row(one.asset, _cells(one.level), _counts(one))
            for one in tally.totals()
            if one.kind == kind
        )
        if rows:
            yield Totals(title, rows)


def _counts(total: Total) -> tuple[str, ...]:
    is_whole = total.fresh == total.accounts
    return (
        f"{total.fresh} of {total.accounts} fresh",
        *([f"{total.partial} partial"] if total.partial else []),
        held_text(total.holders, total.fresh_holders, is_whole=is_whole),
    )


def _chosen(asked: Asked, blocks: Sequence[Block]) -> Iterator[tuple[str, str]]:
    """Yield what narrows the statement; an owner by the name that the accounts tell."""
    narrowing = asked.scope.narrowing
    if narrowing.owner:
        fund = blocks[0].owner if blocks else "(no such account)"
        yield "Owner", PERSON_NAMES.get(narrowing.owner, fund)
    if narrowing.environment:
        yield "Environment", narrowing.environment
    if narrowing.tag:
        yield "Tag", narrowing.tag
