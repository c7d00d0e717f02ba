"""Files of heads: JSON objects, one a line, the first of which says what they are and how many.

They are anchors: kept where whoever can write to the database cannot write.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, TypeVar

T = TypeVar("T")


class BadAnchorError(Exception):
    """A file that holds no anchor."""


def write(path: Path, header: Mapping[str, object], lines: Sequence[Mapping[str, object]]) -> None:
    """Write a new file, whole or not at all; nothing is overwritten.

    Raise `FileExistsError`, or another `OSError`.
    """
    texts = [json.dumps(line) + "\n" for line in (header, *lines)]
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".heads-") as draft:
        draft.writelines(texts)
        draft.flush()
        os.fsync(draft.fileno())
        path.hardlink_to(draft.name)


def read(path: Path, *, kind: str, counted: str, one: Callable[[Any], T]) -> list[T]:
    """Return the lines of a file, each read by `one`. Raise `BadAnchorError` saying what is wrong.

    `kind` is its format; `counted` is what the first line calls the number of the others.
    """
    try:
        first, *lines = path.read_text(encoding="utf-8").splitlines()
        count = _count_in(json.loads(first), kind, counted)
        found = [one(json.loads(line)) for line in lines]
    except OSError as error:
        raise BadAnchorError(f"{path.name} cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadAnchorError(f"{path.name} is no file of such heads.") from None
    if count != len(found):
        raise BadAnchorError(f"{path.name} holds {len(found)} {counted} of {count}. It was cut.")
    return found


def made_at(path: Path) -> datetime:
    """Return when the heads in a file were read, as its first line says. Raise `BadAnchorError`."""
    try:
        with path.open(encoding="utf-8") as file:
            at = datetime.fromisoformat(json.loads(file.readline())["at"])
    except (OSError, ValueError, TypeError, KeyError):
        raise BadAnchorError(f"{path.name} does not say when it was made.") from None
    if at.tzinfo is None:
        raise BadAnchorError(f"{path.name} does not say in which zone it was made.")
    return at


def _count_in(header: dict[str, Any], kind: str, counted: str) -> object:
    if header["format"] != kind:
        raise ValueError("another format")
    return header[counted]


def export_day(folder: Path, name: str, day: datetime, export: Callable[[Path], object]) -> Path:
    """Let a day's (in UTC) heads stand in a folder; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{day.astimezone(UTC):%Y%m%d}.jsonl"
    with suppress(FileExistsError):
        export(path)
    return path
