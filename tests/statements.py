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
from balances.narrowing import Narrowing
from balances.scopes import Scope
from balances.statements import file
from balances.statements.asked import Asked
from tests.conftest import PROJECT

VERIFIER = PROJECT / "docs" / "verify_statement.py"


def _verifier() -> Any:
    """Return the verifier as a module that nothing else of the project is known to."""
    spec = spec_from_file_location("verify_statement", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verifier = _verifier()


def statement(by: User, at: datetime, made_at: datetime, **narrowed: str) -> dict[str, Any]:
    """Return a statement as the file has it."""
    text = io.StringIO()
    file.write(Asked(Scope(by, Narrowing(**narrowed)), at, by, made_at), text)
    told: dict[str, Any] = json.loads(text.getvalue())
    return told


def found(told: Any, *anchors: Path) -> list[str]:
    """Return what the verifier finds wrong."""
    report = verifier.verify(json.dumps(told).encode(), [verifier.anchor_of(a) for a in anchors])
    assert all(isinstance(one, str) for one in (*report.wrong, *report.notes))
    return list(report.wrong)


def notes(told: Any, *anchors: Path) -> list[str]:
    """Return what the verifier says stands on the statement alone."""
    report = verifier.verify(json.dumps(told).encode(), [verifier.anchor_of(a) for a in anchors])
    return list(report.notes)


def account(told: dict[str, Any], label: str) -> dict[str, Any]:
    """Return an account of a statement."""
    (one,) = (one for one in told["accounts"] if one["label"] == label)
    return dict(one)


def resealed(told: dict[str, Any]) -> dict[str, Any]:
    """Give a changed statement the digest of its figures that a forger would."""
    at, lines = told["at"], []
    for one in told["accounts"]:
        try:
            lines.append(verifier.line_of(one, verifier.instant(at, "at"), []))
        except (verifier.WrongError, TypeError, KeyError):
            return told
    text = "".join(f"{part}\n" for part in verifier._figures(at, lines))
    return {**told, "figures": hashlib.sha256(text.encode()).hexdigest()}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield every field of a document with the way to it: leaves, and what holds them."""
    if path:
        yield path, value
    parts = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, part in parts:
        yield from leaves(part, (*path, key))
