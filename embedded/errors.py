"""The one error of this package."""

from collections.abc import Iterator
from contextlib import contextmanager


class StoresError(Exception):
    """The stores cannot be had; the message is one line that says what to do, without a secret."""


@contextmanager
def one_line() -> Iterator[None]:
    """Turn what the operating system refuses (full, read-only, forbidden) into a StoresError."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise StoresError(
            f"The embedded stores cannot work here: {error.strerror or error}{where}; "
            "free or permit that place, or set DATA_DIR to another folder"
        ) from error
