"""What `serve` prints of the demo: who can sign in, and a key to try adding an account with."""

from collections.abc import Iterator

from accounts.models import ApiKey
from balances.demo.people import PEOPLE, password
from qredo_sandbox.keys import Keyring
from qredo_sandbox.world import World


def login_lines(seed: int) -> Iterator[str]:
    """Yield the lines. Keys and secrets in them are the simulator's own and worthless elsewhere."""
    yield f"Demo log-ins, all with the password {password()}"
    for person in PEOPLE:
        yield f"  {person.email:<26} {person.summary}"
    if spare := _spare_key(seed):
        yield "A key of the simulator to try adding an account with:"
        yield f"  {spare}"


def _spare_key(seed: int) -> str:
    """Return a key that no account has been added with, if one is left."""
    world = World(seed)
    keyring = Keyring(world)
    used = set(ApiKey.objects.values_list("key_id", flat=True))
    for account in world.accounts.values():
        key = keyring.of(account)[0].shown_once()
        if account.role.spare and key["key_id"] not in used:
            return f"API key {key['key_id']}   API secret {key['secret']}"
    return ""
