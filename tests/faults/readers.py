"""People who read pages meanwhile, and what they were answered once the database was there."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.processes.program import Browser
from tests.processes.scene import EMAIL, PASSWORD

PATHS = ("/", "/accounts/", "/health/")


class Readers:
    """Two readers in threads; an error counts if the database accepted connections before."""

    def __init__(self, port: int, database: str) -> None:
        self._port = port
        self._database = database
        self._fell_at = time.monotonic()
        self._accepts_since = 0.0
        self._over = threading.Event()
        self.read = 0
        self.excused = 0
        self.errors: list[str] = []

    @contextmanager
    def reading(self) -> Iterator["Readers"]:
        browsers = [Browser(self._port) for _ in range(2)]
        for browser in browsers:
            browser.sign_in(EMAIL, PASSWORD)
        threads = [
            threading.Thread(target=self._read, args=(browser,), kwargs={"patient": number == 0})
            for number, browser in enumerate(browsers)
        ]
        threads.append(threading.Thread(target=self._probe))
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in threads:
                thread.join(20)

    def database_fell(self) -> None:
        self._fell_at = time.monotonic()

    def _probe(self) -> None:
        while not self._over.wait(0.02):
            begun = time.monotonic()
            try:
                with psycopg.connect(self._database, connect_timeout=2) as link:
                    link.execute("SELECT 1")
            except psycopg.Error:
                self._accepts_since = 0.0
            else:
                if self._accepts_since <= self._fell_at < begun:
                    self._accepts_since = time.monotonic()

    def _read(self, browser: Browser, *, patient: bool) -> None:
        turn = 0
        while not self._over.wait(0.02):
            if patient and self._accepts_since <= self._fell_at:
                continue  # who asks only once it is back meets connections that nobody found dead
            path, turn = PATHS[turn % len(PATHS)], turn + 1
            begun, fell = time.monotonic(), self._fell_at
            status = _status(browser, path)
            self.read += 1
            if status != 200:
                self._judge(begun, fell, f"{path} answered {status}")

    def _judge(self, begun: float, fell: float, error: str) -> None:
        # Excused is what began before the database accepted connections, or during which it fell.
        accepts = self._accepts_since
        if fell == self._fell_at and fell < accepts < begun:
            self.errors.append(error)
        else:
            self.excused += 1


def _status(browser: Browser, path: str) -> int | str:
    try:
        return browser.get(path).status
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
