"""The canonical text of an act, as `docs/canonical-form.md` describes it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from accounts.chain.hash_chain import joined, written


class Facts(Protocol):
    """What an act's text is made of."""

    log: str
    number: int
    at: datetime
    who_kind: str
    who_id: int | None
    who: str
    act: str
    object_kind: str
    object_uid: str
    object_label: str
    address: str
    agent: str
    before: Mapping[str, object]
    after: Mapping[str, object]


def act_text(act: Facts) -> str:
    """Return the canonical text of an act."""
    who_id = "-" if act.who_id is None else act.who_id
    return joined(
        [
            "qredo-dash act 1",
            f"log {act.log}",
            f"number {act.number}",
            f"at {written(act.at)}",
            f"who {act.who_kind} {who_id} {_json(act.who)}",
            f"act {act.act}",
            f"object {act.object_kind} {_json(act.object_uid)} {_json(act.object_label)}",
            f"from {_json(act.address)} {_json(act.agent)}",
            f"before {_json(act.before)}",
            f"after {_json(act.after)}",
        ]
    )


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
