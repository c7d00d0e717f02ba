"""What ``GET /account`` says about an account, for an organization and for a person."""

from qredo_sandbox.cast.people import ANALYST, TREASURER
from qredo_sandbox.chance import material
from qredo_sandbox.keys import Key
from qredo_sandbox.plot import SANDBOX
from qredo_sandbox.world import Account

Settings = dict[str, object]


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def person(name: str) -> dict[str, str]:
    """Return a person of the cast as an answer shows one."""
    return {
        "id": material(10, "person", name).hex(),
        "username": _slug(name),
        "email": f"{_slug(name)}@demo.example",
        "name": name,
    }


def members(account: Account) -> list[dict[str, str]]:
    """Return the people of an account: everybody of the cast, or its one owner."""
    owner = account.role.person
    return [person(name) for name in ((TREASURER, ANALYST) if owner is None else (owner,))]


def _key_names(keys: list[Key]) -> list[dict[str, str]]:
    return [
        {"keyID": key.key_id, "name": f"Demo key {number}"} for number, key in enumerate(keys, 1)
    ]


def organization_settings(account: Account, keys: list[Key]) -> Settings:
    """Return the settings of an organizational account."""
    domain = f"{_slug(account.role.organization or '')}.example"
    return {
        "id": account.id,
        "name": account.role.title,
        "email": f"{_slug(account.role.name)}@{domain}",
        "domain": domain,
        "address": "1 Demo Street",
        "members": members(account),
        "connectClients": [],
        "rpcNetworks": [{"name": "Ethereum", "chainID": 1}],
        "partnerAPI": False,
        "userAPIKeys": {"number_of_keys": len(keys), "user_api_keys": _key_names(keys)},
    }


def personal_settings(account: Account, keys: list[Key]) -> Settings:
    """Return the settings of a personal account."""
    (owner,) = members(account)
    return {
        "id": account.id,
        "username": owner["username"],
        "name": owner["name"],
        "email": owner["email"],
        "defaultFiat": "USD",
        "testnetAssets": account.role.environment == SANDBOX,
        "partnerAPI": False,
        "userAPIKeys": _key_names(keys),
    }
