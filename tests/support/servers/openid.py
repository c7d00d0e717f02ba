"""A company's OpenID Connect server, as far as signing in needs one."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt


def without_none(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}


@dataclass
class Company:
    """Whom the server says its visitor to be, and what it was asked."""

    claims: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    audience: Any = "qredo-dash"
    #: What replaces the ordinary answers: claims of the ID token (None leaves one out), metadata,
    #: the token endpoint's own fields.
    token: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    endpoint: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, list[str]]] = field(default_factory=list)

    def answer(self, path: str) -> dict[str, Any]:
        if path.startswith("/.well-known/"):
            names = ("authorization", "token", "userinfo")
            found = {f"{name}_endpoint": f"{self.url}/{name}" for name in names}
            told = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **found}
            return without_none(told | self.metadata)
        if path == "/token":
            told = {"access_token": "made-up", "token_type": "Bearer", "id_token": self._token()}
            return without_none(told | self.endpoint)
        return without_none({"sub": "17", **self.claims})

    def _token(self) -> str:
        now = int(time.time())
        told = {"iss": self.url, "aud": self.audience, "iat": now, "exp": now + 60, "sub": "17"}
        told = without_none(told | self.token)
        return jwt.encode(told, "the server's own, which nobody checks over TLS" * 2)

    @contextmanager
    def running(self) -> Iterator["Company"]:
        company = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(company.answer(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                company.asked.append(parse_qs(self.rfile.read(length).decode()))
                self.do_GET()

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
