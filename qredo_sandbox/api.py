"""Qredo's API v1 itself: routes, checks in Qredo's order, answers."""

from collections.abc import Callable
from dataclasses import dataclass

from qredo_sandbox.answers import document, error
from qredo_sandbox.clock import SECOND, Clock
from qredo_sandbox.faults import Faults, Reply, spoil
from qredo_sandbox.keys import Key, Keyring
from qredo_sandbox.plot import BALANCES, PRODUCTION, READ_ONLY, SANDBOX
from qredo_sandbox.profile import organization_settings, personal_settings
from qredo_sandbox.signature import fault_in_signature, fault_in_timestamp, message
from qredo_sandbox.tally import Tallies, Tally
from qredo_sandbox.wire import Answer, Request

BASES = {PRODUCTION: "/qapi/v1", SANDBOX: "/sandbox/qapi/v1"}
_SIGNED_HEADERS = ("qredo-api-key", "qredo-api-ts", "qredo-api-sig")
_ONCE = frozenset((*_SIGNED_HEADERS, "accept"))


class Refused(Exception):  # noqa: N818 - the word for it in the tallies
    """The request is understood and refused; the reason travels in the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Call:
    """A read-only endpoint: any one of the permissions opens it."""

    permissions: tuple[str, ...]
    answer: Callable[["Api", Key], Answer]


class Api:
    """Answers signed requests about the world."""

    def __init__(self, clock: Clock, keyring: Keyring) -> None:
        self.clock = clock
        self.keyring = keyring
        self.faults = Faults()
        self.tallies = Tallies()

    def handle(self, request: Request) -> Reply:
        """Return the reply to a request; a fault that is in force comes before every check."""
        key_id = request.headers.get("qredo-api-key", "")
        tally = self.tallies.of(key_id, known=key_id in self.keyring.keys)
        tally.requests += 1
        fault = self.faults.take(key_id)
        if fault is None:
            return Reply(self._honest(request, tally))
        tally.faults[fault.kind] += 1
        return spoil(fault, lambda: self._honest(request, tally))

    def balance(self, key: Key) -> Answer:
        """Answer ``GET /balance``."""
        return Answer(200, key.account.balance(self.clock.now() // SECOND))

    def account(self, key: Key) -> Answer:
        """Answer ``GET /account``."""
        keys = self.keyring.of(key.account)
        personal = key.account.role.organization is None
        settings = personal_settings if personal else organization_settings
        return document({"settings": settings(key.account, keys)})

    def _honest(self, request: Request, tally: Tally) -> Answer:
        try:
            answer = self._checked(request)
        except Refused as refused:
            tally.refused[refused.reason] += 1
            allowed = (("Allow", "GET"),) if refused.status == 405 else ()
            return error(refused.status, refused.reason, *allowed)
        tally.accepted += 1
        return answer

    def _checked(self, request: Request) -> Answer:
        found = _ROUTES.get(request.target.partition("?")[0])
        if found is None:
            raise Refused(404, "no such endpoint")
        environment, call = found
        if request.method != "GET":
            raise Refused(405, "only GET is answered here")
        _check_headers(request)
        key = self._authenticated(request, environment)
        if not any(permission in key.permissions for permission in call.permissions):
            raise Refused(403, f"permission missing: {call.permissions[0]}")
        return call.answer(self, key)

    def _authenticated(self, request: Request, environment: str) -> Key:
        headers = request.headers
        key = self.keyring.keys.get(headers["qredo-api-key"])
        if key is None or key.environment != environment:
            raise Refused(401, "invalid api key")
        timestamp = headers["qredo-api-ts"]
        url = f"http://{headers['host']}{request.target}"
        signed = message(timestamp, request.method, url, request.body)
        wrong = fault_in_timestamp(timestamp, self.clock.now()) or fault_in_signature(
            headers["qredo-api-sig"], key.secret, signed
        )
        if wrong is not None:
            raise Refused(401, wrong)
        return key


def _check_headers(request: Request) -> None:
    for name in request.repeated:
        if name in _ONCE:
            raise Refused(400, f"header given twice: {name}")
    for name in _SIGNED_HEADERS:
        if not request.headers.get(name):
            raise Refused(401, f"header missing: {name}")
    if request.headers.get("accept") != "application/json":
        raise Refused(400, "accept must be application/json")


_CALLS = {
    "/balance": Call((BALANCES, READ_ONLY), Api.balance),
    "/account": Call((READ_ONLY,), Api.account),
}
_ROUTES = {
    base + path: (environment, call)
    for environment, base in BASES.items()
    for path, call in _CALLS.items()
}
