"""A simulator of the loader's own, whose clock can be turned back, spoken to over HTTP."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit


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
    address: str

    def set_clock(self, now: datetime) -> None:
        """Let the simulator stand at an instant."""
        body = json.dumps({"now": now.isoformat(), "frozen": True})
        with closing(HTTPConnection(self.address, timeout=10)) as link:
            link.request("POST", "/_admin/clock", body, {"Content-Type": "application/json"})
            status = link.getresponse().status
        if status != 200:
            raise RuntimeError(f"the simulator did not set its clock: {status}")


@contextmanager
def turned_back(seed: int) -> Iterator[TurnedBack]:
    """Run a simulator of the same world, frozen, for as long as the block lasts."""
    command = [sys.executable, "-m", "qredo_sandbox", "--seed", str(seed), "--frozen"]
    with subprocess.Popen(
        [*command, "--exit-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        first = json.loads(process.stdout.readline())
        told = (Simulated.of(a) for a in first["accounts"] if not a["spare"])
        yield TurnedBack(first["environments"], tuple(told), urlsplit(first["address"]).netloc)
        process.terminate()
