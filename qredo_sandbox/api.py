"""Qredo's API v1 itself: checks in Qredo's order, faults and limits before them."""

from qredo_sandbox.answers import Refused, error
from qredo_sandbox.calls import BASES, Asked, call_at, environment_of
from qredo_sandbox.clock import SECOND, Clock
from qredo_sandbox.faults import Faults, Reply, spoil
from qredo_sandbox.keys import Key, Keyring
from qredo_sandbox.limits import TOO_MANY, Limits
from qredo_sandbox.load import Loads
from qredo_sandbox.signature import fault_in_signature, fault_in_timestamp, message
from qredo_sandbox.tally import Tallies, Tally
from qredo_sandbox.wire import Answer, Request

_SIGNED_HEADERS = ("qredo-api-key", "qredo-api-ts", "qredo-api-sig")
_ONCE = frozenset((*_SIGNED_HEADERS, "accept"))


class Api:
    """Answers signed requests about the world."""

    def __init__(self, clock: Clock, keyring: Keyring) -> None:
        self.clock = clock
        self.keyring = keyring
        self.faults = Faults()
        self.limits = Limits()
        self.tallies = Tallies()
        self.loads = Loads(BASES)

    def handle(self, request: Request) -> Reply:
        """Return the reply to a request; limits and faults in force come before every check."""
        environment = environment_of(request.target)
        key_id = request.headers.get("qredo-api-key", "")
        tally = self.tallies.of(key_id, known=key_id in self.keyring.keys)
        tally.requests += 1
        reply = self._reply(request, environment, key_id, tally)
        reply.latency = self.limits.latency
        if environment is not None:
            reply.done = self.loads.begin(environment)
        return reply

    def _reply(self, request: Request, environment: str | None, key_id: str, tally: Tally) -> Reply:
        if environment is not None:
            refused = self.limits.refusal(environment)
            if refused is not None:
                tally.refused[TOO_MANY] += 1
                return Reply(refused)
        fault = self.faults.take(key_id)
        if fault is None:
            return Reply(self._honest(request, environment, tally))
        tally.faults[fault.kind] += 1
        return spoil(fault, lambda: self._honest(request, environment, tally))

    def _honest(self, request: Request, environment: str | None, tally: Tally) -> Answer:
        try:
            answer = self._checked(request, environment)
        except Refused as refused:
            tally.refused[refused.reason] += 1
            allowed = (("Allow", "GET"),) if refused.status == 405 else ()
            return error(refused.status, refused.reason, *allowed)
        tally.accepted += 1
        return answer

    def _checked(self, request: Request, environment: str | None) -> Answer:
        path, _, query = request.target.partition("?")
        found = environment and call_at(path.removeprefix(BASES[environment]))
        if not environment or not found:
            raise Refused(404, "no such endpoint")
        call, item = found
        if request.method != "GET":
            raise Refused(405, "only GET is answered here")
        _check_headers(request)
        key = self._authenticated(request, environment)
        if not any(permission in key.permissions for permission in call.permissions):
            raise Refused(403, f"permission missing: {call.permissions[0]}")
        return call.answer(Asked(key, self.keyring, self.clock.now() // SECOND, item, query))

    def _authenticated(self, request: Request, environment: str) -> Key:
        headers = request.headers
        key = self.keyring.keys.get(headers["qredo-api-key"])
        if key is None or key.environment != environment:
            raise Refused(401, "invalid api key")
        timestamp = headers["qredo-api-ts"]
        url = f"http://{headers['host']}{request.target}"
        signed = message(timestamp, request.method, url, request.body)
        wrong = fault_in_timestamp(timestamp, self.clock.window()) or fault_in_signature(
            headers["qredo-api-sig"], key.secret, signed
        )
        if wrong is not None:
            raise Refused(401, wrong)
        if key.expired(self.clock.now() // SECOND):
            raise Refused(401, "api key expired")
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
