"""Reading the environment: typed, with `NAME_FILE` for secrets, loud when something is wrong.

An empty variable is as none: deployments hand every name on, given or not.
"""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    """Return a variable, trimmed."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    """Return a yes-or-no variable."""
    value = text(name)
    if not value:
        return default
    lowered = value.lower()
    if lowered not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name} is yes or no (1 or 0), not {value!r}.")
    return lowered in _TRUE


def whole(name: str, default: int, *, least: int, most: int) -> int:
    """Return a whole number within bounds."""
    value = text(name, str(default))
    is_number = value.isascii() and value.isdigit() and len(value) <= len(str(most))
    if not is_number or not least <= int(value) <= most:
        raise ImproperlyConfigured(
            f"{name} is a whole number from {least} to {most}, not {value[:40]!r}."
        )
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    """Return a comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def source(name: str) -> tuple[str, str]:
    """Return a secret that stands in a variable, or else the file that `NAME_FILE` names."""
    path = text(f"{name}_FILE")
    return "" if path else text(name), path


def secret(name: str) -> str:
    """Return a secret from the file that `NAME_FILE` names, else from `NAME`, else nothing."""
    path = text(f"{name}_FILE")
    if not path:
        return text(name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        # An error of decoding holds the file's bytes.
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise ImproperlyConfigured(
            f"{name}_FILE names a file that cannot be read: {reason}."
        ) from None
