"""What ``GET /account`` says about an account, for an organization and for a person."""

from qredo_sandbox.cast.people import ANALYST, TREASURER
from qredo_sandbox.chance import material
from qredo_sandbox.keys import Key
from qredo_sandbox.plot import SANDBOX
from qredo_sandbox.world import Account

Settings = dict[str, object]


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _person(name: str) -> dict[str, str]:
    return {
        "id": material(10, "person", name).hex(),
        "username": _slug(name),
        "email": f"{_slug(name)}@demo.example",
        "name": name,
    }


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
        "members": [_person(TREASURER), _person(ANALYST)],
        "connectClients": [],
        "rpcNetworks": [{"name": "Ethereum", "chainID": 1}],
        "partnerAPI": False,
        "userAPIKeys": {"number_of_keys": len(keys), "user_api_keys": _key_names(keys)},
    }


def personal_settings(account: Account, keys: list[Key]) -> Settings:
    """Return the settings of a personal account."""
    person = _person(account.role.person or "")
    return {
        "id": account.id,
        "username": person["username"],
        "name": person["name"],
        "email": person["email"],
        "defaultFiat": "USD",
        "testnetAssets": account.role.environment == SANDBOX,
        "partnerAPI": False,
        "userAPIKeys": _key_names(keys),
    }
