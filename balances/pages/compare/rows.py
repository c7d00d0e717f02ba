"""The tables of a comparison: per asset the figures of both sides, kinds of money apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from balances.core.amounts import Amount, Level
from balances.core.assets import Kind
from balances.pages.charts.subject import first_to_show
from balances.pages.compare.context import Cell, CompareRow, CompareTable
from balances.pages.compare.query import Question
from balances.portfolio.levels_at import Asset, Levels

_TITLES: dict[Kind, str] = {"production": "Assets", "testnet": "Testnet assets, worthless"}

#: The figures of one asset, unknown where there is nothing.
Row = Sequence[Level | None]


def drawn(of: Question, assets: Sequence[Asset]) -> Asset | None:
    """Return the asset that is drawn: what was asked for, else the first to show."""
    asked = (of.kind, of.text.get("asset", ""))
    if asked in assets or not assets:
        return asked if assets else None
    return min(assets, key=lambda one: first_to_show((one[1], one[0])))


def assets_in(found: Iterable[Levels]) -> list[Asset]:
    """Return the assets of which any of the levels is not zero."""
    return sorted({one for levels in found for one, level in levels.items() if level.total})


@dataclass(frozen=True, slots=True)
class Columns:
    """The heads of a row's figures, and which of them are changes or differences."""

    heads: tuple[str, ...]
    moves: frozenset[int]

    def cells(self, row: Row) -> tuple[Cell, ...]:
        """Return the figures of a row."""
        return tuple(
            _move(head, level) if index in self.moves else _level(head, level)
            for index, (head, level) in enumerate(zip(self.heads, row, strict=True))
        )


def tables(
    of: Question, rows: dict[Asset, Row], columns: Columns, shown: Asset | None
) -> tuple[CompareTable, ...]:
    """Return rows as tables."""
    return tuple(
        CompareTable(
            kind,
            title,
            tuple(
                CompareRow(
                    asset=asset,
                    url=of.address(asset=asset, kind=one),
                    is_drawn=(one, asset) == shown,
                    cells=columns.cells(row),
                )
                for (one, asset), row in rows.items()
                if one == kind
            ),
        )
        for kind, title in _TITLES.items()
        if any(one == kind for one, _ in rows)
    )


def _level(head: str, level: Level | None) -> Cell:
    return Cell(head, None if level is None else Amount.of(level.total, level.scale))


def _move(head: str, level: Level | None) -> Cell:
    if level is None:
        return Cell(head, None)
    direction = "same" if not level.total else "up" if level.total > 0 else "down"
    return Cell(head, Amount.signed(level.total, level.scale), direction)  # type: ignore[arg-type] # three of the words


def partial_note(labels: Sequence[str]) -> tuple[str, ...]:
    """Name the accounts of which some wallets or assets are left out."""
    return (f"Partial, some wallets or assets left out: {', '.join(labels)}.",) if labels else ()


def unknown_note(labels: Sequence[str]) -> tuple[str, ...]:
    """Name the accounts that are in no figure because nothing of them was seen."""
    return (f"Unknown, so in no figure: {', '.join(labels)}.",) if labels else ()
