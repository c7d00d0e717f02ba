"""What `serve` prints of the demo: who can sign in, and a key to try adding an account with."""

from collections.abc import Iterator

from balances.demo.people import PEOPLE, password
from qredo_sandbox.keys import Keyring
from qredo_sandbox.world import World


def login_lines(seed: int) -> Iterator[str]:
    """Yield the lines. Keys and secrets in them are the simulator's own and worthless elsewhere."""
    yield f"Demo log-ins, all with the password {password()}"
    for person in PEOPLE:
        yield f"  {person.email:<26} {person.summary}"
    yield "A key of the simulator to try adding an account with:"
    yield f"  {_spare_key(seed)}"


def _spare_key(seed: int) -> str:
    world = World(seed)
    keyring = Keyring(world)
    spare = next(account for account in world.accounts.values() if account.role.spare)
    key = keyring.of(spare)[0].shown_once()
    return f"API key {key['key_id']}   API secret {key['secret']}"
