"""The admin calls under ``/_admin/``: faults, clock, counters, balances and keys, for tests."""

import json
import re
from collections.abc import Callable

from qredo_sandbox.answers import document, error
from qredo_sandbox.api import Api
from qredo_sandbox.clock import nanoseconds_of
from qredo_sandbox.faults import EVERYBODY, KINDS, Fault, Reply
from qredo_sandbox.fields import Fields, Wrong
from qredo_sandbox.keys import Key
from qredo_sandbox.plot import PERMISSIONS
from qredo_sandbox.wire import Answer, Request
from qredo_sandbox.world import Account, World

PREFIX = "/_admin/"
_LOCAL_HOST = re.compile(r"(127(\.[0-9]{1,3}){3}|localhost|\[::1\])(:[0-9]{1,5})?")
_FAULT_FIELDS = ("fault", "count", "retry_after", "seconds", "location", "status", "content_type")


class Admin:
    """Orders from whoever runs the simulator."""

    def __init__(self, api: Api, world: World) -> None:
        self._api = api
        self._world = world
        self._calls: dict[tuple[str, str], Callable[[Fields], object]] = {
            ("POST", "fault"): self._order_fault,
            ("DELETE", "fault"): self._clear_faults,
            ("POST", "clock"): self._set_clock,
            ("GET", "clock"): self._read_clock,
            ("GET", "requests"): self._read_tallies,
            ("DELETE", "requests"): self._clear_tallies,
            ("POST", "balance"): self._tell_balance,
            ("POST", "key"): self._make_key,
            ("DELETE", "key"): self._revoke_key,
        }

    def handle(self, request: Request) -> Reply:
        """Return the reply to an admin call."""
        return Reply(self._answer(request))

    def _answer(self, request: Request) -> Answer:
        if not _is_local(request):
            return error(403, "admin calls are answered on loopback only")
        call = self._calls.get((request.method, request.target.removeprefix(PREFIX)))
        if call is None:
            return error(404, "no such admin call")
        try:
            fields = Fields(_content(request))
            answer = call(fields)
        except Wrong as wrong:
            return error(wrong.status, str(wrong))
        return document(answer)

    def _key(self, fields: Fields) -> Key:
        key = self._api.keyring.keys.get(fields.text("key_id"))
        if key is None:
            raise Wrong("no such key", 404)
        return key

    def _account(self, fields: Fields) -> Account:
        account = self._world.accounts.get(fields.text("account"))
        if account is None:
            raise Wrong("no such account", 404)
        return account

    def _order_fault(self, fields: Fields) -> object:
        fields.only("key_id", "body", "assets", *_FAULT_FIELDS)
        key_id = fields.text("key_id")
        if key_id != EVERYBODY:
            self._key(fields)
        if fields.given("fault") is None:
            self._api.faults.clear(key_id)
            return {"key_id": key_id, "fault": None}
        fault = _fault(fields)
        self._api.faults.order(key_id, fault)
        return {"key_id": key_id, "fault": fault.kind}

    def _clear_faults(self, fields: Fields) -> object:
        fields.only("key_id")
        self._api.faults.clear(fields.text_or_none("key_id"))
        return {"cleared": True}

    def _set_clock(self, fields: Fields) -> object:
        fields.only("now", "frozen")
        now, frozen = fields.text_or_none("now"), fields.given("frozen")
        if now is None and frozen is None:
            raise Wrong("now is missing")
        if frozen is not None and not isinstance(frozen, bool):
            raise Wrong("frozen is true or false")
        if now is not None:
            self._api.clock.set(_instant(now))
        if frozen is not None:
            self._api.clock.freeze(frozen=frozen)
        return self._read_clock(fields)

    def _read_clock(self, _: Fields) -> object:
        return {"now": self._api.clock.text(), "frozen": self._api.clock.frozen}

    def _read_tallies(self, _: Fields) -> object:
        return self._api.tallies.shown()

    def _clear_tallies(self, _: Fields) -> object:
        self._api.tallies.clear()
        return {"cleared": True}

    def _tell_balance(self, fields: Fields) -> object:
        fields.only("key_id", "assets")
        account = self._key(fields).account
        account.tell(fields.assets("assets"))
        return {"account": account.id}

    def _make_key(self, fields: Fields) -> object:
        fields.only("account", "permissions", "replace")
        account = self._account(fields)
        replaced = self._api.keyring.of(account) if fields.given("replace") is True else []
        key = self._api.keyring.make(account, fields.choices("permissions", PERMISSIONS))
        for old in replaced:
            self._api.keyring.revoke(old.key_id)
        return {"account": account.id, **key.shown_once()}

    def _revoke_key(self, fields: Fields) -> object:
        fields.only("key_id")
        key = self._key(fields)
        self._api.keyring.revoke(key.key_id)
        return {"account": key.account.id, "key_id": key.key_id}


def _is_local(request: Request) -> bool:
    """Refuse a browser that was lured here: by another host name, or from another page."""
    here = _LOCAL_HOST.fullmatch(request.headers["host"]) is not None
    return here and "origin" not in request.headers


def _content(request: Request) -> object:
    if not request.body and request.method != "POST":
        return {}
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise Wrong("the body is not JSON") from None


def _instant(text: str) -> int:
    try:
        return nanoseconds_of(text)
    except ValueError as wrong:
        raise Wrong(f"now: {wrong}") from None


def _fault(fields: Fields) -> Fault:
    fault = Fault(fields.text("fault"))
    if fault.kind not in KINDS:
        raise Wrong(f"fault is one of {', '.join(sorted(KINDS))}")
    fault.count = fields.positive("count")
    fault.seconds = fields.seconds("seconds")
    fault.retry_after = fields.header("retry_after")
    fault.location = fields.header("location") or fault.location
    fault.content_type = fields.header("content_type") or fault.content_type
    fault.status = fields.status("status") or fault.status
    if fault.kind in ("body", "raw_assets"):
        fault.body = fields.text("body" if fault.kind == "body" else "assets")
    return fault
