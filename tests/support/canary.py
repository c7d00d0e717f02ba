"""A made-up secret and every form in which it could leak."""

import base64
import logging
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import connection
from kombu.utils.encoding import bytes_to_str

VALUE = b"CANARY-a-made-up-secret-\xfb\xef\xbe\xff\xff\xff-of-44-bytes!!"
#: What a person pastes: standard Base64, with both of the odd characters in it.
TEXT = base64.b64encode(VALUE).decode()
URL_SAFE = base64.urlsafe_b64encode(VALUE).decode()


def forms() -> list[bytes]:
    """Return the secret as text, as bytes, in hexadecimal, in Base64 at every offset."""
    plain = [VALUE, VALUE[:24], VALUE[30:]]
    coded = [TEXT, URL_SAFE, TEXT.rstrip("="), VALUE.hex(), VALUE.hex().upper(), repr(VALUE)[2:-1]]
    coded += [base64.b32encode(VALUE).decode().rstrip("="), str(list(VALUE))[1:-1]]
    coded += [TEXT.replace("+", "%2B").replace("/", "%2F"), TEXT[::-1]]
    shifted = [base64.b64encode(b"x" * n + VALUE).decode()[4:-4] for n in (1, 2)]
    return [*plain, *(text.encode() for text in (*coded, *shifted))]


FORMS = forms()


def found_in(material: bytes | str) -> list[bytes]:
    """Return the forms of the secret that stand in `material`."""
    data = material if isinstance(material, bytes) else material.encode("utf-8", "surrogatepass")
    return [form for form in FORMS if form in data]


def tables() -> Iterator[str]:
    """Return every table of the database, those of sessions and migrations too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name)"
            " FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
            " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        yield from (name for (name,) in cursor.fetchall())


def rows(table: str) -> Iterator[bytes]:
    """Return every row as text, and what its bytes are when they are compressed."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608 - a name of our own schema
        yield from (text.encode() for (text,) in cursor.fetchall())
        cursor.execute(f"SELECT t.* FROM {table} t")  # noqa: S608 - as above
        for row in cursor.fetchall():
            yield from unpacked(row)


def unpacked(row: tuple[Any, ...]) -> Iterator[bytes]:
    for value in row:
        if isinstance(value, bytes | memoryview):
            data = bytes(value)
            yield data
            # A digest may begin like compressed bytes do, so only trying tells.
            with suppress(zlib.error):
                yield zlib.decompress(data)
        else:
            yield str(bytes_to_str(value)).encode()


@dataclass
class Everything(logging.Handler):
    """Keeps every record of every logger, with its arguments and the frames of its traceback."""

    def __init__(self) -> None:
        super().__init__(level=logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s %(args)r"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.lines.append(self.format(record))
        except (TypeError, ValueError):
            self.lines.append(f"{record.name} {record.msg!r} {record.args!r}")
        self.lines += [f"{name}={value!r}" for name, value in vars(record).items()]

    def __hash__(self) -> int:
        return id(self)


def frames_of(error: BaseException) -> Iterator[str]:
    """Return what an error report could show: every variable of every frame, causes included."""
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None:
            continue
        yield f"{current!r} {current.args!r} {vars(current)!r}"
        trace = current.__traceback__
        while trace is not None:
            yield from (f"{name}={value!r}" for name, value in trace.tb_frame.f_locals.items())
            trace = trace.tb_next
        waiting += [current.__cause__, current.__context__]
