"""Starts the real simulator and talks to it over HTTP, with a signature of its own."""

import http.client
import json
import subprocess
import sys
from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from hmac import new as hmac_new
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NOW = "2026-01-15T12:00:00+00:00"
NOW_SECONDS = int(datetime.fromisoformat(NOW).timestamp())

Key = dict[str, Any]


@dataclass
class Received:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def reason(self) -> str:
        return str(self.json["detail"]["reason"])


def sign(secret: str, *parts: str) -> str:
    """HMAC-SHA256 over the joined parts, URL-safe Base64 without padding."""
    digest = hmac_new(b64decode(secret), "".join(parts).encode(), sha256).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass
class Simulator:
    """A running simulator."""

    process: subprocess.Popen[str]
    about: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def start(cls, *options: str, stdin: int | None = subprocess.DEVNULL) -> "Simulator":
        process = subprocess.Popen(
            [sys.executable, "-m", "qredo_sandbox", "--port", "0", *options],
            cwd=ROOT,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        return cls(process, json.loads(process.stdout.readline()))

    def stop(self) -> int:
        """End it as a supervisor would, and return the exit code."""
        self.process.terminate()
        code = self.process.wait(10)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code

    @property
    def netloc(self) -> str:
        return str(self.about["address"]).removeprefix("http://")

    @property
    def port(self) -> int:
        return int(self.netloc.rpartition(":")[2])

    def account(self, name: str) -> dict[str, Any]:
        return next(account for account in self.about["accounts"] if account["name"] == name)

    def key(self, name: str) -> Key:
        key: Key = self.account(name)["keys"][0]
        return key

    def connect(self, timeout: float = 10) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(
        self, method: str, path: str, headers: dict[str, str], body: str | None = None
    ) -> Received:
        connection = self.connect()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            raw = response.read()
        finally:
            connection.close()
        return Received(response.status, {k.lower(): v for k, v in response.getheaders()}, raw)

    def signed(
        self,
        key: Key,
        path: str = "/qapi/v1/balance",
        *,
        timestamp: str = str(NOW_SECONDS),
        method: str = "GET",
        body: str = "",
    ) -> dict[str, str]:
        url = f"{self.about['address']}{path}"
        return {
            "accept": "application/json",
            "qredo-api-key": key["key_id"],
            "qredo-api-ts": timestamp,
            "qredo-api-sig": sign(key["secret"], timestamp, method, url, body),
        }

    def get(self, key: Key, path: str = "/qapi/v1/balance", **changes: str) -> Received:
        headers = self.signed(key, path)
        headers.update({name.replace("_", "-"): value for name, value in changes.items()})
        return self.request("GET", path, headers)

    def balance_at(self, key: Key, second: int, path: str = "/qapi/v1/balance") -> Received:
        """Set the frozen clock, and ask."""
        instant = datetime.fromtimestamp(second, tz=datetime.fromisoformat(NOW).tzinfo)
        self.admin("POST", "clock", {"now": instant.isoformat()})
        return self.request("GET", path, self.signed(key, path, timestamp=str(second)))

    def admin(self, method: str, call: str, content: object = None) -> Received:
        body = None if content is None else json.dumps(content)
        return self.request(method, f"/_admin/{call}", {}, body)

    def fault(self, key: Key, fault: str | None, **more: object) -> None:
        order = {"key_id": key["key_id"], "fault": fault, **more}
        assert self.admin("POST", "fault", order).status == 200

    def tally(self, key: Key) -> dict[str, Any]:
        tally: dict[str, Any] = self.admin("GET", "requests").json["keys"][key["key_id"]]
        return tally
