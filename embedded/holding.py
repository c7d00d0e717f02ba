"""Users of the stores, counted by the kernel."""

import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from embedded import folder, locks, stores
from embedded.addresses import Addresses
from embedded.errors import one_line
from embedded.stores import Stores


def locate(data_dir: Path) -> Addresses:
    """Say where the stores of a data folder answer; nothing is started or made.

    Passwords are empty before the first start. Raises StoresError for a folder of another user.
    """
    with one_line():
        return stores.addresses(folder.owned(data_dir))


def hold(data_dir: Path) -> "Hold":
    """Start what is not running and count this process as a user until it releases or ends.

    Raises StoresError.
    """
    with one_line():
        place = folder.made(data_dir)
        with locks.mutex(_mutex(place)), ExitStack() as undo:
            user = locks.shared(place / "users.lock")
            undo.callback(locks.give_up, user)
            found = stores.prepared(place)
            undo.callback(_stop_if_last, found, user)
            found.start()
            held = Hold(found, user, stores.addresses(place))
            undo.pop_all()
        return held


def revive(data_dir: Path) -> list[str]:
    """Start again what died beneath its users, and say what; only for one that holds the stores.

    Raises StoresError.
    """
    with one_line():
        place = folder.owned(data_dir)
        with locks.mutex(_mutex(place)):
            return stores.prepared(place).revive()


class Hold:
    """One user of the stores; forked children share it, and only its maker can release it."""

    def __init__(self, found: Stores, user: int, addresses: Addresses) -> None:
        self.addresses = addresses
        self._stores = found
        self._user: int | None = user
        self._maker = os.getpid()

    def release(self) -> None:
        """Give up; the last one to do so stops the stores. A second call does nothing."""
        user, self._user = self._user, None
        if user is None or self._maker != os.getpid():
            return
        # Under the mutex nobody can join between being found the last and stopping.
        with one_line(), locks.mutex(_mutex(self._stores.folder)):
            try:
                _stop_if_last(self._stores, user)
            finally:
                locks.give_up(user)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _stop_if_last(found: Stores, user: int) -> None:
    if locks.take_alone(user):
        found.stop()


def _mutex(place: Path) -> Path:
    return place / "start.lock"
