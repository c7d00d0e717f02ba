"""Reads the fields of an admin call; whatever is off becomes a clear 400."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

_FIGURES = {"total", "available", "pendingIn", "pendingOut", "scale"}


class Wrong(ValueError):  # noqa: N818 - named for what the caller did
    """An admin call that cannot be followed."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


class Fields:
    """The JSON object of an admin call."""

    def __init__(self, content: object) -> None:
        if not isinstance(content, dict):
            raise Wrong("the body is not a JSON object")
        self._content: dict[str, Any] = content

    def only(self, *names: str) -> None:
        """Refuse fields that the call does not know: a misspelt one would be ignored silently."""
        unknown = sorted(set(self._content) - set(names))
        if unknown:
            raise Wrong(f"unknown field: {unknown[0][:40]!r}")

    def given(self, name: str) -> object:
        """Return a field as it came, None where it is missing."""
        return self._content.get(name)

    def has(self, name: str) -> bool:
        """Say whether a field is there, be it null."""
        return name in self._content

    def text(self, name: str) -> str:
        """Return a text field that must be there."""
        value = self.text_or_none(name)
        if value is None:
            raise Wrong(f"{name} is missing")
        return value

    def text_or_none(self, name: str) -> str | None:
        """Return a text field, None where it is missing."""
        value = self.given(name)
        if value is None or isinstance(value, str):
            return value
        raise Wrong(f"{name} is text")

    def header(self, name: str) -> str | None:
        """Return text or an integer that can stand in a header."""
        value = self.given(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        text = self.text_or_none(name)
        if text is not None and not (text.isascii() and text.isprintable()):
            raise Wrong(f"{name} is one line of ASCII text")
        return text

    def positive(self, name: str) -> int | None:
        """Return a positive integer, None where it is missing."""
        value = self._content.get(name)
        if value is None:
            return None
        if not _is_integer(value) or value < 1:
            raise Wrong(f"{name} is a positive integer")
        return int(value)

    def status(self, name: str) -> int | None:
        """Return an HTTP status that carries a body, None where it is missing."""
        value = self.positive(name)
        if value is not None and (
            value not in set(HTTPStatus) or value < 200 or value in (204, 304)
        ):
            raise Wrong(f"{name} is an HTTP status that carries a body")
        return value

    def seconds(self, name: str, least: int = 0, most: int = 3600) -> float | None:
        """Return a number of seconds, None where it is missing; without bounds up to an hour."""
        value = self.given(name)
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise Wrong(f"{name} is a number of seconds")
        if not least <= value <= most:
            raise Wrong(f"{name} is a number of seconds from {least} to {most}")
        return value

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """Return one of the allowed words, the first of them where it is missing."""
        value = self.given(name)
        if value is None:
            return allowed[0]
        if value not in allowed:
            raise Wrong(f"{name} is one of {', '.join(allowed)}")
        return str(value)

    def choices(self, name: str, allowed: Iterable[str]) -> tuple[str, ...]:
        """Return a list of allowed words."""
        value, known = self.given(name), tuple(allowed)
        if not isinstance(value, list) or any(word not in known for word in value):
            raise Wrong(f"{name} is a list of {', '.join(known)}")
        return tuple(value)

    def assets(self, name: str) -> dict[str, list[dict[str, int]]] | None:
        """Return the entries of each asset, with five integers each; null is None.

        One entry may stand alone or in a list. Its identity may be broken.
        """
        if not self.has(name):
            raise Wrong(f"{name} is missing")
        value = self._content[name]
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Wrong(f"{name} maps assets to their figures")
        entries = {
            asset: told if isinstance(told, list) else [told] for asset, told in value.items()
        }
        if not all(map(_are_entries, entries.values())):
            raise Wrong(
                f"{name} maps each asset to the integers {', '.join(sorted(_FIGURES))},"
                " or to a list of such entries"
            )
        return entries


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_entries(several: list[object]) -> bool:
    return bool(several) and all(
        isinstance(figures, dict)
        and set(figures) == _FIGURES
        and all(_is_integer(figure) for figure in figures.values())
        for figures in several
    )
