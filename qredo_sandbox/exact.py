"""JSON with exact numbers: amounts are written digit by digit, never by way of a float."""

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in JSON."""

    text: str


def whole_units(amount: int, scale: int) -> Number:
    """Write base units as whole units; ``scale`` is a power of ten."""
    whole, part = divmod(abs(amount), scale)
    sign = "-" if amount < 0 else ""
    if not part:
        return Number(f"{sign}{whole}")
    places = len(str(scale)) - 1
    digits = f"{part:0{places}}".rstrip("0")
    return Number(f"{sign}{whole}.{digits}")


def written(content: object) -> str:
    """Return JSON text without white space."""
    if isinstance(content, Number):
        return content.text
    if isinstance(content, dict):
        fields = (f"{json.dumps(name)}:{written(value)}" for name, value in content.items())
        return "{" + ",".join(fields) + "}"
    if isinstance(content, list | tuple):
        return "[" + ",".join(written(value) for value in content) + "]"
    return json.dumps(content)
