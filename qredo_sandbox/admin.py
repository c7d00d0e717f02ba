"""The admin calls under ``/_admin/``, for tests. Bodies and answers are JSON objects.

==========  =====================  ===============================================================
POST        fault                  a fault for one ``key_id`` or ``*``; see ``orders``
DELETE      fault                  all faults end, or those of one ``key_id``
POST, GET   clock                  ``now``, ``frozen``; seconds by which the Date header alone
                                   (``date_skew``) and the signature window alone (``window_skew``)
                                   are ahead, until set to 0
POST, GET,  settings               ``latency`` in seconds before every answer;
DELETE                             ``requests_per_second`` of an environment, beyond which comes 429
                                   with ``retry_after`` ("" for no header; null for what is left)
GET,        requests               counters by key; ``load`` by environment: most requests at once
DELETE                             and within any second of real time
POST        balance                ``assets`` that a ``key_id`` is told from now on; null ends it;
                                   an asset of several wallets is a list of entries
POST        ledger                 how the account of a ``key_id`` tells its ledgers and histories:
                                   ``net``, ``statuses``, ``amounts``; see ``dialect``
POST        key                    a key of an ``account`` with ``permissions``; ``replace`` all;
                                   only for ``fund_id`` or ``wallet_id``; until the Unix second
                                   ``expiry_date``
DELETE      key                    revoke a ``key_id``
==========  =====================  ===============================================================
"""

import json
import re
from collections.abc import Callable

from qredo_sandbox.answers import document, error
from qredo_sandbox.api import Api
from qredo_sandbox.clock import SECOND
from qredo_sandbox.dialect import AMOUNTS, NETS, STATUSES, Dialect
from qredo_sandbox.faults import EVERYBODY, Reply
from qredo_sandbox.fields import Fields, Wrong
from qredo_sandbox.keys import Key, Reach
from qredo_sandbox.orders import FAULT_FIELDS, fault_in, instant_in
from qredo_sandbox.plot import PERMISSIONS
from qredo_sandbox.wallets import funds_within
from qredo_sandbox.wire import Answer, Request
from qredo_sandbox.world import Account, World

PREFIX = "/_admin/"
_LOCAL_HOST = re.compile(r"(127(\.[0-9]{1,3}){3}|localhost|\[::1\])(:[0-9]{1,5})?")
_TEN_YEARS = 10 * 365 * 86_400


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
            ("POST", "settings"): self._set_settings,
            ("GET", "settings"): self._read_settings,
            ("DELETE", "settings"): self._clear_settings,
            ("GET", "requests"): self._read_tallies,
            ("DELETE", "requests"): self._clear_tallies,
            ("POST", "balance"): self._tell_balance,
            ("POST", "ledger"): self._tell_ledger,
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
        fields.only(*FAULT_FIELDS)
        key_id = fields.text("key_id")
        if key_id != EVERYBODY:
            self._key(fields)
        if fields.given("fault") is None:
            self._api.faults.clear(key_id)
            return {"key_id": key_id, "fault": None}
        fault = fault_in(fields)
        self._api.faults.order(key_id, fault)
        return {"key_id": key_id, "fault": fault.kind}

    def _clear_faults(self, fields: Fields) -> object:
        fields.only("key_id")
        self._api.faults.clear(fields.text_or_none("key_id"))
        return {"cleared": True}

    def _set_clock(self, fields: Fields) -> object:
        fields.only("now", "frozen", "date_skew", "window_skew")
        clock, now, frozen = self._api.clock, fields.text_or_none("now"), fields.given("frozen")
        skews = [fields.seconds(f"{of}_skew", -_TEN_YEARS, _TEN_YEARS) for of in ("date", "window")]
        if now is None and frozen is None and skews == [None, None]:
            raise Wrong("now is missing")
        if frozen is not None and not isinstance(frozen, bool):
            raise Wrong("frozen is true or false")
        if now is not None:
            clock.set(instant_in(now))
        if frozen is not None:
            clock.freeze(frozen=frozen)
        clock.skew(*skews)
        return self._read_clock(fields)

    def _read_clock(self, _: Fields) -> object:
        clock = self._api.clock
        return {
            "now": clock.text(),
            "frozen": clock.frozen,
            "date_skew": clock.date_skew / SECOND,
            "window_skew": clock.window_skew / SECOND,
        }

    def _set_settings(self, fields: Fields) -> object:
        fields.only("latency", "requests_per_second", "retry_after")
        limits = self._api.limits
        latency, most = fields.seconds("latency"), fields.positive("requests_per_second")
        retry_after = fields.header("retry_after")
        if fields.has("latency"):
            limits.latency = latency or 0
        if fields.has("requests_per_second"):
            limits.requests_per_second = most
        if fields.has("retry_after"):
            limits.retry_after = retry_after
        return limits.shown()

    def _read_settings(self, _: Fields) -> object:
        return self._api.limits.shown()

    def _clear_settings(self, _: Fields) -> object:
        self._api.limits.clear()
        return self._api.limits.shown()

    def _read_tallies(self, _: Fields) -> object:
        return {**self._api.tallies.shown(), "load": self._api.loads.shown()}

    def _clear_tallies(self, _: Fields) -> object:
        self._api.tallies.clear()
        self._api.loads.clear()
        return {"cleared": True}

    def _tell_balance(self, fields: Fields) -> object:
        fields.only("key_id", "assets")
        account = self._key(fields).account
        account.tell(fields.assets("assets"))
        return {"account": account.id}

    def _tell_ledger(self, fields: Fields) -> object:
        fields.only("key_id", "net", "statuses", "amounts")
        account = self._key(fields).account
        account.dialect = Dialect(
            net=fields.choice("net", NETS),
            statuses=fields.choice("statuses", STATUSES),
            amounts=fields.choice("amounts", AMOUNTS),
        )
        return {"account": account.id}

    def _make_key(self, fields: Fields) -> object:
        fields.only("account", "permissions", "replace", "fund_id", "wallet_id", "expiry_date")
        account = self._account(fields)
        replaced = self._api.keyring.of(account) if fields.given("replace") is True else []
        key = self._api.keyring.make(
            account,
            fields.choices("permissions", PERMISSIONS),
            self._api.clock.now() // SECOND,
            _reach(account, fields),
        )
        for old in replaced:
            self._api.keyring.revoke(old.key_id)
        return {"account": account.id, **key.shown_once()}

    def _revoke_key(self, fields: Fields) -> object:
        fields.only("key_id")
        key = self._key(fields)
        self._api.keyring.revoke(key.key_id)
        return {"account": key.account.id, "key_id": key.key_id}


def _reach(account: Account, fields: Fields) -> Reach:
    fund_id, wallet_id = (fields.text_or_none(name) or "" for name in ("fund_id", "wallet_id"))
    if fund_id and not funds_within(account, fund_id, ""):
        raise Wrong("no such fund in the account", 404)
    if wallet_id and not funds_within(account, fund_id, wallet_id):
        raise Wrong("no such wallet in the account or fund", 404)
    return Reach(fund_id, wallet_id, fields.positive("expiry_date") or 0)


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
