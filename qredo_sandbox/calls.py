"""The read-only endpoints of Qredo's API v1, and the addresses at which they answer."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from qredo_sandbox import funds
from qredo_sandbox.answers import Refused, document
from qredo_sandbox.keys import Key, Keyring
from qredo_sandbox.plot import BALANCES, PRODUCTION, READ_ONLY, SANDBOX
from qredo_sandbox.profile import organization_settings, personal_settings
from qredo_sandbox.wallets import Fund
from qredo_sandbox.wire import Answer

BASES = {PRODUCTION: "/qapi/v1", SANDBOX: "/sandbox/qapi/v1"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What an accepted request asks: by whom, when, and about which fund or wallet."""

    key: Key
    keyring: Keyring
    second: int
    item: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """An endpoint: any one of the permissions opens it."""

    permissions: tuple[str, ...]
    answer: Callable[[Asked], Answer]


def _balance(asked: Asked) -> Answer:
    return Answer(200, asked.key.balance(asked.second))


def _account(asked: Asked) -> Answer:
    account = asked.key.account
    settings = organization_settings if account.role.organization else personal_settings
    return document({"settings": settings(account, asked.keyring.of(account))})


def _funds(asked: Asked) -> Answer:
    given = parse_qs(asked.query, keep_blank_values=True).get("archived", ["false"])
    if given not in (["true"], ["false"]):
        raise Refused(400, "archived is true or false")
    archived = given == ["true"]
    found = [fund for fund in asked.key.funds() if fund.archived is archived]
    return document(funds.listed(found, asked.second))


def _fund(asked: Asked) -> Answer:
    return document(funds.info(asked.key.account, _fund_asked(asked), asked.second))


def _ledger(asked: Asked) -> Answer:
    return document(funds.ledger(asked.key.account, _fund_asked(asked), asked.second))


def _fund_asked(asked: Asked) -> Fund:
    for fund in asked.key.funds():
        if fund.id == asked.item:
            return fund
    raise Refused(404, "no such fund")


def _history(asked: Asked) -> Answer:
    for fund in asked.key.funds():
        for wallet in fund.wallets:
            if wallet.id == asked.item:
                return document(funds.history(asked.key.account, wallet, asked.second))
    raise Refused(404, "no such wallet")


def _trusted_parties(asked: Asked) -> Answer:
    if asked.key.account.role.organization is not None:
        raise Refused(403, "personal accounts only")
    return document(funds.trusted_parties(asked.key.account))


_READ = (READ_ONLY,)
_CALLS = {
    "/balance": Call((BALANCES, READ_ONLY), _balance),
    "/account": Call(_READ, _account),
    "/funds": Call(_READ, _funds),
    "/trustedparties": Call(_READ, _trusted_parties),
}
_ITEM_CALLS = (
    (re.compile("/funds/([^/]+)"), Call(_READ, _fund)),
    (re.compile("/funds/([^/]+)/ledger"), Call(_READ, _ledger)),
    (re.compile("/wallet/([^/]+)/history"), Call(_READ, _history)),
)


def environment_of(target: str) -> str | None:
    """Return the environment under whose base a request target lies."""
    for environment, base in BASES.items():
        if target.startswith(base) and target[len(base) : len(base) + 1] in ("/", "?", ""):
            return environment
    return None


def call_at(path: str) -> tuple[Call, str] | None:
    """Return the call at a path below the base, with the fund or wallet that it names."""
    call = _CALLS.get(path)
    if call is not None:
        return call, ""
    for pattern, item_call in _ITEM_CALLS:
        matched = pattern.fullmatch(path)
        if matched is not None:
            return item_call, matched[1]
    return None
