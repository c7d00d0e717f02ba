"""A simulator of the loader's own, whose clock can be turned back, spoken to over HTTP."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from urllib3 import HTTPConnectionPool


@dataclass(frozen=True, slots=True)
class Simulated:
    """An account of the simulator, with the key that it showed once."""

    name: str
    organization: str | None
    person: str | None
    environment: str
    key_id: str
    secret: str

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Simulated":
        """Read what the simulator announces of an account."""
        key = told["keys"][0]
        return cls(
            told["name"], told["organization"], told["person"], told["environment"],
            key["key_id"], key["secret"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TurnedBack:
    """The running simulator: its addresses, its accounts, and its clock."""

    environments: dict[str, str]
    accounts: tuple[Simulated, ...]
    pool: HTTPConnectionPool

    def set_clock(self, now: datetime) -> None:
        """Let the simulator stand at an instant."""
        body = json.dumps({"now": now.isoformat(), "frozen": True})
        answer = self.pool.request(
            "POST", "/_admin/clock", body=body, headers={"Content-Type": "application/json"}
        )
        if answer.status != 200:
            raise RuntimeError(f"the simulator did not set its clock: {answer.status}")


@contextmanager
def turned_back(seed: int) -> Iterator[TurnedBack]:
    """Run a simulator of the same world, frozen, for as long as the block lasts."""
    command = [sys.executable, "-m", "qredo_sandbox", "--seed", str(seed), "--frozen"]
    with subprocess.Popen(
        [*command, "--exit-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        first = json.loads(process.stdout.readline())
        address = urlsplit(first["address"])
        told = (Simulated.of(a) for a in first["accounts"] if not a["spare"])
        with HTTPConnectionPool(address.hostname or "", address.port, maxsize=1) as pool:
            yield TurnedBack(first["environments"], tuple(told), pool)
        process.terminate()
