"""Statements as tests make and check them: written by the program, read by the verifier alone."""

import hashlib
import io
import json
from collections.abc import Iterator
from datetime import datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from accounts.models import User
from balances.evidence.statements import json_file
from balances.evidence.statements.request import Asked
from balances.portfolio.filters import Narrowing
from balances.portfolio.scope import Scope
from tests.conftest import PROJECT

VERIFIER = PROJECT / "docs" / "verify_statement.py"
Told = dict[str, Any]
Where = tuple[Any, ...]


def _verifier() -> Any:
    """Return the verifier as a module that nothing else of the project is known to."""
    spec = spec_from_file_location("verify_statement", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verifier = _verifier()


def statement(by: User, at: datetime, made_at: datetime, **narrowed: str) -> Told:
    """Return a statement as the file has it."""
    text = io.StringIO()
    json_file.write(Asked(Scope(by, Narrowing(**narrowed)), at, by, made_at), text)
    told: Told = json.loads(text.getvalue())
    return told


def _report(told: Any, anchors: tuple[Path, ...]) -> Any:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return verifier.verify(body, [verifier.anchor_of(path) for path in anchors])


def found(told: Any, *anchors: Path) -> list[str]:
    """Return what the verifier finds wrong."""
    return list(_report(told, anchors).wrong)


def notes(told: Any, *anchors: Path) -> list[str]:
    """Return what the verifier says stands on the statement alone."""
    return list(_report(told, anchors).notes)


def account(told: Told, label: str) -> Told:
    """Return an account of a statement."""
    (one,) = (one for one in told["accounts"] if one["label"] == label)
    return dict(one)


def put(told: Told, where: Where, value: Any) -> Told:
    """Return a statement with one field changed."""
    changed: Any = json.loads(json.dumps(told))
    place = changed
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = value
    return dict(changed)


def relinked(told: Told) -> Told:
    """Compute every link of a changed statement anew, as a forger would."""
    for one in told["accounts"]:
        for path in (one["snapshots"], one["runs"]):
            link = bytes.fromhex(path["before"])
            for text in path["texts"]:
                link = hashlib.sha256(link + text.encode()).digest()
            path["head"] = link.hex() if path["texts"] else ""
    return told


def resealed(told: Told) -> Told:
    """Compute the digest of a changed statement's figures anew."""
    head = verifier._check_head(told)
    lines = [verifier.line_of(one, head, []) for one in told["accounts"]]
    text = "".join(f"{part}\n" for part in verifier._figures(told, lines))
    return {**told, "figures": hashlib.sha256(text.encode()).hexdigest()}


def leaves(value: Any, way: Where = ()) -> Iterator[tuple[Where, Any]]:
    """Yield every field of a document with the way to it."""
    if isinstance(value, dict):
        parts: Any = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    else:
        parts = ()
    for key, part in parts:
        yield (*way, key), part
        yield from leaves(part, (*way, key))
