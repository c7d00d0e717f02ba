"""What the calls about funds, wallets and trusted parties answer.

Balances of wallets are base units, like those of ``GET /balance``; the amounts of ledgers and
histories are whole units without a sign. Where the published description names a field and not
what is in it (``holdings``, ``policyTx``, ``wallets`` of a ledger, a trusted party) the contents
are ours.
"""

from itertools import islice

from qredo_sandbox.addresses import address_type
from qredo_sandbox.cast import fund as demo_fund
from qredo_sandbox.cast.people import ANALYST, TREASURER
from qredo_sandbox.chance import material
from qredo_sandbox.entries import APPROVED, MOST, Entry, entries
from qredo_sandbox.profile import members, person
from qredo_sandbox.wallets import Fund, Wallet
from qredo_sandbox.world import Account

Content = dict[str, object]


def listed(funds: list[Fund], second: int) -> Content:
    """Return the answer to ``GET /funds``."""
    return {
        "total": len(funds),
        "funds": [
            {
                "fundID": fund.id,
                "name": fund.name,
                "theme": number,
                "holdings": [
                    {"asset": wallet.asset, "balance": wallet.balance(second)}
                    for wallet in fund.wallets
                ],
            }
            for number, fund in enumerate(funds)
        ],
    }


def info(account: Account, fund: Fund, second: int) -> Content:
    """Return the answer to ``GET /funds/{fund_id}``."""
    people = members(account)
    policy = {"threshold": 1, "members": [one["id"] for one in people]}
    content = {
        "fund_id": fund.id,
        "name": fund.name,
        "description": f"{fund.name} of {account.role.title}",
        "custodygroup_withdraw": material(14, fund.id, "withdraw").hex(),
        "custodygroup_tx": material(14, fund.id, "tx").hex(),
        "members": people,
        "policyTx": policy,
        "policyWithdrawl": policy,
        "wallets": [_wallet(wallet, second) for wallet in fund.wallets],
    }
    return {"fundInfo": content}


def _wallet(wallet: Wallet, second: int) -> Content:
    return {
        "wallet_id": wallet.id,
        "name": wallet.name,
        "asset": wallet.asset,
        "address": wallet.address,
        "address_type": address_type(wallet.asset),
        "balance": wallet.balance(second),
        "short_code": material(3, wallet.id, "code").hex().upper(),
        "status": wallet.status,
        "type": wallet.type,
        "connected": False,
    }


def ledger(account: Account, fund: Fund, second: int) -> Content:
    """Return the answer to ``GET /funds/{fund_id}/ledger``: what is approved, wallet by wallet."""
    shown: list[Content] = []
    for wallet in fund.wallets:
        booked = (entry for entry in entries(wallet, second) if entry.status == APPROVED)
        shown.extend(_booked(account, entry) for entry in islice(booked, MOST))
    wallets = [
        {"walletID": wallet.id, "name": wallet.name, "asset": wallet.asset}
        for wallet in fund.wallets
    ]
    return {"list": shown, "total": len(shown), "wallets": wallets}


def _booked(account: Account, entry: Entry) -> Content:
    chain_tx_id = entry.chain_tx_id
    return {
        "txID": entry.tx_id,
        "chainTxID": chain_tx_id,
        "fundID": entry.wallet.fund_id,
        "walletID": entry.wallet.id,
        "timestamp": entry.timestamp,
        "type": entry.type,
        "asset": entry.wallet.asset,
        **_amounts(account, entry),
        "counterpartyID": entry.leg.purpose.counterparty_id,
        "counterpartyName": entry.leg.purpose.counterparty,
        "address": entry.address,
        "reference": f"REF-{entry.tx_id[:8].upper()}",
        "benefitOf": account.role.title,
        "accountNo": "",
        "later1TxID": [chain_tx_id] if chain_tx_id else [],
    }


def _amounts(account: Account, entry: Entry) -> Content:
    return account.dialect.figures(abs(entry.change), entry.fees, entry.wallet.scale)


def history(account: Account, wallet: Wallet, second: int) -> Content:
    """Return the answer to ``GET /wallet/{wallet_id}/history``: what pends and is refused too."""
    shown = [
        {
            "txID": entry.tx_id,
            "chainTxID": entry.chain_tx_id,
            "walletID": wallet.id,
            "timestamp": entry.timestamp,
            "asset": wallet.asset,
            **_amounts(account, entry),
            "status": account.dialect.status(entry.status),
        }
        for entry in islice(entries(wallet, second), MOST)
    ]
    return {"history": shown}


def trusted_parties(account: Account) -> Content:
    """Return the answer to ``GET /trustedparties``: the other person, and one organization."""
    others = [person(name) for name in (TREASURER, ANALYST) if name != account.role.person]
    parties = [_party(one["id"], one["name"], one["email"], "user") for one in others]
    company_id = material(10, "organization", demo_fund.NAME).hex()
    parties.append(_party(company_id, demo_fund.NAME, "1 Demo Street", "company"))
    return {"total": len(parties), "list": parties}


def _party(party_id: str, name: str, address: str, kind: str) -> Content:
    return {"trusted_entity_id": party_id, "name": name, "address": address, "type": kind}
