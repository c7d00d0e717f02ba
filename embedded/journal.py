"""The servers' logs: bounded, and quoted in errors."""

import os
import re
import shutil
from pathlib import Path

LIMIT = 10 * 1024 * 1024
_QUOTED = 2000
_ERROR = re.compile(r"error|FATAL|PANIC|could not", re.IGNORECASE)


def rotate(log: Path) -> None:
    """Keep one older copy; a running server appends, so emptying the file is safe under it."""
    if log.exists() and log.stat().st_size > LIMIT:
        old = log.with_name(f"{log.name}.old")
        shutil.copyfile(log, old)
        old.chmod(0o600)
        os.truncate(log, 0)


def opened(log: Path) -> int:
    """Open for appending."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    return os.open(log, flags, 0o600)


def last_lines(log: Path, since: int = 0) -> str:
    """Quote what the lines after a position tell about a failure."""
    with log.open("rb") as file:
        file.seek(max(since, log.stat().st_size - _QUOTED))
        return gist(file.read().decode("utf-8", "replace")) or f"see {log}"


def gist(text: str) -> str:
    """Fold the last lines into one, those that name an error if there are any."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.search(line)]
    return " | ".join((errors or lines)[-3:])


def size(log: Path) -> int:
    """Say where the next line will stand."""
    return log.stat().st_size if log.exists() else 0
