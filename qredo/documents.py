"""Strict reading of JSON: only documents that every parser reads alike.

Numbers keep their meaning: an integer is an `int`, anything else that JSON calls a number is an
`OddNumber` with its text. No float is ever made.
"""

import json
from collections import Counter
from dataclasses import dataclass
from typing import NoReturn

from qredo.errors import NotJson, NotUnderstood
from qredo.names import shown_name

# Two containers an asset, 10,000 assets, and room for fields that Qredo may add one day. Without it
# five megabytes of `{},{},` would become hundreds in memory.
MAX_CONTAINERS = 60_000

# 2^256 has 78 digits; the bound also keeps us clear of Python's slow conversion of long integers.
MAX_DIGITS = 78
MAX_NUMBER_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class OddNumber:
    """A JSON number that is not a plain non-negative integer of bounded length.

    `text` is as it stood in the document, or empty when it is absurdly long.
    """

    text: str


def read_document(body: bytes) -> object:
    """Read a JSON text into dict, list, str, int, OddNumber, bool and None.

    Raises NotJson when it is not JSON in UTF-8, NotUnderstood when a name stands twice in one
    object or the nesting or number of parts is out of all proportion.
    """
    if body.count(b"{") + body.count(b"[") > MAX_CONTAINERS:
        raise NotUnderstood("Qredo's answer has far more parts than balances have.")
    document = _decoded(_text(body))
    # Raised here, not where it was caught, so that no foreign exception hangs on to it.
    if isinstance(document, _Unreadable):
        raise NotUnderstood(document.why) if document.is_json else NotJson(document.why)
    return document


@dataclass(frozen=True, slots=True)
class _Unreadable:
    why: str
    is_json: bool = False


def _text(body: bytes) -> str | _Unreadable:
    start = body[:64].lstrip()
    if start.startswith(b"<"):
        return _Unreadable("Qredo's address answered with a web page (HTML) instead of JSON.")
    if not start and not body.strip():
        return _Unreadable("Qredo's answer is empty.")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return _Unreadable("Qredo's answer is not text in UTF-8.")


def _decoded(text: str | _Unreadable) -> object:
    if isinstance(text, _Unreadable):
        return text
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        return _Unreadable(f"Qredo's answer is not JSON, or was cut off (character {error.pos}).")
    except RecursionError:
        return _Unreadable("Qredo's answer is nested far deeper than balances are.", is_json=True)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        _refuse_twice([name for name, _ in pairs])
    return result


def _refuse_twice(names: list[str]) -> NoReturn:
    ((twice, _),) = Counter(names).most_common(1)
    shown = shown_name(twice)
    raise NotUnderstood(
        f"Qredo's answer has the name {shown} twice in one object; which one counts is a guess.",
        field=shown,
    )


def _integer(text: str) -> int | OddNumber:
    if text[0] != "-" and len(text) <= MAX_DIGITS:
        return int(text)
    return _odd(text)


def _odd(text: str) -> OddNumber:
    return OddNumber(text if len(text) <= MAX_NUMBER_CHARACTERS else "")


def _constant(_name: str) -> NoReturn:
    raise NotJson("Qredo's answer has NaN or Infinity in it, which JSON does not know.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_odd, parse_constant=_constant
)
