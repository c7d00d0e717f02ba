"""Acts as files: everything that a reader needs to compute the chain again."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from accounts.audit.reading import every
from accounts.chain.hash_chain import written
from accounts.models import Act
from accounts.shared.csv_cells import BYTE_ORDER_MARK, json_cell, text_cell

COLUMNS = (
    "log", "number", "at", "who_kind", "who_id", "who", "act", "object_kind", "object_uid",
    "object_label", "address", "agent", "before", "after", "chain",
)  # fmt: skip


def as_csv(found: QuerySet[Act]) -> Iterator[str]:
    """Yield acts as lines of a file, header first. No cell is a formula."""
    yield BYTE_ORDER_MARK + _lines([list(COLUMNS)])
    for chunk in every(found):
        yield _lines([[_cell(value) for value in _as_dict(act).values()] for act in chunk])


def as_json(found: QuerySet[Act]) -> Iterator[str]:
    """Yield acts as one JSON array, an act a line."""
    before = "[\n"
    for chunk in every(found):
        for act in chunk:
            yield before + json.dumps(_as_dict(act))
            before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _as_dict(act: Act) -> dict[str, Any]:
    told = {name: getattr(act, name) for name in COLUMNS}
    return told | {"at": written(act.at), "chain": bytes(act.chain).hex()}


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return json_cell(json.dumps(value, sort_keys=True))
    return "" if value is None else text_cell(str(value))


def _lines(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
